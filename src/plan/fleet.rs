//! Create and Update: from a fleet, what was seen and what the ledger remembers, to a plan.

use super::gallery::{self, Remembered};
use super::guard::{Owners, Ownership, ownership};
use super::ledger::Ledger;
use super::repository::{self, Around, Comparison};
use super::{Change, Plan, Step};
use crate::model::Seen;
use crate::model::name::RepositoryName;
use crate::model::place::Place;
use crate::model::repository::{OWN_TAG_PREFIX, Observed, Parameter, RELEASED_TAG, Repository, Tags};
use crate::spec::{Fleet, RepositorySpec, public};
use std::collections::BTreeSet;

/// Repositories and parameters named of those that are left of a fleet of the other kind.
const LEFT_NAMED: usize = 10;

/// All a fleet's plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Wished<'a> {
    /// The declaration.
    pub fleet: &'a Fleet,
    /// What the resource did before.
    pub ledger: &'a Ledger,
    /// The stack's own tags, where they are to be propagated.
    pub stack_tags: &'a Tags,
    /// What this very request has brought to its declaration before, and nobody needs to look at again.
    pub reached: &'a BTreeSet<RepositoryName>,
    /// Other owners.
    pub owners: &'a Owners,
    /// The SSM prefix of this installation.
    pub parameter_prefix: &'a str,
    /// The time to write into `ecr-steward:released` (RFC 3339).
    pub now: &'a str,
}

/// Plans a Create or an Update.
pub fn plan(wished: Wished<'_>, observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    if !wished.ledger.suits(wished.fleet) {
        plan.block(&wished.ledger.identity.logical_id, left_over(wished.ledger));
        return plan;
    }
    for spec in &wished.fleet.repositories {
        let seen = observed.repositories.get(&spec.name).unwrap_or(&Seen::Unasked);
        if wished.reached.contains(&spec.name) && seen.present().is_some() {
            continue;
        }
        let mut steps = declare(wished, spec, seen, observed, &mut plan);
        steps.extend(publish(wished, spec, observed, &mut plan));
        plan.push(&spec.name, steps);
    }
    release(wished, observed, &mut plan);
    plan
}

fn declare(
    wished: Wished<'_>,
    spec: &RepositorySpec,
    seen: &Seen<Repository>,
    observed: &Observed,
    plan: &mut Plan,
) -> Vec<Step> {
    let Wished { fleet, ledger, owners, .. } = wished;
    let identity = &ledger.identity;
    let adopted = match (ownership(identity, seen, owners), seen) {
        (Ownership::Free, _) => {
            let none = BTreeSet::new();
            let around = around(wished, observed, &none, &none, &spec.name);
            let made = match &spec.catalog {
                Some(catalog) => gallery::create(spec, catalog, &around),
                None => repository::create(spec, &around),
            };
            return note(&spec.name, made, plan);
        }
        (Ownership::Ours, _) => false,
        (Ownership::Nobody | Ownership::Orphan(_), _) if fleet.adopt_existing => true,
        (refused, _) => {
            plan.block(spec.name.as_str(), refusal(&refused));
            return Vec::new();
        }
    };
    let Seen::Present(repository) = seen else {
        return Vec::new();
    };
    let current = repository.tags.present().cloned().unwrap_or_default();
    let kept: BTreeSet<String> = match (adopted, ledger.adopted.get(&spec.name)) {
        // An orphan's ownership tags were ours once; only tags of others keep their values.
        (true, _) => current.keys().filter(|key| !key.starts_with(OWN_TAG_PREFIX)).cloned().collect(),
        (false, Some(adoption)) => adoption.tag_keys.clone(),
        (false, None) => BTreeSet::new(),
    };
    if adopted {
        plan.adopted.push(spec.name.clone());
    }
    if current.contains_key(RELEASED_TAG) {
        plan.claimed_back.push(spec.name.clone());
    }
    let declared = ledger.declared_tag_keys(&spec.name);
    let around = around(wished, observed, &kept, &declared, &spec.name);
    let made = match &spec.catalog {
        Some(catalog) => gallery::compare(spec, catalog, repository, &around, &Remembered::of(ledger, spec, adopted)),
        None => repository::compare(spec, repository, &around),
    };
    note(&spec.name, made, plan)
}

fn around<'a>(
    wished: Wished<'a>,
    observed: &'a Observed,
    kept_keys: &'a BTreeSet<String>,
    declared_keys: &'a BTreeSet<String>,
    name: &RepositoryName,
) -> Around<'a> {
    let declared = wished.ledger.declarations().find_map(|earlier| earlier.fleet.repository(name));
    Around {
        identity: &wished.ledger.identity,
        scanning: &observed.scanning,
        stack_tags: wished.stack_tags,
        kept_keys,
        declared_keys,
        encryption_before: declared.map(|spec| &spec.encryption),
    }
}

/// Moves obstacles and remarks of one comparison into the plan and returns its steps.
fn note(name: &RepositoryName, made: Comparison, plan: &mut Plan) -> Vec<Step> {
    for reason in made.blocked {
        plan.block(name.as_str(), reason);
    }
    for reason in made.retained {
        plan.retain(name, reason);
    }
    made.steps
}

/// Why a fleet of the other kind is refused: what is left of the one before.
fn left_over(ledger: &Ledger) -> String {
    let (kind, resource_type) =
        if ledger.is_public() { ("public", public::TYPE) } else { ("private", "Custom::EcrRepositories") };
    let known = ledger.known_names();
    let mut left: Vec<&str> =
        known.iter().map(RepositoryName::as_str).chain(ledger.parameters.keys().map(String::as_str)).collect();
    let more = left.len().saturating_sub(LEFT_NAMED);
    left.truncate(LEFT_NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!(
        "this logical id still has the record of a {kind} fleet ({resource_type}) whose deletion has not finished; left of it may be {}{more}. Finish that deletion (empty the repositories that hold images: the Delete that follows this refusal goes on with it) and deploy again, or use another logical id",
        left.join(", ")
    )
}

fn refusal(ownership: &Ownership) -> String {
    match ownership {
        Ownership::Other(owner) => format!(
            "the repository exists and belongs to {owner}; nothing was changed. Remove it there first (OnRemove: Retain hands it back), or choose another name"
        ),
        Ownership::Orphan(owner) => format!(
            "the repository exists and belonged to {owner}, which is gone; set AdoptExisting to true to take it over"
        ),
        Ownership::Nobody => {
            "the repository exists and nobody manages it; set AdoptExisting to true to take it over, or choose another name".to_owned()
        }
        Ownership::Unknown(why) => format!("it could not be found out to whom the repository belongs, so nothing was changed: {why}"),
        Ownership::Free | Ownership::Ours => "the repository cannot be declared".to_owned(),
    }
}

/// The SSM parameter with the repository's URL.
fn publish(wished: Wished<'_>, spec: &RepositorySpec, observed: &Observed, plan: &mut Plan) -> Option<Step> {
    let Wished { fleet, ledger, parameter_prefix, .. } = wished;
    if !fleet.publish_parameters {
        return None;
    }
    let path = fleet.parameter_path(parameter_prefix, &spec.short);
    let place: &Place = &ledger.identity.stack.place;
    let value = place.repository_uri(&spec.name);
    let owner = ledger.identity.owner();
    let adopts = fleet.adopt_existing || ledger.adopted.contains_key(&spec.name);
    let ours = |parameter: &Parameter| {
        ledger.parameters.contains_key(&path) || parameter.owner.as_deref() == Some(owner.as_str())
    };
    match observed.parameters.get(&path).unwrap_or(&Seen::Unasked) {
        Seen::Missing => Some(Step {
            change: Change::PutParameter { path, value, owner, new: true },
            why: "it does not exist".to_owned(),
        }),
        Seen::Present(parameter) if ours(parameter) => (parameter.value != value).then(|| Step {
            why: format!("{:?} → {value:?}", parameter.value),
            change: Change::PutParameter { path, value, owner, new: false },
        }),
        // Beside an adopted repository the right value may stand already; it stays whose it is.
        Seen::Present(parameter) if adopts && parameter.value == value => None,
        Seen::Present(_) => {
            plan.block(&path, "the SSM parameter exists and was written by somebody else; remove it, choose another project or environment, or set PublishParameters to false");
            None
        }
        Seen::Unreadable(fault) => {
            plan.block(&path, format!("the SSM parameter could not be read, so nothing was changed: {fault}"));
            None
        }
        Seen::Unasked => None,
    }
}

/// Names of ours that are no longer declared: marked, and nothing else before the stack has finished.
fn release(wished: Wished<'_>, observed: &Observed, plan: &mut Plan) {
    let Wished { fleet, ledger, owners, now, .. } = wished;
    let declared: BTreeSet<&RepositoryName> = fleet.repositories.iter().map(|repository| &repository.name).collect();
    for name in ledger.known_names() {
        if declared.contains(&name) {
            continue;
        }
        let seen = observed.repositories.get(&name).unwrap_or(&Seen::Unasked);
        match ownership(&ledger.identity, seen, owners) {
            Ownership::Ours => {}
            Ownership::Unknown(why) => {
                plan.block(
                    name.as_str(),
                    format!("it is no longer declared, and it could not be found out whether it is still ours: {why}"),
                );
                continue;
            }
            Ownership::Free | Ownership::Nobody | Ownership::Orphan(_) | Ownership::Other(_) => continue,
        }
        let Seen::Present(repository) = seen else { continue };
        let already = repository.tags.present().is_some_and(|tags| tags.contains_key(RELEASED_TAG));
        // Released with this request, or released before and never entered into the ledger by a request that died.
        if !already || !ledger.released.contains_key(&name) {
            plan.released.push(name.clone());
        }
        if !already {
            let change = Change::TagResource {
                arn: repository.arn.clone(),
                tags: Tags::from([(RELEASED_TAG.to_owned(), now.to_owned())]),
            };
            let why = "its name left the declaration".to_owned();
            plan.push(&name, vec![Step { change, why }]);
        }
    }
}
