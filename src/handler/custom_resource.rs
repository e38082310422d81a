//! One CloudFormation request: exactly one answer, whatever happens on the way.
//!
//! Four exits — finished, out of time, panicked, to be continued — come to one body or to a message that owes one. A
//! body is decided once: it is kept in the state bucket before it is sent, so that the same request is answered with
//! the same bytes whenever it comes again, and the watchdog and whoever answers in our place send it as it is. An
//! error is returned only when no answer was delivered.

use super::case::Case;
use super::time::Budget;
use super::watchdog::{Slot, Watchdog};
use crate::aws::cfn_reply::{Delivered, Undelivered};
use crate::event::failure::NOT_DELIVERED;
use crate::event::request::{NoTarget, ReplyTarget, Request};
use crate::event::url::ResponseUrl;
use crate::flow::registry::RegistryWorld;
use crate::flow::{Answers, Declarations, Galleries, World};
use serde_json::Value;
use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;

/// CloudFormation waits for an hour at most (`ServiceTimeout` of `AWS::CloudFormation::CustomResource` ≤ 3600).
const LONGEST_WAIT: u32 = 3_600;
/// A request that comes with less is answered all the same.
const LEAST_TIME: i64 = 5;

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
            Self::Undelivered(_) => NOT_DELIVERED,
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

/// Where answers go.
pub trait Deliver {
    /// Delivers a body before an instant.
    fn deliver(
        &self,
        url: &ResponseUrl,
        body: &[u8],
        until: Instant,
    ) -> impl Future<Output = Result<Delivered, Undelivered>> + Send;
    /// Reaches the host of the answer before an instant, without answering.
    fn reach(&self, url: &ResponseUrl, until: Instant) -> impl Future<Output = Result<(), String>> + Send;
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
    /// What answers when this thread no longer can.
    pub watchdog: Option<&'a Watchdog>,
}

/// One delivery of a request to one invocation.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// The request as CloudFormation sent it.
    pub event: &'a Value,
    /// When the first invocation took it up, in seconds since 1970.
    pub begun: i64,
    /// Which invocation this is; 1 for the first.
    pub part: u32,
    /// Lambda's id of this invocation.
    pub invocation: &'a str,
    /// What the invocation returns when all went well, as JSON.
    pub returns: &'static str,
    /// What is left of the invocation.
    pub left: Duration,
}

/// How a request ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It was answered.
    Yes,
    /// Another invocation goes on with it and will answer.
    Later,
    /// Its URL has expired, so nobody can answer it or waits for it.
    TooLate,
}

/// Answers one request.
pub async fn answer<W: World + Answers + Declarations + Galleries + RegistryWorld>(
    office: &Office<'_, W>,
    sender: &impl Deliver,
    delivery: Delivery<'_>,
) -> Result<Answered, Unanswered> {
    let target = ReplyTarget::read(delivery.event, office.accept_http).map_err(Unanswered::NoTarget)?;
    let request = Request::read(delivery.event);
    let kind = request.as_ref().map_or("unreadable", |request| request.kind.as_str());
    tracing::info!(
        request_id = target.request_id,
        stack_id = target.stack_id,
        logical_id = target.logical_id,
        kind,
        part = delivery.part,
        invocation = delivery.invocation,
        "request received"
    );
    if target.url.expires().is_some_and(|expires| expires <= office.now) {
        tracing::error!(request_id = target.request_id, "the response URL has expired; nothing was done");
        return Ok(Answered::TooLate);
    }
    let case = Case {
        office,
        delivery,
        patience: patience(&target, &request, delivery, office.now),
        target,
        slot: Slot::default(),
    };
    let budget = Budget::split(delivery.left, case.patience.max(LEAST_TIME));
    // Boxed: everything a request does lives in this future.
    let work = Box::pin(case.answer(sender, request, &budget));
    match office.watchdog {
        Some(watchdog) => watchdog.beside(case.watched(&budget), work).await,
        None => work.await,
    }
}

/// Seconds for which CloudFormation still waits: `ServiceTimeout` from the first invocation on, and not past the URL.
fn patience(target: &ReplyTarget, request: &Result<Request, String>, delivery: Delivery<'_>, now: i64) -> i64 {
    let limit = i64::from(service_timeout(request).unwrap_or(LONGEST_WAIT));
    // A request may have waited for its first invocation too.
    let begun = target.url.issued().map_or(delivery.begun, |issued| delivery.begun.min(issued));
    let waits = begun.saturating_add(limit).saturating_sub(now);
    target.url.expires().map_or(waits, |expires| waits.min(expires.saturating_sub(now)))
}

fn service_timeout(request: &Result<Request, String>) -> Option<u32> {
    let value = request.as_ref().ok()?.properties.get("ServiceTimeout")?;
    let seconds = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())?;
    u32::try_from(seconds).ok().filter(|seconds| (1..=LONGEST_WAIT).contains(seconds))
}
