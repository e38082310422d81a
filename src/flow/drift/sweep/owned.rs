//! Whose the repositories of a part are by now: the ledgers are read again, one at a time, since an operation may have
//! begun after the sweep did.

use super::super::owner::{Claimed, Hold, claimed};
use super::super::{Overseeing, Switch, whose};
use super::Tour;
use super::pace::Pace;
use super::shape::{Holder, Listed, Parcel};
use crate::fault::Fault;
use crate::model::name::RepositoryName;
use crate::model::repository::Tags;
use crate::plan::ledger::Ledger;
use crate::spec::DriftMode;
use std::collections::BTreeMap;

/// What is declared of the repositories of a part.
#[derive(Clone, Debug, Default)]
pub(super) struct Owned {
    /// What their declarations say.
    pub(super) claimed: BTreeMap<RepositoryName, Claimed>,
    /// Stacks that have other tags by now than were propagated, by place in [`Parcel::holders`].
    pub(super) changed: BTreeMap<usize, Tags>,
    /// Ledgers that cannot be read, by the same, and why.
    unreadable: BTreeMap<usize, String>,
}

impl Owned {
    /// Must a repository's tags be read to compare them with its stack's?
    pub(super) fn tags_of(&self, listed: &Listed) -> bool {
        listed.holder.is_some_and(|at| self.changed.contains_key(&at))
    }

    /// Why nobody can say what is declared of a repository.
    pub(super) fn unreadable(&self, listed: &Listed) -> Option<String> {
        self.unreadable.get(&listed.holder?).cloned()
    }
}

/// Finds out what is declared of the repositories that are open.
pub(super) async fn owned<W: Overseeing>(
    tour: &Tour<'_, W>,
    parcel: &Parcel,
    open: &[&Listed],
) -> Result<Owned, Fault> {
    let pace = Pace::new(tour.until);
    let mut owned = Owned::default();
    for (at, holder) in parcel.holders.iter().enumerate() {
        let mine: Vec<&Listed> = open.iter().copied().filter(|listed| listed.holder == Some(at)).collect();
        if mine.is_empty() {
            continue;
        }
        let ledger = match pace.patiently(|| tour.world.ledger(&holder.ledger)).await {
            Ok(Some((ledger, _))) => ledger,
            // Its resource was deleted since; what it left is nobody's.
            Ok(None) => continue,
            Err(fault) if fault.retryable() => return Err(fault),
            Err(fault) => {
                owned.unreadable.insert(at, format!("what is declared of it cannot be read: {fault}"));
                continue;
            }
        };
        let hold = hold_now(tour, &pace, holder, &ledger).await;
        if let Some(tags) = changed_tags(holder, &ledger, &hold) {
            owned.changed.insert(at, tags);
        }
        for listed in mine {
            let hold = listed.contender.map_or_else(|| hold.clone(), |at| contested(parcel, at));
            let claim = claimed(&ledger, &listed.name, holder.stack_tags.as_ref(), hold);
            owned.claimed.extend(claim.map(|claim| (listed.name.clone(), claim)));
        }
    }
    Ok(owned)
}

/// What the owner is doing by now. CloudFormation is asked again only where something may be written.
async fn hold_now<W: Overseeing>(tour: &Tour<'_, W>, pace: &Pace, holder: &Holder, ledger: &Ledger) -> Hold {
    if holder.hold != Hold::AtRest {
        return holder.hold.clone();
    }
    if tour.switch == Switch::On && holder.owner.drift_mode == DriftMode::Enforce {
        return pace.doubtless(|| whose::hold_of(tour.world, ledger, tour.seconds())).await.0;
    }
    whose::going_on(ledger, tour.seconds()).map_or(Hold::AtRest, Hold::Moving)
}

fn changed_tags(holder: &Holder, ledger: &Ledger, hold: &Hold) -> Option<Tags> {
    let fleet = &ledger.committed.as_ref()?.fleet;
    let tags = holder.stack_tags.as_ref()?;
    let compared = *hold == Hold::AtRest && fleet.propagate_stack_tags && fleet.drift_mode != DriftMode::Off;
    (compared && *tags != ledger.stack_tags).then(|| tags.clone())
}

fn contested(parcel: &Parcel, at: usize) -> Hold {
    let other = parcel
        .holders
        .get(at)
        .map_or_else(String::new, |holder| format!("{} of stack {}", holder.owner.resource, holder.owner.stack));
    Hold::Unknown(format!("{other} declares it too, and only its tags say whose it is"))
}
