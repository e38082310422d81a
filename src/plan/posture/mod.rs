//! Posture: how a repository stands against its declaration and the baseline.
//!
//! A [`Standing`] is one repository's line in the compliance report and, between the workers of a sweep, in the state
//! bucket. What must be written to mend it is a [`Remedy`] beside it, since only what is in force decides whether it is.
//!
//! `judge` puts a repository's checks together; `layers` knows which rules are for it, `settings`, `tags` and `access` hold
//! it against one requirement each (`verdict`), `remedies` makes writes of what would mend them, and `templates` makes
//! creation templates of a whole baseline. `declared` holds it against its fleet's declaration.

mod access;
mod declared;
mod fingerprint;
mod judge;
mod layers;
mod remedies;
mod settings;
mod tags;
mod templates;
mod verdict;

pub use declared::{declared, missing};
pub use fingerprint::fingerprint;
pub use judge::{Subject, judge};
pub use templates::{CreationTemplates, creation_templates};

use super::Step;
use crate::model::name::RepositoryName;
use crate::spec::DriftMode;
use crate::spec::baseline::Mode;
use serde::{Deserialize, Serialize};

/// What can be required of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Requirement {
    /// It exists; only a declaration asks for that.
    Exists,
    /// Images are scanned when they are pushed.
    ScanOnPush,
    /// Tag mutability.
    ImageTagMutability,
    /// The lifecycle policy.
    LifecyclePolicy,
    /// Encryption, which ECR cannot change.
    EncryptionType,
    /// Tags.
    RequiredTags,
    /// The repository policy lets in nobody without a restricting condition.
    NoPublicPrincipals,
    /// The repository policy lets in only these accounts.
    AllowedAccounts,
    /// The repository policy as a whole; only a declaration asks for that.
    RepositoryPolicy,
}

impl Requirement {
    /// All of them, in the order of the report.
    pub const ALL: [Self; 9] = [
        Self::Exists,
        Self::ScanOnPush,
        Self::ImageTagMutability,
        Self::LifecyclePolicy,
        Self::EncryptionType,
        Self::RequiredTags,
        Self::NoPublicPrincipals,
        Self::AllowedAccounts,
        Self::RepositoryPolicy,
    ];

    /// The word of the property.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exists => "Exists",
            Self::ScanOnPush => "ScanOnPush",
            Self::ImageTagMutability => "ImageTagMutability",
            Self::LifecyclePolicy => "LifecyclePolicy",
            Self::EncryptionType => "EncryptionType",
            Self::RequiredTags => "RequiredTags",
            Self::NoPublicPrincipals => "NoPublicPrincipals",
            Self::AllowedAccounts => "AllowedAccounts",
            Self::RepositoryPolicy => "RepositoryPolicy",
        }
    }
}

/// The name of the rule a fleet's declaration is reported under.
pub const DECLARATION: &str = "declaration";

/// How one requirement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Status {
    /// Met.
    Pass,
    /// Not met.
    Fail,
    /// Not met, with leave.
    Exempt,
    /// It could not be found out. That is not "met".
    Unknown,
}

/// What was done about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Nothing needed doing.
    #[default]
    None,
    /// It is reported, as its mode says, or since it cannot be mended.
    Reported,
    /// It was mended; the change's id, for `ecr-steward revert`.
    Mended(String),
    /// It was not mended although its mode says so: which guard, and why.
    Withheld(String),
    /// Mending failed.
    Failed(String),
}

/// The leave under which a requirement need not be met.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Leave {
    /// Where it was written: `Exemptions[2]`.
    pub path: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub until: String,
}

/// How a repository stands against one requirement of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// The rule's name, or [`DECLARATION`].
    pub rule: String,
    /// The requirement.
    pub requirement: Requirement,
    /// How it stands.
    pub status: Status,
    /// What the rule's mode says is done.
    pub mode: Mode,
    /// What was found, in a few words.
    pub found: String,
    /// What is wished, in a few words.
    pub wished: String,
    /// What else a person should know: why it is unknown, why it cannot be mended and what to do instead.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What was done.
    #[serde(default)]
    pub action: Action,
    /// Under which leave it is exempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leave: Option<Leave>,
}

/// Whose a repository is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// The stack's name.
    pub stack: String,
    /// The resource's logical id.
    pub resource: String,
    /// What its declaration says is done about differences.
    pub drift_mode: DriftMode,
    /// Is the stack, or the resource in it, gone? Then nobody holds the repository to anything.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_orphan: bool,
}

/// How one repository stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// Its name.
    pub name: RepositoryName,
    /// Whose it is, where a fleet declares it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// The requirements, in the order of rules and then of [`Requirement::ALL`].
    pub checks: Vec<Check>,
    /// What else there is to say: an operation going on, images kept or removed by housekeeping.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Differs whenever one of the settings that were read does, so that a change between two sweeps is noticed.
    #[serde(default)]
    pub fingerprint: String,
}

/// What mends one check: the index of the check in its standing, and the writes. Two checks may share a step: it is the
/// same in both, and written once it mends both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// Which check.
    pub check: usize,
    /// The writes, in order.
    pub steps: Vec<Step>,
}

/// How a repository was judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// The checks.
    pub checks: Vec<Check>,
    /// What would mend them; also of those that are only reported.
    pub remedies: Vec<Remedy>,
}
