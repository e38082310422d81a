//! Findings for the terminal: columns, aligned by characters, and the numbers below them.

use super::{Row, RowState, Sheet, WaiverNote, counts};
use crate::model::finding::Severity;
use crate::policy::wording::{count, line};
use std::fmt::Write as _;

const HEADER: [&str; 6] = ["SEVERITY", "VULNERABILITY", "PACKAGE", "FIXED IN", "IMAGE", "NOTE"];
/// The widest each column gets, in characters; what is longer ends with `…`, and is whole in the other formats.
const WIDEST: [usize; 6] = [13, 28, 44, 24, 60, 80];

/// Writes the sheet.
pub fn write(sheet: &Sheet) -> String {
    let mut out = String::new();
    if !sheet.rows.is_empty() {
        let lines: Vec<[String; 6]> =
            std::iter::once(HEADER.map(str::to_owned)).chain(sheet.rows.iter().map(cells)).collect();
        out.push_str(&aligned(&lines));
        out.push('\n');
    }
    out.push_str(&sums(sheet));
    waivers(&mut out, &sheet.waivers_expired, "has expired; its findings count again");
    waivers(&mut out, &sheet.waivers_unused, "matches nothing");
    out
}

fn cells(row: &Row) -> [String; 6] {
    let finding = &row.finding;
    let fixed_in = match (finding.details.fixed_in.as_str(), finding.is_fixable()) {
        ("", true) => "yes",
        (text, _) => text,
    };
    let texts = [
        finding.severity.to_string(),
        finding.vulnerability.clone(),
        format!("{} {}", finding.package, finding.version),
        fixed_in.to_owned(),
        row.image_name(),
        note(row),
    ];
    let mut widest = WIDEST.into_iter();
    // A terminal obeys control characters: none gets through.
    texts.map(|text| line(&text, widest.next().unwrap_or_default()))
}

fn note(row: &Row) -> String {
    let mut notes = Vec::new();
    if row.finding.is_exploited() {
        notes.push("exploited".to_owned());
    }
    match &row.state {
        RowState::Active => {}
        RowState::Waived(waived) => notes.push(format!("waived until {}: {}", waived.until, waived.reason)),
        RowState::Gone => notes.push("gone".to_owned()),
    }
    notes.join(", ")
}

/// Lines of cells, each column as wide as its widest cell.
pub(super) fn aligned<const COLUMNS: usize>(lines: &[[String; COLUMNS]]) -> String {
    let mut widths = [0; COLUMNS];
    for cells in lines {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut out = String::new();
    for cells in lines {
        let mut text = String::new();
        for (cell, width) in cells.iter().zip(widths) {
            let _ = write!(text, "{cell:<width$}  ");
        }
        let _ = writeln!(out, "{}", text.trim_end());
    }
    out
}

/// `3 findings: 1 critical, 2 high; 1 exploited, 2 fixable; 4 waived`
fn sums(sheet: &Sheet) -> String {
    let counts = counts(&sheet.rows);
    let mut parts: Vec<String> = Severity::ALL
        .into_iter()
        .rev()
        .filter(|severity| counts.active.of(*severity) > 0)
        .map(|severity| format!("{} {}", counts.active.of(severity), severity.as_str().to_lowercase()))
        .collect();
    parts.extend(counts.aside());
    let all = count(counts.active.total() as usize, "finding");
    if parts.is_empty() { format!("{all}\n") } else { format!("{all}: {}\n", parts.join(", ")) }
}

fn waivers(out: &mut String, notes: &[WaiverNote], what: &str) {
    for note in notes {
        let (path, name) = (line(&note.path, 80), line(&note.vulnerability, 80));
        let _ = writeln!(out, "waiver {path} ({name}, until {}) {what}", line(&note.until, 20));
    }
}
