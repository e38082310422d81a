//! Finishing what was released, once the stack operation is over.
//!
//! Nothing may be decided while the stack is still moving: a released repository may be claimed back by the
//! rollback, images and all. So each look either finds the stack at rest and acts, or asks to look again later.

use super::carry_out::carry_out;
use super::delete::{scope, snapshots};
use super::survey::survey;
use super::task::{Stopped, Task};
use super::{Galleries, Stacks, Version, World};
use crate::fault::{Fault, FaultKind};
use crate::model::name::RepositoryName;
use crate::plan::farewell::{self, Ending, may_finish};
use crate::plan::ledger::{Claim, Ledger, MESSAGE_HOLDER};
use std::collections::BTreeSet;

/// What one look came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Nothing is left to do: what was finished, and what is kept and why.
    Done {
        /// Writes done.
        writes: usize,
        /// What is kept, and why.
        kept: Vec<String>,
    },
    /// The stack is still moving, or somebody holds the resource: look again.
    Later(String),
}

/// Takes one look.
pub async fn settle<W: World + Galleries>(world: &W, task: &Task) -> Result<Settled, Stopped> {
    let Some((mut ledger, version)) = world.ledger(&task.identity.ledger_key()).await? else {
        return Ok(Settled::Done { writes: 0, kept: Vec::new() });
    };
    if let Some(claim) = ledger.claim.as_ref().filter(|claim| claim.until > task.now) {
        return Ok(Settled::Later(format!("{} is at work", claim.holder)));
    }
    if !ledger.released.values().any(|release| release.kept.is_none()) && stale(&ledger, task).is_empty() {
        return Ok(Settled::Done { writes: 0, kept: Vec::new() });
    }
    let (ending, status) = ending(world, &task.identity.stack.arn).await?;
    if ending == Ending::Pending {
        return Ok(Settled::Later(format!("the stack is {status}")));
    }
    let mut kept = Vec::new();
    let names = finishable(&mut ledger, ending, &status, &mut kept);
    let stale = if ending == Ending::Other { Vec::new() } else { stale(&ledger, task) };
    let holder = format!("{MESSAGE_HOLDER}{}", task.request_id);
    ledger.claim = Some(Claim { holder, until: task.claim_until, after: 0 });
    let version = match world.save_ledger(&ledger, &version).await {
        Err(fault) if fault.kind == FaultKind::Conflict => {
            return Ok(Settled::Later("another request began".to_owned()));
        }
        other => other?,
    };
    let settling = Settling { names, stale, kept };
    if ledger.is_public() {
        return finish(&world.gallery(), task, ledger, &version, settling).await;
    }
    finish(world, task, ledger, &version, settling).await
}

/// Parameters nobody publishes any more, once the operation that stopped publishing them is sure to stand.
fn stale(ledger: &Ledger, task: &Task) -> Vec<String> {
    let Some(declaration) = &ledger.committed else {
        return Vec::new();
    };
    ledger.stale_parameters(&declaration.fleet, &task.parameter_prefix)
}

/// The released names that may be finished; the others are marked as kept.
fn finishable(ledger: &mut Ledger, ending: Ending, status: &str, kept: &mut Vec<String>) -> BTreeSet<RepositoryName> {
    let mut names = BTreeSet::new();
    let committed = ledger.committed.as_ref().map(|declaration| &declaration.fleet);
    for (name, release) in &mut ledger.released {
        if release.kept.is_some() {
            continue;
        }
        if committed.is_some_and(|fleet| fleet.repository(name).is_some()) {
            continue;
        }
        match may_finish(release, ending, status) {
            Ok(()) => {
                names.insert(name.clone());
            }
            Err(reason) => {
                kept.push(format!("{name}: {reason}"));
                release.kept = Some(reason);
            }
        }
    }
    names
}

/// What one look found to do.
struct Settling {
    names: BTreeSet<RepositoryName>,
    stale: Vec<String>,
    kept: Vec<String>,
}

async fn finish(
    world: &impl World,
    task: &Task,
    mut ledger: Ledger,
    version: &Version,
    settling: Settling,
) -> Result<Settled, Stopped> {
    let Settling { names, stale, mut kept } = settling;
    let observed = survey(world, &scope(&names, &ledger)).await;
    let snapshots = snapshots(world, &ledger, &names).await?;
    let mut plan = farewell::settle(&ledger, &observed, &snapshots);
    farewell::forget_parameters(&ledger, &stale, &mut plan);
    let blocked: BTreeSet<&str> = plan.blocked.iter().map(|blocked| blocked.subject.as_str()).collect();
    let outcome = carry_out(world, &plan, task.steps_until).await;
    for name in &plan.still_ours {
        if let Some(release) = ledger.released.get_mut(name) {
            release.kept = Some("it is no longer marked as released".to_owned());
        }
    }
    let unfinished: BTreeSet<&RepositoryName> = outcome.unfinished().collect();
    let full: BTreeSet<&RepositoryName> = outcome.kept().collect();
    kept.extend(full.iter().map(|name| format!("{name} still holds images and is kept")));
    kept.extend(plan.retained.iter().map(|retained| format!("{}: {}", retained.repository, retained.reason)));
    for name in &names {
        if full.contains(name) {
            if let Some(release) = ledger.released.get_mut(name) {
                release.kept = Some("it still holds images".to_owned());
            }
        } else if !unfinished.contains(name) && !blocked.contains(name.as_str()) && !plan.still_ours.contains(name) {
            forget(&mut ledger, name);
        }
    }
    for path in outcome.forgotten_parameters() {
        ledger.parameters.remove(path);
    }
    ledger.claim = None;
    world.save_ledger(&ledger, version).await?;
    let failures = outcome.failures();
    if !failures.is_empty() {
        return Err(Stopped::Partial { failures, done: outcome.done() });
    }
    // What could not be read now may be read later; the release itself is still on record.
    Ok(plan.blocked.first().map_or(Settled::Done { writes: outcome.done(), kept }, |blocked| {
        Settled::Later(format!("{}: {}", blocked.subject, blocked.reason))
    }))
}

fn forget(ledger: &mut Ledger, name: &RepositoryName) {
    ledger.released.remove(name);
    ledger.touched.remove(name);
    ledger.pending_parameters.retain(|_, repository| repository != name);
    ledger.adopted.remove(name);
    ledger.logos.remove(name);
}

/// How the stack's operation ended, its root included.
async fn ending(world: &impl Stacks, arn: &str) -> Result<(Ending, String), Fault> {
    let Some(stack) = world.stack(arn).await? else {
        return Ok((Ending::Other, "gone".to_owned()));
    };
    if stack.is_moving() {
        return Ok((Ending::Pending, stack.status));
    }
    let own = of_status(&stack.status);
    let Some(root) = stack.root.as_deref().filter(|root| *root != arn) else {
        return Ok((own, stack.status));
    };
    let root = world.stack(root).await?.map_or_else(|| "gone".to_owned(), |root| root.status);
    let status = format!("{}, its root {root}", stack.status);
    let of_root = of_status(&root);
    // A root that failed half-way may still roll this stack back.
    let agreed = match (own, of_root) {
        (_, Ending::Pending) => Ending::Pending,
        (own, of_root) if own == of_root => own,
        _ => Ending::Other,
    };
    Ok((agreed, status))
}

fn of_status(status: &str) -> Ending {
    match status {
        "UPDATE_COMPLETE" => Ending::Updated,
        "UPDATE_ROLLBACK_COMPLETE" => Ending::RolledBack,
        moving if moving.ends_with("_IN_PROGRESS") => Ending::Pending,
        _ => Ending::Other,
    }
}
