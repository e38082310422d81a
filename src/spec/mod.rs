//! What is wished: from the properties somebody wrote to a [`Fleet`] that may be trusted.
//!
//! `fields` reads strings-for-everything, `layer` reads what may be said per fleet and per repository,
//! `fleet` puts a whole declaration together and reports every problem at once, `outputs` is what the
//! declaration will return. Pure; knows no client, no clock and no state.

pub mod baseline;
mod effective;
pub mod fields;
pub mod findings;
pub mod fleet;
pub mod layer;
pub mod outputs;
pub mod public;
pub mod registry;
mod stored;
mod tags;
mod terms;

pub use effective::default_retention;
pub use fields::Problem;

use crate::lifecycle::Policy;
use crate::model::Wish;
use crate::model::catalog::Catalog;
use crate::model::name::RepositoryName;
use crate::model::policy::{Mode, Statement};
use crate::model::repository::{Encryption, Mutability, Tags};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of a repository that is no longer declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Removal {
    /// It is deleted, once the stack operation has finished and consent is there.
    #[default]
    Delete,
    /// It is handed back: our tags come off, nothing else changes.
    Retain,
}

/// What the drift function does about differences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DriftMode {
    /// Puts the declared state back.
    Enforce,
    /// Reports.
    #[default]
    ReportOnly,
    /// Does not look.
    Off,
}

/// Where an effective value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A property of the fleet.
    Property,
    /// The repository's entry in `Overrides`.
    Override,
}

/// One effective value and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// The value, as JSON.
    pub value: serde_json::Value,
    /// Where it comes from.
    pub origin: Origin,
}

/// The public gallery of an account, where a fleet's repositories stand there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gallery {
    /// `public.ecr.aws/<alias>`; empty until the account's own was asked for.
    pub uri: String,
}

/// A fleet of repositories, checked and complete: `Custom::EcrRepositories`, or `Custom::EcrPublicRepositories`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own; they do not depend on each other")]
pub struct Fleet {
    /// `ProjectName`
    pub project: String,
    /// `Environment`
    pub environment: String,
    /// The repositories, in the order they were declared.
    pub repositories: Vec<RepositorySpec>,
    /// May a repository that holds images be deleted?
    pub empty_on_delete: bool,
    /// For a name that leaves the list.
    pub on_remove: Removal,
    /// For all of them, when the resource is deleted.
    pub on_delete: Removal,
    /// May existing repositories be taken over?
    pub adopt_existing: bool,
    /// For the drift function.
    pub drift_mode: DriftMode,
    /// Is there an SSM parameter for each URL?
    pub publish_parameters: bool,
    /// Do the stack's own tags go onto the repositories?
    pub propagate_stack_tags: bool,
    /// The return values asked for; `None` = everything that fits.
    pub return_values: Option<Vec<String>>,
    /// CloudFormation's patience, in seconds (1–3,600).
    pub service_timeout: u32,
    /// For a public fleet: where it stands. Such a fleet has no project, environment, parameters or drift mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gallery: Option<Gallery>,
}

/// One repository of a fleet with every effective value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RepositorySpec {
    /// The name in `RepositoryNames`.
    pub short: String,
    /// The name in ECR.
    pub name: RepositoryName,
    /// Tag mutability.
    pub mutability: Mutability,
    /// The repository's own scan flag.
    pub scan_on_push: bool,
    /// Encryption.
    pub encryption: Encryption,
    /// The lifecycle policy; never [`Wish::Leave`].
    #[serde(with = "stored::lifecycle")]
    pub lifecycle: Wish<Policy>,
    /// Housekeeping of untagged images, which no lifecycle policy can express beside the age rule.
    pub max_untagged_images: u32,
    /// The statements of the repository policy that are ours.
    #[serde(with = "stored::statements")]
    pub statements: Vec<Statement>,
    /// What becomes of statements that are not ours.
    #[serde(with = "stored::mode")]
    pub policy_mode: Mode,
    /// `Project`, `Environment`, `ManagedBy` and the user's own; ownership tags come with the plan.
    pub tags: Tags,
    /// Every effective value and its origin, by property name.
    pub settings: BTreeMap<String, Setting>,
    /// For a repository in the public gallery: what is to be shown there. Of one that has this, mutability, scanning,
    /// encryption, lifecycle and housekeeping are stand-ins that nobody wishes, compares or writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<Catalog>,
}

impl RepositorySpec {
    /// Does this declaration wish anything about the repository's policy?
    pub fn wishes_policy(&self) -> bool {
        !self.statements.is_empty() || self.policy_mode == Mode::Exclusive
    }
}

impl Fleet {
    /// Do its repositories stand in the public gallery?
    pub const fn is_public(&self) -> bool {
        self.gallery.is_some()
    }

    /// The repository with this full name.
    pub fn repository(&self, name: &RepositoryName) -> Option<&RepositorySpec> {
        self.repositories.iter().find(|repository| &repository.name == name)
    }

    /// Where a repository's URL is published, under the prefix of this installation.
    pub fn parameter_path(&self, prefix: &str, short: &str) -> String {
        format!("{prefix}/{}/{}/{short}/url", self.project, self.environment)
    }

    /// Every parameter it publishes.
    pub fn published_paths(&self, prefix: &str) -> BTreeSet<String> {
        let published = self.repositories.iter().filter(|_| self.publish_parameters);
        published.map(|repository| self.parameter_path(prefix, &repository.short)).collect()
    }
}
