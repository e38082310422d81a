//! One merge: hold the record, look, decide, write, look again; in rounds, for ECR keeps whole documents and the last
//! writer wins.
//!
//! Everything is on record before the first write. After the writes the same decision is made again from what stands then:
//! if nothing is left to do, the record is settled; if somebody else wrote over it, it is merged once more.

use super::hold::{MERGE, claim, is_held, is_superseded, recall, release, sign, taken_over};
use super::perform::perform;
use super::{ReadRegistry, RegistryWorld};
use crate::fault::{Fault, FaultKind};
use crate::flow::declaration::state;
use crate::flow::declare::{still_wanted, too_late};
use crate::flow::look::glance;
use crate::flow::task::{Stopped, Task};
use crate::flow::{Stack, Stacks, Version};
use crate::model::Seen;
use crate::model::identity::Identity;
use crate::model::registry::{Entry, Section};
use crate::plan::guard::{OwnerState, Owners};
use crate::plan::registry::record::{Accepted, RegistryRecord};
use crate::plan::registry::{Purpose, RegistryPlan, Standing, in_the_way, plan, sections};
use crate::spec::registry::RegistryWish;
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Rounds of merging again after somebody else wrote at the same time.
const ROUNDS: u32 = 3;
/// Before the second round; the third waits twice as long.
const ROUND_PAUSE: Duration = Duration::from_secs(2);

/// What a merge did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Writes done.
    pub writes: usize,
    /// What each of them changed.
    pub changes: Vec<String>,
    /// What else there is to say.
    pub remarks: Vec<String>,
}

/// What a merge is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Goal<'a> {
    /// This stands, in the resource's name.
    Declare { wish: &'a RegistryWish, fingerprint: &'a str },
    /// Nothing is in its name, and what was there before is back.
    Withdraw,
    /// Nothing is in its name, and everything stands as it stood.
    Retain,
}

/// What outlives a round.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is noted once and asked later; they do not depend on each other"
)]
struct Going {
    begun: Instant,
    looked: bool,
    rounds: u32,
    /// The request of the resource that had written last when the first round began.
    before: Option<String>,
    /// Has the record been in our hands?
    held: bool,
    /// Was what we put on record still wanted?
    wanted: bool,
    /// Everything was written; the next look only compares.
    compares: bool,
    merged: Merged,
}

impl Going {
    /// Has another request of the resource been here since the first round began? It came later, whatever it found.
    fn is_overtaken(&mut self, record: &RegistryRecord, task: &Task) -> bool {
        let Some(waiting) = &task.waiting else { return false };
        let last = record.owner(&task.identity).map(|owner| &owner.request_id);
        if !self.looked {
            self.looked = true;
            self.before = last.cloned();
        }
        // One that was issued before is only late, however it came in between.
        let issued = record.owner(&task.identity).and_then(|owner| owner.issued);
        let is_older = waiting.issued.zip(issued).is_some_and(|(own, other)| own > other);
        let other =
            last.is_some_and(|last| *last != task.request_id && Some(last) != self.before.as_ref()) && !is_older;
        let deleted = last.is_none() && (self.held || self.before.is_some() || waiting.part > 1);
        other || deleted || is_superseded(record, task)
    }

    fn hear(&mut self, plan: &RegistryPlan) {
        let whys = plan.changes.iter().map(|step| step.why.clone());
        for (told, list) in
            [(whys.collect::<Vec<_>>(), &mut self.merged.changes), (plan.remarks.clone(), &mut self.merged.remarks)]
        {
            for line in told {
                if !list.contains(&line) {
                    list.push(line);
                }
            }
        }
    }
}

/// What one round came to.
enum Attempt {
    Reached,
    /// Everything was written: look whether it stands.
    Written,
    /// Somebody else wrote at the same time, or nobody knows what became of a write: look again.
    Again(Fault),
}

/// Merges until it stands.
pub(super) async fn merge<W: RegistryWorld>(world: &W, task: &Task, goal: Goal<'_>) -> Result<Merged, Stopped> {
    let mut going = Going {
        begun: Instant::now(),
        looked: false,
        rounds: 0,
        before: None,
        held: false,
        wanted: false,
        compares: false,
        merged: Merged::default(),
    };
    let reached = rounds(world, task, goal, &mut going).await;
    if let Err(stopped) = reached {
        if going.held {
            release(world, task).await;
        }
        return Err(stopped.after(going.merged.writes));
    }
    Ok(going.merged)
}

async fn rounds<W: RegistryWorld>(world: &W, task: &Task, goal: Goal<'_>, going: &mut Going) -> Result<(), Stopped> {
    loop {
        match attempt(world, task, goal, going).await? {
            Attempt::Reached => return Ok(()),
            Attempt::Written => going.compares = true,
            Attempt::Again(fault) => {
                going.compares = false;
                going.rounds += 1;
                if going.rounds >= ROUNDS {
                    return Err(unknown(fault));
                }
                // What the other wrote may not be visible at once.
                sleep(ROUND_PAUSE * going.rounds).await;
            }
        }
    }
}

/// After the last round. Of a call that broke off nobody can say that it changed nothing.
fn unknown(fault: Fault) -> Stopped {
    if matches!(fault.kind, FaultKind::Unavailable | FaultKind::Late) {
        return Stopped::Partial { failures: vec![fault.to_string()], done: 0 };
    }
    Stopped::Fault(fault)
}

async fn attempt<W: RegistryWorld>(
    world: &W,
    task: &Task,
    goal: Goal<'_>,
    going: &mut Going,
) -> Result<Attempt, Stopped> {
    let (record, version) = recall(world, task, going.begun).await?;
    going.held |= is_held(&record, task);
    if !matches!(goal, Goal::Declare { .. }) && record.owner(&task.identity).is_none() {
        // Another delivery of this Delete has been here.
        return Ok(Attempt::Reached);
    }
    if going.is_overtaken(&record, task) {
        return Err(Stopped::Superseded { done: going.merged.writes });
    }
    let (stack, plan) = tokio::join!(glance(world, &task.identity.stack.arn), decide(world, task, goal, &record));
    if !plan.blocked.is_empty() {
        return Err(Stopped::Blocked(plan.blocked));
    }
    let now = Now { record: &record, version: &version, stack: stack.as_ref() };
    if plan.changes.is_empty() {
        if !going.compares {
            going.hear(&plan);
        }
        return settle(world, task, goal, (plan, now), going).await;
    }
    if going.compares {
        return Ok(Attempt::Again(somebody_else(&plan)));
    }
    going.hear(&plan);
    write(world, task, goal, (plan, now), going).await
}

/// What was found when a decision was made.
#[derive(Clone, Copy)]
struct Now<'a> {
    record: &'a RegistryRecord,
    version: &'a Version,
    stack: Option<&'a Stack>,
}

/// Looks and decides.
async fn decide<W: RegistryWorld>(world: &W, task: &Task, goal: Goal<'_>, record: &RegistryRecord) -> RegistryPlan {
    let purpose = match goal {
        Goal::Declare { wish, .. } => Purpose::Declare(wish),
        Goal::Withdraw => Purpose::Withdraw,
        Goal::Retain => {
            return RegistryPlan { settled: record.clone(), ..RegistryPlan::default() };
        }
    };
    let owner = &task.identity;
    let owners = states_of(world, &in_the_way(owner, purpose, record)).await;
    let seen = seen_of(world, &sections(owner, purpose, record)).await;
    plan(purpose, Standing { owner, record, seen: &seen, owners: &owners })
}

/// What stands in each section.
async fn seen_of(world: &impl ReadRegistry, sections: &BTreeSet<Section>) -> BTreeMap<Section, Seen<Vec<Entry>>> {
    let looks =
        sections.iter().map(|section| async { (*section, Seen::from_read(world.entries(*section).await.map(Some))) });
    join_all(looks).await.into_iter().collect()
}

/// Are these owners still there? One of whom that cannot be found out counts as alive.
async fn states_of(world: &impl Stacks, owners: &BTreeMap<String, Identity>) -> Owners {
    let mut states = Owners::new();
    for (tag, owner) in owners {
        states.insert(tag.clone(), state(world, owner).await.unwrap_or_else(OwnerState::Unknown));
    }
    states
}

fn somebody_else(plan: &RegistryPlan) -> Fault {
    let what: Vec<&str> = plan.changes.iter().map(|step| step.change.action()).collect();
    let why = format!(
        "somebody else writes the same setting at the same time, and what was written did not stay ({}); see who does, and try again",
        what.join(", ")
    );
    Fault::ours("ecr", "DescribeRegistry", FaultKind::Conflict, why)
}

async fn may_write(task: &Task) -> Result<(), Fault> {
    task.may_write().await?;
    if Instant::now() < task.steps_until {
        return Ok(());
    }
    Err(Fault::ours("s3", "PutObject", FaultKind::Late, "out of time before it was begun; try again"))
}

/// The record with this request's name in it.
fn signed(mut record: RegistryRecord, task: &Task, goal: Goal<'_>) -> RegistryRecord {
    sign(&mut record, task);
    if let Goal::Declare { wish, fingerprint } = goal {
        record.accept(&task.identity, Accepted::of(fingerprint, wish));
    }
    record
}

/// Everything on record, then the writes.
async fn write<W: RegistryWorld>(
    world: &W,
    task: &Task,
    goal: Goal<'_>,
    (plan, now): (RegistryPlan, Now<'_>),
    going: &mut Going,
) -> Result<Attempt, Stopped> {
    if let Some(fault) = refusal_for_lateness(task, goal, now, going) {
        return Err(fault);
    }
    may_write(task).await?;
    let mut intended = signed(plan.intended, task, goal);
    claim(&mut intended, task, going.begun);
    if let Some(again) = put_on_record(world, task, goal, (&intended, now), going).await? {
        return Ok(again);
    }
    let until = task.steps_until.min(Instant::now() + MERGE);
    let outcome = tokio::select! {
        biased;
        outcome = perform(world, &plan.changes, until) => outcome,
        // How many writes were done by then is not known; that there were some is.
        () = taken_over(world, task) => return Err(Stopped::Superseded { done: going.merged.writes + 1 }),
    };
    going.merged.writes += outcome.done();
    if let Some(left) = outcome.left_for_want_of_time() {
        let first = outcome.failures().into_iter().next().unwrap_or_default();
        return Err(Stopped::Unfinished { done: going.merged.writes, left, first });
    }
    if let Some(fault) = outcome.conflict() {
        return Ok(Attempt::Again(fault.clone()));
    }
    if !outcome.failures().is_empty() {
        return Err(Stopped::Partial { failures: outcome.failures(), done: going.merged.writes });
    }
    Ok(Attempt::Written)
}

/// A declaration that comes too late changes nothing; a Delete is never too late.
fn refusal_for_lateness(task: &Task, goal: Goal<'_>, now: Now<'_>, going: &Going) -> Option<Stopped> {
    let late = too_late(task, now.stack)?;
    let begins = matches!(goal, Goal::Declare { .. }) && !going.held;
    begins.then(|| Stopped::Blocked(vec![late]))
}

/// Writes the record over exactly the version read. Nothing where it stands and is wanted; otherwise what comes of it.
async fn put_on_record<W: RegistryWorld>(
    world: &W,
    task: &Task,
    goal: Goal<'_>,
    (record, now): (&RegistryRecord, Now<'_>),
    going: &mut Going,
) -> Result<Option<Attempt>, Stopped> {
    let written = match world.save_registry_record(record, now.version).await {
        Err(fault) if fault.retryable() || fault.kind == FaultKind::NotFound => return Ok(Some(Attempt::Again(fault))),
        other => other?,
    };
    going.held |= is_held(record, task);
    if stands(world, task, goal, (now.record, &written), going).await {
        return Ok(None);
    }
    Err(Stopped::Superseded { done: going.merged.writes })
}

/// Is what we have just put on record still wanted? A Delete that came before found nothing of ours, so we take it out
/// again; nothing else was written by then.
async fn stands<W: RegistryWorld>(
    world: &W,
    task: &Task,
    goal: Goal<'_>,
    (before, written): (&RegistryRecord, &Version),
    going: &mut Going,
) -> bool {
    let is_new = matches!(goal, Goal::Declare { .. }) && going.before.is_none() && !going.wanted;
    going.wanted = !is_new || still_wanted(world, task).await;
    if going.wanted {
        return true;
    }
    let mut without = RegistryRecord { claim: None, ..before.clone() };
    // A write of ours whose answer was lost may have put it there before.
    without.forget(&task.identity);
    if let Err(why) = world.save_registry_record(&without, written).await {
        tracing::warn!(%why, "what nobody waits for any more could not be taken out of the registry's record again");
    }
    false
}

/// Everything stands: the record says so, and is free.
async fn settle<W: RegistryWorld>(
    world: &W,
    task: &Task,
    goal: Goal<'_>,
    (plan, now): (RegistryPlan, Now<'_>),
    going: &mut Going,
) -> Result<Attempt, Stopped> {
    let mut settled = signed(plan.settled, task, goal);
    match goal {
        Goal::Declare { .. } => settled.reach(&task.identity),
        Goal::Withdraw => settled.forget(&task.identity),
        Goal::Retain => settled.retain(&task.identity),
    }
    settled.claim = None;
    if settled == *now.record {
        return Ok(Attempt::Reached);
    }
    if let Some(late) = refusal_for_lateness(task, goal, now, going) {
        // What was declared already is answered as it was, whenever it comes.
        return if is_same_but_signed(&settled, now.record, task) { Ok(Attempt::Reached) } else { Err(late) };
    }
    may_write(task).await?;
    if let Some(again) = put_on_record(world, task, goal, (&settled, now), going).await? {
        return Ok(again);
    }
    Ok(Attempt::Reached)
}

/// Do both say the same but for the request that wrote last?
fn is_same_but_signed(settled: &RegistryRecord, record: &RegistryRecord, task: &Task) -> bool {
    let of = |record: &RegistryRecord| {
        let owner = record.owner(&task.identity);
        owner.map(|owner| (owner.reached, owner.accepted.last().cloned()))
    };
    settled.entries == record.entries && of(settled) == of(record)
}
