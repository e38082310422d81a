//! The report as CSV: one line per check, also of those that pass, and columns that stay where they are.
//!
//! Nothing in it differs from run to run, so that two of them can be compared.

use super::line::{CheckTold, Line, word};
use crate::plan::posture::{Requirement, Status};
use crate::policy::wording::clip;
use crate::report::csv::{MOST_CELL, defused};
use std::borrow::Cow;

/// The header. New columns come at the end.
pub const HEADER: [&str; 17] = [
    "account",
    "region",
    "repository",
    "owner_stack",
    "owner_resource",
    "rule",
    "requirement",
    "status",
    "mode",
    "action",
    "action_detail",
    "found",
    "wished",
    "note",
    "exempt_until",
    "exempt_reason",
    "orphan",
];

/// Writes repository by repository.
#[derive(Debug)]
pub(super) struct Rows {
    out: ::csv::Writer<Vec<u8>>,
    account: String,
    region: String,
}

impl Rows {
    pub(super) fn new(account: &str, region: &str) -> Self {
        let mut out = ::csv::Writer::from_writer(Vec::new());
        // A writer fails where its target does, or where lines differ in length; neither happens here.
        let _ = out.write_record(HEADER);
        Self { out, account: account.to_owned(), region: region.to_owned() }
    }

    /// What is told in full first, then what passes.
    pub(super) fn add(&mut self, line: &Line<'_>) {
        for check in &line.checks {
            self.write(line, &check.rule, check.requirement, check.status, Some(check));
        }
        for (rule, requirements) in &line.passed {
            for requirement in requirements {
                self.write(line, rule, *requirement, Status::Pass, None);
            }
        }
    }

    fn write(
        &mut self,
        line: &Line<'_>,
        rule: &str,
        requirement: Requirement,
        status: Status,
        full: Option<&CheckTold<'_>>,
    ) {
        let owner = line.owner.as_ref();
        let leave = full.and_then(|check| check.exemption.as_deref());
        let cells = [
            self.account.as_str(),
            &self.region,
            &line.name,
            owner.map_or("", |owner| &owner.stack),
            owner.map_or("", |owner| &owner.resource),
            rule,
            requirement.as_str(),
            word(status),
            full.map_or("", |check| mode(check)),
            full.map_or("", |check| check.action.as_str()),
            full.map_or("", |check| &check.detail),
            full.map_or("", |check| &check.found),
            full.map_or("", |check| &check.wished),
            full.map_or("", |check| &check.note),
            leave.map_or("", |leave| &leave.until),
            leave.map_or("", |leave| &leave.reason),
            owner.filter(|owner| owner.is_orphan).map_or("", |_| "true"),
        ];
        let _ = self.out.write_record(cells.map(safe).iter().map(|cell| cell.as_bytes()));
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.out.into_inner().unwrap_or_default()
    }
}

const fn mode(check: &CheckTold<'_>) -> &'static str {
    use crate::spec::baseline::Mode;
    match check.mode {
        Mode::ReportOnly => "ReportOnly",
        Mode::Enforce => "Enforce",
    }
}

/// No longer than a cell may be, and no formula.
fn safe(cell: &str) -> Cow<'_, str> {
    if cell.len() <= MOST_CELL { defused(cell) } else { Cow::Owned(defused(&clip(cell, MOST_CELL)).into_owned()) }
}
