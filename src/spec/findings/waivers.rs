//! The `Waivers` of a findings policy, and what they share with routes and OpenVEX documents.

use super::{Glob, Waiver};
use crate::spec::fields::Fields;
use crate::spec::terms;

/// Most waivers of one policy, those of OpenVEX documents among them: each finding is held against all of them.
pub(super) const MAX_WAIVERS: usize = 1_000;
/// Longest name of a vulnerability, a package or an owner.
pub(super) const MAX_WORD: usize = 512;

/// Reads the property.
pub(super) fn read(fields: &Fields<'_>) -> Vec<Waiver> {
    let key = "Waivers";
    let given = fields.list(key).map_or(0, Vec::len);
    if given > MAX_WAIVERS {
        fields.problem(key, format!("has {given} waivers; at most {MAX_WAIVERS} are allowed"));
    }
    let items = if given == 0 { None } else { fields.maps(key) };
    items.into_iter().flatten().filter_map(|item| waiver(&item)).collect()
}

fn waiver(fields: &Fields<'_>) -> Option<Waiver> {
    let vulnerability = vulnerability(fields);
    let package = word(fields, "Package").map(Glob);
    let repositories = terms::names(fields, "Repositories");
    let reason = terms::reason(fields, "why the vulnerability can be lived with");
    let owner = word(fields, "Owner");
    let until = terms::until(fields);
    fields.refuse_unknown();
    Some(Waiver {
        vulnerability: vulnerability?,
        package,
        version: None,
        digest: None,
        repositories,
        reason: reason?,
        owner,
        until: until?,
        path: fields.path().to_owned(),
    })
}

fn vulnerability(fields: &Fields<'_>) -> Option<Glob> {
    let key = "Vulnerability";
    let pattern =
        fields.required(key, "a vulnerability such as CVE-2026-0001, or a pattern of several with * and ?")?;
    let flaw = name_flaw(&pattern).or_else(|| {
        pattern.chars().all(|c| matches!(c, '*' | '?')).then(|| {
            format!("would waive everything, with {pattern:?}; name a vulnerability, or a pattern such as CVE-2026-*")
        })
    });
    flaw.map_or_else(
        || Some(Glob(pattern)),
        |flaw| {
            fields.problem(key, flaw);
            None
        },
    )
}

/// Why no scanner calls a vulnerability so.
pub(super) fn name_flaw(name: &str) -> Option<String> {
    if name.is_empty() || name.len() > MAX_WORD {
        return Some(format!("has {} characters; 1 to {MAX_WORD} are allowed", name.chars().count()));
    }
    let bad = name.chars().find(|c| !c.is_ascii_graphic());
    bad.map(|bad| format!("contains {bad:?}; names of vulnerabilities hold letters, digits and punctuation"))
}

/// A short text that is not empty where it is said.
fn word(fields: &Fields<'_>, key: &'static str) -> Option<String> {
    let word = fields.text(key)?;
    let length = word.chars().count();
    if word.trim().is_empty() || length > MAX_WORD {
        fields.problem(key, format!("has {length} characters; 1 to {MAX_WORD} are allowed, or leave it out"));
    } else if let Some(bad) = word.chars().find(|c| c.is_control()) {
        fields.problem(key, format!("contains {bad:?}, which is not a character to be read"));
    }
    Some(word)
}
