//! A message to people before it has a form: what every chat and mail says, in the order in which it is said.

use crate::model::finding::{Finding, Severity};
use crate::model::image::ImageRef;
use crate::model::place::Place;
use crate::policy::change::SeverityCounts;
use crate::policy::wording::{line, link, more, package};

/// Lines a section brings along; each form shows as many of them as it has room for.
pub(super) const MOST_LINES: usize = 50;
/// The longest name of a vulnerability, package with version, and sentence of a line, in characters.
const MOST_NAME: usize = 60;
const MOST_TEXT: usize = 160;

/// A message.
#[derive(Debug)]
pub(super) struct Letter {
    /// One line: `3 new findings in team/app:v41`.
    pub headline: String,
    /// What it comes to, in a few lines.
    pub summary: Vec<String>,
    /// What is said one by one.
    pub sections: Vec<Section>,
    /// Where, whose: label and value.
    pub facts: Vec<(&'static str, String)>,
    /// Where the console shows it.
    pub console: Option<String>,
}

/// Things of one kind.
#[derive(Debug)]
pub(super) struct Section {
    /// `New`
    pub title: String,
    /// The worst first; not necessarily all.
    pub lines: Vec<Line>,
    /// How many there are, shown or not.
    pub total: usize,
}

impl Section {
    /// A section of lines that are made only as far as they may be shown; `None` where there are none.
    pub(super) fn of(title: &str, mut lines: impl ExactSizeIterator<Item = Line>) -> Option<Self> {
        let total = lines.len();
        (total > 0).then(|| Self {
            title: format!("{title} ({total})"),
            lines: lines.by_ref().take(MOST_LINES).collect(),
            total,
        })
    }

    /// `and 12 more`, where no more than `shown` are.
    pub(super) fn more(&self, shown: usize) -> Option<String> {
        more(self.total.saturating_sub(shown))
    }
}

/// One of them: all its words are single lines and bounded, none is escaped.
#[derive(Debug)]
pub(super) struct Line {
    /// How bad.
    pub severity: Severity,
    /// `CVE-2026-0001`
    pub name: String,
    /// Where to read on.
    pub link: Option<String>,
    /// Package and version; may be empty.
    pub code: String,
    /// The rest; may be empty.
    pub text: String,
}

impl Line {
    /// A line; strangers' words are cut and cleaned here.
    pub(super) fn new(severity: Severity, name: &str, url: &str, code: &str, text: &str) -> Self {
        Self {
            severity,
            name: line(name, MOST_NAME),
            link: link(url).map(str::to_owned),
            code: line(code, MOST_NAME * 2),
            text: line(text, MOST_TEXT),
        }
    }

    /// What a finding is.
    pub(super) fn of(finding: &Finding, before: &str) -> Self {
        let mut notes: Vec<String> = Vec::new();
        notes.extend((!before.is_empty()).then(|| before.to_owned()));
        notes.extend(finding.is_exploited().then(|| "exploited".to_owned()));
        let fixed_in = line(&finding.details.fixed_in, 40);
        match (fixed_in.is_empty(), finding.is_fixable()) {
            (false, _) => notes.push(format!("fixed in {fixed_in}")),
            (true, true) => notes.push("fixable".to_owned()),
            (true, false) => {}
        }
        let about = if finding.title.is_empty() { &finding.description } else { &finding.title };
        let about = line(about, 90);
        let text = match (notes.is_empty(), about.is_empty()) {
            (false, false) => format!("{} – {about}", notes.join(", ")),
            _ => format!("{}{about}", notes.join(", ")),
        };
        Self::new(finding.severity, &finding.vulnerability, &finding.url, &package(finding), &text)
    }
}

/// `1 critical, 3 high`; `none` where there is nothing.
pub(super) fn told(counts: SeverityCounts) -> String {
    let parts: Vec<String> = Severity::ALL
        .into_iter()
        .rev()
        .filter(|severity| counts.of(*severity) > 0)
        .map(|severity| format!("{} {}", counts.of(severity), severity.as_str().to_lowercase()))
        .collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

/// The first few names, and how many more there are: `v41, v42 and 3 more`.
pub(super) fn listed(names: &[String], most: usize) -> String {
    let shown: Vec<String> = names.iter().take(most).map(|name| line(name, 80)).collect();
    match more(names.len().saturating_sub(most)) {
        Some(more) => format!("{} {more}", shown.join(", ")),
        None => shown.join(", "),
    }
}

/// The image's page in the console, in the partitions whose console's address is public.
pub(super) fn console(image: &ImageRef) -> Option<String> {
    let ImageRef { place, repository, digest } = image;
    let Place { partition, region, account } = place;
    let host = match partition.as_str() {
        "aws" => "console.aws.amazon.com",
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        _ => return None,
    };
    let page = format!(
        "https://{region}.{host}/ecr/repositories/private/{account}/{repository}/_/image/{digest}/details?region={region}"
    );
    link(&page).map(str::to_owned)
}
