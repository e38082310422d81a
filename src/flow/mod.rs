//! The walks: look, decide, carry out, account. And the ports they need of the outside world.
//!
//! A port's functions return what the flow can decide by: values for "not there", [`Fault`]s for failures.
//! Each port has two implementors, `aws` and the tests' world. A previewer is given a [`Read`] and nothing
//! else, so it cannot write.

pub mod carry_out;
pub mod census;
pub mod declaration;
pub mod declare;
pub mod delete;
pub mod drift;
pub mod findings;
pub mod hold;
pub mod lease;
pub mod look;
pub mod record;
pub mod registry;
pub mod settle;
pub mod survey;
pub mod task;

use crate::event::message::Message;
use crate::fault::Fault;
use crate::model::catalog::Catalog;
use crate::model::identity::Identity;
use crate::model::name::RepositoryName;
use crate::model::repository::{FoundLifecycle, FoundPolicy, Repository, ScanType, Tags};
use crate::plan::Change;
use crate::plan::ledger::{Claim, Ledger};
use crate::plan::snapshot::Snapshot;
use crate::policy::declared::Declared;
use serde_json::Value;
use std::collections::BTreeMap;
use std::future::Future;

/// Names one `DescribeRepositories` may carry (ECR API model).
pub const NAMES_PER_CALL: usize = 100;
/// Names one `GetParameters` may carry (SSM API model).
pub const PARAMETERS_PER_CALL: usize = 10;

/// One page of repositories and, where there are more, the token of the next.
pub type Page = (Vec<Repository>, Option<String>);

/// Looking at the registry and at parameters.
pub trait Read: Sync {
    /// Up to [`NAMES_PER_CALL`] repositories by name. One that does not exist fails the whole call with
    /// `NotFound`.
    fn describe(&self, names: &[RepositoryName]) -> impl Future<Output = Result<Vec<Repository>, Fault>> + Send;
    /// One page of all repositories, as large as ECR allows.
    fn page(&self, token: Option<String>) -> impl Future<Output = Result<Page, Fault>> + Send;
    /// A repository's tags.
    fn tags(&self, arn: &str) -> impl Future<Output = Result<Option<Tags>, Fault>> + Send;
    /// A repository's lifecycle policy.
    fn lifecycle(&self, name: &RepositoryName) -> impl Future<Output = Result<Option<FoundLifecycle>, Fault>> + Send;
    /// A repository's policy.
    fn policy(&self, name: &RepositoryName) -> impl Future<Output = Result<Option<FoundPolicy>, Fault>> + Send;
    /// What the gallery shows of a repository. Only the public one shows anything.
    fn catalog(&self, _name: &RepositoryName) -> impl Future<Output = Result<Option<Catalog>, Fault>> + Send {
        async { Ok(None) }
    }
    /// How the registry scans.
    fn scan_type(&self) -> impl Future<Output = Result<Option<ScanType>, Fault>> + Send;
    /// Values of up to [`PARAMETERS_PER_CALL`] parameters; absent ones are absent from the map.
    fn parameters(&self, paths: &[String]) -> impl Future<Output = Result<BTreeMap<String, String>, Fault>> + Send;
    /// The owner tag of a parameter.
    fn parameter_owner(&self, path: &str) -> impl Future<Output = Result<Option<String>, Fault>> + Send;
}

/// Performing writes.
pub trait Write: Sync {
    /// Performs one write.
    fn perform(&self, change: &Change) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Is what was written still ours? Asked after the write that takes a repository over; `Conflict` where somebody else
    /// has taken it meanwhile. Where the lease of an installation keeps everybody else off, there is nothing to ask.
    fn confirm(&self, _change: &Change) -> impl Future<Output = Result<(), Fault>> + Send {
        async { Ok(()) }
    }
    /// The IAM action that allows it.
    fn action(&self, change: &Change) -> &'static str {
        change.action()
    }
}

/// Which version of an object was read; a write names the version it replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// There is none yet.
    New,
    /// The object's entity tag.
    Tag(String),
}

/// Reading the state bucket.
pub trait Recall: Sync {
    /// The ledger of a resource, by its key.
    fn ledger(&self, key: &str) -> impl Future<Output = Result<Option<(Ledger, Version)>, Fault>> + Send;
    /// Reads a snapshot.
    fn snapshot(&self, key: &str) -> impl Future<Output = Result<Option<Snapshot>, Fault>> + Send;
}

/// Writing the state bucket.
pub trait Keep: Recall {
    /// Writes a ledger over exactly the version read; `Conflict` where somebody wrote meanwhile.
    fn save_ledger(&self, ledger: &Ledger, over: &Version) -> impl Future<Output = Result<Version, Fault>> + Send;
    /// Removes a ledger.
    fn forget_ledger(&self, identity: &Identity) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Writes the outputs object.
    fn put_outputs(&self, identity: &Identity, document: &Value) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Removes the outputs object.
    fn forget_outputs(&self, identity: &Identity) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Writes a snapshot where there is none; an earlier one under this key stays.
    fn put_snapshot(&self, key: &str, snapshot: &Snapshot) -> impl Future<Output = Result<(), Fault>> + Send;
    /// The claim that was last put on a lease.
    fn lease(&self, key: &str) -> impl Future<Output = Result<Option<(Claim, Version)>, Fault>> + Send;
    /// Writes a claim over exactly the version read; `Conflict` where somebody wrote meanwhile.
    fn save_lease(
        &self,
        key: &str,
        claim: &Claim,
        over: &Version,
    ) -> impl Future<Output = Result<Version, Fault>> + Send;
}

/// The answers already decided, so that a request that comes again is answered with the same bytes.
pub trait Answers: Sync {
    /// The answer decided for a request, by its key.
    fn answer(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, Fault>> + Send;
    /// Keeps an answer where there is none yet, and returns the one that stands.
    fn keep_answer(&self, key: &str, body: Vec<u8>) -> impl Future<Output = Result<Vec<u8>, Fault>> + Send;
}

/// What an account has one of in a Region, by its key in the state bucket. A port of its own: a terminal declares none.
pub trait Declarations: Sync {
    /// What is declared.
    fn declared(&self, key: &str) -> impl Future<Output = Result<Option<(Declared, Version)>, Fault>> + Send;
    /// Writes a declaration over exactly the version read; `Conflict` where somebody wrote meanwhile.
    fn save_declared(
        &self,
        key: &str,
        declared: &Declared,
        over: &Version,
    ) -> impl Future<Output = Result<Version, Fault>> + Send;
    /// Removes a declaration.
    fn forget_declared(&self, key: &str) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// What CloudFormation says of a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// `UPDATE_IN_PROGRESS`, …
    pub status: String,
    /// The stack's own tags, without those of AWS.
    pub tags: Tags,
    /// The root of a nested stack.
    pub root: Option<String>,
}

impl Stack {
    /// Is an operation going on?
    pub fn is_moving(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS")
    }

    /// Can a Create or an Update be waited for now? Not by a stack at rest, and not by one that is past making things:
    /// it deletes, takes its creation back, or cleans up.
    pub fn wants_writes(&self) -> bool {
        let past = ["DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"];
        self.is_moving() && !past.contains(&self.status.as_str()) && !self.status.ends_with("CLEANUP_IN_PROGRESS")
    }
}

/// Asking CloudFormation.
pub trait Stacks: Sync {
    /// A stack by its ARN; `None` where it is gone.
    fn stack(&self, arn: &str) -> impl Future<Output = Result<Option<Stack>, Fault>> + Send;
    /// Does a stack that exists still have this resource?
    fn has_resource(&self, arn: &str, logical_id: &str) -> impl Future<Output = Result<bool, Fault>> + Send;
}

/// The function's own delayed queue.
pub trait Postpone: Sync {
    /// Sends a message that arrives after its own delay.
    fn send(&self, message: &Message) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// All of the outside world.
pub trait World: Read + Write + Keep + Stacks + Postpone {}
impl<T: Read + Write + Keep + Stacks + Postpone> World for T {}

/// A world with a public gallery beside its private registry.
pub trait Galleries: Sync {
    /// The same world, with the repositories of the gallery in place of the registry's.
    type Gallery<'a>: World
    where
        Self: 'a;

    /// That world. Whoever never asks for it pays nothing for it.
    fn gallery(&self) -> Self::Gallery<'_>;
    /// What addresses in the account's gallery begin with, `public.ecr.aws/<alias>`; `None` where it has none yet.
    fn gallery_uri(&self) -> impl Future<Output = Result<Option<String>, Fault>> + Send;
}
