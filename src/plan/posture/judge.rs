//! One repository against the baseline.

use super::Judged;
use crate::model::Seen;
use crate::model::place::Place;
use crate::model::repository::{Repository, ScanType};
use crate::spec::baseline::Baseline;
use jiff::civil::Date;

/// One repository, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The repository; tags and policies that were not asked for are [`Seen::Unasked`].
    pub repository: &'a Repository,
    /// The registry it is in.
    pub place: &'a Place,
    /// Who scans.
    pub scan_type: &'a Seen<ScanType>,
    /// Do the registry's rules have it scanned at every push, or all the time?
    pub scanned_by_registry: &'a Seen<bool>,
}

/// Judges a repository by every rule that matches it, on a day.
pub fn judge(_baseline: &Baseline, _subject: Subject<'_>, _today: Date) -> Judged {
    Judged::default()
}
