//! What a sweep keeps in the state bucket, and where.

use super::super::owner::Hold;
use crate::event::drift::SweepId;
use crate::model::name::RepositoryName;
use crate::model::repository::Tags;
use crate::plan::posture::{Owner, Standing};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Repositories of one part: a result stays below a few hundred kilobytes, and a part takes seconds, not minutes.
pub const REPOSITORIES_PER_PART: usize = 100;
/// The shape of the objects this version writes and reads.
pub(super) const VERSION: u32 = 1;
/// Which ledger declares which repository, for those who see an event of one that is gone and bears no tag any more.
pub const OWNERS: &str = "drift/owners.json";

/// All sweeps lie below this.
pub(super) const SWEEPS: &str = "drift/sweeps/";

/// Everything of a sweep lies below this.
pub fn sweep_prefix(sweep: &SweepId) -> String {
    format!("{SWEEPS}{}/", sweep.0)
}

/// Says what the sweep consists of; once it is there, the sweep goes on until its report is written.
pub fn manifest_key(sweep: &SweepId) -> String {
    format!("{}sweep.json", sweep_prefix(sweep))
}

/// One part, of one listing: two starts that saw different registries write different keys.
pub fn part_key(sweep: &SweepId, listing: &str, part: u32) -> String {
    format!("{}parts/{listing}-{part:05}.json", sweep_prefix(sweep))
}

/// The results lie below this.
pub(super) fn results_prefix(sweep: &SweepId) -> String {
    format!("{}results/", sweep_prefix(sweep))
}

/// What came of one part.
pub fn result_key(sweep: &SweepId, part: u32) -> String {
    format!("{}{part:05}.json", results_prefix(sweep))
}

/// How far a part came that did not fit into one invocation.
pub fn partial_key(sweep: &SweepId, part: u32) -> String {
    format!("{}partial/{part:05}.json", sweep_prefix(sweep))
}

/// The sweep is over.
pub fn done_key(sweep: &SweepId) -> String {
    format!("{}done.json", sweep_prefix(sweep))
}

/// What a sweep consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// [`VERSION`]
    pub version: u32,
    /// When it began, in milliseconds since 1970.
    pub started: i64,
    /// Which listing its parts are of.
    pub listing: String,
    /// How many parts.
    pub parts: u32,
    /// Repositories in the registry, which the cap of changes is a share of.
    pub repositories: usize,
    /// Calls to ECR that listed them.
    pub reads: u64,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One repository of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Its name.
    pub name: RepositoryName,
    /// Who declares it: a place in [`Parcel::holders`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<usize>,
    /// Another one that declares it too, so that nobody can tell from declarations whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contender: Option<usize>,
    /// Was it not in the registry, but in a declaration?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
}

/// A resource that declares repositories, as it was when the sweep began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    /// The key of its ledger.
    pub ledger: String,
    /// Whose, in words of the report.
    pub owner: Owner,
    /// What it was doing.
    pub hold: Hold,
    /// The stack's own tags, where they are propagated and CloudFormation told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_tags: Option<Tags>,
}

/// One part of a sweep: up to [`REPOSITORIES_PER_PART`] repositories in the order of names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parcel {
    /// [`VERSION`]
    pub version: u32,
    /// The repositories.
    pub repositories: Vec<Listed>,
    /// Those who declare some of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holders: Vec<Holder>,
}

/// A repository that was listed and is no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dropped {
    /// Its name.
    pub name: RepositoryName,
    /// Why it is not in the report.
    pub note: String,
}

/// New tags of a stack, and how far they have come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Borne {
    /// The tags.
    pub tags: Tags,
    /// Do all repositories that were looked at bear them?
    pub by_all: bool,
}

/// What came of a part, or of as much of it as was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartResult {
    /// [`VERSION`]
    pub version: u32,
    /// How the repositories stand, in the order of names.
    pub standings: Vec<Standing>,
    /// Those that vanished.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<Dropped>,
    /// Calls to ECR that gathered what was judged; those of housekeeping and of guards before a write come on top.
    #[serde(default)]
    pub reads: u64,
    /// Settings that were written.
    #[serde(default)]
    pub writes: u64,
    /// By the key of its ledger: whose stack has other tags by now than were propagated.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stack_tags: BTreeMap<String, Borne>,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl PartResult {
    /// Nothing is done yet.
    pub fn new() -> Self {
        Self { version: VERSION, ..Self::default() }
    }

    /// Is a repository done?
    pub fn has(&self, name: &RepositoryName) -> bool {
        self.standings.iter().any(|standing| standing.name == *name)
            || self.dropped.iter().any(|dropped| dropped.name == *name)
    }

    /// Puts everything into the order of names.
    pub fn sort(&mut self) {
        self.standings.sort_by(|one, other| one.name.cmp(&other.name));
        self.dropped.sort_by(|one, other| one.name.cmp(&other.name));
    }
}

/// A sweep that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    /// [`VERSION`]
    pub version: u32,
    /// When it began, in milliseconds since 1970.
    pub started: i64,
    /// When its report was put together, in milliseconds since 1970.
    pub finished: i64,
    /// Repositories in the report.
    pub repositories: usize,
    /// Where the report lies, without its ending.
    pub report: String,
}
