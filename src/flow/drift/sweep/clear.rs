//! Cleaning up after a sweep, as often as it takes.

use super::super::Overseeing;
use super::super::budget::Purse;
use super::Tour;
use super::heard;
use super::pace::Pace;
use super::shape::{Done, done_key, manifest_key, sweep_prefix};
use super::store::list_all;
use crate::event::drift::SweepId;
use crate::fault::Fault;

/// Removes what the sweep needed, but for the mark that it is over, and what was heard before it began. The manifest goes
/// first: without it a job that comes late finds nothing to do.
pub(super) async fn clear<W: Overseeing>(tour: &Tour<'_, W>, sweep: &SweepId, done: &Done) -> Result<(), Fault> {
    tour.world.remove(&manifest_key(sweep)).await?;
    tour.world.remove(&Purse::Sweep(sweep.0.clone()).key()).await?;
    let keep = done_key(sweep);
    let of_sweep = list_all(tour.world, &sweep_prefix(sweep)).await?;
    remove(tour, of_sweep.into_iter().map(|entry| entry.key).filter(|key| *key != keep)).await?;
    let heard = heard::before(tour.world, done.started.div_euclid(1_000)).await?;
    remove(tour, heard.into_iter().map(|entry| entry.key)).await
}

async fn remove<W: Overseeing>(tour: &Tour<'_, W>, keys: impl Iterator<Item = String>) -> Result<(), Fault> {
    let pace = Pace::new(tour.until);
    let removed = pace.each(keys, |key| async move {
        tour.may_go_on("cleaning up")?;
        tour.world.remove(&key).await
    });
    removed.await.into_iter().collect()
}
