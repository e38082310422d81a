//! Findings for people and other programs: CSV, SARIF, OCSF, HTML, Markdown, and a table for the terminal.
//!
//! Each format is one file with one function `write`, from a [`Sheet`] to text. The same sheet gives the same bytes.
//! What a format leaves out for want of room it says, with a number.

pub mod compliance;
pub mod csv;
pub mod html;
pub mod markdown;
pub mod ocsf;
pub mod sarif;
pub mod table;

use crate::model::finding::{Finding, FindingId, Severity};
use crate::model::image::ImageRef;
use crate::policy::change::SeverityCounts;
use crate::policy::record::Waived;
use crate::policy::wording::{image_name, worst_first};
use crate::spec::findings::Waiver;
use serde::Serialize;
use std::cmp::Ordering;

/// What holds of a finding today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum RowState {
    /// It counts.
    Active,
    /// Somebody has decided to live with it.
    Waived(Waived),
    /// It was there and is no more.
    Gone,
}

impl RowState {
    /// `active`, `waived`, `gone`
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Waived(_) => "waived",
            Self::Gone => "gone",
        }
    }

    /// Where it stands in a list.
    const fn rank(&self) -> u8 {
        match self {
            Self::Active => 0,
            Self::Waived(_) => 1,
            Self::Gone => 2,
        }
    }
}

/// One finding of one image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The image.
    pub image: ImageRef,
    /// Its tags, sorted.
    pub tags: Vec<String>,
    /// The finding.
    pub finding: Finding,
    /// Its id.
    pub id: FindingId,
    /// What holds of it.
    #[serde(flatten)]
    pub state: RowState,
    /// When it was first seen, in milliseconds since 1970.
    pub first_seen: Option<i64>,
}

impl Row {
    /// The image as people call it: `team/app:v41`, or `team/app@0123456789ab` where it has no tag.
    pub fn image_name(&self) -> String {
        image_name(&self.image, &self.tags)
    }

    /// Does it count?
    pub fn is_active(&self) -> bool {
        self.state == RowState::Active
    }

    /// What counts before what does not, the worst first; ties in the order of place, repository and digest.
    fn order(&self, other: &Self) -> Ordering {
        let rank = self.state.rank().cmp(&other.state.rank());
        rank.then_with(|| worst_first(&self.finding, &other.finding))
            .then_with(|| self.image.cmp(&other.image))
            .then_with(|| self.id.cmp(&other.id))
    }
}

/// A waiver that deserves a look: it matches nothing, or its day is past.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct WaiverNote {
    /// Where it was written: `Waivers[2]`.
    pub path: String,
    /// Which vulnerability it is for.
    pub vulnerability: String,
    /// The last day on which it holds, or held.
    pub until: String,
    /// Who decided.
    pub owner: Option<String>,
    /// Why.
    pub reason: String,
}

impl From<&Waiver> for WaiverNote {
    fn from(waiver: &Waiver) -> Self {
        Self {
            path: waiver.path.clone(),
            vulnerability: waiver.vulnerability.0.clone(),
            until: waiver.until.to_string(),
            owner: waiver.owner.clone(),
            reason: waiver.reason.clone(),
        }
    }
}

/// All that a list of findings shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sheet {
    /// When it was made, in milliseconds since 1970.
    pub generated_at: i64,
    /// The findings: what counts first, the worst first.
    pub rows: Vec<Row>,
    /// Waivers that match nothing.
    pub waivers_unused: Vec<WaiverNote>,
    /// Waivers whose day is past.
    pub waivers_expired: Vec<WaiverNote>,
}

impl Sheet {
    /// Brings rows into their order, which every format keeps.
    pub fn new(generated_at: i64, mut rows: Vec<Row>) -> Self {
        rows.sort_by(Row::order);
        Self { generated_at, rows, waivers_unused: Vec::new(), waivers_expired: Vec::new() }
    }

    /// With the waivers that deserve a look.
    #[must_use]
    pub fn with_waivers(mut self, unused: Vec<WaiverNote>, expired: Vec<WaiverNote>) -> Self {
        self.waivers_unused = unused;
        self.waivers_expired = expired;
        self
    }
}

/// How many of what. Severities, exploited and fixable are of what counts; waived and gone stand apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Those that count.
    pub active: SeverityCounts,
    /// Those known to be exploited.
    pub exploited: u32,
    /// Those that an update mends.
    pub fixable: u32,
    /// Those somebody decided to live with.
    pub waived: u32,
    /// Those that are no more.
    pub gone: u32,
}

impl Counts {
    fn add(&mut self, row: &Row) {
        match row.state {
            RowState::Waived(_) => self.waived += 1,
            RowState::Gone => self.gone += 1,
            RowState::Active => {
                self.active.add(row.finding.severity);
                self.exploited += u32::from(row.finding.is_exploited());
                self.fixable += u32::from(row.finding.is_fixable());
            }
        }
    }

    /// What stands beside the severities, as far as there is any: `2 exploited`, `3 fixable`, …
    fn aside(&self) -> Vec<String> {
        let all =
            [(self.exploited, "exploited"), (self.fixable, "fixable"), (self.waived, "waived"), (self.gone, "gone")];
        all.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect()
    }
}

/// Counts rows.
pub fn counts<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Counts {
    let mut counts = Counts::default();
    rows.into_iter().for_each(|row| counts.add(row));
    counts
}

/// The best score of a finding's ratings, 0 to 10.
fn score(finding: &Finding) -> Option<f64> {
    let sane = finding.cvss.iter().map(|rating| rating.score).filter(|score| (0.0..=10.0).contains(score));
    sane.max_by(f64::total_cmp)
}

/// `Critical`
const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
        Severity::Informational => "Informational",
    }
}
