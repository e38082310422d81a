//! Findings as CSV, for spreadsheets and scripts: one line per finding, columns that stay where they are.

use super::{Row, RowState, Sheet, score};
use crate::policy::wording::{clip, moment};
use std::borrow::Cow;

/// The header. New columns come at the end.
pub const HEADER: [&str; 25] = [
    "id",
    "account",
    "region",
    "repository",
    "digest",
    "tags",
    "vulnerability",
    "package",
    "version",
    "severity",
    "scanner_severity",
    "scanner",
    "fixable",
    "fixed_in",
    "exploited",
    "epss",
    "cvss",
    "state",
    "waiver_reason",
    "waiver_owner",
    "waiver_until",
    "first_seen",
    "title",
    "description",
    "url",
];

/// Characters a cell holds (Excel specifications and limits: 32,767), the apostrophe of [`defused`] among them.
pub(super) const MOST_CELL: usize = 32_766;

/// Writes the sheet. Fails only where memory does.
pub fn write(sheet: &Sheet) -> Result<String, String> {
    let mut out = ::csv::Writer::from_writer(Vec::new());
    out.write_record(HEADER).map_err(|error| error.to_string())?;
    for row in &sheet.rows {
        let cells = cells(row);
        out.write_record(cells.iter().map(|cell| defused(cell).into_owned())).map_err(|error| error.to_string())?;
    }
    let bytes = out.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn cells(row: &Row) -> [String; 25] {
    let Row { image, finding, .. } = row;
    let waived = if let RowState::Waived(waived) = &row.state { Some(waived) } else { None };
    let text = |text: &str| clip(text, MOST_CELL);
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    [
        row.id.to_string(),
        image.place.account.clone(),
        image.place.region.clone(),
        image.repository.to_string(),
        image.digest.to_string(),
        text(&row.tags.join(" ")),
        text(&finding.vulnerability),
        text(&finding.package),
        text(&finding.version),
        finding.severity.to_string(),
        text(&finding.severity_label),
        super::ocsf::scanner(finding.scanner).to_owned(),
        finding.is_fixable().to_string(),
        text(&finding.details.fixed_in),
        finding.exploit.map(|known| known.to_string()).unwrap_or_default(),
        number(finding.epss),
        number(score(finding)),
        row.state.as_str().to_owned(),
        waived.map(|waived| text(&waived.reason)).unwrap_or_default(),
        waived.and_then(|waived| waived.owner.as_deref()).map(text).unwrap_or_default(),
        waived.map(|waived| text(&waived.until)).unwrap_or_default(),
        row.first_seen.map(moment).unwrap_or_default(),
        text(&finding.title),
        text(&finding.description),
        text(&finding.url),
    ]
}

/// A cell that a spreadsheet takes for text: what could begin a formula gets an apostrophe in front (OWASP, "CSV
/// Injection"), also where spaces or the characters' full-width twins hide it.
pub(super) fn defused(cell: &str) -> Cow<'_, str> {
    let first = cell.trim_start().chars().next();
    let formula = first.is_some_and(|c| "=+-@＝＋－＠".contains(c)) || cell.starts_with(['\t', '\r', '\n', '\0']);
    if formula { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}
