//! A pace kept before a service has to ask for it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// A bucket of tokens, told by the one instant at which it would be full again.
#[derive(Debug)]
pub(super) struct Pace {
    /// In which time one token comes.
    every: Duration,
    /// How long an empty bucket takes until all but one of its tokens are there.
    slack: Duration,
    full_at: Mutex<Option<Instant>>,
}

impl Pace {
    /// `rate` calls a second, and `burst` at once after a rest.
    pub(super) fn new(rate: u32, burst: u32) -> Self {
        let every = Duration::from_secs(1) / rate.max(1);
        Self { every, slack: every * burst.saturating_sub(1), full_at: Mutex::new(None) }
    }

    /// Waits for a turn. Turns are given in the order they are asked for; one that is not taken is lost.
    pub(super) async fn turn(&self) {
        let at = self.take(Instant::now());
        sleep_until(at).await;
    }

    fn take(&self, now: Instant) -> Instant {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let due = full_at.map_or(now, |at| at.max(now));
        *full_at = Some(due + self.every);
        due.checked_sub(self.slack).map_or(now, |at| at.max(now))
    }
}
