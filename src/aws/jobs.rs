//! Queues of jobs and of dead letters; of the findings function, the port `flow::findings::Jobs`.

use super::Forwarder;
use super::dead_letter::{cut, whole};
use super::exchange::Tries;
use super::fault::{fault, kind_of};
use crate::event::findings::{DeadLetter, Job};
use crate::fault::{Fault, FaultKind};
use crate::flow::findings::Jobs;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, QueueAttributeName, SendMessageBatchRequestEntry, SendMessageBatchResultEntry,
};
use serde::Serialize;
use tokio::time::sleep;

/// Messages and bytes one `SendMessageBatch` may carry (SQS API reference; its newer megabyte is not offered everywhere).
const MOST_ENTRIES: usize = 10;
const MOST_BYTES: usize = 262_144;
/// Longest delay SQS knows, in seconds.
const LONGEST_DELAY: u32 = 900;
/// How often the messages that were not taken are sent again.
const MOST_TRIES: u32 = 4;

impl Jobs for Forwarder {
    async fn enqueue(&self, jobs: &[Job], delay_seconds: u32) -> Result<(), Fault> {
        self.send_all(&bodies(jobs)?, delay_seconds).await
    }

    async fn dead_letter(&self, letter: &DeadLetter) -> Result<(), Fault> {
        bury(&self.sqs, &self.installation.dead_letter_url, letter).await
    }

    async fn began_at(&self) -> Result<i64, Fault> {
        let call = self
            .sqs
            .get_queue_attributes()
            .queue_url(&self.installation.queue_url)
            .attribute_names(QueueAttributeName::CreatedTimestamp);
        let answer = call.send().await.map_err(|error| fault("sqs", "GetQueueAttributes", &error))?;
        let made = answer.attributes().and_then(|all| all.get(&QueueAttributeName::CreatedTimestamp)?.parse().ok());
        let silent = || ours("GetQueueAttributes", FaultKind::Unexpected, "the queue does not say when it was made");
        made.ok_or_else(silent)
    }
}

impl Forwarder {
    /// Sends messages to the findings queue, as many at a time as may be.
    pub(super) async fn send_all(&self, bodies: &[String], delay_seconds: u32) -> Result<(), Fault> {
        send_all(&self.sqs, &self.installation.queue_url, bodies, delay_seconds).await
    }
}

/// Jobs as messages.
pub(super) fn bodies(jobs: &[impl Serialize]) -> Result<Vec<String>, Fault> {
    let unwritten = |error: serde_json::Error| ours("SendMessageBatch", FaultKind::Unexpected, error.to_string());
    jobs.iter().map(|job| serde_json::to_string(job).map_err(unwritten)).collect()
}

/// Sends a dead letter to `queue`: whole where that queue takes it, else cut.
pub(super) async fn bury(sqs: &Client, queue: &str, letter: &DeadLetter) -> Result<(), Fault> {
    let unwritten = |why| ours("SendMessage", FaultKind::Unexpected, why);
    if let Some(body) = whole(letter).map_err(unwritten)? {
        match send_one(sqs, queue, body).await {
            // Perhaps it was too large for this queue.
            Err(fault) if fault.kind == FaultKind::Invalid => {}
            ended => return ended,
        }
    }
    send_one(sqs, queue, cut(letter).map_err(unwritten)?).await
}

async fn send_one(sqs: &Client, queue: &str, body: String) -> Result<(), Fault> {
    let call = sqs.send_message().queue_url(queue).message_body(body);
    call.send().await.map(|_| ()).map_err(|error| fault("sqs", "SendMessage", &error))
}

/// Sends messages to `queue`, as many at a time as may be.
pub(super) async fn send_all(sqs: &Client, queue: &str, bodies: &[String], delay_seconds: u32) -> Result<(), Fault> {
    let delay = i32::try_from(delay_seconds.min(LONGEST_DELAY)).unwrap_or_default();
    for batch in batches(bodies) {
        send(sqs, queue, batch, delay).await?;
    }
    Ok(())
}

/// Sends one batch; the messages of it that were not taken again, as long as that may help.
async fn send(sqs: &Client, queue: &str, batch: &[String], delay: i32) -> Result<(), Fault> {
    let mut open: Vec<&String> = batch.iter().collect();
    let mut tries = Tries::new(MOST_TRIES);
    loop {
        let entries = open.iter().enumerate().map(|(at, body)| {
            SendMessageBatchRequestEntry::builder()
                .id(at.to_string())
                .message_body(body.as_str())
                .delay_seconds(delay)
                .build()
                .map_err(|error| ours("SendMessageBatch", FaultKind::Unexpected, error.to_string()))
        });
        let entries = entries.collect::<Result<_, _>>()?;
        let call = sqs.send_message_batch().queue_url(queue).set_entries(Some(entries));
        let answer = call.send().await.map_err(|error| fault("sqs", "SendMessageBatch", &error))?;
        let taken: Vec<&str> = answer.successful().iter().map(SendMessageBatchResultEntry::id).collect();
        let mut at = 0..;
        open.retain(|_| at.next().is_none_or(|at: usize| !taken.contains(&at.to_string().as_str())));
        if open.is_empty() {
            return Ok(());
        }
        let trouble = trouble("SendMessageBatch", answer.failed(), open.len());
        match tries.wait().filter(|_| trouble.retryable()) {
            Some(wait) => sleep(wait).await,
            None => return Err(trouble),
        }
    }
}

/// What is wrong with messages that a batch was not done for. What is wrong with one for good is told before what may
/// pass.
pub(super) fn trouble(operation: &'static str, failed: &[BatchResultErrorEntry], open: usize) -> Fault {
    let worst = failed.iter().find(|entry| entry.sender_fault()).or_else(|| failed.first());
    let Some(entry) = worst else {
        return ours(operation, FaultKind::Unavailable, format!("{open} messages were not answered"));
    };
    let kind = match kind_of(operation, entry.code()) {
        FaultKind::Unexpected if entry.sender_fault() => FaultKind::Invalid,
        FaultKind::Unexpected => FaultKind::Unavailable,
        kind => kind,
    };
    Fault { code: entry.code().to_owned(), ..ours(operation, kind, entry.message().unwrap_or_default()) }
}

/// As many in one call as may be. One that is too large by itself goes alone, and SQS says so.
fn batches(bodies: &[String]) -> Vec<&[String]> {
    let mut batches = Vec::new();
    let mut rest = bodies;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fitting = rest.iter().take(MOST_ENTRIES).take_while(|body| {
            bytes += body.len();
            bytes <= MOST_BYTES
        });
        let (batch, after) = rest.split_at(fitting.count().max(1));
        batches.push(batch);
        rest = after;
    }
    batches
}

fn ours(operation: &'static str, kind: FaultKind, message: impl Into<String>) -> Fault {
    Fault::ours("sqs", operation, kind, message)
}
