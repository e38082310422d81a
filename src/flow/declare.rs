//! Create and Update of a fleet.
//!
//! Expected flow: recall the ledger, look, plan; if nothing stands in the way, remember what will be touched,
//! perform, remember what was reached. Guarantees: a refusal writes nothing; every repository touched is in the
//! ledger before its first write; running it again after a crash at any call ends in the same world.
//! Assumptions: one request at a time holds the claim; the conditional write of the ledger decides races.

use super::carry_out::{Outcome, carry_out};
use super::look::{Looked, Subject, decide, look};
use super::task::{Stopped, Task};
use super::{Keep, Recall, Stack, Version, World, record};
use crate::event::settle::{Kind, Settle};
use crate::fault::{Fault, FaultKind};
use crate::model::Seen;
use crate::model::name::RepositoryName;
use crate::model::repository::Observed;
use crate::plan::ledger::{Declaration, Ledger};
use crate::plan::repository::scanning_note;
use crate::plan::snapshot::Snapshot;
use crate::plan::{Blocked, Plan};
use crate::spec::outputs::{self, Source};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two looks at a claim somebody else holds.
const CLAIM_WAIT: Duration = Duration::from_secs(2);
/// Rounds of looking again after somebody else got there first.
const ROUNDS: u32 = 3;
/// Before the second round; the third waits twice as long.
const ROUND_PAUSE: Duration = Duration::from_secs(2);

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
            // What the other wrote may not be visible at once.
            Attempt::Overtaken if round < ROUNDS => sleep(ROUND_PAUSE * round).await,
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
    let subject = Subject { fleet: &declaration.fleet, ledger: &ledger, parameter_prefix: &task.parameter_prefix };
    let seen = look(world, subject).await?;
    let mut plan = decide(subject, &seen, &task.now_text());
    if let Some(stack) = &seen.stack {
        refuse_late(task, stack, &mut plan);
    }
    if !plan.blocked.is_empty() {
        return Err(Stopped::Blocked(plan.blocked));
    }
    let snapshots = snapshots(&plan, &seen.observed, &task.now_text())?;
    let prepared = record::before(task, ledger, declaration, &plan, &seen, &snapshots);
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
    let mut declared = Declared { remarks: remarks(&plan, &prepared, &seen, task), ..Declared::default() };
    match finish(world, task, prepared, &version, declaration, &mut declared).await {
        Err(fault) if fault.kind == FaultKind::Conflict => Ok(Attempt::Overtaken),
        other => other.map(|()| Attempt::Reached(declared)).map_err(Stopped::Fault),
    }
}

/// CloudFormation waits for nobody while a stack is at rest: a request that arrives then was delivered late or twice,
/// and what it wishes is no longer what the template says.
fn refuse_late(task: &Task, stack: &Stack, plan: &mut Plan) {
    if task.by_cloudformation && !stack.is_moving() && !plan.is_empty() {
        plan.block(
            task.identity.stack.name.clone(),
            format!("the stack is at rest ({}), so this request came too late; update the stack again", stack.status),
        );
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
pub async fn recall(world: &impl Recall, task: &Task) -> Result<(Ledger, Version), Stopped> {
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
    record::after(&mut ledger, declaration);
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

fn remarks(plan: &Plan, ledger: &Ledger, seen: &Looked, task: &Task) -> Vec<String> {
    let count = |what: &str, names: &[&RepositoryName]| {
        let list: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        (!names.is_empty()).then(|| format!("{what}: {}", list.join(", ")))
    };
    let mut remarks: Vec<String> = scanning_note(&seen.observed).map(str::to_owned).into_iter().collect();
    let adopted = ledger.adopted.iter().filter(|(_, adoption)| adoption.request_id == task.request_id);
    let adopted: Vec<&RepositoryName> = adopted.map(|(name, _)| name).collect();
    if let Some(adopted) = count("adopted", &adopted) {
        let place = format!("s3://{}/snapshots/{}/", task.state_bucket, task.identity.owner());
        remarks.push(format!("{adopted} (as they were: {place})"));
    }
    remarks.extend(count("released", &plan.released.iter().collect::<Vec<_>>()));
    remarks.extend(count("claimed back", &plan.claimed_back.iter().collect::<Vec<_>>()));
    remarks
}
