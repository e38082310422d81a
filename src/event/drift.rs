//! What the drift function is asked to do.
//!
//! Events become jobs in `api_call`; the function sends itself jobs too. A job names what is to be looked at, never what
//! was found: the truth is read when the job is done.

use crate::model::name::RepositoryName;
use serde::{Deserialize, Serialize};

/// The shape of the jobs this version writes and reads.
pub const VERSION: u32 = 1;

/// Something to do. On the queue it looks like `{"job": "look", "version": 1, …}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "lowercase")]
pub enum Job {
    /// Look at a repository.
    Look(Look),
    /// Look at all of them: begin a sweep.
    Sweep(Sweep),
    /// Do one part of a sweep.
    Part(Part),
    /// Put the parts of a sweep together into its report.
    Assemble(Assemble),
}

/// Look at a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Look {
    /// [`VERSION`]
    pub version: u32,
    /// Which.
    pub repository: RepositoryName,
    /// Why.
    pub cause: Cause,
    /// The event's id: the same work done twice is one change in the journal.
    #[serde(default)]
    pub event: String,
    /// Who made the call, as an ARN, where the event says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// When it happened, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred: Option<i64>,
}

/// Why a repository is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// A call to ECR changed it: the call's name.
    Call(String),
    /// An image was pushed to it.
    Push,
    /// Somebody asks for it.
    Asked,
}

/// Begin a sweep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sweep {
    /// [`VERSION`]
    pub version: u32,
    /// Its id: the time of the event that began it, so that a second delivery begins the same one.
    pub sweep: SweepId,
}

/// A sweep's id: `20260302T083000Z-` and eight hexadecimal digits of what began it. Sorts by time; fits into a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SweepId(pub String);

impl SweepId {
    /// Is it one we could have made? It becomes part of keys.
    pub fn is_legal(&self) -> bool {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (1..=64).contains(&self.0.len()) && self.0.chars().all(legal)
    }
}

/// Do one part of a sweep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Part {
    /// [`VERSION`]
    pub version: u32,
    /// The sweep.
    pub sweep: SweepId,
    /// Which part, from 0.
    pub part: u32,
}

/// Put the parts of a sweep together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Assemble {
    /// [`VERSION`]
    pub version: u32,
    /// The sweep.
    pub sweep: SweepId,
}
