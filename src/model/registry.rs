//! What a registry has once per account and Region, taken apart into entries that several stacks can share.
//!
//! ECR keeps most of it as one document per Region, last writer wins. An [`Entry`] is the smallest part of such a document
//! that somebody can own: a filter of the scanning configuration, a replication rule, a statement of the registry policy.
//! Two entries with the same [`Key`] stand for the same place; they agree or contradict each other. Knows no client and no
//! declaration; says nothing of who owns what.

use super::policy::{Document, Statement};
use super::repository::{Encryption, Mutability, ScanType, Tags};
use crate::lifecycle;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The prefix of a cache rule or template that is for every repository without one of its own (ECR API model,
/// `PullThroughCacheRuleRepositoryPrefix`, `Prefix`).
pub const ROOT: &str = "ROOT";

/// What ECR reads and writes in one call, or as one collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Section {
    /// `GetRegistryScanningConfiguration`: the type and the rules.
    Scanning,
    /// `DescribeRegistry`: the replication rules.
    Replication,
    /// `GetRegistryPolicy`
    Policy,
    /// `DescribePullThroughCacheRules`
    PullThroughCache,
    /// `DescribeRepositoryCreationTemplates`
    CreationTemplates,
    /// `ListPullTimeUpdateExclusions`
    PullTimeExclusions,
    /// `GetSigningConfiguration`
    Signing,
    /// `GetAccountSetting` of `BLOB_MOUNTING`.
    BlobMounting,
}

/// How often the repositories a scan rule matches are scanned (ECR API model, `ScanFrequency`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScanFrequency {
    /// When an image is pushed.
    ScanOnPush,
    /// When an image is pushed, and again whenever something new is known; ENHANCED only.
    ContinuousScan,
    /// When somebody asks.
    Manual,
}

impl ScanFrequency {
    /// ECR's own word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ScanOnPush => "SCAN_ON_PUSH",
            Self::ContinuousScan => "CONTINUOUS_SCAN",
            Self::Manual => "MANUAL",
        }
    }
}

/// Where a replication rule copies to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Destination {
    /// The Region.
    pub region: String,
    /// The account, 12 digits.
    pub registry_id: String,
}

/// A rule of the replication configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReplicationRule {
    /// Where to.
    pub destinations: BTreeSet<Destination>,
    /// Prefixes of repository names (`PREFIX_MATCH`); empty: every repository.
    pub prefixes: BTreeSet<String>,
    /// Are deletions copied too (`deleteReplication.enabled`)? ECR's own default is no.
    #[serde(default)]
    pub delete_replication: bool,
}

/// A pull-through cache rule; known by its prefix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CacheRule {
    /// `EcrRepositoryPrefix`, or `ROOT`.
    pub prefix: String,
    /// `UpstreamRegistryUrl`
    pub upstream_url: String,
    /// `UpstreamRegistry`, as ECR calls it: `docker-hub`, …
    pub upstream: Option<String>,
    /// `UpstreamRepositoryPrefix`; `ROOT` where ECR says so.
    pub upstream_prefix: Option<String>,
    /// `CredentialArn`, of a secret whose name begins with `ecr-pullthroughcache/`.
    pub credential_arn: Option<String>,
    /// `CustomRoleArn`, for another account's ECR.
    pub custom_role_arn: Option<String>,
}

/// When a creation template is used (ECR API model, `RCTAppliedFor`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AppliedFor {
    /// A repository that replication makes.
    Replication,
    /// A repository that a pull-through cache makes.
    PullThroughCache,
    /// A repository that a push makes.
    CreateOnPush,
}

impl AppliedFor {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::PullThroughCache, Self::Replication, Self::CreateOnPush];

    /// ECR's own word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replication => "REPLICATION",
            Self::PullThroughCache => "PULL_THROUGH_CACHE",
            Self::CreateOnPush => "CREATE_ON_PUSH",
        }
    }
}

/// A repository creation template; known by its prefix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreationTemplate {
    /// `Prefix`, or `ROOT`.
    pub prefix: String,
    /// `Description`; at most 256 characters.
    pub description: Option<String>,
    /// When it is used; never empty.
    pub applied_for: BTreeSet<AppliedFor>,
    /// Tag mutability.
    pub mutability: Mutability,
    /// Encryption.
    pub encryption: Encryption,
    /// `ResourceTags`
    pub tags: Tags,
    /// `LifecyclePolicy`, as text.
    pub lifecycle_policy: Option<String>,
    /// `RepositoryPolicy`, as text.
    pub repository_policy: Option<String>,
    /// `CustomRoleArn`; needed for tags and KMS.
    pub custom_role_arn: Option<String>,
}

/// A rule of the signing configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SigningRule {
    /// ARN of the Signer profile.
    pub signing_profile_arn: String,
    /// Wildcards for repository names (`WILDCARD_MATCH`); empty: every repository.
    pub filters: BTreeSet<String>,
}

/// A statement of the registry policy; known by its Sid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyEntry {
    /// Its Sid; a held statement without one goes by a fingerprint of its text.
    pub sid: String,
    /// The statement as JSON.
    pub text: String,
}

/// The smallest part somebody can own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// The registry's scan type.
    ScanType(ScanType),
    /// One filter of a scan rule. A filter without `*` matches every name that contains it (ECR user guide, "Using
    /// filters").
    ScanFilter {
        /// The rule it belongs to: ECR takes one per frequency.
        frequency: ScanFrequency,
        /// 1 to 255 characters.
        filter: String,
    },
    /// A replication rule.
    Replication(ReplicationRule),
    /// A statement of the registry policy.
    Statement(PolicyEntry),
    /// A pull-through cache rule.
    CacheRule(CacheRule),
    /// A creation template.
    Template(CreationTemplate),
    /// A principal whose pulls do not count as pulls.
    Exclusion(String),
    /// A signing rule.
    Signing(SigningRule),
    /// Are layers shared between repositories on push (`BLOB_MOUNTING`)?
    BlobMounting(bool),
}

/// The place an entry stands for; two entries with one key agree or contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// Where ECR keeps it.
    pub section: Section,
    /// What it is known by there; empty for the one of its kind.
    pub name: String,
}

impl Entry {
    /// The place it stands for.
    pub fn key(&self) -> Key {
        let (section, name) = match self {
            Self::ScanType(_) => (Section::Scanning, String::new()),
            // A filter is in one rule: of two, ECR would take the more frequent one without a word.
            Self::ScanFilter { filter, .. } => (Section::Scanning, filter.clone()),
            Self::Replication(rule) => (Section::Replication, rule.name()),
            Self::Statement(statement) => (Section::Policy, statement.sid.clone()),
            Self::CacheRule(rule) => (Section::PullThroughCache, rule.prefix.clone()),
            Self::Template(template) => (Section::CreationTemplates, template.prefix.clone()),
            Self::Exclusion(principal) => (Section::PullTimeExclusions, principal.clone()),
            Self::Signing(rule) => (Section::Signing, rule.name()),
            Self::BlobMounting(_) => (Section::BlobMounting, String::new()),
        };
        Key { section, name }
    }

    /// Do both say the same? Policies and statements are compared by what they mean, and what ECR fills in by itself
    /// where nothing is said makes no difference.
    pub fn agrees_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Statement(one), Self::Statement(two)) => one.sid == two.sid && one.means(two),
            (Self::CacheRule(one), Self::CacheRule(two)) => one.means(two),
            (Self::Template(one), Self::Template(two)) => one.means(two),
            _ => self == other,
        }
    }
}

impl ReplicationRule {
    /// From which repositories to where: what tells rules apart. Whether deletions are copied is what two can differ in.
    fn name(&self) -> String {
        let to: Vec<String> =
            self.destinations.iter().map(|place| format!("{}/{}", place.region, place.registry_id)).collect();
        let from: Vec<&str> = self.prefixes.iter().map(String::as_str).collect();
        format!("{} -> {}", from.join(","), to.join(","))
    }
}

impl SigningRule {
    fn name(&self) -> String {
        let of: Vec<&str> = self.filters.iter().map(String::as_str).collect();
        format!("{} {}", self.signing_profile_arn, of.join(","))
    }
}

impl CacheRule {
    /// ECR tells the upstream from its address, and fills in `ROOT` where no prefix of it is said.
    fn means(&self, other: &Self) -> bool {
        let told = |rule: &Self| {
            let upstream = rule.upstream.clone().or_else(|| self.upstream.clone()).or_else(|| other.upstream.clone());
            let upstream_prefix = Some(rule.upstream_prefix.clone().unwrap_or_else(|| ROOT.to_owned()));
            Self { upstream, upstream_prefix, ..rule.clone() }
        };
        told(self) == told(other)
    }

    /// Is all that differs what ECR can change of a rule that is there: the credential and the role?
    pub fn reads_like(&self, other: &Self) -> bool {
        let (credential_arn, custom_role_arn) = (other.credential_arn.clone(), other.custom_role_arn.clone());
        Self { credential_arn, custom_role_arn, ..self.clone() }.means(other)
    }
}

impl CreationTemplate {
    /// Policies are texts that ECR may write anew; an empty description is none; filters have no order.
    fn means(&self, other: &Self) -> bool {
        let rest = |template: &Self| {
            let mut rest = template.clone();
            rest.lifecycle_policy = None;
            rest.repository_policy = None;
            rest.description = rest.description.filter(|text| !text.is_empty());
            rest.mutability.exclusions.sort();
            rest
        };
        let lifecycle = same_texts(self.lifecycle_policy.as_deref(), other.lifecycle_policy.as_deref(), |one, two| {
            let (one, two) = (lifecycle::parse_text(one).ok()?, lifecycle::parse_text(two).ok()?);
            Some(one.means_the_same(&two))
        });
        let access = same_texts(self.repository_policy.as_deref(), other.repository_policy.as_deref(), |one, two| {
            let (one, two) = (Document::parse_text(one).ok()?, Document::parse_text(two).ok()?);
            Some(one.means_the_same(&two))
        });
        lifecycle && access && rest(self) == rest(other)
    }
}

/// Two texts that are the same, or mean the same where both can be read.
fn same_texts(one: Option<&str>, two: Option<&str>, means: impl Fn(&str, &str) -> Option<bool>) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => one == two || means(one, two).unwrap_or(false),
        (one, two) => one.is_none() && two.is_none(),
    }
}

impl PolicyEntry {
    fn means(&self, other: &Self) -> bool {
        let read = |text: &str| {
            let value = serde_json::from_str(text).ok()?;
            Statement::parse_for(super::policy::Kind::Registry, &value).ok()
        };
        match (read(&self.text), read(&other.text)) {
            (Some(one), Some(two)) => one.means_the_same(&two),
            _ => self.text == other.text,
        }
    }
}
