//! The scan type is one setting that the filters of others hang on: only ENHANCED scans continuously. It is not put back
//! under them; who needs it holds it, with what stood before, so that it goes back with the last of them.

use super::RegistryPlan;
use super::limits::{continuous_under_basic, is_continuous, whose};
use super::record::{Recorded, RegistryRecord};
use super::writes::rules;
use crate::model::identity::Identity;
use crate::model::registry::{Entry, Key, Section};
use crate::model::repository::ScanType;
use crate::spec::registry::scanned_in_words;

const BASIC: Entry = Entry::ScanType(ScanType::Basic);
const ENHANCED: Entry = Entry::ScanType(ScanType::Enhanced);

/// Where the scan type stands.
pub(super) const fn place() -> Key {
    Key { section: Section::Scanning, name: String::new() }
}

/// Is this an ENHANCED that its owner no longer says, though what it wishes takes it?
pub(super) fn is_needed<'a>(recorded: &Recorded, mut wished: impl Iterator<Item = &'a Entry>) -> bool {
    recorded.entry == ENHANCED && wished.any(is_continuous)
}

/// Keeps ENHANCED where it would be put back under filters that take it, and hands it to those in whose name they are.
/// Where that is nobody, it stays with `stays_with`, if that stays.
pub(super) fn keep(standing: &[Entry], desired: &mut [Entry], plan: &mut RegistryPlan, stays_with: Option<&Identity>) {
    if !standing.contains(&ENHANCED) || continuous_under_basic(desired, &plan.settled).is_none() {
        return;
    }
    for entry in desired.iter_mut().filter(|entry| **entry == BASIC) {
        *entry = ENHANCED;
    }
    let filters: Vec<&Entry> = desired.iter().filter(|entry| is_continuous(entry)).collect();
    let told =
        format!("scan type ENHANCED stays, since CONTINUOUS_SCAN filters take it: {}", whose(&filters, &plan.settled));
    plan.remarks.push(told);
    let mut heirs: Vec<Identity> = Vec::new();
    for filter in filters {
        let recorded = plan.settled.entries.get(&filter.key()).filter(|recorded| recorded.is_ours(filter));
        for owner in recorded.into_iter().flat_map(|recorded| &recorded.owners) {
            if !heirs.iter().any(|known| known.owner() == owner.owner()) {
                heirs.push(owner.clone());
            }
        }
    }
    if heirs.is_empty() {
        heirs.extend(stays_with.cloned());
    }
    let Some(recorded) = plan.intended.entries.get(&place()).filter(|_| !heirs.is_empty()) else { return };
    let handed = Recorded { owners: heirs, leaving: false, ..recorded.clone() };
    plan.settled.entries.insert(place(), handed.clone());
    plan.intended.entries.insert(place(), handed);
}

/// Why somebody may hold ENHANCED without a word of it in what it declares.
pub(super) fn why_held(recorded: &Recorded, record: &RegistryRecord) -> String {
    let says_so = |owner: &Identity| {
        let last = record.owner(owner).and_then(|owner| owner.accepted.last());
        last.is_some_and(|accepted| accepted.entries.contains(&ENHANCED))
    };
    if recorded.entry != ENHANCED || recorded.owners.iter().any(says_so) {
        return String::new();
    }
    let is_theirs = |filter: &Recorded| recorded.owners.iter().any(|owner| filter.is_of(owner));
    let filters = record.entries.values().filter(|found| is_continuous(&found.entry) && is_theirs(found));
    let filters: Vec<&Entry> = filters.map(|found| &found.entry).collect();
    if filters.is_empty() {
        return String::new();
    }
    format!("; CONTINUOUS_SCAN filters take ENHANCED: {}", whose(&filters, record))
}

/// What ends when BASIC takes the place of an ENHANCED that nobody here has set.
pub(super) fn ended<'a>(there: &[Entry], wished: &Entry, standing: impl Iterator<Item = &'a Entry>) -> Option<String> {
    if *wished != BASIC || !there.contains(&ENHANCED) {
        return None;
    }
    let standing: Vec<Entry> = standing.cloned().collect();
    let rules = rules(&standing);
    let what = if rules.is_empty() {
        "continuous scanning of every repository ends".to_owned()
    } else {
        format!("what held until now ends ({})", scanned_in_words(ScanType::Enhanced, &rules))
    };
    Some(format!(
        "scan type ENHANCED, set by nobody here, becomes BASIC: {what}; a Delete with OnDelete: Restore puts it back"
    ))
}
