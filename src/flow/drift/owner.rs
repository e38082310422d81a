//! Whose a repository is, and what its owner is doing.

use crate::model::identity::Identity;
use crate::model::name::RepositoryName;
use crate::model::repository::{Encryption, Tags};
use crate::plan::ledger::Ledger;
use crate::spec::{DriftMode, RepositorySpec};
use std::collections::BTreeSet;

/// What a fleet's committed declaration says of one repository, with what the ledger knows beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    /// The resource that declares it.
    pub identity: Identity,
    /// What it is to be.
    pub spec: RepositorySpec,
    /// What is done about differences.
    pub drift_mode: DriftMode,
    /// The stack's own tags, where they are propagated.
    pub stack_tags: Tags,
    /// Tag keys it had before it was adopted; they keep their values.
    pub kept_keys: BTreeSet<String>,
    /// Tag keys that some declaration put there.
    pub declared_keys: BTreeSet<String>,
    /// The encryption that was last declared.
    pub encryption_before: Option<Encryption>,
    /// What its owner is doing.
    pub hold: Hold,
}

/// What the owner of a repository is doing.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Hold {
    /// It is at rest: its repositories are held to its declaration.
    AtRest,
    /// An operation is going on, in words; its repositories are left alone.
    Moving(String),
    /// It is gone: nobody holds them to anything.
    Orphan,
    /// It could not be found out, in words; its repositories are left alone.
    Unknown(String),
}

/// What a ledger's committed declaration says of a repository; `None` where it does not list it.
pub fn claimed(ledger: &Ledger, name: &RepositoryName, stack_tags: Option<&Tags>, hold: Hold) -> Option<Claimed> {
    // What stands in the public gallery is never what a private registry holds under the same name.
    let committed = ledger.committed.as_ref().filter(|committed| !committed.fleet.is_public())?;
    let spec = committed.fleet.repository(name)?;
    let propagated = stack_tags.filter(|_| committed.fleet.propagate_stack_tags);
    Some(Claimed {
        identity: ledger.identity.clone(),
        spec: spec.clone(),
        drift_mode: committed.fleet.drift_mode,
        stack_tags: propagated.unwrap_or(&ledger.stack_tags).clone(),
        kept_keys: ledger.adopted.get(name).map(|adoption| adoption.tag_keys.clone()).unwrap_or_default(),
        declared_keys: ledger.declared_tag_keys(name),
        encryption_before: Some(spec.encryption.clone()),
        hold,
    })
}
