//! The presigned URL an answer is PUT to: what it says of itself, and that it never shows itself.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::fmt;

/// A presigned URL. Whoever holds it can answer, so it never shows itself in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct ResponseUrl(String);

impl fmt::Debug for ResponseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ResponseUrl(…)")
    }
}

impl ResponseUrl {
    /// Wraps a URL exactly as CloudFormation sent it.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The URL itself, for the one PUT it is meant for.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Scheme and host with a closing slash: where the answer will go, without what lets anybody answer.
    pub fn origin(&self) -> Option<String> {
        let (scheme, rest) = self.0.split_once("://")?;
        let host = rest.split(['/', '?']).next().filter(|host| !host.is_empty())?;
        Some(format!("{scheme}://{host}/"))
    }

    /// Is it https with a host, or plain http where that is accepted? The host's form is not judged: it differs by
    /// Region, partition and age.
    pub fn is_acceptable(&self, accept_http: bool) -> bool {
        let url = &self.0;
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://").filter(|_| accept_http));
        rest.and_then(|rest| rest.split(['/', '?']).next())
            .is_some_and(|host| !host.is_empty() && !host.contains('@') && !host.starts_with(':'))
    }

    /// The ids in the object's key, which is `<StackId>|<LogicalResourceId>|<RequestId>`.
    pub fn ids(&self) -> Option<Vec<String>> {
        // The query goes first: it may hold slashes too, and whatever follows them is no key.
        let address = self.0.split('?').next()?;
        let path = address.split_once("://")?.1.split_once('/')?.1;
        let key = percent_decoded(path)?;
        // The stack's ARN comes first; a path-style URL has the bucket before it.
        let key = key.get(key.find("arn:")?..)?;
        let ids: Vec<String> = key.split('|').map(str::to_owned).collect();
        (ids.len() == 3 && ids.iter().all(|id| !id.is_empty())).then_some(ids)
    }

    /// When it stops being accepted, in seconds since 1970, where it says so: `Expires` of a SigV2 URL, or
    /// `X-Amz-Date` and `X-Amz-Expires` of a SigV4 one (S3 API reference, "Authenticating requests: query parameters").
    pub fn expires(&self) -> Option<i64> {
        if let Some(expires) = self.parameter("Expires") {
            return expires.parse().ok();
        }
        let lasts: i64 = self.parameter("X-Amz-Expires")?.parse().ok()?;
        self.issued()?.checked_add(lasts)
    }

    /// When it was signed, in seconds since 1970, where it says so; only a SigV4 URL does. Of two requests for one
    /// resource the later one's is later. (When it expires does not tell: how long a URL lasts is not documented.)
    pub fn issued(&self) -> Option<i64> {
        let signed = DateTime::strptime("%Y%m%dT%H%M%SZ", self.parameter("X-Amz-Date")?).ok()?;
        Some(TimeZone::UTC.to_timestamp(signed).ok()?.as_second())
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let query = self.0.split_once('?')?.1;
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}
