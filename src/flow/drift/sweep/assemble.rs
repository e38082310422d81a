//! The end: one report of all parts.

use super::super::{Overseeing, Switch};
use super::shape::{Borne, Done, Dropped, Manifest, PartResult, VERSION, done_key, manifest_key, result_key};
use super::start::parts_done;
use super::store::{load, save};
use super::{Tour, clear, heard, latest, stack_tags};
use crate::event::drift::{self, Job, Part, SweepId};
use crate::fault::{Fault, FaultKind};
use crate::flow::findings::day_of;
use crate::flow::survey::AT_ONCE;
use crate::report::compliance::{Composer, Context, Documents, Run};
use futures_util::future::try_join_all;
use std::collections::BTreeMap;

/// Names of vanished repositories that the report lists; of more it says how many.
const NAMED: usize = 20;

/// What assembling came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assembled {
    /// There is no such sweep.
    Nothing,
    /// Parts have no result yet; they were sent again.
    NotYet {
        /// So many.
        parts: usize,
    },
    /// The report is there, and what the sweep needed is gone.
    Done {
        /// Where it lies, without the ending.
        report: String,
        /// Repositories in it.
        repositories: usize,
    },
}

/// Writes the report of a sweep and clears up after it.
pub async fn assemble<W: Overseeing>(tour: &Tour<'_, W>, sweep: &SweepId) -> Result<Assembled, Fault> {
    if !sweep.is_legal() {
        return Ok(Assembled::Nothing);
    }
    if let Some(done) = load::<Done>(tour.world, &done_key(sweep)).await? {
        return end(tour, sweep, done).await;
    }
    let Some(manifest) = load::<Manifest>(tour.world, &manifest_key(sweep)).await? else {
        return Ok(Assembled::Nothing);
    };
    let known = parts_done(tour, sweep).await?;
    let open: Vec<u32> = (0..manifest.parts).filter(|part| !known.contains(part)).collect();
    if !open.is_empty() {
        let part = |part: &u32| Job::Part(Part { version: drift::VERSION, sweep: sweep.clone(), part: *part });
        tour.world.send_jobs(&open.iter().map(part).collect::<Vec<_>>(), 0).await?;
        return Ok(Assembled::NotYet { parts: open.len() });
    }
    let Some(sum) = sum(tour, sweep, &manifest).await? else { return Ok(Assembled::Nothing) };
    let report = format!("reports/{}/{}", day_of(manifest.started), sweep.0);
    // A report that was written once stays: this may be the second try, and the first may have shown it already.
    let documents = if let Some(documents) = latest::written(tour.world, &report).await? {
        documents
    } else {
        let Some(documents) = compose(tour, sweep, &manifest, &sum).await? else { return Ok(Assembled::Nothing) };
        latest::write(tour.world, &report, &documents).await?;
        documents
    };
    latest::show(tour.world, sweep, &report, &documents).await?;
    for (ledger, borne) in &sum.stack_tags {
        match stack_tags::bring_up_to_date(tour.world, ledger, borne, tour.seconds()).await {
            Err(fault) if fault.retryable() => return Err(fault),
            // The report stands; a record that cannot be read must not keep the sweep from ending.
            Err(fault) => tracing::warn!(ledger, %fault, "the stack's tags could not be noted"),
            Ok(()) => {}
        }
    }
    let done = Done {
        version: VERSION,
        started: manifest.started,
        finished: tour.now,
        repositories: sum.repositories,
        report,
    };
    save(tour.world, &done_key(sweep), &done).await?;
    end(tour, sweep, done).await
}

async fn end<W: Overseeing>(tour: &Tour<'_, W>, sweep: &SweepId, done: Done) -> Result<Assembled, Fault> {
    clear::clear(tour, sweep, &done).await?;
    Ok(Assembled::Done { report: done.report, repositories: done.repositories })
}

/// What all parts come to, beside the standings.
#[derive(Debug, Default)]
struct Sum {
    repositories: usize,
    reads: u64,
    writes: u64,
    dropped: usize,
    /// Some of those that vanished.
    gone: Vec<Dropped>,
    notes: Vec<String>,
    stack_tags: BTreeMap<String, Borne>,
}

/// Goes through the results once for what must be known before the first standing is written. `None` where the sweep was
/// cleared up meanwhile.
async fn sum<W: Overseeing>(tour: &Tour<'_, W>, sweep: &SweepId, manifest: &Manifest) -> Result<Option<Sum>, Fault> {
    let mut sum = Sum { reads: manifest.reads, notes: manifest.notes.clone(), ..Sum::default() };
    let took = |result: PartResult| {
        sum.repositories += result.standings.len();
        sum.reads = sum.reads.saturating_add(result.reads);
        sum.writes = sum.writes.saturating_add(result.writes);
        sum.dropped += result.dropped.len();
        let room = NAMED.saturating_sub(sum.gone.len());
        sum.gone.extend(result.dropped.into_iter().take(room));
        sum.notes.extend(result.notes);
        stack_tags::merge(&mut sum.stack_tags, result.stack_tags);
    };
    Ok(each_result(tour, sweep, manifest, took).await?.then_some(sum))
}

/// Gives every result away, in the order of parts, some being read ahead; false where one is gone.
async fn each_result<W: Overseeing>(
    tour: &Tour<'_, W>,
    sweep: &SweepId,
    manifest: &Manifest,
    mut take: impl FnMut(PartResult),
) -> Result<bool, Fault> {
    let parts: Vec<u32> = (0..manifest.parts).collect();
    for parts in parts.chunks(AT_ONCE) {
        tour.may_go_on("putting the report together")?;
        let read = parts.iter().map(|part| one(tour, sweep, *part));
        for result in try_join_all(read).await? {
            let Some(result) = result else { return Ok(false) };
            take(result);
        }
    }
    Ok(true)
}

async fn one<W: Overseeing>(tour: &Tour<'_, W>, sweep: &SweepId, part: u32) -> Result<Option<PartResult>, Fault> {
    match load(tour.world, &result_key(sweep, part)).await {
        // The others are worth a report.
        Err(fault) if fault.kind == FaultKind::Invalid => {
            let notes = vec![format!("part {part} is not in this report: {fault}")];
            Ok(Some(PartResult { notes, ..PartResult::new() }))
        }
        other => other,
    }
}

async fn compose<W: Overseeing>(
    tour: &Tour<'_, W>,
    sweep: &SweepId,
    manifest: &Manifest,
    sum: &Sum,
) -> Result<Option<Documents>, Fault> {
    let mut notes: Vec<String> = tour.trouble.map(str::to_owned).into_iter().collect();
    notes.extend_from_slice(&sum.notes);
    notes.extend(vanished(sum));
    let previous = latest::previous(tour.world, sweep).await?.unwrap_or_else(|flaw| {
        notes.push(flaw);
        None
    });
    let heard = match &previous {
        Some(previous) => heard::since(tour.world, previous.started().div_euclid(1_000)).await?,
        None => std::collections::BTreeSet::new(),
    };
    let run = Run {
        sweep: sweep.0.clone(),
        account: tour.place.account.clone(),
        region: tour.place.region.clone(),
        partition: tour.place.partition.clone(),
        started: manifest.started,
        finished: tour.now,
        parts: manifest.parts,
        ecr_reads: sum.reads,
        ecr_writes: sum.writes,
    };
    let context = Context { baseline: tour.baseline, switch: word(tour.switch), today: tour.today, previous, notes };
    let mut composer = Composer::new(run, context);
    let add = |result: PartResult| {
        for standing in &result.standings {
            composer.add(standing, heard.contains(&standing.name));
        }
    };
    let is_whole = each_result(tour, sweep, manifest, add).await?;
    Ok(is_whole.then(|| composer.finish()))
}

const fn word(switch: Switch) -> &'static str {
    match switch {
        Switch::On => "on",
        Switch::ReportOnly => "report-only",
        Switch::Off => "off",
    }
}

/// What there is to say of repositories that are in no result.
fn vanished(sum: &Sum) -> Option<String> {
    if sum.dropped == 0 {
        return None;
    }
    let named: Vec<String> = sum.gone.iter().map(|dropped| format!("{} ({})", dropped.name, dropped.note)).collect();
    let more = sum.dropped.saturating_sub(named.len());
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    Some(format!("not in this report, since they vanished while the sweep went on: {}{more}", named.join(", ")))
}
