//! What must change: pure decisions over what is wished, what was seen and what the ledger remembers.
//!
//! A [`Plan`] holds every argument of every write, so the preview cannot lie about the run and carrying out
//! chooses nothing. Planning is total and deterministic: no clock, no client, no error.

pub mod adopt;
pub mod change;
pub mod farewell;
pub mod fleet;
pub mod gallery;
pub mod guard;
pub mod ledger;
pub mod posture;
pub mod registry;
pub mod repository;
pub mod show;
pub mod snapshot;
pub mod undo;

pub use change::{Change, NotEmpty, Risk};

use crate::model::identity::fingerprint;
use crate::model::name::RepositoryName;

/// One write and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The write, with every argument.
    pub change: Change,
    /// Before and after, in words.
    pub why: String,
}

/// The steps of one repository, in order. A later step waits for the one before it; chains do not wait for
/// each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The repository.
    pub repository: RepositoryName,
    /// Its steps; never empty.
    pub steps: Vec<Step>,
}

/// Something that stays as it is on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retained {
    /// The repository.
    pub repository: RepositoryName,
    /// Why.
    pub reason: String,
}

/// Something that cannot or must not be done. One of these, and nothing at all is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// What it is about: a repository's name, a parameter's path.
    pub subject: String,
    /// Why, and what to do instead.
    pub reason: String,
}

/// The whole decision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What will be written.
    pub chains: Vec<Chain>,
    /// What stays on purpose.
    pub retained: Vec<Retained>,
    /// What stands in the way.
    pub blocked: Vec<Blocked>,
    /// Existing repositories that are taken over; each needs a snapshot before its first step.
    pub adopted: Vec<RepositoryName>,
    /// Repositories whose name left the declaration with this request.
    pub released: Vec<RepositoryName>,
    /// Released repositories that stay ours, since nothing can or need be done about them now.
    pub still_ours: Vec<RepositoryName>,
    /// Repositories that were released and are declared again.
    pub claimed_back: Vec<RepositoryName>,
}

impl Plan {
    /// Nothing to write and nothing in the way.
    pub const fn is_converged(&self) -> bool {
        self.chains.is_empty() && self.blocked.is_empty()
    }

    /// How many writes it holds.
    pub fn len(&self) -> usize {
        self.chains.iter().map(|chain| chain.steps.len()).sum()
    }

    /// No writes at all.
    pub const fn is_empty(&self) -> bool {
        self.chains.is_empty()
    }

    /// Adds a repository's steps, where there are any.
    pub fn push(&mut self, repository: &RepositoryName, steps: Vec<Step>) {
        if !steps.is_empty() {
            self.chains.push(Chain { repository: repository.clone(), steps });
        }
    }

    /// Notes an obstacle.
    pub fn block(&mut self, subject: impl Into<String>, reason: impl Into<String>) {
        self.blocked.push(Blocked { subject: subject.into(), reason: reason.into() });
    }

    /// Notes something kept on purpose.
    pub fn retain(&mut self, repository: &RepositoryName, reason: impl Into<String>) {
        self.retained.push(Retained { repository: repository.clone(), reason: reason.into() });
    }

    /// A short value that differs whenever the decision does; `apply --expect` compares it.
    pub fn fingerprint(&self) -> String {
        fingerprint(format!("{:?}{:?}", self.chains, self.blocked).as_bytes())
    }
}
