//! One job: done, handed back for want of time, or failed.

use super::Watch;
use super::grounds::Grounds;
use super::sort::Task;
use crate::event::drift::{Job, Look, Part};
use crate::fault::Fault;
use crate::flow::drift::Overseeing;
use crate::flow::drift::keep::Round;
use crate::flow::drift::look::{hear, look};
use crate::flow::drift::sweep::{self, Assembled, Parted};
use crate::flow::findings::day_of;
use crate::handler::batch::{Deadlines, PANICKED};
use crate::plan::posture::{Action, Standing, Status};
use futures_util::FutureExt as _;
use jiff::civil::Date;
use std::panic::AssertUnwindSafe;
use tokio::time::{Instant, timeout_at};

/// What the jobs of one invocation are given.
pub(super) struct Tour<'a, W> {
    pub(super) watch: &'a Watch<'a, W>,
    pub(super) world: &'a W,
    pub(super) grounds: &'a Grounds,
    pub(super) deadlines: Deadlines,
}

/// What became of a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Done {
    /// How the repositories stand that were looked at.
    pub(super) standings: Vec<Standing>,
    /// Is it a part of a sweep that is done?
    pub(super) is_part: bool,
    /// Is it a sweep whose report is written?
    pub(super) is_report: bool,
    /// Why it must be done again.
    pub(super) trouble: Option<String>,
}

impl Done {
    fn failed(why: impl Into<String>) -> Self {
        Self { trouble: Some(why.into()), ..Self::default() }
    }
}

/// Does one job; never fails and never panics.
pub(super) async fn work<W: Overseeing>(tour: &Tour<'_, W>, task: &Task) -> Done {
    if Instant::now() >= tour.deadlines.until {
        // Nothing was begun, so this is no failure of the message.
        let back = tour.world.send_jobs(&back(task), 0).await;
        return Done { trouble: back.err().map(|fault| fault.to_string()), ..Done::default() };
    }
    // The world is reached through shared references only; what a job holds is dropped with it.
    let job = AssertUnwindSafe(Box::pin(one(tour, task))).catch_unwind();
    match timeout_at(tour.deadlines.stop, job).await {
        Ok(Ok(Ok(done))) => done,
        Ok(Ok(Err(fault))) => Done::failed(fault.to_string()),
        Ok(Err(_)) => Done::failed(PANICKED),
        Err(_) => Done::failed("out of time"),
    }
}

/// The jobs of a task, each as it came.
fn back(task: &Task) -> Vec<Job> {
    let call = task.call.clone().map(Job::Look);
    [Some(task.job.clone()), call].into_iter().flatten().collect()
}

async fn one<W: Overseeing>(tour: &Tour<'_, W>, task: &Task) -> Result<Done, Fault> {
    match &task.job {
        Job::Look(job) => look_at(tour, task, job).await,
        Job::Sweep(job) => {
            tell_trouble(tour).await;
            let started = sweep::start(&sweeping(tour), &job.sweep).await?;
            told(&job.sweep.0, started);
            Ok(Done::default())
        }
        Job::Part(job) => {
            let parted = sweep::part(&sweeping(tour), job).await?;
            part_done(tour, job, parted).await
        }
        Job::Assemble(job) => {
            let assembled = sweep::assemble(&sweeping(tour), &job.sweep).await?;
            let is_report = matches!(assembled, Assembled::Done { .. });
            told(&job.sweep.0, assembled);
            Ok(Done { is_report, ..Done::default() })
        }
    }
}

/// Gives up a part whose message failed for the last time, so that its sweep comes to its report. Never panics.
pub(super) async fn give_up<W: Overseeing>(tour: &Tour<'_, W>, job: &Part, why: &str) -> Result<(), String> {
    let sweeping = sweeping(tour);
    let giving_up = AssertUnwindSafe(Box::pin(sweep::give_up(&sweeping, job, why))).catch_unwind();
    let parted = giving_up.await.map_err(|_| PANICKED.to_owned())?.map_err(|fault| fault.to_string())?;
    tracing::error!(sweep = job.sweep.0, part = job.part, why, ?parted, "a part of a sweep was given up");
    Ok(())
}

async fn look_at<W: Overseeing>(tour: &Tour<'_, W>, task: &Task, job: &Look) -> Result<Done, Fault> {
    let began = Instant::now();
    let (watch, grounds) = (tour.watch, tour.grounds);
    let round = Round {
        world: tour.world,
        place: watch.place,
        baseline: grounds.baseline.as_ref(),
        switch: grounds.switch,
        scanning: &grounds.scanning,
        budget: &grounds.budget,
        cause: &job.event,
        own_principal: watch.own_principal,
        now: watch.now,
        today: today(tour),
        until: tour.deadlines.until,
    };
    if let Some(call) = &task.call {
        hear(&round, call).await?;
    }
    let standing = look(&round, job).await?;
    summary(job, task.messages.len(), standing.as_ref(), began);
    Ok(Done { standings: standing.into_iter().collect(), ..Done::default() })
}

/// The one line about a repository.
fn summary(job: &Look, messages: usize, standing: Option<&Standing>, began: Instant) {
    let checks = standing.map_or(&[][..], |standing| &standing.checks);
    let status = |status: Status| checks.iter().filter(|check| check.status == status).count();
    let action = |wished: fn(&Action) -> bool| checks.iter().filter(|check| wished(&check.action)).count();
    tracing::info!(
        repository = %job.repository,
        cause = ?job.cause,
        event = job.event,
        messages,
        is_there = standing.is_some(),
        fails = status(Status::Fail),
        unknown = status(Status::Unknown),
        mended = action(|action| matches!(action, Action::Mended(_))),
        withheld = action(|action| matches!(action, Action::Withheld(_))),
        not_mended = action(|action| matches!(action, Action::Failed(_))),
        milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        "a repository was looked at"
    );
}

/// Tells people once a sweep that the baseline they declared is not in force.
async fn tell_trouble<W: Overseeing>(tour: &Tour<'_, W>) {
    let Some(trouble) = &tour.grounds.trouble else { return };
    // It is in the log already, and in the report to come.
    if let Err(fault) = tour.world.notify("ecr-steward: the declared baseline is not in force", trouble).await {
        tracing::warn!(%fault, "a notice could not be sent");
    }
}

/// The one line about a step of a sweep.
fn told(sweep: &str, came_to: impl std::fmt::Debug) {
    tracing::info!(sweep, ?came_to, "a sweep went on");
}

async fn part_done<W: Overseeing>(tour: &Tour<'_, W>, job: &Part, parted: Parted) -> Result<Done, Fault> {
    tracing::info!(sweep = job.sweep.0, part = job.part, ?parted, "a part of a sweep was worked on");
    let Parted::Done { .. } = parted else { return Ok(Done::default()) };
    // Counted from what stands in the book. A part that cannot be counted is done all the same.
    let found = tour.world.read(&sweep::result_key(&job.sweep, job.part)).await.ok().flatten();
    let result = found.and_then(|(bytes, _)| serde_json::from_slice::<sweep::PartResult>(&bytes).ok());
    let standings = result.map(|result| result.standings).unwrap_or_default();
    Ok(Done { standings, is_part: true, ..Done::default() })
}

fn sweeping<'a, W>(tour: &'a Tour<'a, W>) -> sweep::Tour<'a, W> {
    let (watch, grounds) = (tour.watch, tour.grounds);
    sweep::Tour {
        world: tour.world,
        place: watch.place,
        pattern: watch.pattern,
        parameter_prefix: watch.parameter_prefix,
        baseline: grounds.baseline.as_ref(),
        trouble: grounds.trouble.as_deref(),
        switch: grounds.switch,
        own_principal: watch.own_principal,
        now: watch.now,
        today: today(tour),
        until: tour.deadlines.until,
    }
}

fn today<W>(tour: &Tour<'_, W>) -> Date {
    day_of(tour.watch.now)
}
