//! What became of an image's findings: what every sink that tells of changes is made from.

use super::record::Waived;
use crate::model::finding::{Finding, FindingId, Severity, hex};
use crate::model::image::{Digest, ImageRef, Parent};
use crate::model::scan::ScanStatus;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Hexadecimal digits of a parcel's key: half of a SHA-256, beyond any chance of two being alike.
const KEY_DIGITS: usize = 32;

/// What happened to a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// Seen for the first time.
    New,
    /// Known, and something about it is different.
    Changed,
    /// A complete read did not have it any more.
    Fixed,
    /// A waiver has taken hold of it.
    Waived,
    /// It counts again: it came back, or its waiver ran out.
    Reactivated,
    /// Its image is gone.
    Deleted,
}

impl ChangeKind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::New, Self::Changed, Self::Fixed, Self::Waived, Self::Reactivated, Self::Deleted];

    /// The word of the bus and the archive. A deleted image's findings are `archived`: nothing was mended.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Fixed => "fixed",
            Self::Waived => "waived",
            Self::Reactivated => "reactivated",
            Self::Deleted => "archived",
        }
    }
}

impl Serialize for ChangeKind {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.as_str())
    }
}

/// One finding and what happened to it.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// What happened.
    pub kind: ChangeKind,
    /// The finding's id.
    pub id: &'a FindingId,
    /// The finding, as it was last seen.
    pub finding: &'a Finding,
    /// By which waiver it is lived with, where it is.
    pub waived: Option<&'a Waived>,
}

/// The image that bore a tag before this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Previous<'a> {
    /// That image.
    pub digest: &'a Digest,
    /// The tag they share.
    pub tag: &'a str,
}

/// How many findings there are of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub struct SeverityCounts {
    /// `CRITICAL`
    pub critical: u32,
    /// `HIGH`
    pub high: u32,
    /// `MEDIUM`
    pub medium: u32,
    /// `LOW`
    pub low: u32,
    /// `INFORMATIONAL`
    pub informational: u32,
}

impl SeverityCounts {
    /// Of one severity.
    pub const fn of(&self, severity: Severity) -> u32 {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium => self.medium,
            Severity::Low => self.low,
            Severity::Informational => self.informational,
        }
    }

    /// Of all together.
    pub const fn total(&self) -> u32 {
        self.critical
            .saturating_add(self.high)
            .saturating_add(self.medium)
            .saturating_add(self.low)
            .saturating_add(self.informational)
    }

    /// Counts one more.
    pub const fn add(&mut self, severity: Severity) {
        let count = match severity {
            Severity::Critical => &mut self.critical,
            Severity::High => &mut self.high,
            Severity::Medium => &mut self.medium,
            Severity::Low => &mut self.low,
            Severity::Informational => &mut self.informational,
        };
        *count = count.saturating_add(1);
    }
}

impl FromIterator<Severity> for SeverityCounts {
    fn from_iter<I: IntoIterator<Item = Severity>>(severities: I) -> Self {
        let mut counts = Self::default();
        severities.into_iter().for_each(|severity| counts.add(severity));
        counts
    }
}

/// What became of one image's findings at one read, as far as a route wants to hear of it.
#[derive(Clone, Debug)]
pub struct ImageChange<'a> {
    /// The image.
    pub image: &'a ImageRef,
    /// Its tags, sorted.
    pub tags: &'a [String],
    /// The index it belongs to.
    pub parent: Option<&'a Parent>,
    /// The scan's state.
    pub status: &'a ScanStatus,
    /// When the scan ended, in milliseconds since 1970.
    pub completed_at: Option<i64>,
    /// Who owns the repository, where its tags say so.
    pub owner: Option<&'a str>,
    /// What the changes are counted against, where that is another image.
    pub previous: Option<Previous<'a>>,
    /// The image's active findings: all of them, not only those that changed.
    pub active: SeverityCounts,
    /// What changed, in the order in which it is to be told.
    pub changes: Vec<Change<'a>>,
    /// Tells this change from a later one of the same finding: when it was noticed, in milliseconds since 1970 or as an
    /// RFC 3339 time; the scan's completion, say. The same again when the same work is done again.
    pub generation: String,
}

impl ImageChange<'_> {
    /// The key of a parcel that tells of this change; `salt` says where to and which part. 32 hexadecimal digits. The
    /// order of the changes does not matter, nor do tags, which may have moved before the second try.
    pub fn key(&self, salt: &str) -> String {
        self.fingerprint().key(salt)
    }

    /// What all keys of this change are made from; for whoever needs many.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut changes: Vec<String> = self.changes.iter().map(told).collect();
        changes.sort_unstable();
        let mut hash = Sha256::new();
        for part in [&self.image.resource_id(), &self.generation].into_iter().chain(&changes) {
            fold(&mut hash, part);
        }
        Fingerprint(hex(&hash.finalize()))
    }

    /// How many changes of a kind there are.
    pub fn count(&self, kind: ChangeKind) -> usize {
        self.changes.iter().filter(|change| change.kind == kind).count()
    }
}

/// What makes one change of a finding differ from another.
fn told(change: &Change<'_>) -> String {
    let waiver = serde_json::to_string(&change.waived).unwrap_or_default();
    format!("{} {} {} {waiver}", change.id, change.kind.as_str(), change.finding.content_hash())
}

/// The length before each part: ("a", "bc") must not meet ("ab", "c").
fn fold(hash: &mut Sha256, part: &str) {
    hash.update((part.len() as u64).to_be_bytes());
    hash.update(part.as_bytes());
}

/// The hash of one image's change: image, generation and what happened to which finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The key of a parcel; see [`ImageChange::key`].
    pub fn key(&self, salt: &str) -> String {
        let mut hash = Sha256::new();
        fold(&mut hash, &self.0);
        fold(&mut hash, salt);
        let mut key = hex(&hash.finalize());
        key.truncate(KEY_DIGITS);
        key
    }
}
