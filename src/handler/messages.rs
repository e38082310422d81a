//! Messages of the function's own queue: requests to go on with, and releases to settle.

use super::custom_resource::{Deliver, Delivery, Office, answer};
use super::time::Budget;
use crate::event::message::{Continue, Message, Settle};
use crate::flow::registry::RegistryWorld;
use crate::flow::settle::{Settled, settle};
use crate::flow::task::Task;
use crate::flow::{Answers, Declarations, Galleries, World};
use crate::model::identity::{Identity, StackId};
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use serde_json::Value;
use std::time::Duration;

/// Longest time, in seconds, that one look takes.
const LONGEST_LOOK: i64 = 120;
/// What a batch returns of which no message failed.
const NONE_FAILED: &str = r#"{"batchItemFailures":[]}"#;

/// Is this payload a batch of the queue?
pub fn is_batch(event: &Value) -> bool {
    event.get("Records").and_then(Value::as_array).is_some_and(|records| {
        !records.is_empty()
            && records.iter().all(|record| record.get("eventSource").is_some_and(|source| source == "aws:sqs"))
    })
}

/// Handles a batch in one invocation. A message that failed is named, so that only it comes again; `Err` fails the
/// whole batch, where a message cannot be named.
pub async fn handle<W: World + Answers + Declarations + Galleries + RegistryWorld>(
    office: &Office<'_, W>,
    sender: &impl Deliver,
    event: Value,
    invocation: &str,
    left: Duration,
) -> Result<SqsBatchResponse, String> {
    let batch: SqsEvent =
        serde_json::from_value(event).map_err(|error| format!("the batch cannot be read: {error}"))?;
    let mut response = SqsBatchResponse::default();
    for message in batch.records {
        let done = match Message::parse(message.body.as_deref().unwrap_or_default()) {
            Ok(Message::Settle(look)) => look_again(office, &look, left).await,
            Ok(Message::Continue(request)) => go_on(office, sender, &request, invocation, left).await,
            Err(why) => Err(format!("the message cannot be read: {why}")),
        };
        let Err(why) = done else { continue };
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

/// Goes on with a request. It fails where it could not be answered, and then the message comes again; its end in the
/// dead-letter queue is the responder's.
async fn go_on<W: World + Answers + Declarations + Galleries + RegistryWorld>(
    office: &Office<'_, W>,
    sender: &impl Deliver,
    request: &Continue,
    invocation: &str,
    left: Duration,
) -> Result<(), String> {
    let Continue { request: event, begun, part, .. } = request;
    let delivery = Delivery { event, begun: *begun, part: *part, invocation, returns: NONE_FAILED, left };
    let answered = answer(office, sender, delivery).await;
    // The error itself may be a whole answer; its kind is enough to be logged.
    answered.map(|_| ()).map_err(|unanswered| unanswered.kind().to_owned())
}

async fn look_again<W: World + Galleries>(office: &Office<'_, W>, look: &Settle, left: Duration) -> Result<(), String> {
    let world = office.world.map_err(str::to_owned)?;
    // Releases wait for nobody's answer, and a request that wants the resource should not wait long for us.
    let steps_until = Budget::split(left, LONGEST_LOOK).steps_until;
    let task = Task {
        identity: Identity { stack: StackId::parse(&look.stack_id)?, logical_id: look.logical_id.clone() },
        request_id: look.request_id.clone(),
        parameter_prefix: office.parameter_prefix.to_owned(),
        state_bucket: office.state_bucket.to_owned(),
        now: office.now,
        steps_until,
        claim_until: Task::lapse(office.now, steps_until),
        waiting: None,
    };
    let settled = match settle(world, &task).await {
        // A message that comes again by itself is soon a dead letter; one of its own looks for about a day.
        Err(stopped) => Settled::Later(stopped.reason()),
        Ok(settled) => settled,
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
        Settled::Later(why) => later(world, look, &why).await,
    }
}

async fn later(world: &impl World, look: &Settle, why: &str) -> Result<(), String> {
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
    world.send(&Message::Settle(next)).await.map_err(|fault| fault.to_string())
}
