//! What ECR refuses of a registry as a whole, found before anything is written, naming what stands in the way.
//!
//! The numbers are those of the ECR service quotas page and the API model, as of 2026-11.

use super::record::RegistryRecord;
use super::words::{holders, named};
use super::writes::{policy_text, rules};
use crate::model::policy::MAX_POLICY_CHARACTERS;
use crate::model::registry::{Entry, ReplicationRule, ScanFrequency, Section};
use crate::model::repository::ScanType;
use crate::plan::Blocked;
use std::collections::BTreeSet;

/// Rules of the scanning configuration: one per frequency (API model, `RegistryScanningRuleList`).
const MAX_SCAN_RULES: usize = 2;
/// Filters of one scan rule (API model, `ScanningRepositoryFilterList`).
const MAX_SCAN_FILTERS: usize = 100;
/// Replication rules (service quotas).
const MAX_REPLICATION_RULES: usize = 10;
/// Unique destinations over all replication rules (service quotas).
const MAX_DESTINATIONS: usize = 25;
/// Filters of one replication rule (service quotas).
const MAX_REPLICATION_FILTERS: usize = 100;
/// Pull-through cache rules (service quotas).
const MAX_CACHE_RULES: usize = 50;
/// Signing rules (API model, `SigningRuleList`).
const MAX_SIGNING_RULES: usize = 10;

/// Everything that is wrong with a section if it became this.
pub(super) fn flaws(section: Section, desired: &[Entry], record: &RegistryRecord) -> Vec<Blocked> {
    match section {
        Section::Scanning => scanning(desired, record),
        Section::Replication => replication(desired, record),
        Section::Policy => policy(desired, record),
        Section::PullThroughCache => {
            too_many(section, "pull-through cache rules", MAX_CACHE_RULES, desired, record).into_iter().collect()
        }
        Section::Signing => {
            too_many(section, "signing rules", MAX_SIGNING_RULES, desired, record).into_iter().collect()
        }
        Section::CreationTemplates | Section::PullTimeExclusions | Section::BlobMounting => Vec::new(),
    }
}

/// Is it a filter that only a type of ENHANCED can hold?
pub(super) const fn is_continuous(entry: &Entry) -> bool {
    matches!(entry, Entry::ScanFilter { frequency: ScanFrequency::ContinuousScan, .. })
}

/// `CONTINUOUS_SCAN` filters that a type of BASIC cannot hold.
pub(super) fn continuous_under_basic(desired: &[Entry], record: &RegistryRecord) -> Option<Blocked> {
    let basic = desired.iter().find(|entry| **entry == Entry::ScanType(ScanType::Basic))?;
    let filters: Vec<&Entry> = desired.iter().filter(|entry| is_continuous(entry)).collect();
    (!filters.is_empty()).then(|| Blocked {
        subject: named(Section::Scanning).to_owned(),
        reason: format!(
            "the scan type BASIC of {} takes no CONTINUOUS_SCAN filters, and there are {}. Scan in ENHANCED mode, or remove those first",
            holder(basic, record),
            whose(&filters, record)
        ),
    })
}

fn scanning(desired: &[Entry], record: &RegistryRecord) -> Vec<Blocked> {
    let rules = rules(desired);
    let mut flaws: Vec<Blocked> = continuous_under_basic(desired, record).into_iter().collect();
    let mut flaw = |reason: String| flaws.push(Blocked { subject: named(Section::Scanning).to_owned(), reason });
    if rules.len() > MAX_SCAN_RULES {
        let filters: Vec<&Entry> = desired.iter().filter(|entry| matches!(entry, Entry::ScanFilter { .. })).collect();
        flaw(format!(
            "filters of {} frequencies would stand, and ECR takes {MAX_SCAN_RULES}: {}",
            rules.len(),
            whose(&filters, record)
        ));
    }
    for (frequency, filters) in rules.iter().filter(|(_, filters)| filters.len() > MAX_SCAN_FILTERS) {
        let all: Vec<&Entry> = desired
            .iter()
            .filter(|entry| matches!(entry, Entry::ScanFilter { frequency: found, .. } if found == frequency))
            .collect();
        flaw(format!(
            "{} {} filters would stand, and ECR takes {MAX_SCAN_FILTERS}: {}",
            filters.len(),
            frequency.as_str(),
            counts(&all, record)
        ));
    }
    flaws
}

fn replication(desired: &[Entry], record: &RegistryRecord) -> Vec<Blocked> {
    let section = Section::Replication;
    let mut flaws: Vec<Blocked> =
        too_many(section, "replication rules", MAX_REPLICATION_RULES, desired, record).into_iter().collect();
    let rules = || desired.iter().filter_map(rule_of);
    let destinations: BTreeSet<_> = rules().flat_map(|rule| &rule.destinations).collect();
    let mut flaw = |reason: String| flaws.push(Blocked { subject: named(section).to_owned(), reason });
    if destinations.len() > MAX_DESTINATIONS {
        let all: Vec<&Entry> = desired.iter().collect();
        flaw(format!(
            "{} destinations would be replicated to, and ECR takes {MAX_DESTINATIONS}: {}",
            destinations.len(),
            counts(&all, record)
        ));
    }
    for rule in rules().filter(|rule| rule.prefixes.len() > MAX_REPLICATION_FILTERS) {
        flaw(format!("a rule has {} filters, and ECR takes {MAX_REPLICATION_FILTERS}", rule.prefixes.len()));
    }
    flaws
}

const fn rule_of(entry: &Entry) -> Option<&ReplicationRule> {
    match entry {
        Entry::Replication(rule) => Some(rule),
        _ => None,
    }
}

fn policy(desired: &[Entry], record: &RegistryRecord) -> Vec<Blocked> {
    let length = policy_text(desired).chars().count();
    if length <= MAX_POLICY_CHARACTERS {
        return Vec::new();
    }
    let all: Vec<&Entry> = desired.iter().collect();
    let reason = format!(
        "the policy would be {length} characters long, and ECR takes {MAX_POLICY_CHARACTERS}; statements of {}",
        counts(&all, record)
    );
    vec![Blocked { subject: named(Section::Policy).to_owned(), reason }]
}

fn too_many(section: Section, what: &str, most: usize, desired: &[Entry], record: &RegistryRecord) -> Option<Blocked> {
    let all: Vec<&Entry> = desired.iter().collect();
    (desired.len() > most).then(|| Blocked {
        subject: named(section).to_owned(),
        reason: format!("{} {what} would stand, and ECR takes {most}: {}", desired.len(), counts(&all, record)),
    })
}

/// The names of entries, each with those in whose name it is.
pub(super) fn whose(entries: &[&Entry], record: &RegistryRecord) -> String {
    let one = |entry: &&Entry| format!("{:?} of {}", entry.key().name, holder(entry, record));
    entries.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// How many entries are in whose name.
fn counts(entries: &[&Entry], record: &RegistryRecord) -> String {
    let holders: BTreeSet<String> = entries.iter().map(|entry| holder(entry, record)).collect();
    let count = |who: &String| entries.iter().filter(|entry| holder(entry, record) == *who).count();
    holders.iter().map(|who| format!("{} of {who}", count(who))).collect::<Vec<_>>().join(", ")
}

fn holder(entry: &Entry, record: &RegistryRecord) -> String {
    let recorded = record.entries.get(&entry.key()).filter(|recorded| recorded.is_ours(entry));
    recorded.map_or_else(|| "nobody here".to_owned(), |recorded| holders(recorded.owners.iter()))
}
