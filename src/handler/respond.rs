//! Answering in place of an invocation that died: out of memory, killed, aborted, out of time, never started.
//!
//! Two things knock: Lambda's record of a failed asynchronous invocation, and messages of the custom-resource function's
//! queue that went to its dead letters. It asks nobody anything and knows no client of any service: the request is in
//! what it is given, and an answer is one PUT. That PUT never replaces an answer that stands.

use super::custom_resource::Deliver;
use super::messages::is_batch;
use crate::aws::cfn_reply::{Delivered, Undelivered};
use crate::event::failure::Failure;
use crate::event::message::Message;
use crate::event::reply::Reply;
use crate::event::request::ReplyTarget;
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use serde_json::Value;
use tokio::time::Instant;

/// Why nobody could be answered now. It is worth trying again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered(pub String);

/// Responds to whatever was given. `Err` where trying again may help; the value is what Lambda is to be returned.
pub async fn respond(
    sender: &impl Deliver,
    event: Value,
    accept_http: bool,
    until: Instant,
) -> Result<Value, Unanswered> {
    if is_batch(&event) {
        let response = dead_letters(sender, event, accept_http, until).await?;
        return serde_json::to_value(response).map_err(|error| Unanswered(error.to_string()));
    }
    let Some(failure) = Failure::read(&event) else {
        tracing::error!("the payload is neither a record of a failed invocation nor a batch of dead letters; ignored");
        return Ok(Value::Null);
    };
    let reason = failure.in_words();
    let decided = |target: &ReplyTarget| failure.decided(target).map(<[u8]>::to_vec);
    answer(sender, failure.request, accept_http, until, &reason, decided).await?;
    Ok(Value::Null)
}

/// Each message by itself: what fails comes again, the others are done.
async fn dead_letters(
    sender: &impl Deliver,
    event: Value,
    accept_http: bool,
    until: Instant,
) -> Result<SqsBatchResponse, Unanswered> {
    let batch: SqsEvent =
        serde_json::from_value(event).map_err(|error| Unanswered(format!("the batch cannot be read: {error}")))?;
    let mut response = SqsBatchResponse::default();
    for message in batch.records {
        let id = message.message_id.unwrap_or_default();
        let reason = "several invocations in a row ended before they could answer; what was done so far is on record and the next request goes on from there. The function's log has more";
        let done = match Message::parse(message.body.as_deref().unwrap_or_default()) {
            Ok(Message::Continue(request)) => {
                answer(sender, &request.request, accept_http, until, reason, |_| None).await
            }
            Ok(Message::Settle(look)) => {
                tracing::error!(
                    message_id = id,
                    stack_id = look.stack_id,
                    logical_id = look.logical_id,
                    "released repositories could not be settled; they keep their tags, and the next update or sweep finds them"
                );
                Ok(())
            }
            Err(why) => {
                tracing::error!(message_id = id, why, "a dead letter cannot be read; nobody waits for it");
                Ok(())
            }
        };
        if let Err(Unanswered(why)) = done {
            tracing::error!(message_id = id, why, "a dead letter was not answered");
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            response.batch_item_failures.push(failure);
        }
    }
    Ok(response)
}

/// Answers one request: with what was decided for it, else with FAILED and the reason.
async fn answer(
    sender: &impl Deliver,
    request: &Value,
    accept_http: bool,
    until: Instant,
    reason: &str,
    decided: impl FnOnce(&ReplyTarget) -> Option<Vec<u8>>,
) -> Result<(), Unanswered> {
    let target = match ReplyTarget::read(request, accept_http) {
        Ok(target) => target,
        Err(why) => {
            tracing::error!(%why, "an invocation failed that nobody waits for");
            return Ok(());
        }
    };
    let (body, handed_over) = match decided(&target) {
        Some(body) => (body, true),
        None => (Reply::failed(target.resource_id(), reason).body(&target), false),
    };
    let sent = sender.deliver(&target.url, &body, until).await;
    tracing::warn!(
        request_id = target.request_id,
        stack_id = target.stack_id,
        logical_id = target.logical_id,
        handed_over,
        reason = if handed_over { "as it was decided" } else { reason },
        ?sent,
        "answered in place of an invocation that ended without an answer"
    );
    match sent {
        Ok(Delivered::Now | Delivered::Before) | Err(Undelivered::Expired | Undelivered::BadUrl) => Ok(()),
        Err(why) => Err(Unanswered(why.to_string())),
    }
}
