//! What must change in the registry: pure decisions over what is wished, what was seen and who owns what.
//!
//! `record` says who owns what; `merge` puts a wish into what stands; `scan_type` knows what hangs on the scan type; `limits`
//! knows what ECR refuses of the whole; `writes` turns the difference into calls; `words` says it for people.

mod limits;
mod merge;
pub mod record;
mod scan_type;
pub mod words;
mod writes;

pub use merge::{Purpose, Standing, in_the_way, plan, sections};

use super::{Blocked, Risk};
use crate::model::registry::{CacheRule, CreationTemplate, ReplicationRule, ScanFrequency, SigningRule};
use crate::model::repository::ScanType;
use std::collections::{BTreeMap, BTreeSet};

/// One write to the registry, holding every argument it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryChange {
    /// `ecr:PutRegistryScanningConfiguration`; replaces type and rules.
    PutScanning {
        /// The type.
        scan_type: ScanType,
        /// The filters of each frequency; ECR takes at most 100 each.
        rules: BTreeMap<ScanFrequency, BTreeSet<String>>,
    },
    /// `ecr:PutReplicationConfiguration`; replaces all rules.
    PutReplication(Vec<ReplicationRule>),
    /// `ecr:PutRegistryPolicy`; replaces the whole policy.
    PutPolicy(String),
    /// `ecr:DeleteRegistryPolicy`
    DeletePolicy,
    /// `ecr:CreatePullThroughCacheRule`
    CreateCacheRule(CacheRule),
    /// `ecr:UpdatePullThroughCacheRule`: credential and role are all that can change.
    UpdateCacheRule(CacheRule),
    /// `ecr:DeletePullThroughCacheRule`, by prefix; what it cached stays.
    DeleteCacheRule(String),
    /// `ecr:CreateRepositoryCreationTemplate`
    CreateTemplate(CreationTemplate),
    /// `ecr:UpdateRepositoryCreationTemplate`, with every member.
    UpdateTemplate(CreationTemplate),
    /// `ecr:DeleteRepositoryCreationTemplate`, by prefix; what it made stays.
    DeleteTemplate(String),
    /// `ecr:RegisterPullTimeUpdateExclusion`, by principal.
    RegisterExclusion(String),
    /// `ecr:DeregisterPullTimeUpdateExclusion`, by principal.
    DeregisterExclusion(String),
    /// `ecr:PutSigningConfiguration`; replaces all rules.
    PutSigning(Vec<SigningRule>),
    /// `ecr:DeleteSigningConfiguration`
    DeleteSigning,
    /// `ecr:PutAccountSetting` of `BLOB_MOUNTING`.
    PutBlobMounting(bool),
}

impl RegistryChange {
    /// The IAM action that allows it.
    pub const fn action(&self) -> &'static str {
        match self {
            Self::PutScanning { .. } => "ecr:PutRegistryScanningConfiguration",
            Self::PutReplication(_) => "ecr:PutReplicationConfiguration",
            Self::PutPolicy(_) => "ecr:PutRegistryPolicy",
            Self::DeletePolicy => "ecr:DeleteRegistryPolicy",
            Self::CreateCacheRule(_) => "ecr:CreatePullThroughCacheRule",
            Self::UpdateCacheRule(_) => "ecr:UpdatePullThroughCacheRule",
            Self::DeleteCacheRule(_) => "ecr:DeletePullThroughCacheRule",
            Self::CreateTemplate(_) => "ecr:CreateRepositoryCreationTemplate",
            Self::UpdateTemplate(_) => "ecr:UpdateRepositoryCreationTemplate",
            Self::DeleteTemplate(_) => "ecr:DeleteRepositoryCreationTemplate",
            Self::RegisterExclusion(_) => "ecr:RegisterPullTimeUpdateExclusion",
            Self::DeregisterExclusion(_) => "ecr:DeregisterPullTimeUpdateExclusion",
            Self::PutSigning(_) => "ecr:PutSigningConfiguration",
            Self::DeleteSigning => "ecr:DeleteSigningConfiguration",
            Self::PutBlobMounting(_) => "ecr:PutAccountSetting",
        }
    }

    /// How much it can hurt.
    pub const fn risk(&self) -> Risk {
        match self {
            Self::CreateCacheRule(_) | Self::CreateTemplate(_) | Self::RegisterExclusion(_) => Risk::Additive,
            Self::PutScanning { .. }
            | Self::PutReplication(_)
            | Self::PutPolicy(_)
            | Self::UpdateCacheRule(_)
            | Self::UpdateTemplate(_)
            | Self::PutSigning(_)
            | Self::PutBlobMounting(_) => Risk::Altering,
            Self::DeletePolicy
            | Self::DeleteCacheRule(_)
            | Self::DeleteTemplate(_)
            | Self::DeregisterExclusion(_)
            | Self::DeleteSigning => Risk::Destructive,
        }
    }

    /// Is it done where what it removes is gone already?
    pub const fn is_done_when_gone(&self) -> bool {
        matches!(self.risk(), Risk::Destructive)
    }
}

/// One write and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryStep {
    /// The write, with every argument.
    pub change: RegistryChange,
    /// Before and after, in words: one for each entry that comes, goes or changes.
    pub why: String,
}

/// The whole decision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistryPlan {
    /// What will be written, in order.
    pub changes: Vec<RegistryStep>,
    /// The record for the time of writing: what is to stand, and what may still stand instead.
    pub intended: record::RegistryRecord,
    /// The record once everything stands.
    pub settled: record::RegistryRecord,
    /// What stands in the way; then nothing at all is written.
    pub blocked: Vec<Blocked>,
    /// What else there is to say: taken over, left alone, what a setting means.
    pub remarks: Vec<String>,
}
