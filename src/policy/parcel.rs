//! A finished message for one sink, with a key by which a receiver knows that it has it already.

use crate::spec::findings::Sink;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A finished message. Kept in the image's record until it was delivered, so what is sent again has the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// The same for the same change, route and part, however often it is made: 32 hexadecimal digits.
    pub key: String,
    /// Where it goes.
    pub sink: Sink,
    /// The SSM parameter that holds the address, where it is a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The subject of a topic message; at most 99 printable ASCII characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// Message attributes of a topic message, for filter policies.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// What is said: JSON, or text for the topic.
    pub body: String,
}
