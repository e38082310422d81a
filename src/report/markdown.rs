//! Findings as GitHub-flavoured Markdown, for pull requests and job summaries: a table of numbers, then the worst.

use super::{Row, RowState, Sheet, WaiverNote, counts, word};
use crate::model::finding::Severity;
use crate::policy::wording::{self, count, line, link, moment, more};
use std::fmt::Write as _;

/// Findings listed; the numbers above them are of all.
pub const MOST_ROWS: usize = 50;
/// Bytes of all of it: a comment of a pull request holds 65,536 characters (GitHub).
pub const MOST_BYTES: usize = 60_000;
/// Waivers listed.
const MOST_WAIVERS: usize = 20;

/// Writes the sheet.
pub fn write(sheet: &Sheet) -> String {
    let mut out = String::from("## Findings in container images\n\n");
    let counts = counts(&sheet.rows);
    out.push_str("| Severity | Findings |\n| --- | ---: |\n");
    for severity in Severity::ALL.into_iter().rev() {
        let _ = writeln!(out, "| {} {} | {} |", wording::dot(severity), word(severity), counts.active.of(severity));
    }
    let _ = writeln!(out, "| **All** | **{}** |\n", counts.active.total());
    let aside = counts.aside();
    if !aside.is_empty() {
        let _ = writeln!(out, "{}\n", aside.join(" · "));
    }
    let notes = waivers(sheet);
    rows(&mut out, sheet, MOST_BYTES.saturating_sub(notes.len() + 300));
    out.push_str(&notes);
    let _ = writeln!(out, "<sub>ecr-steward, {}</sub>", moment(sheet.generated_at));
    out
}

/// The worst rows, as many as fit below `most` bytes.
fn rows(out: &mut String, sheet: &Sheet, most: usize) {
    // What is gone is history, and sorted behind the rest.
    let present: Vec<&Row> = sheet.rows.iter().filter(|row| row.state != RowState::Gone).collect();
    if present.is_empty() {
        out.push_str("No findings.\n\n");
        return;
    }
    out.push_str("| Severity | Vulnerability | Package | Fixed in | Image |\n| --- | --- | --- | --- | --- |\n");
    let mut shown = 0;
    for row in present.iter().take(MOST_ROWS) {
        let text = row_line(row);
        if out.len() + text.len() > most {
            break;
        }
        out.push_str(&text);
        shown += 1;
    }
    out.push('\n');
    if let Some(more) = more(present.len() - shown) {
        let _ = writeln!(out, "… {more}\n");
    }
}

fn row_line(row: &Row) -> String {
    let finding = &row.finding;
    let name = code(&finding.vulnerability, 60);
    let mut named = link(&finding.url).map_or_else(|| name.clone(), |url| format!("[{name}]({url})"));
    if finding.is_exploited() {
        named.push_str(" **exploited**");
    }
    if let RowState::Waived(waived) = &row.state {
        let _ = write!(named, " waived until {}: {}", escaped(&waived.until, 20), escaped(&waived.reason, 120));
    }
    let package = format!("{} {}", code(&finding.package, 60), code(&finding.version, 60));
    let fixed_in = match (code(&finding.details.fixed_in, 60), finding.is_fixable()) {
        (text, true) if text.is_empty() => "yes".to_owned(),
        (text, _) => text,
    };
    let severity = finding.severity;
    let image = code(&row.image_name(), 160);
    format!("| {} {} | {named} | {} | {fixed_in} | {image} |\n", wording::dot(severity), word(severity), package.trim())
}

fn waivers(sheet: &Sheet) -> String {
    let mut out = String::new();
    let lists = [
        (&sheet.waivers_expired, "expired", "its findings count again"),
        (&sheet.waivers_unused, "unused", "it matches nothing"),
    ];
    for (notes, what, meaning) in lists {
        if notes.is_empty() {
            continue;
        }
        let _ = writeln!(out, "**{} {what}**\n", count(notes.len(), "waiver"));
        for note in notes.iter().take(MOST_WAIVERS) {
            let _ = writeln!(out, "- {}", waiver(note, meaning));
        }
        if let Some(more) = more(notes.len().saturating_sub(MOST_WAIVERS)) {
            let _ = writeln!(out, "- … {more}");
        }
        out.push('\n');
    }
    out
}

fn waiver(note: &WaiverNote, meaning: &str) -> String {
    let owner = note.owner.as_deref().map(|owner| format!(", {}", escaped(owner, 60))).unwrap_or_default();
    format!(
        "{} for {}, until {}{owner}: {meaning} ({})",
        code(&note.path, 60),
        code(&note.vulnerability, 60),
        escaped(&note.until, 20),
        escaped(&note.reason, 120)
    )
}

/// A stranger's words in a code span, where nothing is markup, nobody is mentioned and no address becomes a link. A pipe
/// would still end the table's cell, and its escape could be undone by a backslash before it: it becomes a broken bar.
fn code(text: &str, most: usize) -> String {
    let text = line(text, most).replace('`', "'").replace('|', "¦");
    if text.is_empty() { text } else { format!("`{text}`") }
}

/// A stranger's words as plain text. Behind `@` and `#` stands a character of no width: GitHub looks for mentions after
/// the escapes are gone.
fn escaped(text: &str, most: usize) -> String {
    let mut out = String::new();
    for c in line(text, most).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '`' => out.push('\''),
            '@' | '#' => out.extend([c, '\u{200b}']),
            c if c.is_ascii_punctuation() && !",.;:-/'\"()".contains(c) => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}
