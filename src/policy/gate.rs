//! May an image pass? It may when it was read, and nothing bad enough was found in it that is not waived.
//!
//! Closed where in doubt: an image nobody could look into does not pass, whatever is waived. A waiver says that a known
//! flaw can be lived with, and nobody knows the flaws of such an image.

use super::judge::{Verdict, judge, may_be_fixable};
use super::record::Waived;
use super::waivers::Subject;
use crate::model::finding::{Finding, Severity};
use crate::model::scan::ScanStatus;
use crate::spec::findings::{FindingsPolicy, Gate};
use jiff::civil::Date;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What the gate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateVerdict {
    /// The image may pass.
    Pass,
    /// It may not, because of these, the worst first. What was found outweighs what could not be told.
    Blocked(Vec<Blocking>),
    /// It may not, since nobody can tell what is in it. Says why.
    CannotTell(String),
}

/// One finding, as the gate names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Blocking {
    /// `CVE-2026-0001`
    pub vulnerability: String,
    /// The package; empty where the scanner names none.
    pub package: String,
    /// Its version; empty where the scanner names none.
    pub version: String,
    /// How bad.
    pub severity: Severity,
    /// The version that mends it; empty where none is known.
    pub fixed_in: String,
}

/// A verdict and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gated {
    /// May it pass?
    pub verdict: GateVerdict,
    /// What is waived and why, the worst first.
    pub waived: Vec<(Blocking, Waived)>,
    /// How many findings that are not waived there are of each severity, those that do not block among them.
    pub counts: BTreeMap<Severity, usize>,
}

/// Judges an image on a day, by the state of its scan and all its findings.
pub fn gate(
    policy: &FindingsPolicy,
    subject: Subject<'_>,
    status: &ScanStatus,
    findings: &[Finding],
    today: Date,
) -> Gated {
    let mut doubt = readable(status).err();
    let mut blocking = Vec::new();
    let mut waived = Vec::new();
    let mut counts = BTreeMap::new();
    for finding in findings {
        if finding.is_about_scanning() {
            doubt.get_or_insert_with(|| format!("the image could not be scanned: {}", said(finding)));
            continue;
        }
        match judge(policy, subject, finding, today) {
            Verdict::Waived(by) => waived.push((named(finding), by)),
            Verdict::Report => {
                *counts.entry(finding.severity).or_default() += 1;
                if blocks(policy.gate, finding) {
                    blocking.push(named(finding));
                }
            }
        }
    }
    blocking.sort_by(|one, two| order(one).cmp(&order(two)));
    waived.sort_by(|(one, _), (two, _)| order(one).cmp(&order(two)));
    let verdict = match doubt {
        _ if !blocking.is_empty() => GateVerdict::Blocked(blocking),
        Some(why) => GateVerdict::CannotTell(why),
        None => GateVerdict::Pass,
    };
    Gated { verdict, waived, counts }
}

/// Do the findings of a scan in this state tell what is in the image today? Says why where they do not.
pub fn readable(status: &ScanStatus) -> Result<(), String> {
    let why = match status {
        ScanStatus::Complete | ScanStatus::Active => return Ok(()),
        ScanStatus::InProgress => "is being scanned; ask again when the scan has ended",
        ScanStatus::Pending => "waits to be scanned; ask again when the scan has ended",
        ScanStatus::Failed => "could not be scanned: the scan failed; start another one",
        ScanStatus::UnsupportedImage => {
            "cannot be scanned: the scanner does not know its operating system or its media type"
        }
        ScanStatus::ScanEligibilityExpired => {
            "is not scanned any more: Amazon Inspector's rescan duration has run out, and what was found is old; push it again, or have Inspector rescan for longer"
        }
        ScanStatus::FindingsUnavailable => "was scanned, but the findings cannot be had; start another scan",
        ScanStatus::LimitExceeded => "was not scanned: a quota of the scanner is used up",
        ScanStatus::ImageArchived => "lies in the archive storage class and is not scanned; restore it first",
        ScanStatus::ImageSizeExceeded => "cannot be scanned: it is larger than the scanner allows",
        ScanStatus::Unknown(word) => {
            return Err(format!("the image's scan is in the state {word:?}, which is not known here"));
        }
    };
    Err(format!("the image {why}"))
}

fn blocks(gate: Gate, finding: &Finding) -> bool {
    finding.severity >= gate.minimum_severity && (!gate.only_fixable || may_be_fixable(finding))
}

fn named(finding: &Finding) -> Blocking {
    Blocking {
        vulnerability: finding.vulnerability.clone(),
        package: finding.package.clone(),
        version: finding.version.clone(),
        severity: finding.severity,
        fixed_in: finding.details.fixed_in.clone(),
    }
}

fn order(one: &Blocking) -> (Reverse<Severity>, &str, &str, &str) {
    (Reverse(one.severity), &one.vulnerability, &one.package, &one.version)
}

fn said(finding: &Finding) -> &str {
    [&finding.description, &finding.title].into_iter().find(|text| !text.is_empty()).unwrap_or(&finding.vulnerability)
}
