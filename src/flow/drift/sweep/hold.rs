//! What the owner of repositories is doing: its ledger says it, and CloudFormation.

use super::super::owner::Hold;
use super::pace::Pace;
use crate::flow::Stacks;
use crate::flow::look::TERMINAL;
use crate::model::identity::Identity;
use crate::model::repository::Tags;
use crate::plan::ledger::Ledger;

/// What the ledger itself says is going on, in words. An operation claims it before its first write, and leaves what it
/// attempted there until that is reached or taken back.
pub(super) fn going_on(ledger: &Ledger, now: i64) -> Option<String> {
    if let Some(claim) = ledger.claim.as_ref().filter(|claim| claim.until > now) {
        return Some(format!("{} is at work on it", claim.holder));
    }
    ledger.attempted.as_ref().map(|attempted| {
        format!("request {} has neither reached its declaration nor been taken back", attempted.request_id)
    })
}

/// What CloudFormation says of the owner, and the stack's own tags. Whatever leaves a doubt leaves repositories alone.
pub(super) async fn of_stack(
    world: &impl Stacks,
    pace: &Pace,
    identity: &Identity,
    going_on: Option<String>,
) -> (Hold, Option<Tags>) {
    let arn = &identity.stack.arn;
    // A person's; nobody but that person knows whether it is still wanted.
    if identity.stack.guid == TERMINAL {
        return (going_on.map_or(Hold::AtRest, Hold::Moving), None);
    }
    let stack = match pace.patiently(|| world.stack(arn)).await {
        Ok(Some(stack)) if stack.status != "DELETE_COMPLETE" => stack,
        Ok(_) => return (Hold::Orphan, None),
        Err(fault) => return (Hold::Unknown(format!("what its stack is doing could not be found out: {fault}")), None),
    };
    if stack.is_moving() {
        return (Hold::Moving(format!("its stack is {}", stack.status)), None);
    }
    match pace.patiently(|| world.has_resource(arn, &identity.logical_id)).await {
        Ok(true) => (going_on.map_or(Hold::AtRest, Hold::Moving), Some(stack.tags)),
        Ok(false) => (Hold::Orphan, None),
        Err(fault) => (Hold::Unknown(format!("whether its stack still has it could not be found out: {fault}")), None),
    }
}

/// Has the stack begun to move since the sweep began? Asked where something may be written.
pub(super) async fn has_begun(world: &impl Stacks, pace: &Pace, identity: &Identity) -> Option<Hold> {
    if identity.stack.guid == TERMINAL {
        return None;
    }
    match pace.patiently(|| world.stack(&identity.stack.arn)).await {
        Ok(Some(stack)) if stack.is_moving() => Some(Hold::Moving(format!("its stack is {}", stack.status))),
        Ok(Some(stack)) if stack.status != "DELETE_COMPLETE" => None,
        Ok(_) => Some(Hold::Orphan),
        Err(fault) => Some(Hold::Unknown(format!("what its stack is doing could not be found out: {fault}"))),
    }
}
