//! Delete of a fleet.
//!
//! Works on the ledger, the committed declaration and the request's own properties, never on a search by tag.
//! Already gone is success; what is not ours is left alone; a repository that holds images fails the request by
//! name while the others go.

use super::carry_out::carry_out;
use super::declare::{partial, recall};
use super::survey::{Depth, Scope, survey};
use super::task::{Stopped, Task};
use super::{Keep, Version, World};
use crate::fault::{Fault, FaultKind};
use crate::model::name::RepositoryName;
use crate::plan::farewell::{self, Consent, Snapshots};
use crate::plan::ledger::{Claim, Ledger};
use crate::spec::{Fleet, Removal};
use std::collections::{BTreeMap, BTreeSet};

/// What a Delete did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Writes done.
    pub writes: usize,
    /// What stays, and why.
    pub remarks: Vec<String>,
}

/// Deletes a fleet. `own` is what the request's own properties came to, where they could be read.
pub async fn delete(world: &impl World, task: &Task, own: Option<&Fleet>) -> Result<Deleted, Stopped> {
    let (ledger, version) = recall(world, task).await?;
    let fleet = own.or_else(|| ledger.declarations().next().map(|declaration| &declaration.fleet));
    let mut names = ledger.known_names();
    names.extend(ledger.parameters.values().cloned());
    names.extend(own.iter().flat_map(|fleet| &fleet.repositories).map(|spec| spec.name.clone()));
    let rolls_back = rolls_back(world, task, &ledger, fleet).await?;
    let consent = consent(fleet, &ledger, rolls_back);
    let observed = survey(world, &scope(&names, &ledger)).await;
    let snapshots = snapshots(world, &ledger, &names).await?;
    let plan = farewell::delete(&ledger, &observed, &snapshots, consent);
    if !plan.blocked.is_empty() {
        return Err(Stopped::Blocked(plan.blocked));
    }
    let mut remarks: Vec<String> =
        plan.retained.iter().map(|kept| format!("{}: {}", kept.repository, kept.reason)).collect();
    if !plan.is_empty() {
        hold(world, task, ledger, &version).await?;
    }
    let outcome = carry_out(world, &plan, task.steps_until).await;
    remarks.extend(outcome.kept().map(|name| format!("{name} still holds images and was handed back")));
    if !outcome.failures().is_empty() {
        return Err(partial(&outcome, outcome.done()));
    }
    if version != Version::New {
        forget(world, task).await.map_err(|fault| Stopped::Fault(fault).after(outcome.done()))?;
    }
    Ok(Deleted { writes: outcome.done(), remarks })
}

/// The ledger goes last: as long as it is there, a Delete that comes again knows what to do.
async fn forget(world: &impl Keep, task: &Task) -> Result<(), Fault> {
    world.forget_outputs(&task.identity).await?;
    world.forget_ledger(&task.identity).await
}

/// Does this Delete undo the operation that created the resource? Only an adoption and `OnDelete: Retain` need to
/// know.
async fn rolls_back(world: &impl World, task: &Task, ledger: &Ledger, fleet: Option<&Fleet>) -> Result<bool, Stopped> {
    if ledger.committed.is_none() {
        return Ok(true);
    }
    let retains = fleet.is_some_and(|fleet| fleet.on_delete == Removal::Retain);
    if ledger.adopted.is_empty() && !retains {
        return Ok(false);
    }
    let stack = world.stack(&task.identity.stack.arn).await?;
    Ok(stack.is_some_and(|stack| stack.status.contains("ROLLBACK")))
}

fn consent(fleet: Option<&Fleet>, ledger: &Ledger, rolls_back: bool) -> Consent {
    Consent {
        // A Create that never succeeded leaves nothing behind, whatever it declared.
        on_delete: fleet.filter(|_| ledger.committed.is_some()).map_or(Removal::Delete, |fleet| fleet.on_delete),
        empty_on_delete: fleet.is_some_and(|fleet| fleet.empty_on_delete),
        rolls_back,
    }
}

/// Adopted repositories are read whole, since they may have to be put back.
pub fn scope(names: &BTreeSet<RepositoryName>, ledger: &Ledger) -> Scope {
    let repositories = names.iter().map(|name| {
        let whole = ledger.adopted.contains_key(name);
        (name.clone(), Depth { lifecycle: whole, policy: whole, expected: true })
    });
    Scope { repositories: repositories.collect::<BTreeMap<_, _>>(), ..Scope::default() }
}

/// The snapshots of adopted repositories among `names`.
pub async fn snapshots(
    world: &impl Keep,
    ledger: &Ledger,
    names: &BTreeSet<RepositoryName>,
) -> Result<Snapshots, Fault> {
    let mut found = Snapshots::new();
    for (name, adoption) in &ledger.adopted {
        if !names.contains(name) {
            continue;
        }
        if let Some(snapshot) = world.snapshot(&adoption.snapshot_key).await? {
            found.insert(name.clone(), snapshot);
        }
    }
    Ok(found)
}

/// Keeps delayed messages off while repositories go.
async fn hold(world: &impl Keep, task: &Task, mut ledger: Ledger, version: &Version) -> Result<(), Stopped> {
    if *version == Version::New {
        return Ok(());
    }
    ledger.claim = Some(Claim { holder: task.request_id.clone(), until: task.claim_until() });
    match world.save_ledger(&ledger, version).await {
        Err(fault) if fault.kind == FaultKind::Conflict => Err(Stopped::Busy("of another operation".to_owned())),
        other => other.map(|_| ()).map_err(Stopped::Fault),
    }
}
