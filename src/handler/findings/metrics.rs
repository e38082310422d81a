//! Counting, for CloudWatch: one line per invocation, and one per sink.

use super::sort::Task;
use super::work::Done;
use crate::event::findings::{Cause, Job};
use crate::flow::findings::account::Outcome;
use crate::handler::embedded::{self, Counts};
use crate::policy::change::ChangeKind;
use serde_json::json;
use std::collections::BTreeMap;

/// Counts of one invocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Metrics {
    counts: Counts,
    by_sink: BTreeMap<&'static str, Counts>,
}

impl Metrics {
    pub(super) fn count(&mut self, name: &'static str, number: usize) {
        *self.counts.entry(name).or_default() += number;
    }

    fn of_sink(&mut self, sink: &'static str, name: &'static str, number: usize) {
        *self.by_sink.entry(sink).or_default().entry(name).or_default() += number;
    }

    /// Counts what became of a job.
    pub(super) fn add(&mut self, task: &Task, done: &Done) {
        self.count("ScansMissed", done.missed);
        self.count("Failed", usize::from(done.trouble.is_some()));
        if let Job::Image(job) = &task.job {
            self.count("ScansSeen", usize::from(job.cause == Cause::Scan));
        }
        let Some(account) = &done.account else { return };
        let kinds = [
            ("FindingsNew", ChangeKind::New),
            ("FindingsChanged", ChangeKind::Changed),
            ("FindingsFixed", ChangeKind::Fixed),
            ("FindingsWaived", ChangeKind::Waived),
            ("FindingsReactivated", ChangeKind::Reactivated),
        ];
        for (name, kind) in kinds {
            self.count(name, account.count(kind));
        }
        self.count("ImagesNotScanned", usize::from(account.outcome == Outcome::NotScanned));
        for (sink, number) in &account.delivered {
            self.of_sink(sink.as_str(), "Delivered", *number);
        }
        for (sink, number) in &account.failed {
            self.of_sink(sink.as_str(), "Failed", *number);
        }
        for (sink, number) in &account.refused {
            self.of_sink(sink.as_str(), "Refused", *number);
            self.count("DeadLettered", *number);
        }
    }

    /// The lines to be written to standard output; the time, in milliseconds since 1970, goes with them.
    pub(super) fn lines(&self, stack: &str, now: i64) -> String {
        let mut lines = embedded::line(&json!({"Stack": stack}), &self.counts, now);
        for (sink, counts) in &self.by_sink {
            lines.push_str(&embedded::line(&json!({"Stack": stack, "Sink": sink}), counts, now));
        }
        lines
    }
}
