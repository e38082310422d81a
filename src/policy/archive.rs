//! Changes of findings for good: one line of JSON for each, in the state bucket, where SQL can ask them anything.
//!
//! A line has the same members every time, `null` where nothing is known; `examples/athena.sql` has the table.

use super::change::{Change, ChangeKind, ImageChange};
use super::record::Waived;
use super::text::time;
use crate::model::finding::{Cvss, Finding, Fix, Scanner, Severity};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

/// Characters of a key that tell the changes of one image on one day apart.
const KEY_DIGITS: usize = 16;

/// Where the lines of a change lie. The date is the day on which it was first noticed, so that the same work done again
/// after midnight writes over what it wrote. The repository's slashes are escaped: each is one folder, whose name Athena
/// and `aws s3 ls` read alike.
pub fn key(change: &ImageChange<'_>, date: Date) -> String {
    let image = change.image;
    let mut digits = change.key("S3");
    digits.truncate(KEY_DIGITS);
    format!(
        "findings/archive/date={date}/account={}/region={}/repository={}/{}-{digits}.ndjson.gz",
        image.place.account,
        image.place.region,
        image.repository.as_str().replace('/', "%2F"),
        image.digest.short(),
    )
}

/// The lines, each with its line end; not yet compressed. One at a time: all of them may be many megabytes.
pub fn lines<'a>(change: &'a ImageChange<'a>) -> impl Iterator<Item = String> + Send + 'a {
    let time = noticed(change);
    // A line cannot fail to be written: its keys are strings.
    change.changes.iter().filter_map(move |one| {
        let mut line = serde_json::to_string(&Line::of(change, one, time.as_deref())).ok()?;
        line.push('\n');
        Some(line)
    })
}

/// When the change was noticed, as far as that is known: the generation's time, or the scan's.
fn noticed(change: &ImageChange<'_>) -> Option<String> {
    let generation = &change.generation;
    let read = || generation.parse::<Timestamp>().ok().map(Timestamp::as_millisecond);
    let milliseconds = generation.parse::<i64>().ok().or_else(read);
    milliseconds.or(change.completed_at).map(time)
}

/// A line. Its members are the columns of the table, in their order.
#[derive(Serialize)]
struct Line<'a> {
    time: Option<&'a str>,
    account: &'a str,
    region: &'a str,
    repository: &'a str,
    digest: &'a str,
    tags: &'a [String],
    index_digest: Option<&'a str>,
    platform: Option<&'a str>,
    owner: Option<&'a str>,
    scan_status: &'a str,
    scan_completed: Option<String>,
    change: ChangeKind,
    id: String,
    vulnerability: &'a str,
    package: &'a str,
    version: &'a str,
    severity: Severity,
    severity_label: &'a str,
    scanner: Scanner,
    title: &'a str,
    description: &'a str,
    url: &'a str,
    references: &'a [String],
    fix: Fix,
    fixed_in: &'a str,
    exploit: Option<bool>,
    epss: Option<f64>,
    cvss: &'a [Cvss],
    architecture: &'a str,
    manager: &'a str,
    epoch: &'a str,
    release: &'a str,
    layer: &'a str,
    paths: &'a [String],
    remediation: &'a str,
    inspector_arn: &'a str,
    suppressed: bool,
    first_observed: Option<String>,
    waiver_reason: Option<&'a str>,
    waiver_owner: Option<&'a str>,
    waiver_until: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn of(change: &ImageChange<'a>, one: &Change<'a>, time: Option<&'a str>) -> Self {
        let image = change.image;
        let finding: &Finding = one.finding;
        let details = &finding.details;
        let waived: Option<&Waived> = one.waived;
        Self {
            time,
            account: &image.place.account,
            region: &image.place.region,
            repository: image.repository.as_str(),
            digest: image.digest.as_str(),
            tags: change.tags,
            index_digest: change.parent.map(|parent| parent.digest.as_str()),
            platform: change.parent.and_then(|parent| parent.platform.as_deref()),
            owner: change.owner,
            scan_status: change.status.as_str(),
            scan_completed: change.completed_at.map(super::text::time),
            change: one.kind,
            id: one.id.told(),
            vulnerability: &finding.vulnerability,
            package: &finding.package,
            version: &finding.version,
            severity: finding.severity,
            severity_label: &finding.severity_label,
            scanner: finding.scanner,
            title: &finding.title,
            description: &finding.description,
            url: &finding.url,
            references: &finding.references,
            fix: finding.fix,
            fixed_in: &details.fixed_in,
            exploit: finding.exploit,
            epss: finding.epss,
            cvss: &finding.cvss,
            architecture: &details.architecture,
            manager: &details.manager,
            epoch: &details.epoch,
            release: &details.release,
            layer: &details.layer,
            paths: &details.paths,
            remediation: &finding.remediation,
            inspector_arn: &finding.inspector_arn,
            suppressed: finding.suppressed,
            first_observed: finding.first_observed.map(super::text::time),
            waiver_reason: waived.map(|waived| waived.reason.as_str()),
            waiver_owner: waived.and_then(|waived| waived.owner.as_deref()),
            waiver_until: waived.map(|waived| waived.until.as_str()),
        }
    }
}
