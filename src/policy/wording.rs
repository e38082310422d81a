//! Words of strangers made fit to be shown: scanners, package authors and advisories write what they like, and it ends in
//! chats, mails, terminals and pages. What each format needs on top (escaping) is the format's own business.

use crate::model::finding::{Finding, Severity};
use crate::model::image::ImageRef;
use std::cmp::{Ordering, Reverse};

/// What a cut text ends with.
const CUT: char = '…';
/// The longest address that is shown as a link; what is longer is left out, since a cut address leads elsewhere. Also
/// keeps a line with a link below Slack's 3,000 characters.
const MOST_LINK: usize = 500;

/// At most `most` characters; what was cut ends with `…`.
pub fn clip(text: &str, most: usize) -> String {
    let mut ends = text.char_indices().map(|(at, _)| at).skip(most.saturating_sub(1));
    match (ends.next(), ends.next()) {
        (Some(cut), Some(_)) => format!("{}{CUT}", text.get(..cut).unwrap_or_default()),
        _ => text.to_owned(),
    }
}

/// One line of at most `most` characters: control characters (a terminal obeys them) and those that turn the direction of
/// writing (a reader is fooled by them) become spaces, and runs of spaces one.
pub fn line(text: &str, most: usize) -> String {
    let mut kept = String::new();
    let mut number = 0;
    // Stops where enough is kept: descriptions may be megabytes.
    for c in text.chars().map(|c| if is_harmless(c) { c } else { ' ' }) {
        let space = c.is_whitespace();
        if space && (kept.is_empty() || kept.ends_with(' ')) {
            continue;
        }
        kept.push(if space { ' ' } else { c });
        number += 1;
        if number > most + 1 {
            break;
        }
    }
    clip(kept.trim_end(), most)
}

/// Printable, and not one of the characters that reorder or hide its neighbours.
fn is_harmless(c: char) -> bool {
    let reorders =
        matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    !c.is_control() && !reorders && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// An address that may be made a link: `http` or `https`, and free of everything that means something in HTML, Markdown or
/// Slack's markup.
pub fn link(url: &str) -> Option<&str> {
    let web = ["https://", "http://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme));
    let plain = url.chars().all(|c| c.is_ascii_graphic() && !"<>\"'`|\\^{}()[]*".contains(c));
    (web && plain && url.len() <= MOST_LINK).then_some(url)
}

/// Milliseconds since 1970 as people and programs read them: `2026-01-31T12:00:00Z`. Empty outside the years a calendar
/// has.
pub fn moment(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds).map_or_else(|_| String::new(), |time| time.to_string())
}

/// `1 image`, `2 images`.
pub fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// What was left out, said aloud: `and 12 more`; `None` where nothing was.
pub fn more(left_out: usize) -> Option<String> {
    (left_out > 0).then(|| format!("and {left_out} more"))
}

/// The worst first: severity, then what is exploited, then what an update mends, then what will likely be exploited; the
/// rest only keeps the order the same from run to run.
pub fn worst_first(one: &Finding, two: &Finding) -> Ordering {
    let key =
        |finding: &Finding| (Reverse(finding.severity), Reverse(finding.is_exploited()), Reverse(finding.is_fixable()));
    let likely = |finding: &Finding| finding.epss.filter(|value| value.is_finite()).unwrap_or_default();
    key(one)
        .cmp(&key(two))
        .then_with(|| likely(two).total_cmp(&likely(one)))
        .then_with(|| one.vulnerability.cmp(&two.vulnerability))
        .then_with(|| one.package.cmp(&two.package))
        .then_with(|| one.version.cmp(&two.version))
}

/// The package and its version, as far as they are known: `openssl 3.0.1`.
pub fn package(finding: &Finding) -> String {
    line(&format!("{} {}", finding.package, finding.version), 120)
}

/// A severity at a glance, wherever pictures are shown.
pub const fn dot(severity: Severity) -> char {
    match severity {
        Severity::Critical => '🔴',
        Severity::High => '🟠',
        Severity::Medium => '🟡',
        Severity::Low => '🔵',
        Severity::Informational => '⚪',
    }
}

/// The image as people call it: `team/app:v41`, or `team/app@0123456789ab` where it has no tag. `latest` only where it has
/// no other, since that is what everything is called.
pub fn image_name(image: &ImageRef, tags: &[String]) -> String {
    let telling = tags.iter().find(|tag| *tag != "latest").or_else(|| tags.first());
    match telling {
        Some(tag) => format!("{}:{}", image.repository, line(tag, 128)),
        None => format!("{}@{}", image.repository, image.digest.short()),
    }
}
