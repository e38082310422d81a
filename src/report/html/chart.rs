//! The two charts of the page, as inline SVG: findings by severity, and by repository.

use super::{class, escape};
use crate::model::finding::Severity;
use crate::policy::change::SeverityCounts;
use crate::policy::wording::{clip, count};
use crate::report::word;
use std::fmt::Write as _;

/// Repositories drawn, the worst first.
pub(super) const MOST_REPOSITORIES: usize = 12;
/// From one bar to the next.
const STEP: usize = 30;
const BAR: usize = 16;
/// Worst first, as everywhere.
const ORDER: [Severity; 5] =
    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Informational];

/// A bar for each severity.
pub(super) fn severities(counts: SeverityCounts) -> String {
    const LABEL: usize = 100;
    const WIDTH: usize = 440;
    let most = ORDER.into_iter().map(|severity| counts.of(severity)).max().unwrap_or_default();
    let mut out = frame(WIDTH, ORDER.len(), "Findings by severity");
    for (place, severity) in ORDER.into_iter().enumerate() {
        let number = counts.of(severity);
        let top = place * STEP;
        let full = WIDTH - LABEL - 60;
        let width = share(number, most, full);
        let _ = write!(
            out,
            "<text x=\"0\" y=\"{}\">{}</text>\
             <rect class=\"track\" x=\"{LABEL}\" y=\"{top}\" width=\"{full}\" height=\"{BAR}\" rx=\"4\"/>\
             <rect class=\"{}\" x=\"{LABEL}\" y=\"{top}\" width=\"{width}\" height=\"{BAR}\" rx=\"4\"/>\
             <text class=\"number\" x=\"{WIDTH}\" y=\"{}\" text-anchor=\"end\">{number}</text>",
            top + 13,
            word(severity),
            class(severity),
            top + 13,
        );
    }
    out.push_str("</svg>");
    out
}

/// A bar for each of the worst repositories, of one piece for each severity.
pub(super) fn repositories(sums: &[(String, SeverityCounts)]) -> String {
    const LABEL: usize = 230;
    const WIDTH: usize = 660;
    let drawn = sums.get(..sums.len().min(MOST_REPOSITORIES)).unwrap_or_default();
    let most = drawn.iter().map(|(_, counts)| counts.total()).max().unwrap_or_default();
    let mut out = frame(WIDTH, drawn.len(), "Findings by repository");
    for (place, (name, counts)) in drawn.iter().enumerate() {
        let top = place * STEP;
        let _ = write!(
            out,
            "<g><title>{}: {}</title><text x=\"0\" y=\"{}\">{}</text>",
            escape(name),
            escape(&told(*counts)),
            top + 13,
            escape(&clip(name, 32)),
        );
        let mut left = LABEL;
        for severity in ORDER {
            let width = share(counts.of(severity), most, WIDTH - LABEL - 60);
            if width > 0 {
                let class = class(severity);
                let _ = write!(
                    out,
                    "<rect class=\"{class}\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{BAR}\"/>"
                );
            }
            left += width;
        }
        let (end, base) = (left + 8, top + 13);
        let _ = write!(out, "<text class=\"number\" x=\"{end}\" y=\"{base}\">{}</text></g>", counts.total());
    }
    out.push_str("</svg>");
    out
}

fn frame(width: usize, bars: usize, title: &str) -> String {
    let height = (bars * STEP).saturating_sub(STEP - BAR - 4);
    format!("<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\">")
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
