//! Findings as one page to look at: numbers, two charts, and a table to sort and sift. Everything is in the file; it
//! loads nothing, and its policy of content forbids it to.

mod chart;

use super::{Row, RowState, Sheet, WaiverNote, counts, word};
use crate::model::finding::Severity;
use crate::policy::change::SeverityCounts;
use crate::policy::wording::{count, line, link, moment, more};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Rows of the table; a browser sorts that many at once. The numbers and charts are of all.
pub const MOST_ROWS: usize = 5000;
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// Nothing but what is in the page.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                              base-uri 'none'; form-action 'none'";
const COLUMNS: [&str; 7] = ["Severity", "Vulnerability", "Package", "Fixed in", "Image", "First seen", "State"];

/// Writes the sheet.
pub fn write(sheet: &Sheet) -> String {
    let mut out = begin("Findings in container images", CONTENT_POLICY, "");
    head(&mut out, sheet);
    charts(&mut out, sheet);
    notes(&mut out, &sheet.waivers_expired, "expired", "findings count again");
    notes(&mut out, &sheet.waivers_unused, "unused", "nothing matches");
    table(&mut out, sheet);
    let _ = write!(out, "</main>\n<script>\n{SCRIPT}</script></body></html>\n");
    out
}

/// A page's beginning, up to where its content begins. `style` comes after the style all pages share.
pub(super) fn begin(title: &str, content_policy: &str, style: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{content_policy}\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title>\n<style>\n{STYLE}{style}</style></head>\n<body><main>\n"
    )
}

fn head(out: &mut String, sheet: &Sheet) {
    let active = || sheet.rows.iter().filter(|row| row.is_active());
    let images: BTreeSet<_> = active().map(|row| &row.image).collect();
    let repositories: BTreeSet<_> = active().map(|row| (&row.image.place, &row.image.repository)).collect();
    let repositories = match repositories.len() {
        1 => "1 repository".to_owned(),
        number => format!("{number} repositories"),
    };
    let counts = counts(&sheet.rows);
    let _ = writeln!(
        out,
        "<h1>Findings in container images</h1><p class=\"sub\">{} in {} of {repositories} · {}</p>",
        count(counts.active.total() as usize, "open finding"),
        count(images.len(), "image"),
        escape(&moment(sheet.generated_at)),
    );
    out.push_str("<div class=\"tiles\">");
    let mut tile = |class: &str, number: u32, what: &str| {
        let _ = write!(out, "<div class=\"tile {class}\"><b>{number}</b><span>{what}</span></div>");
    };
    for severity in Severity::ALL.into_iter().rev() {
        tile(class(severity), counts.active.of(severity), word(severity));
    }
    tile("critical", counts.exploited, "Exploited");
    tile("good", counts.fixable, "Fixable");
    tile("", counts.waived, "Waived");
    tile("", counts.gone, "Gone");
    out.push_str("</div>\n");
}

fn charts(out: &mut String, sheet: &Sheet) {
    let mut sums: BTreeMap<String, SeverityCounts> = BTreeMap::new();
    for row in sheet.rows.iter().filter(|row| row.is_active()) {
        sums.entry(row.image.repository.to_string()).or_default().add(row.finding.severity);
    }
    if sums.is_empty() {
        return;
    }
    let mut sums: Vec<(String, SeverityCounts)> = sums.into_iter().collect();
    sums.sort_by_cached_key(|(name, sum)| {
        Reverse((sum.critical, sum.high, sum.medium, sum.low, sum.informational, Reverse(name.clone())))
    });
    let rest = more(sums.len().saturating_sub(chart::MOST_REPOSITORIES))
        .map(|more| format!("<p class=\"empty\">… {more}</p>"))
        .unwrap_or_default();
    let _ = writeln!(
        out,
        "<div class=\"charts\"><section class=\"card\"><h2>By severity</h2>{}</section>\
         <section class=\"card\"><h2>By repository</h2>{}{rest}</section></div>",
        chart::severities(counts(&sheet.rows).active),
        chart::repositories(&sums),
    );
}

fn notes(out: &mut String, notes: &[WaiverNote], what: &str, meaning: &str) {
    if notes.is_empty() {
        return;
    }
    let _ = write!(out, "<section class=\"card note\"><h2>{} {what}: {meaning}</h2><ul>", count(notes.len(), "waiver"));
    for note in notes {
        let owner = note.owner.as_deref().map(|owner| format!(", {owner}")).unwrap_or_default();
        let text = format!("{}: {}, until {}{owner}. {}", note.path, note.vulnerability, note.until, note.reason);
        let _ = write!(out, "<li>{}</li>", escape(&line(&text, 400)));
    }
    out.push_str("</ul></section>\n");
}

fn table(out: &mut String, sheet: &Sheet) {
    out.push_str("<section class=\"card\"><div class=\"bar\"><h2>All findings</h2>");
    if sheet.rows.is_empty() {
        out.push_str("</div><p class=\"empty\">No findings.</p></section>\n");
        return;
    }
    out.push_str("<span id=\"shown\" class=\"empty\"></span>");
    out.push_str(
        "<input id=\"word\" type=\"search\" placeholder=\"Sift by any word\" aria-label=\"Sift by any word\">",
    );
    out.push_str("<select id=\"severity\" aria-label=\"Severity\"><option value=\"\">every severity</option>");
    for severity in Severity::ALL.into_iter().rev() {
        let _ = write!(out, "<option value=\"{}\">{}</option>", class(severity), word(severity));
    }
    out.push_str("</select><select id=\"state\" aria-label=\"State\"><option value=\"\">every state</option>");
    for state in ["active", "waived", "gone"] {
        let _ = write!(out, "<option>{state}</option>");
    }
    out.push_str("</select></div>\n<table><thead><tr>");
    for column in COLUMNS {
        let _ = write!(out, "<th scope=\"col\"><button type=\"button\">{column}</button></th>");
    }
    out.push_str("</tr></thead><tbody>\n");
    for shown in sheet.rows.iter().take(MOST_ROWS) {
        row(out, shown);
    }
    out.push_str("</tbody></table>");
    if let Some(more) = more(sheet.rows.len().saturating_sub(MOST_ROWS)) {
        let _ = write!(out, "<p class=\"empty\">… {more}; the CSV has all of them.</p>");
    }
    out.push_str("</section>\n");
}

fn row(out: &mut String, row: &Row) {
    let finding = &row.finding;
    let severity = finding.severity;
    let text = |text: &str, most: usize| escape(&line(text, most));
    let name = text(&finding.vulnerability, 100);
    let name = link(&finding.url).map_or_else(
        || name.clone(),
        |url| format!("<a href=\"{}\" rel=\"noopener noreferrer\" target=\"_blank\">{name}</a>", escape(url)),
    );
    let exploited = if finding.is_exploited() { " <span class=\"chip critical\">exploited</span>" } else { "" };
    let about = if finding.title.is_empty() { &finding.description } else { &finding.title };
    let fixed_in = match (finding.details.fixed_in.as_str(), finding.is_fixable()) {
        ("", true) => "yes".to_owned(),
        (version, _) => text(version, 100),
    };
    let seen = row.first_seen.map(moment).unwrap_or_default();
    // Sorted by rank, not by the alphabet; ascending brings the worst to the top.
    let rank = Severity::ALL.iter().rev().position(|one| *one == severity).unwrap_or_default();
    let class = class(severity);
    let cells = [
        format!("<span class=\"chip {class}\">{}</span>", word(severity)),
        format!("<span>{name}{exploited}{}</span>", small(&text(about, 160))),
        format!("<span>{}{}</span>", text(&finding.package, 120), small(&text(&finding.version, 100))),
        fixed_in,
        format!("<span>{}{}</span>", text(&row.image_name(), 160), small(&beside(row))),
        seen.get(..10).map(|day| format!("<span class=\"day\">{}</span>", escape(day))).unwrap_or_default(),
        state(&row.state),
    ];
    let _ = write!(out, "<tr class=\"{}\" data-severity=\"{class}\">", row.state.as_str());
    for (cell, label) in cells.iter().zip(COLUMNS) {
        let sort = if label == "Severity" { format!(" data-v=\"{rank}\"") } else { String::new() };
        let _ = write!(out, "<td data-label=\"{label}\"{sort}>{cell}</td>");
    }
    out.push_str("</tr>\n");
}

/// Where the image is, and its digest.
fn beside(row: &Row) -> String {
    let place = &row.image.place;
    escape(&format!("{} {} {}", row.image.digest.short(), place.account, place.region))
}

pub(super) fn small(html: &str) -> String {
    if html.is_empty() { String::new() } else { format!("<small>{html}</small>") }
}

fn state(state: &RowState) -> String {
    let RowState::Waived(waived) = state else {
        return state.as_str().to_owned();
    };
    let owner = waived.owner.as_deref().map(|owner| format!(" ({owner})")).unwrap_or_default();
    let why = format!("until {}: {}{owner}", waived.until, waived.reason);
    format!("<span>waived{}</span>", small(&escape(&line(&why, 200))))
}

/// The severity as the style sheet calls it.
const fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
        Severity::Informational => "informational",
    }
}

/// Text, harmless in HTML and in its quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
