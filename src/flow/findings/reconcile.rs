//! Reconciliation: what no event announced, and what must be looked at without one.
//!
//! Events are best effort, so this is what makes the forwarding complete. A run goes through all repositories, and
//! through everything remembered, in parts that fit into an invocation; each repository becomes a job, each image that is
//! to be looked at becomes another. The mark "up to here" is written when every repository has become a job: a job that
//! fails is a dead letter, so none is lost without a word.

use super::policies::InForce;
use super::{Forwarding, digests};
use crate::event::findings::{Cause, ImageJob, Job, ReconcileJob, RepositoryJob, Resume, Stage, VERSION};
use crate::fault::Fault;
use crate::model::image::{Digest, ImageDetail, ImageRef, state_prefix};
use crate::model::name::RepositoryName;
use crate::model::place::Place;
use crate::spec::findings::Glob;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// Where the mark lies.
const MARK: &str = "findings/reconciled.json";
/// Runs overlap by this, in seconds: a scan may end while a run goes by.
const OVERLAP: i64 = 3_600;
/// A record that was not written for this long, in seconds, is looked at so that nothing of it lapses in Security Hub: 55
/// days; see `policy::hub`.
const STALE: i64 = 55 * 24 * 3_600;
/// A scan that ended this long ago, in seconds, ought to have been announced.
const ANNOUNCED: i64 = 900;

/// How far the last complete run came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mark {
    /// When it began, in seconds since 1970.
    since: i64,
    /// The policy that was in force.
    policy: String,
}

/// What a part of a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Repositories that became jobs.
    pub repositories: usize,
    /// Is the run complete?
    pub is_complete: bool,
    /// Daily messages sent.
    pub digests: usize,
}

/// What a part of a run is given.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a, W> {
    /// The outside world.
    pub world: &'a W,
    /// The registry.
    pub place: &'a Place,
    /// The repositories this installation may read.
    pub pattern: &'a Glob,
    /// The policy in force.
    pub policy: &'a InForce,
    /// Now, in seconds since 1970.
    pub now: i64,
    /// Today, in UTC.
    pub today: Date,
    /// No call begins after this.
    pub until: Instant,
}

/// Does as much of a run as fits, and asks for the rest.
pub async fn reconcile<W: Forwarding>(run: &Run<'_, W>, job: &ReconcileJob) -> Result<Reconciled, Fault> {
    let mut done = Reconciled::default();
    let mut resume = if let Some(resume) = &job.resume { resume.clone() } else { begin(run, job).await? };
    // Every name, where this invocation has seen them all.
    let mut names = (resume.stage == Stage::Repositories(None)).then(BTreeSet::new);
    loop {
        let next = match resume.stage.clone() {
            Stage::Repositories(token) => {
                let (page, next) = run.world.repository_page(token).await?;
                if let Some(names) = &mut names {
                    names.extend(page.iter().cloned());
                }
                done.repositories += page.len();
                run.world.enqueue(&repository_jobs(run, job, &resume, page), 0).await?;
                next.map_or(Stage::Remembered(None), |token| Stage::Repositories(Some(token)))
            }
            Stage::Remembered(token) => {
                let (images, next) = run.world.remembered(run.place, token).await?;
                let remembered: BTreeSet<RepositoryName> = images.into_iter().map(|image| image.repository).collect();
                let gone = gone(run, remembered, names.as_ref()).await?;
                done.repositories += gone.len();
                run.world.enqueue(&repository_jobs(run, job, &resume, gone), 0).await?;
                let Some(token) = next else { break };
                Stage::Remembered(Some(token))
            }
        };
        resume.stage = next;
        if Instant::now() >= run.until {
            let next = ReconcileJob { resume: Some(resume), ..job.clone() };
            run.world.enqueue(&[Job::Reconcile(next)], 0).await?;
            return Ok(done);
        }
    }
    if job.since.is_none() {
        // A policy declared since then is for the next run.
        let mark = Mark { since: resume.started, policy: resume.policy };
        run.world.save_document(MARK, &serde_json::to_value(mark).unwrap_or_default(), None).await?;
    }
    done.is_complete = true;
    // Last, so that nothing about the daily messages can keep a run from its end.
    done.digests = digests::send(run.world, run.policy, run.today).await?;
    Ok(done)
}

/// From when on this run looks.
async fn begin<W: Forwarding>(run: &Run<'_, W>, job: &ReconcileJob) -> Result<Resume, Fault> {
    let policy = &run.policy.fingerprint;
    let resume =
        |since, all| Resume { started: run.now, since, all, policy: policy.clone(), stage: Stage::Repositories(None) };
    if let Some(since) = job.since {
        return Ok(resume(since, false));
    }
    let mark = run.world.document(MARK).await?.and_then(|(mark, _)| serde_json::from_value::<Mark>(mark).ok());
    Ok(match mark {
        Some(mark) => resume(mark.since.saturating_sub(OVERLAP), mark.policy != run.policy.fingerprint),
        // Installing does not mail the past.
        None => resume(run.world.began_at().await?, false),
    })
}

fn repository_jobs<W>(
    run: &Run<'_, W>,
    job: &ReconcileJob,
    resume: &Resume,
    names: impl IntoIterator<Item = RepositoryName>,
) -> Vec<Job> {
    let repository_job = |repository| {
        Job::Repository(RepositoryJob {
            version: VERSION,
            place: run.place.clone(),
            repository,
            since: resume.since,
            all: resume.all,
            quiet: job.quiet,
        })
    };
    names.into_iter().filter(|name| run.pattern.matches(name.as_str())).map(repository_job).collect()
}

/// Of the repositories something is remembered of, those that are no more: what is remembered of them would otherwise
/// stay for ever.
async fn gone<W: Forwarding>(
    run: &Run<'_, W>,
    remembered: BTreeSet<RepositoryName>,
    names: Option<&BTreeSet<RepositoryName>>,
) -> Result<Vec<RepositoryName>, Fault> {
    let mut gone = Vec::new();
    for name in remembered {
        let is_there = match names {
            Some(names) => names.contains(&name),
            None => run.world.repository_tags(run.place, &name).await?.is_some(),
        };
        if !is_there {
            gone.push(name);
        }
    }
    Ok(gone)
}

/// What one repository's images came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Searched {
    /// Images to be looked at.
    pub images: usize,
    /// Of them, scans that no event had brought here.
    pub missed: usize,
}

/// Finds the images of a repository that are to be looked at.
pub async fn search<W: Forwarding>(run: &Run<'_, W>, job: &RepositoryJob) -> Result<Searched, Fault> {
    let mut remembered = remembered(run.world, job).await?;
    let mut searched = Searched::default();
    let mut token = None;
    loop {
        let Some((page, next)) = run.world.image_page(&job.repository, token).await? else { break };
        let mut jobs = Vec::new();
        for detail in page {
            let written = remembered.remove(detail.digest.hex());
            let is_due = is_due(run, job, written);
            if is_due || is_scanned_since(job, &detail) {
                searched.missed += usize::from(written.is_none() && is_overdue(run, &detail));
                // Only a scan can have been seen by an earlier look; what is due otherwise is due now, and what comes of it
                // happens now.
                let occurred = if is_due { Some(run.now) } else { scanned(&detail) };
                jobs.push(image_job(job, detail, occurred));
            }
        }
        searched.images += jobs.len();
        run.world.enqueue(&jobs, 0).await?;
        token = next;
        if token.is_none() {
            break;
        }
    }
    let gone: Vec<Job> = remembered.into_keys().filter_map(|hex| gone_job(run, job, &hex)).collect();
    searched.images += gone.len();
    run.world.enqueue(&gone, 0).await?;
    Ok(searched)
}

/// The digits of the digests remembered of a repository, and when each record was written.
async fn remembered(world: &impl Forwarding, job: &RepositoryJob) -> Result<BTreeMap<String, i64>, Fault> {
    let prefix = state_prefix(&job.place, &job.repository);
    let mut found = BTreeMap::new();
    let mut token = None;
    loop {
        let (entries, next) = world.entries(&prefix, token).await?;
        for entry in entries {
            let hex = entry.key.strip_prefix(&prefix).and_then(|name| name.strip_suffix(".json.gz"));
            if let Some(hex) = hex {
                found.insert(hex.to_owned(), entry.modified);
            }
        }
        token = next;
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// When it was scanned, in seconds since 1970. Native basic scanning does not always say; then an image counts as scanned
/// when it was pushed.
fn scanned(detail: &ImageDetail) -> Option<i64> {
    detail.scanned_at.or(detail.pushed_at)
}

fn is_scanned_since(job: &RepositoryJob, detail: &ImageDetail) -> bool {
    scanned(detail).is_some_and(|scanned| scanned >= job.since)
}

/// Is there something to look at without a scan? `written` is when its record was.
fn is_due<W>(run: &Run<'_, W>, job: &RepositoryJob, written: Option<i64>) -> bool {
    written.is_some_and(|written| job.all || run.now.saturating_sub(written) > STALE)
}

fn is_overdue<W>(run: &Run<'_, W>, detail: &ImageDetail) -> bool {
    detail.scanned_at.is_some_and(|scanned| run.now.saturating_sub(scanned) > ANNOUNCED)
}

fn image_job(job: &RepositoryJob, detail: ImageDetail, occurred: Option<i64>) -> Job {
    Job::Image(ImageJob {
        version: VERSION,
        image: ImageRef { place: job.place.clone(), repository: job.repository.clone(), digest: detail.digest },
        tags: Some(detail.tags),
        parent: None,
        cause: Cause::Reconcile,
        occurred: occurred.map(|seconds| seconds.saturating_mul(1_000)),
        attempt: 0,
        quiet: job.quiet,
    })
}

fn gone_job<W>(run: &Run<'_, W>, job: &RepositoryJob, hex: &str) -> Option<Job> {
    let digest = Digest::parse(&format!("sha256:{hex}")).ok()?;
    Some(Job::Image(ImageJob {
        version: VERSION,
        image: ImageRef { place: job.place.clone(), repository: job.repository.clone(), digest },
        tags: None,
        parent: None,
        cause: Cause::ImageChanged,
        occurred: Some(run.now.saturating_mul(1_000)),
        attempt: 0,
        quiet: job.quiet,
    }))
}
