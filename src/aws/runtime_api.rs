//! Telling Lambda's Runtime API how an invocation ended, where the loop that should do so is stuck
//! (Lambda Developer Guide, "Using the Lambda runtime API").

use super::Connection;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

/// The API is on this very machine.
const PATIENCE: Duration = Duration::from_secs(1);

/// How the invocation ended.
#[derive(Clone, Copy, Debug)]
pub enum Report<'a> {
    /// It returned this JSON.
    Done(&'a str),
    /// It failed.
    Failed {
        /// The error type.
        kind: &'a str,
        /// The error message.
        message: &'a [u8],
    },
}

/// Reports. What comes of it does not matter: the process ends either way, and Lambda sees that too.
pub async fn report(connection: &Connection, api: &str, invocation: &str, report: Report<'_>) {
    let (place, body) = match report {
        Report::Done(returned) => ("response", returned.to_owned()),
        Report::Failed { kind, message } => {
            let message = String::from_utf8_lossy(message);
            ("error", json!({"errorType": kind, "errorMessage": message}).to_string())
        }
    };
    let url = format!("http://{api}/2018-06-01/runtime/invocation/{invocation}/{place}");
    let mut request = HttpRequest::new(SdkBody::from(body));
    if request.set_method("POST").is_err() || request.set_uri(url).is_err() {
        return;
    }
    if let Report::Failed { kind, .. } = report {
        request.headers_mut().insert("lambda-runtime-function-error-type", kind.to_owned());
    }
    let _ = timeout(PATIENCE, connection.send(request)).await;
}
