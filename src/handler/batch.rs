//! Batches of a queue that a function keeps to itself: messages in, and those that must come again out.

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// Kept for what must still be done when nothing new begins: half of it for writing down what was done, the rest for
/// telling the queue what failed.
const RESERVE: Duration = Duration::from_secs(15);

/// Why a job failed that panicked.
pub(super) const PANICKED: &str = "ecr-steward failed internally (panic)";

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// What SQS calls it; absent where somebody invoked the function with an event.
    pub(super) id: Option<String>,
    /// The event or job.
    pub(super) body: String,
    /// How often it has been received, this time included.
    pub(super) receives: u32,
}

impl Message {
    /// What it says, for a dead letter.
    pub(super) fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| Value::String(self.body.clone()))
    }
}

/// The messages of an invocation: a batch of the queue, or one event by hand.
pub(super) fn messages(event: Value) -> Result<Vec<Message>, String> {
    if !super::messages::is_batch(&event) {
        return Ok(vec![Message { id: None, body: event.to_string(), receives: 1 }]);
    }
    let batch: SqsEvent =
        serde_json::from_value(event).map_err(|error| format!("the batch cannot be read: {error}"))?;
    let message = |record: SqsMessage| Message {
        id: record.message_id,
        body: record.body.unwrap_or_default(),
        receives: record.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1),
    };
    Ok(batch.records.into_iter().map(message).collect())
}

/// The deadlines of an invocation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadlines {
    /// Nothing new is begun after this; what was done is written down.
    pub(super) until: Instant,
    /// Whatever is not done by then is dropped.
    pub(super) stop: Instant,
}

impl Deadlines {
    pub(super) fn of(left: Duration) -> Self {
        let reserve = RESERVE.min(left / 4);
        let until = Instant::now() + left.saturating_sub(reserve);
        Self { until, stop: until + reserve / 2 }
    }
}

/// A message that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failed {
    /// Why.
    pub(super) why: String,
    /// Can it never be done? What cannot be read now cannot be read later.
    pub(super) is_hopeless: bool,
}

/// What became of a batch.
#[derive(Debug)]
pub struct Handled {
    /// The messages that must come again.
    pub response: SqsBatchResponse,
    /// What was counted: lines for standard output, where CloudWatch reads them.
    pub metrics: String,
}

/// Ends a batch: a message that failed for the last time is buried with its reason, and the others are named, so that they
/// come again. `bury` says whether it was; it returns also how many letters there are. `Err` fails the whole batch, where
/// a message cannot be named.
pub(super) async fn end(
    messages: &[Message],
    failed: BTreeMap<usize, Failed>,
    max_receives: u32,
    bury: impl AsyncFn(&Message, &str) -> bool,
) -> Result<(SqsBatchResponse, usize), String> {
    let mut response = SqsBatchResponse::default();
    let mut letters = 0;
    for (index, Failed { why, is_hopeless }) in failed {
        let Some(message) = messages.get(index) else { continue };
        let is_last = is_hopeless || message.receives >= max_receives;
        if is_last && bury(message, &why).await {
            letters += 1;
            continue;
        }
        tracing::error!(message_id = message.id, receives = message.receives, why, "a message failed");
        let Some(id) = message.id.clone() else { return Err(why) };
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        response.batch_item_failures.push(failure);
    }
    Ok((response, letters))
}

/// Says what became of a letter that was to be sent; false where it was not, and the message must come again.
pub(super) fn buried(message: &Message, why: &str, sent: &Result<(), crate::fault::Fault>) -> bool {
    let id = &message.id;
    match sent {
        Ok(()) => tracing::error!(message_id = id, receives = message.receives, why, "a message became a dead letter"),
        Err(fault) => tracing::error!(message_id = id, %fault, "a dead letter could not be sent"),
    }
    sent.is_ok()
}
