//! The `Tags` property: CloudFormation's list of `Key` and `Value`, or a plain map.

use super::fields::{Fields, scalar_text};
use crate::model::repository::{OWN_TAG_PREFIX, Tags};
use serde_json::Value;

/// Longest tag key (ECR API model, `InvalidTagParameterException`).
const MAX_KEY: usize = 128;
/// Longest tag value (same place).
const MAX_VALUE: usize = 256;

/// Reads `Tags`; `None` where it is absent.
pub(super) fn read(fields: &Fields<'_>) -> Option<Tags> {
    read_at(fields, "Tags")
}

/// Reads tags under another name; `None` where they are absent.
pub(super) fn read_at(fields: &Fields<'_>, property: &'static str) -> Option<Tags> {
    let mut tags = Tags::new();
    match fields.raw(property)? {
        Value::Object(map) => {
            for (key, value) in map {
                add(fields, &mut tags, &format!("{property}.{key}"), Some(key.clone()), scalar_text(value));
            }
        }
        Value::Array(list) => {
            for (index, item) in list.iter().enumerate() {
                let path = format!("{property}[{index}]");
                let stranger = item
                    .as_object()
                    .and_then(|members| members.keys().find(|key| !matches!(key.as_str(), "Key" | "Value")));
                if let Some(stranger) = stranger {
                    fields.problem(&format!("{path}.{stranger}"), "is not a member of a tag; Key and Value are");
                }
                let member = |name: &str| item.get(name).and_then(scalar_text);
                add(fields, &mut tags, &path, member("Key"), member("Value"));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            fields.problem(property, "must be a list of Key and Value, or a map");
        }
    }
    Some(tags)
}

fn add(fields: &Fields<'_>, tags: &mut Tags, path: &str, key: Option<String>, value: Option<String>) {
    let (Some(key), Some(value)) = (key, value) else {
        fields.problem(path, "needs a Key and a Value, both text");
        return;
    };
    if let Some(flaw) = flaw(&key, &value) {
        fields.problem(path, flaw);
    } else if tags.insert(key.clone(), value).is_some() {
        fields.problem(path, format!("repeats the key {key:?}; a repository has each key once"));
    }
}

/// Why ECR, or we, would refuse this tag.
pub(super) fn flaw(key: &str, value: &str) -> Option<String> {
    if let Some(flaw) = key_length_flaw(key) {
        return Some(flaw);
    }
    if value.chars().count() > MAX_VALUE {
        return Some(format!("has a value of {} characters; at most {MAX_VALUE} are allowed", value.chars().count()));
    }
    if key.to_ascii_lowercase().starts_with("aws:") {
        return Some(format!("has the key {key:?}; keys that begin with aws: belong to AWS"));
    }
    if key.to_ascii_lowercase().starts_with(OWN_TAG_PREFIX) {
        return Some(format!(
            "has the key {key:?}; keys that begin with {OWN_TAG_PREFIX} say who owns a repository and are written by ecr-steward alone"
        ));
    }
    character_flaw(key.chars().chain(value.chars()))
}

/// Why no repository can bear a tag with this key. Keys of AWS and of ours are keys too, where a tag is only looked at.
pub(super) fn key_flaw(key: &str) -> Option<String> {
    key_length_flaw(key).or_else(|| character_flaw(key.chars()))
}

/// Why no tag's value can match this pattern.
pub(super) fn value_glob_flaw(glob: &str) -> Option<String> {
    if glob.chars().count() > MAX_VALUE {
        return Some(format!("has {} characters; a tag's value has at most {MAX_VALUE}", glob.chars().count()));
    }
    character_flaw(glob.chars().filter(|c| !matches!(c, '*' | '?')))
}

fn key_length_flaw(key: &str) -> Option<String> {
    let length = key.chars().count();
    (length == 0 || length > MAX_KEY).then(|| format!("has a key of {length} characters; 1 to {MAX_KEY} are allowed"))
}

fn character_flaw(mut text: impl Iterator<Item = char>) -> Option<String> {
    let legal = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
    text.find(|c| !legal(*c))
        .map(|bad| format!("contains {bad:?}; tags hold letters, digits, spaces and _ . : / = + - @"))
}
