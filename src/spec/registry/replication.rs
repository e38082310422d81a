//! `ReplicationRules`: which repositories are copied where.

use super::check::Placed;
use super::{Around, arns, filters};
use crate::model::registry::{Destination, Entry, ReplicationRule};
use crate::spec::fields::Fields;
use std::collections::BTreeSet;

/// Most rules of a registry (ECR service quotas).
const MAX_RULES: usize = 10;
/// Most different destinations over all rules (ECR service quotas).
const MAX_DESTINATIONS: usize = 25;
const KEY: &str = "ReplicationRules";

/// Reads the property.
pub(super) fn read(fields: &Fields<'_>, around: &Around<'_>) -> Vec<Placed> {
    let Some(given) = fields.list(KEY) else { return Vec::new() };
    if !(1..=MAX_RULES).contains(&given.len()) {
        fields.problem(KEY, format!("has {} rules; ECR allows 1 to {MAX_RULES} in a registry", given.len()));
    }
    let mut everywhere = BTreeSet::new();
    let mut entries = Vec::new();
    for item in fields.maps(KEY).into_iter().flatten() {
        let destinations = destinations(&item, around);
        let filters = filters::read(&item, &filters::REPLICATION).unwrap_or_default();
        let delete_replication = delete_replication(&item);
        item.refuse_unknown();
        everywhere.extend(destinations.iter().cloned());
        let prefixes = filters.into_keys().collect();
        let rule = ReplicationRule { destinations, prefixes, delete_replication };
        entries.push((item.path().to_owned(), Entry::Replication(rule)));
    }
    if everywhere.len() > MAX_DESTINATIONS {
        fields.problem(
            KEY,
            format!("have {} different destinations; ECR allows {MAX_DESTINATIONS} in a registry", everywhere.len()),
        );
    }
    entries
}

fn destinations(rule: &Fields<'_>, around: &Around<'_>) -> BTreeSet<Destination> {
    let key = "Destinations";
    let mut found = BTreeSet::new();
    match rule.raw(key) {
        None => rule.problem(key, "is required: a list of {Region, RegistryId}, the account's id"),
        Some(given) if given.as_array().is_some_and(Vec::is_empty) => {
            rule.problem(key, "is empty, and nothing would be copied; name at least one {Region, RegistryId}");
        }
        Some(_) => {}
    }
    for item in rule.maps(key).into_iter().flatten() {
        let region = item.required("Region", "where to, such as eu-central-1");
        let registry_id = item.required("RegistryId", "the account that is replicated to, your own for another Region");
        item.refuse_unknown();
        let no_region = region.as_deref().filter(|region| !arns::is_region(region));
        if let Some(flaw) = no_region {
            item.problem("Region", format!("{flaw:?} is not a Region; expected a name such as eu-central-1"));
        }
        let no_account = registry_id.as_deref().and_then(|id| arns::account(id).err());
        let wrong = no_region.is_some() || no_account.is_some();
        if let Some(flaw) = no_account {
            item.problem("RegistryId", flaw);
        }
        let (Some(region), Some(registry_id), false) = (region, registry_id, wrong) else { continue };
        if (Some(&*region), Some(&*registry_id)) == (around.region, around.account) {
            item.problem(
                "Region",
                "is, with RegistryId, this very registry, which ECR does not replicate to; name another Region or another account",
            );
        } else if !found.insert(Destination { region: region.clone(), registry_id: registry_id.clone() }) {
            item.problem("Region", format!("repeats {region} of {registry_id}; remove one"));
        }
    }
    found
}

/// `DeleteReplication: {Enabled: …}`, as in `AWS::ECR::ReplicationConfiguration`; ECR's own default is no.
fn delete_replication(rule: &Fields<'_>) -> bool {
    let Some(own) = rule.map("DeleteReplication") else { return false };
    let enabled = own.flag("Enabled");
    if own.raw("Enabled").is_none() {
        own.problem("Enabled", "is required: are deletions in this registry copied to the destinations?");
    }
    own.refuse_unknown();
    enabled.unwrap_or(false)
}
