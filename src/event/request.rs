//! A CloudFormation custom-resource request.
//!
//! The reply target is taken out first and apart from the rest, so that even an unreadable request can be
//! answered. Knows the protocol; knows nothing of ECR.

use serde_json::{Map, Value};
use std::fmt;

/// The presigned URL an answer is PUT to. Whoever holds it can answer, so it never shows itself in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct ResponseUrl(String);

impl ResponseUrl {
    /// Wraps a URL exactly as CloudFormation sent it.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The URL itself, for the one PUT it is meant for.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ResponseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ResponseUrl(…)")
    }
}

/// Where, and under which ids, an answer must go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyTarget {
    /// Where to PUT the answer.
    pub url: ResponseUrl,
    /// Copied into the answer byte for byte.
    pub stack_id: String,
    /// Copied into the answer byte for byte.
    pub request_id: String,
    /// Copied into the answer byte for byte.
    pub logical_id: String,
    /// The id CloudFormation holds now; absent on Create.
    pub physical_id: Option<String>,
}

/// Why nobody can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoTarget {
    /// Not a CloudFormation request at all.
    NotCloudFormation,
    /// One, but without what an answer needs; says what is missing.
    Damaged(String),
}

impl fmt::Display for NoTarget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotCloudFormation => out.write_str(
                "the payload is neither a CloudFormation custom-resource request nor a message of this function's queue",
            ),
            Self::Damaged(what) => write!(out, "the CloudFormation request cannot be answered: {what}"),
        }
    }
}

impl std::error::Error for NoTarget {}

impl ReplyTarget {
    /// Reads the target. Ids that the envelope lost are recovered from the URL, whose object key is
    /// `<StackId>|<LogicalResourceId>|<RequestId>`.
    pub fn read(event: &Value, accept_http: bool) -> Result<Self, NoTarget> {
        let text =
            |key: &str| event.get(key).and_then(Value::as_str).filter(|value| !value.is_empty()).map(str::to_owned);
        let Some(url) = text("ResponseURL") else {
            let known = ["RequestType", "StackId", "LogicalResourceId"];
            return Err(if known.iter().any(|key| event.get(key).is_some()) {
                NoTarget::Damaged("it has no ResponseURL".to_owned())
            } else {
                NoTarget::NotCloudFormation
            });
        };
        if !url_is_acceptable(&url, accept_http) {
            return Err(NoTarget::Damaged("its ResponseURL is not an https URL with a host".to_owned()));
        }
        let from_key = ids_from_url(&url);
        let recovered = |index: usize| from_key.as_ref().and_then(|ids| ids.get(index).cloned());
        let missing = |what: &str| NoTarget::Damaged(format!("it has no {what}"));
        Ok(Self {
            stack_id: text("StackId").or_else(|| recovered(0)).ok_or_else(|| missing("StackId"))?,
            logical_id: text("LogicalResourceId")
                .or_else(|| recovered(1))
                .ok_or_else(|| missing("LogicalResourceId"))?,
            request_id: text("RequestId").or_else(|| recovered(2)).ok_or_else(|| missing("RequestId"))?,
            physical_id: text("PhysicalResourceId"),
            url: ResponseUrl::new(url),
        })
    }
}

fn url_is_acceptable(url: &str, accept_http: bool) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://").filter(|_| accept_http));
    rest.and_then(|rest| rest.split(['/', '?']).next())
        .is_some_and(|host| !host.is_empty() && !host.contains('@') && !host.starts_with(':'))
}

fn ids_from_url(url: &str) -> Option<Vec<String>> {
    // The query goes first: it may hold slashes too, and whatever follows them is no key.
    let address = url.split('?').next()?;
    let path = address.split_once("://")?.1.split_once('/')?.1;
    let key = percent_decoded(path)?;
    // The stack's ARN comes first; a path-style URL has the bucket before it.
    let key = key.get(key.find("arn:")?..)?;
    let ids: Vec<String> = key.split('|').map(str::to_owned).collect();
    (ids.len() == 3 && ids.iter().all(|id| !id.is_empty())).then_some(ids)
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

/// What CloudFormation wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestType {
    /// The resource is new.
    Create,
    /// Its properties changed, forward or in a rollback; nothing tells which.
    Update,
    /// It leaves the stack, or a failed Create is cleaned up.
    Delete,
}

impl RequestType {
    /// CloudFormation's own word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Update => "Update",
            Self::Delete => "Delete",
        }
    }
}

/// The part of a request that says what is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What CloudFormation wants.
    pub kind: RequestType,
    /// `Custom::EcrRepositories`, …
    pub resource_type: String,
    /// The properties, without `ServiceToken`; absent ones are an empty map.
    pub properties: Map<String, Value>,
}

impl Request {
    /// Reads a request whose target is known already.
    pub fn read(event: &Value) -> Result<Self, String> {
        let kind = match event.get("RequestType").and_then(Value::as_str) {
            Some("Create") => RequestType::Create,
            Some("Update") => RequestType::Update,
            Some("Delete") => RequestType::Delete,
            Some(other) => {
                return Err(format!("RequestType {other:?} is unknown; Create, Update and Delete are"));
            }
            None => return Err("the request has no RequestType".to_owned()),
        };
        let properties = match event.get("ResourceProperties") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(properties)) => properties
                .iter()
                .filter(|(key, _)| key.as_str() != "ServiceToken")
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            // A Delete must get through whatever became of its properties.
            Some(_) if kind == RequestType::Delete => Map::new(),
            Some(_) => return Err("ResourceProperties is not an object".to_owned()),
        };
        let resource_type = event.get("ResourceType").and_then(Value::as_str).unwrap_or_default();
        Ok(Self { kind, resource_type: resource_type.to_owned(), properties })
    }
}
