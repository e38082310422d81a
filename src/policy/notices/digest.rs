//! A day in one message: what each change contributes, and what comes of it.

use super::alert::Alert;
use super::rollup::Rollup;
use super::{bare, finished, hashed, route_key, webhook};
use crate::model::finding::{Finding, Severity};
use crate::model::image::ImageRef;
use crate::policy::change::Change;
use crate::policy::parcel::Parcel;
use crate::policy::wording::{clip, link};
use crate::spec::findings::{Route, Sink};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The shape of the items this version writes.
pub const DIGEST_VERSION: u32 = 1;
/// Findings an item holds one by one, new and mended each; the worst. The numbers are of all.
pub const MOST_KEPT: usize = 200;
/// Tags an item holds.
const MOST_TAGS: usize = 20;
/// What one image's change contributes to the day's message; kept in the state bucket until then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DigestItem {
    /// [`DIGEST_VERSION`]
    pub version: u32,
    /// The same for the same change, however often it is noted: 32 hexadecimal digits. One item counts once.
    pub key: String,
    /// The image.
    pub image: ImageRef,
    /// What it is called by: some of its tags, or of its index's, sorted.
    pub tags: Vec<String>,
    /// Who owns the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// How many are new or count again.
    pub new: Sums,
    /// How many were mended.
    pub fixed: Sums,
    /// The worst of the new ones.
    pub new_findings: Vec<DigestFinding>,
    /// The worst of the mended ones.
    pub fixed_findings: Vec<DigestFinding>,
}

/// How many of each severity, as it is stored: the worst last, as in [`Severity::ALL`].
pub type Sums = BTreeMap<Severity, u32>;

/// What a digest says of a finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DigestFinding {
    /// `CVE-2026-0001`
    pub vulnerability: String,
    /// The package.
    pub package: String,
    /// How bad.
    pub severity: Severity,
    /// Does an update mend it?
    pub fixable: bool,
    /// Is it known to be exploited?
    pub exploited: bool,
    /// Where to read on.
    pub url: String,
}

impl DigestFinding {
    fn of(change: &Change<'_>) -> Self {
        let finding: &Finding = change.finding;
        Self {
            vulnerability: clip(&finding.vulnerability, 100),
            package: clip(&finding.package, 100),
            severity: finding.severity,
            fixable: finding.is_fixable(),
            exploited: finding.is_exploited(),
            url: link(&finding.url).unwrap_or_default().to_owned(),
        }
    }
}

impl DigestItem {
    /// What an alert contributes; `None` where nothing of it is new or mended.
    pub fn of(alert: &Alert<'_>) -> Option<Self> {
        let (new, fixed) = (alert.new_ones(), alert.fixed_ones());
        if new.is_empty() && fixed.is_empty() {
            return None;
        }
        let kept = |changes: &[&Change<'_>]| {
            changes.iter().take(MOST_KEPT).map(|change| DigestFinding::of(change)).collect::<Vec<_>>()
        };
        Some(Self {
            version: DIGEST_VERSION,
            key: alert.change.key("digest"),
            image: alert.change.image.clone(),
            tags: alert.tags().iter().take(MOST_TAGS).cloned().collect(),
            owner: alert.owner(),
            new: sums(&new),
            fixed: sums(&fixed),
            new_findings: kept(&new),
            fixed_findings: kept(&fixed),
        })
    }
}

fn sums(changes: &[&Change<'_>]) -> Sums {
    let mut sums = Sums::new();
    for change in changes {
        *sums.entry(change.finding.severity).or_default() += 1;
    }
    sums
}

/// The day's message of a route; `None` where there is nothing to tell. The order of the items does not matter, nor does
/// one that is there twice.
pub fn digest(route: &Route, secret: Option<String>, day: Date, items: &[DigestItem]) -> Option<Parcel> {
    let items: BTreeMap<&str, &DigestItem> = items.iter().map(|item| (item.key.as_str(), item)).collect();
    let rollup = Rollup::of(items.into_values());
    if rollup.new.total() == 0 && rollup.fixed.total() == 0 {
        return None;
    }
    let day = day.to_string();
    let key = hashed(&[route_key(route, secret.as_deref()), day.clone(), "digest".to_owned()]);
    if route.sink == Sink::Webhook {
        let body = webhook::digest(&key, &day, &rollup);
        return Some(bare(route, secret, key, body));
    }
    finished(route, secret, key, &rollup.letter(&day), rollup.attributes())
}
