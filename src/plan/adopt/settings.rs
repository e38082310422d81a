//! One repository's settings as a declaration would say them, facet by facet, and what saying one over another costs.

use super::Found;
use super::access::Access;
use super::lifecycle::Lifecycle;
use crate::model::Seen;
use crate::model::repository::{Encryption, EncryptionType, Mutability, MutabilityMode};
use serde_json::{Value, json};

/// Properties, in the order they are to be read.
pub(super) type Said = Vec<(&'static str, Value)>;

/// Properties that are said, replaced and inherited together.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Facet {
    Mutability(Mutability),
    Scanning(bool),
    Encryption(Encryption),
    Lifecycle(Lifecycle),
    Access(Access),
}

/// One of each kind, always in the same order.
pub(super) type Settings = [Facet; 5];

/// More than any declaration is worth: what cannot be said there.
const UNSAYABLE: usize = 1_000_000;

/// What the contract says where nobody says anything.
pub(super) fn contract() -> Settings {
    [
        Facet::Mutability(Mutability { mode: MutabilityMode::Mutable, exclusions: Vec::new() }),
        Facet::Scanning(true),
        Facet::Encryption(Encryption { kind: EncryptionType::Aes256, kms_key: None }),
        Facet::Lifecycle(Lifecycle::contract()),
        Facet::Access(Access::contract()),
    ]
}

/// The settings of a repository, or why they cannot be declared.
pub(super) fn settings(found: &Found) -> Result<Settings, Unsayable> {
    let lifecycle = text(&found.lifecycle, "lifecycle policy")?;
    let policy = text(&found.policy, "repository policy")?;
    Ok([
        Facet::Mutability(found.mutability.clone()),
        Facet::Scanning(found.scan_on_push),
        Facet::Encryption(found.encryption.clone()),
        Facet::Lifecycle(Lifecycle::read(lifecycle).map_err(Unsayable::Beyond)?),
        Facet::Access(Access::read(policy).map_err(Unsayable::Beyond)?),
    ])
}

/// Why something cannot be declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unsayable {
    /// Nobody could read it.
    Unread(String),
    /// It was read, and there are no words for it.
    Beyond(String),
}

/// What was seen of one thing, or that nobody saw it.
pub(super) fn seen<'a, T>(seen: &'a Seen<T>, what: &str) -> Result<Option<&'a T>, Unsayable> {
    match seen {
        Seen::Present(thing) => Ok(Some(thing)),
        Seen::Missing => Ok(None),
        Seen::Unreadable(fault) => Err(Unsayable::Unread(format!("its {what} could not be read: {fault}"))),
        Seen::Unasked => Err(Unsayable::Unread(format!("nobody looked at its {what}"))),
    }
}

fn text<'a>(found: &'a Seen<String>, what: &str) -> Result<Option<&'a str>, Unsayable> {
    Ok(seen(found, what)?.map(String::as_str))
}

impl Facet {
    /// What has to be said where `base` is said already; `None` where no words lead from there to here.
    pub(super) fn over(&self, base: &Self) -> Option<Said> {
        Some(match (self, base) {
            (Self::Mutability(wanted), Self::Mutability(base)) => mutability(wanted, base),
            (Self::Scanning(wanted), Self::Scanning(base)) if wanted == base => Said::new(),
            (Self::Scanning(wanted), Self::Scanning(_)) => vec![("ScanOnPush", json!(wanted))],
            (Self::Encryption(wanted), Self::Encryption(base)) => encryption(wanted, base)?,
            (Self::Lifecycle(wanted), Self::Lifecycle(base)) => wanted.over(base),
            (Self::Access(wanted), Self::Access(base)) => wanted.over(base),
            _ => return None,
        })
    }

    /// The lines that takes.
    pub(super) fn lines_over(&self, base: &Self) -> usize {
        match (self, base) {
            (Self::Lifecycle(wanted), Self::Lifecycle(base)) => wanted.lines_over(base),
            _ => self.over(base).map_or(UNSAYABLE, |said| said.iter().map(|(_, value)| lines(value)).sum()),
        }
    }
}

/// Filters belong to the mode they were said with: another mode does not inherit them.
fn mutability(wanted: &Mutability, base: &Mutability) -> Said {
    let mut said = Said::new();
    if wanted.mode != base.mode {
        said.push(("ImageTagMutability", json!(wanted.mode.as_str())));
    }
    if wanted != base && wanted.mode.takes_exclusions() {
        said.push(("ImageTagMutabilityExclusions", json!(wanted.exclusions)));
    }
    said
}

/// A key is inherited by whatever takes one, and nothing says "the account's own key" over another.
fn encryption(wanted: &Encryption, base: &Encryption) -> Option<Said> {
    let mut said = Said::new();
    if wanted.kind != base.kind {
        said.push(("EncryptionType", json!(wanted.kind.as_str())));
    }
    match (&wanted.kms_key, &base.kms_key) {
        (Some(wanted), base) if base.as_ref() != Some(wanted) => said.push(("KmsKey", json!(wanted))),
        (None, Some(_)) if wanted.kind != EncryptionType::Aes256 => return None,
        _ => {}
    }
    Some(said)
}

/// Lines a property with this value takes in YAML, written one thing a line.
pub(super) fn lines(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(item_lines).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(lines).sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
    }
}

/// The first member of a map stands beside the dash.
fn item_lines(item: &Value) -> usize {
    match item {
        Value::Object(members) if !members.is_empty() => members.values().map(lines).sum(),
        other => lines(other),
    }
}
