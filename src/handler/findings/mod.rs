//! The findings function: a batch of messages in, and for each an end — delivered, not ours, a dead letter with a reason,
//! or failed, so that it comes again.
//!
//! `sort` reads messages and puts together those about one image; `work` does the jobs; `metrics` counts.

mod metrics;
mod sort;
mod work;

use crate::event::findings::DeadLetter;
use crate::flow::findings::Forwarding;
use crate::flow::findings::policies::Policies;
use crate::model::place::Place;
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse};
use futures_util::{StreamExt as _, stream};
use metrics::Metrics;
use serde_json::Value;
use sort::{Message, Sorted, Task};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// Jobs done at a time. Most of a job is waiting, and the memory of one is bounded by the image with the most findings.
const AT_ONCE: usize = 4;
/// Kept for what must still be done when no new call to a sink begins: half of it for writing records and handing on, the
/// rest for telling the queue what failed.
const RESERVE: Duration = Duration::from_secs(15);

/// What every invocation of one process shares.
#[derive(Debug)]
pub struct Counter<'a, W> {
    /// The outside world; `Err` where start-up failed, which every message is then told.
    pub world: Result<&'a W, &'a str>,
    /// The registry this installation forwards for.
    pub place: &'a Place,
    /// The SSM prefix of this installation.
    pub parameter_prefix: &'a str,
    /// Which repositories the function may read.
    pub repository_pattern: &'a str,
    /// The installation's stack, the dimension of the metrics.
    pub stack_name: &'a str,
    /// After this many receives a message that fails is a dead letter.
    pub max_receives: u32,
    /// The policy, as last read.
    pub policies: &'a Policies,
    /// Now, in milliseconds since 1970.
    pub now: i64,
}

/// What became of a batch.
#[derive(Debug)]
pub struct Handled {
    /// The messages that must come again.
    pub response: SqsBatchResponse,
    /// What was counted: lines for standard output, where CloudWatch reads them.
    pub metrics: String,
}

/// Handles a batch. `Err` fails the whole of it.
pub async fn handle<W: Forwarding>(counter: &Counter<'_, W>, event: Value, left: Duration) -> Result<Handled, String> {
    let world = counter.world.map_err(str::to_owned)?;
    let messages = sort::messages(event)?;
    let reserve = RESERVE.min(left / 4);
    let until = Instant::now() + left.saturating_sub(reserve);
    let stop = until + reserve / 2;
    let mut metrics = Metrics::default();
    let Sorted { tasks, malformed, not_ours } = sort::sort(&messages, counter.place, counter.repository_pattern);
    for why in &not_ours {
        tracing::info!(why, "a message is not for us");
    }
    metrics.count("NotOurs", not_ours.len());
    let unreadable: Vec<usize> = malformed.iter().map(|(index, _)| *index).collect();
    let mut failed: BTreeMap<usize, String> = malformed.into_iter().collect();
    let tour = work::Tour { counter, world, until, stop, messages: &messages };
    let done: Vec<(Task, work::Done)> = stream::iter(tasks)
        .map(|task| async {
            let done = work::work(&tour, &task).await;
            (task, done)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    for (task, done) in done {
        metrics.add(&task, &done);
        let Some(why) = done.trouble else { continue };
        for index in task.messages {
            failed.entry(index).or_insert_with(|| why.clone());
        }
    }
    let mut response = SqsBatchResponse::default();
    for (index, why) in failed {
        let Some(message) = messages.get(index) else { continue };
        // What cannot be read now cannot be read later.
        let is_last = unreadable.contains(&index) || message.receives >= counter.max_receives;
        if is_last && buried(world, message, &why).await {
            metrics.count("DeadLettered", 1);
            continue;
        }
        tracing::error!(message_id = message.id, receives = message.receives, why, "a message failed");
        let Some(id) = message.id.clone() else { return Err(why) };
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        response.batch_item_failures.push(failure);
    }
    Ok(Handled { response, metrics: metrics.lines(counter.stack_name, counter.now) })
}

/// Makes a message a dead letter, with the reason; false where that failed, and the message must come again.
async fn buried(world: &impl Forwarding, message: &Message, why: &str) -> bool {
    let event = serde_json::from_str(&message.body).unwrap_or_else(|_| Value::String(message.body.clone()));
    let letter = DeadLetter { finding: None, sink: None, reason: why.to_owned(), event };
    match world.dead_letter(&letter).await {
        Ok(()) => {
            tracing::error!(
                message_id = message.id,
                receives = message.receives,
                why,
                "a message became a dead letter"
            );
            true
        }
        Err(fault) => {
            tracing::error!(message_id = message.id, %fault, "a dead letter could not be sent");
            false
        }
    }
}
