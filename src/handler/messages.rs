//! Messages of the function's own queue.

use super::time::Budget;
use crate::event::settle::Settle;
use crate::flow::World;
use crate::flow::settle::{Settled, settle};
use crate::flow::task::Task;
use crate::model::identity::{Identity, StackId};
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use serde_json::Value;
use std::time::Duration;

/// Longest time, in seconds, that one look takes.
const LONGEST_LOOK: u32 = 120;

/// What handling messages needs.
#[derive(Clone, Copy, Debug)]
pub struct Mailroom<'a, W> {
    /// The outside world.
    pub world: &'a W,
    /// The SSM prefix of this installation.
    pub parameter_prefix: &'a str,
    /// The state bucket.
    pub state_bucket: &'a str,
    /// Now, in seconds since 1970.
    pub now: i64,
}

/// Is this payload a batch of the queue?
pub fn is_batch(event: &Value) -> bool {
    event.get("Records").and_then(Value::as_array).is_some_and(|records| {
        !records.is_empty()
            && records.iter().all(|record| record.get("eventSource").is_some_and(|source| source == "aws:sqs"))
    })
}

/// Handles a batch. A message that failed is named, so that only it comes again; `Err` fails the whole batch,
/// where a message cannot be named.
pub async fn handle<W: World>(
    room: &Mailroom<'_, W>,
    event: Value,
    left: Duration,
) -> Result<SqsBatchResponse, String> {
    let batch: SqsEvent =
        serde_json::from_value(event).map_err(|error| format!("the batch cannot be read: {error}"))?;
    let mut response = SqsBatchResponse::default();
    for message in batch.records {
        let Err(why) = one(room, &message, left).await else { continue };
        tracing::error!(message_id = message.message_id, why, "a message of the queue failed");
        let Some(id) = message.message_id else {
            return Err(why);
        };
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        response.batch_item_failures.push(failure);
    }
    Ok(response)
}

async fn one<W: World>(room: &Mailroom<'_, W>, message: &SqsMessage, left: Duration) -> Result<(), String> {
    let body = message.body.as_deref().unwrap_or_default();
    let look = Settle::parse(body).map_err(|error| format!("the message cannot be read: {error}"))?;
    // Releases wait for nobody's answer, and a request that wants the resource should not wait long for us.
    let steps_until = Budget::split(left, Some(LONGEST_LOOK)).steps_until;
    let task = Task {
        identity: Identity { stack: StackId::parse(&look.stack_id)?, logical_id: look.logical_id.clone() },
        request_id: look.request_id.clone(),
        parameter_prefix: room.parameter_prefix.to_owned(),
        state_bucket: room.state_bucket.to_owned(),
        now: room.now,
        steps_until,
        claim_until: Task::lapse(room.now, steps_until),
        by_cloudformation: false,
    };
    let settled = match settle(room.world, &task).await {
        // Coming again by itself would take as long as the queue hides a message: an hour and a half.
        Err(stopped) if stopped.may_pass() => Settled::Later(stopped.reason()),
        other => other.map_err(|stopped| stopped.reason())?,
    };
    match settled {
        Settled::Done { writes, kept } => {
            tracing::info!(
                stack_id = look.stack_id,
                logical_id = look.logical_id,
                writes,
                "released repositories are settled"
            );
            for kept in kept {
                tracing::warn!(
                    stack_id = look.stack_id,
                    logical_id = look.logical_id,
                    kept,
                    "a released repository is kept"
                );
            }
            Ok(())
        }
        Settled::Later(why) => later(room, &look, &why).await,
    }
}

async fn later<W: World>(room: &Mailroom<'_, W>, look: &Settle, why: &str) -> Result<(), String> {
    let Some(next) = look.next() else {
        tracing::warn!(
            stack_id = look.stack_id,
            logical_id = look.logical_id,
            why,
            "looked often enough; the sweep goes on"
        );
        return Ok(());
    };
    tracing::info!(
        stack_id = look.stack_id,
        logical_id = look.logical_id,
        why,
        seconds = next.delay().as_secs(),
        "looking again later"
    );
    room.world.send(&next).await.map_err(|fault| fault.to_string())
}
