//! Whose is it? Nothing is changed or deleted before this was answered.

use crate::fault::Fault;
use crate::model::Seen;
use crate::model::identity::Identity;
use crate::model::repository::{MANAGED_BY, MANAGED_BY_TAG, OWN_TAG_PREFIX, OWNER_TAG, Repository, STACK_TAG, Tags};
use std::collections::BTreeMap;

/// What is known of another owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnerState {
    /// Its stack exists and still has the resource.
    Alive,
    /// Its stack is gone, or no longer has the resource.
    Gone,
    /// Looking failed, so it counts as alive.
    Unknown(Fault),
}

/// Other owners, by owner tag.
pub type Owners = BTreeMap<String, OwnerState>;

/// To whom a repository belongs, seen from one custom resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// It does not exist.
    Free,
    /// It is ours.
    Ours,
    /// It exists and nobody owns it.
    Nobody,
    /// Its owner is gone.
    Orphan(String),
    /// Somebody else owns it: who, in words.
    Other(String),
    /// It could not be found out.
    Unknown(String),
}

/// Decides to whom a repository belongs.
pub fn ownership(identity: &Identity, seen: &Seen<Repository>, owners: &Owners) -> Ownership {
    let repository = match seen {
        Seen::Present(repository) => repository,
        Seen::Missing => return Ownership::Free,
        Seen::Unreadable(fault) => return Ownership::Unknown(fault.to_string()),
        Seen::Unasked => return Ownership::Unknown("nobody looked".to_owned()),
    };
    let tags = match &repository.tags {
        Seen::Present(tags) => tags,
        Seen::Missing => return Ownership::Nobody,
        Seen::Unreadable(fault) => return Ownership::Unknown(fault.to_string()),
        Seen::Unasked => return Ownership::Unknown("nobody read its tags".to_owned()),
    };
    match tags.get(OWNER_TAG) {
        None => Ownership::Nobody,
        Some(owner) if *owner == identity.owner() => Ownership::Ours,
        Some(owner) => {
            let words = owner_in_words(owner, tags);
            match owners.get(owner) {
                Some(OwnerState::Gone) => Ownership::Orphan(words),
                Some(OwnerState::Unknown(fault)) => Ownership::Other(format!(
                    "{words}; whether that stack still exists could not be found out: {fault}"
                )),
                Some(OwnerState::Alive) | None => Ownership::Other(words),
            }
        }
    }
}

fn owner_in_words(owner: &str, tags: &Tags) -> String {
    let stack = tags.get(STACK_TAG).map_or("unknown", String::as_str);
    let resource = owner.split_once('/').map_or(owner, |(_, resource)| resource);
    format!("resource {resource} of stack {stack} (owner tag {owner})")
}

/// The tag keys on `tags` that are ours: ownership, and the mark of who manages it.
pub fn own_tag_keys(tags: &Tags) -> Vec<String> {
    tags.iter()
        .filter(|(key, value)| key.starts_with(OWN_TAG_PREFIX) || (*key == MANAGED_BY_TAG && *value == MANAGED_BY))
        .map(|(key, _)| key.clone())
        .collect()
}
