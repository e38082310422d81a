//! What a Create or Update writes into the ledger: before its first write, and once it has reached its goal.

use super::carry_out::Outcome;
use super::look::Looked;
use super::task::Task;
use crate::model::Seen;
use crate::model::name::RepositoryName;
use crate::model::repository::{OWN_TAG_PREFIX, OWNER_TAG, Observed};
use crate::plan::Plan;
use crate::plan::ledger::{Adoption, Declaration, Direction, Ledger, Progress, Release};
use crate::plan::snapshot::Snapshot;
use crate::spec::{Fleet, Removal};
use std::collections::{BTreeMap, BTreeSet};

/// The ledger as it must stand before the first write.
pub fn before(
    task: &Task,
    mut ledger: Ledger,
    declaration: &Declaration,
    plan: &Plan,
    seen: &Looked,
    snapshots: &[Snapshot],
) -> Ledger {
    let direction = seen.direction();
    if direction == Direction::Forward && ledger.last_forward.as_ref() != Some(&task.request_id) {
        ledger.last_forward = Some(task.request_id.clone());
        ledger.reclaimed.clear();
    }
    forget_what_is_gone(&mut ledger, &declaration.fleet, &seen.observed);
    claim(&mut ledger, task);
    for name in &plan.released {
        let release = release(&ledger, name, task, declaration, direction);
        ledger.released.insert(name.clone(), release);
    }
    for spec in &declaration.fleet.repositories {
        if let Some(claimed) = ledger.released.remove(&spec.name)
            && direction == Direction::Forward
        {
            ledger.reclaimed.insert(spec.name.clone(), claimed);
        }
        ledger.touched.insert(spec.name.clone());
    }
    doubt_logos(&mut ledger, &declaration.fleet, &seen.observed);
    intend_parameters(&mut ledger, &declaration.fleet, task, &seen.observed);
    for snapshot in snapshots {
        let adoption = Adoption {
            request_id: task.request_id.clone(),
            snapshot_key: task.identity.snapshot_key(snapshot.repository.as_str(), &task.request_id),
            tag_keys: snapshot.tags.keys().filter(|key| !key.starts_with(OWN_TAG_PREFIX)).cloned().collect(),
        };
        ledger.adopted.insert(snapshot.repository.clone(), adoption);
    }
    ledger.stack_tags.extend(seen.stack_tags.clone());
    ledger.attempted = Some(declaration.clone());
    ledger
}

/// The ledger in the hands of this task.
pub fn claim(ledger: &mut Ledger, task: &Task) {
    ledger.claim = Some(task.claim());
    if let Some(waiting) = &task.waiting {
        ledger.take_up(&task.request_id, waiting.issued);
    }
}

/// The ledger of a request that goes on in another invocation.
pub fn unfinished(ledger: &mut Ledger, task: &Task, plan: &Plan, outcome: &Outcome, writes: usize) {
    let open: BTreeSet<&RepositoryName> = outcome.unfinished().collect();
    let declared = ledger.attempted.iter().flat_map(|attempted| &attempted.fleet.repositories);
    let reached: Vec<RepositoryName> =
        declared.map(|spec| spec.name.clone()).filter(|name| !open.contains(name)).collect();
    for path in outcome.published_parameters() {
        if let Some(repository) = ledger.pending_parameters.remove(path) {
            ledger.parameters.insert(path.clone(), repository);
        }
    }
    let before = ledger.progress.take().filter(|progress| progress.request_id == task.request_id);
    let mut progress =
        before.unwrap_or_else(|| Progress { request_id: task.request_id.clone(), ..Progress::default() });
    progress.reached.retain(|name| !open.contains(name));
    progress.reached.extend(reached);
    progress.writes += writes;
    progress.released.extend(plan.released.iter().cloned());
    progress.claimed_back.extend(plan.claimed_back.iter().cloned());
    ledger.progress = Some(progress);
    ledger.claim = None;
}

/// What is no longer ours to remember: gone or somebody else's by now. A name a cut-off request may have made a
/// moment ago is kept for one more request, since ECR may not show it yet.
fn forget_what_is_gone(ledger: &mut Ledger, fleet: &Fleet, observed: &Observed) {
    let owner = ledger.identity.owner();
    let ours = |name: &RepositoryName| match observed.repositories.get(name) {
        Some(Seen::Present(repository)) => match &repository.tags {
            Seen::Present(tags) => tags.get(OWNER_TAG) == Some(&owner),
            Seen::Missing | Seen::Unreadable(_) | Seen::Unasked => true,
        },
        Some(Seen::Missing) => false,
        Some(Seen::Unreadable(_) | Seen::Unasked) | None => true,
    };
    let attempted = ledger.attempted.take();
    let unseen = attempted.iter().flat_map(|declaration| &declaration.fleet.repositories);
    ledger.unseen = unseen
        .map(|spec| spec.name.clone())
        .filter(|name| {
            fleet.repository(name).is_none() && matches!(observed.repositories.get(name), Some(Seen::Missing))
        })
        .collect();
    ledger.released.retain(|name, _| ours(name));
    ledger.adopted.retain(|name, _| ours(name));
    ledger.attempted = attempted;
}

/// A logo that is about to be written may or may not stand until the request has reached its goal, and one went with its
/// repository.
fn doubt_logos(ledger: &mut Ledger, fleet: &Fleet, observed: &Observed) {
    ledger.logos.retain(|name, standing| {
        let logo = fleet.repository(name).and_then(|spec| spec.catalog.as_ref()?.logo_image.as_ref());
        let stays = logo.is_none_or(|logo| logo.fingerprint == *standing);
        stays && !matches!(observed.repositories.get(name), Some(Seen::Missing))
    });
}

/// A path counts as written only once the request has reached its goal: until then its owner is read again before
/// it is overwritten or deleted.
fn intend_parameters(ledger: &mut Ledger, fleet: &Fleet, task: &Task, observed: &Observed) {
    for spec in fleet.repositories.iter().filter(|_| fleet.publish_parameters) {
        let path = fleet.parameter_path(&task.parameter_prefix, &spec.short);
        let foreign = observed
            .parameters
            .get(&path)
            .and_then(Seen::present)
            .is_some_and(|parameter| parameter.owner.as_deref() != Some(ledger.identity.owner().as_str()));
        if let Some(repository) = ledger.parameters.get_mut(&path) {
            repository.clone_from(&spec.name);
        } else if !foreign {
            ledger.pending_parameters.insert(path, spec.name.clone());
        }
    }
}

fn release(
    ledger: &Ledger,
    name: &RepositoryName,
    task: &Task,
    declaration: &Declaration,
    direction: Direction,
) -> Release {
    if direction == Direction::Rollback
        && let Some(before) = ledger.reclaimed.get(name)
    {
        // It was there before the operation that is rolled back, so it is released as it was before.
        return before.clone();
    }
    let listed = ledger.declarations().find(|earlier| earlier.fleet.repository(name).is_some());
    let adopted_by = ledger.adopted.get(name).map(|adoption| &adoption.request_id);
    Release {
        at: task.now_text(),
        direction,
        on_remove: match direction {
            Direction::Forward => declaration.fleet.on_remove,
            // What a rolled-back operation made goes with it, whatever the old template says of removals.
            Direction::Rollback => Removal::Delete,
        },
        empty_on_delete: listed.is_some_and(|earlier| earlier.fleet.empty_on_delete),
        undo_adoption: direction == Direction::Rollback
            && adopted_by.is_some()
            && adopted_by == ledger.last_forward.as_ref(),
        kept: None,
    }
}

/// The ledger once the declaration is reached.
pub fn after(task: &Task, ledger: &mut Ledger, declaration: &Declaration) {
    ledger.commit(declaration.clone());
    let declared = declaration.fleet.repositories.iter().map(|spec| spec.name.clone());
    ledger.touched = declared.chain(ledger.released.keys().cloned()).chain(ledger.unseen.iter().cloned()).collect();
    // What an earlier request meant to write and this one does not publish may be anybody's: its owner decides.
    let published = declaration.fleet.published_paths(&task.parameter_prefix);
    let pending = std::mem::take(&mut ledger.pending_parameters);
    let (written, open) = pending.into_iter().partition(|(path, _)| published.contains(path));
    ledger.pending_parameters = open;
    ledger.parameters.extend::<BTreeMap<_, _>>(written);
    let logos = declaration.fleet.repositories.iter().filter_map(|spec| {
        let logo = spec.catalog.as_ref()?.logo_image.as_ref()?;
        Some((spec.name.clone(), logo.fingerprint.clone()))
    });
    ledger.logos.extend(logos);
    ledger.logos.retain(|name, _| ledger.touched.contains(name));
    ledger.progress = None;
    ledger.claim = None;
}
