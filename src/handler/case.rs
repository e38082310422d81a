//! A request at work: from the looked-up answer to the one that is sent.
//!
//! Knows nothing of how a request arrived; `custom_resource` opens a case for each.

use super::custom_resource::{Answered, Deliver, Delivery, Office, Unanswered};
use super::serve::{Desk, Served, is_served, serve};
use super::time::Budget;
use super::watchdog::{Slot, Watched};
use crate::aws::cfn_reply::{Delivered, Undelivered};
use crate::event::message::{Continue, Message, VERSION};
use crate::event::reply::Reply;
use crate::event::request::{ReplyTarget, Request};
use crate::flow::registry::RegistryWorld;
use crate::flow::task::{Go, Waiting};
use crate::flow::{Answers, Declarations, Galleries, World};
use futures_util::FutureExt as _;
use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// Invocations that work on one request at most: an hour of one-minute ones.
const MOST_PARTS: u32 = 60;
/// With less time than this until CloudFormation gives up, another invocation would only be late.
const TIME_TO_GO_ON: i64 = 30;
/// Longest that keeping an answer may take from the time for sending it.
const KEEPING: Duration = Duration::from_secs(2);
/// Longest wait for the host of the answer, before nothing is begun at all.
const REACHING: Duration = Duration::from_secs(20);

/// What the work on a request came to.
enum Decision {
    /// The answer was decided by an earlier delivery.
    Again(Vec<u8>),
    /// This one decides; `kept` where the world had a say, so that another delivery might decide otherwise.
    Now { reply: Reply, kept: bool },
    /// It goes on in another invocation.
    Unfinished { done: usize, left: usize, first: String },
}

impl Decision {
    fn failed(target: &ReplyTarget, reason: impl Into<String>, kept: bool) -> Self {
        Self::Now { reply: Reply::failed(target.resource_id(), reason), kept }
    }
}

/// A request at work.
pub(super) struct Case<'a, W> {
    pub(super) office: &'a Office<'a, W>,
    pub(super) delivery: Delivery<'a>,
    pub(super) target: ReplyTarget,
    /// Seconds for which CloudFormation still waits.
    pub(super) patience: i64,
    pub(super) slot: Slot,
}

impl<W: World + Answers + Declarations + Galleries + RegistryWorld> Case<'_, W> {
    pub(super) async fn answer(
        &self,
        sender: &impl Deliver,
        request: Result<Request, String>,
        budget: &Budget,
    ) -> Result<Answered, Unanswered> {
        let began = Instant::now();
        let decision = match self.decide(sender, request, budget).await {
            Decision::Unfinished { done, left, first } => match self.hand_on((began, budget), done, left, &first).await
            {
                Ok(()) => return Ok(Answered::Later),
                Err(reason) => Decision::failed(&self.target, reason, true),
            },
            decision => decision,
        };
        let body = match decision {
            Decision::Now { reply, kept } => self.say(&reply, kept).await,
            Decision::Again(body) => {
                tracing::info!(request_id = self.target.request_id, "answered before; the same answer goes out again");
                body
            }
            Decision::Unfinished { .. } => return Ok(Answered::Later),
        };
        // Whoever was first has decided.
        let body = self.slot.get_or_init(|| body);
        self.send(sender, body, budget.reply_until).await
    }

    async fn send(&self, sender: &impl Deliver, body: &[u8], until: Instant) -> Result<Answered, Unanswered> {
        let request_id = &self.target.request_id;
        match sender.deliver(&self.target.url, body, until).await {
            Ok(Delivered::Now) => Ok(Answered::Yes),
            Ok(Delivered::Before) => {
                tracing::info!(request_id, "an answer stands already, and stays");
                Ok(Answered::Yes)
            }
            Err(Undelivered::Expired) => {
                tracing::error!(request_id, "the response URL has expired; nobody can be answered any more");
                Ok(Answered::TooLate)
            }
            Err(why) => {
                tracing::error!(request_id, %why, "the answer was not delivered");
                Err(Unanswered::Undelivered(String::from_utf8_lossy(body).into_owned()))
            }
        }
    }

    /// The bytes of the answer; those that another delivery of this request has decided meanwhile, where it has.
    async fn say(&self, reply: &Reply, kept: bool) -> Vec<u8> {
        tracing::info!(
            request_id = self.target.request_id,
            stack_id = self.target.stack_id,
            logical_id = self.target.logical_id,
            status = ?reply.status,
            reason = reply.reason,
            "request decided"
        );
        let body = reply.body(&self.target);
        let (Ok(world), Some(identity), true) = (self.office.world, self.target.identity(), kept) else {
            return body;
        };
        let key = identity.answer_key(&self.target.request_id);
        match timeout(KEEPING, world.keep_answer(&key, body.clone())).await {
            Ok(Ok(standing)) => return standing,
            Ok(Err(why)) => tracing::warn!(request_id = self.target.request_id, %why, "the answer could not be kept"),
            Err(_) => tracing::warn!(request_id = self.target.request_id, "the answer could not be kept in time"),
        }
        body
    }

    async fn decide(&self, sender: &impl Deliver, request: Result<Request, String>, budget: &Budget) -> Decision {
        let world = match self.office.world {
            Ok(world) => world,
            Err(why) => return Decision::failed(&self.target, format!("nothing was changed: {why}"), false),
        };
        if self.patience <= 0 {
            let why = "the request came too late: CloudFormation had waited as long as it does (ServiceTimeout); nothing was changed by this run";
            return Decision::failed(&self.target, why, true);
        }
        let (leave, go) = Go::later();
        let reaching = async {
            let until = budget.steps_until.min(Instant::now() + REACHING);
            let _ = leave.send(Some(sender.reach(&self.target.url, until).await));
            pending::<()>().await;
        };
        let work = async {
            tokio::select! {
                biased;
                decision = self.work(world, request, budget, go) => decision,
                () = reaching => pending().await,
            }
        };
        // The world is only reached through shared references and holds no state of ours, so nothing is left half
        // changed in memory by an unwinding request.
        match timeout_at(budget.work_until, AssertUnwindSafe(work).catch_unwind()).await {
            Ok(Ok(decision)) => decision,
            Ok(Err(panic)) => {
                let panic = panic_text(&*panic);
                tracing::error!(request_id = self.target.request_id, panic, "the request panicked");
                Decision::failed(
                    &self.target,
                    "ecr-steward failed internally (panic); what was done so far is on record and the next request goes on from there. The function's log names the place",
                    true,
                )
            }
            Err(_) => Decision::failed(
                &self.target,
                "out of time: AWS was too slow while the request was looking at what there is, or keeping its record. What was changed before that is on record and the next request goes on from there; try again, or declare fewer repositories at once",
                true,
            ),
        }
    }

    async fn work(&self, world: &W, request: Result<Request, String>, budget: &Budget, go: Go) -> Decision {
        let ours = request.as_ref().is_ok_and(|request| is_served(&request.resource_type));
        if let Some(identity) = self.target.identity().filter(|_| ours) {
            match world.answer(&identity.answer_key(&self.target.request_id)).await {
                Ok(Some(body)) => return Decision::Again(body),
                Ok(None) => {}
                // The record lies in the same bucket: if it cannot be read either, that is told.
                Err(why) => tracing::warn!(request_id = self.target.request_id, %why, "earlier answers are unknown"),
            }
        }
        let desk = Desk {
            world,
            parameter_prefix: self.office.parameter_prefix,
            state_bucket: self.office.state_bucket,
            now: self.office.now,
            steps_until: budget.steps_until,
            waiting: Waiting { part: self.delivery.part, issued: self.target.url.issued(), go },
        };
        match serve(&desk, &self.target, request).await {
            Served::Refused(reply) => Decision::Now { reply, kept: false },
            Served::Decided(reply) => Decision::Now { reply, kept: true },
            Served::Unfinished { done, left, first } => Decision::Unfinished { done, left, first },
        }
    }

    /// Hands the request on to another invocation; `Err` is the reason of the answer where that cannot be.
    async fn hand_on(
        &self,
        (began, budget): (Instant, &Budget),
        done: usize,
        left: usize,
        first: &str,
    ) -> Result<(), String> {
        let part = self.delivery.part;
        let out_of_time = |why: &str| {
            format!(
                "out of time: {done} changes were made in run {part}, {left} are left ({first}), and {why}. What was done is on record and the next request goes on from there; try again, or declare fewer repositories at once"
            )
        };
        let used = i64::try_from(began.elapsed().as_secs()).unwrap_or(i64::MAX);
        if self.patience.saturating_sub(used) < TIME_TO_GO_ON {
            return Err(out_of_time("CloudFormation waits no longer"));
        }
        if done == 0 {
            return Err(out_of_time("another run would come no further"));
        }
        if part >= MOST_PARTS {
            return Err(out_of_time("no more runs are made for one request"));
        }
        let Ok(world) = self.office.world else { return Err(out_of_time("start-up failed")) };
        let mut request = self.delivery.event.clone();
        if let Some(members) = request.as_object_mut() {
            // Nobody reads them, and a message is not to be larger than it need be.
            members.remove("OldResourceProperties");
        }
        let next = Continue { version: VERSION, request, begun: self.delivery.begun, part: part.saturating_add(1) };
        // Half of the time for an answer: should it fail, one must still go out.
        let asking = budget.reply_until.saturating_duration_since(Instant::now()) / 2;
        match timeout(asking, world.send(&Message::Continue(next))).await {
            Ok(Ok(())) => {}
            Ok(Err(why)) => return Err(out_of_time(&format!("another run could not be asked for: {why}"))),
            Err(_) => return Err(out_of_time("another run could not be asked for in time")),
        }
        tracing::info!(
            request_id = self.target.request_id,
            stack_id = self.target.stack_id,
            logical_id = self.target.logical_id,
            part,
            done,
            left,
            "the request goes on in another invocation"
        );
        Ok(())
    }

    /// What the watchdog needs to know of it.
    pub(super) fn watched(&self, budget: &Budget) -> Watched {
        Watched {
            target: self.target.clone(),
            slot: Arc::clone(&self.slot),
            invocation: self.delivery.invocation.to_owned(),
            returns: self.delivery.returns,
            from: budget.work_until.into_std(),
            until: budget.reply_until.into_std(),
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("of an unknown kind")
}
