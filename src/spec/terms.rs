//! What several declarations say in the same words: patterns of names and of tags, reasons and last days.

use super::fields::{Fields, kind_of, scalar_text, shown};
use super::findings::Glob;
use super::tags::{key_flaw, value_glob_flaw};
use crate::model::name::MAX_REPOSITORY_NAME;
use jiff::civil::Date;
use serde_json::Value;
use std::collections::BTreeMap;

/// Longest reason. It is kept beside everything it is the reason of.
pub(super) const MAX_REASON: usize = 1_000;

/// `Reason`; `why` says what it is the reason of.
pub(super) fn reason(fields: &Fields<'_>, why: &str) -> Option<String> {
    let key = "Reason";
    let reason = fields.required(key, why)?;
    let length = reason.chars().count();
    if reason.trim().is_empty() {
        fields.problem(key, format!("must not be empty; say {why}"));
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

/// Patterns of repository names; all where absent.
pub(super) fn names(fields: &Fields<'_>, key: &'static str) -> Vec<Glob> {
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

/// `Tags`: patterns of values by key; none where absent.
pub(super) fn tags(fields: &Fields<'_>) -> BTreeMap<String, Glob> {
    let mut globs = BTreeMap::new();
    for (tag, value) in fields.object("Tags").into_iter().flatten() {
        let path = format!("Tags.{tag}");
        let Some(glob) = scalar_text(value) else {
            fields.problem(&path, format!("must be a pattern of the tag's value, not {}", kind_of(value)));
            continue;
        };
        if let Some(flaw) = key_flaw(tag).or_else(|| value_glob_flaw(&glob)) {
            fields.problem(&path, flaw);
        }
        globs.insert(tag.clone(), Glob(glob));
    }
    globs
}
