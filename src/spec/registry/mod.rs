//! What is wished of the registry: `Custom::EcrRegistry`, checked as a whole.

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
