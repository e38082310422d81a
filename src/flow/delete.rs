//! Delete of a fleet.
//!
//! Works on the ledger, the committed declaration and the request's own properties, never on a search by tag.
//! Already gone is success; what is not ours is left alone; a repository that holds images fails the request by
//! name while the others go. Where the record is of a fleet of the other kind than the request is for, the deletion of
//! that one is what has not finished: the Delete goes on with it, in the registry where its repositories stand.

use super::carry_out::{Outcome, carry_out};
use super::declare::{partial, unfinished};
use super::hold::{carry_out_while_ours, give_up, recall};
use super::survey::{Depth, Scope, survey};
use super::task::{Stopped, Task};
use super::{Galleries, Keep, Recall, Stack, Stacks, Version, World, record};
use crate::fault::{Fault, FaultKind};
use crate::model::name::RepositoryName;
use crate::plan::farewell::{self, Consent, Snapshots};
use crate::plan::ledger::Ledger;
use crate::spec::{Fleet, Removal};
use std::collections::{BTreeMap, BTreeSet};

/// Rounds of looking again after somebody else wrote the ledger first.
const ROUNDS: usize = 3;

/// What a Delete did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Writes done.
    pub writes: usize,
    /// What stays, and why.
    pub remarks: Vec<String>,
}

/// What the request itself says.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Is it for a public fleet?
    pub public: bool,
    /// What its properties came to, where they could be read.
    pub own: Option<&'a Fleet>,
}

/// Deletes a fleet.
pub async fn delete<W: World + Galleries>(world: &W, task: &Task, asked: Asked<'_>) -> Result<Deleted, Stopped> {
    for _ in 1..ROUNDS {
        match attempt(world, task, asked).await {
            Err(Stopped::Fault(fault)) if fault.kind == FaultKind::Conflict => {}
            other => return other,
        }
    }
    attempt(world, task, asked).await
}

async fn attempt<W: World + Galleries>(world: &W, task: &Task, asked: Asked<'_>) -> Result<Deleted, Stopped> {
    let (ledger, version) = recall(world, task).await?;
    let public = if version == Version::New { asked.public } else { ledger.is_public() };
    let of_another = public != asked.public;
    let leaving = Leaving { ledger, version, own: asked.own.filter(|_| !of_another), of_another };
    if public { remove(&world.gallery(), task, leaving).await } else { remove(world, task, leaving).await }
}

/// What is to go.
struct Leaving<'a> {
    ledger: Ledger,
    version: Version,
    own: Option<&'a Fleet>,
    /// Is the record that of a fleet of the other kind, which had the logical id before?
    of_another: bool,
}

async fn remove(world: &impl World, task: &Task, leaving: Leaving<'_>) -> Result<Deleted, Stopped> {
    let Leaving { ledger, version, own, of_another } = leaving;
    let fleet = own.or_else(|| ledger.declarations().next().map(|declaration| &declaration.fleet));
    let mut names = ledger.known_names();
    names.extend(ledger.parameters.values().cloned());
    names.extend(own.iter().flat_map(|fleet| &fleet.repositories).map(|spec| spec.name.clone()));
    // An operation that is undone now created another resource than the one on record.
    let may_undo = !of_another || ledger.committed.is_none();
    let rolls_back = may_undo && rolls_back(world, task, &ledger, fleet).await?;
    let consent = consent(fleet, &ledger, &version, rolls_back);
    let observed = survey(world, &scope(&names, &ledger)).await;
    let snapshots = snapshots(world, &ledger, &names).await?;
    let plan = farewell::delete(&ledger, &observed, &snapshots, consent);
    if !plan.blocked.is_empty() {
        give_up(world, task, ledger, &version).await;
        return Err(Stopped::Blocked(plan.blocked));
    }
    let mut remarks: Vec<String> =
        plan.retained.iter().map(|kept| format!("{}: {}", kept.repository, kept.reason)).collect();
    task.may_write().await?;
    if !plan.is_empty() {
        hold(world, task, ledger, &version).await?;
    }
    let outcome = match version {
        _ if plan.is_empty() => Outcome::default(),
        // Without a record there is nothing by which anybody could take over.
        Version::New => carry_out(world, &plan, task.steps_until).await,
        Version::Tag(_) => carry_out_while_ours(world, task, &plan).await?,
    };
    remarks.extend(outcome.kept().map(|name| format!("{name} still holds images and was handed back")));
    if let Some(left) = outcome.left_for_want_of_time() {
        return Err(unfinished(&outcome, outcome.done(), left));
    }
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
async fn rolls_back(world: &impl Stacks, task: &Task, ledger: &Ledger, fleet: Option<&Fleet>) -> Result<bool, Fault> {
    let retains = fleet.is_some_and(|fleet| fleet.on_delete == Removal::Retain);
    if ledger.committed.is_none() {
        return Ok(true);
    }
    if ledger.adopted.is_empty() && !retains {
        return Ok(false);
    }
    is_undone(world, task).await
}

/// Does the stack take back the operation that created what it deletes now? A nested stack that is taken away again only
/// says that it is being deleted; its root says why.
pub(super) async fn is_undone(world: &impl Stacks, task: &Task) -> Result<bool, Fault> {
    let arn = &task.identity.stack.arn;
    let Some(stack) = world.stack(arn).await? else { return Ok(false) };
    let root = match stack.root.as_deref().filter(|root| root != arn) {
        Some(root) => world.stack(root).await?,
        None => None,
    };
    let undone = |stack: &Stack| stack.is_moving() && stack.status.contains("ROLLBACK");
    Ok(undone(&stack) || root.as_ref().is_some_and(undone))
}

fn consent(fleet: Option<&Fleet>, ledger: &Ledger, version: &Version, rolls_back: bool) -> Consent {
    let committed = ledger.committed.is_some();
    Consent {
        // A Create that never succeeded leaves nothing behind, whatever it declared.
        on_delete: fleet.filter(|_| committed).map_or(Removal::Delete, |fleet| fleet.on_delete),
        empty_on_delete: fleet.is_some_and(|fleet| fleet.empty_on_delete),
        rolls_back,
        record_lost: *version == Version::New,
    }
}

/// Adopted repositories are read whole, since they may have to be put back.
pub fn scope(names: &BTreeSet<RepositoryName>, ledger: &Ledger) -> Scope {
    let public = ledger.is_public();
    let pending = ledger.pending_parameters.keys().map(|path| (path.clone(), true)).collect();
    let repositories = names.iter().map(|name| {
        let whole = ledger.adopted.contains_key(name);
        (name.clone(), Depth { lifecycle: whole && !public, policy: whole, expected: true })
    });
    let shown = names.iter().filter(|name| public && ledger.adopted.contains_key(*name));
    let catalogs = shown.cloned().collect();
    Scope { repositories: repositories.collect::<BTreeMap<_, _>>(), parameters: pending, catalogs, ..Scope::default() }
}

/// The snapshots of adopted repositories among `names`.
pub async fn snapshots(
    world: &impl Recall,
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
    record::claim(&mut ledger, task);
    world.save_ledger(&ledger, version).await?;
    Ok(())
}
