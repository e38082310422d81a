//! From a batch to what there is to do: everything about one image becomes one look at it.

use crate::event::findings::{Cause, ImageJob, Job};
use crate::event::scan::{Incoming, read};
use crate::handler::batch::Message;
use crate::model::image::ImageRef;
use crate::model::place::Place;
use crate::spec::findings::Glob;
use std::collections::BTreeMap;

/// Something to do, and the messages that asked for it, by their place in the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Task {
    pub(super) job: Job,
    pub(super) messages: Vec<usize>,
}

/// A batch, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sorted {
    pub(super) tasks: Vec<Task>,
    pub(super) malformed: Vec<(usize, String)>,
    pub(super) not_ours: Vec<String>,
}

/// Reads messages and puts together what is about one image. Of repositories this installation may not read, nothing is to be had.
pub(super) fn sort(messages: &[Message], here: &Place, pattern: &str) -> Sorted {
    let pattern = Glob(pattern.to_owned());
    let mut sorted = Sorted::default();
    let mut images: BTreeMap<ImageRef, usize> = BTreeMap::new();
    for (index, message) in messages.iter().enumerate() {
        let jobs = match read(&message.body, here) {
            Ok(Incoming::Jobs(jobs)) => jobs,
            Ok(Incoming::NotOurs(why)) => {
                sorted.not_ours.push(why);
                continue;
            }
            Err(why) => {
                sorted.malformed.push((index, why));
                continue;
            }
        };
        for job in jobs {
            if let Some(repository) = repository(&job).filter(|repository| !pattern.matches(repository)) {
                sorted.not_ours.push(format!("the repository {repository} is outside RepositoryNamePattern"));
                continue;
            }
            let at = if let Job::Image(job) = &job { images.get(&job.image).copied() } else { None };
            if let (Some(task), Job::Image(more)) = (at.and_then(|at| sorted.tasks.get_mut(at)), &job) {
                if let Job::Image(known) = &mut task.job {
                    join(known, more);
                }
                task.messages.push(index);
                continue;
            }
            if let Job::Image(job) = &job {
                images.insert(job.image.clone(), sorted.tasks.len());
            }
            sorted.tasks.push(Task { job, messages: vec![index] });
        }
    }
    sorted
}

/// The repository a job is about.
fn repository(job: &Job) -> Option<&str> {
    match job {
        Job::Image(job) => Some(job.image.repository.as_str()),
        Job::Repository(job) => Some(job.repository.as_str()),
        Job::Reconcile(_) | Job::Deliver(_) => None,
    }
}

/// How much a cause asks for; of two, the look is made for the one that asks for more.
const fn weight(cause: Cause) -> u8 {
    match cause {
        Cause::Replay => 4,
        Cause::Scan => 3,
        Cause::FindingChanged => 2,
        Cause::ImageChanged => 1,
        Cause::Reconcile => 0,
    }
}

/// One look for two messages about one image.
fn join(known: &mut ImageJob, more: &ImageJob) {
    if weight(more.cause) > weight(known.cause) {
        known.cause = more.cause;
    }
    // The tags of whatever happened last.
    if more.tags.is_some() && (known.tags.is_none() || more.occurred >= known.occurred) {
        known.tags.clone_from(&more.tags);
    }
    if known.parent.is_none() {
        known.parent.clone_from(&more.parent);
    }
    // A message that does not say when it happened may have happened now.
    known.occurred = known.occurred.and_then(|one| more.occurred.map(|two| one.max(two)));
    known.attempt = known.attempt.min(more.attempt);
    known.quiet = known.quiet && more.quiet;
}
