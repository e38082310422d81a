//! Starting the custom-resource function. Start-up never fails: what is wrong is told to every request.

use super::custom_resource::{Deliver, Office, answer};
use super::messages::{Mailroom, handle, is_batch};
use super::{logs, time};
use crate::aws::{Aws, Connection, cfn_reply};
use crate::config::{self, Settings};
use crate::event::request::ResponseUrl;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Longest that opening the first connection may take; with the timer's own slack it delays the function's readiness
/// by a quarter of a second at most.
const WARM_UP: Duration = Duration::from_millis(240);

/// Everything one process holds on to.
struct Process {
    connection: Connection,
    settings: Result<Settings, String>,
    aws: Option<Aws>,
    local: bool,
}

impl Deliver for Connection {
    async fn deliver(&self, url: &ResponseUrl, body: Vec<u8>, until: Instant) -> Result<(), String> {
        cfn_reply::deliver(self, url, &body, until).await.map_err(|error| error.to_string())
    }
}

/// Runs the function until Lambda ends it.
pub async fn custom_resource() -> Result<(), Error> {
    logs::set_up(config::log_level_from_environment().as_deref());
    let process = Process::start().await;
    let process = &process;
    let handler = service_fn(move |event: LambdaEvent<Value>| Box::pin(process.invoke(event)));
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
            let _ = timeout(WARM_UP, connection.warm_up(&url)).await;
        }
        let local = config::endpoints_from_environment().are_local();
        Self { connection, settings, aws, local }
    }

    async fn invoke(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let left = time::left_until(event.context.deadline);
        let prefix = self.settings.as_ref().map_or("", |settings| settings.parameter_prefix.as_str());
        let bucket = self.settings.as_ref().map_or("", |settings| settings.state_bucket.as_str());
        let why = self.settings.as_ref().err().map_or("start-up failed", String::as_str);
        let now = time::now();
        if is_batch(&event.payload) {
            let world = self.aws.as_ref().ok_or_else(|| failure("StartUpFailed", why))?;
            let room = Mailroom { world, parameter_prefix: prefix, state_bucket: bucket, now };
            let done = handle(&room, event.payload, left).await.map_err(|why| failure("BatchFailed", why))?;
            return serde_json::to_value(done).map_err(|error| failure("BatchFailed", error));
        }
        let office = Office {
            world: self.aws.as_ref().ok_or(why),
            parameter_prefix: prefix,
            state_bucket: bucket,
            accept_http: self.local,
            now,
        };
        let answered = answer(&office, &self.connection, &event.payload, left).await;
        answered.map(|()| Value::Null).map_err(|unanswered| failure(unanswered.kind(), &unanswered))
    }
}

/// What Lambda reports of an invocation that failed.
fn failure(kind: &str, why: impl std::fmt::Display) -> Diagnostic {
    Diagnostic { error_type: kind.to_owned(), error_message: why.to_string() }
}

/// The address ECR's calls will go to.
fn ecr_url(settings: &Settings) -> String {
    let suffix = if settings.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    settings.endpoints.of("ECR").map_or_else(|| format!("https://api.ecr.{}.{suffix}/", settings.region), str::to_owned)
}
