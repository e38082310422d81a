//! What a statement means, without its spelling.
//!
//! Knows nothing of JSON.

use std::collections::{BTreeMap, BTreeSet};

/// A set that a statement names (`Action`) or everything outside of it (`NotAction`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Selection<T> {
    pub(super) inverted: bool,
    pub(super) members: BTreeSet<T>,
}

/// A statement without its spelling: two statements mean the same exactly when these are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Meaning {
    pub(super) sid: Option<String>,
    pub(super) allows: bool,
    /// Type of principal and principal; `"*"` alone is `("AWS", "*")`.
    pub(super) principals: Option<Selection<(String, String)>>,
    /// Lower case: action names know no case.
    pub(super) actions: Option<Selection<String>>,
    pub(super) resources: Option<Selection<String>>,
    /// Operator and key, both lower case, to values.
    pub(super) conditions: BTreeMap<(String, String), BTreeSet<String>>,
    /// Members unknown here, as JSON.
    pub(super) others: BTreeMap<String, String>,
}

impl Meaning {
    /// Whether a policy variable occurs, which only version 2012-10-17 of the language replaces.
    pub(super) fn has_variables(&self) -> bool {
        let resources = self.resources.iter().flat_map(|selection| &selection.members);
        self.conditions.values().flatten().chain(resources).any(|value| value.contains("${"))
    }
}
