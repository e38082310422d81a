//! Performing a plan: each step is tried or accounted for, and nothing is decided here.

use super::Write;
use super::survey::AT_ONCE;
use crate::fault::{Fault, FaultKind};
use crate::model::name::RepositoryName;
use crate::plan::{Chain, Change, NotEmpty, Plan};
use futures_util::StreamExt as _;
use futures_util::stream;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// Waits between tries of a call that may become right by waiting: a repository that is seconds old, a
/// principal IAM has not spread yet. Together half a minute.
pub(super) const PATIENCE: [Duration; 5] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
];

/// What became of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    /// It was performed, or was so already.
    Done,
    /// Its repository holds images and was kept as the plan said.
    Kept,
    /// It failed.
    Failed(Fault),
    /// It was not begun: out of time, or the step before it failed.
    NotReached,
}

/// One step accounted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its repository.
    pub repository: RepositoryName,
    /// The write.
    pub change: Change,
    /// The IAM action that allows it where it was to be performed.
    pub action: &'static str,
    /// What became of it.
    pub outcome: StepOutcome,
}

/// Every step accounted for, in the plan's order within each repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The steps.
    pub steps: Vec<Account>,
}

impl Outcome {
    /// Steps done.
    pub fn done(&self) -> usize {
        self.steps.iter().filter(|step| step.outcome == StepOutcome::Done).count()
    }

    /// Repositories that hold images and were kept.
    pub fn kept(&self) -> impl Iterator<Item = &RepositoryName> {
        let kept = self.steps.iter().filter(|step| step.outcome == StepOutcome::Kept);
        kept.map(|step| &step.repository)
    }

    /// Repositories with a step that failed or was not reached.
    pub fn unfinished(&self) -> impl Iterator<Item = &RepositoryName> {
        let open = |outcome: &StepOutcome| matches!(outcome, StepOutcome::Failed(_) | StepOutcome::NotReached);
        self.steps.iter().filter(move |step| open(&step.outcome)).map(|step| &step.repository)
    }

    /// Parameters that are gone now.
    pub fn forgotten_parameters(&self) -> impl Iterator<Item = &String> {
        self.steps.iter().filter_map(|step| match (&step.change, &step.outcome) {
            (Change::DeleteParameter { path }, StepOutcome::Done) => Some(path),
            _ => None,
        })
    }

    /// Parameters that are written now.
    pub fn published_parameters(&self) -> impl Iterator<Item = &String> {
        self.steps.iter().filter_map(|step| match (&step.change, &step.outcome) {
            (Change::PutParameter { path, .. }, StepOutcome::Done) => Some(path),
            _ => None,
        })
    }

    /// Is more time all that is wanted? Then how many steps are left; a step that had begun counts too.
    pub fn left_for_want_of_time(&self) -> Option<usize> {
        let mut left: usize = 0;
        for step in &self.steps {
            match &step.outcome {
                StepOutcome::Done | StepOutcome::Kept => {}
                StepOutcome::NotReached => left += 1,
                StepOutcome::Failed(fault) if matches!(fault.kind, FaultKind::Late | FaultKind::Throttled) => left += 1,
                StepOutcome::Failed(_) => return None,
            }
        }
        (left > 0).then_some(left)
    }

    /// What failed or was not reached, one line each.
    pub fn failures(&self) -> Vec<String> {
        self.steps
            .iter()
            .filter_map(|step| {
                let name = &step.repository;
                match &step.outcome {
                    StepOutcome::Done | StepOutcome::Kept => None,
                    StepOutcome::Failed(fault) if fault.kind == FaultKind::NotEmpty => {
                        Some(format!("{name} still holds images; empty it, or set EmptyOnDelete to true"))
                    }
                    StepOutcome::Failed(fault) => Some(format!("{name}: {fault}")),
                    StepOutcome::NotReached => Some(format!("{name}: {} was not reached", step.action)),
                }
            })
            .collect()
    }

    /// Did somebody else get there first, so that looking again makes sense?
    pub fn has_conflict(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(&step.outcome, StepOutcome::Failed(fault) if fault.kind == FaultKind::Conflict))
    }
}

/// Performs a plan. No step begins after `until`; a call that is still going on then is given up and counts as
/// failed.
pub async fn carry_out(writer: &impl Write, plan: &Plan, until: Instant) -> Outcome {
    let mut accounts = stream::iter(plan.chains.iter().enumerate())
        .map(|(place, chain)| async move { (place, perform_chain(writer, chain, until).await) })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    accounts.sort_by_key(|(place, _)| *place);
    Outcome { steps: accounts.into_iter().flat_map(|(_, accounts)| accounts).collect() }
}

async fn perform_chain(writer: &impl Write, chain: &Chain, until: Instant) -> Vec<Account> {
    let mut accounts = Vec::with_capacity(chain.steps.len());
    let mut stopped = false;
    let fresh = chain.steps.iter().any(|step| step.change.is_creation());
    for step in &chain.steps {
        let outcome = if stopped || Instant::now() >= until {
            StepOutcome::NotReached
        } else {
            perform_step(writer, &step.change, fresh, until).await
        };
        stopped |= matches!(outcome, StepOutcome::Failed(_) | StepOutcome::NotReached);
        let kept_whole = outcome == StepOutcome::Kept && keeps_everything(&step.change);
        let action = writer.action(&step.change);
        accounts.push(Account { repository: chain.repository.clone(), change: step.change.clone(), action, outcome });
        if kept_whole {
            break;
        }
    }
    accounts
}

/// A repository that is kept with its tags keeps its parameter as well.
const fn keeps_everything(change: &Change) -> bool {
    matches!(change, Change::DeleteRepository { not_empty: NotEmpty::Keep, .. })
}

async fn perform_step(writer: &impl Write, change: &Change, fresh: bool, until: Instant) -> StepOutcome {
    match patiently(writer, change, fresh, until).await {
        Ok(()) => match timeout_at(until, writer.confirm(change)).await {
            Ok(Err(fault)) if fault.kind == FaultKind::Conflict => StepOutcome::Failed(fault),
            // What cannot be read again is no reason to stop: the write was done.
            _ => StepOutcome::Done,
        },
        Err(fault) if fault.kind == FaultKind::NotFound && is_done_when_gone(change) => StepOutcome::Done,
        Err(fault) if fault.kind == FaultKind::NotEmpty => not_empty(writer, change, fault, until).await,
        Err(fault) => StepOutcome::Failed(fault),
    }
}

/// What removes something is done when that is gone already.
const fn is_done_when_gone(change: &Change) -> bool {
    matches!(
        change,
        Change::DeleteRepository { .. }
            | Change::DeleteLifecyclePolicy { .. }
            | Change::DeleteRepositoryPolicy { .. }
            | Change::DeleteParameter { .. }
            | Change::UntagResource { .. }
    )
}

async fn not_empty(writer: &impl Write, change: &Change, fault: Fault, until: Instant) -> StepOutcome {
    let Change::DeleteRepository { arn, not_empty, .. } = change else {
        return StepOutcome::Failed(fault);
    };
    match not_empty {
        NotEmpty::Fail => StepOutcome::Failed(fault),
        NotEmpty::Keep => StepOutcome::Kept,
        NotEmpty::HandBack(keys) if keys.is_empty() => StepOutcome::Kept,
        NotEmpty::HandBack(keys) => {
            let untag = Change::UntagResource { arn: arn.clone(), keys: keys.clone() };
            match in_time(writer, &untag, until).await {
                Ok(()) => StepOutcome::Kept,
                Err(fault) => StepOutcome::Failed(fault),
            }
        }
    }
}

/// One call, tried again where waiting can make it right.
async fn patiently(writer: &impl Write, change: &Change, fresh: bool, until: Instant) -> Result<(), Fault> {
    let mut waits = PATIENCE.iter();
    loop {
        let result = in_time(writer, change, until).await;
        let Err(fault) = &result else { return result };
        let worth_waiting = match fault.kind {
            FaultKind::Unsettled | FaultKind::Throttled => true,
            FaultKind::NotFound => fresh && !is_done_when_gone(change),
            _ => false,
        };
        let Some(wait) = waits.next().filter(|_| worth_waiting) else {
            return result;
        };
        if Instant::now() + *wait >= until {
            return result;
        }
        sleep(*wait).await;
    }
}

async fn in_time(writer: &impl Write, change: &Change, until: Instant) -> Result<(), Fault> {
    if let Ok(result) = timeout_at(until, writer.perform(change)).await {
        result
    } else {
        let action = writer.action(change);
        let (service, operation) = action.split_once(':').unwrap_or(("aws", action));
        Err(Fault::ours(service, operation, FaultKind::Late, "no answer came before the deadline"))
    }
}
