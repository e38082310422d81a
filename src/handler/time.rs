//! Time, budgeted backwards from the answer: CloudFormation must hear from us before Lambda's own deadline.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Kept for delivering the answer, while there is enough time: the answer's PUT with its retries.
const REPLY_RESERVE: Duration = Duration::from_secs(10);
/// Kept between the last step and the answer: writing the ledger and giving up the claim.
const DRAIN_RESERVE: Duration = Duration::from_secs(5);

/// The three deadlines of one invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// No step begins after this.
    pub steps_until: Instant,
    /// The work is given up after this.
    pub work_until: Instant,
    /// The answer is given up after this.
    pub reply_until: Instant,
}

impl Budget {
    /// Splits what is left. `limit` is an outer bound, in seconds from now: how long the other side still waits. With
    /// little time the reserves shrink in proportion: a quarter for the answer, an eighth for the drain.
    pub fn split(left: Duration, limit: i64) -> Self {
        let now = Instant::now();
        let left = left.min(Duration::from_secs(u64::try_from(limit).unwrap_or_default()));
        let reply = REPLY_RESERVE.min(left / 4);
        let drain = DRAIN_RESERVE.min(left / 8);
        let work = left.saturating_sub(reply);
        Self {
            steps_until: now + work.saturating_sub(drain),
            work_until: now + work,
            // Half a second short of the end: the runtime must still be told.
            reply_until: now + left.saturating_sub(Duration::from_millis(500).min(left / 16)),
        }
    }
}

/// What is left until a deadline given in milliseconds since 1970.
pub fn left_until(deadline_ms: u64) -> Duration {
    let deadline = UNIX_EPOCH + Duration::from_millis(deadline_ms);
    deadline.duration_since(wall_clock()).unwrap_or_default()
}

/// Seconds since 1970.
pub fn now() -> i64 {
    let since = wall_clock().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Milliseconds since 1970.
pub fn now_in_milliseconds() -> i64 {
    let since = wall_clock().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}
