//! Taking over what is nobody's: one resource at a time.
//!
//! ECR's `TagResource` knows no condition, so two stacks that adopt the same repository at the same moment would each
//! believe to own it. Whoever adopts holds a lease in the state bucket from looking until the tags are written; the
//! conditional write of that one object decides. A lease lapses with the claim of the request that holds it.
//!
//! The gallery is one for all Regions, and the bucket is not: there the owner tag is read again once it is written.

use super::task::{Stopped, Task};
use super::{Keep, Read, Version};
use crate::fault::{Fault, FaultKind};
use crate::model::repository::OWNER_TAG;
use crate::plan::Change;
use crate::plan::ledger::Claim;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The one lease of an installation.
const KEY: &str = "leases/adoption.json";
/// Between two looks at a lease somebody else holds.
const WAIT: Duration = Duration::from_secs(2);

/// A lease that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    claim: Claim,
    version: Version,
}

/// Takes the lease, once nobody else has it.
pub async fn take(world: &impl Keep, task: &Task) -> Result<Lease, Stopped> {
    let begun = Instant::now();
    let claim = Claim { holder: format!("{} ({})", task.identity.owner(), task.request_id), ..task.claim() };
    loop {
        let waited = i64::try_from(begun.elapsed().as_secs()).unwrap_or(i64::MAX);
        let found = world.lease(KEY).await?;
        let version = match found {
            None => Version::New,
            Some((held, version)) if held.holder == claim.holder || held.until <= task.now.saturating_add(waited) => {
                version
            }
            Some((held, _)) => {
                if Instant::now() + WAIT >= task.steps_until {
                    return Err(Stopped::Busy(held.holder));
                }
                sleep(WAIT).await;
                continue;
            }
        };
        match world.save_lease(KEY, &claim, &version).await {
            Ok(version) => return Ok(Lease { claim, version }),
            // Somebody else was first, and is looked at.
            Err(fault) if fault.kind == FaultKind::Conflict => {}
            Err(fault) => return Err(fault.into()),
        }
    }
}

/// Is a repository that was just taken over still its new owner's? Anything but an owner tag is so.
pub async fn still_ours(reader: &impl Read, change: &Change) -> Result<(), Fault> {
    let Change::TagResource { arn, tags } = change else { return Ok(()) };
    let Some(owner) = tags.get(OWNER_TAG) else { return Ok(()) };
    for wait in [Some(WAIT), None] {
        let found = reader.tags(arn).await?.unwrap_or_default();
        match found.get(OWNER_TAG) {
            Some(other) if other != owner => {}
            Some(_) | None => return Ok(()),
        }
        // What is read so soon after the write may still be what stood there before.
        if let Some(wait) = wait {
            sleep(wait).await;
        }
    }
    let why = "another stack has taken the repository over at the same moment";
    Err(Fault::ours("ecr-public", "TagResource", FaultKind::Conflict, why))
}

/// Gives the lease back. Where that fails it lapses by itself.
pub async fn give_back(world: &impl Keep, lease: Lease) {
    let lapsed = Claim { until: 0, ..lease.claim };
    let _ = world.save_lease(KEY, &lapsed, &lease.version).await;
}
