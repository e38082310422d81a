//! The sweep: all repositories of the registry, in parts that any number of workers do beside each other.
//!
//! `start` lists the registry and what is declared, writes the parts and sends a job for each. `part` does one and writes
//! its result; whoever finds the last result there asks for `assemble`, which writes the report. Assumptions: the queue
//! delivers every job at least once, in any order; S3 shows what was written at once and refuses a conditional write that
//! comes second. Guarantees: every step may run twice, beside itself, or end anywhere; whichever start is first to write
//! the manifest decides what the parts are, and each part has one result.

mod assemble;
mod claims;
mod clear;
mod gather;
mod heard;
mod latest;
mod owned;
mod pace;
mod part;
mod shape;
mod stack_tags;
mod start;
mod store;
mod unknown;

pub use assemble::{Assembled, assemble};
pub use part::{Parted, give_up, part};
pub use shape::{
    Borne, Done, Dropped, Holder, Listed, Manifest, OWNERS, Parcel, PartResult, REPOSITORIES_PER_PART, done_key,
    manifest_key, part_key, partial_key, result_key, sweep_prefix,
};
pub use start::{Started, start};

use super::Switch;
use crate::fault::{Fault, FaultKind};
use crate::model::place::Place;
use crate::spec::baseline::Baseline;
use crate::spec::findings::Glob;
use jiff::civil::Date;
use tokio::time::Instant;

/// Parts done beside each other at most: `MaximumConcurrency` of the queue in the template. With [`super::super::survey::AT_ONCE`]
/// calls each, it is the rate budget that all workers share.
pub const WORKERS: usize = 4;

/// What the steps of a sweep in one invocation are given.
#[derive(Clone, Copy, Debug)]
pub struct Tour<'a, W> {
    /// The outside world.
    pub world: &'a W,
    /// The registry.
    pub place: &'a Place,
    /// The repositories this installation may read.
    pub pattern: &'a Glob,
    /// The SSM prefix of this installation.
    pub parameter_prefix: &'a str,
    /// The baseline in force, where there is one.
    pub baseline: Option<&'a Baseline>,
    /// Why a baseline that is declared is not in force, for the report.
    pub trouble: Option<&'a str>,
    /// What the kill switch says.
    pub switch: Switch,
    /// The role the function runs in, for the message of the breaker, where it is known.
    pub own_principal: &'a str,
    /// Now, in milliseconds since 1970.
    pub now: i64,
    /// Today, in UTC.
    pub today: Date,
    /// No call begins after this.
    pub until: Instant,
}

impl<W> Tour<'_, W> {
    /// Now, in seconds since 1970.
    const fn seconds(&self) -> i64 {
        self.now.div_euclid(1_000)
    }

    /// Is there time for another step? What is late is done again by the next delivery.
    fn may_go_on(&self, what: &str) -> Result<(), Fault> {
        if Instant::now() < self.until {
            return Ok(());
        }
        let why = format!("{what} did not fit into this invocation and begins again");
        Err(Fault::ours("lambda", "Invoke", FaultKind::Late, why))
    }
}
