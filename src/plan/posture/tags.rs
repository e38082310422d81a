//! Required tags.

use super::layers::Applied;
use super::verdict::{Mend, Verdict};
use crate::model::Seen;
use crate::model::repository::{MAX_TAGS, Tags};
use std::collections::{BTreeMap, BTreeSet};

/// One rule and the tags it says.
type Asked<'b> = (Applied<'b>, BTreeMap<&'b str, Option<&'b str>>);

/// One verdict for each rule. Missing tags with a value are set, if all of them together fit on the repository; those
/// without one, and other values than the wished, are for people.
pub(super) fn verdicts(asked: &[Asked<'_>], found: &Seen<Tags>) -> Vec<Verdict> {
    let none = Tags::new();
    let current = match found {
        Seen::Present(tags) => tags,
        Seen::Missing => &none,
        Seen::Unreadable(_) | Seen::Unasked => {
            return asked.iter().map(|(_, tags)| untold(found, wished(tags))).collect();
        }
    };
    let settable = asked.iter().filter(|(applied, _)| applied.leave().is_none()).flat_map(|(_, tags)| tags);
    let keys: BTreeSet<&str> = settable.filter_map(|(key, value)| value.map(|_| *key)).collect();
    let count = keys.len() + current.keys().filter(|key| !keys.contains(key.as_str())).count();
    asked.iter().map(|(_, tags)| verdict(tags, current, count)).collect()
}

/// What a rule says of a repository of which nobody can tell whether the rule is for it.
pub(super) fn unsure(found: &Seen<Tags>) -> Verdict {
    untold(found, String::new()).with_note("so whether this rule is for the repository cannot be told")
}

fn untold(found: &Seen<Tags>, wished: String) -> Verdict {
    match found {
        Seen::Unreadable(fault) => Verdict::unreadable("its tags", fault, wished),
        Seen::Present(_) | Seen::Missing | Seen::Unasked => Verdict::unasked("its tags", wished),
    }
}

fn wished(tags: &BTreeMap<&str, Option<&str>>) -> String {
    let words =
        tags.iter().map(|(key, value)| value.map_or_else(|| (*key).to_owned(), |value| format!("{key}={value}")));
    words.collect::<Vec<_>>().join(", ")
}

/// `count`: how many tags it would carry once all that can be set are.
fn verdict(tags: &BTreeMap<&str, Option<&str>>, current: &Tags, count: usize) -> Verdict {
    let (mut set, mut open, mut other) = (Tags::new(), Vec::new(), Vec::new());
    for (key, value) in tags {
        match (value, current.get(*key)) {
            (None, Some(_)) => {}
            (Some(value), Some(found)) if value == found => {}
            (Some(_), Some(found)) => other.push(format!("{key}={found}")),
            (Some(value), None) => {
                set.insert((*key).to_owned(), (*value).to_owned());
            }
            (None, None) => open.push(*key),
        }
    }
    let missing: Vec<&str> = set.keys().map(String::as_str).chain(open.iter().copied()).collect();
    let missing = if missing.is_empty() { None } else { Some(format!("missing: {}", missing.join(", "))) };
    let others = if other.is_empty() { None } else { Some(format!("otherwise: {}", other.join(", "))) };
    let found: Vec<String> = [missing, others].into_iter().flatten().collect();
    if found.is_empty() {
        return Verdict::pass("all are there", wished(tags));
    }
    let mut verdict = Verdict::fail(found.join("; "), wished(tags));
    if !open.is_empty() {
        verdict = verdict.with_note(format!("what to set {} to is for people to say", open.join(", ")));
    }
    if !other.is_empty() {
        verdict = verdict.with_note("values that are there are not replaced");
    }
    if set.is_empty() {
        return verdict;
    }
    if count > MAX_TAGS {
        return verdict
            .with_note(format!("it would carry {count} tags and ECR allows {MAX_TAGS}, so none is set; remove some"));
    }
    verdict.mended_by(Mend::Tags(set))
}
