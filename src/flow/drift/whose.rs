//! Whose a repository is: its owner tag leads to a ledger, and the ledger's committed declaration must list it.
//!
//! Assumption: only a request of ours writes owner tags, but anybody may remove or copy one. Guarantee: a repository is
//! held to a declaration only where tag and declaration agree, or where the tag is gone and the declaration lists it;
//! whatever leaves a doubt leaves it alone.

use super::owner::{Claimed, Hold, claimed};
use super::{Book, papers};
use crate::fault::Fault;
use crate::flow::look::TERMINAL;
use crate::flow::{Recall, Stack, Stacks};
use crate::model::identity::{Identity, StackId, ledger_key};
use crate::model::name::RepositoryName;
use crate::model::place::Place;
use crate::model::repository::{OWNER_TAG, STACK_TAG, Tags};
use crate::plan::ledger::Ledger;
use crate::plan::posture::Owner;
use crate::spec::DriftMode;
use std::collections::BTreeMap;

/// Which ledger declares which repository, as the last sweep found it: for repositories that are gone, or whose owner tag
/// is.
const INDEX: &str = "drift/owners.json";

/// Whose a repository is.
#[derive(Clone, Debug, PartialEq)]
pub enum Whose {
    /// Nobody's.
    Nobodys,
    /// A fleet's, whose committed declaration lists it.
    Declared(Box<Claimed>),
    /// It bears an owner tag that no declaration stands behind.
    Stray(Stray),
}

/// A repository with an owner tag that no committed declaration stands behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// Whom the tag names.
    pub owner: Owner,
    /// Why it is left alone, in words.
    pub why: String,
}

/// Finds the owner that a repository's tags name. `now` is in seconds since 1970.
pub async fn by_tags<W: Recall + Stacks>(
    world: &W,
    place: &Place,
    name: &RepositoryName,
    tags: &Tags,
    now: i64,
) -> Result<Whose, Fault> {
    let Some(owner) = tags.get(OWNER_TAG) else { return Ok(Whose::Nobodys) };
    match world.ledger(&ledger_key(owner)).await {
        Ok(Some((ledger, _))) => {
            let (hold, stack_tags) = hold_surely(world, &ledger, now).await?;
            let orphan = hold == Hold::Orphan;
            Ok(claimed(&ledger, name, stack_tags.as_ref(), hold)
                .map_or_else(|| Whose::Stray(unlisted(&ledger, orphan)), |claimed| Whose::Declared(Box::new(claimed))))
        }
        Ok(None) => unrecorded(world, place, owner, tags).await,
        Err(fault) if fault.retryable() => Err(fault),
        Err(fault) => {
            let owner = named(owner, tags, false);
            let why = format!("the record of its owner, {}, could not be read: {fault}", words(&owner));
            Ok(Whose::Stray(Stray { owner, why }))
        }
    }
}

/// Finds who declares a repository that is gone or has lost its owner tag. `now` is in seconds since 1970.
pub async fn by_index<W: Recall + Stacks + Book>(
    world: &W,
    name: &RepositoryName,
    now: i64,
) -> Result<Option<Claimed>, Fault> {
    let Some((index, _)) = papers::read::<BTreeMap<RepositoryName, String>>(world, INDEX).await? else {
        return Ok(None);
    };
    let Some(key) = index.get(name) else { return Ok(None) };
    let Some((ledger, _)) = world.ledger(key).await? else { return Ok(None) };
    if ledger.committed.as_ref().is_none_or(|committed| committed.fleet.repository(name).is_none()) {
        return Ok(None);
    }
    let (hold, stack_tags) = hold_surely(world, &ledger, now).await?;
    Ok(claimed(&ledger, name, stack_tags.as_ref(), hold))
}

/// Why a declaration that was read a while ago may not be acted upon any more: somebody is at work on it, it says something
/// else by now, or its stack moves. `now` is in seconds since 1970.
pub(super) async fn outdated<W: Recall + Stacks>(
    world: &W,
    claimed: &Claimed,
    now: i64,
) -> Result<Option<String>, Fault> {
    let own = words(&owner_of(claimed));
    let Some((ledger, _)) = world.ledger(&claimed.identity.ledger_key()).await? else {
        return Ok(Some(format!("{own} has no record any more")));
    };
    let declares = ledger.committed.as_ref().and_then(|committed| committed.fleet.repository(&claimed.spec.name));
    if declares != Some(&claimed.spec) {
        return Ok(Some(format!("{own} declares something else by now; the next look holds it to that")));
    }
    Ok(match hold_surely(world, &ledger, now).await?.0 {
        Hold::AtRest => None,
        Hold::Moving(why) | Hold::Unknown(why) => Some(why),
        Hold::Orphan => Some(format!("{own} is gone")),
    })
}

/// [`hold_of`], for those who can come again: a doubt that may pass by itself is a fault.
async fn hold_surely<W: Stacks>(world: &W, ledger: &Ledger, now: i64) -> Result<(Hold, Option<Tags>), Fault> {
    match found_out(world, &ledger.identity, going_on(ledger, now)).await {
        Err(doubt) if doubt.fault.retryable() => Err(doubt.fault),
        found => Ok(found.unwrap_or_else(Doubt::unknown)),
    }
}

/// What an owner is doing, and its stack's own tags: its ledger says it, and CloudFormation. A nested stack moves with its
/// root, which may still take everything back.
pub async fn hold_of<W: Stacks>(world: &W, ledger: &Ledger, now: i64) -> (Hold, Option<Tags>) {
    hold_in_stack(world, &ledger.identity, going_on(ledger, now)).await
}

/// The same, of an owner whose ledger was read and says that this is going on.
pub(super) async fn hold_in_stack<W: Stacks>(
    world: &W,
    identity: &Identity,
    going_on: Option<String>,
) -> (Hold, Option<Tags>) {
    found_out(world, identity, going_on).await.unwrap_or_else(Doubt::unknown)
}

/// What could not be found out about a stack, and why.
struct Doubt {
    what: &'static str,
    fault: Fault,
}

impl Doubt {
    const fn of(what: &'static str, fault: Fault) -> Self {
        Self { what, fault }
    }

    fn unknown(self) -> (Hold, Option<Tags>) {
        (Hold::Unknown(format!("{} could not be found out: {}", self.what, self.fault)), None)
    }
}

async fn found_out<W: Stacks>(
    world: &W,
    identity: &Identity,
    going_on: Option<String>,
) -> Result<(Hold, Option<Tags>), Doubt> {
    let Identity { stack: StackId { arn, guid, .. }, logical_id } = identity;
    // A person's; nobody but that person knows whether it is still wanted.
    if guid == TERMINAL {
        return Ok((going_on.map_or(Hold::AtRest, Hold::Moving), None));
    }
    let stack = world.stack(arn).await.map_err(|fault| Doubt::of("what its stack is doing", fault))?;
    let Some(stack) = stack.filter(|stack| stack.status != "DELETE_COMPLETE") else {
        return Ok((Hold::Orphan, None));
    };
    if let Some(moving) = moving(world, arn, &stack).await? {
        return Ok((Hold::Moving(moving), None));
    }
    match world.has_resource(arn, logical_id).await {
        Ok(true) => Ok((going_on.map_or(Hold::AtRest, Hold::Moving), Some(stack.tags))),
        Ok(false) => Ok((Hold::Orphan, None)),
        Err(fault) => Err(Doubt::of("whether its stack still has it", fault)),
    }
}

async fn moving(world: &impl Stacks, arn: &str, stack: &Stack) -> Result<Option<String>, Doubt> {
    if stack.is_moving() {
        return Ok(Some(format!("its stack is {}", stack.status)));
    }
    let Some(root) = stack.root.as_deref().filter(|root| *root != arn) else { return Ok(None) };
    let root = world.stack(root).await.map_err(|fault| Doubt::of("what the root of its stack is doing", fault))?;
    Ok(root.filter(Stack::is_moving).map(|root| format!("the root of its stack is {}", root.status)))
}

/// What the ledger itself says is going on, in words.
pub(super) fn going_on(ledger: &Ledger, now: i64) -> Option<String> {
    if let Some(claim) = ledger.claim.as_ref().filter(|claim| claim.until > now) {
        return Some(format!("{} is at work on it", claim.holder));
    }
    let attempted = ledger.attempted.as_ref()?;
    Some(format!("request {} has neither reached its declaration nor been taken back", attempted.request_id))
}

fn unlisted(ledger: &Ledger, is_orphan: bool) -> Stray {
    let owner = Owner {
        stack: ledger.identity.stack.name.clone(),
        resource: ledger.identity.logical_id.clone(),
        drift_mode: ledger.committed.as_ref().map_or(DriftMode::Off, |committed| committed.fleet.drift_mode),
        is_orphan,
    };
    let why = if is_orphan {
        format!("its owner, {}, is gone", words(&owner))
    } else {
        format!("it belongs to {}, whose declaration does not list it", words(&owner))
    };
    Stray { owner, why }
}

/// Without a record only the tags say which stack to ask for.
async fn unrecorded(world: &impl Stacks, place: &Place, owner: &str, tags: &Tags) -> Result<Whose, Fault> {
    let (guid, logical_id) = owner.split_once('/').unwrap_or((owner, ""));
    if guid == TERMINAL {
        let owner = named(owner, tags, false);
        let why = format!("it belongs to the command line's {}, of which there is no record", owner.resource);
        return Ok(Whose::Stray(Stray { owner, why }));
    }
    let name = tags.get(STACK_TAG).map(String::as_str).unwrap_or_default();
    let arn = StackId::arn_of(place, name, guid);
    let alive = match world.stack(&arn).await {
        Ok(Some(stack)) if stack.status != "DELETE_COMPLETE" => world.has_resource(&arn, logical_id).await,
        Ok(_) => Ok(false),
        Err(fault) => Err(fault),
    };
    let owner = named(owner, tags, alive == Ok(false));
    let why = match alive {
        Ok(true) => format!("it belongs to {}, of which there is no record", words(&owner)),
        Ok(false) => format!("its owner, {}, is gone", words(&owner)),
        Err(fault) if fault.retryable() => return Err(fault),
        Err(fault) => format!("whether its owner, {}, still exists could not be found out: {fault}", words(&owner)),
    };
    Ok(Whose::Stray(Stray { owner, why }))
}

fn named(owner: &str, tags: &Tags, is_orphan: bool) -> Owner {
    let resource = owner.split_once('/').map_or(owner, |(_, resource)| resource);
    Owner {
        stack: tags.get(STACK_TAG).cloned().unwrap_or_default(),
        resource: resource.to_owned(),
        drift_mode: DriftMode::Off,
        is_orphan,
    }
}

fn words(owner: &Owner) -> String {
    format!("resource {} of stack {}", owner.resource, owner.stack)
}

/// Why a repository with these tags may not be changed in the name of whoever claims it: its tags name somebody else, or
/// nobody. A declared one that has lost its owner tag alone is still its fleet's, which puts the tag back; one without
/// the stack's tag too may be another that bears the same name, and is taken over by nobody but an Update.
pub(super) fn objection(claimed: Option<&Claimed>, tags: &Tags) -> Option<String> {
    let Some(owner) = tags.get(OWNER_TAG) else {
        let claimed = claimed.filter(|claimed| tags.get(STACK_TAG) != Some(&claimed.identity.stack.name))?;
        return Some(format!(
            "{} declares it and it bears none of the tags that would say so: somebody may have made it anew. An update of the stack with AdoptExisting takes it over",
            words(&owner_of(claimed))
        ));
    };
    match claimed {
        Some(claimed) if claimed.identity.owner() == *owner => None,
        Some(claimed) => {
            let own = words(&owner_of(claimed));
            Some(format!(
                "{own} declares it and its owner tag says {owner}, so nobody changes it; whose it is must be settled by people"
            ))
        }
        None => Some(format!("its owner tag says {owner}, so only its owner changes it")),
    }
}

/// A claim's owner, for the report.
pub(super) fn owner_of(claimed: &Claimed) -> Owner {
    Owner {
        stack: claimed.identity.stack.name.clone(),
        resource: claimed.identity.logical_id.clone(),
        drift_mode: claimed.drift_mode,
        is_orphan: claimed.hold == Hold::Orphan,
    }
}
