//! How many repositories may be changed, over all workers of a sweep or by events within 24 hours.
//!
//! Assumption: the conditional write of one object decides every race. Guarantee: a repository is counted before its first
//! write, and once however often the work is done again.

use super::{Book, papers};
use crate::fault::Fault;
use crate::model::name::RepositoryName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Milliseconds for which a change by an event counts.
pub(super) const WINDOW: i64 = 24 * 60 * 60 * 1_000;

/// Where the count is kept in the state bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purse {
    /// One sweep's, by its id.
    Sweep(String),
    /// That of events, over a rolling 24 hours.
    Events,
}

impl Purse {
    /// Its key in the state bucket.
    pub fn key(&self) -> String {
        match self {
            Self::Sweep(id) => format!("drift/budget/sweeps/{id}.json"),
            Self::Events => "drift/budget/events.json".to_owned(),
        }
    }

    /// How long it lasts, in words.
    const fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Sweep(_) => ("in one sweep", "the next sweep goes on with it"),
            Self::Events => ("by events within 24 hours", "the next sweep has a count of its own and goes on with it"),
        }
    }
}

/// What may be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Whose.
    pub purse: Purse,
    /// How many repositories in all.
    pub allowed: usize,
}

/// Repositories that were changed, and when, in milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    repositories: BTreeMap<RepositoryName, i64>,
}

/// What asking for leave came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reserved {
    /// It may be changed.
    Granted {
        /// Is it counted only now?
        anew: bool,
    },
    /// It may not: why, and what to do.
    Refused(String),
}

/// Counts a repository that is about to be changed, unless there are too many.
pub(super) async fn reserve(
    world: &impl Book,
    budget: &Budget,
    name: &RepositoryName,
    now: i64,
) -> Result<Reserved, Fault> {
    let rolling = budget.purse == Purse::Events;
    papers::amend(world, &budget.purse.key(), |count: &mut Count| {
        let before = count.repositories.len();
        if rolling {
            count.repositories.retain(|_, at| now.saturating_sub(*at) < WINDOW);
        }
        let known = count.repositories.contains_key(name);
        let used = count.repositories.len();
        if !known && used >= budget.allowed {
            return (used < before, Reserved::Refused(refusal(budget, used)));
        }
        if known && !rolling {
            return (false, Reserved::Granted { anew: false });
        }
        count.repositories.insert(name.clone(), now);
        (true, Reserved::Granted { anew: !known })
    })
    .await
}

/// Takes a repository out of the count again: it was counted, and nothing was written.
pub(super) async fn give_back(world: &impl Book, budget: &Budget, name: &RepositoryName) -> Result<(), Fault> {
    papers::amend(world, &budget.purse.key(), |count: &mut Count| (count.repositories.remove(name).is_some(), ())).await
}

fn refusal(budget: &Budget, used: usize) -> String {
    let (when, then) = budget.purse.words();
    let allowed = budget.allowed;
    format!(
        "the cap: {allowed} repositories may be changed {when} (MaxChangesPerRun) and {used} were; {then}. Raise MaxChangesPerRun where so many changes are right"
    )
}
