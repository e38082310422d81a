//! The beginning: what there is, what is declared, and the parts.

use super::super::Overseeing;
use super::claims::{Claims, claims};
use super::pace::Pace;
use super::shape::{
    Holder, Listed, Manifest, OWNERS, Parcel, REPOSITORIES_PER_PART, SWEEPS, VERSION, done_key, manifest_key, part_key,
    results_prefix,
};
use super::store::{JSON, json, list_all, load, save, save_first};
use super::{Switch, Tour};
use crate::event::drift::{self, Assemble, Job, Part, SweepId};
use crate::fault::{Fault, FaultKind};
use crate::model::identity::fingerprint;
use crate::model::name::RepositoryName;
use std::collections::{BTreeMap, BTreeSet};

/// Milliseconds after which a sweep without a report has come to a halt: three times the longest run of the function.
const OVERDUE: i64 = 45 * 60 * 1_000;

/// What a start came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// The kill switch says off.
    Off,
    /// The sweep was over before.
    Over,
    /// It has begun.
    Begun {
        /// Repositories in it.
        repositories: usize,
        /// Parts that were sent.
        parts: u32,
    },
    /// It had begun before; what was not done yet was sent again.
    Resumed {
        /// Parts that were sent.
        parts: usize,
    },
}

/// Begins a sweep, or goes on with it.
pub async fn start<W: Overseeing>(tour: &Tour<'_, W>, sweep: &SweepId) -> Result<Started, Fault> {
    if !sweep.is_legal() {
        let why = format!("{:?} is no sweep's id; the job is none of ours", sweep.0);
        return Err(Fault::ours("sqs", "ReceiveMessage", FaultKind::Invalid, why));
    }
    if tour.world.read(&done_key(sweep)).await?.is_some() {
        return Ok(Started::Over);
    }
    if let Some(manifest) = load::<Manifest>(tour.world, &manifest_key(sweep)).await? {
        return resume(tour, sweep, &manifest).await;
    }
    if tour.switch == Switch::Off {
        return Ok(Started::Off);
    }
    go_on_with_others(tour, sweep).await?;
    let pace = Pace::new(tour.until);
    let registry = registry(tour, &pace).await?;
    let claims = claims(tour, sweep).await?;
    write_owners(tour, &claims).await?;
    let listed = listed(&registry, &claims);
    let listing = listing(&listed, &claims)?;
    write_parts(tour, sweep, &listing, &listed, &claims).await?;
    let parts = u32::try_from(listed.len().div_ceil(REPOSITORIES_PER_PART)).unwrap_or(u32::MAX);
    let manifest = Manifest {
        version: VERSION,
        started: tour.now,
        listing,
        parts,
        repositories: registry.len(),
        reads: pace.reads(),
        notes: claims.notes,
    };
    if !save_first(tour.world, &manifest_key(sweep), &manifest).await? {
        // Another start was first; its parts are the sweep's.
        let theirs = load::<Manifest>(tour.world, &manifest_key(sweep)).await?;
        return match theirs {
            Some(theirs) => resume(tour, sweep, &theirs).await,
            None => Ok(Started::Over),
        };
    }
    send(tour, sweep, 0..parts).await?;
    Ok(Started::Begun { repositories: listed.len(), parts })
}

/// Sends what was not done yet.
async fn resume<W: Overseeing>(tour: &Tour<'_, W>, sweep: &SweepId, manifest: &Manifest) -> Result<Started, Fault> {
    let done = parts_done(tour, sweep).await?;
    let open: Vec<u32> = (0..manifest.parts).filter(|part| !done.contains(part)).collect();
    let parts = open.len();
    send(tour, sweep, open.into_iter()).await?;
    Ok(Started::Resumed { parts })
}

/// Sweeps that began long ago and have no report have lost a message. Assembling them sends what is still to be done.
async fn go_on_with_others<W: Overseeing>(tour: &Tour<'_, W>, sweep: &SweepId) -> Result<(), Fault> {
    let mut ids: BTreeSet<SweepId> = BTreeSet::new();
    for entry in list_all(tour.world, SWEEPS).await? {
        let id =
            entry.key.strip_prefix(SWEEPS).and_then(|rest| rest.split_once('/')).map(|(id, _)| SweepId(id.to_owned()));
        ids.extend(id.filter(|id| id != sweep && id.is_legal()));
    }
    let mut jobs = Vec::new();
    for id in ids {
        let manifest = load::<Manifest>(tour.world, &manifest_key(&id)).await?;
        let is_late = manifest.is_some_and(|manifest| tour.now.saturating_sub(manifest.started) > OVERDUE);
        if is_late && tour.world.read(&done_key(&id)).await?.is_none() {
            jobs.push(Job::Assemble(Assemble { version: drift::VERSION, sweep: id }));
        }
    }
    if jobs.is_empty() { Ok(()) } else { tour.world.send_jobs(&jobs, 0).await }
}

/// The parts that have a result.
pub(super) async fn parts_done<W: Overseeing>(tour: &Tour<'_, W>, sweep: &SweepId) -> Result<BTreeSet<u32>, Fault> {
    let prefix = results_prefix(sweep);
    let entries = list_all(tour.world, &prefix).await?;
    let number = |key: &str| key.strip_prefix(&prefix)?.strip_suffix(".json")?.parse().ok();
    Ok(entries.iter().filter_map(|entry| number(&entry.key)).collect())
}

/// Sends a job for each part; where there is none, the one that writes the report.
async fn send<W: Overseeing>(
    tour: &Tour<'_, W>,
    sweep: &SweepId,
    parts: impl Iterator<Item = u32>,
) -> Result<(), Fault> {
    let version = drift::VERSION;
    let job = |part| Job::Part(Part { version, sweep: sweep.clone(), part });
    let mut jobs: Vec<Job> = parts.map(job).collect();
    if jobs.is_empty() {
        jobs.push(Job::Assemble(Assemble { version, sweep: sweep.clone() }));
    }
    tour.world.send_jobs(&jobs, 0).await
}

/// The names of all repositories.
async fn registry<W: Overseeing>(tour: &Tour<'_, W>, pace: &Pace) -> Result<BTreeSet<RepositoryName>, Fault> {
    let mut names = BTreeSet::new();
    let mut token = None;
    loop {
        tour.may_go_on("listing the registry")?;
        let (found, next) = pace.patiently(|| tour.world.page(token.clone())).await?;
        names.extend(found.into_iter().map(|seen| seen.name).filter(|name| tour.pattern.matches(name.as_str())));
        token = next;
        if token.is_none() {
            return Ok(names);
        }
    }
}

/// Everything to be looked at, in the order of names: what there is, and what is declared and is not there. What a stack
/// declared that is gone is not missed.
fn listed(registry: &BTreeSet<RepositoryName>, claims: &Claims) -> Vec<Listed> {
    let there = registry.iter().map(|name| {
        let (holder, contender) = claims.of(name);
        Listed { name: name.clone(), holder, contender, missing: false }
    });
    let missing = claims.names().filter(|(name, holder, _)| !registry.contains(*name) && !claims.is_orphan(*holder));
    let missing = missing.map(|(name, holder, contender)| Listed {
        name: name.clone(),
        holder: Some(holder),
        contender,
        missing: true,
    });
    let mut all: Vec<Listed> = there.chain(missing).collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

/// One part, with the holders it needs.
fn parcel(chunk: &[Listed], claims: &Claims) -> Parcel {
    let mut holders: Vec<Holder> = Vec::new();
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    let mut place = |at: Option<usize>| {
        let at = at?;
        if let Some(place) = places.get(&at) {
            return Some(*place);
        }
        holders.push(claims.holders.get(at)?.clone());
        let place = places.len();
        places.insert(at, place);
        Some(place)
    };
    let repositories = chunk
        .iter()
        .map(|listed| Listed { holder: place(listed.holder), contender: place(listed.contender), ..listed.clone() })
        .collect();
    Parcel { version: VERSION, repositories, holders }
}

/// A short value that differs whenever a part does.
fn listing(listed: &[Listed], claims: &Claims) -> Result<String, Fault> {
    listed.chunks(REPOSITORIES_PER_PART).try_fold(String::new(), |before, chunk| {
        let mut bytes = before.into_bytes();
        bytes.extend(json("a part", &parcel(chunk, claims))?);
        Ok(fingerprint(&bytes))
    })
}

async fn write_parts<W: Overseeing>(
    tour: &Tour<'_, W>,
    sweep: &SweepId,
    listing: &str,
    listed: &[Listed],
    claims: &Claims,
) -> Result<(), Fault> {
    let pace = Pace::new(tour.until);
    let written = pace.each((0..).zip(listed.chunks(REPOSITORIES_PER_PART)), |(part, chunk)| async move {
        tour.may_go_on("writing the parts")?;
        let key = part_key(sweep, listing, part);
        tour.world.write(&key, json(&key, &parcel(chunk, claims))?, JSON, None).await
    });
    written.await.into_iter().try_for_each(|written| written.map(|_| ()))
}

/// Which ledger declares which repository. One that two declare is not in it: only its tags say whose it is.
async fn write_owners<W: Overseeing>(tour: &Tour<'_, W>, claims: &Claims) -> Result<(), Fault> {
    let sure = claims.names().filter(|(_, _, contender)| contender.is_none());
    let owners = sure.filter_map(|(name, at, _)| Some((name, &claims.holders.get(at)?.ledger)));
    let owners: BTreeMap<&RepositoryName, &String> = owners.collect();
    save(tour.world, OWNERS, &owners).await
}
