//! What every job of one invocation is judged by: the kill switch, the baseline, how the registry scans, and how much may
//! be changed. Read once.

use crate::fault::{Fault, FaultKind};
use crate::flow::drift::budget::{Budget, Purse};
use crate::flow::drift::{Overseeing, RegistryScanning, Switch};
use crate::handler::batch::PANICKED;
use crate::model::Seen;
use crate::policy::declared::{BASELINE_KEY, DECLARED_VERSION, Declared};
use crate::spec::baseline::{Baseline, Cap, check};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A count of repositories holds for so long: a share of them need not be exact.
const COUNTED_FOR: Duration = Duration::from_mins(10);

/// How many repositories the registry has, as last counted. A share of them is what events may change.
#[derive(Debug, Default)]
pub struct Census(Mutex<Option<(Instant, usize)>>);

/// What jobs are judged by.
#[derive(Debug)]
pub(super) struct Grounds {
    /// What the kill switch says; never more than that where the stored baseline cannot be used.
    pub(super) switch: Switch,
    pub(super) baseline: Option<Baseline>,
    /// Why a baseline that is declared is not in force.
    pub(super) trouble: Option<String>,
    pub(super) scanning: Seen<RegistryScanning>,
    /// What events may change.
    pub(super) budget: Budget,
}

/// Reads all of it and never panics; the `Err` is the trouble of every job.
pub(super) async fn read_safely<W: Overseeing>(world: &W, census: &Census, looks: bool) -> Result<Grounds, String> {
    let reading = AssertUnwindSafe(Box::pin(read(world, census, looks))).catch_unwind();
    match reading.await {
        Ok(grounds) => grounds.map_err(|fault| unread(&fault)),
        Err(_) => Err(PANICKED.to_owned()),
    }
}

/// Reads all of it; `looks` where a single repository is to be looked at. `Err` means that nothing may be judged now.
async fn read<W: Overseeing>(world: &W, census: &Census, looks: bool) -> Result<Grounds, Fault> {
    let (mut switch, why) = world.switch().await;
    if let Some(why) = why {
        tracing::warn!(why, "the kill switch cannot be read, so nothing is enforced");
    }
    let (mut baseline, mut trouble) = (None, None);
    if switch != Switch::Off {
        baseline = match stored(world).await? {
            Ok(baseline) => baseline,
            Err(why) => {
                tracing::error!(why, "the declared baseline cannot be used, so nothing is enforced");
                switch = Switch::ReportOnly;
                trouble = Some(format!(
                    "The declared baseline cannot be used, so no repository is judged by it, and nothing is enforced at all, until it is declared again: {why}"
                ));
                None
            }
        };
    }
    let wanted = looks && switch != Switch::Off;
    let scanning = if wanted { Seen::from_read(world.registry_scanning().await.map(Some)) } else { Seen::Unasked };
    let cap = baseline.as_ref().map(|baseline| baseline.cap).unwrap_or_default();
    let repositories = match cap {
        Cap::Percent(_) if wanted => census.count(world).await?,
        _ => 0,
    };
    let budget = Budget { purse: Purse::Events, allowed: cap.of(repositories) };
    Ok(Grounds { switch, baseline, trouble, scanning, budget })
}

/// The baseline in force, where one is declared. The inner `Err` says why one that is stored cannot be used: it was
/// accepted when it was declared, so it is damaged, or this version has become stricter.
async fn stored<W: Overseeing>(world: &W) -> Result<Result<Option<Baseline>, String>, Fault> {
    let Some((bytes, _)) = world.read(BASELINE_KEY).await? else { return Ok(Ok(None)) };
    Ok(usable(&bytes).map(Some).map_err(|why| format!("{BASELINE_KEY}: {why}")))
}

fn usable(bytes: &[u8]) -> Result<Baseline, String> {
    let declared: Declared = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if declared.version > DECLARED_VERSION {
        return Err("it was written by a newer ecr-steward; deploy that one".to_owned());
    }
    check(&declared.properties).map_err(|problems| {
        let list: Vec<String> = problems.iter().map(ToString::to_string).collect();
        list.join(" | ")
    })
}

impl Census {
    async fn count<W: Overseeing>(&self, world: &W) -> Result<usize, Fault> {
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, count)) = known.filter(|(at, _)| at.elapsed() < COUNTED_FOR) {
            return Ok(count);
        }
        let mut count = 0;
        let mut token = None;
        loop {
            let (page, next) = world.page(token).await?;
            count += page.len();
            token = next;
            if token.is_none() {
                break;
            }
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), count));
        Ok(count)
    }
}

/// The trouble of a job whose grounds could not be read.
fn unread(fault: &Fault) -> String {
    let hint = if fault.kind == FaultKind::Denied { "; see the function's role" } else { "" };
    format!("what repositories are held to could not be read: {fault}{hint}")
}
