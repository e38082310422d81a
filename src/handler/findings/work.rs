//! One job: done, handed back for want of time, or failed.

use super::Counter;
use super::sort::Task;
use crate::event::findings::{ImageJob, Job};
use crate::fault::Fault;
use crate::flow::Version;
use crate::flow::findings::account::Account;
use crate::flow::findings::policies::InForce;
use crate::flow::findings::reconcile::{Run, reconcile, search};
use crate::flow::findings::{Forwarding, day_of, tell, walk};
use crate::handler::batch::{Deadlines, Message, PANICKED};
use crate::spec::findings::Glob;
use futures_util::FutureExt as _;
use jiff::civil::Date;
use serde_json::{Value, json};
use std::panic::AssertUnwindSafe;
use tokio::time::{Instant, timeout_at};

/// What the jobs of one invocation are given.
pub(super) struct Tour<'a, W> {
    pub(super) counter: &'a Counter<'a, W>,
    pub(super) world: &'a W,
    pub(super) deadlines: Deadlines,
    pub(super) messages: &'a [Message],
}

/// What became of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// What a look at an image, or a message sent again, came to.
    pub(super) account: Option<Account>,
    /// Scans the reconciliation found that no event had announced.
    pub(super) missed: usize,
    /// Why it must be done again.
    pub(super) trouble: Option<String>,
}

/// Does one job; never fails and never panics.
pub(super) async fn work<W: Forwarding>(tour: &Tour<'_, W>, task: &Task) -> Done {
    if Instant::now() >= tour.deadlines.until {
        // Nothing was begun, so this is no failure of the message.
        let back = tour.world.enqueue(std::slice::from_ref(&task.job), 0).await;
        return Done { trouble: back.err().map(|fault| fault.to_string()), ..Done::default() };
    }
    // The world is reached through shared references only; what a job holds is dropped with it.
    let job = AssertUnwindSafe(Box::pin(one(tour, task))).catch_unwind();
    match timeout_at(tour.deadlines.stop, job).await {
        Ok(Ok(Ok(done))) => done,
        Ok(Ok(Err(fault))) => Done { trouble: Some(fault.to_string()), ..Done::default() },
        Ok(Err(_)) => Done { trouble: Some(PANICKED.to_owned()), ..Done::default() },
        Err(_) => Done { trouble: Some("out of time".to_owned()), ..Done::default() },
    }
}

async fn one<W: Forwarding>(tour: &Tour<'_, W>, task: &Task) -> Result<Done, Fault> {
    let counter = tour.counter;
    let today = day_of(counter.now);
    let policy = counter.policies.current(tour.world, counter.parameter_prefix, today).await?;
    let run = Run {
        world: tour.world,
        place: counter.place,
        pattern: &Glob(counter.repository_pattern.to_owned()),
        policy: &policy,
        now: counter.now.div_euclid(1_000),
        today,
        until: tour.deadlines.until,
    };
    match &task.job {
        Job::Image(job) => image(tour, task, job, &policy, today).await,
        Job::Deliver(job) => {
            let mut account = Account::default();
            tell::deliver(tour.world, &job.parcel, &mut account).await?;
            Ok(Done { account: Some(account), ..Done::default() })
        }
        Job::Repository(job) => {
            let searched = search(&run, job).await?;
            tracing::info!(
                repository = %job.repository,
                images = searched.images,
                missed = searched.missed,
                "a repository was searched for images to look at"
            );
            Ok(Done { missed: searched.missed, ..Done::default() })
        }
        Job::Reconcile(job) => {
            let done = reconcile(&run, job).await?;
            tracing::info!(
                repositories = done.repositories,
                complete = done.is_complete,
                digests = done.digests,
                "reconciliation"
            );
            Ok(Done::default())
        }
    }
}

async fn image<W: Forwarding>(
    tour: &Tour<'_, W>,
    task: &Task,
    job: &ImageJob,
    policy: &InForce,
    today: Date,
) -> Result<Done, Fault> {
    let began = Instant::now();
    let message = task.messages.first().and_then(|index| tour.messages.get(*index));
    let event = message.and_then(|message| serde_json::from_str(&message.body).ok()).unwrap_or(Value::Null);
    let walk_tour = walk::Tour { world: tour.world, policy, now: tour.counter.now, today, until: tour.deadlines.until };
    let account = walk::walk(&walk_tour, job, &event).await?;
    summary(job, &account, task.messages.len(), began);
    if account.hub_is_off {
        warn_once_a_day(tour.world, today).await;
    }
    let troubles: Vec<String> = account.troubles.iter().map(ToString::to_string).collect();
    let trouble = (!troubles.is_empty()).then(|| troubles.join("; "));
    Ok(Done { account: Some(account), missed: 0, trouble })
}

/// The one line about an image.
fn summary(job: &ImageJob, account: &Account, messages: usize, began: Instant) {
    tracing::info!(
        image = %job.image,
        cause = ?job.cause,
        outcome = account.outcome.as_str(),
        messages,
        active = account.active,
        changes = %json!(account.changes),
        delivered = %json!(account.delivered),
        refused = %json!(account.refused),
        troubles = account.troubles.len(),
        milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        "an image was looked at"
    );
}

/// Who has not enabled Security Hub may mean it; one line a day says what is not done.
async fn warn_once_a_day(world: &impl Forwarding, today: Date) {
    let key = format!("findings/notes/{today}-security-hub-is-off.json");
    if world.save_document(&key, &json!({}), Some(&Version::New)).await.is_ok() {
        tracing::warn!("Security Hub is not enabled in this account and Region, so no finding goes there");
    }
}
