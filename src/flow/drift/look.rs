//! One look at one repository, since something happened to it: at most five reads, and whatever follows from them.

use super::keep::{Attended, Round, Visit, attend, attend_house};
use super::{Overseeing, RegistryScanning, ScanFrequency, Switch, papers, whose};
use crate::event::drift::{Cause, Look};
use crate::fault::{Fault, FaultKind};
use crate::flow::survey::{Depth, see};
use crate::model::Seen;
use crate::model::name::RepositoryName;
use crate::model::repository::{OWNER_TAG, Repository};
use crate::plan::posture::Standing;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was heard of a repository last: the sweep takes a change that nobody announced as a sign that no trail is logging.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Heard {
    /// The call.
    call: String,
    /// The event.
    event: String,
    /// Who made it, where the event says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    principal: Option<String>,
    /// When it happened, in milliseconds since 1970, where the event says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    occurred: Option<i64>,
}

/// Looks, judges, mends and accounts. `Err` means that the same job must come again; what could be done is done then, and
/// is not done twice. `None` where there is nothing to tell.
pub async fn look<W: Overseeing>(round: &Round<'_, W>, job: &Look) -> Result<Option<Standing>, Fault> {
    if round.switch == Switch::Off {
        return Ok(None);
    }
    hear(round, job).await?;
    let Some(visit) = visit(round, job).await? else { return Ok(None) };
    let blind = trouble_of(&visit);
    // Two looks that no event's id tells apart are two all the same.
    let nameless = format!("look at {}", job.occurred.unwrap_or(round.now));
    let cause = if job.event.is_empty() { nameless.as_str() } else { job.event.as_str() };
    let round = Round { cause, ..*round };
    // A call that changed a setting pushed no image.
    let attended = match job.cause {
        Cause::Call(_) => Box::pin(attend(&round, visit)).await?,
        Cause::Push | Cause::Asked => Box::pin(attend_house(&round, visit)).await?,
    };
    let Some(Attended { standing, trouble, .. }) = attended else { return Ok(None) };
    match trouble.or(blind) {
        Some(fault) => Err(fault),
        None => Ok(Some(standing)),
    }
}

/// Remembers that a call was announced; a look at another cause does not.
pub async fn hear<W: Overseeing>(round: &Round<'_, W>, job: &Look) -> Result<(), Fault> {
    let Cause::Call(call) = &job.cause else { return Ok(()) };
    let heard = Heard {
        call: call.clone(),
        event: job.event.clone(),
        principal: job.principal.clone(),
        occurred: job.occurred,
    };
    papers::write(round.world, &format!("drift/heard/{}", job.repository), &heard, None).await
}

/// Reads the repository and finds whose it is.
async fn visit<W: Overseeing>(round: &Round<'_, W>, job: &Look) -> Result<Option<Visit>, Fault> {
    let name = &job.repository;
    let repository = see(round.world, name, Depth { lifecycle: true, policy: true, expected: true }).await;
    let now = round.now.div_euclid(1_000);
    let claimed = match &repository {
        Seen::Present(Repository { tags: Seen::Present(tags), .. }) if tags.contains_key(OWNER_TAG) => None,
        Seen::Present(_) | Seen::Missing => whose::by_index(round.world, name, now).await?,
        Seen::Unreadable(fault) => return Err(fault.clone()),
        Seen::Unasked => None,
    };
    if repository == Seen::Missing && claimed.is_none() {
        return Ok(None);
    }
    let frequency = frequency(round, name, &repository).await;
    Ok(Some(Visit { repository, frequency, claimed, principal: job.principal.clone() }))
}

/// Asked only where the registry has rules.
async fn frequency<W: Overseeing>(
    round: &Round<'_, W>,
    name: &RepositoryName,
    repository: &Seen<Repository>,
) -> Seen<ScanFrequency> {
    let Seen::Present(RegistryScanning { has_rules: true, .. }) = round.scanning else { return Seen::Unasked };
    if repository.present().is_none() {
        return Seen::Unasked;
    }
    frequency_of(round.world.scanning_of(std::slice::from_ref(name)).await, name)
}

/// How one repository is scanned, from an answer about it. What the answer leaves out is not known.
pub(super) fn frequency_of(
    found: Result<BTreeMap<RepositoryName, ScanFrequency>, Fault>,
    name: &RepositoryName,
) -> Seen<ScanFrequency> {
    match found {
        Ok(mut found) => found.remove(name).map_or_else(
            || {
                let words = "the answer says nothing of this repository";
                let operation = "BatchGetRepositoryScanningConfiguration";
                Seen::Unreadable(Fault::ours("ecr", operation, FaultKind::Unexpected, words))
            },
            Seen::Present,
        ),
        Err(fault) if fault.kind == FaultKind::NotFound => Seen::Missing,
        Err(fault) => Seen::Unreadable(fault),
    }
}

/// A read that failed and may succeed later.
fn trouble_of(visit: &Visit) -> Option<Fault> {
    fn of<T>(seen: &Seen<T>) -> Option<&Fault> {
        if let Seen::Unreadable(fault) = seen { Some(fault).filter(|fault| fault.retryable()) } else { None }
    }
    let repository = visit.repository.present();
    let parts = repository.and_then(|seen| of(&seen.tags).or(of(&seen.lifecycle)).or(of(&seen.policy)));
    parts.or(of(&visit.frequency)).cloned()
}
