//! Looking, for a Create or an Update: everything the plan of a fleet is decided by. Needs nothing that can write.

use super::survey::{Depth, Scope, survey};
use super::{Read, Recall, Stack, Stacks};
use crate::fault::{Fault, FaultKind};
use crate::model::identity::{Identity, StackId, ledger_key};
use crate::model::name::RepositoryName;
use crate::model::repository::{OWNER_TAG, Observed, STACK_TAG, Tags};
use crate::plan::Plan;
use crate::plan::fleet::{self, Wished};
use crate::plan::guard::{OwnerState, Owners};
use crate::plan::ledger::{Direction, Ledger};
use crate::spec::Fleet;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::timeout;

/// Longest wait for what CloudFormation says of a stack where that is good to know but not needed.
const STACK_PATIENCE: Duration = Duration::from_secs(5);

/// Whose fleet it is, and what it did before.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The declaration.
    pub fleet: &'a Fleet,
    /// The record of the resource.
    pub ledger: &'a Ledger,
    /// The request the look is for, which may have come some way in earlier invocations.
    pub request_id: &'a str,
    /// The SSM prefix of this installation.
    pub parameter_prefix: &'a str,
}

impl<'a> Subject<'a> {
    /// What the request has brought to its declaration in earlier invocations.
    fn reached(&self) -> &'a BTreeSet<RepositoryName> {
        static NONE: BTreeSet<RepositoryName> = BTreeSet::new();
        self.ledger.progress_of(self.request_id).map_or(&NONE, |progress| &progress.reached)
    }
}

/// All that was looked at.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    /// Repositories and parameters.
    pub observed: Observed,
    /// Other owners.
    pub owners: Owners,
    /// The stack's own tags, where they are to be propagated.
    pub stack_tags: Tags,
    /// The stack, where CloudFormation told.
    pub stack: Option<Stack>,
}

impl Looked {
    /// Which way the stack is going.
    pub fn direction(&self) -> Direction {
        match &self.stack {
            Some(stack) if stack.is_moving() && stack.status.contains("ROLLBACK") => Direction::Rollback,
            Some(_) | None => Direction::Forward,
        }
    }
}

/// Looks. Only what the plan cannot do without fails it; the rest is seen as unreadable.
pub async fn look<R: Read + Recall + Stacks>(reader: &R, subject: Subject<'_>) -> Result<Looked, Fault> {
    let Subject { fleet, ledger, .. } = subject;
    if !ledger.suits(fleet) {
        // It will be refused, and what the record names is not in the registry that is looked at here.
        return Ok(Looked::default());
    }
    let known = ledger.known_names();
    let leaves = known.iter().any(|name| fleet.repository(name).is_none());
    let scope = scope(subject, &known);
    let (stack, observed) =
        tokio::join!(stack(reader, &ledger.identity, fleet.propagate_stack_tags, leaves), survey(reader, &scope));
    let stack = stack?;
    let owners = if fleet.adopt_existing { owners(reader, subject, &observed).await } else { Owners::new() };
    let propagated = stack.iter().filter(|_| fleet.propagate_stack_tags);
    let stack_tags = propagated.flat_map(|stack| stack.tags.clone()).collect();
    Ok(Looked { observed, owners, stack_tags, stack })
}

/// Decides, with `now` as the time of releases.
pub fn decide(subject: Subject<'_>, looked: &Looked, now: &str) -> Plan {
    let Subject { fleet, ledger, parameter_prefix, .. } = subject;
    let (reached, stack_tags, owners) = (subject.reached(), &looked.stack_tags, &looked.owners);
    let wished = Wished { fleet, ledger, stack_tags, reached, owners, parameter_prefix, now };
    fleet::plan(wished, &looked.observed)
}

/// The stack. Its tags cannot be propagated without it. What becomes of names that leave hangs on it too, but a
/// stack CloudFormation does not know never comes to an end that would let one be deleted. For anything else it only
/// tells whether a request is late.
async fn stack(
    reader: &impl Stacks,
    identity: &Identity,
    propagates: bool,
    leaves: bool,
) -> Result<Option<Stack>, Fault> {
    let arn = &identity.stack.arn;
    if !propagates && !leaves {
        return Ok(glance(reader, arn).await);
    }
    let stack = reader.stack(arn).await?;
    if stack.is_none() && propagates {
        let why = format!("the stack {arn} does not exist, so its tags cannot be propagated");
        return Err(Fault::ours("cloudformation", "DescribeStacks", FaultKind::NotFound, why));
    }
    Ok(stack)
}

/// A stack, where that is good to know but not needed.
pub(super) async fn glance(reader: &impl Stacks, arn: &str) -> Option<Stack> {
    timeout(STACK_PATIENCE, reader.stack(arn)).await.ok().and_then(Result::ok).flatten()
}

fn scope(subject: Subject<'_>, known: &BTreeSet<RepositoryName>) -> Scope {
    let Subject { fleet, ledger, parameter_prefix, .. } = subject;
    let reached = subject.reached();
    let mut repositories: BTreeMap<RepositoryName, Depth> =
        known.iter().map(|name| (name.clone(), Depth { expected: true, ..Depth::default() })).collect();
    for spec in &fleet.repositories {
        if reached.contains(&spec.name) {
            repositories.insert(spec.name.clone(), Depth { expected: true, ..Depth::default() });
            continue;
        }
        let known = known.contains(&spec.name);
        let policy = !known || spec.wishes_policy() || ledger.ever_wished_policy(&spec.name);
        let lifecycle = spec.catalog.is_none();
        repositories.insert(spec.name.clone(), Depth { lifecycle, policy, expected: known });
    }
    let shown = fleet.repositories.iter().filter(|spec| spec.catalog.is_some() && !reached.contains(&spec.name));
    let catalogs = shown.map(|spec| spec.name.clone()).collect();
    let published = fleet.repositories.iter().filter(|spec| fleet.publish_parameters && !reached.contains(&spec.name));
    let parameters = published
        .map(|spec| fleet.parameter_path(parameter_prefix, &spec.short))
        .map(|path| (path.clone(), !ledger.parameters.contains_key(&path)))
        .collect();
    Scope { repositories, bare: reached.clone(), parameters, catalogs, scanning: !fleet.is_public() }
}

/// For every foreign owner seen: is it still there?
async fn owners<R: Recall + Stacks>(reader: &R, subject: Subject<'_>, observed: &Observed) -> Owners {
    let identity = &subject.ledger.identity;
    let mut owners = Owners::new();
    for seen in observed.repositories.values() {
        let Some(tags) = seen.present().and_then(|repository| repository.tags.present()) else { continue };
        let Some(owner) = tags.get(OWNER_TAG) else { continue };
        if *owner == identity.owner() || owners.contains_key(owner) {
            continue;
        }
        let state = owner_state(reader, subject, owner, tags).await.unwrap_or_else(OwnerState::Unknown);
        owners.insert(owner.clone(), state);
    }
    owners
}

/// An owner's record names its stack; without a record the tags do, which is enough to ask CloudFormation.
/// Whatever leaves a doubt counts as alive.
async fn owner_state<R: Recall + Stacks>(
    reader: &R,
    subject: Subject<'_>,
    owner: &str,
    tags: &Tags,
) -> Result<OwnerState, Fault> {
    let identity = &subject.ledger.identity;
    let (guid, logical_id) = owner.split_once('/').unwrap_or((owner, ""));
    if guid == TERMINAL {
        // A person's; nobody but that person knows whether it is still wanted.
        return Ok(OwnerState::Alive);
    }
    let name = tags.get(STACK_TAG).map(String::as_str).unwrap_or_default();
    let by_tags = (StackId::arn_of(&identity.stack.place, name, guid), logical_id.to_owned());
    let recorded = reader.ledger(&ledger_key(owner)).await?.map(|(ledger, _)| ledger.identity);
    if recorded.is_none() && subject.fleet.is_public() {
        // The gallery is the same from every Region, and the stack may live in another one.
        return Ok(OwnerState::Alive);
    }
    let (arn, logical_id) = recorded.map_or(by_tags, |owner| (owner.stack.arn, owner.logical_id));
    state_in_stack(reader, &arn, &logical_id).await
}

/// Is a resource still there? Its stack, and whether that still has it, decide.
pub(super) async fn state_in_stack(reader: &impl Stacks, arn: &str, logical_id: &str) -> Result<OwnerState, Fault> {
    let stack = reader.stack(arn).await?;
    if stack.is_none_or(|stack| stack.status == "DELETE_COMPLETE") {
        return Ok(OwnerState::Gone);
    }
    Ok(if reader.has_resource(arn, logical_id).await? { OwnerState::Alive } else { OwnerState::Gone })
}

/// Owner tags of the command line begin with this instead of a stack's guid.
pub const TERMINAL: &str = "cli";
