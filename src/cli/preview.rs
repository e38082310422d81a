//! Looking and planning, as `flow::declare` does it, with nothing that can write.

use super::connect::{Looker, Whereabouts};
use super::owner;
use crate::fault::Fault;
use crate::flow::Stacks as _;
use crate::flow::survey::{Depth, Scope, survey};
use crate::model::Seen;
use crate::model::identity::{Identity, StackId, ledger_key};
use crate::model::name::RepositoryName;
use crate::model::repository::{OWNER_TAG, Observed, STACK_TAG, Tags};
use crate::plan::Plan;
use crate::plan::fleet::{self, Wished};
use crate::plan::guard::{OwnerState, Owners};
use crate::plan::ledger::Ledger;
use crate::spec::Fleet;
use std::collections::{BTreeMap, BTreeSet};

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
    observed: Observed,
    owners: Owners,
    stack_tags: Tags,
}

impl Looked {
    /// Was there anything that could not be read?
    pub(super) fn has_gaps(&self) -> bool {
        fn gap<T>(seen: &Seen<T>) -> bool {
            matches!(seen, Seen::Unreadable(_))
        }
        let repositories = self.observed.repositories.values().any(|seen| {
            let inside = seen.present().map(|found| gap(&found.tags) || gap(&found.lifecycle) || gap(&found.policy));
            gap(seen) || inside.unwrap_or_default()
        });
        repositories || gap(&self.observed.scanning) || self.observed.parameters.values().any(gap)
    }
}

/// Looks at everything the plan needs.
pub(super) async fn look(looker: &Looker, subject: &Subject) -> Result<Looked, Fault> {
    let identity = &subject.identity;
    let ledger = looker.ledger(&identity.ledger_key()).await?;
    let ledger = ledger.unwrap_or_else(|| Ledger::new(identity.clone()));
    let stack_tags = if subject.fleet.propagate_stack_tags {
        looker.stack(&identity.stack.arn).await?.map(|stack| stack.tags).unwrap_or_default()
    } else {
        Tags::new()
    };
    let observed = survey(looker, &scope(subject, &ledger)).await;
    let owners = if subject.fleet.adopt_existing { owners(looker, identity, &observed).await } else { Owners::new() };
    Ok(Looked { ledger, observed, owners, stack_tags })
}

/// The plan, with `now` as the time of releases.
pub(super) fn plan(subject: &Subject, looked: &Looked, now: &str) -> Plan {
    let wished = Wished {
        fleet: &subject.fleet,
        ledger: &looked.ledger,
        stack_tags: &looked.stack_tags,
        owners: &looked.owners,
        parameter_prefix: &subject.parameter_prefix,
        now,
    };
    let mut plan = fleet::plan(wished, &looked.observed);
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

fn scope(subject: &Subject, ledger: &Ledger) -> Scope {
    let fleet = &subject.fleet;
    let known: BTreeSet<RepositoryName> = ledger.known_names();
    let mut repositories: BTreeMap<RepositoryName, Depth> =
        known.iter().map(|name| (name.clone(), Depth { expected: true, ..Depth::default() })).collect();
    for spec in &fleet.repositories {
        let known = known.contains(&spec.name);
        let policy = !known || spec.wishes_policy() || ledger.ever_wished_policy(&spec.name);
        repositories.insert(spec.name.clone(), Depth { lifecycle: true, policy, expected: known });
    }
    let published = fleet.repositories.iter().filter(|_| fleet.publish_parameters);
    let parameters = published
        .map(|spec| fleet.parameter_path(&subject.parameter_prefix, &spec.short))
        .map(|path| (path.clone(), !ledger.parameters.contains_key(&path)))
        .collect();
    Scope { repositories, parameters, scanning: true }
}

/// For every foreign owner seen: is it still there?
async fn owners(looker: &Looker, identity: &Identity, observed: &Observed) -> Owners {
    let mut owners = Owners::new();
    for seen in observed.repositories.values() {
        let Some(tags) = seen.present().and_then(|repository| repository.tags.present()) else { continue };
        let Some(owner) = tags.get(OWNER_TAG) else { continue };
        if *owner == identity.owner() || owners.contains_key(owner) {
            continue;
        }
        let state = owner_state(looker, identity, owner, tags).await.unwrap_or_else(OwnerState::Unknown);
        owners.insert(owner.clone(), state);
    }
    owners
}

async fn owner_state(looker: &Looker, identity: &Identity, owner: &str, tags: &Tags) -> Result<OwnerState, Fault> {
    let guid = owner.split('/').next().unwrap_or_default();
    let name = tags.get(STACK_TAG).map(String::as_str).unwrap_or_default();
    let stack = looker.stack(&StackId::arn_of(&identity.stack.place, name, guid)).await?;
    if stack.is_none_or(|stack| stack.status == "DELETE_COMPLETE") {
        return Ok(OwnerState::Gone);
    }
    Ok(if looker.has_ledger(&ledger_key(owner)).await? { OwnerState::Alive } else { OwnerState::Gone })
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
