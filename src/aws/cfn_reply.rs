//! The PUT that answers CloudFormation.
//!
//! The URL is presigned: it is used as it came, appears in no message, and no Content-Type goes with it (SigV2
//! signs that header, and the URL was signed without one).
//!
//! The PUT is conditional: where an answer stands already, whoever gave it, it stays. So a request gets one answer,
//! even where its function died after answering and somebody answers in its place. S3 honours `If-None-Match` without
//! its being signed; a store that does not like the header is asked again without it.

use super::Connection;
use crate::event::url::ResponseUrl;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// Longest that one try may take: a connection that went silent must leave time for another.
const TRY: Duration = Duration::from_secs(5);
/// Waits between tries grow from the first to the second, each drawn at random below that.
const WAIT: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// How the answer got there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// It was taken.
    Now,
    /// An answer to this request stood there already, and stays.
    Before,
}

/// Why an answer was not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// The URL has expired: nobody can answer this request any more.
    Expired,
    /// The bucket refused it for good; the status says how.
    Refused(u16),
    /// It could not be delivered before the deadline; says what the last try met.
    OutOfTime(String),
    /// The URL is none.
    BadUrl,
}

impl std::fmt::Display for Undelivered {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Expired => out.write_str("the response URL has expired"),
            Self::Refused(status) => write!(out, "CloudFormation's bucket refused the answer with status {status}"),
            Self::OutOfTime(last) => write!(out, "the answer could not be delivered in time: {last}"),
            Self::BadUrl => out.write_str("the response URL cannot be used"),
        }
    }
}

impl std::error::Error for Undelivered {}

/// Delivers a body. Only 2xx is success; 409, 429, 5xx and broken connections are tried again until `until`.
pub async fn deliver(
    connection: &Connection,
    url: &ResponseUrl,
    body: &[u8],
    until: Instant,
) -> Result<Delivered, Undelivered> {
    let mut conditional = true;
    let mut longest = WAIT.0;
    loop {
        let request = request(url, body, conditional).ok_or(Undelivered::BadUrl)?;
        let trouble = match timeout_at(until.min(Instant::now() + TRY), put(connection, request)).await {
            Ok(Ok((status, text))) => match (status, conditional) {
                (200..=299, _) => return Ok(Delivered::Now),
                (412, true) => return Ok(Delivered::Before),
                (status @ (400 | 403 | 501), _) => match reading(status, &text) {
                    Reading::Expired => return Err(Undelivered::Expired),
                    Reading::NoConditions if conditional => {
                        conditional = false;
                        continue;
                    }
                    Reading::MayPass => format!("status {status}"),
                    Reading::NoConditions | Reading::Final => return Err(Undelivered::Refused(status)),
                },
                (status @ (409 | 429 | 500..=599), _) => format!("status {status}"),
                (status, _) => return Err(Undelivered::Refused(status)),
            },
            // The connector's own words may hold the URL; they are not repeated.
            Ok(Err(_)) => "the connection failed".to_owned(),
            Err(_) => "no answer".to_owned(),
        };
        let wait = longest.mul_f64(fastrand::f64());
        if Instant::now() + wait >= until {
            return Err(Undelivered::OutOfTime(trouble));
        }
        sleep(wait).await;
        longest = (longest * 2).min(WAIT.1);
    }
}

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// The presigned URL, or the session that signed it, is too old.
    Expired,
    /// It may be about the condition, so it is worth trying without.
    NoConditions,
    /// The same may be taken a moment later.
    MayPass,
    /// It will be refused again.
    Final,
}

/// Reads S3's words (S3 API reference, "Error responses"). An answer that stands could be replaced once the condition is
/// dropped, so that is done for nothing but a refusal that the condition may be the reason of.
fn reading(status: u16, text: &str) -> Reading {
    let says = |word: &str| text.contains(word);
    if says("Request has expired") || says("ExpiredToken") {
        Reading::Expired
    } else if says("RequestTimeout") || says("SlowDown") {
        Reading::MayPass
    } else if status != 400 || says("NotImplemented") || says("InvalidRequest") || says("InvalidArgument") {
        Reading::NoConditions
    } else {
        Reading::Final
    }
}

/// One try: the status, and what was said with a refusal.
async fn put(connection: &Connection, request: HttpRequest) -> Result<(u16, String), String> {
    let response = connection.send(request).await?;
    let status = response.status().as_u16();
    if matches!(status, 200..=299) {
        return Ok((status, String::new()));
    }
    let body = ByteStream::new(response.into_body()).collect().await;
    Ok((status, body.map(|body| String::from_utf8_lossy(&body.into_bytes()).into_owned()).unwrap_or_default()))
}

/// Reaches the host the answer will go to, without the URL that allows to answer; `Err` once `until` has come.
pub async fn reach(connection: &Connection, url: &ResponseUrl, until: Instant) -> Result<(), String> {
    let origin = url.origin().ok_or("the URL has no host")?;
    let mut longest = WAIT.0;
    loop {
        let trouble = match timeout_at(until.min(Instant::now() + TRY), connection.knock(&origin)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(_)) => "the connection failed",
            Err(_) => "no answer",
        };
        let wait = longest.mul_f64(fastrand::f64());
        if Instant::now() + wait >= until {
            return Err(trouble.to_owned());
        }
        sleep(wait).await;
        longest = (longest * 2).min(WAIT.1);
    }
}

fn request(url: &ResponseUrl, body: &[u8], conditional: bool) -> Option<HttpRequest> {
    let mut request = HttpRequest::new(SdkBody::from(body.to_vec()));
    request.set_method("PUT").ok()?;
    request.set_uri(url.expose()).ok()?;
    request.headers_mut().insert("content-length", body.len().to_string());
    if conditional {
        request.headers_mut().insert("if-none-match", "*");
    }
    Some(request)
}
