//! Putting back what a change made of a repository, from the journal.
//!
//! Only from exactly what the change made: whatever else stands there is somebody's wish by now. Nothing is put back unless
//! all of it can be.

use super::Book;
use super::journal::{self, Entry, Line};
use crate::fault::{Fault, FaultKind};
use crate::flow::carry_out::carry_out;
use crate::flow::survey::{Depth, see};
use crate::flow::{Read, Write};
use crate::model::Seen;
use crate::plan::undo::{WayBack, altered, way_back};
use crate::plan::{Plan, Step};
use jiff::Timestamp;
use tokio::time::Instant;

/// What putting back came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reverted {
    /// There is no such change.
    Unknown,
    /// Everything was as before already.
    Already(Entry),
    /// It was not put back, and nothing was written: why, attribute by attribute.
    Refused(Entry, Vec<String>),
    /// It was put back.
    Done {
        /// The change that was taken back.
        entry: Entry,
        /// The change that this is in its turn.
        change: String,
        /// What was put back.
        attributes: Vec<&'static str>,
        /// What failed, one line each.
        failures: Vec<String>,
    },
}

/// In whose name, and when.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// Who asks for it, as an ARN where that is known.
    pub principal: Option<&'a str>,
    /// In milliseconds since 1970.
    pub now: i64,
    /// No call begins after this.
    pub until: Instant,
}

/// Puts a change back.
pub async fn revert<W: Read + Write + Book>(world: &W, id: &str, occasion: Occasion<'_>) -> Result<Reverted, Fault> {
    let Some((entry, _)) = journal::find(world, id).await? else { return Ok(Reverted::Unknown) };
    if entry.version > journal::VERSION {
        let why = format!("the journal's entry of {id} was written by a later version; use that one");
        return Err(Fault::ours("s3", "GetObject", FaultKind::Invalid, why));
    }
    let seen = match see(world, &entry.repository, Depth { lifecycle: true, policy: true, expected: true }).await {
        Seen::Present(seen) => seen,
        Seen::Unreadable(fault) => return Err(fault),
        Seen::Missing | Seen::Unasked => {
            return Ok(Reverted::Refused(entry, vec!["the repository does not exist any more".to_owned()]));
        }
    };
    let mut steps: Vec<Step> = Vec::new();
    let (mut attributes, mut refused) = (Vec::new(), Vec::new());
    for line in &entry.lines {
        match way_back(&line.altered, &seen) {
            WayBack::Reached => {}
            WayBack::Refused(why) => refused.push(format!("{}: {why}", line.altered.attribute())),
            WayBack::Steps(back) => {
                attributes.push(line.altered.attribute());
                steps.extend(back);
            }
        }
    }
    if !refused.is_empty() {
        return Ok(Reverted::Refused(entry, refused));
    }
    if steps.is_empty() {
        return Ok(Reverted::Already(entry));
    }
    let cause = format!("revert {id}");
    let change = journal::change_id(&format!("{cause} {}", occasion.now), &entry.repository);
    let lines = altered(steps.iter().map(|step| &step.change), Some(&seen));
    let own = Entry {
        version: journal::VERSION,
        id: change.clone(),
        repository: entry.repository.clone(),
        at: Timestamp::from_millisecond(occasion.now).unwrap_or(Timestamp::UNIX_EPOCH).to_string(),
        cause,
        principal: occasion.principal.map(str::to_owned),
        lines: lines.into_iter().map(|altered| Line { rules: Vec::new(), altered }).collect(),
    };
    journal::enter(world, &journal::key(&change, occasion.now), &own).await?;
    let mut plan = Plan::default();
    plan.push(&entry.repository, steps);
    let failures = carry_out(world, &plan, occasion.until).await.failures();
    Ok(Reverted::Done { entry, change, attributes, failures })
}
