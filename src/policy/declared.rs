//! A declaration there is one of per account and Region, as it is kept in the state bucket: what, by whom, and after what.

use crate::model::identity::{Identity, fingerprint};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where the findings policy lies in the state bucket.
pub const POLICY_KEY: &str = "declarations/findings-policy.json";
/// Where the baseline lies there.
pub const BASELINE_KEY: &str = "declarations/baseline.json";
/// The form this version writes.
pub const DECLARED_VERSION: u32 = 1;
/// Requests and earlier properties remembered: more than CloudFormation sends in one stack operation.
const KEPT: usize = 16;

/// What was declared. The properties are kept as they came and checked again whenever they are read, by the same checker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Declared {
    /// [`DECLARED_VERSION`]
    pub version: u32,
    /// The resource that declared it; absent where a file was put there by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Identity>,
    /// The request that wrote it last.
    #[serde(default)]
    pub request_id: String,
    /// The owner's requests that wrote it before, newest last: one of them that comes again is out of date.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_requests: Vec<String>,
    /// When the newest of them was issued, in seconds since 1970, where they say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<i64>,
    /// Fingerprints of the properties accepted of this owner before, newest last: a rollback returns to them, whatever is
    /// refused by then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub previous: Vec<String>,
    /// The properties of the resource.
    pub properties: Map<String, Value>,
}

/// A request that declares something.
#[derive(Clone, Copy, Debug)]
pub struct Declaring<'a> {
    /// The resource.
    pub owner: &'a Identity,
    /// The request's id.
    pub request_id: &'a str,
    /// When it was issued, in seconds since 1970, where it says so.
    pub issued: Option<i64>,
    /// The properties it brings.
    pub properties: &'a Map<String, Value>,
}

impl Declared {
    /// The first declaration of an owner.
    pub fn first(by: Declaring<'_>) -> Self {
        Self {
            version: DECLARED_VERSION,
            owner: Some(by.owner.clone()),
            request_id: by.request_id.to_owned(),
            earlier_requests: Vec::new(),
            issued: by.issued,
            previous: Vec::new(),
            properties: by.properties.clone(),
        }
    }

    /// The same owner's next declaration.
    #[must_use]
    pub fn followed_by(&self, by: Declaring<'_>) -> Self {
        let mut earlier_requests = self.earlier_requests.clone();
        if self.request_id != by.request_id {
            push_last(&mut earlier_requests, self.request_id.clone());
        }
        let mut previous = self.previous.clone();
        if self.properties != *by.properties {
            push_last(&mut previous, mark(&self.properties));
        }
        Self { earlier_requests, previous, issued: self.issued.max(by.issued), ..Self::first(by) }
    }

    /// Did this resource declare it?
    pub fn is_of(&self, identity: &Identity) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner.owner() == identity.owner())
    }

    /// Did a later request of its owner write it than this one?
    pub fn is_newer_than(&self, request_id: &str, issued: Option<i64>) -> bool {
        let followed = self.request_id != request_id && self.earlier_requests.iter().any(|known| known == request_id);
        followed || self.issued.zip(issued).is_some_and(|(newest, own)| newest > own)
    }

    /// Were these properties accepted of its owner before?
    pub fn has_accepted(&self, properties: &Map<String, Value>) -> bool {
        self.properties == *properties || self.previous.contains(&mark(properties))
    }
}

fn mark(properties: &Map<String, Value>) -> String {
    fingerprint(Value::Object(properties.clone()).to_string().as_bytes())
}

/// Adds a word, or moves it to the end; the oldest go.
fn push_last(words: &mut Vec<String>, word: String) {
    words.retain(|known| *known != word);
    words.push(word);
    let surplus = words.len().saturating_sub(KEPT);
    words.drain(..surplus);
}
