//! The report for the terminal: what fails and what is unknown in columns, and the numbers below them.

use super::chart::{percent, told};
use super::line::{ActionWord, CheckTold, Line, word};
use super::read::Report;
use super::told::{LeaveState, repositories};
use crate::plan::posture::Status;
use crate::policy::wording::line;
use crate::report::table::aligned;
use std::fmt::Write as _;

const HEADER: [&str; 7] = ["STATUS", "RULE", "REQUIREMENT", "REPOSITORY", "FOUND", "WISHED", "OUTCOME"];
/// The widest each column gets, in characters; what is longer ends with `…`, and is whole in the other formats.
const WIDEST: [usize; 7] = [7, 28, 18, 60, 40, 40, 60];

/// Writes the report.
pub(super) fn write(report: &Report) -> String {
    let mut out = String::new();
    let open = |check: &&CheckTold<'_>| matches!(check.status, Status::Fail | Status::Unknown);
    let mut lines: Vec<[String; 7]> = vec![HEADER.map(str::to_owned)];
    for repository in &report.repositories {
        lines.extend(repository.checks.iter().filter(open).map(|check| cells(repository, check)));
    }
    if lines.len() > 1 {
        // The rule's failures together, what is unknown after all of them.
        lines.get_mut(1..).unwrap_or_default().sort_by(|one, two| one[..2].cmp(&two[..2]));
        out.push_str(&aligned(&lines));
        out.push('\n');
    }
    let summary = &report.head.summary;
    let _ = writeln!(
        out,
        "{}: {} of checks pass ({})",
        repositories(summary.repositories),
        percent(summary.checks),
        told(summary.checks),
    );
    for exemption in &report.head.exemptions {
        let (path, until) = (line(&exemption.path, 80), line(&exemption.until, 20));
        let _ = match exemption.state {
            LeaveState::Used => Ok(()),
            LeaveState::Unused => writeln!(out, "exemption {path} (until {until}) excuses nothing"),
            LeaveState::Expired => {
                writeln!(out, "exemption {path} has expired on {until}; what it was for fails again")
            }
        };
    }
    let since = &report.head.since_last;
    if since.previous.is_some() {
        let _ = writeln!(
            out,
            "since the report before: {} newly failing, {} newly passing, {} new, {} gone",
            since.newly_failing.count,
            since.newly_passing.count,
            repositories(since.new_repositories.count),
            since.gone_repositories.count,
        );
    }
    for note in since.note.iter().chain(&report.head.notes) {
        let _ = writeln!(out, "note: {}", line(note, 400));
    }
    out
}

fn cells(repository: &Line<'_>, check: &CheckTold<'_>) -> [String; 7] {
    let action = if check.action == ActionWord::None { "" } else { check.action.as_str() };
    let done = format!("{action} {} {}", check.detail, check.note);
    let texts = [
        word(check.status),
        &check.rule,
        check.requirement.as_str(),
        &repository.name,
        &check.found,
        &check.wished,
        &done,
    ];
    let mut widest = WIDEST.into_iter();
    // A terminal obeys control characters: none gets through.
    texts.map(|text| line(text, widest.next().unwrap_or_default()))
}
