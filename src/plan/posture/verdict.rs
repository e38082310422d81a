//! What one requirement came to.

use super::Status;
use crate::fault::Fault;
use crate::model::repository::Tags;
use crate::plan::{Change, Step};
use std::collections::BTreeSet;

/// How a requirement stands, in words too, and what would mend it.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) status: Status,
    pub(super) found: String,
    pub(super) wished: String,
    pub(super) notes: Vec<String>,
    pub(super) mend: Mend,
}

/// What would mend it. Tags and the repository policy are written whole, so what several rules want of them is put
/// together before it becomes a step.
#[derive(Debug)]
pub(super) enum Mend {
    Nothing,
    Write(Step),
    Tags(Tags),
    Policy(Edit),
}

/// What is to go from the repository policy.
#[derive(Clone, Debug)]
pub(super) enum Edit {
    /// Statements that let everybody in.
    Public,
    /// Whoever is not of these accounts.
    Accounts(BTreeSet<String>),
}

impl Verdict {
    fn new(status: Status, found: impl Into<String>, wished: impl Into<String>) -> Self {
        Self { status, found: found.into(), wished: wished.into(), notes: Vec::new(), mend: Mend::Nothing }
    }

    pub(super) fn pass(found: impl Into<String>, wished: impl Into<String>) -> Self {
        Self::new(Status::Pass, found, wished)
    }

    pub(super) fn fail(found: impl Into<String>, wished: impl Into<String>) -> Self {
        Self::new(Status::Fail, found, wished)
    }

    pub(super) fn unknown(why: impl Into<String>, wished: impl Into<String>) -> Self {
        Self::new(Status::Unknown, "could not be found out", wished).with_note(why)
    }

    /// Something that could not be read.
    pub(super) fn unreadable(what: &str, fault: &Fault, wished: impl Into<String>) -> Self {
        Self::unknown(format!("{what} could not be read: {fault}"), wished)
    }

    /// Something nobody read.
    pub(super) fn unasked(what: &str, wished: impl Into<String>) -> Self {
        Self::unknown(format!("nobody read {what}"), wished)
    }

    pub(super) fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub(super) fn mended_by(mut self, mend: Mend) -> Self {
        self.mend = mend;
        self
    }

    pub(super) fn written(self, change: Change, why: impl Into<String>) -> Self {
        self.mended_by(Mend::Write(Step { change, why: why.into() }))
    }
}
