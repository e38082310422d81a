//! What must change in the registry: pure decisions over what is wished, what was seen and who owns what.

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
