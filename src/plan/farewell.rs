//! Delete, and what becomes of released names once the stack has finished.
//!
//! Both are plans towards nothing, filtered by ownership and consent: a repository that is not ours by its tag
//! is never in one of them.

use super::guard::{Owners, Ownership, own_tag_keys, ownership};
use super::ledger::{Direction, Ledger, Release};
use super::snapshot::{Snapshot, hand_back};
use super::{Change, NotEmpty, Plan, Step};
use crate::model::Seen;
use crate::model::name::RepositoryName;
use crate::model::repository::{Observed, RELEASED_TAG, Repository};
use crate::spec::Removal;
use std::collections::BTreeMap;

/// Snapshots that were found, by repository.
pub type Snapshots = BTreeMap<RepositoryName, Snapshot>;

/// What a Delete may do, by the declaration that is being deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consent {
    /// `OnDelete`
    pub on_delete: Removal,
    /// `EmptyOnDelete`
    pub empty_on_delete: bool,
    /// Does this Delete roll back the operation that created the resource?
    pub rolls_back: bool,
    /// Is there no ledger? Then nobody knows what was adopted, and nothing may be deleted.
    pub record_lost: bool,
}

/// Plans a Delete over every name in `observed`.
pub fn delete(ledger: &Ledger, observed: &Observed, snapshots: &Snapshots, consent: Consent) -> Plan {
    let mut plan = Plan::default();
    for (name, seen) in &observed.repositories {
        let mut steps = match owned(ledger, name, seen, &mut plan) {
            Some(repository) => delete_one(ledger, repository, snapshots.get(name), consent, &mut plan),
            None => Vec::new(),
        };
        steps.extend(parameters_of(ledger, name, observed));
        plan.push(name, steps);
    }
    plan
}

/// The repository where it is ours; a name that is not is left alone and said so.
fn owned<'a>(
    ledger: &Ledger,
    name: &RepositoryName,
    seen: &'a Seen<Repository>,
    plan: &mut Plan,
) -> Option<&'a Repository> {
    match ownership(&ledger.identity, seen, &Owners::new()) {
        Ownership::Ours => seen.present(),
        Ownership::Free => None,
        Ownership::Nobody => {
            plan.retain(name, "it carries no owner tag of ours");
            None
        }
        Ownership::Orphan(owner) | Ownership::Other(owner) => {
            plan.retain(name, format!("it belongs to {owner}"));
            None
        }
        Ownership::Unknown(why) => {
            plan.block(name.as_str(), format!("it could not be found out whether it is ours: {why}"));
            None
        }
    }
}

fn delete_one(
    ledger: &Ledger,
    repository: &Repository,
    snapshot: Option<&Snapshot>,
    consent: Consent,
    plan: &mut Plan,
) -> Vec<Step> {
    let name = &repository.name;
    if consent.record_lost {
        plan.retain(name, "the record of this resource is lost from the state bucket, so it was handed back");
        return hand_back(repository);
    }
    if let Some(adoption) = ledger.adopted.get(name) {
        let undone = ledger.released.get(name).is_some_and(|release| release.undo_adoption)
            || consent.rolls_back && ledger.last_forward.as_ref() == Some(&adoption.request_id);
        return undo_or_hand_back(repository, undone, snapshot, plan);
    }
    let released = repository.tags.present().is_some_and(|tags| tags.contains_key(RELEASED_TAG));
    if released {
        let retain = ledger.released.get(name).is_some_and(|release| release.on_remove == Removal::Retain);
        if retain {
            plan.retain(name, "OnRemove is Retain");
            return hand_back(repository);
        }
        return vec![delete_step(repository, false, hand_back_keys(repository), "its name left the declaration")];
    }
    if consent.on_delete == Removal::Retain && consent.rolls_back {
        // What a rolled-back operation made goes with it, unless somebody has pushed to it meanwhile.
        return vec![delete_step(repository, false, hand_back_keys(repository), "its creation is rolled back")];
    }
    if consent.on_delete == Removal::Retain {
        plan.retain(name, "OnDelete is Retain");
        return hand_back(repository);
    }
    vec![delete_step(repository, consent.empty_on_delete, NotEmpty::Fail, "the resource is deleted")]
}

fn hand_back_keys(repository: &Repository) -> NotEmpty {
    NotEmpty::HandBack(repository.tags.present().map(own_tag_keys).unwrap_or_default())
}

fn delete_step(repository: &Repository, force: bool, not_empty: NotEmpty, why: &str) -> Step {
    Step {
        change: Change::DeleteRepository {
            name: repository.name.clone(),
            arn: repository.arn.clone(),
            force,
            not_empty,
        },
        why: why.to_owned(),
    }
}

/// Adopted repositories are never deleted.
fn undo_or_hand_back(repository: &Repository, undone: bool, snapshot: Option<&Snapshot>, plan: &mut Plan) -> Vec<Step> {
    match (undone, snapshot) {
        (true, Some(snapshot)) => snapshot.restore(repository).unwrap_or_else(|unread| {
            plan.block(repository.name.as_str(), format!("its settings cannot be put back yet: {unread}"));
            Vec::new()
        }),
        (true, None) => {
            plan.block(repository.name.as_str(), "the snapshot from before its adoption could not be read, so its settings cannot be put back; nothing was changed");
            Vec::new()
        }
        (false, _) => {
            plan.retain(&repository.name, "it existed before it was adopted");
            hand_back(repository)
        }
    }
}

/// The parameters of a repository. One that a cut-off request may have written goes only where its tag says so.
fn parameters_of(ledger: &Ledger, name: &RepositoryName, observed: &Observed) -> Vec<Step> {
    let owner = ledger.identity.owner();
    let written_by_us = |path: &String| {
        let seen = observed.parameters.get(path).and_then(Seen::present);
        seen.is_some_and(|parameter| parameter.owner.as_ref() == Some(&owner))
    };
    let sure = ledger.parameters.iter();
    let pending = ledger.pending_parameters.iter().filter(|(path, _)| written_by_us(path));
    sure.chain(pending)
        .filter(|(_, repository)| *repository == name)
        .map(|(path, _)| Step {
            change: Change::DeleteParameter { path: path.clone() },
            why: "its repository is no longer declared".to_owned(),
        })
        .collect()
}

/// How a stack operation ended, as far as released names care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Still going on.
    Pending,
    /// `UPDATE_COMPLETE`, and the root stack has finished too.
    Updated,
    /// `UPDATE_ROLLBACK_COMPLETE`, and the root stack has finished too.
    RolledBack,
    /// Any other final status.
    Other,
}

/// May this release be carried out now? `Err` says why it is kept.
pub fn may_finish(release: &Release, ending: Ending, status: &str) -> Result<(), String> {
    match (release.direction, ending) {
        (Direction::Forward, Ending::Updated) | (Direction::Rollback, Ending::RolledBack) => Ok(()),
        _ => Err(format!("the stack ended as {status}, which does not settle what was released; it is kept")),
    }
}

/// Plans the end of every release that may finish. Names in `observed` are the ones that may.
pub fn settle(ledger: &Ledger, observed: &Observed, snapshots: &Snapshots) -> Plan {
    let mut plan = Plan::default();
    for (name, seen) in &observed.repositories {
        let mut steps = Vec::new();
        if let (Some(repository), Some(release)) = (owned(ledger, name, seen, &mut plan), ledger.released.get(name)) {
            steps = settle_one(ledger, repository, release, snapshots.get(name), &mut plan);
            if steps.is_empty() {
                // Still ours, and nothing is done about it: its parameter stays with it.
                if plan.blocked.iter().all(|blocked| blocked.subject != name.as_str()) {
                    plan.still_ours.push(name.clone());
                }
                continue;
            }
        }
        steps.extend(parameters_of(ledger, name, observed));
        plan.push(name, steps);
    }
    plan
}

fn settle_one(
    ledger: &Ledger,
    repository: &Repository,
    release: &Release,
    snapshot: Option<&Snapshot>,
    plan: &mut Plan,
) -> Vec<Step> {
    if repository.tags.present().is_some_and(|tags| !tags.contains_key(RELEASED_TAG)) {
        plan.retain(&repository.name, "it is no longer marked as released");
        return Vec::new();
    }
    if ledger.adopted.contains_key(&repository.name) {
        return undo_or_hand_back(repository, release.undo_adoption, snapshot, plan);
    }
    match release.on_remove {
        Removal::Retain => {
            plan.retain(&repository.name, "OnRemove is Retain");
            hand_back(repository)
        }
        Removal::Delete => vec![delete_step(
            repository,
            release.empty_on_delete,
            NotEmpty::Keep,
            "its name left the declaration and the stack operation has finished",
        )],
    }
}

/// Adds the removal of parameters whose repositories stay, such as those of a former project name.
pub fn forget_parameters(ledger: &Ledger, paths: &[String], plan: &mut Plan) {
    for path in paths {
        let Some(name) = ledger.parameters.get(path) else { continue };
        let change = Change::DeleteParameter { path: path.clone() };
        plan.push(name, vec![Step { change, why: "it is no longer published".to_owned() }]);
    }
}
