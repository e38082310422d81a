//! What the registry's scan rules come to, in words: people read `app` as a name, ECR as a part of one.

use crate::model::registry::{Entry, ScanFrequency};
use crate::model::repository::ScanType;
use std::collections::{BTreeMap, BTreeSet};

/// Filters told one by one; the answer to CloudFormation has 4,096 bytes for everything.
const MAX_TOLD: usize = 5;
/// Characters of a filter that are told.
const MAX_CHARACTERS: usize = 60;

/// The filters of each frequency.
pub type ScanRules = BTreeMap<ScanFrequency, BTreeSet<String>>;

/// The scan type and the rules that entries come to.
pub fn scan_rules<'e>(entries: impl Iterator<Item = &'e Entry>) -> (Option<ScanType>, ScanRules) {
    let (mut scan_type, mut rules) = (None, ScanRules::new());
    for entry in entries {
        match entry {
            Entry::ScanType(kind) => scan_type = Some(*kind),
            Entry::ScanFilter { frequency, filter } => {
                rules.entry(*frequency).or_default().insert(filter.clone());
            }
            _ => {}
        }
    }
    (scan_type, rules)
}

/// Which repositories are scanned when, under these rules: in ECR's own semantics, in a few sentences. The rules are the
/// registry's own, not those of one declaration alone.
pub fn scanned_in_words(scan_type: ScanType, rules: &ScanRules) -> String {
    let told: Vec<String> = [ScanFrequency::ContinuousScan, ScanFrequency::ScanOnPush]
        .into_iter()
        .filter_map(|frequency| {
            let filters = rules.get(&frequency).filter(|filters| !filters.is_empty())?;
            let when = match frequency {
                ScanFrequency::ContinuousScan => "continuously",
                ScanFrequency::ScanOnPush | ScanFrequency::Manual => "on push",
            };
            Some(format!("{when}: {}", filters_in_words(filters)))
        })
        .collect();
    let covers_all = rules.values().any(|filters| filters.iter().any(|filter| is_all(filter)));
    match (scan_type, told.is_empty()) {
        (ScanType::Basic, true) => "BASIC without rules: images are scanned only when somebody asks".to_owned(),
        (ScanType::Enhanced, true) => {
            "ENHANCED without rules: every repository is scanned continuously; the first rule ends that, and from then on \
             only what a rule matches is scanned"
                .to_owned()
        }
        (kind, false) => {
            let rest = match kind {
                _ if covers_all => "",
                ScanType::Basic => ". Other repositories are scanned only when somebody asks",
                ScanType::Enhanced => ". Repositories that no filter matches are not scanned at all",
            };
            let kind = match kind {
                ScanType::Basic => "BASIC",
                ScanType::Enhanced => "ENHANCED",
            };
            format!("{kind} scans {}{rest}", told.join("; "))
        }
    }
}

fn filters_in_words(filters: &BTreeSet<String>) -> String {
    if filters.iter().any(|filter| is_all(filter)) {
        return "every repository".to_owned();
    }
    let mut told: Vec<String> = filters.iter().take(MAX_TOLD).map(|filter| filter_in_words(filter)).collect();
    let more = filters.len().saturating_sub(MAX_TOLD);
    if more > 0 {
        told.push(format!("{more} more filters"));
    }
    told.join(", ")
}

fn is_all(filter: &str) -> bool {
    !filter.is_empty() && filter.chars().all(|c| c == '*')
}

/// `"app"` (every name that contains app).
fn filter_in_words(filter: &str) -> String {
    let core = filter.trim_matches('*');
    let shown = |text: &str| {
        let cut: String = text.chars().take(MAX_CHARACTERS).collect();
        if cut.len() < text.len() { format!("{cut}…") } else { cut }
    };
    let means = match (filter.starts_with('*'), filter.ends_with('*')) {
        _ if core.contains('*') => "every name of that form".to_owned(),
        (false, false) | (true, true) => format!("every name that contains {}", shown(core)),
        (false, true) => format!("every name that begins with {}", shown(core)),
        (true, false) => format!("every name that ends with {}", shown(core)),
    };
    format!("\"{}\" ({means})", shown(filter))
}
