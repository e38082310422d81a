//! Security Hub's one call of ours, `BatchImportFindings`, signed here: its SDK crate would compile two thousand types
//! for it, and the findings are JSON texts already.

use super::Connection;
use super::account::in_words;
use super::exchange::{Reply, Tries, exchange};
use super::fault::kind;
use super::pace::Pace;
use crate::config::Endpoints;
use crate::fault::{Fault, FaultKind};
use crate::flow::findings::NotTaken;
use crate::model::place::Place;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const SERVICE: &str = "securityhub";
const OPERATION: &str = "BatchImportFindings";
/// Calls a second and in a burst that an account may make in a Region (Security Hub API reference, `BatchImportFindings`).
const RATE: (u32, u32) = (10, 30);
/// Tries of one call: with the waits between them about a quarter of a minute.
const MOST_TRIES: u32 = 8;
/// Longest that one try may take: six megabytes, and a service that reads all of them before it answers.
const TRY: Duration = Duration::from_secs(30);
/// After this no further try begins; what takes longer is for the queue.
const PATIENCE: Duration = Duration::from_mins(1);

/// The way to Security Hub.
#[derive(Debug)]
pub(super) struct Hub {
    connection: Connection,
    credentials: Option<SharedCredentialsProvider>,
    clock: SharedTimeSource,
    region: String,
    url: String,
    pace: Pace,
}

/// What it answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    failed_count: u64,
    #[serde(default)]
    failed_findings: Vec<Failed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Failed {
    id: String,
    #[serde(default)]
    error_code: String,
    #[serde(default)]
    error_message: String,
}

impl Hub {
    pub(super) fn new(config: &SdkConfig, connection: &Connection, endpoints: &Endpoints, place: &Place) -> Self {
        let own = || format!("https://securityhub.{}.{}", place.region, place.dns_suffix());
        let endpoint = endpoints.of("SECURITYHUB").or_else(|| config.endpoint_url()).map_or_else(own, str::to_owned);
        Self {
            connection: connection.clone(),
            credentials: config.credentials_provider(),
            // The clock by which the SDK signs everything else.
            clock: config.time_source().unwrap_or_default(),
            region: place.region.clone(),
            url: format!("{}/findings/import", endpoint.trim_end_matches('/')),
            pace: Pace::new(RATE.0, RATE.1),
        }
    }

    /// Imports findings, and lists those that were not taken. Each try waits for its turn: the others of this process
    /// share the allowance.
    pub(super) async fn import(&self, findings: &[String]) -> Result<Vec<NotTaken>, Fault> {
        if findings.is_empty() {
            return Ok(Vec::new());
        }
        let body = format!("{{\"Findings\":[{}]}}", findings.join(","));
        let give_up_at = Instant::now() + PATIENCE;
        let mut tries = Tries::new(MOST_TRIES);
        loop {
            self.pace.turn().await;
            let trouble = match self.once(&body).await {
                Err(fault) if matches!(fault.kind, FaultKind::Throttled | FaultKind::Unavailable) => fault,
                ended => return ended,
            };
            match tries.wait().filter(|wait| Instant::now() + *wait < give_up_at) {
                Some(wait) => sleep(wait).await,
                None => return Err(trouble),
            }
        }
    }

    async fn once(&self, body: &str) -> Result<Vec<NotTaken>, Fault> {
        let request = self.signed(body, self.credentials().await?)?;
        let reply = exchange(&self.connection, request, TRY).await.map_err(|why| ours(FaultKind::Unavailable, why))?;
        if !(200..=299).contains(&reply.status) {
            return Err(refusal(&reply));
        }
        // Whether they were taken is not known then; taking them twice is taking them once.
        let answer: Answer = serde_json::from_slice(&reply.body)
            .map_err(|error| ours(FaultKind::Unavailable, format!("the answer cannot be read: {error}")))?;
        if answer.failed_count > 0 && answer.failed_findings.is_empty() {
            return Err(ours(FaultKind::Unavailable, "findings were not taken, and the answer does not say which"));
        }
        Ok(answer.failed_findings.into_iter().map(Failed::told).collect())
    }

    /// Asked each time: a provider knows when its credentials expire.
    async fn credentials(&self) -> Result<Credentials, Fault> {
        let provider = self.credentials.as_ref().ok_or_else(|| ours(FaultKind::Denied, "there are no credentials"))?;
        provider.provide_credentials().await.map_err(|trouble| ours(FaultKind::Denied, in_words(&trouble)))
    }

    fn signed(&self, body: &str, credentials: Credentials) -> Result<HttpRequest, Fault> {
        let unsigned = || ours(FaultKind::Unexpected, "the request could not be signed");
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST").map_err(|_| unsigned())?;
        request.set_uri(self.url.as_str()).map_err(|_| unsigned())?;
        request.headers_mut().insert("content-type", "application/json");
        let identity = Identity::from(credentials);
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(SERVICE)
            .time(self.clock.now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| unsigned())?
            .into();
        let signable =
            SignableRequest::new("POST", &self.url, request.headers().iter(), SignableBody::Bytes(body.as_bytes()));
        let signed = sign(signable.map_err(|_| unsigned())?, &parameters).map_err(|_| unsigned())?;
        let (instructions, _) = signed.into_parts();
        for (name, value) in instructions.headers() {
            request.headers_mut().try_insert(name.to_owned(), value.to_owned()).map_err(|_| unsigned())?;
        }
        Ok(request)
    }
}

impl Failed {
    fn told(self) -> NotTaken {
        let parts = [self.error_code, self.error_message];
        let said: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        NotTaken { id: self.id, reason: said.join(": ") }
    }
}

/// What a refusal says of itself, in its header or its body (AWS restJson1 protocol, "Operation error serialization").
fn refusal(reply: &Reply) -> Fault {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let text = |keys: [&str; 3]| keys.into_iter().find_map(|key| body.get(key).and_then(Value::as_str));
    let code = reply.headers.get("x-amzn-errortype").or_else(|| text(["__type", "code", "Code"])).unwrap_or_default();
    // `aws.protocoltests#InvalidInputException:http://…`
    let code = code.split(':').next().and_then(|code| code.rsplit('#').next()).unwrap_or_default();
    let message = text(["message", "Message", "errorMessage"]).unwrap_or_default();
    let message = if message.is_empty() && code.is_empty() {
        format!("HTTP status {}", reply.status)
    } else {
        message.to_owned()
    };
    Fault {
        code: code.to_owned(),
        request_id: reply.headers.get("x-amzn-requestid").map(str::to_owned),
        ..ours(kind(OPERATION, code, &message, Some(reply.status)), message)
    }
}

fn ours(kind: FaultKind, message: impl Into<String>) -> Fault {
    Fault::ours(SERVICE, OPERATION, kind, message)
}
