//! The `Waivers` of a findings policy, and what they share with routes and OpenVEX documents.

use super::{Glob, Waiver};
use crate::model::name::MAX_REPOSITORY_NAME;
use crate::spec::fields::{Fields, kind_of, scalar_text, shown};
use jiff::civil::Date;
use serde_json::Value;

/// Most waivers of one policy, those of OpenVEX documents among them: each finding is held against all of them.
pub(super) const MAX_WAIVERS: usize = 1_000;
/// Longest reason. It is kept beside every finding it waives.
pub(super) const MAX_REASON: usize = 1_000;
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
    let repositories = repositories(fields);
    let reason = reason(fields);
    let owner = word(fields, "Owner");
    let until = until(fields);
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

fn reason(fields: &Fields<'_>) -> Option<String> {
    let key = "Reason";
    let reason = fields.required(key, "why the vulnerability can be lived with")?;
    let length = reason.chars().count();
    if reason.trim().is_empty() {
        fields.problem(key, "must not be empty; say why the vulnerability can be lived with");
    } else if length > MAX_REASON {
        fields.problem(key, format!("has {length} characters; at most {MAX_REASON} are allowed"));
    }
    Some(reason)
}

/// The last day something holds. One that is past is no mistake: what it waived is active again, which is the point.
pub(super) fn until(fields: &Fields<'_>) -> Option<Date> {
    let key = "Until";
    let text = fields.required(key, "the last day it holds, such as 2027-01-31")?;
    let date = date(text.trim());
    if date.is_none() {
        fields.problem(key, format!("must be a date such as 2027-01-31, not {}", shown(&Value::String(text))));
    }
    date
}

/// `YYYY-MM-DD` alone: the reader of dates also takes `20270131` and times, which would be cut off silently.
fn date(text: &str) -> Option<Date> {
    let is_plain = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
    text.parse().ok().filter(|_| is_plain)
}

/// `Repositories`: patterns of names; all where absent.
pub(super) fn repositories(fields: &Fields<'_>) -> Vec<Glob> {
    let key = "Repositories";
    let Some(items) = fields.list(key) else { return vec![Glob("*".to_owned())] };
    if items.is_empty() {
        fields.problem(key, "is empty and matches no repository; leave it out for all of them");
    }
    let mut globs = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let path = format!("{key}[{index}]");
        let Some(pattern) = scalar_text(item) else {
            fields.problem(&path, format!("must be a pattern of repository names, not {}", kind_of(item)));
            continue;
        };
        match repository_flaw(&pattern) {
            Some(flaw) => fields.problem(&path, flaw),
            None => globs.push(Glob(pattern)),
        }
    }
    globs
}

fn repository_flaw(pattern: &str) -> Option<String> {
    let length = pattern.chars().count();
    if length == 0 || length > MAX_REPOSITORY_NAME {
        return Some(format!("has {length} characters; a pattern of repository names has 1 to {MAX_REPOSITORY_NAME}"));
    }
    let legal = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-' | '/' | '*' | '?');
    pattern.chars().find(|c| !legal(*c)).map(|bad| {
        format!(
            "contains {bad:?}; repository names hold lower-case letters, digits and . _ - /, and patterns * and ? too"
        )
    })
}
