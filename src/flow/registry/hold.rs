//! Taking turns at the registry: one merge at a time over all resources of an installation.
//!
//! Assumptions: the conditional write of the record decides every race. Guarantees: a merge of another resource is waited
//! for; an earlier request of the same resource, which nobody waits for any more, is taken over from, begins no further
//! step within [`LOOKOUT`], and the later one looks only after that.

use super::{KeepRegistryRecord, ReadRegistryRecord};
use crate::fault::FaultKind;
use crate::flow::Version;
use crate::flow::task::{Stopped, Task};
use crate::plan::Blocked;
use crate::plan::registry::record::{MergeClaim, RegistryRecord};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two looks at a claim somebody else holds.
const WAIT: Duration = Duration::from_secs(2);
/// How often a merge at work looks whether it is still its turn.
const LOOKOUT: Duration = Duration::from_secs(2);
/// Seconds a request that took over waits for the other to notice: its lookout, one read, and the calls under way.
const HANDOVER: i64 = 6;
/// Longest that a merge may take between its claim and its last step. A process that dies holds up the others no longer.
pub(super) const MERGE: Duration = Duration::from_mins(2);
/// Seconds a claim outlives the last moment at which a step may begin: one call with its retries.
const SLACK: i64 = 30;

/// Now, in seconds since 1970, for a task that has been at work since `begun`.
fn now(task: &Task, begun: Instant) -> i64 {
    task.now.saturating_add(i64::try_from(begun.elapsed().as_secs()).unwrap_or(i64::MAX))
}

/// Puts the record into the hands of a task.
pub(super) fn claim(record: &mut RegistryRecord, task: &Task, begun: Instant) {
    let merge = i64::try_from(MERGE.as_secs()).unwrap_or(i64::MAX);
    let until = now(task, begun).saturating_add(merge).saturating_add(SLACK).min(task.claim_until);
    let (owner, request_id) = (task.identity.owner(), task.request_id.clone());
    record.claim = Some(MergeClaim { owner, request_id, until, after: 0 });
    sign(record, task);
}

/// Notes that the task's request is the one at work.
pub(super) fn sign(record: &mut RegistryRecord, task: &Task) {
    let issued = task.waiting.as_ref().and_then(|waiting| waiting.issued);
    record.take_up(&task.identity, &task.request_id, issued);
}

/// Does this task hold the record?
pub(super) fn is_held(record: &RegistryRecord, task: &Task) -> bool {
    let ours = |claim: &MergeClaim| claim.owner == task.identity.owner() && claim.request_id == task.request_id;
    record.claim.as_ref().is_some_and(ours)
}

/// Has a later request of the resource been here?
pub(super) fn is_superseded(record: &RegistryRecord, task: &Task) -> bool {
    let (waiting, owner) = (task.waiting.as_ref(), record.owner(&task.identity));
    waiting.zip(owner).is_some_and(|(waiting, owner)| owner.is_newer_than(&task.request_id, waiting.issued))
}

/// The record, once nobody else merges.
pub(super) async fn recall(
    world: &impl KeepRegistryRecord,
    task: &Task,
    begun: Instant,
) -> Result<(RegistryRecord, Version), Stopped> {
    loop {
        let Some((record, version)) = world.registry_record().await? else {
            return Ok((RegistryRecord::default(), Version::New));
        };
        if is_superseded(&record, task) {
            return Err(Stopped::Superseded { done: 0 });
        }
        let now = now(task, begun);
        let late = Instant::now() + WAIT >= task.steps_until;
        let Some(claim) = record.claim.clone().filter(|claim| claim.until > now) else {
            return Ok((record, version));
        };
        if is_held(&record, task) {
            if claim.after <= now || late {
                return Ok((record, version));
            }
            sleep(WAIT).await;
        } else if claim.owner == task.identity.owner() && task.waiting.is_some() {
            take_over(world, task, record, &version, begun).await?;
        } else if late {
            return Err(Stopped::Blocked(vec![at_work(&record, &claim)]));
        } else {
            sleep(WAIT).await;
        }
    }
}

fn at_work(record: &RegistryRecord, claim: &MergeClaim) -> Blocked {
    let whose = record.owners.get(&claim.owner).map_or_else(
        || claim.owner.clone(),
        |owner| format!("stack {}, resource {}", owner.identity.stack.name, owner.identity.logical_id),
    );
    let reason = format!(
        "{whose} is at work on it (request {}), and was for as long as this request could wait; try again",
        claim.request_id
    );
    Blocked { subject: "registry".to_owned(), reason }
}

/// The new holder, and every other delivery of its request, looks only once the old one has noticed.
async fn take_over(
    world: &impl KeepRegistryRecord,
    task: &Task,
    mut record: RegistryRecord,
    version: &Version,
    begun: Instant,
) -> Result<(), Stopped> {
    task.may_write().await?;
    claim(&mut record, task, begun);
    if let Some(claim) = &mut record.claim {
        claim.after = now(task, begun).saturating_add(HANDOVER);
    }
    match world.save_registry_record(&record, version).await {
        // Whoever wrote first is looked at again.
        Err(fault) if fault.kind == FaultKind::Conflict => Ok(()),
        other => Ok(other.map(|_| ())?),
    }
}

/// Gives the record up after a refusal or a failure. Where that fails too, the claim lapses by itself.
pub(super) async fn release(world: &impl KeepRegistryRecord, task: &Task) {
    let Ok(Some((mut record, version))) = world.registry_record().await else { return };
    if is_held(&record, task) {
        record.claim = None;
        let _ = world.save_registry_record(&record, &version).await;
    }
}

/// Ends once the record is in other hands, or a later request of the resource has been here.
pub(super) async fn taken_over(world: &impl ReadRegistryRecord, task: &Task) {
    loop {
        // What cannot be read is no reason to stop.
        if let Ok(found) = world.registry_record().await
            && !found.is_some_and(|(record, _)| is_held(&record, task) && !is_superseded(&record, task))
        {
            return;
        }
        sleep(LOOKOUT).await;
    }
}
