//! What a person would rather look than read: a ring for the score, and a bar for each rule and requirement.

use super::told::{Counts, Summary};
use crate::policy::wording::line;
use crate::report::html::escape;
use std::fmt::Write as _;

/// How the four are drawn and told: the style's class, and the word. Colour never stands alone.
const KINDS: [(&str, &str); 4] = [("good", "pass"), ("critical", "fail"), ("low", "exempt"), ("medium", "unknown")];
/// Bars at once; those of further rules are folded away.
const MOST_BARS: usize = 12;
/// Units of a bar's length.
const LENGTH: u64 = 1_000;
/// The least that is seen.
const SLIVER: u64 = 8;

/// One bar: its name, what stands beside it, and its numbers.
pub(super) struct Bar<'a> {
    pub(super) name: &'a str,
    pub(super) beside: &'a str,
    pub(super) checks: Counts,
}

/// The score, as a ring with the number in it.
pub(super) fn ring(summary: &Summary) -> String {
    let permille = summary.checks.permille();
    let share = percent(summary.checks);
    let tone = match permille {
        Some(900..) => "good",
        Some(700..) => "medium",
        Some(_) => "critical",
        None => "",
    };
    let known = summary.checks.passing.saturating_add(summary.checks.failing);
    let told = match permille {
        Some(_) => format!("Score {share}: {} of {known} checks pass", summary.checks.passing),
        None => "No score: no check passes or fails".to_owned(),
    };
    let arc = permille.filter(|permille| *permille > 0).map_or_else(String::new, |permille| {
        format!(
            "<circle class=\"arc {tone}\" cx=\"60\" cy=\"60\" r=\"52\" pathLength=\"1000\" \
             stroke-dasharray=\"{permille} 1000\" transform=\"rotate(-90 60 60)\"/>"
        )
    });
    format!(
        "<svg class=\"ring\" viewBox=\"0 0 120 120\" role=\"img\" aria-label=\"{told}\">\
         <circle cx=\"60\" cy=\"60\" r=\"52\"/>{arc}\
         <text class=\"share\" x=\"60\" y=\"66\" text-anchor=\"middle\">{share}</text>\
         <text class=\"what\" x=\"60\" y=\"80\" text-anchor=\"middle\">{} of {known}</text></svg>",
        summary.checks.passing,
    )
}

/// `93.4 %`, or a dash where nothing is known.
pub(super) fn percent(checks: Counts) -> String {
    checks.permille().map_or_else(|| "–".to_owned(), |permille| format!("{}.{} %", permille / 10, permille % 10))
}

/// A list of bars, and what their colours mean.
pub(super) fn bars(bars: &[Bar<'_>]) -> String {
    let (shown, folded) = bars.split_at(bars.len().min(MOST_BARS));
    let mut out = list(shown);
    if !folded.is_empty() {
        let _ = write!(out, "<details><summary>{} more</summary>{}</details>", folded.len(), list(folded));
    }
    out.push_str("<ul class=\"key\">");
    for (class, word) in KINDS {
        let _ = write!(out, "<li class=\"{class}\">{word}</li>");
    }
    out.push_str("</ul>");
    out
}

fn list(bars: &[Bar<'_>]) -> String {
    let mut out = "<ul class=\"bars\">".to_owned();
    for bar in bars {
        let name = escape(&line(bar.name, 80));
        let told = told(bar.checks);
        let _ = write!(
            out,
            "<li><div class=\"label\"><b>{name}</b><span>{}{}</span></div>{}<small>{told}</small></li>",
            escape(bar.beside),
            percent(bar.checks),
            stack(&format!("{name}: {told}"), bar.checks),
        );
    }
    out.push_str("</ul>");
    out
}

/// The bar itself. `label` is escaped already.
fn stack(label: &str, checks: Counts) -> String {
    let mut out = format!(
        "<svg class=\"stack\" viewBox=\"0 0 {LENGTH} 12\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{label}\">\
         <rect class=\"track\" width=\"{LENGTH}\" height=\"12\"/>"
    );
    let mut left = 0;
    for ((class, _), length) in KINDS.into_iter().zip(lengths(checks)) {
        if length > 0 {
            let _ = write!(out, "<rect class=\"{class}\" x=\"{left}\" width=\"{length}\" height=\"12\"/>");
        }
        left += length;
    }
    out.push_str("</svg>");
    out
}

/// How long each piece is: of nothing none, of anything a sliver, and together the whole, which the longest makes up.
fn lengths(checks: Counts) -> [u64; 4] {
    let total = u64::from(checks.total());
    let mut lengths = numbers(checks).map(|number| match u64::from(number) {
        0 => 0,
        number => (number * LENGTH).checked_div(total).unwrap_or_default().max(SLIVER),
    });
    let sum: u64 = lengths.iter().sum();
    if let Some(longest) = lengths.iter_mut().max().filter(|_| sum > 0) {
        *longest = (*longest + LENGTH).saturating_sub(sum);
    }
    lengths
}

/// `90 pass, 5 fail`
pub(super) fn told(checks: Counts) -> String {
    let parts = numbers(checks).into_iter().zip(KINDS).filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, (_, word))| format!("{number} {word}")).collect();
    if parts.is_empty() { "no checks".to_owned() } else { parts.join(", ") }
}

const fn numbers(checks: Counts) -> [u32; 4] {
    [checks.passing, checks.failing, checks.exempt, checks.unknown]
}
