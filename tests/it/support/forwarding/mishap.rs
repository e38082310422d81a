//! What can go wrong at a call: faults, lost answers, slowness, somebody else's writes, and the end of the process.

use super::{Region, State};
use crate::support::When;
use ecr_steward::fault::{Fault, FaultKind};
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// One thing that goes wrong.
#[derive(Clone)]
pub(crate) enum Mishap {
    /// The call fails; `After` is an answer that was lost on its way.
    Fail(When, FaultKind),
    /// The process ends: nothing runs any more.
    Kill(When),
    /// The call takes this long.
    Slow(Duration),
    /// The call panics.
    Panic,
    /// Somebody else does this just before the call's effect.
    Meanwhile(Arc<dyn Fn(&mut State) + Send + Sync>),
}

/// A mishap waiting for its call.
pub(super) struct Armed {
    /// Only calls of this operation count; `None` counts all.
    operation: Option<&'static str>,
    first: usize,
    last: usize,
    seen: usize,
    mishap: Mishap,
}

impl Region {
    /// Arms the n-th call from now on, whatever it is (the first is 1).
    pub(crate) fn mishap_at(&self, nth: usize, mishap: Mishap) {
        self.arm(None, nth, nth, mishap);
    }

    /// Arms the n-th call of one operation.
    pub(crate) fn mishap_on(&self, operation: &'static str, nth: usize, mishap: Mishap) {
        self.arm(Some(operation), nth, nth, mishap);
    }

    /// Arms every call of one operation.
    pub(crate) fn always(&self, operation: &'static str, mishap: Mishap) {
        self.arm(Some(operation), 1, usize::MAX, mishap);
    }

    /// Takes all mishaps away; a new process may run.
    pub(crate) fn calm(&self) {
        self.with(|state| {
            state.armed.clear();
            state.dead = false;
        });
    }

    fn arm(&self, operation: Option<&'static str>, first: usize, last: usize, mishap: Mishap) {
        self.with(|state| state.armed.push(Armed { operation, first, last, seen: 0, mishap }));
    }

    /// Counts a call and says what goes wrong at it; `None` where nothing runs any more.
    fn enter(&self, action: &'static str) -> Option<Vec<Mishap>> {
        let (_, operation) = action.split_once(':').expect("service:Operation");
        self.with(|state| {
            if state.dead {
                return None;
            }
            state.calls.push(operation);
            let mut met = Vec::new();
            for armed in &mut state.armed {
                if armed.operation.is_none_or(|wanted| wanted == operation) {
                    armed.seen += 1;
                    if (armed.first..=armed.last).contains(&armed.seen) {
                        met.push(armed.mishap.clone());
                    }
                }
            }
            Some(met)
        })
    }

    /// One call: counted, troubled, carried out. It yields once, so that what runs at the same time really interleaves.
    pub(super) async fn call<T>(
        &self,
        action: &'static str,
        effect: impl FnOnce(&mut State) -> Result<T, Fault> + Send,
    ) -> Result<T, Fault> {
        tokio::task::yield_now().await;
        let Some(mishaps) = self.enter(action) else {
            return pending().await;
        };
        for mishap in &mishaps {
            match mishap {
                Mishap::Slow(time) => tokio::time::sleep(*time).await,
                Mishap::Meanwhile(act) => self.with(|state| act(state)),
                Mishap::Fail(When::Before, kind) => return Err(refusal(action, *kind, "Injected")),
                Mishap::Kill(When::Before) => return self.killed().await,
                Mishap::Panic => panic!("the test wished for a panic at {action}"),
                Mishap::Fail(When::After, _) | Mishap::Kill(When::After) => {}
            }
        }
        let result = self.with(effect);
        for mishap in &mishaps {
            match mishap {
                Mishap::Fail(When::After, kind) => return Err(refusal(action, *kind, "Injected")),
                Mishap::Kill(When::After) => return self.killed().await,
                _ => {}
            }
        }
        result
    }

    async fn killed<T>(&self) -> T {
        self.with(|state| state.dead = true);
        pending().await
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

/// What a service answers that refuses.
pub(super) fn refusal(action: &'static str, kind: FaultKind, code: &str) -> Fault {
    let (service, operation) = action.split_once(':').expect("service:Operation");
    let message = "a fault of the test's".to_owned();
    Fault { service, operation, kind, code: code.to_owned(), message, request_id: None }
}
