//! The message a request leaves for itself: "look again once the stack operation has finished".
//!
//! It names the resource and nothing else; all that must be remembered is in the ledger.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// First look, after the request that released something.
pub const FIRST_LOOK: Duration = Duration::from_secs(10);
/// Longest wait between two looks; also the longest delay SQS knows (`DelaySeconds` ≤ 900).
pub const LONGEST_WAIT: Duration = Duration::from_mins(15);
/// After this many looks, about a day, the sweep is left to find the rest.
pub const MOST_LOOKS: u32 = 100;

/// A delayed message on the function's own queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settle {
    /// The shape of this message; 1.
    pub version: u32,
    /// Which message this is.
    pub kind: Kind,
    /// The stack, as an ARN.
    pub stack_id: String,
    /// The custom resource's logical id in it.
    pub logical_id: String,
    /// The request that left the message.
    pub request_id: String,
    /// How many looks came before this one.
    pub attempt: u32,
}

/// What a message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Finish what was released.
    Settle,
}

impl Settle {
    /// Parses a message body.
    pub fn parse(body: &str) -> Result<Self, String> {
        let message: Self = serde_json::from_str(body).map_err(|error| error.to_string())?;
        if message.version == 1 {
            Ok(message)
        } else {
            Err(format!("version {} of this message is unknown", message.version))
        }
    }

    /// How long to wait before the look this message stands for: 10 s, then doubling to 15 min.
    pub fn delay(&self) -> Duration {
        let doublings = self.attempt.min(7);
        FIRST_LOOK.saturating_mul(1 << doublings).min(LONGEST_WAIT)
    }

    /// The message for the look after this one, while there is one.
    pub fn next(&self) -> Option<Self> {
        let attempt = self.attempt.saturating_add(1);
        (attempt < MOST_LOOKS).then(|| Self { attempt, ..self.clone() })
    }
}
