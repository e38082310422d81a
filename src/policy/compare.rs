//! What a complete read changes in what is remembered of an image.
//!
//! A finding that is missing from one read is not yet gone: reads are eventually consistent, scanners take findings back
//! and bring them again, and whoever has triaged a finding loses that when it is archived and comes back. So it is gone
//! at once only if a new scan says so, and after two reads otherwise, or where it has come back before.

use super::change::ChangeKind;
use super::record::{ImageRecord, Kept, Waived};
use super::waivers::Subject;
use crate::model::finding::{Finding, FindingId, Scanner};
use crate::model::image::ImageRef;
use std::collections::BTreeMap;

/// For this long a finding that came back is not archived at its next absence, in milliseconds: 30 days, the time for
/// which Security Hub keeps what was archived.
pub const WARY: i64 = 30 * 24 * 3_600 * 1_000;

/// What an image's findings were found to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// All of them.
    pub findings: BTreeMap<FindingId, Finding>,
    /// Is this the word of a scan that ended after the last read, rather than another look at the same scan?
    pub fresh: bool,
    /// The time that changes are dated with, in milliseconds since 1970: the scan's, so that a second delivery dates them
    /// alike.
    pub stamp: i64,
}

impl Reading {
    /// Adds findings, those of one id as one.
    pub fn add(&mut self, image: &ImageRef, findings: Vec<Finding>) {
        for finding in findings {
            let id = finding.id(image);
            match self.findings.get_mut(&id) {
                Some(known) => known.absorb(finding),
                None => {
                    self.findings.insert(id, finding);
                }
            }
        }
    }
}

/// One change, by id.
pub type Changed = (ChangeKind, FindingId);

/// Takes a complete read into the record and says what it changed, in the order of ids.
pub fn compare(record: &mut ImageRecord, reading: Reading) -> Vec<Changed> {
    let Reading { findings, fresh, stamp } = reading;
    let mut changes = Vec::new();
    for (id, kept) in &mut record.findings {
        if kept.gone.is_none() && !findings.contains_key(id) && is_gone(kept, fresh, stamp) {
            kept.gone = Some(stamp);
            kept.updated = later(kept.updated, stamp);
            changes.push((ChangeKind::Fixed, id.clone()));
        }
    }
    for (id, finding) in findings {
        match record.findings.get_mut(&id) {
            None => {
                changes.push((ChangeKind::New, id.clone()));
                record.findings.insert(id, first_seen(finding, stamp));
            }
            Some(kept) => {
                if let Some(kind) = seen_again(kept, finding, stamp) {
                    changes.push((kind, id));
                }
            }
        }
    }
    forget_the_long_gone(record, stamp);
    changes.sort_by(|one, two| one.1.cmp(&two.1));
    changes
}

/// Everything of an image that no longer is, or can no longer be pulled, is gone.
pub fn delete(record: &mut ImageRecord, stamp: i64) -> Vec<Changed> {
    let mut changes = Vec::new();
    for (id, kept) in record.findings.iter_mut().filter(|(_, kept)| kept.gone.is_none()) {
        kept.gone = Some(stamp);
        kept.updated = later(kept.updated, stamp);
        changes.push((ChangeKind::Deleted, id.clone()));
    }
    changes
}

/// Notes that the image could not be scanned; what is known of it from before stays.
pub fn not_scanned(record: &mut ImageRecord, finding: Finding, stamp: i64) -> Vec<Changed> {
    let id = finding.id(&record.image);
    match record.findings.get_mut(&id) {
        None => {
            record.findings.insert(id.clone(), first_seen(finding, stamp));
            vec![(ChangeKind::New, id)]
        }
        Some(kept) => seen_again(kept, finding, stamp).map(|kind| (kind, id)).into_iter().collect(),
    }
}

/// Judges every finding that is there by the waivers; what changes by that is a change too.
pub fn judge(
    record: &mut ImageRecord,
    stamp: i64,
    waived: impl Fn(Subject<'_>, &Finding) -> Option<Waived>,
) -> Vec<Changed> {
    let mut changes = Vec::new();
    let subject = Subject { image: &record.image, index: record.parent.as_ref().map(|parent| &parent.digest) };
    for (id, kept) in record.findings.iter_mut().filter(|(_, kept)| kept.gone.is_none()) {
        let now = waived(subject, &kept.finding);
        let kind = match (&kept.waived, &now) {
            (None, Some(_)) => Some(ChangeKind::Waived),
            (Some(_), None) => Some(ChangeKind::Reactivated),
            (Some(before), Some(now)) if before != now => Some(ChangeKind::Changed),
            _ => None,
        };
        if let Some(kind) = kind {
            kept.updated = later(kept.updated, stamp);
            kept.waived = now;
            changes.push((kind, id.clone()));
        }
    }
    changes
}

/// One list of changes of two, the later word about a finding being the one that counts; but what is new stays new.
pub fn merged(first: Vec<Changed>, then: Vec<Changed>) -> Vec<Changed> {
    let mut kinds: BTreeMap<FindingId, ChangeKind> = first.into_iter().map(|(kind, id)| (id, kind)).collect();
    for (kind, id) in then {
        let told = kinds.get(&id).copied();
        let kept = match (told, kind) {
            // Whether a waived one is new or old, it is told as waived.
            (Some(ChangeKind::New), ChangeKind::Waived) | (None, _) => kind,
            (Some(told), ChangeKind::Changed) => told,
            (Some(_), kind) => kind,
        };
        kinds.insert(id, kept);
    }
    kinds.into_iter().map(|(id, kind)| (kind, id)).collect()
}

fn first_seen(finding: Finding, stamp: i64) -> Kept {
    let created = finding.first_observed.unwrap_or(stamp).min(stamp);
    Kept { finding, created, updated: stamp, waived: None, hub: None, missed: 0, returned: None, gone: None }
}

fn seen_again(kept: &mut Kept, finding: Finding, stamp: i64) -> Option<ChangeKind> {
    kept.missed = 0;
    let kind = if kept.gone.take().is_some() {
        kept.returned = Some(stamp);
        // Whether it is waived now is for the judge to say anew.
        kept.waived = None;
        Some(ChangeKind::Reactivated)
    } else if kept.finding == finding {
        None
    } else {
        Some(ChangeKind::Changed)
    };
    if kind.is_some() {
        kept.finding = finding;
        kept.updated = later(kept.updated, stamp);
    }
    kind
}

/// A change is later than the one before, even where one scan is read twice and says something else: by this time it is
/// known whether Security Hub has been told.
const fn later(updated: i64, stamp: i64) -> i64 {
    let next = updated.saturating_add(1);
    if stamp > next { stamp } else { next }
}

fn is_gone(kept: &mut Kept, fresh: bool, stamp: i64) -> bool {
    // Once an image was scanned, that it was not is over.
    if kept.finding.scanner == Scanner::Steward {
        return true;
    }
    let came_back = kept.returned.is_some_and(|returned| stamp.saturating_sub(returned) < WARY);
    kept.missed = kept.missed.saturating_add(1);
    kept.missed >= if fresh && !came_back { 1 } else { 2 }
}

/// A finding that is gone is remembered for as long as its coming back would be noticed, and until every sink knows.
fn forget_the_long_gone(record: &mut ImageRecord, stamp: i64) {
    record.findings.retain(|_, kept| {
        let told = kept.hub.as_ref().is_none_or(|hub| hub.archived || hub.told == 0);
        !(told && kept.gone.is_some_and(|gone| stamp.saturating_sub(gone) > WARY))
    });
}
