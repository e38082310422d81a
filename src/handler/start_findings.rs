//! Starting the findings function. Start-up never fails: what is wrong is told to every message.

use super::findings::{Counter, handle};
use super::start::{WARM_UP, ecr_url, failure};
use super::{logs, time};
use crate::aws::{Connection, Forwarder};
use crate::config::{self, FindingsSettings};
use crate::flow::findings::policies::Policies;
use crate::model::place::Place;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::Value;
use std::io::Write as _;
use tokio::time::timeout;

/// Everything one process of the findings function holds on to.
struct Process {
    settings: Result<FindingsSettings, String>,
    forwarder: Option<Forwarder>,
    policies: Policies,
    place: Place,
}

/// Runs the findings function until Lambda ends it.
pub async fn findings() -> Result<(), Error> {
    logs::set_up(config::log_level_from_environment().as_deref());
    let process = Process::start().await;
    let process = &process;
    let handler = service_fn(move |event: LambdaEvent<Value>| Box::pin(process.invoke(event)));
    lambda_runtime::run(handler).await
}

impl Process {
    async fn start() -> Self {
        let connection = Connection::new();
        let settings = FindingsSettings::from_environment().map_err(|error| error.to_string());
        if let Err(why) = &settings {
            tracing::error!(why, "start-up failed; every message will be told so");
        }
        let forwarder = settings.as_ref().ok().map(|settings| Forwarder::for_function(settings, &connection));
        if let Ok(settings) = &settings
            && settings.shared.warm_up
        {
            let url = ecr_url(&settings.shared);
            // Whether it worked does not matter: the first call opens its own connection then.
            let _ = timeout(WARM_UP, connection.knock(&url)).await;
        }
        let nowhere = || Place { partition: String::new(), region: String::new(), account: String::new() };
        let place = forwarder.as_ref().map_or_else(nowhere, |forwarder| forwarder.place().clone());
        Self { settings, forwarder, policies: Policies::default(), place }
    }

    async fn invoke(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let left = time::left_until(event.context.deadline);
        let settings = self.settings.as_ref().map_err(|why| failure("BadEnvironment", why))?;
        let counter = Counter {
            world: self.forwarder.as_ref().ok_or("start-up failed"),
            place: &self.place,
            parameter_prefix: &settings.shared.parameter_prefix,
            repository_pattern: &settings.repository_pattern,
            stack_name: &settings.stack_name,
            max_receives: settings.max_receives,
            policies: &self.policies,
            now: time::now_in_milliseconds(),
        };
        let done = Box::pin(handle(&counter, event.payload, left)).await;
        let done = done.map_err(|why| failure("BatchFailed", why))?;
        // Nobody is left to tell when writing a line fails.
        let _ = std::io::stdout().lock().write_all(done.metrics.as_bytes());
        serde_json::to_value(done.response).map_err(|error| failure("BatchFailed", error))
    }
}
