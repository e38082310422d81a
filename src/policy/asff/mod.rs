//! Findings as Security Hub takes them: the AWS Security Finding Format.
//!
//! A finding that breaks a limit is refused alone, in an answer that says 200; so every limit (`limits`) is held here, and
//! `flaws` says so of the finished text, independently of how it was made. What is refused all the same is sent once more
//! as [`repaired`].

mod batch;
mod fill;
mod flaws;
mod form;
pub mod limits;
mod plain;
mod weakness;

pub use batch::Batches;
pub use fill::{BEST_PRACTICES, PRODUCT_NAME, SCHEMA_VERSION, partition, product_arn};
pub use flaws::flaws;
pub use limits::{BATCH_BYTES, BATCH_COUNT};

use crate::model::finding::{Finding, FindingId};
use crate::model::image::{ImageRef, Parent};
use crate::policy::record::Waived;
use limits::{FINDING_BYTES, Room};

/// Bytes that most findings stay below.
const USUAL_BYTES: usize = 3_072;

/// What Security Hub is to be told of one finding.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    /// The image it was found in.
    pub image: &'a ImageRef,
    /// The image's tags.
    pub tags: &'a [String],
    /// The index the image belongs to.
    pub parent: Option<&'a Parent>,
    /// The finding.
    pub finding: &'a Finding,
    /// Its id.
    pub id: &'a FindingId,
    /// When it was first seen, in milliseconds since 1970; stays.
    pub created: i64,
    /// When this is told, in milliseconds since 1970; later each time.
    pub updated: i64,
    /// Is it gone?
    pub archived: bool,
    /// By which waiver it is lived with.
    pub waived: Option<&'a Waived>,
}

impl Telling<'_> {
    /// Is it told as archived? What is gone is, and so is what somebody decided to live with, here or in Inspector: it
    /// becomes active when that decision ends.
    pub const fn is_archived(&self) -> bool {
        self.archived || self.waived.is_some() || self.finding.suppressed
    }
}

/// One finding as compact JSON, every limit held, below [`limits::FINDING_BYTES`].
pub fn write(telling: &Telling<'_>) -> String {
    let wide = json(&fill::form(telling, Room::WIDE));
    if wide.len() <= FINDING_BYTES { wide } else { json(&fill::form(telling, Room::NARROW)) }
}

/// A plainer version for one more try after a refusal: the members Security Hub demands, whether it is archived, the
/// vulnerability's id and the package; everything short and in printable ASCII.
pub fn repaired(telling: &Telling<'_>) -> String {
    json(&plain::form(telling))
}

/// Nothing in a form can fail to be written: its keys are strings, and numbers that are none are left out.
fn json(form: &form::Form<'_>) -> String {
    let mut text = Vec::with_capacity(USUAL_BYTES);
    let written = serde_json::to_writer(&mut text, form).is_ok();
    String::from_utf8(text).ok().filter(|_| written).unwrap_or_default()
}
