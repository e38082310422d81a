//! Looking and planning, as `flow::declare` does it, with nothing that can write.

use super::connect::{Looker, Whereabouts};
use super::owner;
use crate::fault::Fault;
use crate::flow::{Recall as _, look};
use crate::model::Seen;
use crate::model::identity::Identity;
use crate::plan::Plan;
use crate::plan::ledger::Ledger;
use crate::spec::Fleet;

/// Stands for the time of release in a plan that is shown: the same world must give the same fingerprint twice.
pub(super) const AT_APPLY: &str = "(time of apply)";

/// Whose fleet, and where its parameters go.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// The owner.
    pub(super) identity: Identity,
    /// The checked declaration.
    pub(super) fleet: Fleet,
    /// The SSM prefix of the installation.
    pub(super) parameter_prefix: String,
    /// Is the record kept in a state bucket?
    pub(super) keeps_ledger: bool,
}

/// All that was looked at.
#[derive(Debug)]
pub(super) struct Looked {
    /// The record of what was done before; a new one without a state bucket.
    pub(super) ledger: Ledger,
    seen: look::Looked,
}

impl Looked {
    /// Was there anything that could not be read?
    pub(super) fn has_gaps(&self) -> bool {
        fn gap<T>(seen: &Seen<T>) -> bool {
            matches!(seen, Seen::Unreadable(_))
        }
        let observed = &self.seen.observed;
        let repositories = observed.repositories.values().any(|seen| {
            let inside = seen.present().map(|found| gap(&found.tags) || gap(&found.lifecycle) || gap(&found.policy));
            gap(seen) || inside.unwrap_or_default()
        });
        repositories || gap(&observed.scanning) || observed.parameters.values().any(gap)
    }
}

fn of<'a>(subject: &'a Subject, ledger: &'a Ledger) -> look::Subject<'a> {
    look::Subject {
        fleet: &subject.fleet,
        ledger,
        // No request of CloudFormation: nothing was reached before.
        request_id: "",
        parameter_prefix: &subject.parameter_prefix,
    }
}

/// Looks at everything the plan needs.
pub(super) async fn look(looker: &Looker, subject: &Subject) -> Result<Looked, Fault> {
    let ledger = looker.ledger(&subject.identity.ledger_key()).await?;
    let ledger = ledger.map_or_else(|| Ledger::new(subject.identity.clone()), |(ledger, _)| ledger);
    let seen = look::look(looker, of(subject, &ledger)).await?;
    Ok(Looked { ledger, seen })
}

/// The plan, with `now` as the time of releases.
pub(super) fn plan(subject: &Subject, looked: &Looked, now: &str) -> Plan {
    let mut plan = look::decide(of(subject, &looked.ledger), &looked.seen, now);
    if !subject.keeps_ledger {
        for name in plan.adopted.clone() {
            plan.block(
                name.as_str(),
                "taking it over needs a snapshot of how it is now, which goes to the state bucket; give --state-bucket (the installation's output StateBucketName)",
            );
        }
    }
    plan
}

/// Why another request is not to be disturbed, where one is at work.
pub(super) fn busy(whereabouts: &Whereabouts, ledger: &Ledger, now: i64) -> Option<String> {
    if let Some((stack, status)) = &whereabouts.stack
        && status.ends_with("_IN_PROGRESS")
    {
        return Some(format!("the stack {} is in {status}; wait until CloudFormation has finished", stack.name));
    }
    let claim = ledger.claim.as_ref()?;
    // The claim of a terminal belongs to a run that was interrupted, and is taken over.
    let other = claim.until > now && !claim.holder.starts_with(owner::HOLDER);
    other.then(|| {
        let left = claim.until.saturating_sub(now);
        format!("request {} is at work on this resource, for {left} more seconds at most; try again then", claim.holder)
    })
}
