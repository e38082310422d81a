//! Lambda's word that an asynchronous invocation failed: the record an on-failure destination is given
//! (Lambda Developer Guide, "Capturing records of asynchronous invocations").
//!
//! Read leniently, like everything that knocks: whoever sent the request inside still waits for an answer.

use super::reply::Status;
use super::request::ReplyTarget;
use serde::Deserialize;
use serde_json::Value;

/// The error type of an invocation whose answer was decided and could not be delivered; its message is the answer.
pub const NOT_DELIVERED: &str = "AnswerNotDelivered";

/// A failed invocation.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure<'a> {
    /// What the function was given.
    pub request: &'a Value,
    /// Did it ever run? Lambda gives up events that waited for too long.
    pub ran: bool,
    /// `Runtime.ExitError`, `Sandbox.Timedout`, …; empty where Lambda did not say.
    pub error_type: &'a str,
    /// What Lambda, or the function, said of it.
    pub error_message: &'a str,
}

impl<'a> Failure<'a> {
    /// Reads a record; `None` where the payload is none.
    pub fn read(event: &'a Value) -> Option<Self> {
        let request = event.get("requestPayload")?;
        let condition = event.pointer("/requestContext/condition").and_then(Value::as_str)?;
        let said = |key: &str| event.pointer(&format!("/responsePayload/{key}")).and_then(Value::as_str);
        Some(Self {
            request,
            ran: condition != "EventAgeExceeded",
            error_type: said("errorType").unwrap_or_default(),
            error_message: said("errorMessage").unwrap_or_default(),
        })
    }

    /// The answer that was decided for `target`, where there is one, byte for byte.
    pub fn decided(&self, target: &ReplyTarget) -> Option<&'a [u8]> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            #[serde(rename = "Status")]
            _status: Status,
            physical_resource_id: String,
            stack_id: String,
            request_id: String,
            logical_resource_id: String,
        }
        if self.error_type != NOT_DELIVERED {
            return None;
        }
        let answer: Answer = serde_json::from_str(self.error_message).ok()?;
        let own = answer.stack_id == target.stack_id
            && answer.request_id == target.request_id
            && answer.logical_resource_id == target.logical_id
            && !answer.physical_resource_id.is_empty();
        own.then_some(self.error_message.as_bytes())
    }

    /// What became of the invocation, for the reason of a FAILED answer.
    pub fn in_words(&self) -> String {
        /// Enough of what Lambda says; the rest is in the function's log.
        const LONGEST: usize = 400;
        if !self.ran {
            return "the request waited for the function for too long and was never run; nothing was changed. Is the function throttled, or its concurrency zero?".to_owned();
        }
        let said: Vec<&str> =
            [self.error_type, self.error_message].into_iter().filter(|text| !text.is_empty()).collect();
        let said = if said.is_empty() { "Lambda did not say why".to_owned() } else { said.join(": ") };
        let said: String = said.chars().take(LONGEST).collect();
        format!(
            "the function ended before it could answer ({said}); what was done so far is on record and the next request goes on from there. The function's log has more"
        )
    }
}
