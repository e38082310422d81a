//! The PUT that answers CloudFormation.
//!
//! The URL is presigned: it is used as it came, appears in no message, and no Content-Type goes with it (SigV2
//! signs that header, and the URL was signed without one).

use super::Connection;
use crate::event::request::ResponseUrl;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// Why an answer was not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// The bucket refused it for good; the status says how. Usually the URL has expired.
    Refused(u16),
    /// It could not be delivered before the deadline; says what the last try met.
    OutOfTime(String),
    /// The URL is none.
    BadUrl,
}

impl std::fmt::Display for Undelivered {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(status) => write!(out, "CloudFormation's bucket refused the answer with status {status}"),
            Self::OutOfTime(last) => write!(out, "the answer could not be delivered in time: {last}"),
            Self::BadUrl => out.write_str("the response URL cannot be used"),
        }
    }
}

impl std::error::Error for Undelivered {}

/// Delivers a body. Only 2xx is success; 429, 5xx and broken connections are tried again until `until`.
pub async fn deliver(
    connection: &Connection,
    url: &ResponseUrl,
    body: &[u8],
    until: Instant,
) -> Result<(), Undelivered> {
    let mut wait = Duration::from_millis(200);
    loop {
        let request = request(url, body).ok_or(Undelivered::BadUrl)?;
        let trouble = match timeout_at(until, connection.send(request)).await {
            Ok(Ok(response)) => match response.status().as_u16() {
                200..=299 => return Ok(()),
                status @ (429 | 500..=599) => format!("status {status}"),
                status => return Err(Undelivered::Refused(status)),
            },
            // The connector's own words may hold the URL; they are not repeated.
            Ok(Err(_)) => "the connection failed".to_owned(),
            Err(_) => return Err(Undelivered::OutOfTime("no answer".to_owned())),
        };
        if Instant::now() + wait >= until {
            return Err(Undelivered::OutOfTime(trouble));
        }
        sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(5));
    }
}

fn request(url: &ResponseUrl, body: &[u8]) -> Option<HttpRequest> {
    let mut request = HttpRequest::new(SdkBody::from(body.to_vec()));
    request.set_method("PUT").ok()?;
    request.set_uri(url.expose()).ok()?;
    request.headers_mut().insert("content-length", body.len().to_string());
    Some(request)
}
