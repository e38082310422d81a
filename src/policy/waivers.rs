//! Which waiver a finding falls under, and which waivers run out.

use super::record::ImageRecord;
use crate::model::finding::Finding;
use crate::model::image::{Digest, ImageRef};
use crate::spec::findings::{FindingsPolicy, Waiver};
use jiff::civil::Date;

/// The image a finding is of, as far as a waiver asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The image.
    pub image: &'a ImageRef,
    /// The index it belongs to: what is said of an index is said of each of its images.
    pub index: Option<&'a Digest>,
}

impl<'a> From<&'a ImageRef> for Subject<'a> {
    fn from(image: &'a ImageRef) -> Self {
        Self { image, index: None }
    }
}

impl<'a> From<&'a ImageRecord> for Subject<'a> {
    fn from(record: &'a ImageRecord) -> Self {
        Self { image: &record.image, index: record.parent.as_ref().map(|parent| &parent.digest) }
    }
}

/// The waiver a finding falls under on a day: of several, the one that holds longest, then the one written first.
///
/// A finding that an image could not be scanned can be waived like any other, by the name of its vulnerability.
pub fn waiver_for<'p>(
    policy: &'p FindingsPolicy,
    subject: Subject<'_>,
    finding: &Finding,
    today: Date,
) -> Option<&'p Waiver> {
    let holding = policy.waivers.iter().filter(|waiver| waiver.holds_on(today) && covers(waiver, subject, finding));
    // The last of the greatest is taken, and here that is the first written.
    holding.rev().max_by_key(|waiver| waiver.until)
}

/// Those whose last day is past: what they waived is active again.
pub fn expired(policy: &FindingsPolicy, today: Date) -> Vec<&Waiver> {
    policy.waivers.iter().filter(|waiver| !waiver.holds_on(today)).collect()
}

/// Those that still hold, but whose last day is at most so many days away.
pub fn expiring(policy: &FindingsPolicy, today: Date, within_days: i32) -> Vec<&Waiver> {
    let is_near = |until: Date| today.until(until).is_ok_and(|left| left.get_days() <= within_days);
    policy.waivers.iter().filter(|waiver| waiver.holds_on(today) && is_near(waiver.until)).collect()
}

/// Is the finding one that the waiver is about, whenever?
pub fn covers(waiver: &Waiver, subject: Subject<'_>, finding: &Finding) -> bool {
    // The most telling first.
    waiver.vulnerability.matches_any_case(&finding.vulnerability)
        && waiver.package.as_ref().is_none_or(|package| package.matches(&finding.package))
        && waiver.version.as_ref().is_none_or(|version| is_version(version, finding))
        && waiver
            .digest
            .as_ref()
            .is_none_or(|digest| *digest == subject.image.digest || subject.index.is_some_and(|index| index == digest))
        && waiver.repositories.iter().any(|glob| glob.matches(subject.image.repository.as_str()))
}

/// Scanners split the version of an RPM into epoch, version and release; package URLs do not.
fn is_version(version: &str, finding: &Finding) -> bool {
    let details = &finding.details;
    let whole = if details.release.is_empty() {
        finding.version.clone()
    } else {
        format!("{}-{}", finding.version, details.release)
    };
    !finding.version.is_empty() && (version == whole || version == format!("{}:{whole}", details.epoch))
}
