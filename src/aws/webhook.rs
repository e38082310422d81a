//! Webhooks: posts to addresses that are secrets. What says who may post is in no message of ours: of an address only the
//! host is ever told.

use super::Connection;
use super::address::Address;
use super::exchange::{Reply, Tries, exchange};
use super::fault::fault;
use crate::fault::{Fault, FaultKind};
use crate::policy::parcel::Parcel;
use crate::spec::findings::Sink;
use aws_smithy_async::time::SharedTimeSource;
use aws_types::SdkConfig;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};
use tokio::time::{Instant, sleep};

const OPERATION: &str = "post";
/// How long a secret is used before it is read again.
const SECRET_AGE: Duration = Duration::from_mins(5);
/// Longest that one try may take.
const TRY: Duration = Duration::from_secs(10);
/// Tries of one post.
const MOST_TRIES: u32 = 5;
/// Longest that a post goes on trying, waits that the receiver asks for included; what takes longer is for the queue.
const PATIENCE: Duration = Duration::from_secs(30);

/// The way to webhooks.
pub(super) struct Web {
    connection: Connection,
    clock: SharedTimeSource,
    accept_http: bool,
    secrets: Mutex<BTreeMap<String, (Instant, Arc<Address>)>>,
}

impl fmt::Debug for Web {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Web(…)")
    }
}

/// What an answer means.
enum Verdict {
    Delivered,
    /// Again, after the wait the receiver asks for, if it does.
    Again(Fault, Option<Duration>),
    /// The same post will be refused again.
    Refused(Fault),
}

impl Web {
    pub(super) fn new(config: &SdkConfig, connection: &Connection, accept_http: bool) -> Self {
        Self {
            connection: connection.clone(),
            clock: config.time_source().unwrap_or_default(),
            accept_http,
            secrets: Mutex::default(),
        }
    }

    /// Posts a parcel to where its secret says.
    pub(super) async fn post(&self, ssm: &aws_sdk_ssm::Client, parcel: &Parcel) -> Result<(), Fault> {
        let give_up_at = Instant::now() + PATIENCE;
        let address = self.address(ssm, parcel).await?;
        let mut tries = Tries::new(MOST_TRIES);
        loop {
            let request = address.request(parcel, self.now());
            let request = request.map_err(|flaw| told(parcel, FaultKind::Invalid, flaw))?;
            let (trouble, asked) = match exchange(&self.connection, request, TRY).await {
                Err(why) => (told(parcel, FaultKind::Unavailable, format!("{}: {why}", address.host())), None),
                Ok(reply) => match self.judge(parcel, address.host(), &reply) {
                    Verdict::Delivered => return Ok(()),
                    Verdict::Again(trouble, asked) => (trouble, asked),
                    Verdict::Refused(fault) => {
                        // Perhaps the secret has another value by now.
                        self.forget(parcel);
                        return Err(fault);
                    }
                },
            };
            let wait = tries.wait().map(|wait| asked.map_or(wait, |asked| asked.max(wait)));
            match wait {
                Some(wait) if wait < give_up_at.saturating_duration_since(Instant::now()) => sleep(wait).await,
                _ => return Err(trouble),
            }
        }
    }

    fn judge(&self, parcel: &Parcel, host: &str, reply: &Reply) -> Verdict {
        let status = reply.status;
        let said = |kind, what: &str| told(parcel, kind, format!("{host} answered with status {status}{what}"));
        match status {
            200..=299 => Verdict::Delivered,
            429 | 503 => match self.asked_wait(reply) {
                Some(wait) => {
                    let what = format!(" and asks to wait for {} s", wait.as_secs());
                    Verdict::Again(said(FaultKind::Throttled, &what), Some(wait))
                }
                None if status == 429 => Verdict::Again(said(FaultKind::Throttled, ""), None),
                None => Verdict::Again(said(FaultKind::Unavailable, ""), None),
            },
            408 | 500..=599 => Verdict::Again(said(FaultKind::Unavailable, ""), None),
            300..=399 => Verdict::Refused(said(FaultKind::Invalid, ", a redirect, which is not followed")),
            _ => Verdict::Refused(said(FaultKind::Invalid, "")),
        }
    }

    /// `Retry-After`: seconds, or the date until which to wait (RFC 9110, section 10.2.3).
    fn asked_wait(&self, reply: &Reply) -> Option<Duration> {
        let text = reply.headers.get("retry-after")?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let until = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
        let left = i128::from(until.as_second()) - i128::from(self.now());
        Some(Duration::from_secs(u64::try_from(left).unwrap_or_default()))
    }

    /// Seconds since 1970, by the clock that the SDK signs with.
    fn now(&self) -> u64 {
        self.clock.now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    async fn address(&self, ssm: &aws_sdk_ssm::Client, parcel: &Parcel) -> Result<Arc<Address>, Fault> {
        let none = || told(parcel, FaultKind::Invalid, "the message names no secret that holds an address");
        let name = parcel.secret.as_ref().ok_or_else(none)?;
        if let Some(address) = self.known(name) {
            return Ok(address);
        }
        let call = ssm.get_parameter().name(name).with_decryption(true).send().await;
        let answer = call.map_err(|error| {
            let fault = fault("ssm", "GetParameter", &error);
            Fault { message: format!("{name}: {}", fault.message), ..fault }
        })?;
        let value = answer.parameter.and_then(|parameter| parameter.value).unwrap_or_default();
        let address = Address::parse(&value, self.accept_http)
            .map_err(|flaw| told(parcel, FaultKind::Invalid, format!("the value of the parameter {name} {flaw}")))?;
        let address = Arc::new(address);
        let kept = (Instant::now() + SECRET_AGE, Arc::clone(&address));
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), kept);
        Ok(address)
    }

    fn known(&self, name: &str) -> Option<Arc<Address>> {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, address) = secrets.get(name)?;
        (Instant::now() < *until).then(|| Arc::clone(address))
    }

    fn forget(&self, parcel: &Parcel) {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = &parcel.secret {
            secrets.remove(name);
        }
    }
}

fn told(parcel: &Parcel, kind: FaultKind, message: impl Into<String>) -> Fault {
    let service = match parcel.sink {
        Sink::Slack => "slack",
        Sink::Teams => "teams",
        _ => "webhook",
    };
    Fault::ours(service, OPERATION, kind, message)
}
