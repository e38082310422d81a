//! The members of the JSON, as `schemas/compliance-report-1.json` has them; written and read back.
//!
//! Repositories stand last and one to a line, so that they can be written before the whole is known.

use super::controls::Control;
use crate::plan::posture::{Requirement, Status};
use crate::spec::baseline::Mode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The shape this version writes and reads.
pub const VERSION: &str = "1";
/// Members of a list of differences; what is beyond is counted, and found in the CSV or by comparing two reports.
pub const MOST_LISTED: usize = 1_000;

/// All but the repositories.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// [`VERSION`]
    pub version: String,
    /// Twelve digits.
    pub account: String,
    /// `eu-west-1`
    pub region: String,
    /// `aws`
    pub partition: String,
    /// `on`, `report-only`, `off`
    pub kill_switch: String,
    /// What differs from run to run.
    pub run: RunTold,
    /// What is otherwise than in the report before.
    pub since_last: SinceLast,
    /// The numbers.
    pub summary: Summary,
    /// Leave that was given, the one that ends first before the others.
    pub exemptions: Vec<ExemptionTold>,
    /// What is to be said of the whole.
    pub notes: Vec<String>,
    /// Whose controls ask for the same.
    pub controls: Vec<Control>,
}

/// What differs from run to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunTold {
    /// The sweep's id.
    pub sweep: String,
    /// The day by which exemptions were judged, in UTC: `2026-03-01`.
    pub today: String,
    /// When it began, in RFC 3339 with milliseconds.
    pub started: String,
    /// When the report was put together.
    pub finished: String,
    /// In how many parts it was done.
    pub parts: u32,
    /// Calls to ECR that read.
    pub ecr_reads: u64,
    /// Calls to ECR that wrote.
    pub ecr_writes: u64,
}

/// How many there are, and the first [`MOST_LISTED`] of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed<T> {
    /// All of them.
    pub count: u32,
    /// The first.
    pub listed: Vec<T>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { count: 0, listed: Vec::new() }
    }
}

impl<T> Listed<T> {
    /// One more.
    pub(super) fn push(&mut self, one: impl FnOnce() -> T) {
        self.count = self.count.saturating_add(1);
        if self.listed.len() < MOST_LISTED {
            self.listed.push(one());
        }
    }
}

/// What is otherwise than in the report before; nothing where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SinceLast {
    /// When the sweep of the report before began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Checks that fail and did not; those of new repositories among them.
    pub newly_failing: Listed<CheckName>,
    /// Checks that failed and pass.
    pub newly_passing: Listed<CheckName>,
    /// Repositories that were not there.
    pub new_repositories: Listed<String>,
    /// Repositories that are no more.
    pub gone_repositories: Listed<String>,
    /// Repositories whose settings were changed without any event that told of it.
    pub changed_unannounced: Listed<String>,
    /// What follows from that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One check, by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CheckName {
    /// The repository.
    pub repository: String,
    /// The rule.
    pub rule: String,
    /// What is required.
    pub requirement: Requirement,
}

/// How many checks stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Met, also where that took a change.
    pub passing: u32,
    /// Not met.
    pub failing: u32,
    /// Not met, with leave.
    pub exempt: u32,
    /// Not found out.
    pub unknown: u32,
}

impl Counts {
    /// One more.
    pub(super) const fn add(&mut self, status: Status) {
        let count = match status {
            Status::Pass => &mut self.passing,
            Status::Fail => &mut self.failing,
            Status::Exempt => &mut self.exempt,
            Status::Unknown => &mut self.unknown,
        };
        *count = count.saturating_add(1);
    }

    /// All of them.
    pub const fn total(self) -> u32 {
        self.passing.saturating_add(self.failing).saturating_add(self.exempt).saturating_add(self.unknown)
    }

    /// Passing ones in a thousand of those that pass or fail, rounded down, so that it is 1,000 only where none fails.
    /// Leave is not held against anybody, and what is unknown says nothing. `None` where nothing is known.
    pub fn permille(self) -> Option<u32> {
        let known = u64::from(self.passing) + u64::from(self.failing);
        let share = (u64::from(self.passing) * 1_000).checked_div(known)?;
        u32::try_from(share).ok()
    }

    /// The same in per cent with one decimal.
    pub fn score(self) -> Option<f64> {
        self.permille().map(|permille| f64::from(permille) / 10.0)
    }
}

/// The numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// [`Counts::score`] of all checks; absent where none passes or fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// All of them.
    pub repositories: u32,
    /// Those of which a check fails.
    pub failing_repositories: u32,
    /// Those of which a check is unknown.
    pub unknown_repositories: u32,
    /// Those whose owner is gone.
    pub orphans: u32,
    /// All checks.
    pub checks: Counts,
    /// Checks that pass since they were mended in this sweep.
    pub mended: u32,
    /// Checks that a guard kept from being mended.
    pub withheld: u32,
    /// Checks whose mending failed.
    pub mending_failed: u32,
    /// Per rule: the fleets' declarations, then the baseline's rules in their order.
    pub rules: Vec<RuleSum>,
    /// Per requirement, in the order of the report.
    pub requirements: Vec<RequirementSum>,
}

/// The numbers of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleSum {
    /// Its name.
    pub rule: String,
    /// Its mode, where it is the baseline's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Repositories that fail one of its checks.
    pub failing_repositories: u32,
    /// Its checks.
    pub checks: Counts,
}

/// The numbers of one requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequirementSum {
    /// Which.
    pub requirement: Requirement,
    /// Its checks.
    pub checks: Counts,
}

/// What leave is worth today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LeaveState {
    /// Some check needs it.
    Used,
    /// It holds and nothing needs it.
    Unused,
    /// Its last day is past: what it was for fails again.
    Expired,
}

/// One exemption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExemptionTold {
    /// Where it was written.
    pub path: String,
    /// Which repositories, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Which repositories, by tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// From which rules; absent: from all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<String>>,
    /// Why.
    pub reason: String,
    /// Its last day.
    pub until: String,
    /// What it is worth.
    pub state: LeaveState,
    /// Checks it excuses.
    pub checks: u32,
}

/// `1 repository`, `2 repositories`
pub(super) fn repositories(number: u32) -> String {
    if number == 1 { "1 repository".to_owned() } else { format!("{number} repositories") }
}
