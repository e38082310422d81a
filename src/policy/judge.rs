//! What becomes of a finding: is it reported or waived, and which routes want it?

use super::record::Waived;
use super::waivers::{Subject, waiver_for};
use crate::model::finding::{Finding, Fix};
use crate::model::repository::Tags;
use crate::spec::findings::{FindingsPolicy, Route, Waiver};
use jiff::civil::Date;

/// The reason of what somebody suppressed elsewhere.
pub const SUPPRESSED: &str = "suppressed in Amazon Inspector";

/// What becomes of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is told.
    Report,
    /// Somebody has decided to live with it; it is counted, and not told as a finding.
    Waived(Waived),
}

/// Judges a finding of an image on a day.
pub fn judge(policy: &FindingsPolicy, subject: Subject<'_>, finding: &Finding, today: Date) -> Verdict {
    // A waiver of the policy first: it says why, and until when.
    match waiver_for(policy, subject, finding, today) {
        Some(waiver) => Verdict::Waived(waived(waiver)),
        None if finding.suppressed => {
            Verdict::Waived(Waived { reason: SUPPRESSED.to_owned(), owner: None, until: String::new() })
        }
        None => Verdict::Report,
    }
}

fn waived(waiver: &Waiver) -> Waived {
    Waived { reason: waiver.reason.clone(), owner: waiver.owner.clone(), until: waiver.until.to_string() }
}

impl FindingsPolicy {
    /// Must a repository's tags be known to say which routes cover it, or who owns it?
    pub fn looks_at_tags(&self) -> bool {
        self.owner_tag.is_some() || self.routes.iter().any(|route| !route.tags.is_empty())
    }
}

impl Route {
    /// Is the route about this repository at all?
    pub fn covers(&self, repository: &str, tags: &Tags) -> bool {
        self.repositories.iter().any(|glob| glob.matches(repository))
            && self.tags.iter().all(|(key, glob)| tags.get(key).is_some_and(|value| glob.matches(value)))
    }

    /// Does the route want this finding?
    pub fn wants(&self, repository: &str, tags: &Tags, finding: &Finding) -> bool {
        finding.severity >= self.minimum_severity
            && (!self.only_fixable || may_be_fixable(finding))
            && self.covers(repository, tags)
    }
}

/// Does nobody say that there is no fix?
///
/// Basic scanning never says whether there is one, and a finding that an image could not be scanned has none to tell.
/// Silence is not "no fix": `OnlyFixable` takes away what is known to have none, and must not hide what nobody looked at.
pub fn may_be_fixable(finding: &Finding) -> bool {
    finding.is_fixable() || finding.fix == Fix::Unknown
}
