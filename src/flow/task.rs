//! What every walk is told: whose resource, which request, until when; and what can come of it.

use crate::fault::{Fault, FaultKind};
use crate::model::identity::Identity;
use crate::plan::Blocked;
use crate::plan::ledger::Claim;
use tokio::sync::watch;
use tokio::time::Instant;

/// One request or message at work.
#[derive(Clone, Debug)]
pub struct Task {
    /// The resource.
    pub identity: Identity,
    /// The request at work; also the holder of the claim.
    pub request_id: String,
    /// The SSM prefix of this installation.
    pub parameter_prefix: String,
    /// The bucket that holds ledgers, outputs and snapshots.
    pub state_bucket: String,
    /// Now, as seconds since 1970.
    pub now: i64,
    /// No step begins after this.
    pub steps_until: Instant,
    /// When a claim of this task lapses, in seconds since 1970; see [`Task::lapse`].
    pub claim_until: i64,
    /// CloudFormation, where it is what waits; nobody waits for our own messages, and a terminal is not so strict.
    pub waiting: Option<Waiting>,
}

/// A request of CloudFormation that is to be answered.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Which invocation works on it; 1 for the first.
    pub part: u32,
    /// When it was issued, in seconds since 1970, where its response URL says so.
    pub issued: Option<i64>,
    /// May writing begin?
    pub go: Go,
}

/// The leave to begin to write, given once the host of the answer has been reached: who cannot be told what was done
/// should not have it done.
#[derive(Clone, Debug)]
pub struct Go(watch::Receiver<Option<Result<(), String>>>);

impl Go {
    /// A leave that is still to be given, and what gives it.
    pub fn later() -> (watch::Sender<Option<Result<(), String>>>, Self) {
        let (sender, receiver) = watch::channel(None);
        (sender, Self(receiver))
    }

    async fn given(&self) -> Result<(), Fault> {
        let refused = |why: String| {
            let why = format!("the host that CloudFormation's answer goes to cannot be reached: {why}");
            Fault::ours("cloudformation", "PutResponse", FaultKind::Unavailable, why)
        };
        let mut leave = self.0.clone();
        let told = leave.wait_for(Option::is_some).await.map(|told| told.clone());
        match told {
            Ok(Some(Ok(()))) => Ok(()),
            Ok(Some(Err(why))) => Err(refused(why)),
            Ok(None) | Err(_) => Err(refused("nobody tried".to_owned())),
        }
    }
}

impl Task {
    /// Now, as RFC 3339.
    pub fn now_text(&self) -> String {
        jiff::Timestamp::from_second(self.now).map_or_else(|_| self.now.to_string(), |time| time.to_string())
    }

    /// Where the outputs object lies.
    pub fn outputs_uri(&self) -> String {
        format!("s3://{}/{}", self.state_bucket, self.identity.outputs_key())
    }

    /// Waits for the leave to write; at once where nobody waits for an answer.
    pub async fn may_write(&self) -> Result<(), Fault> {
        match &self.waiting {
            Some(waiting) => waiting.go.given().await,
            None => Ok(()),
        }
    }

    /// This task's claim on the resource.
    pub fn claim(&self) -> Claim {
        Claim { holder: self.request_id.clone(), until: self.claim_until, after: 0 }
    }

    /// When a claim lapses whose task begins at `now` and begins no step after `steps_until`.
    pub fn lapse(now: i64, steps_until: Instant) -> i64 {
        let left = steps_until.saturating_duration_since(Instant::now()).as_secs();
        now.saturating_add(i64::try_from(left).unwrap_or(900)).saturating_add(CLAIM_SLACK)
    }
}

/// Seconds a claim outlives the last moment at which a step may begin: one call with its retries.
const CLAIM_SLACK: i64 = 30;

/// Why a walk did not reach its goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Something stands in the way; nothing was written.
    Blocked(Vec<Blocked>),
    /// Looking, or remembering, failed; nothing of this request was written to the registry.
    Fault(Fault),
    /// Some steps failed: one line each, and how many were done.
    Partial {
        /// What failed or was not reached.
        failures: Vec<String>,
        /// Writes that were done.
        done: usize,
    },
    /// Another request holds the resource, and did so for as long as we could wait.
    Busy(String),
    /// CloudFormation has sent a later request for this resource, so nobody waits for this one any more.
    Superseded {
        /// Writes that were done before that was noticed.
        done: usize,
    },
    /// Time ran out and nothing else went wrong: the same request goes on from here in another invocation.
    Unfinished {
        /// Writes that were done in this invocation.
        done: usize,
        /// Writes that are left.
        left: usize,
        /// The first of them, and what became of it.
        first: String,
    },
}

impl From<Fault> for Stopped {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Stopped {
    /// The same, told after `done` writes: what was refused or failed then is no longer all there is to say.
    #[must_use]
    pub fn after(self, done: usize) -> Self {
        match self {
            stopped if done == 0 => stopped,
            Self::Blocked(blocked) => Self::Partial {
                failures: blocked.iter().map(|item| format!("{}: {}", item.subject, item.reason)).collect(),
                done,
            },
            Self::Fault(fault) => Self::Partial { failures: vec![fault.to_string()], done },
            Self::Superseded { .. } => Self::Superseded { done },
            stopped @ (Self::Partial { .. } | Self::Busy(_) | Self::Unfinished { .. }) => stopped,
        }
    }

    /// The reason in words, every item named.
    pub fn reason(&self) -> String {
        match self {
            Self::Blocked(blocked) => {
                let items: Vec<String> =
                    blocked.iter().map(|item| format!("{}: {}", item.subject, item.reason)).collect();
                format!("nothing was changed: {}", items.join("; "))
            }
            Self::Fault(fault) => format!("nothing was changed: {fault}"),
            Self::Partial { failures, done } => {
                format!(
                    "{} of {} changes failed or were not reached: {}",
                    failures.len(),
                    failures.len() + done,
                    failures.join("; ")
                )
            }
            Self::Busy(holder) => format!("nothing was changed: request {holder} is still at work on this resource"),
            Self::Superseded { done: 0 } => {
                "nothing was changed: CloudFormation has sent a later request for this resource".to_owned()
            }
            Self::Superseded { done } => format!(
                "stopped after {done} changes: CloudFormation has sent a later request for this resource, which goes on from there"
            ),
            Self::Unfinished { done, left, first } => format!(
                "out of time: {done} changes were made and {left} are left ({first}). What was done is on record and the next request goes on from there; try again, or declare fewer repositories at once"
            ),
        }
    }
}
