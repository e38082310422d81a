//! `Require`: what a rule asks of repositories.

use super::{LifecycleWish, MutabilityWish, Require};
use crate::lifecycle;
use crate::model::repository::{EncryptionType, MAX_TAGS, MutabilityMode};
use crate::spec::effective::{retention, retention_problems};
use crate::spec::fields::{Fields, kind_of, nearest, scalar_text, shown};
use crate::spec::layer::{Layer, checked_texts, exclusions, whole_policy};
use crate::spec::tags;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What may be asked for, for a rule that asks for nothing.
const ALL: &str = "ScanOnPush, ImageTagMutability, LifecyclePolicy, EncryptionType, RequiredTags, NoPublicPrincipals or AllowedAccounts";

/// Reads the property.
pub(super) fn read(fields: &Fields<'_>) -> Require {
    let key = "Require";
    if fields.raw(key).is_none() {
        fields.problem(key, format!("is required: a map of at least one of {ALL}"));
    }
    let Some(own) = fields.map(key) else { return Require::default() };
    let says = |property| own.raw(property).is_some();
    let is_empty = ![
        says("ScanOnPush"),
        says("ImageTagMutability"),
        says("LifecyclePolicy"),
        says("EncryptionType"),
        says("RequiredTags"),
        says("NoPublicPrincipals"),
        says("AllowedAccounts"),
    ]
    .contains(&true);
    let require = Require {
        scan_on_push: only_true(&own, "ScanOnPush"),
        mutability: mutability(&own),
        lifecycle: lifecycle_wish(&own),
        encryption: own.choices("EncryptionType", &EncryptionType::ALL.map(|kind| (kind.as_str(), kind))),
        required_tags: required_tags(&own),
        no_public_principals: only_true(&own, "NoPublicPrincipals"),
        allowed_accounts: allowed_accounts(&own),
    };
    own.refuse_unknown();
    if is_empty {
        fields.problem(key, format!("asks for nothing; name at least one of {ALL}"));
    }
    require
}

/// A requirement that is there or is not: nobody would want repositories held to the opposite.
fn only_true(fields: &Fields<'_>, key: &'static str) -> bool {
    let said = fields.flag(key);
    if said == Some(false) {
        fields.problem(key, "can only be required as true; leave it out where it is not required");
    }
    said == Some(true)
}

fn mutability(fields: &Fields<'_>) -> Option<MutabilityWish> {
    let key = "ImageTagMutabilityExclusions";
    let modes = fields.choices("ImageTagMutability", &MutabilityMode::ALL.map(|mode| (mode.as_str(), mode)));
    let filters = exclusions(fields);
    let is_said = fields.raw(key).is_some();
    let Some(modes) = modes else {
        if is_said && fields.raw("ImageTagMutability").is_none() {
            fields.problem(key, "says nothing without ImageTagMutability; name IMMUTABLE_WITH_EXCLUSION there");
        }
        return None;
    };
    let set = modes.first().copied().filter(|mode| mode.takes_exclusions());
    if let Some(mode) = set.filter(|_| !is_said) {
        let what = format!("is required with ImageTagMutability {}, the mode to set: 1 to 5 filters", mode.as_str());
        fields.problem(key, what);
    }
    if is_said && !modes.iter().any(|mode| mode.takes_exclusions()) {
        fields.problem(
            key,
            "is only allowed where IMMUTABLE_WITH_EXCLUSION or MUTABLE_WITH_EXCLUSION is acceptable; remove it, or name one of them in ImageTagMutability",
        );
    }
    Some(MutabilityWish { modes, exclusions: filters.unwrap_or_default() })
}

fn lifecycle_wish(fields: &Fields<'_>) -> Option<LifecycleWish> {
    let key = "LifecyclePolicy";
    let inputs = Layer::read_generator(fields);
    let raw = fields.raw(key);
    if raw.and_then(Value::as_str) == Some("Generated") {
        let retention = retention(&inputs);
        for (property, message) in retention_problems(&retention) {
            fields.problem(&property, message);
        }
        return Some(LifecycleWish::Generated(lifecycle::generate(&retention), retention.protected_tag_patterns));
    }
    for property in inputs.generator_inputs() {
        fields.problem(property, "is only allowed with LifecyclePolicy Generated, which is made from it; remove it");
    }
    match raw? {
        Value::String(word) if word == "Present" => Some(LifecycleWish::Present),
        Value::String(word) if !word.trim_start().starts_with('{') => {
            let hint = nearest(word, ["Present", "Generated"].into_iter());
            let hint = hint.map_or_else(String::new, |word| format!("; did you mean {word}?"));
            let word = shown(&Value::String(word.clone()));
            fields.problem(
                key,
                format!(
                    "must be Present, Generated, or a whole lifecycle policy as a map or JSON text, not {word}{hint}"
                ),
            );
            None
        }
        raw => whole_policy(fields, key, raw).map(LifecycleWish::Whole),
    }
}

/// A list of keys, or a map of keys and values.
fn required_tags(fields: &Fields<'_>) -> BTreeMap<String, Option<String>> {
    let key = "RequiredTags";
    let mut tags = BTreeMap::new();
    let given = match fields.raw(key) {
        None => return tags,
        Some(Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                let path = format!("{key}[{index}]");
                match scalar_text(item) {
                    Some(tag) if tags.contains_key(&tag) => {
                        fields.problem(&path, format!("repeats the key {tag:?}; remove one"));
                    }
                    Some(tag) => add_tag(fields, &mut tags, &path, (tag, None)),
                    None => fields.problem(&path, format!("must be a tag's key, not {}", kind_of(item))),
                }
            }
            items.len()
        }
        Some(Value::Object(members)) => {
            for (tag, value) in members {
                let path = format!("{key}.{tag}");
                match scalar_text(value) {
                    Some(value) => add_tag(fields, &mut tags, &path, (tag.clone(), Some(value))),
                    None => fields.problem(&path, format!("must be the tag's value, not {}", kind_of(value))),
                }
            }
            members.len()
        }
        Some(other) => {
            let what = "must be a list of tag keys, or a map of keys and the values to set where they are missing";
            fields.problem(key, format!("{what}, not {}", kind_of(other)));
            return tags;
        }
    };
    if !(1..=MAX_TAGS).contains(&given) {
        fields.problem(key, format!("has {given} tags; a repository may carry 1 to {MAX_TAGS}"));
    }
    tags
}

fn add_tag(
    fields: &Fields<'_>,
    tags: &mut BTreeMap<String, Option<String>>,
    path: &str,
    (key, value): (String, Option<String>),
) {
    match tags::flaw(&key, value.as_deref().unwrap_or_default()) {
        Some(flaw) => fields.problem(path, flaw),
        None => {
            tags.insert(key, value);
        }
    }
}

fn allowed_accounts(fields: &Fields<'_>) -> Option<BTreeSet<String>> {
    let accounts = checked_texts(fields, "AllowedAccounts", |account| {
        let is_account = account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
        if is_account {
            return Ok(account.to_owned());
        }
        Err(format!("{account:?} is not an account id of 12 digits; in YAML it has to stand in quotation marks"))
    })?;
    Some(accounts.into_iter().collect())
}
