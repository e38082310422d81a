//! Rows of the page, gathered while repositories go by, and bounded: what is beyond is counted.

use super::line::{ActionWord, CheckTold, Line};
use crate::policy::wording::line;
use crate::report::html::{escape, small};
use std::fmt::Write as _;

/// Rows under one heading.
pub const MOST_PER_GROUP: usize = 200;
/// Rows of the page: some megabytes, which a browser lays out at once.
pub const MOST_ROWS: usize = 4_000;
const COLUMNS: [(&str, &str); 5] =
    [("Repository", "name"), ("Requirement", "what"), ("Found", ""), ("Wished", ""), ("Outcome", "done")];

/// Groups of rows, by rule.
#[derive(Debug, Default)]
pub(super) struct Groups {
    pub(super) groups: Vec<Group>,
    rows: usize,
}

/// Rows under one heading.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) rule: String,
    /// All there are.
    pub(super) checks: usize,
    /// Those that are written down.
    pub(super) shown: usize,
    rows: String,
}

impl Groups {
    /// A row under the check's rule.
    pub(super) fn add(&mut self, repository: &Line<'_>, check: &CheckTold<'_>) {
        let place = self.groups.iter().position(|group| group.rule == check.rule).unwrap_or_else(|| {
            let rule = check.rule.clone().into_owned();
            self.groups.push(Group { rule, checks: 0, shown: 0, rows: String::new() });
            self.groups.len() - 1
        });
        let Some(group) = self.groups.get_mut(place) else { return };
        group.checks += 1;
        if group.shown < MOST_PER_GROUP && self.rows < MOST_ROWS {
            group.shown += 1;
            self.rows += 1;
            row(&mut group.rows, repository, check);
        }
    }

    /// How many checks there are in all.
    pub(super) fn checks(&self) -> usize {
        self.groups.iter().map(|group| group.checks).sum()
    }
}

impl Group {
    /// The rows as a table, and what is left out, aloud.
    pub(super) fn table(&self) -> String {
        let mut out = "<table><thead><tr>".to_owned();
        for (column, _) in COLUMNS {
            let _ = write!(out, "<th scope=\"col\">{column}</th>");
        }
        let _ = write!(out, "</tr></thead><tbody>\n{}</tbody></table>", self.rows);
        if self.checks > self.shown {
            let _ = write!(
                out,
                "<p class=\"empty\">The first {} are shown; the CSV has all {}.</p>",
                self.shown, self.checks,
            );
        }
        out
    }
}

fn row(out: &mut String, repository: &Line<'_>, check: &CheckTold<'_>) {
    let (found, wished) = (line(&check.found, 300), line(&check.wished, 300));
    let cells = [
        format!("{}{}", name(repository), owner(repository)),
        check.requirement.as_str().to_owned(),
        escape(&found),
        escape(&wished),
        format!("{}{}", done(check), small(&escape(&line(&check.note, 500)))),
    ];
    out.push_str("<tr>");
    for (cell, (label, class)) in cells.iter().zip(COLUMNS) {
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        // On a phone an empty cell is not shown.
        let cell = if cell.is_empty() { String::new() } else { format!("<span>{cell}</span>") };
        let _ = write!(out, "<td data-label=\"{label}\"{class}>{cell}</td>");
    }
    out.push_str("</tr>\n");
}

/// The repository's name.
pub(super) fn name(repository: &Line<'_>) -> String {
    escape(&line(&repository.name, 256))
}

/// Whose it is, in small.
fn owner(repository: &Line<'_>) -> String {
    let Some(owner) = &repository.owner else { return String::new() };
    let gone = if owner.is_orphan { ", which is gone" } else { "" };
    small(&escape(&line(&format!("of {} in {}{gone}", owner.resource, owner.stack), 200)))
}

fn done(check: &CheckTold<'_>) -> String {
    let (class, word) = match check.action {
        ActionWord::None => return String::new(),
        ActionWord::Reported => ("informational", "reported"),
        ActionWord::Mended => ("good", "mended"),
        ActionWord::Withheld => ("medium", "withheld"),
        ActionWord::Failed => ("critical", "mending failed"),
    };
    let detail = line(&check.detail, 500);
    let detail = match check.action {
        ActionWord::Mended if !detail.is_empty() => format!("ecr-steward revert {detail}"),
        _ => detail,
    };
    format!("<span class=\"chip {class}\">{word}</span>{}", small(&escape(&detail)))
}
