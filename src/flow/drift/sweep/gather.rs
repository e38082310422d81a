//! Reading one part: in bulk what can be read in bulk, and two or three reads for each repository.

use super::super::look::frequency_of;
use super::super::{Overseeing, RegistryScanning, SCANNING_PER_CALL, ScanFrequency};
use super::pace::Pace;
use super::shape::Listed;
use crate::fault::FaultKind;
use crate::flow::{NAMES_PER_CALL, Read};
use crate::model::Seen;
use crate::model::name::RepositoryName;
use crate::model::repository::Repository;
use std::collections::BTreeMap;

/// What was read in bulk.
#[derive(Clone, Debug)]
pub(super) struct Bulk {
    /// How the registry scans.
    pub(super) scanning: Seen<RegistryScanning>,
    repositories: BTreeMap<RepositoryName, Seen<Repository>>,
    frequencies: BTreeMap<RepositoryName, Seen<ScanFrequency>>,
}

impl Bulk {
    /// What was seen of a repository.
    pub(super) fn take(&mut self, name: &RepositoryName) -> (Seen<Repository>, Seen<ScanFrequency>) {
        let repository = self.repositories.remove(name).unwrap_or_default();
        (repository, self.frequencies.remove(name).unwrap_or_default())
    }
}

/// Describes the repositories as they are now. The listing may be minutes old: some are gone, some that were missing are
/// there, and settings have changed.
pub(super) async fn in_bulk(world: &impl Overseeing, pace: &Pace, listed: &[&Listed]) -> Bulk {
    let mut repositories = BTreeMap::new();
    let (missing, there): (Vec<&Listed>, Vec<&Listed>) = listed.iter().copied().partition(|listed| listed.missing);
    let names: Vec<RepositoryName> = there.into_iter().map(|listed| listed.name.clone()).collect();
    // One that does not exist fails the call for all.
    let alone = missing.iter().map(|listed| std::slice::from_ref(&listed.name));
    for names in names.chunks(NAMES_PER_CALL).chain(alone) {
        describe(world, pace, names, &mut repositories).await;
    }
    let scanning = Seen::from_read(pace.patiently(|| world.registry_scanning()).await.map(Some));
    let mut frequencies = BTreeMap::new();
    if scanning.present().is_some_and(|scanning| scanning.has_rules) {
        let present = repositories.iter().filter(|(_, seen)| seen.present().is_some());
        let names: Vec<RepositoryName> = present.map(|(name, _)| name.clone()).collect();
        for names in names.chunks(SCANNING_PER_CALL) {
            frequencies.extend(scanned(world, pace, names).await);
        }
    }
    Bulk { scanning, repositories, frequencies }
}

/// How the registry's rules have repositories scanned. What an answer leaves out is not known.
async fn scanned(
    world: &impl Overseeing,
    pace: &Pace,
    names: &[RepositoryName],
) -> BTreeMap<RepositoryName, Seen<ScanFrequency>> {
    let mut seen = BTreeMap::new();
    match pace.patiently(|| world.scanning_of(names)).await {
        // One that has just gone may fail the call; each is then asked for alone.
        Err(fault) if fault.kind == FaultKind::NotFound && names.len() > 1 => {
            for name in names {
                let one = std::slice::from_ref(name);
                seen.insert(name.clone(), frequency_of(pace.patiently(|| world.scanning_of(one)).await, name));
            }
        }
        found => seen.extend(names.iter().map(|name| (name.clone(), frequency_of(found.clone(), name)))),
    }
    seen
}

/// Describes repositories; where one of many does not exist, in halves.
async fn describe(
    world: &impl Read,
    pace: &Pace,
    names: &[RepositoryName],
    found: &mut BTreeMap<RepositoryName, Seen<Repository>>,
) {
    let mut open = vec![names];
    while let Some(names) = open.pop() {
        match pace.patiently(|| world.describe(names)).await {
            Ok(described) => {
                // What is not in a successful answer is not there.
                found.extend(names.iter().map(|name| (name.clone(), Seen::Missing)));
                found.extend(described.into_iter().map(|seen| (seen.name.clone(), Seen::Present(seen))));
            }
            Err(fault) if fault.kind == FaultKind::NotFound && names.len() > 1 => {
                let (one, other) = names.split_at(names.len() / 2);
                open.extend([other, one]);
            }
            Err(fault) if fault.kind == FaultKind::NotFound => {
                found.extend(names.iter().map(|name| (name.clone(), Seen::Missing)));
            }
            Err(fault) => found.extend(names.iter().map(|name| (name.clone(), Seen::Unreadable(fault.clone())))),
        }
    }
}

/// Reads what only a call for each tells.
pub(super) async fn deepen(world: &impl Read, pace: &Pace, seen: Seen<Repository>, tags: bool) -> Seen<Repository> {
    let Seen::Present(mut repository) = seen else { return seen };
    if tags {
        repository.tags = Seen::from_read(pace.patiently(|| world.tags(&repository.arn)).await);
        // It vanished since it was described; one that is gone has no policies either.
        if matches!(&repository.tags, Seen::Unreadable(fault) if fault.kind == FaultKind::NotFound) {
            return Seen::Missing;
        }
    }
    repository.lifecycle = Seen::from_read(pace.patiently(|| world.lifecycle(&repository.name)).await);
    repository.policy = Seen::from_read(pace.patiently(|| world.policy(&repository.name)).await);
    Seen::Present(repository)
}
