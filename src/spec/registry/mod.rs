//! What is wished of the registry: `Custom::EcrRegistry`, checked as a whole.
//!
//! `check` puts a declaration together and reports every problem at once; each property, or group of them, has a file of
//! its own. `filters` has the languages of ECR's repository filters and what scan filters match. What stands in the
//! registry and who else declared what is not known here: the merged whole is judged in `plan::registry`.

mod access;
mod arns;
mod cache;
mod check;
mod filters;
mod lists;
mod replication;
mod scanning;
mod statements;
mod templates;
mod upstreams;
mod words;

pub use check::check;
pub use filters::matches;
pub use words::{ScanRules, scan_rules, scanned_in_words};

use crate::model::place::Place;
use crate::model::registry::{Entry, Key};
use std::collections::BTreeMap;

/// What becomes of our entries when the resource is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDelete {
    /// They stay, and belong to nobody.
    #[default]
    Retain,
    /// They go, and what stood there before is put back.
    Restore,
}

/// A registry, checked: the entries it declares, by the place each stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistryWish {
    /// The entries.
    pub entries: BTreeMap<Key, Entry>,
    /// What becomes of them.
    pub on_delete: OnDelete,
}

/// Where the registry is. What is not known (a check without AWS) is not checked against, and stands as `*` in ARNs.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// `aws`, `aws-cn`, …
    pub partition: &'a str,
    /// The Region.
    pub region: Option<&'a str>,
    /// The registry's own account, 12 digits.
    pub account: Option<&'a str>,
}

impl<'a> Around<'a> {
    /// A registry whose place is known.
    pub fn of(place: &'a Place) -> Self {
        Self { partition: &place.partition, region: Some(&place.region), account: Some(&place.account) }
    }
}
