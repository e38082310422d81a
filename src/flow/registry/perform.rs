//! Performing the writes of a registry's plan: each is tried or accounted for, and nothing is decided here.

use super::WriteRegistry;
use crate::fault::{Fault, FaultKind};
use crate::flow::carry_out::{PATIENCE, StepOutcome};
use crate::plan::registry::{RegistryChange, RegistryStep};
use tokio::time::{Instant, sleep, timeout_at};

/// Every step accounted for.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    steps: Vec<(&'static str, StepOutcome)>,
}

impl Outcome {
    /// Steps done.
    pub(super) fn done(&self) -> usize {
        self.steps.iter().filter(|(_, outcome)| *outcome == StepOutcome::Done).count()
    }

    /// What failed or was not reached, one line each.
    pub(super) fn failures(&self) -> Vec<String> {
        let told = |(action, outcome): &(&'static str, StepOutcome)| match outcome {
            StepOutcome::Done | StepOutcome::Kept => None,
            StepOutcome::Failed(fault) => Some(fault.to_string()),
            StepOutcome::NotReached => Some(format!("{action} was not reached")),
        };
        self.steps.iter().filter_map(told).collect()
    }

    /// Did somebody else get there first, so that looking again makes sense?
    pub(super) fn conflict(&self) -> Option<&Fault> {
        self.steps.iter().find_map(|(_, outcome)| match outcome {
            StepOutcome::Failed(fault) if matches!(fault.kind, FaultKind::Conflict | FaultKind::NotFound) => {
                Some(fault)
            }
            _ => None,
        })
    }

    /// Is more time all that is wanted? Then how many steps are left.
    pub(super) fn left_for_want_of_time(&self) -> Option<usize> {
        let mut left: usize = 0;
        for (_, outcome) in &self.steps {
            match outcome {
                StepOutcome::Done | StepOutcome::Kept => {}
                StepOutcome::NotReached => left += 1,
                StepOutcome::Failed(fault) if matches!(fault.kind, FaultKind::Late | FaultKind::Throttled) => left += 1,
                StepOutcome::Failed(_) => return None,
            }
        }
        (left > 0).then_some(left)
    }
}

/// Performs the steps one after the other. None begins after `until`.
pub(super) async fn perform(writer: &impl WriteRegistry, steps: &[RegistryStep], until: Instant) -> Outcome {
    let mut outcome = Outcome::default();
    for step in steps {
        let became =
            if Instant::now() >= until { StepOutcome::NotReached } else { one(writer, &step.change, until).await };
        outcome.steps.push((step.change.action(), became));
    }
    outcome
}

async fn one(writer: &impl WriteRegistry, change: &RegistryChange, until: Instant) -> StepOutcome {
    let mut waits = PATIENCE.iter();
    loop {
        let fault = match timeout_at(until, writer.perform_on_registry(change)).await {
            Ok(Ok(())) => return StepOutcome::Done,
            Ok(Err(fault)) => fault,
            Err(_) => {
                let (service, operation) = change.action().split_once(':').unwrap_or(("ecr", change.action()));
                let why = "no answer came before the deadline";
                return StepOutcome::Failed(Fault::ours(service, operation, FaultKind::Late, why));
            }
        };
        if fault.kind == FaultKind::NotFound && change.is_done_when_gone() {
            return StepOutcome::Done;
        }
        let worth_waiting = matches!(fault.kind, FaultKind::Unsettled | FaultKind::Throttled);
        match waits.next().filter(|_| worth_waiting) {
            Some(wait) if Instant::now() + *wait < until => sleep(*wait).await,
            _ => return StepOutcome::Failed(fault),
        }
    }
}
