//! The address of a webhook and what goes with it, as a secret holds it, and the request that goes there.

use crate::model::finding::hex;
use crate::policy::parcel::Parcel;
use crate::spec::findings::Sink;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;
use std::collections::BTreeMap;

/// Headers that belong to the connection.
const NOT_THEIRS: [&str; 5] = ["host", "content-length", "transfer-encoding", "connection", "upgrade"];

/// An address. It has no form in which it could be printed.
pub(super) struct Address {
    url: String,
    host: String,
    key: Option<String>,
    headers: BTreeMap<String, String>,
}

/// What a secret holds that is more than a URL.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Held {
    url: String,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

impl Address {
    /// Reads a secret: a URL, or `{"url": …, "key": …, "headers": {…}}`. `Err` says what is wrong with it and repeats
    /// nothing of it, nor what a parser says, which might.
    pub(super) fn parse(secret: &str, accept_http: bool) -> Result<Self, &'static str> {
        let secret = secret.trim();
        let held = if secret.starts_with('{') {
            serde_json::from_str(secret)
                .map_err(|_| "is not an object of url and, where wished, key and headers, all of them texts")?
        } else {
            Held { url: secret.to_owned(), key: None, headers: BTreeMap::new() }
        };
        let rest = held.url.strip_prefix("https://");
        let rest = rest.or_else(|| held.url.strip_prefix("http://").filter(|_| accept_http));
        let rest = rest.ok_or("must be a URL that begins with https://")?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if host.contains('@') {
            return Err("must not have a user or a password before its host; put them into headers");
        }
        if host.is_empty() || host.starts_with(':') {
            return Err("must be a URL with a host");
        }
        if held.headers.keys().any(|name| NOT_THEIRS.contains(&name.to_ascii_lowercase().as_str())) {
            return Err("sets a header that belongs to the connection");
        }
        let host = host.to_owned();
        let key = held.key.filter(|key| !key.is_empty());
        Ok(Self { url: held.url, host, key, headers: held.headers })
    }

    /// The host, which may be told.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// The request for one try, `now` seconds after 1970.
    pub(super) fn request(&self, parcel: &Parcel, now: u64) -> Result<HttpRequest, &'static str> {
        let mut request = HttpRequest::new(SdkBody::from(parcel.body.as_str()));
        request.set_method("POST").map_err(|_| "the request cannot be made")?;
        request.set_uri(self.url.as_str()).map_err(|_| "the secret's URL cannot be used")?;
        let mut headers = self.headers.clone();
        headers.retain(|name, _| !name.eq_ignore_ascii_case("content-type"));
        headers.insert("content-type".to_owned(), "application/json".to_owned());
        // Slack and Teams know neither.
        if parcel.sink == Sink::Webhook {
            headers.insert("idempotency-key".to_owned(), parcel.key.clone());
            if let Some(key) = &self.key {
                let signature = signature(key, now, &parcel.body).ok_or("the request cannot be signed")?;
                headers.insert("x-ecr-steward-signature".to_owned(), signature);
            }
        }
        for (name, value) in headers {
            let name = name.to_ascii_lowercase();
            request.headers_mut().try_insert(name, value).map_err(|_| "a header of the secret is none")?;
        }
        Ok(request)
    }
}

/// `t=<seconds>,v1=<hexadecimal HMAC-SHA256 of "<seconds>.<body>">`: whoever knows the key can tell that the body is ours
/// and that it is not an old one sent again.
fn signature(key: &str, now: u64, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
    mac.update(format!("{now}.").as_bytes());
    mac.update(body.as_bytes());
    Some(format!("t={now},v1={}", hex(&mac.finalize().into_bytes())))
}
