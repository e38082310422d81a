//! The drift function: a batch of messages in, and for each an end — looked at, not ours, a dead letter with a reason, or
//! failed, so that it comes again.
//!
//! `sort` reads messages and puts together those about one repository; `grounds` reads what all of them are judged by;
//! `work` does the jobs; `metrics` counts.

mod grounds;
mod metrics;
mod sort;
mod work;

pub use super::batch::Handled;
pub use grounds::Census;

use super::batch::{self, Deadlines, Failed, Message};
use crate::event::api_call::{Incoming, read};
use crate::event::drift::{Job, Part};
use crate::flow::drift::{Overseeing, housekeeping};
use crate::model::place::Place;
use crate::spec::findings::Glob;
use futures_util::{StreamExt as _, stream};
use metrics::Metrics;
use serde_json::Value;
use sort::{Desk, Sorted, Task};
use std::collections::BTreeMap;
use std::time::Duration;
use work::{Done, Tour};

/// Looks made at a time. Most of a look is waiting. What belongs to sweeps is done one after the other: a part makes many
/// calls at a time by itself.
const AT_ONCE: usize = 4;

/// What every invocation of one process shares.
#[derive(Debug)]
pub struct Watch<'a, W> {
    /// The outside world; `Err` where start-up failed, which every message is then told.
    pub world: Result<&'a W, &'a str>,
    /// The registry this installation keeps.
    pub place: &'a Place,
    /// The SSM prefix of this installation.
    pub parameter_prefix: &'a str,
    /// Which repositories the function may read and change.
    pub pattern: &'a Glob,
    /// The installation's stack, the dimension of the metrics.
    pub stack_name: &'a str,
    /// After this many receives a message that fails is a dead letter.
    pub max_receives: u32,
    /// The role the function runs in.
    pub own_principal: &'a str,
    /// How many repositories there are, as last counted.
    pub census: &'a Census,
    /// Now, in milliseconds since 1970.
    pub now: i64,
}

/// Handles a batch. `Err` fails the whole of it.
pub async fn handle<W: Overseeing>(watch: &Watch<'_, W>, event: Value, left: Duration) -> Result<Handled, String> {
    let world = watch.world.map_err(str::to_owned)?;
    let messages = batch::messages(event)?;
    let deadlines = Deadlines::of(left);
    let desk = Desk { place: watch.place, pattern: watch.pattern, own_principal: watch.own_principal };
    let Sorted { mut looks, mut sweeps, malformed, not_ours } = sort::sort(&messages, desk);
    for why in &not_ours {
        tracing::info!(why, "a message is not for us");
    }
    let mut metrics = Metrics::default();
    metrics.count("DriftNotOurs", not_ours.len());
    let malformed = malformed.into_iter().map(|(index, why)| (index, Failed { why, is_hopeless: true }));
    let mut failed: BTreeMap<usize, Failed> = malformed.collect();
    let deadly = deadly(&messages, watch.max_receives, [&mut looks, &mut sweeps]);
    let is_idle = looks.is_empty() && sweeps.is_empty() && deadly.is_empty();
    failed.extend(deadly);
    let mut grounds = None;
    if !is_idle {
        match grounds::read_safely(world, watch.census, !looks.is_empty()).await {
            Ok(read) => grounds = Some(read),
            Err(why) => {
                let open = looks.iter().chain(&sweeps).flat_map(|task| &task.messages);
                failed.extend(open.map(|index| (*index, Failed { why: why.clone(), is_hopeless: false })));
            }
        }
    }
    let tour = grounds.as_ref().map(|grounds| Tour { watch, world, grounds, deadlines });
    if let Some(tour) = &tour {
        for (task, done) in all(tour, looks, sweeps).await {
            count(&mut metrics, &done);
            let Some(why) = done.trouble else { continue };
            for index in task.messages {
                failed.entry(index).or_insert_with(|| Failed { why: why.clone(), is_hopeless: false });
            }
        }
    }
    let bury = async |message: &Message, why: &str| bury(world, watch.place, tour.as_ref(), message, why).await;
    let (response, letters) = batch::end(&messages, failed, watch.max_receives, bury).await?;
    metrics.count("DriftDeadLettered", letters);
    Ok(Handled { response, metrics: metrics.line(watch.stack_name, watch.now) })
}

/// Takes out the tasks that were handed out more often than their failures are waited for: their runs have died, and would
/// again.
fn deadly(messages: &[Message], max_receives: u32, tasks: [&mut Vec<Task>; 2]) -> Vec<(usize, Failed)> {
    let too_often = |index: &usize| messages.get(*index).is_some_and(|message| message.receives > max_receives);
    let mut deadly = Vec::new();
    for tasks in tasks {
        let (bad, good): (Vec<Task>, Vec<Task>) =
            std::mem::take(tasks).into_iter().partition(|task| task.messages.iter().all(too_often));
        *tasks = good;
        deadly.extend(bad.into_iter().flat_map(|task| task.messages));
    }
    let why = format!("no run of it came to an end, and it was handed out more than {max_receives} times");
    deadly.into_iter().map(|index| (index, Failed { why: why.clone(), is_hopeless: true })).collect()
}

/// Does all tasks: looks first, since somebody may be waiting for their effect.
async fn all<W: Overseeing>(tour: &Tour<'_, W>, looks: Vec<Task>, sweeps: Vec<Task>) -> Vec<(Task, Done)> {
    let looked = stream::iter(looks).map(async |task| {
        let done = work::work(tour, &task).await;
        (task, done)
    });
    let mut all: Vec<(Task, Done)> = looked.buffer_unordered(AT_ONCE).collect().await;
    for task in sweeps {
        let done = work::work(tour, &task).await;
        all.push((task, done));
    }
    all
}

fn count(metrics: &mut Metrics, done: &Done) {
    for standing in &done.standings {
        metrics.add(standing, housekeeping::deleted(&standing.notes));
    }
    metrics.count("SweepParts", usize::from(done.is_part));
    metrics.count("SweepReports", usize::from(done.is_report));
    metrics.count("DriftFailed", usize::from(done.trouble.is_some()));
}

/// Makes a message a dead letter, with the reason; false where that failed, and the message must come again. A part of a
/// sweep is given up first: without its result there would be no report.
async fn bury<W: Overseeing>(
    world: &W,
    here: &Place,
    tour: Option<&Tour<'_, W>>,
    message: &Message,
    why: &str,
) -> bool {
    let part = part(message, here);
    if part.is_some() && tour.is_none() {
        // Giving it up takes what could not be read just now; it comes again.
        return false;
    }
    if let Some((part, tour)) = part.zip(tour)
        && let Err(trouble) = work::give_up(tour, &part, why).await
    {
        tracing::error!(sweep = part.sweep.0, part = part.part, trouble, "a part of a sweep could not be given up");
        return false;
    }
    batch::buried(message, why, &world.dead_letter(&message.event(), why).await)
}

/// The part of a sweep a message is about.
fn part(message: &Message, here: &Place) -> Option<Part> {
    match read(&message.body, here) {
        Ok(Incoming::Job(Job::Part(part))) => Some(part),
        _ => None,
    }
}
