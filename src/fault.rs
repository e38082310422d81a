//! A failure of the outside world, as a value.
//!
//! Adapters translate whatever their client library reports into a [`Fault`]; everybody else decides by its
//! [`FaultKind`] and never by text. A fault is not a user's mistake (that is a `Problem`) and not a decision
//! (that is `Blocked` or `Retained`).

use std::fmt;

/// What a failed call means for whoever made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The thing does not exist.
    NotFound,
    /// The thing exists already, or somebody changed it meanwhile.
    Conflict,
    /// A repository that was to be deleted still holds images.
    NotEmpty,
    /// The credentials do not allow the call.
    Denied,
    /// The service asked us to slow down, and went on doing so after every retry.
    Throttled,
    /// The service refused the request for a reason that may pass by itself within moments, such as a principal
    /// that IAM has not spread yet.
    Unsettled,
    /// The service refused the request itself; the same request will be refused again.
    Invalid,
    /// A quota of the account is used up.
    Quota,
    /// A 5xx answer, a broken connection or a timeout: the call may or may not have happened.
    Unavailable,
    /// Our own deadline ended before the call did.
    Late,
    /// Anything else.
    Unexpected,
}

/// One call that failed: which, how, and what the service said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The service as IAM spells it: `ecr`, `ssm`, `s3`, …
    pub service: &'static str,
    /// The operation as the API spells it: `CreateRepository`.
    pub operation: &'static str,
    /// What it means.
    pub kind: FaultKind,
    /// The service's own error code, empty where there was none.
    pub code: String,
    /// The service's own text.
    pub message: String,
    /// The request id AWS support asks for.
    pub request_id: Option<String>,
}

impl Fault {
    /// A fault that no service reported, such as a deadline of our own.
    pub fn ours(service: &'static str, operation: &'static str, kind: FaultKind, message: impl Into<String>) -> Self {
        Self { service, operation, kind, code: String::new(), message: message.into(), request_id: None }
    }

    /// May the same call succeed a little later?
    pub const fn retryable(&self) -> bool {
        matches!(self.kind, FaultKind::Throttled | FaultKind::Unavailable | FaultKind::Late | FaultKind::Conflict)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{} failed", self.service, self.operation)?;
        if !self.code.is_empty() {
            write!(out, " with {}", self.code)?;
        }
        if !self.message.is_empty() {
            write!(out, ": {}", self.message)?;
        }
        if let Some(id) = &self.request_id {
            write!(out, " (request {id})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

/// Turns a service's "not found" into a value.
pub fn absent_is_none<T>(read: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match read {
        Ok(thing) => Ok(Some(thing)),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}
