//! Starting the drift function. Start-up never fails: what is wrong is told to every message.

use super::drift::{Census, Watch, handle};
use super::start::{WARM_UP, ecr_url, failure};
use super::{logs, time};
use crate::aws::{Connection, Overseer};
use crate::config::{self, DriftSettings};
use crate::model::place::Place;
use crate::spec::findings::Glob;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::Value;
use std::io::Write as _;
use tokio::time::timeout;

/// Everything one process of the drift function holds on to.
struct Process {
    settings: Result<DriftSettings, String>,
    overseer: Option<Overseer>,
    pattern: Glob,
    census: Census,
    place: Place,
}

/// Runs the drift function until Lambda ends it.
pub async fn drift() -> Result<(), Error> {
    logs::set_up(config::log_level_from_environment().as_deref());
    let process = Process::start().await;
    let process = &process;
    let handler = service_fn(move |event: LambdaEvent<Value>| Box::pin(process.invoke(event)));
    lambda_runtime::run(handler).await
}

impl Process {
    async fn start() -> Self {
        let connection = Connection::new();
        let settings = DriftSettings::from_environment().map_err(|error| error.to_string());
        if let Err(why) = &settings {
            tracing::error!(why, "start-up failed; every message will be told so");
        }
        let overseer = settings.as_ref().ok().map(|settings| Overseer::for_function(settings, &connection));
        if let Ok(settings) = &settings
            && settings.shared.warm_up
        {
            let url = ecr_url(&settings.shared);
            // Whether it worked does not matter: the first call opens its own connection then.
            let _ = timeout(WARM_UP, connection.knock(&url)).await;
        }
        let nowhere = || Place { partition: String::new(), region: String::new(), account: String::new() };
        let place = overseer.as_ref().map_or_else(nowhere, |overseer| overseer.place().clone());
        let pattern = Glob(settings.as_ref().map_or_else(|_| String::new(), |found| found.repository_pattern.clone()));
        Self { settings, overseer, pattern, census: Census::default(), place }
    }

    async fn invoke(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let left = time::left_until(event.context.deadline);
        let settings = self.settings.as_ref().map_err(|why| failure("BadEnvironment", why))?;
        let watch = Watch {
            world: self.overseer.as_ref().ok_or("start-up failed"),
            place: &self.place,
            parameter_prefix: &settings.shared.parameter_prefix,
            pattern: &self.pattern,
            stack_name: &settings.stack_name,
            max_receives: settings.max_receives,
            own_principal: &settings.role_arn,
            census: &self.census,
            now: time::now_in_milliseconds(),
        };
        let done = Box::pin(handle(&watch, event.payload, left)).await;
        let done = done.map_err(|why| failure("BatchFailed", why))?;
        // Nobody is left to tell when writing a line fails.
        let _ = std::io::stdout().lock().write_all(done.metrics.as_bytes());
        serde_json::to_value(done.response).map_err(|error| failure("BatchFailed", error))
    }
}
