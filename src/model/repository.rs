//! A repository's settings as ECR has them, and what was seen of one.

use super::Seen;
use super::catalog::Catalog;
use super::name::RepositoryName;
use super::policy::Document;
use crate::lifecycle::Policy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Tags by key, sorted: the same tags always give the same bytes.
pub type Tags = BTreeMap<String, String>;

/// Says which custom resource owns a repository; see `Identity::owner`.
pub const OWNER_TAG: &str = "ecr-steward:owner";
/// The owning stack's name, for people.
pub const STACK_TAG: &str = "ecr-steward:stack";
/// When the name left its declaration (RFC 3339).
pub const RELEASED_TAG: &str = "ecr-steward:released";
/// Every key of ours begins with this.
pub const OWN_TAG_PREFIX: &str = "ecr-steward:";
/// The tag that tells people who manages the repository…
pub const MANAGED_BY_TAG: &str = "ManagedBy";
/// …and its value.
pub const MANAGED_BY: &str = "ecr-steward";
/// Tags a repository may carry (ECR API model, `TooManyTagsException`).
pub const MAX_TAGS: usize = 50;
/// Of these, ours: `Project`, `Environment`, `ManagedBy`, owner, stack and released.
pub const OWN_TAGS: usize = 6;

/// May a tag be moved to another image?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MutabilityMode {
    /// Every tag may move.
    Mutable,
    /// No tag may move.
    Immutable,
    /// Only tags that match an exclusion filter may move.
    ImmutableWithExclusion,
    /// Only tags that match an exclusion filter may not move.
    MutableWithExclusion,
}

impl MutabilityMode {
    /// All modes, in the order the documentation lists them.
    pub const ALL: [Self; 4] =
        [Self::Mutable, Self::Immutable, Self::ImmutableWithExclusion, Self::MutableWithExclusion];

    /// ECR's own word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mutable => "MUTABLE",
            Self::Immutable => "IMMUTABLE",
            Self::ImmutableWithExclusion => "IMMUTABLE_WITH_EXCLUSION",
            Self::MutableWithExclusion => "MUTABLE_WITH_EXCLUSION",
        }
    }

    /// Does the mode need, and allow, exclusion filters?
    pub const fn takes_exclusions(self) -> bool {
        matches!(self, Self::ImmutableWithExclusion | Self::MutableWithExclusion)
    }
}

/// Tag mutability and its exclusion filters (`WILDCARD`, the only kind there is), sorted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mutability {
    /// The mode.
    pub mode: MutabilityMode,
    /// Filters such as `latest` or `dev-*`; only with the `_WITH_EXCLUSION` modes.
    pub exclusions: Vec<String>,
}

/// How a repository's layers are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EncryptionType {
    /// With keys Amazon S3 manages.
    Aes256,
    /// With a KMS key.
    Kms,
    /// Twice, with a KMS key; not offered in every Region.
    KmsDsse,
}

impl EncryptionType {
    /// All types.
    pub const ALL: [Self; 3] = [Self::Aes256, Self::Kms, Self::KmsDsse];

    /// ECR's own word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aes256 => "AES256",
            Self::Kms => "KMS",
            Self::KmsDsse => "KMS_DSSE",
        }
    }
}

/// Encryption type and key. ECR cannot change either once the repository exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    /// The type.
    pub kind: EncryptionType,
    /// Key id, ARN or alias; `None` with KMS means the account's `aws/ecr` key.
    pub kms_key: Option<String>,
}

impl Encryption {
    /// Is a repository encrypted like `actual` what this wishes?
    ///
    /// ECR reports the key's ARN. A wish by alias cannot be compared without asking KMS, and the key behind an
    /// existing repository cannot change, so only a wish that names another key outright differs.
    pub fn is_met_by(&self, actual: &Self) -> bool {
        if self.kind != actual.kind {
            return false;
        }
        let (Some(wished), Some(found)) = (&self.kms_key, &actual.kms_key) else {
            return true;
        };
        wished.contains("alias/") || same_key(wished, found)
    }

    /// Does this name, by ARN or id, the very key of `actual`, or no key where none is used?
    pub fn names_key_of(&self, actual: &Self) -> bool {
        match (&self.kms_key, &actual.kms_key) {
            (Some(wished), Some(found)) => !wished.contains("alias/") && same_key(wished, found),
            (wished, found) => wished == found,
        }
    }
}

/// A key's id is the last part of its ARN.
fn same_key(one: &str, other: &str) -> bool {
    one.rsplit('/').next() == other.rsplit('/').next()
}

/// A lifecycle policy as ECR returned it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundLifecycle {
    /// The text, unchanged.
    pub text: String,
    /// The same, parsed; `None` where it uses something this version does not know.
    pub policy: Option<Policy>,
}

/// A repository policy as ECR returned it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPolicy {
    /// The text, unchanged.
    pub text: String,
    /// The same, parsed; `None` where it is beyond this version.
    pub document: Option<Document>,
}

/// One repository as it was seen. The public gallery knows neither mutability nor scanning, encryption or lifecycle
/// policies: there these hold what a repository without any of them would have, and nobody compares them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Its name.
    pub name: RepositoryName,
    /// Its ARN, as ECR gave it.
    pub arn: String,
    /// Tag mutability.
    pub mutability: Mutability,
    /// The repository's own scan flag.
    pub scan_on_push: bool,
    /// Encryption.
    pub encryption: Encryption,
    /// Tags.
    pub tags: Seen<Tags>,
    /// Lifecycle policy.
    pub lifecycle: Seen<FoundLifecycle>,
    /// Repository policy.
    pub policy: Seen<FoundPolicy>,
    /// Catalog data; only the public gallery has any.
    pub catalog: Seen<Catalog>,
}

/// How the registry scans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScanType {
    /// ECR's own scanner; the repository's flag counts.
    Basic,
    /// Amazon Inspector; the registry's rules count and the repository's flag does not.
    Enhanced,
}

/// An SSM parameter as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its value.
    pub value: String,
    /// The owner tag it carries, if any.
    pub owner: Option<String>,
}

/// All that was seen in one look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Repositories by name; a name that was looked for is always in here.
    pub repositories: BTreeMap<RepositoryName, Seen<Repository>>,
    /// How the registry scans.
    pub scanning: Seen<ScanType>,
    /// SSM parameters by name; likewise.
    pub parameters: BTreeMap<String, Seen<Parameter>>,
}
