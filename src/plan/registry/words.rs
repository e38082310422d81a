//! Entries, their places and their owners in words; and what settings mean that are easily taken for something else.

use super::{RegistryChange, RegistryStep};
use crate::model::Seen;
use crate::model::identity::Identity;
use crate::model::registry::{CacheRule, Destination, Entry, Key, ReplicationRule, Section};
use crate::model::repository::ScanType;
use crate::spec::registry::{RegistryWish, scanned_in_words};
use std::collections::BTreeMap;

/// What a section is called.
pub const fn named(section: Section) -> &'static str {
    match section {
        Section::Scanning => "scanning",
        Section::Replication => "replication",
        Section::Policy => "registry policy",
        Section::PullThroughCache => "pull-through cache",
        Section::CreationTemplates => "creation templates",
        Section::PullTimeExclusions => "pull-time exclusions",
        Section::Signing => "signing",
        Section::BlobMounting => "blob mounting",
    }
}

/// A place, without what stands there.
pub fn place(key: &Key) -> String {
    match (key.section, key.name.as_str()) {
        (Section::Scanning, "") => "scan type".to_owned(),
        (Section::Scanning, filter) => format!("scan filter {filter:?}"),
        (Section::Replication, name) => format!("replication {name}"),
        (Section::Policy, sid) => format!("registry policy statement {sid}"),
        (Section::PullThroughCache, prefix) => format!("pull-through cache rule {prefix}"),
        (Section::CreationTemplates, prefix) => format!("creation template {prefix}"),
        (Section::PullTimeExclusions, principal) => format!("pull-time exclusion {principal}"),
        (Section::Signing, name) => format!("signing rule {}", name.trim_end()),
        (Section::BlobMounting, _) => "blob mounting".to_owned(),
    }
}

/// An entry whole.
pub fn in_words(entry: &Entry) -> String {
    let place = place(&entry.key());
    match entry {
        Entry::ScanType(scan_type) => format!("{place} {}", scan_type_word(*scan_type)),
        Entry::ScanFilter { frequency, .. } => format!("{place} {}", frequency.as_str()),
        Entry::Replication(rule) => {
            let to: Vec<String> = rule.destinations.iter().map(destination).collect();
            let from = match rule.prefixes.len() {
                0 => "every repository".to_owned(),
                _ => rule.prefixes.iter().map(|prefix| format!("{prefix}*")).collect::<Vec<_>>().join(", "),
            };
            let deletions = if rule.delete_replication { ", deletions too" } else { "" };
            format!("replication of {from} to {}{deletions}", to.join(", "))
        }
        Entry::Statement(statement) => format!("{place} {}", statement.text),
        Entry::CacheRule(rule) => format!("{place} of {}", upstream(rule)),
        Entry::Template(template) => format!("{place} ({})", template_words(template)),
        Entry::Exclusion(_) | Entry::Signing(_) => place,
        Entry::BlobMounting(on) => format!("{place} {}", if *on { "ENABLED" } else { "DISABLED" }),
    }
}

/// Owners, each by stack and resource.
pub fn holders<'a>(owners: impl Iterator<Item = &'a Identity>) -> String {
    let one = |owner: &Identity| format!("stack {}, resource {}", owner.stack.name, owner.logical_id);
    owners.map(one).collect::<Vec<_>>().join(" and ")
}

/// What becomes of each entry that does not stay as it is.
pub fn differences(before: &[Entry], after: &[Entry]) -> Vec<String> {
    let mut told = Vec::new();
    for entry in before.iter().filter(|entry| !after.contains(entry)) {
        match after.iter().find(|other| other.key() == entry.key()) {
            Some(next) if in_words(entry) == in_words(next) => told.push(format!("{} in its texts", in_words(next))),
            Some(next) => told.push(format!("{} → {}", in_words(entry), in_words(next))),
            None => told.push(format!("- {}", in_words(entry))),
        }
    }
    let new = |entry: &&Entry| !before.iter().any(|other| other.key() == entry.key());
    told.extend(after.iter().filter(new).map(|entry| format!("+ {}", in_words(entry))));
    told
}

/// What the answer says of a wish beside that it was reached.
pub(super) fn meanings(
    wish: &RegistryWish,
    seen: &BTreeMap<Section, Seen<Vec<Entry>>>,
    changes: &[RegistryStep],
) -> Vec<String> {
    let mut told: Vec<String> = scanning(wish, seen, changes).into_iter().collect();
    let before = seen.get(&Section::Replication).and_then(Seen::present);
    let is_new = |rule: &ReplicationRule| {
        let key = Entry::Replication(rule.clone()).key();
        !before.is_some_and(|before| before.iter().any(|entry| entry.key() == key))
    };
    let adds_replication = changes.iter().any(|step| match &step.change {
        RegistryChange::PutReplication(rules) => rules.iter().any(is_new),
        _ => false,
    });
    if adds_replication {
        told.push(
            "images that were pushed before are not copied by a new replication rule; `aws ecr start-replication-backfill` copies them"
                .to_owned(),
        );
    }
    told
}

/// How the registry scans afterwards, in ECR's own semantics; only where the wish is about it.
fn scanning(
    wish: &RegistryWish,
    seen: &BTreeMap<Section, Seen<Vec<Entry>>>,
    changes: &[RegistryStep],
) -> Option<String> {
    wish.entries.keys().find(|key| key.section == Section::Scanning)?;
    let standing = seen.get(&Section::Scanning).and_then(Seen::present)?;
    let written = changes.iter().find_map(|step| match &step.change {
        RegistryChange::PutScanning { scan_type, rules } => Some((*scan_type, rules.clone())),
        _ => None,
    });
    let is_enhanced = |entries: &[Entry]| entries.contains(&Entry::ScanType(ScanType::Enhanced));
    let had_rules = !super::writes::rules(standing).is_empty();
    let ends_everything = is_enhanced(standing) && !had_rules;
    let (scan_type, rules) = written.unwrap_or_else(|| {
        let scan_type = if is_enhanced(standing) { ScanType::Enhanced } else { ScanType::Basic };
        (scan_type, super::writes::rules(standing))
    });
    let ended = if ends_everything && !rules.is_empty() { ". So far everything was scanned continuously" } else { "" };
    Some(format!("{}{ended}", scanned_in_words(scan_type, &rules)))
}

const fn scan_type_word(scan_type: ScanType) -> &'static str {
    match scan_type {
        ScanType::Basic => "BASIC",
        ScanType::Enhanced => "ENHANCED",
    }
}

fn destination(to: &Destination) -> String {
    format!("{} of {}", to.region, to.registry_id)
}

fn upstream(rule: &CacheRule) -> String {
    let below = rule.upstream_prefix.as_deref().filter(|prefix| *prefix != "ROOT");
    let below = below.map_or_else(String::new, |prefix| format!("/{prefix}"));
    let with = rule.credential_arn.as_ref().or(rule.custom_role_arn.as_ref());
    let with = with.map_or_else(String::new, |arn| format!(" with {arn}"));
    format!("{}{below}{with}", rule.upstream_url)
}

fn template_words(template: &crate::model::registry::CreationTemplate) -> String {
    let mut parts = vec![
        template.applied_for.iter().map(|when| when.as_str().to_owned()).collect::<Vec<_>>().join(", "),
        template.mutability.mode.as_str().to_owned(),
        template.encryption.kind.as_str().to_owned(),
    ];
    parts.extend(template.description.as_ref().map(|text| format!("{text:?}")));
    parts.extend((!template.tags.is_empty()).then(|| format!("{} tags", template.tags.len())));
    parts.extend(template.lifecycle_policy.as_ref().map(|_| "a lifecycle policy".to_owned()));
    parts.extend(template.repository_policy.as_ref().map(|_| "a repository policy".to_owned()));
    parts.extend(template.custom_role_arn.as_ref().map(|role| format!("role {role}")));
    parts.join(", ")
}
