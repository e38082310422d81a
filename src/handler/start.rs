//! Starting the functions. Start-up never fails: what is wrong is told to every request.

use super::custom_resource::{Deliver, Delivery, Office, answer};
use super::messages::{handle, is_batch};
use super::respond::{Unanswered, respond};
use super::watchdog::Watchdog;
use super::{logs, time};
use crate::aws::cfn_reply::{Delivered, Undelivered};
use crate::aws::{Aws, Connection, cfn_reply};
use crate::config::{self, Settings};
use crate::event::failure::NOT_DELIVERED;
use crate::event::url::ResponseUrl;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Longest that opening the first connection may take; with the timer's own slack it delays the function's readiness
/// by a quarter of a second at most.
pub(super) const WARM_UP: Duration = Duration::from_millis(240);
/// Kept from the responder's time for telling Lambda.
const RETURN_RESERVE: Duration = Duration::from_millis(500);

/// Everything one process of the custom-resource function holds on to.
struct Process {
    connection: Connection,
    settings: Result<Settings, String>,
    aws: Option<Aws>,
    watchdog: Option<Watchdog>,
    local: bool,
}

impl Deliver for Connection {
    async fn deliver(&self, url: &ResponseUrl, body: &[u8], until: Instant) -> Result<Delivered, Undelivered> {
        cfn_reply::deliver(self, url, body, until).await
    }

    async fn reach(&self, url: &ResponseUrl, until: Instant) -> Result<(), String> {
        cfn_reply::reach(self, url, until).await
    }
}

/// Runs the custom-resource function until Lambda ends it.
pub async fn custom_resource() -> Result<(), Error> {
    logs::set_up(config::log_level_from_environment().as_deref());
    let process = Process::start().await;
    let process = &process;
    let handler = service_fn(move |event: LambdaEvent<Value>| Box::pin(process.invoke(event)));
    lambda_runtime::run(handler).await
}

/// Runs the responder until Lambda ends it.
pub async fn responder() -> Result<(), Error> {
    logs::set_up(config::log_level_from_environment().as_deref());
    let connection = Connection::new();
    let connection = &connection;
    let local = config::endpoints_from_environment().are_local();
    let handler = service_fn(move |event: LambdaEvent<Value>| async move {
        let left = time::left_until(event.context.deadline).saturating_sub(RETURN_RESERVE);
        let responded = respond(connection, event.payload, local, Instant::now() + left).await;
        responded.map_err(|Unanswered(why)| failure(NOT_DELIVERED, why))
    });
    lambda_runtime::run(handler).await
}

impl Process {
    async fn start() -> Self {
        let connection = Connection::new();
        let settings = Settings::from_environment().map_err(|error| error.to_string());
        if let Err(why) = &settings {
            tracing::error!(why, "start-up failed; every request will be told so");
        }
        let aws = settings.as_ref().ok().map(|settings| Aws::for_function(settings, &connection));
        if let Ok(settings) = &settings
            && settings.warm_up
        {
            let url = ecr_url(settings);
            // Whether it worked does not matter: the first call opens its own connection then.
            let _ = timeout(WARM_UP, connection.knock(&url)).await;
        }
        let local = config::endpoints_from_environment().are_local();
        let watchdog = config::runtime_api_from_environment().and_then(Watchdog::start);
        Self { connection, settings, aws, watchdog, local }
    }

    async fn invoke(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let left = time::left_until(event.context.deadline);
        let prefix = self.settings.as_ref().map_or("", |settings| settings.parameter_prefix.as_str());
        let bucket = self.settings.as_ref().map_or("", |settings| settings.state_bucket.as_str());
        let why = self.settings.as_ref().err().map_or("start-up failed", String::as_str);
        let now = time::now();
        let invocation = event.context.request_id.as_str();
        let office = Office {
            world: self.aws.as_ref().ok_or(why),
            parameter_prefix: prefix,
            state_bucket: bucket,
            accept_http: self.local,
            now,
            watchdog: self.watchdog.as_ref(),
        };
        if is_batch(&event.payload) {
            let done = Box::pin(handle(&office, &self.connection, event.payload, invocation, left)).await;
            let done = done.map_err(|why| failure("BatchFailed", why))?;
            return serde_json::to_value(done).map_err(|error| failure("BatchFailed", error));
        }
        let delivery = Delivery { event: &event.payload, begun: now, part: 1, invocation, returns: "null", left };
        let answered = Box::pin(answer(&office, &self.connection, delivery)).await;
        answered.map(|_| Value::Null).map_err(|unanswered| failure(unanswered.kind(), &unanswered))
    }
}

/// What Lambda reports of an invocation that failed.
pub(super) fn failure(kind: &str, why: impl std::fmt::Display) -> Diagnostic {
    Diagnostic { error_type: kind.to_owned(), error_message: why.to_string() }
}

/// The address ECR's calls will go to.
pub(super) fn ecr_url(settings: &Settings) -> String {
    let suffix = if settings.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    settings.endpoints.of("ECR").map_or_else(|| format!("https://api.ecr.{}.{suffix}/", settings.region), str::to_owned)
}
