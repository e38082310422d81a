//! One part: its repositories are looked at, judged and mended, and the result written once.
//!
//! A run that has no time left writes down how far it came and hands the part back; one that fails does the same and lets
//! the queue count its tries. What is done is not done again, whichever way a run ends.

use super::super::budget::{Budget, Purse};
use super::super::keep::{Attended, Round, Visit, attend_house};
use super::super::{Overseeing, Switch};
use super::gather::{Bulk, deepen, in_bulk};
use super::owned::{Owned, owned};
use super::pace::Pace;
use super::shape::{Dropped, Listed, Manifest, Parcel, PartResult, manifest_key, part_key, partial_key, result_key};
use super::start::parts_done;
use super::store::{load, save, save_first};
use super::{Tour, stack_tags, unknown};
use crate::event::drift::{self, Assemble, Job, Part, SweepId};
use crate::fault::{Fault, FaultKind};
use crate::model::Seen;
use crate::plan::posture::Standing;

/// What a part came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parted {
    /// Its sweep is over, or was never begun.
    Nothing,
    /// It has its result.
    Done {
        /// Is it the last, so that the report is to be written?
        last: bool,
    },
    /// There was no time for all of it; the rest was sent again.
    HandedBack {
        /// Repositories that wait.
        left: usize,
    },
}

/// Does one part.
pub async fn part<W: Overseeing>(tour: &Tour<'_, W>, job: &Part) -> Result<Parted, Fault> {
    let Some(manifest) = manifest(tour, job).await? else { return Ok(Parted::Nothing) };
    let key = result_key(&job.sweep, job.part);
    if tour.world.read(&key).await?.is_some() {
        return complete(tour, &job.sweep, &manifest).await;
    }
    let Some(parcel) = load::<Parcel>(tour.world, &part_key(&job.sweep, &manifest.listing, job.part)).await? else {
        return Ok(Parted::Nothing);
    };
    let mut result = partial(tour, job).await?;
    let before = result.standings.len() + result.dropped.len();
    if tour.switch == Switch::Off {
        unlooked(tour, &parcel, "the kill switch says off, so nothing was looked at", &mut result);
    } else {
        let run = Run { tour, manifest: &manifest, job, parcel: &parcel };
        let left = visit_all(&run, &mut result).await?;
        if !left.is_empty() {
            return hand_back(&run, &result, left, before).await;
        }
    }
    finish(tour, job, &manifest, result).await
}

/// Gives a part up: what was not looked at is unknown, and the sweep goes on to its report. Called where its message has
/// come often enough.
pub async fn give_up<W: Overseeing>(tour: &Tour<'_, W>, job: &Part, reason: &str) -> Result<Parted, Fault> {
    let Some(manifest) = manifest(tour, job).await? else { return Ok(Parted::Nothing) };
    let mut result = partial(tour, job).await?;
    match load::<Parcel>(tour.world, &part_key(&job.sweep, &manifest.listing, job.part)).await {
        Ok(Some(parcel)) => unlooked(tour, &parcel, reason, &mut result),
        Ok(None) => return complete(tour, &job.sweep, &manifest).await,
        Err(fault) if fault.kind == FaultKind::Invalid => {
            result.notes.push(format!("part {} is not in this report: {fault}", job.part));
        }
        Err(fault) => return Err(fault),
    }
    finish(tour, job, &manifest, result).await
}

/// The sweep a part is of, where it goes on.
async fn manifest<W: Overseeing>(tour: &Tour<'_, W>, job: &Part) -> Result<Option<Manifest>, Fault> {
    if !job.sweep.is_legal() {
        return Ok(None);
    }
    let manifest: Option<Manifest> = load(tour.world, &manifest_key(&job.sweep)).await?;
    Ok(manifest.filter(|manifest| job.part < manifest.parts))
}

/// How far earlier runs came. One that cannot be read counts as none.
async fn partial<W: Overseeing>(tour: &Tour<'_, W>, job: &Part) -> Result<PartResult, Fault> {
    match load(tour.world, &partial_key(&job.sweep, job.part)).await {
        Ok(partial) => Ok(partial.unwrap_or_else(PartResult::new)),
        Err(fault) if fault.kind == FaultKind::Invalid => Ok(PartResult::new()),
        Err(fault) => Err(fault),
    }
}

/// All that is not done is unknown.
fn unlooked<W>(tour: &Tour<'_, W>, parcel: &Parcel, reason: &str, result: &mut PartResult) {
    for listed in &parcel.repositories {
        if !result.has(&listed.name) {
            result.standings.push(unknown::standing(tour, parcel, listed, reason));
        }
    }
}

/// Writes the result, unless another delivery was first.
async fn finish<W: Overseeing>(
    tour: &Tour<'_, W>,
    job: &Part,
    manifest: &Manifest,
    mut result: PartResult,
) -> Result<Parted, Fault> {
    result.sort();
    save_first(tour.world, &result_key(&job.sweep, job.part), &result).await?;
    complete(tour, &job.sweep, manifest).await
}

/// Asks for the report where this was the last result.
async fn complete<W: Overseeing>(tour: &Tour<'_, W>, sweep: &SweepId, manifest: &Manifest) -> Result<Parted, Fault> {
    let done = parts_done(tour, sweep).await?;
    let last = (0..manifest.parts).all(|part| done.contains(&part));
    if last {
        let assemble = Assemble { version: drift::VERSION, sweep: sweep.clone() };
        tour.world.send_jobs(&[Job::Assemble(assemble)], 0).await?;
    }
    Ok(Parted::Done { last })
}

/// One run over a part.
struct Run<'a, W> {
    tour: &'a Tour<'a, W>,
    manifest: &'a Manifest,
    job: &'a Part,
    parcel: &'a Parcel,
}

/// Writes down how far the run came. What failed is for the queue to bring again; where there was only no time, the part is
/// sent again, as nothing is wrong with it.
async fn hand_back<W: Overseeing>(
    run: &Run<'_, W>,
    result: &PartResult,
    left: Vec<Option<Fault>>,
    before: usize,
) -> Result<Parted, Fault> {
    let Run { tour, job, .. } = run;
    if result.standings.len() + result.dropped.len() > before {
        save(tour.world, &partial_key(&job.sweep, job.part), result).await?;
    }
    let waiting = left.len();
    if left.iter().any(Option::is_none) {
        tour.world.send_jobs(&[Job::Part((*job).clone())], 0).await?;
        return Ok(Parted::HandedBack { left: waiting });
    }
    match left.into_iter().flatten().next() {
        Some(fault) => Err(fault),
        None => Ok(Parted::HandedBack { left: waiting }),
    }
}

/// What a visit came to.
enum Visited {
    /// It was judged, and mended with so many writes.
    Stands(Box<Standing>, u64),
    Gone(Dropped),
    /// It must be visited again: it failed, or there was no time. With the writes that were done all the same.
    Left(Option<Fault>, u64),
}

/// Visits what is not done; what is left, with why.
async fn visit_all<W: Overseeing>(run: &Run<'_, W>, result: &mut PartResult) -> Result<Vec<Option<Fault>>, Fault> {
    let tour = run.tour;
    let open: Vec<&Listed> = run.parcel.repositories.iter().filter(|listed| !result.has(&listed.name)).collect();
    let mut owned = owned(tour, run.parcel, &open).await?;
    let pace = Pace::new(tour.until);
    let mut bulk = in_bulk(tour.world, &pace, &open).await;
    let scanning = std::mem::take(&mut bulk.scanning);
    let budget = Budget {
        purse: Purse::Sweep(run.job.sweep.0.clone()),
        allowed: tour.baseline.map(|baseline| baseline.cap).unwrap_or_default().of(run.manifest.repositories),
    };
    let round = Round {
        world: tour.world,
        place: tour.place,
        baseline: tour.baseline,
        switch: tour.switch,
        scanning: &scanning,
        budget: &budget,
        cause: &run.job.sweep.0,
        own_principal: tour.own_principal,
        now: tour.now,
        today: tour.today,
        until: tour.until,
    };
    let visits: Vec<(Prepared, Option<String>)> =
        open.iter().map(|listed| prepare(listed, &mut bulk, &mut owned)).collect();
    let (round, pace) = (&round, &pace);
    let visited = pace.each(visits, |(prepared, unreadable)| async move {
        match unreadable {
            Some(why) => Visited::Stands(Box::new(unknown::standing(tour, run.parcel, prepared.listed, &why)), 0),
            None => visit(run, round, pace, prepared).await,
        }
    });
    let mut left = Vec::new();
    let visited = visited.await;
    let standings: Vec<&Standing> = visited
        .iter()
        .filter_map(|visited| match visited {
            Visited::Stands(standing, _) => Some(&**standing),
            Visited::Gone(_) | Visited::Left(..) => None,
        })
        .collect();
    stack_tags::note(&mut result.stack_tags, &owned.changed, run.parcel, &standings);
    for visited in visited {
        match visited {
            Visited::Stands(standing, writes) => {
                result.standings.push(*standing);
                result.writes = result.writes.saturating_add(writes);
            }
            Visited::Gone(dropped) => result.dropped.push(dropped),
            Visited::Left(why, writes) => {
                left.push(why);
                result.writes = result.writes.saturating_add(writes);
            }
        }
    }
    result.reads = result.reads.saturating_add(pace.reads());
    Ok(left)
}

/// One repository, ready to be visited.
struct Prepared<'a> {
    listed: &'a Listed,
    visit: Visit,
    /// Are its tags to be read?
    tags: bool,
}

fn prepare<'a>(listed: &'a Listed, bulk: &mut Bulk, owned: &mut Owned) -> (Prepared<'a>, Option<String>) {
    let (repository, frequency) = bulk.take(&listed.name);
    let tags = owned.tags_of(listed);
    let unreadable = owned.unreadable(listed);
    let claimed = owned.claimed.remove(&listed.name);
    let visit = Visit { repository, frequency, claimed, principal: None };
    (Prepared { listed, visit, tags }, unreadable)
}

async fn visit<W: Overseeing>(run: &Run<'_, W>, round: &Round<'_, W>, pace: &Pace, prepared: Prepared<'_>) -> Visited {
    let Prepared { listed, mut visit, tags } = prepared;
    if pace.is_late() {
        return Visited::Left(None, 0);
    }
    let tags = tags || round.baseline.is_some_and(crate::spec::baseline::Baseline::looks_at_tags);
    visit.repository = deepen(round.world, pace, visit.repository, tags).await;
    if pace.is_late() {
        return Visited::Left(None, 0);
    }
    match &visit.repository {
        Seen::Missing if visit.claimed.is_none() => return gone(listed),
        // It will not be readable in the next try either.
        Seen::Unreadable(fault) if !fault.retryable() => {
            let why = format!("it could not be described: {fault}");
            return Visited::Stands(Box::new(unknown::standing(run.tour, run.parcel, listed, &why)), 0);
        }
        Seen::Present(_) | Seen::Missing | Seen::Unreadable(_) | Seen::Unasked => {}
    }
    match Box::pin(attend_house(round, visit)).await {
        Ok(Some(Attended { trouble: Some(fault), writes, .. })) => {
            Visited::Left(Some(fault).filter(|fault| fault.kind != FaultKind::Late), writes)
        }
        Ok(Some(Attended { standing, writes, .. })) => Visited::Stands(Box::new(standing), writes),
        Ok(None) => gone(listed),
        Err(fault) => Visited::Left(Some(fault), 0),
    }
}

fn gone(listed: &Listed) -> Visited {
    let note = if listed.missing {
        "it was declared when the sweep began, and is not any more"
    } else {
        "it was deleted while the sweep went on"
    };
    Visited::Gone(Dropped { name: listed.name.clone(), note: note.to_owned() })
}
