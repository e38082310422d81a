//! The languages of ECR's repository filters, and which names a scan filter matches.
//!
//! Scanning, replication and signing each have a filter of their own: a wildcard that is a part of a name where it has no
//! `*`, a prefix, and a wildcard that stands for the whole name.

use crate::spec::fields::Fields;
use crate::spec::findings::Glob;
use std::collections::BTreeMap;

/// Does ECR's scan filter match a repository's name? Without `*` it matches every name that contains it; with one, the
/// whole name, `*` standing for any characters or none (ECR user guide, "Filters to choose which repositories are
/// scanned").
pub fn matches(filter: &str, name: &str) -> bool {
    if filter.contains('*') { Glob(filter.to_owned()).matches(name) } else { name.contains(filter) }
}

/// One of ECR's kinds of filters.
pub(super) struct Language {
    /// What stands in `FilterType`; each kind has one word.
    pub(super) word: &'static str,
    /// Why ECR would refuse a filter.
    pub(super) flaw: fn(&str) -> Option<String>,
}

/// Most filters of one rule (ECR API model: `ScanningRepositoryFilterList`, `RepositoryFilterList`,
/// `SigningRepositoryFilterList`).
pub(super) const MAX_FILTERS: usize = 100;
const KEY: &str = "RepositoryFilters";

/// `RepositoryFilters` of a rule, by filter, with the path of each; `None` where it is absent.
pub(super) fn read(rule: &Fields<'_>, language: &Language) -> Option<BTreeMap<String, String>> {
    let given = rule.list(KEY)?.len();
    if !(1..=MAX_FILTERS).contains(&given) {
        rule.problem(KEY, format!("has {given} filters; ECR allows 1 to {MAX_FILTERS} in a rule"));
    }
    let mut filters: BTreeMap<String, String> = BTreeMap::new();
    for item in rule.maps(KEY)? {
        let example = format!("{{Filter: {}, FilterType: {}}}", "prod", language.word);
        let filter = item.required("Filter", &format!("such as {example}"));
        match item.raw("FilterType") {
            None => item.problem("FilterType", format!("is required: {}", language.word)),
            Some(_) => {
                let _ = item.choice("FilterType", &[(language.word, ())]);
            }
        }
        item.refuse_unknown();
        let Some(filter) = filter else { continue };
        if let Some(flaw) = (language.flaw)(&filter) {
            item.problem("Filter", flaw);
        } else if let Some(first) = filters.get(&filter) {
            item.problem("Filter", format!("repeats {first}, {filter:?}; remove one"));
        } else {
            filters.insert(filter, item.path_of("Filter"));
        }
    }
    Some(filters)
}

/// Of scanning: 1 to 255 characters, `^[a-z0-9*](?:[._\-/a-z0-9*]?[a-z0-9*]+)*$` (ECR API model,
/// `ScanningRepositoryFilterValue`). How many `*` there may be is bounded by nothing else.
pub(super) const SCANNING: Language = Language { word: "WILDCARD", flaw: scanning_flaw };

/// Of replication: 2 to 256 characters, `^(?:[a-z0-9]+(?:[._-][a-z0-9]*)*/)*[a-z0-9]*(?:[._-][a-z0-9]*)*$` (ECR API
/// model, `RepositoryFilterValue`).
pub(super) const REPLICATION: Language = Language { word: "PREFIX_MATCH", flaw: replication_flaw };

/// Of signing: 1 to 256 characters, `^(?:[a-z0-9*]+(?:[._-][a-z0-9*]+)*/)*[a-z0-9*]+(?:[._-][a-z0-9*]+)*$` (ECR API
/// model, `SigningRepositoryFilterValue`).
pub(super) const SIGNING: Language = Language { word: "WILDCARD_MATCH", flaw: signing_flaw };

fn is_wild(c: char) -> bool {
    is_plain(c) || c == '*'
}

fn is_plain(c: char) -> bool {
    matches!(c, 'a'..='z' | '0'..='9')
}

fn is_separator(c: char) -> bool {
    matches!(c, '.' | '_' | '-')
}

fn length_flaw(filter: &str, range: std::ops::RangeInclusive<usize>) -> Option<String> {
    let length = filter.chars().count();
    (!range.contains(&length))
        .then(|| format!("has {length} characters; ECR allows {} to {} in a filter", range.start(), range.end()))
}

fn character_flaw(filter: &str, legal: fn(char) -> bool, wildcards: &str) -> Option<String> {
    let bad = filter.chars().find(|c| !legal(*c) && !is_separator(*c) && *c != '/')?;
    Some(format!("{filter:?} contains {bad:?}; ECR allows lower-case letters, digits and . _ - /{wildcards}"))
}

fn scanning_flaw(filter: &str) -> Option<String> {
    let found = length_flaw(filter, 1..=255).or_else(|| character_flaw(filter, is_wild, ", and * for any characters"));
    let alone = filter.split(is_wild).all(|run| run.chars().count() <= 1);
    found.or_else(|| {
        (!alone || !filter.starts_with(is_wild) || !filter.ends_with(is_wild)).then(|| {
            format!(
                "{filter:?} has a . _ - or / at an end or beside another; ECR wants a letter, a digit or * on both sides \
                 of it"
            )
        })
    })
}

fn replication_flaw(filter: &str) -> Option<String> {
    if filter.contains('*') {
        return Some(format!(
            "{filter:?} has a *, and PREFIX_MATCH knows none: it is the beginning of a name. Leave RepositoryFilters out \
             to replicate every repository"
        ));
    }
    let found = length_flaw(filter, 2..=256).or_else(|| character_flaw(filter, is_plain, ""));
    found.or_else(|| {
        let parents = filter.rsplit_once('/').map(|(parents, _)| parents)?;
        let bad = parents.split('/').find(|part| !part.starts_with(is_plain))?;
        Some(format!(
            "{filter:?} has the path part {bad:?}; before a slash ECR wants one that begins with a letter or a digit"
        ))
    })
}

fn signing_flaw(filter: &str) -> Option<String> {
    let found = length_flaw(filter, 1..=256).or_else(|| character_flaw(filter, is_wild, ", and * for any characters"));
    found.or_else(|| {
        let bad = filter.split('/').find(|part| part.split(is_separator).any(str::is_empty))?;
        Some(format!(
            "{filter:?} has the path part {bad:?}; ECR wants letters, digits or * on both sides of each . _ - or /"
        ))
    })
}
