//! The findings function: a batch of messages in, and for each an end — delivered, not ours, a dead letter with a reason,
//! or failed, so that it comes again.
//!
//! `sort` reads messages and puts together those about one image; `work` does the jobs; `metrics` counts.

mod metrics;
mod sort;
mod work;

pub use super::batch::Handled;

use super::batch::{self, Deadlines, Failed, Message};
use crate::event::findings::DeadLetter;
use crate::flow::findings::Forwarding;
use crate::flow::findings::policies::Policies;
use crate::model::place::Place;
use futures_util::{StreamExt as _, stream};
use metrics::Metrics;
use serde_json::Value;
use sort::{Sorted, Task};
use std::collections::BTreeMap;
use std::time::Duration;

/// Jobs done at a time. Most of a job is waiting, and the memory of one is bounded by the image with the most findings.
const AT_ONCE: usize = 4;

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

/// Handles a batch. `Err` fails the whole of it.
pub async fn handle<W: Forwarding>(counter: &Counter<'_, W>, event: Value, left: Duration) -> Result<Handled, String> {
    let world = counter.world.map_err(str::to_owned)?;
    let messages = batch::messages(event)?;
    let deadlines = Deadlines::of(left);
    let mut metrics = Metrics::default();
    let Sorted { tasks, malformed, not_ours } = sort::sort(&messages, counter.place, counter.repository_pattern);
    for why in &not_ours {
        tracing::info!(why, "a message is not for us");
    }
    metrics.count("NotOurs", not_ours.len());
    let malformed = malformed.into_iter().map(|(index, why)| (index, Failed { why, is_hopeless: true }));
    let mut failed: BTreeMap<usize, Failed> = malformed.collect();
    let tour = work::Tour { counter, world, deadlines, messages: &messages };
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
            failed.entry(index).or_insert_with(|| Failed { why: why.clone(), is_hopeless: false });
        }
    }
    let bury = async |message: &Message, why: &str| {
        let letter = DeadLetter { finding: None, sink: None, reason: why.to_owned(), event: message.event() };
        batch::buried(message, why, &world.dead_letter(&letter).await)
    };
    let (response, letters) = batch::end(&messages, failed, counter.max_receives, bury).await?;
    if letters > 0 {
        metrics.count("DeadLettered", letters);
    }
    Ok(Handled { response, metrics: metrics.lines(counter.stack_name, counter.now) })
}
