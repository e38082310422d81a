//! Not too fast: how many calls are under way at a time, and what follows when a service says that it is too many.

use super::super::owner::Hold;
use crate::fault::{Fault, FaultKind};
use crate::flow::survey::{AT_ONCE, PATIENCE};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use std::future::Future;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Wait before CloudFormation is asked once more.
const AGAIN: Duration = Duration::from_secs(1);

/// How fast one invocation goes.
#[derive(Debug)]
pub(super) struct Pace {
    width: AtomicUsize,
    reads: AtomicU64,
    until: Instant,
}

impl Pace {
    /// As fast as anybody may go.
    pub(super) const fn new(until: Instant) -> Self {
        Self { width: AtomicUsize::new(AT_ONCE), reads: AtomicU64::new(0), until }
    }

    /// How many may be under way.
    pub(super) fn width(&self) -> usize {
        self.width.load(Ordering::Relaxed)
    }

    /// Reads that were made.
    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Is it too late to begin anything?
    pub(super) fn is_late(&self) -> bool {
        Instant::now() >= self.until
    }

    /// A read, tried again while it is throttled. Each time, half as many go on beside each other from then on; those that
    /// are told so at the same time halve it once.
    pub(super) async fn patiently<T, F: Future<Output = Result<T, Fault>>>(
        &self,
        read: impl Fn() -> F,
    ) -> Result<T, Fault> {
        for wait in PATIENCE {
            let width = self.width();
            self.reads.fetch_add(1, Ordering::Relaxed);
            match read().await {
                Err(fault) if fault.kind == FaultKind::Throttled => {
                    let half = (width / 2).max(1);
                    let _ = self.width.compare_exchange(width, half, Ordering::Relaxed, Ordering::Relaxed);
                    if Instant::now() + wait >= self.until {
                        return Err(Fault { kind: FaultKind::Late, ..fault });
                    }
                    sleep(wait).await;
                }
                other => return other,
            }
        }
        self.reads.fetch_add(1, Ordering::Relaxed);
        read().await
    }

    /// What owners are doing; asked once more where it could not be found out, since CloudFormation throttles early.
    pub(super) async fn doubtless<T, F: Future<Output = (Hold, T)>>(&self, ask: impl Fn() -> F) -> (Hold, T) {
        let answer = ask().await;
        if !matches!(answer.0, Hold::Unknown(_)) || Instant::now() + AGAIN >= self.until {
            return answer;
        }
        sleep(AGAIN).await;
        ask().await
    }

    /// Does something for each, as many at a time as may be; in no particular order.
    pub(super) async fn each<T, R, F: Future<Output = R>>(
        &self,
        items: impl IntoIterator<Item = T>,
        work: impl Fn(T) -> F,
    ) -> Vec<R> {
        let mut waiting = items.into_iter().fuse();
        let mut going = FuturesUnordered::new();
        let mut done = Vec::new();
        loop {
            while going.len() < self.width() {
                let Some(item) = waiting.next() else { break };
                going.push(work(item));
            }
            let Some(result) = going.next().await else { return done };
            done.push(result);
        }
    }
}
