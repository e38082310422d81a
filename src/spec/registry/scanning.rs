//! `ScanType` and `ScanRules`: how often which repositories are scanned.

use super::check::Placed;
use super::filters;
use crate::model::registry::{Entry, ScanFrequency};
use crate::model::repository::ScanType;
use crate::spec::fields::Fields;
use std::collections::BTreeMap;

/// Most rules (ECR API model, `RegistryScanningRuleList`): one per frequency.
const MAX_RULES: usize = 2;
const RULES: &str = "ScanRules";

/// Reads both. ECR takes a rule's filters one by one, and so do we.
pub(super) fn read(fields: &Fields<'_>) -> Vec<Placed> {
    let kind = fields.choice("ScanType", &[("BASIC", ScanType::Basic), ("ENHANCED", ScanType::Enhanced)]);
    let mut entries: Vec<Placed> =
        kind.map(|kind| (fields.path_of("ScanType"), Entry::ScanType(kind))).into_iter().collect();
    let given = fields.list(RULES).map_or(1, Vec::len);
    if !(1..=MAX_RULES).contains(&given) {
        fields.problem(RULES, format!("has {given} rules; ECR allows 1 or {MAX_RULES}, one for each frequency"));
    }
    let rules = if fields.raw(RULES).is_some_and(serde_json::Value::is_array) { fields.maps(RULES) } else { None };
    let mut seen: BTreeMap<ScanFrequency, String> = BTreeMap::new();
    for rule in rules.into_iter().flatten() {
        let frequency = frequency(&rule, kind);
        if rule.raw("RepositoryFilters").is_none() {
            rule.problem("RepositoryFilters", "is required; {Filter: \"*\", FilterType: WILDCARD} is every repository");
        }
        let filters = filters::read(&rule, &filters::SCANNING);
        rule.refuse_unknown();
        let Some(frequency) = frequency else { continue };
        if let Some(first) = seen.get(&frequency) {
            rule.problem(
                "ScanFrequency",
                format!("repeats that of {first}; ECR has one rule for each frequency, so put the filters together"),
            );
        } else {
            seen.insert(frequency, rule.path().to_owned());
        }
        let filters = filters.into_iter().flatten();
        entries.extend(filters.map(|(filter, path)| (path, Entry::ScanFilter { frequency, filter })));
    }
    entries
}

fn frequency(rule: &Fields<'_>, kind: Option<ScanType>) -> Option<ScanFrequency> {
    let key = "ScanFrequency";
    let known = [ScanFrequency::ScanOnPush, ScanFrequency::ContinuousScan].map(|one| (one.as_str(), one));
    let Some(raw) = rule.raw(key) else {
        rule.problem(key, "is required: SCAN_ON_PUSH or CONTINUOUS_SCAN");
        return None;
    };
    if raw.as_str() == Some(ScanFrequency::Manual.as_str()) {
        rule.problem(key, "MANUAL is no rule: under BASIC it is what holds for repositories that no filter matches");
        return None;
    }
    let frequency = rule.choice(key, &known)?;
    if (frequency, kind) == (ScanFrequency::ContinuousScan, Some(ScanType::Basic)) {
        rule.problem(
            key,
            "CONTINUOUS_SCAN needs ScanType ENHANCED, and BASIC is declared beside it; use SCAN_ON_PUSH or ENHANCED",
        );
    }
    Some(frequency)
}
