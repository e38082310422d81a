//! From a batch to what there is to do: everything about one repository becomes one look at it.

use crate::event::api_call::{Incoming, read};
use crate::event::drift::{Cause, Job, Look};
use crate::handler::batch::Message;
use crate::model::name::RepositoryName;
use crate::model::place::Place;
use crate::spec::findings::Glob;
use std::collections::BTreeMap;

/// Something to do, and the messages that asked for it, by their place in the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Task {
    pub(super) job: Job,
    /// Where the look is for a push too, the call that was joined to it.
    pub(super) call: Option<Look>,
    pub(super) messages: Vec<usize>,
}

/// A batch, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sorted {
    /// Looks.
    pub(super) looks: Vec<Task>,
    /// What belongs to sweeps.
    pub(super) sweeps: Vec<Task>,
    pub(super) malformed: Vec<(usize, String)>,
    pub(super) not_ours: Vec<String>,
}

/// Whose messages these are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Desk<'a> {
    /// The registry.
    pub(super) place: &'a Place,
    /// `RepositoryNamePattern`: the role may change no others.
    pub(super) pattern: &'a Glob,
    /// The role the function runs in.
    pub(super) own_principal: &'a str,
}

/// Reads messages and puts together what is about one repository.
pub(super) fn sort(messages: &[Message], desk: Desk<'_>) -> Sorted {
    let mut sorted = Sorted::default();
    let mut known: BTreeMap<RepositoryName, usize> = BTreeMap::new();
    for (index, message) in messages.iter().enumerate() {
        let job = match read(&message.body, desk.place) {
            Ok(Incoming::Job(job)) => job,
            Ok(Incoming::NotOurs(why)) => {
                sorted.not_ours.push(why);
                continue;
            }
            Err(why) => {
                sorted.malformed.push((index, why));
                continue;
            }
        };
        let Job::Look(look) = job else {
            join_sweep(&mut sorted.sweeps, job, index);
            continue;
        };
        if !desk.pattern.matches(look.repository.as_str()) {
            sorted.not_ours.push(format!("the repository {} is outside RepositoryNamePattern", look.repository));
            continue;
        }
        let task = known.get(&look.repository).and_then(|at| sorted.looks.get_mut(*at));
        if let Some(task) = task {
            join(task, look, desk.own_principal);
            task.messages.push(index);
        } else {
            known.insert(look.repository.clone(), sorted.looks.len());
            sorted.looks.push(Task { job: Job::Look(look), call: None, messages: vec![index] });
        }
    }
    sorted
}

/// The same job twice in a batch is done once.
fn join_sweep(sweeps: &mut Vec<Task>, job: Job, index: usize) {
    match sweeps.iter_mut().find(|task| task.job == job) {
        Some(task) => task.messages.push(index),
        None => sweeps.push(Task { job, call: None, messages: vec![index] }),
    }
}

/// One look for two messages about one repository. A push brings housekeeping, which a call does not; a call is remembered
/// as an announcement, which a push is not.
fn join(task: &mut Task, more: Look, own_principal: &str) {
    let Job::Look(known) = &mut task.job else { return };
    let is_call = |look: &Look| matches!(look.cause, Cause::Call(_));
    let pushed = [&*known, &more].into_iter().find(|look| !is_call(look)).cloned();
    let calls = [Some(known.clone()), Some(more), task.call.take()];
    let call = calls.into_iter().flatten().filter(is_call).max_by_key(|call| rank(call, own_principal));
    match (pushed, call) {
        (Some(pushed), call) => {
            let principal = call.as_ref().and_then(|call| call.principal.clone()).or_else(|| pushed.principal.clone());
            *known = Look { principal, ..pushed };
            task.call = call;
        }
        (None, Some(call)) => *known = call,
        (None, None) => {}
    }
}

/// Of several calls the newest says who changed what; ours only where nobody else called, since whoever changes something
/// against us is who must be named.
fn rank(call: &Look, own_principal: &str) -> (bool, Option<i64>) {
    (call.principal.as_deref() != Some(own_principal), call.occurred)
}
