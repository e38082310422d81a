//! From what stands and what should stand in a section to the calls that make the difference.

use super::words::differences;
use super::{RegistryChange, RegistryStep};
use crate::model::registry::{Entry, ScanFrequency, Section};
use crate::model::repository::ScanType;
use std::collections::{BTreeMap, BTreeSet};

/// The steps; none where nothing differs.
pub(super) fn steps(section: Section, standing: &[Entry], desired: &[Entry]) -> Vec<RegistryStep> {
    let whole = |change: RegistryChange| vec![RegistryStep { change, why: differences(standing, desired).join("; ") }];
    match section {
        Section::Scanning => {
            let scan_type = desired.iter().find_map(|entry| match entry {
                Entry::ScanType(scan_type) => Some(*scan_type),
                _ => None,
            });
            // ECR's own default; it always says which type there is.
            let scan_type = scan_type.unwrap_or(ScanType::Basic);
            whole(RegistryChange::PutScanning { scan_type, rules: rules(desired) })
        }
        Section::Replication => {
            let rule = |entry: &Entry| match entry {
                Entry::Replication(rule) => Some(rule.clone()),
                _ => None,
            };
            whole(RegistryChange::PutReplication(desired.iter().filter_map(rule).collect()))
        }
        Section::Policy if desired.is_empty() => whole(RegistryChange::DeletePolicy),
        Section::Policy => whole(RegistryChange::PutPolicy(policy_text(desired))),
        Section::Signing if desired.is_empty() => whole(RegistryChange::DeleteSigning),
        Section::Signing => {
            let rule = |entry: &Entry| match entry {
                Entry::Signing(rule) => Some(rule.clone()),
                _ => None,
            };
            whole(RegistryChange::PutSigning(desired.iter().filter_map(rule).collect()))
        }
        Section::BlobMounting => whole(RegistryChange::PutBlobMounting(desired.contains(&Entry::BlobMounting(true)))),
        Section::PullThroughCache | Section::CreationTemplates | Section::PullTimeExclusions => {
            one_by_one(standing, desired)
        }
    }
}

/// The filters of each frequency.
pub(super) fn rules(entries: &[Entry]) -> BTreeMap<ScanFrequency, BTreeSet<String>> {
    let mut rules: BTreeMap<ScanFrequency, BTreeSet<String>> = BTreeMap::new();
    for entry in entries {
        if let Entry::ScanFilter { frequency, filter } = entry {
            rules.entry(*frequency).or_default().insert(filter.clone());
        }
    }
    rules
}

/// The policy of these statements, each with its own text.
pub(super) fn policy_text(entries: &[Entry]) -> String {
    let text = |entry: &Entry| match entry {
        Entry::Statement(statement) => Some(statement.text.clone()),
        _ => None,
    };
    let statements: Vec<String> = entries.iter().filter_map(text).collect();
    format!("{{\"Version\":\"2012-10-17\",\"Statement\":[{}]}}", statements.join(","))
}

/// What goes first, then what changes, then what comes: a quota that is used up is made room in.
fn one_by_one(standing: &[Entry], desired: &[Entry]) -> Vec<RegistryStep> {
    let mut steps = Vec::new();
    let mut step = |change: Option<RegistryChange>, before: &[Entry], after: &[Entry]| {
        steps.extend(change.map(|change| RegistryStep { change, why: differences(before, after).join("; ") }));
    };
    let same_place =
        |entries: &[Entry], entry: &Entry| entries.iter().find(|other| other.key() == entry.key()).cloned();
    for entry in standing.iter().filter(|entry| same_place(desired, entry).is_none()) {
        step(delete(entry), std::slice::from_ref(entry), &[]);
    }
    for entry in desired {
        match same_place(standing, entry) {
            Some(before) if before == *entry => {}
            Some(before) => {
                let update = update(&before, entry);
                if update.is_none() {
                    step(delete(&before), std::slice::from_ref(&before), &[]);
                }
                let from = if update.is_none() { &[] } else { std::slice::from_ref(&before) };
                step(update.or_else(|| create(entry)), from, std::slice::from_ref(entry));
            }
            None => step(create(entry), &[], std::slice::from_ref(entry)),
        }
    }
    steps
}

fn create(entry: &Entry) -> Option<RegistryChange> {
    match entry {
        Entry::CacheRule(rule) => Some(RegistryChange::CreateCacheRule(rule.clone())),
        Entry::Template(template) => Some(RegistryChange::CreateTemplate(template.clone())),
        Entry::Exclusion(principal) => Some(RegistryChange::RegisterExclusion(principal.clone())),
        _ => None,
    }
}

/// `None` where ECR cannot change it in place: then it goes and comes again, and what it made or cached stays.
fn update(before: &Entry, after: &Entry) -> Option<RegistryChange> {
    match (before, after) {
        (Entry::CacheRule(before), Entry::CacheRule(after)) if after.reads_like(before) => {
            Some(RegistryChange::UpdateCacheRule(after.clone()))
        }
        // ECR takes one to five filters, and leaves what an update does not mention: there is no word for none.
        (Entry::Template(before), Entry::Template(after))
            if before.mutability.exclusions.is_empty() || !after.mutability.exclusions.is_empty() =>
        {
            Some(RegistryChange::UpdateTemplate(after.clone()))
        }
        _ => None,
    }
}

fn delete(entry: &Entry) -> Option<RegistryChange> {
    match entry {
        Entry::CacheRule(rule) => Some(RegistryChange::DeleteCacheRule(rule.prefix.clone())),
        Entry::Template(template) => Some(RegistryChange::DeleteTemplate(template.prefix.clone())),
        Entry::Exclusion(principal) => Some(RegistryChange::DeregisterExclusion(principal.clone())),
        _ => None,
    }
}
