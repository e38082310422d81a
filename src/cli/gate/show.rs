//! Writing a verdict, by digest, with everything that blocks.

use super::{Judged, Part};
use crate::cli::Verdict;
use crate::cli::args::Format;
use crate::cli::output::{data, written};
use crate::model::finding::Severity;
use crate::policy::gate::{Blocking, GateVerdict};
use crate::policy::wording::{count, line};
use serde_json::{Value, json};

/// Findings named in Markdown; the others are counted.
const MOST_NAMED: usize = 50;

/// Writes to stdout.
pub(super) fn show(format: Format, judged: &Judged) -> anyhow::Result<()> {
    match format {
        Format::Markdown => written(&markdown(judged)),
        other => data(other, &table(judged), &value(judged)),
    }
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Clean => "pass",
        Verdict::Found => "blocked",
        Verdict::CannotTell => "unknown",
    }
}

fn headline(judged: &Judged) -> String {
    let tags = if judged.tags.is_empty() { String::new() } else { format!(" ({})", judged.tags.join(", ")) };
    line(&format!("{}{tags}", judged.image), 400)
}

/// What blocks.
fn rule(judged: &Judged) -> String {
    let gate = judged.policy.gate;
    let fixable = if gate.only_fixable { ", unless it is known to have no fix" } else { "" };
    format!("{} and worse{fixable}; {}", gate.minimum_severity, judged.origin)
}

fn named(one: &Blocking) -> String {
    let fixed_in =
        if one.fixed_in.is_empty() { "no fix named".to_owned() } else { format!("fixed in {}", one.fixed_in) };
    let package = format!("{} {}", one.package, one.version);
    line(&format!("{} {} {} ({fixed_in})", one.severity, one.vulnerability, package.trim()), 300)
}

/// `2 findings: 1 high, 1 low; 1 waived`
fn sums(part: &Part) -> String {
    let counts = &part.gated.counts;
    let all = count(counts.values().sum(), "finding");
    let mut parts: Vec<String> = Severity::ALL
        .into_iter()
        .rev()
        .filter_map(|severity| Some(format!("{} {}", counts.get(&severity)?, severity.as_str().to_lowercase())))
        .collect();
    if !part.gated.waived.is_empty() {
        parts.push(format!("{} waived", part.gated.waived.len()));
    }
    if parts.is_empty() { all } else { format!("{all}: {}", parts.join(", ")) }
}

fn platform(judged: &Judged, part: &Part) -> String {
    let platform = part.platform.as_deref().unwrap_or("image");
    if part.image == judged.image { String::new() } else { format!("{} {}: ", line(platform, 80), part.image.digest) }
}

fn table(judged: &Judged) -> String {
    let mut lines = vec![format!("{} {}", word(judged.verdict()).to_uppercase(), headline(judged))];
    for part in &judged.parts {
        let place = platform(judged, part);
        match &part.gated.verdict {
            GateVerdict::Pass => lines.push(format!("  {place}nothing blocks; {}", sums(part))),
            GateVerdict::CannotTell(why) => lines.push(format!("  {place}{}", line(why, 600))),
            GateVerdict::Blocked(blocking) => {
                lines.push(format!("  {place}blocked by {} of {}", blocking.len(), sums(part)));
                lines.extend(blocking.iter().map(|one| format!("    {}", named(one))));
            }
        }
        lines.extend(part.gated.waived.iter().map(|(one, by)| {
            // What is suppressed in Inspector has no last day.
            let until = if by.until.is_empty() { String::new() } else { format!(" until {}", by.until) };
            format!("    {}", line(&format!("waived{until}: {}: {}", named(one), by.reason), 500))
        }));
    }
    lines.push(format!("blocks: {}", line(&rule(judged), 300)));
    lines.join("\n")
}

fn value(judged: &Judged) -> Value {
    let parts = judged.parts.iter().map(|part| {
        let (verdict, reason, blocking) = match &part.gated.verdict {
            GateVerdict::Pass => (Verdict::Clean, None, &[][..]),
            GateVerdict::CannotTell(why) => (Verdict::CannotTell, Some(why), &[][..]),
            GateVerdict::Blocked(blocking) => (Verdict::Found, None, blocking.as_slice()),
        };
        let waived: Vec<Value> =
            part.gated.waived.iter().map(|(one, by)| json!({"finding": one, "waiver": by})).collect();
        json!({
            "digest": part.image.digest,
            "platform": part.platform,
            "verdict": word(verdict),
            "reason": reason,
            "blocking": blocking,
            "waived": waived,
            "counts": part.gated.counts,
        })
    });
    json!({
        "image": judged.image.uri(),
        "digest": judged.image.digest,
        "tags": judged.tags,
        "verdict": word(judged.verdict()),
        "policy": judged.origin,
        "gate": judged.policy.gate,
        "images": parts.collect::<Vec<_>>(),
    })
}

fn markdown(judged: &Judged) -> String {
    let title = match judged.verdict() {
        Verdict::Clean => "🟢 The image may pass",
        Verdict::Found => "🔴 The image is blocked",
        Verdict::CannotTell => "⚪ Nobody can tell what is in the image",
    };
    let mut lines = vec![format!("## {title}"), String::new(), code(&headline(judged)), String::new()];
    let mut room = MOST_NAMED;
    for part in &judged.parts {
        let place = platform(judged, part);
        let place = if place.is_empty() { String::new() } else { format!("{} ", code(place.trim_end_matches(": "))) };
        match &part.gated.verdict {
            GateVerdict::Pass => lines.push(format!("- {place}nothing blocks; {}", sums(part))),
            GateVerdict::CannotTell(why) => lines.push(format!("- {place}{}", code(&line(why, 600)))),
            GateVerdict::Blocked(blocking) => {
                lines.push(format!("- {place}blocked by **{}** of {}", blocking.len(), sums(part)));
                lines.extend(blocking.iter().take(room).map(|one| format!("  - {}", code(&named(one)))));
                if blocking.len() > room {
                    lines.push(format!("  - … and {} more", blocking.len() - room));
                }
                room = room.saturating_sub(blocking.len());
            }
        }
    }
    lines.extend([String::new(), format!("<sub>blocks: {}</sub>", code(&rule(judged)))]);
    lines.join("\n")
}

/// A stranger's words, in which nothing is markup.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}
