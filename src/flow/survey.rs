//! Looking: only the repositories and settings the decision needs, with as few calls as the API allows.

use super::{NAMES_PER_CALL, PARAMETERS_PER_CALL, Read};
use crate::fault::{Fault, FaultKind};
use crate::model::Seen;
use crate::model::name::RepositoryName;
use crate::model::repository::{Observed, Parameter, Repository};
use futures_util::StreamExt as _;
use futures_util::stream;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::Duration;
use tokio::time::sleep;

/// Repositories looked at, or worked on, at the same time: ECR's control plane publishes no rates, and eight
/// callers stay well below what it was seen to throttle.
pub const AT_ONCE: usize = 8;

/// Waits between rounds of a read that the client gave up as throttled. A look at a thousand repositories makes
/// thousands of reads, and a single one that stays unread stops the whole request.
pub(super) const PATIENCE: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];

/// A read, tried again while it is throttled; the deadline of the work is the true bound.
pub(super) async fn patiently<T, F: Future<Output = Result<T, Fault>>>(read: impl Fn() -> F) -> Result<T, Fault> {
    for wait in PATIENCE {
        match read().await {
            Err(fault) if fault.kind == FaultKind::Throttled => sleep(wait).await,
            other => return other,
        }
    }
    read().await
}

/// What to read of one repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// The lifecycle policy.
    pub lifecycle: bool,
    /// The repository policy.
    pub policy: bool,
    /// Is it expected to exist?
    pub expected: bool,
}

/// What to look at. Tags are read of all but the bare ones: they say whose a repository is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Repositories and how deep.
    pub repositories: BTreeMap<RepositoryName, Depth>,
    /// Of these it is enough to know that they exist.
    pub bare: BTreeSet<RepositoryName>,
    /// SSM parameters: name, and whether the owner must be known.
    pub parameters: BTreeMap<String, bool>,
    /// Of these it matters what the public gallery shows.
    pub catalogs: BTreeSet<RepositoryName>,
    /// Does the registry's scan type matter?
    pub scanning: bool,
}

/// Looks at everything in scope. Never fails: what could not be read is [`Seen::Unreadable`].
pub async fn survey(reader: &impl Read, scope: &Scope) -> Observed {
    let found = find(reader, scope).await;
    let repositories = stream::iter(found)
        .map(|(name, seen)| async {
            let depth = scope.repositories.get(&name).copied().unwrap_or_default();
            let mut seen = if scope.bare.contains(&name) { seen } else { deepen(reader, seen, depth).await };
            if let Seen::Present(repository) = &mut seen
                && scope.catalogs.contains(&name)
            {
                repository.catalog = Seen::from_read(patiently(|| reader.catalog(&name)).await);
            }
            (name, seen)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let scanning = if scope.scanning { Seen::from_read(patiently(|| reader.scan_type()).await) } else { Seen::Unasked };
    Observed { repositories, scanning, parameters: parameters(reader, &scope.parameters).await }
}

type Found = BTreeMap<RepositoryName, Seen<Repository>>;

/// Expected names are asked for a hundred at a time. A single unknown name fails such a call, so names that may
/// be new are looked for in the list of all, page by page, until asking one by one is cheaper.
async fn find(reader: &impl Read, scope: &Scope) -> Found {
    let (expected, mut open): (Vec<_>, BTreeSet<_>) = {
        let (expected, open): (Vec<_>, Vec<_>) = scope.repositories.iter().partition(|(_, depth)| depth.expected);
        (names(expected), names(open).into_iter().collect())
    };
    let mut found = Found::new();
    for chunk in expected.chunks(NAMES_PER_CALL) {
        match patiently(|| reader.describe(chunk)).await {
            Ok(repositories) => {
                found.extend(repositories.into_iter().map(|seen| (seen.name.clone(), Seen::Present(seen))));
            }
            Err(fault) if fault.kind == FaultKind::NotFound => open.extend(chunk.iter().cloned()),
            Err(fault) => found.extend(chunk.iter().map(|name| (name.clone(), Seen::Unreadable(fault.clone())))),
        }
    }
    search_pages(reader, &mut open, &mut found).await;
    let rest = stream::iter(open)
        .map(|name| async {
            let seen = one(reader, &name).await;
            (name, seen)
        })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    found.extend(rest);
    found
}

fn names(entries: Vec<(&RepositoryName, &Depth)>) -> Vec<RepositoryName> {
    entries.into_iter().map(|(name, _)| name.clone()).collect()
}

/// Walks the list of all repositories; leaves in `open` what is still unknown when as many pages were read as
/// names are missing.
async fn search_pages(reader: &impl Read, open: &mut BTreeSet<RepositoryName>, found: &mut Found) {
    let mut token = None;
    let mut pages = 0;
    while !open.is_empty() && pages < open.len() {
        pages += 1;
        match patiently(|| reader.page(token.clone())).await {
            Ok((repositories, next)) => {
                for seen in repositories {
                    if open.remove(&seen.name) {
                        found.insert(seen.name.clone(), Seen::Present(seen));
                    }
                }
                if next.is_none() {
                    found.extend(std::mem::take(open).into_iter().map(|name| (name, Seen::Missing)));
                    return;
                }
                token = next;
            }
            Err(fault) => {
                found.extend(std::mem::take(open).into_iter().map(|name| (name, Seen::Unreadable(fault.clone()))));
                return;
            }
        }
    }
}

/// Looks at one repository alone, as deep as asked, its tags included.
pub async fn see(reader: &impl Read, name: &RepositoryName, depth: Depth) -> Seen<Repository> {
    let seen = one(reader, name).await;
    deepen(reader, seen, depth).await
}

async fn one(reader: &impl Read, name: &RepositoryName) -> Seen<Repository> {
    match patiently(|| reader.describe(std::slice::from_ref(name))).await {
        Ok(repositories) => {
            repositories.into_iter().find(|seen| &seen.name == name).map_or(Seen::Missing, Seen::Present)
        }
        Err(fault) if fault.kind == FaultKind::NotFound => Seen::Missing,
        Err(fault) => Seen::Unreadable(fault),
    }
}

/// Reads what the depth asks for. A repository that vanished between two reads is missing, not half there.
pub(super) async fn deepen(reader: &impl Read, seen: Seen<Repository>, depth: Depth) -> Seen<Repository> {
    let Seen::Present(mut repository) = seen else {
        return seen;
    };
    repository.tags = Seen::from_read(patiently(|| reader.tags(&repository.arn)).await);
    if depth.lifecycle {
        repository.lifecycle = Seen::from_read(patiently(|| reader.lifecycle(&repository.name)).await);
    }
    if depth.policy {
        repository.policy = Seen::from_read(patiently(|| reader.policy(&repository.name)).await);
    }
    let vanished = matches!(&repository.tags, Seen::Unreadable(fault) if fault.kind == FaultKind::NotFound);
    if vanished { Seen::Missing } else { Seen::Present(repository) }
}

async fn parameters(reader: &impl Read, wanted: &BTreeMap<String, bool>) -> BTreeMap<String, Seen<Parameter>> {
    let mut seen = BTreeMap::new();
    let paths: Vec<String> = wanted.keys().cloned().collect();
    for chunk in paths.chunks(PARAMETERS_PER_CALL) {
        match patiently(|| reader.parameters(chunk)).await {
            Ok(mut values) => {
                for path in chunk {
                    let value = values.remove(path);
                    seen.insert(path.clone(), parameter(reader, path, value, wanted).await);
                }
            }
            Err(fault) => seen.extend(chunk.iter().map(|path| (path.clone(), Seen::Unreadable(fault.clone())))),
        }
    }
    seen
}

async fn parameter(
    reader: &impl Read,
    path: &str,
    value: Option<String>,
    wanted: &BTreeMap<String, bool>,
) -> Seen<Parameter> {
    let Some(value) = value else {
        return Seen::Missing;
    };
    if !wanted.get(path).copied().unwrap_or(false) {
        return Seen::Present(Parameter { value, owner: None });
    }
    match patiently(|| reader.parameter_owner(path)).await {
        Ok(owner) => Seen::Present(Parameter { value, owner }),
        Err(fault) => Seen::Unreadable(fault),
    }
}
