//! What can go wrong at a call: faults, lost answers, slowness, somebody else's writes, and the end of the process.

use super::world::{State, World};
use ecr_steward::fault::FaultKind;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// On which side of a call's effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    After,
}

/// One thing that goes wrong.
#[derive(Clone)]
pub(crate) enum Trouble {
    /// The call fails; `After` is an answer that was lost on its way.
    Fail(When, FaultKind),
    /// The process ends, as a Lambda does at its deadline: nothing runs any more.
    Kill(When),
    /// The call takes this long.
    Slow(Duration),
    /// The call panics.
    Panic,
    /// Somebody else does this just before the call's effect.
    Meanwhile(Arc<dyn Fn(&mut State) + Send + Sync>),
}

/// Trouble waiting for its call.
pub(super) struct Armed {
    /// Only calls of this operation count; `None` counts all.
    operation: Option<&'static str>,
    first: usize,
    last: usize,
    seen: usize,
    trouble: Trouble,
}

impl World {
    /// Arms the n-th call from now on, whatever it is (the first is 1).
    pub(crate) fn trouble_at(&self, nth: usize, trouble: Trouble) {
        self.arm(Armed { operation: None, first: nth, last: nth, seen: 0, trouble });
    }

    /// Arms the n-th call of one operation.
    pub(crate) fn trouble_on(&self, operation: &'static str, nth: usize, trouble: Trouble) {
        self.arm(Armed { operation: Some(operation), first: nth, last: nth, seen: 0, trouble });
    }

    /// Arms every call of one operation.
    pub(crate) fn always(&self, operation: &'static str, trouble: Trouble) {
        self.arm(Armed { operation: Some(operation), first: 1, last: usize::MAX, seen: 0, trouble });
    }

    /// Takes all trouble away; a new process may run.
    pub(crate) fn calm(&self) {
        self.with(|state| {
            state.armed.clear();
            state.dead = false;
        });
    }

    fn arm(&self, armed: Armed) {
        self.with(|state| state.armed.push(armed));
    }

    /// Counts a call and says what goes wrong at it; `None` where nothing runs any more.
    pub(super) fn enter(&self, service: &'static str, operation: &'static str) -> Option<Vec<Trouble>> {
        self.with(|state| {
            if state.dead {
                return None;
            }
            state.calls.push((service, operation));
            let mut met = Vec::new();
            for armed in &mut state.armed {
                if armed.operation.is_none_or(|wanted| wanted == operation) {
                    armed.seen += 1;
                    if (armed.first..=armed.last).contains(&armed.seen) {
                        met.push(armed.trouble.clone());
                    }
                }
            }
            Some(met)
        })
    }

    /// Runs until the work is done, or until it is killed: then it is dropped where it stands.
    pub(crate) async fn until_killed<F: Future>(&self, work: F) -> Option<F::Output> {
        let mut work = pin!(work);
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if self.with(|state| state.dead) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }
}
