//! The stack's own tags, where they are propagated: CloudFormation sends nothing when only they change, so the sweep
//! brings them to repositories, and the ledger up to date once all of them bear them.

use super::super::{Book, Overseeing, whose};
use super::shape::{Borne, Listed, Parcel};
use super::store::{JSON, json};
use crate::fault::{Fault, FaultKind};
use crate::model::repository::Tags;
use crate::plan::posture::{Action, DECLARATION, Requirement, Standing, Status};
use std::collections::BTreeMap;

/// Does a repository bear the tags its declaration wishes? One that was not compared does not.
fn bears(standing: &Standing) -> bool {
    let declared: Vec<_> = standing.checks.iter().filter(|check| check.rule == DECLARATION).collect();
    let reached = |status, action: &Action| status == Status::Pass || matches!(action, Action::Mended(_));
    let mut of_tags = declared.iter().filter(|check| check.requirement == Requirement::RequiredTags).peekable();
    of_tags.peek().is_some() && of_tags.all(|check| reached(check.status, &check.action))
}

/// Adds what one run over a part shows: of each ledger whose stack has other tags by now, whether all its repositories
/// there bear them.
pub(super) fn note(
    borne: &mut BTreeMap<String, Borne>,
    changed: &BTreeMap<usize, Tags>,
    parcel: &Parcel,
    standings: &[&Standing],
) {
    let by_name: BTreeMap<_, _> = standings.iter().map(|standing| (&standing.name, *standing)).collect();
    for (at, tags) in changed {
        let Some(holder) = parcel.holders.get(*at) else { continue };
        let mine = |listed: &&Listed| listed.holder == Some(*at);
        let mut looked_at = parcel.repositories.iter().filter(mine).filter_map(|listed| by_name.get(&listed.name));
        let all = looked_at.all(|standing| bears(standing));
        let entry = borne.entry(holder.ledger.clone()).or_insert_with(|| Borne { tags: tags.clone(), by_all: true });
        entry.by_all = entry.by_all && all && entry.tags == *tags;
    }
}

/// Puts together what parts say.
pub(super) fn merge(all: &mut BTreeMap<String, Borne>, of_part: BTreeMap<String, Borne>) {
    for (ledger, borne) in of_part {
        match all.get_mut(&ledger) {
            Some(known) => known.by_all = known.by_all && borne.by_all && known.tags == borne.tags,
            None => {
                all.insert(ledger, borne);
            }
        }
    }
}

/// Brings a ledger up to date. What stands in the way now does not in the next sweep, which finds the same difference.
pub(super) async fn bring_up_to_date<W: Overseeing>(
    world: &W,
    key: &str,
    borne: &Borne,
    now: i64,
) -> Result<(), Fault> {
    if !borne.by_all {
        return Ok(());
    }
    let Some((mut ledger, version)) = world.ledger(key).await? else { return Ok(()) };
    let propagates = ledger.committed.as_ref().is_some_and(|committed| committed.fleet.propagate_stack_tags);
    if !propagates || ledger.stack_tags == borne.tags || whose::going_on(&ledger, now).is_some() {
        return Ok(());
    }
    ledger.stack_tags.clone_from(&borne.tags);
    match Book::write(world, key, json(key, &ledger)?, JSON, Some(&version)).await {
        // Whoever wrote meanwhile is at work on it.
        Err(fault) if fault.kind == FaultKind::Conflict => Ok(()),
        other => other.map(|_| ()),
    }
}
