//! One image's walk: gather, compare, judge, tell, remember.
//!
//! The order makes a crash at any call harmless. Security Hub and the archive take the same twice as once, so they come
//! before the record is written; what people and programs are told of changes is written into the record first and taken
//! out of it message by message. The record is written over exactly the version that was read: of two looks at one image
//! at a time, one begins again.

use super::account::{Account, Outcome};
use super::look::{Looked, Whole, look, not_scanned, other_kind};
use super::policies::InForce;
use super::tell::{self, Subject};
use super::{Forwarding, outbox};
use crate::event::findings::{Cause, ImageJob, Job, LOOK_AGAIN_SECONDS, MOST_LOOKS, VERSION};
use crate::fault::Fault;
use crate::flow::Version;
use crate::model::finding::FindingId;
use crate::model::image::{Child, ImageRef, Parent};
use crate::model::scan::ScanStatus;
use crate::policy::compare::{self, Changed};
use crate::policy::judge::{Verdict, judge};
use crate::policy::record::ImageRecord;
use jiff::civil::Date;
use serde_json::Value;
use tokio::time::Instant;

/// What every walk of an invocation is given.
#[derive(Clone, Copy, Debug)]
pub struct Tour<'a, W> {
    /// The outside world.
    pub world: &'a W,
    /// The policy in force.
    pub policy: &'a InForce,
    /// Now, in milliseconds since 1970.
    pub now: i64,
    /// Today, in UTC.
    pub today: Date,
    /// No call begins after this.
    pub until: Instant,
}

/// Walks. `event` is the message that led here, for dead letters. `Err` and troubles in the account mean: again.
pub async fn walk<W: Forwarding>(tour: &Tour<'_, W>, job: &ImageJob, event: &Value) -> Result<Account, Fault> {
    let world = tour.world;
    let loaded = world.record(&job.image).await?;
    let known = loaded.is_some();
    let (mut record, mut version) = loaded.unwrap_or_else(|| (ImageRecord::new(job.image.clone()), Version::New));
    let mut account = Account::default();
    if !record.outbox.is_empty() {
        account.sent(outbox::deliver(world, &mut record, &mut version, tour.until).await?);
    }
    if known && is_covered(&record, job, tour) {
        return Ok(account);
    }
    let looked = look(world, &job.image, job.cause).await?;
    let here = Here { tour, job, event, record, version, known, account };
    match looked {
        Looked::Index(children) => here.each(children).await,
        Looked::Artifact(_) => here.nothing(Outcome::Artifact).await,
        Looked::NeverScanned => Ok(here.ended(Outcome::NeverScanned)),
        Looked::Gone | Looked::Archived => here.nothing(Outcome::Gone).await,
        Looked::Unfinished(status) if job.attempt < MOST_LOOKS => here.later(&status).await,
        Looked::Unfinished(status) => here.never_ended(status).await,
        Looked::NotScanned { status, description } => here.unscanned(status, &description).await,
        Looked::Read(whole) => here.read(whole).await,
    }
}

/// Milliseconds by which a read must have begun after an event to have seen what it tells of. Inspector says itself that
/// what it tells may show a little later.
const fn lag(cause: Cause) -> i64 {
    match cause {
        Cause::Scan | Cause::ImageChanged | Cause::Reconcile | Cause::Replay => 5_000,
        Cause::FindingChanged => 30_000,
    }
}

/// Has an earlier look seen what this one is about? An event that came late or twice is nothing to act on.
fn is_covered<W>(record: &ImageRecord, job: &ImageJob, tour: &Tour<'_, W>) -> bool {
    let seen = job.occurred.is_some_and(|occurred| occurred.saturating_add(lag(job.cause)) <= record.read_at);
    let settled = !record.unfinished && record.outbox.is_empty() && record.policy == tour.policy.fingerprint;
    seen && settled && matches!(job.cause, Cause::Scan | Cause::FindingChanged | Cause::Reconcile)
}

/// One walk under way.
struct Here<'a, W> {
    tour: &'a Tour<'a, W>,
    job: &'a ImageJob,
    event: &'a Value,
    record: ImageRecord,
    version: Version,
    known: bool,
    account: Account,
}

impl<W: Forwarding> Here<'_, W> {
    fn ended(mut self, outcome: Outcome) -> Account {
        self.account.outcome = outcome;
        self.account
    }

    /// The time changes are dated with: the scan's or the event's, so that a second delivery dates them alike.
    fn stamp(&self, completed_at: Option<i64>) -> i64 {
        completed_at.max(self.job.occurred).unwrap_or(self.tour.now)
    }

    async fn read(mut self, whole: Whole) -> Result<Account, Fault> {
        let Whole { status, completed_at, mut reading } = whole;
        let announced = matches!(self.job.cause, Cause::Scan | Cause::FindingChanged)
            && self.job.occurred.is_some_and(|occurred| occurred > self.record.read_at);
        reading.fresh = announced || completed_at > self.record.completed_at;
        reading.stamp = self.stamp(completed_at);
        let stamp = reading.stamp;
        let tags = self.record.tags.clone();
        if !self.facts().await? {
            return self.nothing(Outcome::Gone).await;
        }
        let missed = missed(&self.record);
        let changes = compare::compare(&mut self.record, reading);
        let moved = missed != self::missed(&self.record) || self.record.status != status || self.record.tags != tags;
        self.record.status = status;
        self.record.completed_at = completed_at;
        self.finish(Outcome::Read, changes, stamp, moved).await
    }

    async fn unscanned(mut self, status: ScanStatus, description: &str) -> Result<Account, Fault> {
        if !self.facts().await? {
            return self.nothing(Outcome::Gone).await;
        }
        let stamp = self.stamp(None);
        let finding = not_scanned(&status, description);
        let changes = compare::not_scanned(&mut self.record, finding, stamp);
        self.record.status = status;
        self.finish(Outcome::NotScanned, changes, stamp, false).await
    }

    /// A scan that does not end may be one of something that is not scanned at all.
    async fn never_ended(self, status: ScanStatus) -> Result<Account, Fault> {
        match other_kind(self.tour.world, &self.job.image).await? {
            Some(Looked::Index(children)) => self.each(children).await,
            Some(Looked::Artifact(_)) => self.nothing(Outcome::Artifact).await,
            Some(_) => self.nothing(Outcome::Gone).await,
            None => self.unscanned(status, "").await,
        }
    }

    /// It has no findings of its own, or no longer: what was told of it is over.
    async fn nothing(mut self, outcome: Outcome) -> Result<Account, Fault> {
        if !self.known {
            return Ok(self.ended(outcome));
        }
        let stamp = self.stamp(None);
        let changes = compare::delete(&mut self.record, stamp);
        self.finish(outcome, changes, stamp, false).await
    }

    async fn later(self, status: &ScanStatus) -> Result<Account, Fault> {
        let again = ImageJob { attempt: self.job.attempt.saturating_add(1), ..self.job.clone() };
        tracing::info!(image = %self.job.image, status = status.as_str(), attempt = again.attempt, "the scan has not finished; looking again later");
        self.tour.world.enqueue(&[Job::Image(again)], LOOK_AGAIN_SECONDS).await?;
        Ok(self.ended(Outcome::Unfinished))
    }

    /// Every image of an index is scanned for itself, and looked at for itself.
    async fn each(self, children: Vec<Child>) -> Result<Account, Fault> {
        let tags = match &self.job.tags {
            Some(tags) => tags.clone(),
            None => self.tour.world.image_detail(&self.job.image).await?.map(|detail| detail.tags).unwrap_or_default(),
        };
        let job = |child: Child| {
            let digest = self.job.image.digest.clone();
            Job::Image(ImageJob {
                version: VERSION,
                image: ImageRef { digest: child.digest, ..self.job.image.clone() },
                tags: None,
                parent: Some(Parent { digest, tags: tags.clone(), platform: child.platform }),
                ..self.job.clone()
            })
        };
        let jobs: Vec<Job> = children.into_iter().map(job).collect();
        if !jobs.is_empty() {
            self.tour.world.enqueue(&jobs, 0).await?;
        }
        self.nothing(Outcome::Index).await
    }

    /// Brings the record's tags and parent up to date; false where the image is gone.
    async fn facts(&mut self) -> Result<bool, Fault> {
        if let Some(tags) = &self.job.tags {
            self.record.tags.clone_from(tags);
        } else if !self.known || self.job.cause == Cause::ImageChanged {
            let Some(detail) = self.tour.world.image_detail(&self.job.image).await? else { return Ok(false) };
            self.record.tags = detail.tags;
        }
        if let Some(parent) = &self.job.parent {
            self.record.parent = Some(parent.clone());
        } else if self.record.parent.is_none() && self.record.tags.is_empty() && !self.known {
            self.record.parent = super::parents::parent(self.tour.world, &self.job.image).await?;
        }
        Ok(true)
    }

    async fn finish(
        mut self,
        outcome: Outcome,
        changes: Vec<Changed>,
        stamp: i64,
        moved: bool,
    ) -> Result<Account, Fault> {
        let world = self.tour.world;
        let policy = &self.tour.policy.policy;
        let today = self.tour.today;
        let judged =
            compare::judge(&mut self.record, stamp, |subject, finding| match judge(policy, subject, finding, today) {
                Verdict::Waived(waived) => Some(waived),
                Verdict::Report => None,
            });
        let changes = compare::merged(changes, judged);
        self.account.outcome = outcome;
        self.account.changed(&changes);
        self.account.active = self.record.active().count();
        // An image that could not be scanned until now has not been seen yet: against what its tag bore before it is its
        // first whole read that counts.
        let first = outcome == Outcome::Read && self.record.read_at == 0;
        let writing = moved || !self.known || !changes.is_empty();
        let subject = Subject { tour: self.tour, job: self.job, event: self.event, stamp, first, writing };
        let told = tell::tell(&subject, &mut self.record, &changes, &mut self.account).await?;
        if let Some(tags) = told.tags {
            tags.move_to(world, &self.job.image).await?;
        }
        if writing || told.dirty {
            self.record.policy.clone_from(&self.tour.policy.fingerprint);
            if outcome == Outcome::Read {
                self.record.read_at = self.tour.now;
            }
            self.version = world.save_record(&self.record, &self.version).await?;
        }
        if !self.record.outbox.is_empty() {
            let sent = outbox::deliver(world, &mut self.record, &mut self.version, self.tour.until).await?;
            self.account.sent(sent);
        }
        if is_over(outcome) && self.record.outbox.is_empty() && !told.waiting {
            world.forget_record(&self.job.image).await?;
        }
        Ok(self.account)
    }
}

/// Is there nothing left to remember once everybody was told?
const fn is_over(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Gone | Outcome::Index | Outcome::Artifact)
}

/// Which findings were missing, and how often. Not how many: one may come back as another goes.
fn missed(record: &ImageRecord) -> Vec<(FindingId, u32)> {
    let missing = record.findings.iter().filter(|(_, kept)| kept.missed > 0);
    missing.map(|(id, kept)| (id.clone(), kept.missed)).collect()
}
