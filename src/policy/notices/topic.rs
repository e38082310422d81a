//! A letter for the notification topic, whose subscribers mostly read e-mail: plain text and a subject.

use super::letter::Letter;
use crate::policy::wording::line;
use std::fmt::Write as _;

/// Characters of a subject (Amazon SNS API reference, Publish: fewer than 100, ASCII, no line breaks).
const MOST_SUBJECT: usize = 99;
/// Bytes of a message. SNS takes 256 KB with all attributes; nobody reads even this much.
const MOST_BYTES: usize = 60_000;
/// Lines of a section that are tried, until the text is short enough.
const TRIED: [usize; 5] = [50, 20, 8, 2, 0];

/// `ecr-steward: 3 new findings in team/app:v41`
pub(super) fn subject(letter: &Letter) -> String {
    let text = format!("ecr-steward: {}", line(&letter.headline, 300));
    let ascii: String = text.chars().map(|c| if (' '..='~').contains(&c) { c } else { '?' }).collect();
    if ascii.len() <= MOST_SUBJECT {
        return ascii;
    }
    // All ASCII, so bytes are characters; the mark of a cut is one that mail knows.
    format!("{}...", ascii.get(..MOST_SUBJECT - 3).unwrap_or_default())
}

/// The text.
pub(super) fn body(letter: &Letter) -> String {
    let mut text = String::new();
    for most in TRIED {
        text = written(letter, most);
        if text.len() <= MOST_BYTES {
            break;
        }
    }
    text
}

fn written(letter: &Letter, most: usize) -> String {
    let mut out = format!("{}\n\n{}\n", letter.headline, letter.summary.join("\n"));
    for section in &letter.sections {
        let _ = writeln!(out, "\n{}", section.title);
        for item in section.lines.iter().take(most) {
            let words = [item.severity.as_str(), &item.name, &item.code, &item.text];
            let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
            let _ = writeln!(out, "- {}", words.join("  "));
            if let Some(link) = &item.link {
                let _ = writeln!(out, "  {link}");
            }
        }
        if let Some(more) = section.more(section.lines.len().min(most)) {
            let _ = writeln!(out, "- {more}");
        }
    }
    out.push('\n');
    for (label, value) in &letter.facts {
        let _ = writeln!(out, "{label}: {value}");
    }
    if let Some(page) = &letter.console {
        let _ = writeln!(out, "Console: {page}");
    }
    out
}
