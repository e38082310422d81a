//! Counting, for CloudWatch: one line per invocation, with the stack as its only dimension. No name is one of the findings
//! function's, whose counts have the same dimension.

use crate::handler::embedded::{self, Counts};
use crate::plan::posture::{Action, Standing, Status};
use serde_json::json;

/// Counts of one invocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Metrics(Counts);

impl Metrics {
    pub(super) fn count(&mut self, name: &'static str, number: usize) {
        *self.0.entry(name).or_default() += number;
    }

    /// Counts how a repository stands, and what was done to it.
    pub(super) fn add(&mut self, standing: &Standing, deleted: usize) {
        let of = |wished: fn(&Action) -> bool| standing.checks.iter().filter(|check| wished(&check.action)).count();
        let stands = |status: Status| standing.checks.iter().filter(|check| check.status == status).count();
        self.count("RepositoriesLooked", 1);
        self.count("Mended", of(|action| matches!(action, Action::Mended(_))));
        self.count("Withheld", of(|action| matches!(action, Action::Withheld(_))));
        self.count("NotMended", of(|action| matches!(action, Action::Failed(_))));
        self.count("Unknown", stands(Status::Unknown));
        self.count("ImagesDeleted", deleted);
    }

    /// The line to be written to standard output; the time, in milliseconds since 1970, goes with it.
    pub(super) fn line(&self, stack: &str, now: i64) -> String {
        embedded::line(&json!({"Stack": stack}), &self.0, now)
    }
}
