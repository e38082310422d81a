//! What is remembered of an image: what was seen, since when, and what was sent where.

use super::parcel::Parcel;
use crate::model::finding::{Finding, FindingId};
use crate::model::image::{ImageRef, Parent};
use crate::model::scan::ScanStatus;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The form of records this version writes.
pub const RECORD_VERSION: u32 = 1;

/// One image's snapshot: one object in the state bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageRecord {
    /// [`RECORD_VERSION`]
    pub version: u32,
    /// The image.
    pub image: ImageRef,
    /// Its tags when it was last looked at, sorted.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The index it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// The scan's state at the last read.
    pub status: ScanStatus,
    /// When the last complete read began, in milliseconds since 1970; 0 before the first.
    #[serde(default)]
    pub read_at: i64,
    /// When the scan that was read ended, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<i64>,
    /// Which policy it was judged by.
    #[serde(default)]
    pub policy: String,
    /// The findings.
    #[serde(default)]
    pub findings: BTreeMap<FindingId, Kept>,
    /// Is something of it still to be sent to a sink that keeps state? Then even an old event is worth a look.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unfinished: bool,
    /// Messages that are still to be delivered, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outbox: Vec<Parcel>,
}

impl ImageRecord {
    /// Of an image nothing is known of yet.
    pub fn new(image: ImageRef) -> Self {
        Self {
            version: RECORD_VERSION,
            image,
            tags: Vec::new(),
            parent: None,
            status: ScanStatus::Pending,
            read_at: 0,
            completed_at: None,
            policy: String::new(),
            findings: BTreeMap::new(),
            unfinished: false,
            outbox: Vec::new(),
        }
    }

    /// The findings that are there and that nobody has decided to live with.
    pub fn active(&self) -> impl Iterator<Item = (&FindingId, &Kept)> {
        self.findings.iter().filter(|(_, kept)| kept.gone.is_none() && kept.waived.is_none())
    }
}

/// One finding and its history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// As it was last seen.
    pub finding: Finding,
    /// When it was first seen, in milliseconds since 1970: Security Hub's `CreatedAt`, which stays.
    pub created: i64,
    /// When what is known of it last changed, in milliseconds since 1970.
    pub updated: i64,
    /// Why it is not told as a finding, where it is waived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<Waived>,
    /// What Security Hub has been sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hub: Option<HubRecord>,
    /// Reads in a row in which it was missing; it is not archived before it is sure to be gone.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub missed: u32,
    /// When it came back after it had been archived, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<i64>,
    /// Gone for good since, in milliseconds since 1970: archived, and kept for a while so that its coming back is seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<i64>,
}

/// By which waiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waived {
    /// Why.
    pub reason: String,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The last day on which it holds; empty where somebody must lift it elsewhere.
    pub until: String,
}

/// What Security Hub was last sent about a finding, and what it said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HubRecord {
    /// Which state of the finding it took last: its [`Kept::updated`]; 0 where it has taken none.
    pub told: i64,
    /// The `UpdatedAt` it took last, in milliseconds since 1970; the next one is later.
    pub at: i64,
    /// Was it told that the finding is no more?
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    /// What it refused; the same is not sent again until somebody replays it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}

/// What Security Hub would not take, repaired or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Which state of the finding.
    pub told: i64,
    /// Its words.
    pub reason: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}
