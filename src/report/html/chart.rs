//! The two charts of the page, as inline SVG: findings by severity, and by repository.

use super::{class, escape};
use crate::model::finding::Severity;
use crate::policy::change::SeverityCounts;
use crate::policy::wording::{clip, count};
use crate::report::word;
use std::fmt::Write as _;

/// Repositories drawn, the worst first.
pub(super) const MOST_REPOSITORIES: usize = 10;
/// Units across: few, so that the words are still read where the page is as narrow as a phone.
const WIDTH: usize = 400;
const BAR: usize = 14;
/// Worst first, as everywhere.
const ORDER: [Severity; 5] =
    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Informational];

/// A bar for each severity, its name before it and its number behind.
pub(super) fn severities(counts: SeverityCounts) -> String {
    const STEP: usize = 28;
    const LABEL: usize = 98;
    let most = ORDER.into_iter().map(|severity| counts.of(severity)).max().unwrap_or_default();
    let mut out = frame(ORDER.len() * STEP, "Findings by severity");
    for (place, severity) in ORDER.into_iter().enumerate() {
        let number = counts.of(severity);
        let (top, base) = (place * STEP, place * STEP + 12);
        let full = WIDTH - LABEL - 56;
        let _ = write!(
            out,
            "<text x=\"0\" y=\"{base}\">{}</text>\
             <rect class=\"track\" x=\"{LABEL}\" y=\"{top}\" width=\"{full}\" height=\"{BAR}\" rx=\"4\"/>\
             <rect class=\"{}\" x=\"{LABEL}\" y=\"{top}\" width=\"{}\" height=\"{BAR}\" rx=\"4\"/>\
             <text class=\"number\" x=\"{WIDTH}\" y=\"{base}\" text-anchor=\"end\">{number}</text>",
            word(severity),
            class(severity),
            share(number, most, full),
        );
    }
    out.push_str("</svg>");
    out
}

/// A bar for each of the worst repositories, of one piece for each severity; name and number above it.
pub(super) fn repositories(sums: &[(String, SeverityCounts)]) -> String {
    const STEP: usize = 42;
    let drawn = sums.get(..sums.len().min(MOST_REPOSITORIES)).unwrap_or_default();
    let most = drawn.iter().map(|(_, counts)| counts.total()).max().unwrap_or_default();
    let mut out = frame(drawn.len() * STEP, "Findings by repository");
    for (place, (name, counts)) in drawn.iter().enumerate() {
        let (top, base) = (place * STEP + 18, place * STEP + 12);
        let _ = write!(
            out,
            "<g><title>{}: {}</title><text x=\"0\" y=\"{base}\">{}</text>\
             <text class=\"number\" x=\"{WIDTH}\" y=\"{base}\" text-anchor=\"end\">{}</text>",
            escape(name),
            escape(&told(*counts)),
            escape(&clip(name, 48)),
            counts.total(),
        );
        let mut left = 0;
        for severity in ORDER {
            let width = share(counts.of(severity), most, WIDTH - 12);
            if width > 0 {
                let class = class(severity);
                let _ = write!(
                    out,
                    "<rect class=\"{class}\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{BAR}\"/>"
                );
            }
            left += width;
        }
        out.push_str("</g>");
    }
    out.push_str("</svg>");
    out
}

fn frame(height: usize, title: &str) -> String {
    format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\">")
}

/// How long a bar is: of nothing none, of anything at least a sliver.
fn share(number: u32, most: u32, full: usize) -> usize {
    if number == 0 || most == 0 {
        return 0;
    }
    (number as usize * full / most as usize).max(3)
}

/// `2 critical, 3 high`
fn told(counts: SeverityCounts) -> String {
    let parts: Vec<String> = ORDER
        .into_iter()
        .filter(|severity| counts.of(*severity) > 0)
        .map(|severity| format!("{} {}", counts.of(severity), severity.as_str().to_lowercase()))
        .collect();
    if parts.is_empty() { count(0, "finding") } else { parts.join(", ") }
}
