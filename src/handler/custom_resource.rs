//! One CloudFormation request: exactly one answer, whatever happens on the way.
//!
//! Three exits — finished, out of time, panicked — become one [`Reply`], and that is delivered within the time
//! kept for it. An error is returned only when no answer was delivered.

use super::serve::{Desk, failed_id, serve};
use super::time::Budget;
use crate::event::reply::Reply;
use crate::event::request::{NoTarget, ReplyTarget, Request, ResponseUrl};
use crate::flow::World;
use futures_util::FutureExt as _;
use serde_json::Value;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use tokio::time::{Instant, timeout_at};

/// Why a request ended without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// Nobody to answer.
    NoTarget(NoTarget),
    /// The answer was decided and could not be delivered. Holds the body, for whoever delivers it in our place.
    Undelivered(String),
}

impl Unanswered {
    /// One word for it: the invocation's error type, which alarms and the responder can tell apart.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NoTarget(NoTarget::NotCloudFormation) => "NotARequest",
            Self::NoTarget(NoTarget::Damaged(_)) => "DamagedRequest",
            Self::Undelivered(_) => "AnswerNotDelivered",
        }
    }
}

impl std::fmt::Display for Unanswered {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoTarget(why) => why.fmt(out),
            Self::Undelivered(body) => out.write_str(body),
        }
    }
}

impl std::error::Error for Unanswered {}

/// Delivers a body to a URL before an instant; `Err` says why not.
pub trait Deliver {
    /// Delivers.
    fn deliver(
        &self,
        url: &ResponseUrl,
        body: Vec<u8>,
        until: Instant,
    ) -> impl Future<Output = Result<(), String>> + Send;
}

/// The world a request is served in; `Err` where start-up failed, which every request is then told.
#[derive(Clone, Debug)]
pub struct Office<'a, W> {
    /// The outside world.
    pub world: Result<&'a W, &'a str>,
    /// The SSM prefix of this installation.
    pub parameter_prefix: &'a str,
    /// The state bucket.
    pub state_bucket: &'a str,
    /// May a response URL be plain http? Only in a local set-up.
    pub accept_http: bool,
    /// Now, in seconds since 1970.
    pub now: i64,
}

/// Answers one request.
pub async fn answer<W: World>(
    office: &Office<'_, W>,
    sender: &impl Deliver,
    event: &Value,
    left: std::time::Duration,
) -> Result<(), Unanswered> {
    let target = ReplyTarget::read(event, office.accept_http).map_err(Unanswered::NoTarget)?;
    let request = Request::read(event);
    let budget = Budget::split(left, service_timeout(&request));
    let kind = request.as_ref().map_or("unreadable", |request| request.kind.as_str());
    tracing::info!(
        request_id = target.request_id,
        stack_id = target.stack_id,
        logical_id = target.logical_id,
        kind,
        "request received"
    );
    let reply = decided(office, &target, request, &budget).await;
    tracing::info!(
        request_id = target.request_id,
        stack_id = target.stack_id,
        logical_id = target.logical_id,
        kind,
        status = ?reply.status,
        reason = reply.reason,
        "request decided"
    );
    let body = reply.body(&target);
    let sent = sender.deliver(&target.url, body.clone(), budget.reply_until).await;
    sent.map_err(|why| {
        tracing::error!(request_id = target.request_id, why, "the answer was not delivered");
        Unanswered::Undelivered(String::from_utf8_lossy(&body).into_owned())
    })
}

fn service_timeout(request: &Result<Request, String>) -> Option<u32> {
    let value = request.as_ref().ok()?.properties.get("ServiceTimeout")?;
    let seconds = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())?;
    u32::try_from(seconds).ok().filter(|seconds| (1..=3_600).contains(seconds))
}

async fn decided<W: World>(
    office: &Office<'_, W>,
    target: &ReplyTarget,
    request: Result<Request, String>,
    budget: &Budget,
) -> Reply {
    let world = match office.world {
        Ok(world) => world,
        Err(why) => return Reply::failed(failed_id(target), format!("nothing was changed: {why}")),
    };
    let desk = Desk {
        world,
        parameter_prefix: office.parameter_prefix,
        state_bucket: office.state_bucket,
        now: office.now,
        steps_until: budget.steps_until,
    };
    // The world is only reached through shared references and holds no state of ours, so nothing is left half
    // changed in memory by an unwinding request.
    let work = AssertUnwindSafe(serve(&desk, target, request)).catch_unwind();
    match timeout_at(budget.work_until, work).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(panic)) => {
            tracing::error!(request_id = target.request_id, panic = panic_text(&*panic), "the request panicked");
            Reply::failed(
                failed_id(target),
                "ecr-steward failed internally (panic); what was done so far is on record and the next request goes on from there. The function's log names the place",
            )
        }
        Err(_) => Reply::failed(
            failed_id(target),
            "out of time: what was done so far is on record and the next request goes on from there. Try again, or declare fewer repositories at once",
        ),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("of an unknown kind")
}
