//! What the findings function is asked to do, and the letters about what it could not.
//!
//! Events become jobs in `scan`; the function sends itself jobs too, and so does the command line. A job names what is to
//! be looked at, never what was found: the truth is read when the job is done.

use crate::model::image::{ImageRef, Parent};
use crate::model::name::RepositoryName;
use crate::model::place::Place;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The shape of the jobs this version writes and reads.
pub const VERSION: u32 = 1;
/// Looks at an image whose scan is not finished; after them the reconciliation is left to find it.
pub const MOST_LOOKS: u32 = 4;
/// Between two of them: the longest delay SQS knows (`DelaySeconds` ≤ 900).
pub const LOOK_AGAIN_SECONDS: u32 = 900;

/// Something to do. On the queue it looks like `{"job": "image", "version": 1, …}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "lowercase")]
pub enum Job {
    /// Look at an image.
    Image(ImageJob),
    /// Look at the images of a repository.
    Repository(RepositoryJob),
    /// Look at all repositories.
    Reconcile(ReconcileJob),
    /// Deliver a message that was refused before.
    Deliver(DeliverJob),
}

/// Look at an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageJob {
    /// [`VERSION`]
    pub version: u32,
    /// Which.
    pub image: ImageRef,
    /// Its tags, where whoever asks knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// The index it belongs to, where whoever asks knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Why.
    pub cause: Cause,
    /// When that happened, in milliseconds since 1970. A read that began later has seen it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred: Option<i64>,
    /// How many looks came before this one.
    #[serde(default)]
    pub attempt: u32,
    /// Tell nobody of changes: for bringing in the past. Security Hub and the archive get it all the same.
    #[serde(default)]
    pub quiet: bool,
}

/// Why an image is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A scan has ended, well or not: what is missing now is gone.
    Scan,
    /// Inspector has found, changed or closed something.
    FindingChanged,
    /// A tag or the image was deleted, or its storage class changed.
    ImageChanged,
    /// The reconciliation came by.
    Reconcile,
    /// Somebody replays a dead letter: what was refused is tried again.
    Replay,
}

/// Look at the images of a repository that were scanned since a time, and at what is remembered of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RepositoryJob {
    /// [`VERSION`]
    pub version: u32,
    /// The registry.
    pub place: Place,
    /// The repository.
    pub repository: RepositoryName,
    /// Images scanned or pushed from then on, in seconds since 1970; 0 means all.
    pub since: i64,
    /// Also everything that is remembered, whether or not it was scanned since: the policy has changed.
    #[serde(default)]
    pub all: bool,
    /// Tell nobody of changes.
    #[serde(default)]
    pub quiet: bool,
}

/// Deliver a message that a sink refused, exactly as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeliverJob {
    /// [`VERSION`]
    pub version: u32,
    /// The message, as `policy::parcel` writes it.
    pub parcel: Value,
}

/// Look at all repositories.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReconcileJob {
    /// [`VERSION`]
    pub version: u32,
    /// From when on, in seconds since 1970; absent, since the last complete reconciliation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// Tell nobody of changes.
    #[serde(default)]
    pub quiet: bool,
    /// Where an earlier part of the same run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
}

/// What a run of the reconciliation hands on to its next part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resume {
    /// When the run began, in seconds since 1970.
    pub started: i64,
    /// Which images it looks at, as in [`RepositoryJob`].
    pub since: i64,
    /// Everything remembered too, as in [`RepositoryJob`].
    pub all: bool,
    /// The policy that was in force when it began.
    #[serde(default)]
    pub policy: String,
    /// How far it came.
    pub stage: Stage,
}

/// How far a run of the reconciliation came, with the token of the next page; without one, the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", content = "token", rename_all = "lowercase")]
pub enum Stage {
    /// It goes through all repositories.
    Repositories(Option<String>),
    /// It goes through everything remembered.
    Remembered(Option<String>),
}

/// What could not be delivered, for the dead-letter queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The finding, with its image, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Value>,
    /// The sink that refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sink: Option<String>,
    /// Why, in words.
    pub reason: String,
    /// The message that led to it: an event or a job, or the text of what is neither.
    pub event: Value,
}
