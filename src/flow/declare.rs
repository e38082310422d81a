//! Create and Update of a fleet.
//!
//! Expected flow: recall the ledger, look, plan; if nothing stands in the way, remember what will be touched,
//! perform, remember what was reached. Guarantees: a refusal writes nothing; every repository touched is in the
//! ledger before its first write; running it again after a crash at any call ends in the same world.
//! Assumptions: one request at a time holds the claim; the conditional write of the ledger decides races.

use super::carry_out::{Outcome, carry_out};
use super::survey::{Depth, Scope, survey};
use super::task::{Stopped, Task};
use super::{Keep, Stack, Stacks, Version, World};
use crate::event::settle::{Kind, Settle};
use crate::fault::{Fault, FaultKind};
use crate::model::Seen;
use crate::model::identity::{StackId, ledger_key};
use crate::model::name::RepositoryName;
use crate::model::repository::{OWN_TAG_PREFIX, OWNER_TAG, Observed, STACK_TAG, Tags};
use crate::plan::fleet::{self, Wished};
use crate::plan::guard::{OwnerState, Owners};
use crate::plan::ledger::{Adoption, Claim, Declaration, Direction, Ledger, Release};
use crate::plan::snapshot::Snapshot;
use crate::plan::{Blocked, Plan};
use crate::spec::outputs::{self, Source};
use crate::spec::{Fleet, Removal};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two looks at a claim somebody else holds.
const CLAIM_WAIT: Duration = Duration::from_secs(2);
/// Rounds of looking again after somebody else got there first.
const ROUNDS: usize = 3;

/// What a Create or Update did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// Writes done.
    pub writes: usize,
    /// Remarks for the reason: what was kept, adopted, released.
    pub remarks: Vec<String>,
    /// Something went wrong that the sweep will mend; for the log.
    pub warnings: Vec<String>,
}

/// Brings a fleet to its declaration.
pub async fn declare(world: &impl World, task: &Task, declaration: Declaration) -> Result<Declared, Stopped> {
    let mut writes = 0;
    for round in 1..=ROUNDS {
        let attempt = attempt(world, task, &declaration, &mut writes).await;
        match attempt.map_err(|stopped| stopped.after(writes))? {
            Attempt::Reached(declared) => return Ok(Declared { writes, ..declared }),
            Attempt::Overtaken if round < ROUNDS => {}
            Attempt::Overtaken => break,
        }
    }
    let overtaken = Fault::ours(
        "s3",
        "PutObject",
        FaultKind::Conflict,
        "what this resource declares kept being changed by somebody else at the same time; try again",
    );
    Err(Stopped::Fault(overtaken).after(writes))
}

/// What one round came to.
enum Attempt {
    Reached(Declared),
    /// Somebody else wrote first: look again.
    Overtaken,
}

async fn attempt(
    world: &impl World,
    task: &Task,
    declaration: &Declaration,
    writes: &mut usize,
) -> Result<Attempt, Stopped> {
    let (ledger, mut version) = recall(world, task).await?;
    let seen = look(world, task, &ledger, &declaration.fleet).await?;
    let plan = decide(task, &ledger, &declaration.fleet, &seen);
    if !plan.blocked.is_empty() {
        return Err(Stopped::Blocked(plan.blocked));
    }
    let snapshots = snapshots(&plan, &seen.observed, &task.now_text())?;
    let prepared = prepare(task, ledger, declaration, &plan, &seen, &snapshots);
    if !plan.is_empty() {
        version = match begin(world, &prepared, &version, &snapshots).await {
            Err(fault) if fault.kind == FaultKind::Conflict => return Ok(Attempt::Overtaken),
            other => other?,
        };
        let outcome = carry_out(world, &plan, task.steps_until).await;
        *writes += outcome.done();
        if !outcome.failures().is_empty() {
            // A claim that stays is taken over by the next request; what failed must be told either way.
            let _ = give_up_claim(world, prepared, &version).await;
            return if outcome.has_conflict() { Ok(Attempt::Overtaken) } else { Err(partial(&outcome, *writes)) };
        }
    }
    let mut declared = Declared { remarks: remarks(&plan, &prepared, task), ..Declared::default() };
    match finish(world, task, prepared, &version, declaration, &mut declared).await {
        Err(fault) if fault.kind == FaultKind::Conflict => Ok(Attempt::Overtaken),
        other => other.map(|()| Attempt::Reached(declared)).map_err(Stopped::Fault),
    }
}

/// Steps that failed, as a reason to stop.
pub fn partial(outcome: &Outcome, done: usize) -> Stopped {
    Stopped::Partial { failures: outcome.failures(), done }
}

/// The ledger, once no message of ours is at work on it.
///
/// CloudFormation sends one request per resource at a time, so a claim of another *request* belongs to one that
/// has ended, however it ended, and is taken over; its late writes fail on the ledger's version.
pub async fn recall(world: &impl Keep, task: &Task) -> Result<(Ledger, Version), Stopped> {
    let key = task.identity.ledger_key();
    let begun = Instant::now();
    loop {
        let Some((ledger, version)) = world.ledger(&key).await? else {
            return Ok((Ledger::new(task.identity.clone()), Version::New));
        };
        let waited = i64::try_from(begun.elapsed().as_secs()).unwrap_or(i64::MAX);
        let now = task.now.saturating_add(waited);
        match &ledger.claim {
            Some(claim) if claim.is_of_message() && claim.until > now => {
                if Instant::now() + CLAIM_WAIT >= task.steps_until {
                    return Err(Stopped::Busy(claim.holder.clone()));
                }
                sleep(CLAIM_WAIT).await;
            }
            Some(_) | None => return Ok((ledger, version)),
        }
    }
}

/// All that was looked at.
struct Looked {
    observed: Observed,
    owners: Owners,
    stack_tags: Tags,
    direction: Direction,
}

async fn look(world: &impl World, task: &Task, ledger: &Ledger, fleet: &Fleet) -> Result<Looked, Stopped> {
    let known = ledger.known_names();
    let leaves = known.iter().any(|name| fleet.repository(name).is_none());
    let stack = if fleet.propagate_stack_tags || leaves { Some(stack(world, task).await?) } else { None };
    let observed = survey(world, &scope(task, ledger, fleet, &known)).await;
    let owners = if fleet.adopt_existing { owners(world, task, &observed).await } else { Owners::new() };
    let direction = match &stack {
        Some(stack) if stack.status.contains("ROLLBACK") => Direction::Rollback,
        Some(_) | None => Direction::Forward,
    };
    let stack_tags = stack.filter(|_| fleet.propagate_stack_tags).map(|stack| stack.tags).unwrap_or_default();
    Ok(Looked { observed, owners, stack_tags, direction })
}

async fn stack(world: &impl Stacks, task: &Task) -> Result<Stack, Stopped> {
    let arn = &task.identity.stack.arn;
    world.stack(arn).await?.ok_or_else(|| {
        Stopped::Fault(Fault::ours(
            "cloudformation",
            "DescribeStacks",
            FaultKind::NotFound,
            format!("the stack {arn} does not exist"),
        ))
    })
}

fn scope(task: &Task, ledger: &Ledger, fleet: &Fleet, known: &BTreeSet<RepositoryName>) -> Scope {
    let mut repositories: BTreeMap<RepositoryName, Depth> =
        known.iter().map(|name| (name.clone(), Depth { expected: true, ..Depth::default() })).collect();
    for spec in &fleet.repositories {
        let known = known.contains(&spec.name);
        let depth = Depth {
            lifecycle: true,
            policy: !known || spec.wishes_policy() || ledger.ever_wished_policy(&spec.name),
            expected: known,
        };
        repositories.insert(spec.name.clone(), depth);
    }
    let published = fleet.repositories.iter().filter(|_| fleet.publish_parameters);
    let parameters = published
        .map(|spec| fleet.parameter_path(&task.parameter_prefix, &spec.short))
        .map(|path| (path.clone(), !ledger.parameters.contains_key(&path)))
        .collect();
    Scope { repositories, parameters, scanning: true }
}

/// For every foreign owner seen: is its stack still there, and does it still have the resource?
async fn owners(world: &impl World, task: &Task, observed: &Observed) -> Owners {
    let mut owners = Owners::new();
    for seen in observed.repositories.values() {
        let Some(tags) = seen.present().and_then(|repository| repository.tags.present()) else {
            continue;
        };
        let Some(owner) = tags.get(OWNER_TAG) else { continue };
        if *owner == task.identity.owner() || owners.contains_key(owner) {
            continue;
        }
        let state = owner_state(world, task, owner, tags).await.unwrap_or_else(OwnerState::Unknown);
        owners.insert(owner.clone(), state);
    }
    owners
}

async fn owner_state(world: &impl World, task: &Task, owner: &str, tags: &Tags) -> Result<OwnerState, Fault> {
    let guid = owner.split('/').next().unwrap_or_default();
    let name = tags.get(STACK_TAG).map(String::as_str).unwrap_or_default();
    let arn = StackId::arn_of(&task.identity.stack.place, name, guid);
    let stack = world.stack(&arn).await?;
    if stack.is_none_or(|stack| stack.status == "DELETE_COMPLETE") {
        return Ok(OwnerState::Gone);
    }
    let has_ledger = world.ledger(&ledger_key(owner)).await?.is_some();
    Ok(if has_ledger { OwnerState::Alive } else { OwnerState::Gone })
}

fn decide(task: &Task, ledger: &Ledger, fleet: &Fleet, seen: &Looked) -> Plan {
    let now = task.now_text();
    let wished = Wished {
        fleet,
        ledger,
        stack_tags: &seen.stack_tags,
        owners: &seen.owners,
        parameter_prefix: &task.parameter_prefix,
        now: &now,
    };
    fleet::plan(wished, &seen.observed)
}

fn snapshots(plan: &Plan, observed: &Observed, now: &str) -> Result<Vec<Snapshot>, Stopped> {
    let mut taken = Vec::new();
    let mut blocked = Vec::new();
    for name in &plan.adopted {
        let Some(repository) = observed.repositories.get(name).and_then(Seen::present) else {
            continue;
        };
        match Snapshot::take(repository, now) {
            Ok(snapshot) => taken.push(snapshot),
            Err(reason) => blocked.push(Blocked { subject: name.to_string(), reason }),
        }
    }
    if blocked.is_empty() { Ok(taken) } else { Err(Stopped::Blocked(blocked)) }
}

/// The ledger as it must stand before the first write.
fn prepare(
    task: &Task,
    mut ledger: Ledger,
    declaration: &Declaration,
    plan: &Plan,
    seen: &Looked,
    snapshots: &[Snapshot],
) -> Ledger {
    let fleet = &declaration.fleet;
    ledger.claim = Some(Claim { holder: task.request_id.clone(), until: task.claim_until() });
    for name in &plan.released {
        let release = release(&ledger, name, task, declaration, seen.direction);
        ledger.released.insert(name.clone(), release);
    }
    for spec in &fleet.repositories {
        ledger.released.remove(&spec.name);
        ledger.touched.insert(spec.name.clone());
        let path = fleet.parameter_path(&task.parameter_prefix, &spec.short);
        if fleet.publish_parameters && !is_foreign(&ledger, &path, &seen.observed) {
            ledger.parameters.insert(path, spec.name.clone());
        }
    }
    for snapshot in snapshots {
        let name = &snapshot.repository;
        let adoption = Adoption {
            request_id: task.request_id.clone(),
            snapshot_key: task.identity.snapshot_key(name.as_str(), &task.request_id),
            tag_keys: snapshot.tags.keys().filter(|key| !key.starts_with(OWN_TAG_PREFIX)).cloned().collect(),
        };
        ledger.adopted.insert(name.clone(), adoption);
    }
    if seen.direction == Direction::Forward {
        ledger.last_forward = Some(task.request_id.clone());
    }
    ledger.stack_tags.extend(seen.stack_tags.clone());
    ledger.attempted = Some(declaration.clone());
    ledger
}

/// Was this parameter written by hand, with the right value already? Then it is not ours to delete one day.
fn is_foreign(ledger: &Ledger, path: &str, observed: &Observed) -> bool {
    let parameter = observed.parameters.get(path).and_then(Seen::present);
    !ledger.parameters.contains_key(path) && parameter.is_some_and(|parameter| parameter.owner.is_none())
}

fn release(
    ledger: &Ledger,
    name: &RepositoryName,
    task: &Task,
    declaration: &Declaration,
    direction: Direction,
) -> Release {
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

/// Everything that must be on record before the first write: snapshots, then the ledger.
async fn begin(
    world: &impl World,
    prepared: &Ledger,
    version: &Version,
    snapshots: &[Snapshot],
) -> Result<Version, Fault> {
    for snapshot in snapshots {
        if let Some(adoption) = prepared.adopted.get(&snapshot.repository) {
            world.put_snapshot(&adoption.snapshot_key, snapshot).await?;
        }
    }
    world.save_ledger(prepared, version).await
}

async fn give_up_claim(world: &impl Keep, mut ledger: Ledger, version: &Version) -> Result<(), Fault> {
    ledger.claim = None;
    world.save_ledger(&ledger, version).await.map(|_| ())
}

async fn finish(
    world: &impl World,
    task: &Task,
    mut ledger: Ledger,
    version: &Version,
    declaration: &Declaration,
    declared: &mut Declared,
) -> Result<(), Fault> {
    let fleet = &declaration.fleet;
    let source = Source {
        fleet,
        place: &task.identity.stack.place,
        parameter_prefix: &task.parameter_prefix,
        outputs_uri: &task.outputs_uri(),
    };
    world.put_outputs(&task.identity, &outputs::document(source)).await?;
    ledger.commit(declaration.clone());
    ledger.touched =
        fleet.repositories.iter().map(|spec| spec.name.clone()).chain(ledger.released.keys().cloned()).collect();
    ledger.claim = None;
    let unsettled = ledger.released.values().any(|release| release.kept.is_none());
    if unsettled || !ledger.stale_parameters(fleet, &task.parameter_prefix).is_empty() {
        let message = Settle {
            version: 1,
            kind: Kind::Settle,
            stack_id: task.identity.stack.arn.clone(),
            logical_id: task.identity.logical_id.clone(),
            request_id: task.request_id.clone(),
            attempt: 0,
        };
        // What was released keeps its tags; without the message the next Update or the sweep finds it.
        if let Err(fault) = world.send(&message).await {
            declared.warnings.push(format!("released repositories wait for the sweep: {fault}"));
        }
    }
    world.save_ledger(&ledger, version).await?;
    Ok(())
}

fn remarks(plan: &Plan, ledger: &Ledger, task: &Task) -> Vec<String> {
    let mut remarks: Vec<String> =
        plan.retained.iter().map(|kept| format!("{}: {}", kept.repository, kept.reason)).collect();
    let count = |what: &str, names: &[RepositoryName]| {
        (!names.is_empty())
            .then(|| format!("{what}: {}", names.iter().map(RepositoryName::as_str).collect::<Vec<_>>().join(", ")))
    };
    for name in &plan.adopted {
        let key = ledger.adopted.get(name).map(|adoption| adoption.snapshot_key.as_str()).unwrap_or_default();
        remarks.push(format!("adopted {name}, as it was in s3://{}/{key}", task.state_bucket));
    }
    remarks.extend(count("released", &plan.released));
    remarks.extend(count("claimed back", &plan.claimed_back));
    remarks
}
