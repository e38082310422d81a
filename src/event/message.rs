//! The messages of the function's own queue: what is left to be done when an invocation ends.
//!
//! "Look again once the stack operation has finished" names the resource and nothing else; all that must be remembered
//! is in the ledger. "Go on with this request" carries the request, since its answer is still owed. The queue is
//! encrypted, and only the functions' own roles may receive from it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// First look, after the request that released something.
pub const FIRST_LOOK: Duration = Duration::from_secs(10);
/// Longest wait between two looks; also the longest delay SQS knows (`DelaySeconds` ≤ 900).
pub const LONGEST_WAIT: Duration = Duration::from_mins(15);
/// After this many looks, about a day, the sweep is left to find the rest.
pub const MOST_LOOKS: u32 = 100;
/// The shape of the messages this version writes and reads.
pub const VERSION: u32 = 1;

/// A message on the function's own queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Message {
    /// Finish what was released.
    Settle(Settle),
    /// Go on with a request.
    Continue(Continue),
}

/// Finish what a resource released, once its stack has come to rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settle {
    /// The shape of this message; [`VERSION`].
    pub version: u32,
    /// The stack, as an ARN.
    pub stack_id: String,
    /// The custom resource's logical id in it.
    pub logical_id: String,
    /// The request that left the message.
    pub request_id: String,
    /// How many looks came before this one.
    pub attempt: u32,
}

/// Go on with a request that did not fit into one invocation, and answer it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Continue {
    /// The shape of this message; [`VERSION`].
    pub version: u32,
    /// The request as CloudFormation sent it, but for its old properties. It holds the response URL.
    pub request: Value,
    /// When the first invocation took it up, in seconds since 1970.
    pub begun: i64,
    /// Which invocation this one is to be: 2 for the first that goes on.
    pub part: u32,
}

impl fmt::Debug for Continue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Continue(part {}, …)", self.part)
    }
}

impl Message {
    /// Parses a message's body.
    pub fn parse(body: &str) -> Result<Self, String> {
        // The text of the body is in no error: it may hold a response URL.
        let message: Self = serde_json::from_str(body).map_err(|error| {
            format!("it is no message of this queue (line {}, column {})", error.line(), error.column())
        })?;
        let (Self::Settle(Settle { version, .. }) | Self::Continue(Continue { version, .. })) = &message;
        if *version == VERSION { Ok(message) } else { Err(format!("version {version} of this message is unknown")) }
    }

    /// How long the queue keeps it back.
    pub fn delay(&self) -> Duration {
        match self {
            Self::Settle(look) => look.delay(),
            Self::Continue(_) => Duration::ZERO,
        }
    }
}

impl Settle {
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
