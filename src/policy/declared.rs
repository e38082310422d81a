//! The findings policy as it is kept in the state bucket: what was declared, by whom.

use crate::model::identity::Identity;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where it lies in the state bucket; there is one per account and Region.
pub const POLICY_KEY: &str = "declarations/findings-policy.json";
/// The form this version writes.
pub const DECLARED_VERSION: u32 = 1;

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
    /// The properties of `Custom::EcrFindingsPolicy`.
    pub properties: Map<String, Value>,
}
