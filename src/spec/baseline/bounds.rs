//! May a more special rule say what it says? Only within what the more general one accepts.
//!
//! Each law answers with why it is not within; two rules that may stand together give `None`. Accepting less is always
//! within, so a chain of rules is within its first one.

use super::{LifecycleWish, MutabilityWish};
use crate::model::repository::{EncryptionType, MutabilityMode};
use std::collections::BTreeSet;

/// Of tag mutability: no further mode, and where filters are asked for, none that lets more tags move.
pub fn mutability(general: &MutabilityWish, special: &MutabilityWish) -> Option<String> {
    if let Some(mode) = special.modes.iter().find(|mode| !general.modes.contains(mode)) {
        let accepted: Vec<&str> = general.modes.iter().map(|mode| mode.as_str()).collect();
        return Some(format!("{} is not among {}", mode.as_str(), accepted.join(", ")));
    }
    if general.exclusions.is_empty() {
        return None;
    }
    let open = |filter: &String| format!("the exclusion {filter:?} lets tags move that it does not");
    for mode in &special.modes {
        let flaw = match mode {
            MutabilityMode::Mutable | MutabilityMode::Immutable => None,
            _ if special.exclusions.is_empty() => Some("any exclusion would be acceptable".to_owned()),
            MutabilityMode::ImmutableWithExclusion => {
                special.exclusions.iter().find(|filter| !general.exclusions.contains(filter)).map(open)
            }
            MutabilityMode::MutableWithExclusion => general
                .exclusions
                .iter()
                .find(|filter| !special.exclusions.contains(filter))
                .map(|filter| format!("the exclusion {filter:?} is missing, and its tags could move")),
        };
        if flaw.is_some() {
            return flaw;
        }
    }
    None
}

/// Of the lifecycle policy: one whose text is said does not become any policy at all.
pub fn lifecycle(general: &LifecycleWish, special: &LifecycleWish) -> Option<String> {
    let is_said = !matches!(general, LifecycleWish::Present);
    (is_said && matches!(special, LifecycleWish::Present))
        .then(|| "Present accepts any policy, and it says which one".to_owned())
}

/// Of encryption: no further type.
pub fn encryption(general: &[EncryptionType], special: &[EncryptionType]) -> Option<String> {
    let kind = special.iter().find(|kind| !general.contains(kind))?;
    let accepted: Vec<&str> = general.iter().map(|kind| kind.as_str()).collect();
    Some(format!("{} is not among {}", kind.as_str(), accepted.join(", ")))
}

/// Of allowed accounts: no further account.
pub fn accounts(general: &BTreeSet<String>, special: &BTreeSet<String>) -> Option<String> {
    let account = special.difference(general).next()?;
    Some(format!("{account} is not among the accounts it allows"))
}
