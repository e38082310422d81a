//! Create and Update of a fleet.
//!
//! Expected flow: recall the ledger, look, plan; if nothing stands in the way, remember what will be touched,
//! perform, remember what was reached. Guarantees: a refusal writes nothing; every repository touched is in the
//! ledger before its first write; running it again after a crash at any call ends in the same world.
//! Assumptions: one request at a time holds the claim; the conditional write of the ledger decides races.

use super::carry_out::Outcome;
use super::hold::{carry_out_while_ours, give_up, recall};
use super::lease::{self, Lease};
use super::look::{Looked, Subject, decide, look};
use super::task::{Stopped, Task};
use super::{Stack, Stacks, Version, World, record};
use crate::event::message::{Message, Settle, VERSION};
use crate::fault::{Fault, FaultKind};
use crate::model::Seen;
use crate::model::name::RepositoryName;
use crate::model::repository::Observed;
use crate::plan::ledger::{Declaration, Ledger, Progress};
use crate::plan::repository::scanning_note;
use crate::plan::snapshot::Snapshot;
use crate::plan::{Blocked, Plan};
use crate::spec::outputs::{self, Source};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Rounds of looking again after somebody else got there first.
const ROUNDS: u32 = 3;
/// Longest wait for what CloudFormation says of a stack once the record is written.
const STILL_WANTED: Duration = Duration::from_secs(2);
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
    let mut going = Going::default();
    let declared = rounds(world, task, &declaration, &mut going).await;
    if let Some(lease) = going.lease {
        lease::give_back(world, lease).await;
    }
    declared
}

/// What outlives a round.
#[derive(Default)]
struct Going {
    round: u32,
    writes: usize,
    lease: Option<Lease>,
    /// The request that was taken up last when the first round began.
    before: Option<String>,
}

impl Going {
    /// Has another request been taken up since the first round began? It came later than this one, whatever it found.
    /// Whoever has begun has a record: where there is none any more, a Delete has been here.
    fn is_overtaken(&mut self, ledger: &Ledger, version: &Version, task: &Task) -> bool {
        let Some(waiting) = &task.waiting else { return false };
        let last = ledger.requests.last();
        if self.round == 1 && self.lease.is_none() {
            self.before = last.cloned();
        }
        let deleted = *version == Version::New && (self.round > 1 || waiting.part > 1);
        deleted || last.is_some_and(|last| *last != task.request_id && Some(last) != self.before.as_ref())
    }

    /// Invocations before this one have written too, and their part is told as well.
    fn add(&mut self, progress: &Progress, plan: &mut Plan) {
        self.writes += progress.writes;
        plan.released.extend(progress.released.iter().cloned());
        plan.claimed_back.extend(progress.claimed_back.iter().cloned());
    }
}

async fn rounds(
    world: &impl World,
    task: &Task,
    declaration: &Declaration,
    going: &mut Going,
) -> Result<Declared, Stopped> {
    while going.round < ROUNDS {
        going.round += 1;
        let attempt = attempt(world, task, declaration, going).await;
        match attempt.map_err(|stopped| stopped.after(going.writes))? {
            Attempt::Reached(declared) => return Ok(Declared { writes: going.writes, ..declared }),
            // What the other wrote may not be visible at once.
            Attempt::Overtaken if going.round < ROUNDS => sleep(ROUND_PAUSE * going.round).await,
            Attempt::Overtaken => {}
            Attempt::Leased => going.round -= 1,
        }
    }
    let writes = going.writes;
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
    /// Nobody else may adopt now: look again.
    Leased,
}

async fn attempt(
    world: &impl World,
    task: &Task,
    declaration: &Declaration,
    going: &mut Going,
) -> Result<Attempt, Stopped> {
    let (ledger, mut version) = recall(world, task).await?;
    let first = version == Version::New;
    if going.is_overtaken(&ledger, &version, task) {
        return Err(Stopped::Superseded { done: going.writes });
    }
    let subject = Subject {
        fleet: &declaration.fleet,
        ledger: &ledger,
        request_id: &task.request_id,
        parameter_prefix: &task.parameter_prefix,
    };
    let seen = look(world, subject).await?;
    let mut plan = decide(subject, &seen, &task.now_text());
    if !plan.is_empty() {
        plan.blocked.extend(too_late(task, seen.stack.as_ref()));
    }
    if !plan.blocked.is_empty() {
        give_up(world, task, ledger, &version).await;
        return Err(Stopped::Blocked(plan.blocked));
    }
    if !plan.adopted.is_empty() && going.lease.is_none() {
        task.may_write().await?;
        going.lease = Some(lease::take(world, task).await?);
        return Ok(Attempt::Leased);
    }
    let snapshots = snapshots(&plan, &seen.observed, &task.now_text())?;
    let mut prepared = record::before(task, ledger, declaration, &plan, &seen, &snapshots);
    task.may_write().await?;
    if !plan.is_empty() {
        version = match begin(world, &prepared, &version, &snapshots).await {
            Err(fault) if fault.kind == FaultKind::Conflict => return Ok(Attempt::Overtaken),
            other => other?,
        };
        if first && !still_wanted(world, task).await {
            // Nothing was written under this record, and whoever deletes found none.
            let _ = world.forget_ledger(&task.identity).await;
            return Err(Stopped::Superseded { done: 0 });
        }
        let outcome = carry_out_while_ours(world, task, &plan).await?;
        going.writes += outcome.done();
        if let Some(left) = outcome.left_for_want_of_time() {
            record::unfinished(&mut prepared, task, &plan, &outcome, going.writes);
            keep_progress(world, &prepared, &version).await?;
            return Err(unfinished(&outcome, going.writes, left));
        }
        if !outcome.failures().is_empty() {
            give_up(world, task, prepared, &version).await;
            return if outcome.has_conflict() { Ok(Attempt::Overtaken) } else { Err(partial(&outcome, going.writes)) };
        }
    }
    if let Some(progress) = prepared.progress_of(&task.request_id) {
        going.add(progress, &mut plan);
    }
    let mut declared = Declared { remarks: remarks(&plan, &prepared, &seen, task), ..Declared::default() };
    match finish(world, task, prepared, &version, declaration, &mut declared).await {
        Err(fault) if fault.kind == FaultKind::Conflict => Ok(Attempt::Overtaken),
        other => other.map(|()| Attempt::Reached(declared)).map_err(Stopped::Fault),
    }
}

/// CloudFormation waits for nobody while a stack is at rest: a request that arrives then was delivered late or twice,
/// and what it wishes is no longer what the template says.
pub(super) fn too_late(task: &Task, stack: Option<&Stack>) -> Option<Blocked> {
    let stack = stack.filter(|stack| task.waiting.is_some() && !stack.wants_writes())?;
    let status = &stack.status;
    let state = if stack.is_moving() { "is past making things" } else { "is at rest" };
    let reason = format!("the stack {state} ({status}), so this request came too late; update the stack again");
    Some(Blocked { subject: task.identity.stack.name.clone(), reason })
}

/// A Delete that came before this request had a record found nothing to do. It was sent after the stack had turned
/// round, and our record is written by now: either it sees that, or we see this.
pub(super) async fn still_wanted(world: &impl Stacks, task: &Task) -> bool {
    if task.waiting.is_none() {
        return true;
    }
    match timeout(STILL_WANTED, world.stack(&task.identity.stack.arn)).await {
        Ok(Ok(Some(stack))) => stack.wants_writes(),
        // A stack CloudFormation does not know sends nothing; and what cannot be read is no reason to stop.
        Ok(Ok(None) | Err(_)) | Err(_) => true,
    }
}

/// Steps that need more time, as a reason to stop.
pub fn unfinished(outcome: &Outcome, done: usize, left: usize) -> Stopped {
    let first = outcome.failures().into_iter().next().unwrap_or_default();
    Stopped::Unfinished { done, left, first }
}

/// Steps that failed, as a reason to stop.
pub fn partial(outcome: &Outcome, done: usize) -> Stopped {
    Stopped::Partial { failures: outcome.failures(), done }
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

async fn keep_progress(world: &impl World, ledger: &Ledger, version: &Version) -> Result<(), Fault> {
    match world.save_ledger(ledger, version).await {
        // Another delivery of this request has noted how far it came; whoever goes on finds out the rest.
        Err(fault) if fault.kind == FaultKind::Conflict => Ok(()),
        other => other.map(|_| ()),
    }
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
    record::after(task, &mut ledger, declaration);
    let unsettled = ledger.released.values().any(|release| release.kept.is_none());
    if unsettled || !ledger.stale_parameters(fleet, &task.parameter_prefix).is_empty() {
        let message = Message::Settle(Settle {
            version: VERSION,
            stack_id: task.identity.stack.arn.clone(),
            logical_id: task.identity.logical_id.clone(),
            request_id: task.request_id.clone(),
            attempt: 0,
        });
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
