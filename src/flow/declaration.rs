//! What there is one of per account and Region: declared by one resource, in one object of the state bucket.
//!
//! Expected flow: read what is declared and what the stack does; where it is free, ours or an orphan's, write it over
//! exactly the version read. Guarantees: one write or none; whoever else declared it keeps it; a request never overwrites
//! what a later one of its resource wrote; running it again after a crash at any call ends in the same world.
//! Assumptions: the conditional write decides races.

use super::declare::{still_wanted, too_late};
use super::look::{TERMINAL, glance, state_in_stack};
use super::task::{Stopped, Task};
use super::{Declarations, Stack, Stacks, Version};
use crate::fault::{Fault, FaultKind};
use crate::model::identity::Identity;
use crate::plan::Blocked;
use crate::plan::guard::OwnerState;
use crate::policy::declared::{Declared, Declaring};
use serde_json::{Map, Value};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Rounds of looking again after somebody else wrote first, or after a write of which nobody knows what became.
const ROUNDS: u32 = 3;
/// Before the second round; the third waits twice as long.
const ROUND_PAUSE: Duration = Duration::from_secs(2);

/// Something an account has one of in a Region.
#[derive(Clone, Copy, Debug)]
pub struct Sole {
    /// Where it lies in the state bucket.
    pub key: &'static str,
    /// What it is called.
    pub noun: &'static str,
}

/// What a Delete found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withdrawn {
    /// Ours; it is gone now.
    Removed,
    /// Nothing.
    Absent,
    /// Somebody else's; says whose. It stays.
    NotOurs(String),
}

/// Were these properties accepted of this resource before?
pub async fn accepted_before(
    world: &impl Declarations,
    task: &Task,
    sole: Sole,
    properties: &Map<String, Value>,
) -> Result<bool, Fault> {
    let found = world.declared(sole.key).await?;
    Ok(found.is_some_and(|(declared, _)| declared.is_of(&task.identity) && declared.has_accepted(properties)))
}

/// Declares it; what came of it beside that, in words.
pub async fn declare<W: Stacks + Declarations>(
    world: &W,
    task: &Task,
    sole: Sole,
    properties: &Map<String, Value>,
) -> Result<Option<String>, Stopped> {
    let mut going = Going::default();
    loop {
        going.round += 1;
        match attempt(world, task, sole, properties, &mut going).await? {
            Attempt::Reached(remark) => return Ok(remark),
            Attempt::Again(fault) if going.round >= ROUNDS => return Err(unknown(fault)),
            // What the other wrote may not be visible at once.
            Attempt::Again(_) => sleep(ROUND_PAUSE * going.round).await,
        }
    }
}

/// What outlives a round.
#[derive(Default)]
struct Going {
    round: u32,
    /// The request of ours that had written last when the first round began, where one had.
    before: Option<String>,
}

impl Going {
    /// Has a later request of the resource been here? One that says when it was issued, or that came in between: it
    /// wrote, or removed what it found.
    fn is_overtaken(&mut self, task: &Task, ours: Option<&Declared>) -> bool {
        let last = ours.map(|declared| &declared.request_id);
        if self.round == 1 {
            self.before = last.cloned();
        }
        let between = last != self.before.as_ref() && last != Some(&task.request_id);
        (task.waiting.is_some() && between) || is_superseded(task, ours)
    }

    /// Did the resource have nothing when the first round began?
    const fn is_new(&self) -> bool {
        self.before.is_none()
    }
}

/// What one round came to.
enum Attempt {
    Reached(Option<String>),
    /// It was not written, or may have been: look again.
    Again(Fault),
}

async fn attempt<W: Stacks + Declarations>(
    world: &W,
    task: &Task,
    sole: Sole,
    properties: &Map<String, Value>,
    going: &mut Going,
) -> Result<Attempt, Stopped> {
    let (found, stack) = tokio::join!(world.declared(sole.key), glance(world, &task.identity.stack.arn));
    let found = found?;
    let ours = found.as_ref().map(|(declared, _)| declared).filter(|declared| declared.is_of(&task.identity));
    if going.is_overtaken(task, ours) {
        return Err(Stopped::Superseded { done: 0 });
    }
    if ours.is_some_and(|declared| declared.properties == *properties && !must_sign(task, declared, stack.as_ref())) {
        // Where there was nothing of ours before, it was written by a call of ours that broke off.
        let stands = !going.is_new() || stands(world, task, sole, None).await;
        return if stands { Ok(Attempt::Reached(None)) } else { Err(Stopped::Superseded { done: 0 }) };
    }
    let remark = match &found {
        Some((declared, _)) if ours.is_none() => Some(take_over(world, sole, declared).await?),
        _ => None,
    };
    if let Some(late) = too_late(task, stack.as_ref()) {
        return Err(Stopped::Blocked(vec![late]));
    }
    may_write(task, "PutObject").await?;
    let issued = task.waiting.as_ref().and_then(|waiting| waiting.issued);
    let by = Declaring { owner: &task.identity, request_id: &task.request_id, issued, properties };
    let next = ours.map_or_else(|| Declared::first(by), |declared| declared.followed_by(by));
    let over = found.as_ref().map_or(&Version::New, |(_, version)| version);
    let written = match world.save_declared(sole.key, &next, over).await {
        // Gone since it was read counts as a conflict too.
        Err(fault) if fault.retryable() || fault.kind == FaultKind::NotFound => return Ok(Attempt::Again(fault)),
        other => other?,
    };
    let before = found.as_ref().map(|(declared, _)| (declared, &written));
    if going.is_new() && !stands(world, task, sole, before).await {
        return Err(Stopped::Superseded { done: 0 });
    }
    Ok(Attempt::Reached(remark))
}

/// Did a later request of the resource write it?
fn is_superseded(task: &Task, ours: Option<&Declared>) -> bool {
    let waiting = task.waiting.as_ref();
    waiting.zip(ours).is_some_and(|(waiting, declared)| declared.is_newer_than(&task.request_id, waiting.issued))
}

/// An Update that goes back may find that nothing was changed yet, while the one it undoes is still at work. What that one
/// has read must not stand then, or it would write after us.
fn must_sign(task: &Task, declared: &Declared, stack: Option<&Stack>) -> bool {
    task.waiting.is_some()
        && declared.request_id != task.request_id
        && stack.is_some_and(|stack| stack.status == "UPDATE_ROLLBACK_IN_PROGRESS")
}

/// May what somebody else declared be replaced? What is to be said of it then.
async fn take_over(world: &impl Stacks, sole: Sole, declared: &Declared) -> Result<String, Stopped> {
    let noun = sole.noun;
    let Some(owner) = &declared.owner else {
        return Ok(format!("a {noun} that was put there by hand was replaced"));
    };
    let whose = in_words(owner);
    let taken = format!(
        "that of this account and Region is declared by {whose}; there is one per account and Region. Change it there, or remove it there first"
    );
    let reason = match state(world, owner).await {
        Ok(OwnerState::Gone) => return Ok(format!("taken over from {whose}, which is gone")),
        Ok(OwnerState::Alive) => taken,
        Ok(OwnerState::Unknown(fault)) | Err(fault) => {
            format!("{taken}. Whether that stack still has it could not be found out: {fault}")
        }
    };
    Err(Stopped::Blocked(vec![Blocked { subject: noun.to_owned(), reason }]))
}

/// Is the resource of another owner still there?
pub(super) async fn state(world: &impl Stacks, owner: &Identity) -> Result<OwnerState, Fault> {
    if owner.stack.guid == TERMINAL {
        // A person's; nobody but that person knows whether it is still wanted.
        return Ok(OwnerState::Alive);
    }
    state_in_stack(world, &owner.stack.arn, &owner.logical_id).await
}

fn in_words(owner: &Identity) -> String {
    format!("stack {}, resource {}", owner.stack.name, owner.logical_id)
}

async fn may_write(task: &Task, operation: &'static str) -> Result<(), Fault> {
    task.may_write().await?;
    if Instant::now() < task.steps_until {
        return Ok(());
    }
    Err(Fault::ours("s3", operation, FaultKind::Late, "out of time before it was begun; try again"))
}

/// Is what we have just written still wanted? A Delete that came before found nothing of ours, so we take it away
/// ourselves, and put back what it replaced. What cannot be taken away is an orphan, for the next who declares.
async fn stands<W: Stacks + Declarations>(
    world: &W,
    task: &Task,
    sole: Sole,
    replaced: Option<(&Declared, &Version)>,
) -> bool {
    if still_wanted(world, task).await {
        return true;
    }
    let done = match replaced {
        Some((declared, written)) => world.save_declared(sole.key, declared, written).await.map(|_| ()),
        None => world.forget_declared(sole.key).await,
    };
    if let Err(why) = done {
        tracing::warn!(key = sole.key, %why, "what nobody waits for any more could not be taken away again");
    }
    false
}

/// After the last round. Of a call that broke off nobody can say that it changed nothing.
fn unknown(fault: Fault) -> Stopped {
    if matches!(fault.kind, FaultKind::Unavailable | FaultKind::Late) {
        return Stopped::Partial { failures: vec![fault.to_string()], done: 0 };
    }
    Stopped::Fault(fault)
}

/// Removes what the resource declared, and nothing else.
pub async fn withdraw(world: &impl Declarations, task: &Task, sole: Sole) -> Result<Withdrawn, Stopped> {
    let mut round = 1;
    loop {
        let Some((declared, _)) = world.declared(sole.key).await? else {
            return Ok(if round == 1 { Withdrawn::Absent } else { Withdrawn::Removed });
        };
        if !declared.is_of(&task.identity) {
            let whose = declared.owner.as_ref().map_or_else(|| "nobody".to_owned(), in_words);
            return Ok(Withdrawn::NotOurs(whose));
        }
        if is_superseded(task, Some(&declared)) {
            return Err(Stopped::Superseded { done: 0 });
        }
        may_write(task, "DeleteObject").await?;
        match world.forget_declared(sole.key).await {
            Ok(()) => return Ok(Withdrawn::Removed),
            Err(fault) if !fault.retryable() => return Err(Stopped::Fault(fault)),
            Err(fault) if round >= ROUNDS => return Err(unknown(fault)),
            Err(_) => sleep(ROUND_PAUSE * round).await,
        }
        round += 1;
    }
}
