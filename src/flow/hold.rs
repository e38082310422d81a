//! Holding a resource: one request at a time works on it, and notices when it is no longer the one.
//!
//! Assumptions: the conditional write of the ledger decides every race. CloudFormation sends one request per resource
//! at a time, but does not wait for the end of one that it has given up: when something else in the stack fails, the
//! Delete or the rollback comes while the Create or Update is still at work. Guarantees: the later request takes the
//! resource over; the earlier one begins no further step within [`LOOKOUT`], and the later one looks only after that.

use super::carry_out::{Outcome, carry_out};
use super::task::{Stopped, Task};
use super::{Keep, Recall, Version, World, record};
use crate::fault::{Fault, FaultKind};
use crate::plan::Plan;
use crate::plan::ledger::Ledger;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two looks at a claim that a message of ours holds.
const CLAIM_WAIT: Duration = Duration::from_secs(2);
/// How often a request at work looks whether it is still its turn.
const LOOKOUT: Duration = Duration::from_secs(2);
/// Seconds a request that took over waits for the other to notice: its lookout, one read, and the calls under way.
const HANDOVER: i64 = 6;

/// The ledger, once nobody else is at work on it.
pub async fn recall(world: &impl Keep, task: &Task) -> Result<(Ledger, Version), Stopped> {
    let key = task.identity.ledger_key();
    let begun = Instant::now();
    loop {
        let Some((ledger, version)) = world.ledger(&key).await? else {
            return Ok((Ledger::new(task.identity.clone()), Version::New));
        };
        let waiting = task.waiting.as_ref();
        if waiting.is_some_and(|waiting| ledger.is_superseded(&task.request_id, waiting.issued)) {
            return Err(Stopped::Superseded { done: 0 });
        }
        let waited = i64::try_from(begun.elapsed().as_secs()).unwrap_or(i64::MAX);
        let now = task.now.saturating_add(waited);
        let late = Instant::now() + CLAIM_WAIT >= task.steps_until;
        match &ledger.claim {
            Some(claim) if claim.until > now && claim.holder == task.request_id && claim.after > now && !late => {
                sleep(CLAIM_WAIT).await;
            }
            Some(claim) if claim.until > now && claim.holder != task.request_id => {
                let stays = claim.is_of_message() || (task.waiting.is_none() && !claim.is_of_terminal());
                if !stays {
                    take_over(world, task, ledger, &version, now).await?;
                } else if late {
                    return Err(Stopped::Busy(claim.holder.clone()));
                } else {
                    sleep(CLAIM_WAIT).await;
                }
            }
            Some(_) | None => return Ok((ledger, version)),
        }
    }
}

/// The new holder, and every other delivery of its request, looks only once the old one has noticed.
async fn take_over(
    world: &impl Keep,
    task: &Task,
    mut ledger: Ledger,
    version: &Version,
    now: i64,
) -> Result<(), Stopped> {
    task.may_write().await?;
    record::claim(&mut ledger, task);
    if let Some(claim) = &mut ledger.claim {
        claim.after = now.saturating_add(HANDOVER);
    }
    match world.save_ledger(&ledger, version).await {
        // Whoever wrote first is looked at again.
        Err(fault) if fault.kind == FaultKind::Conflict => Ok(()),
        other => Ok(other.map(|_| ())?),
    }
}

/// Gives the resource up after a refusal or a failure. A claim that stays is taken over by the next request, and what
/// went wrong must be told either way.
pub async fn give_up(world: &impl Keep, task: &Task, mut ledger: Ledger, version: &Version) {
    if ledger.claim.as_ref().is_some_and(|claim| claim.holder == task.request_id) {
        ledger.claim = None;
        let _: Result<Version, Fault> = world.save_ledger(&ledger, version).await;
    }
}

/// Performs a plan for as long as the resource is this request's. Calls under way are dropped when it is taken over.
pub async fn carry_out_while_ours(world: &impl World, task: &Task, plan: &Plan) -> Result<Outcome, Stopped> {
    let work = carry_out(world, plan, task.steps_until);
    if task.waiting.is_none() {
        return Ok(work.await);
    }
    tokio::select! {
        biased;
        outcome = work => Ok(outcome),
        // How many writes were done by then is not known; that there were some is.
        () = taken_over(world, task) => Err(Stopped::Superseded { done: 1 }),
    }
}

/// Ends once the resource is another request's, or gone. The first look is at once: from writing its record to its first
/// step a request may have waited for an answer of CloudFormation.
async fn taken_over(world: &impl Recall, task: &Task) {
    let key = task.identity.ledger_key();
    let issued = task.waiting.as_ref().and_then(|waiting| waiting.issued);
    loop {
        match world.ledger(&key).await {
            Ok(None) => return,
            Ok(Some((ledger, _))) => {
                let other = ledger.claim.as_ref().is_some_and(|claim| claim.holder != task.request_id);
                if other || ledger.is_superseded(&task.request_id, issued) {
                    return;
                }
            }
            // What cannot be read is no reason to stop.
            Err(_) => {}
        }
        sleep(LOOKOUT).await;
    }
}
