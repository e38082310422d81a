//! Who owns what: the stack and the logical id behind every repository we manage.
//!
//! Everything that names a custom resource towards AWS (physical id, owner tag, keys in the state bucket) is
//! derived here from the stack's guid and the logical id alone, so that a retried, repeated or rolled-back
//! request always names the same thing.

use super::place::Place;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Past this length a logical id is shortened with a hash inside the owner tag (a tag value holds 256 characters).
pub const MAX_LOGICAL_ID_IN_TAG: usize = 200;

/// A CloudFormation stack's ARN, taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackId {
    /// The whole ARN, byte for byte as CloudFormation sent it.
    pub arn: String,
    /// Partition, account and Region of the stack, which are also the registry's.
    pub place: Place,
    /// The stack's name.
    pub name: String,
    /// The unique last part of the ARN: two stacks of one name, one after the other, differ in it.
    pub guid: String,
}

impl StackId {
    /// Parses `arn:<partition>:cloudformation:<region>:<account>:stack/<name>/<guid>`.
    pub fn parse(arn: &str) -> Result<Self, String> {
        let wrong = || format!("{arn:?} is not the ARN of a CloudFormation stack");
        let mut parts = arn.splitn(6, ':');
        let mut next = || parts.next().filter(|part| !part.is_empty());
        let (Some("arn"), Some(partition), Some("cloudformation"), Some(region), Some(account), Some(tail)) =
            (next(), next(), next(), next(), next(), next())
        else {
            return Err(wrong());
        };
        let mut tail = tail.split('/');
        let (Some("stack"), Some(name), Some(guid), None) = (tail.next(), tail.next(), tail.next(), tail.next()) else {
            return Err(wrong());
        };
        if name.is_empty() || guid.is_empty() {
            return Err(wrong());
        }
        Ok(Self {
            arn: arn.to_owned(),
            place: Place { partition: partition.to_owned(), region: region.to_owned(), account: account.to_owned() },
            name: name.to_owned(),
            guid: guid.to_owned(),
        })
    }

    /// The ARN of a stack known by name and guid only, in the same place as `place`.
    pub fn arn_of(place: &Place, name: &str, guid: &str) -> String {
        format!("arn:{}:cloudformation:{}:{}:stack/{name}/{guid}", place.partition, place.region, place.account)
    }
}

/// One custom resource of one stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The stack that declares it.
    pub stack: StackId,
    /// Its logical id in the template.
    pub logical_id: String,
}

impl Identity {
    /// The physical id every answer carries; it never changes, so CloudFormation never sees a replacement.
    pub fn physical_id(&self) -> String {
        format!("ecr-steward/{}/{}", self.stack.guid, self.logical_id)
    }

    /// The value of the `ecr-steward:owner` tag.
    pub fn owner(&self) -> String {
        format!("{}/{}", self.stack.guid, shortened(&self.logical_id))
    }

    /// Where the resource's ledger lies in the state bucket.
    pub fn ledger_key(&self) -> String {
        ledger_key(&self.owner())
    }

    /// Where the answer to one of its requests lies in the state bucket.
    pub fn answer_key(&self, request_id: &str) -> String {
        format!("answers/{}/{}.json", self.owner(), fingerprint(request_id.as_bytes()))
    }

    /// Where the resource's outputs lie in the state bucket.
    pub fn outputs_key(&self) -> String {
        format!("outputs/{}/{}.json", self.stack.guid, self.logical_id)
    }

    /// Where the snapshot of one adopted repository lies; one per adopting request, never overwritten.
    pub fn snapshot_key(&self, repository: &str, request_id: &str) -> String {
        format!("snapshots/{}/{repository}/{request_id}.json", self.owner())
    }
}

/// Where the ledger of the resource with this owner tag lies in the state bucket.
pub fn ledger_key(owner: &str) -> String {
    format!("ledgers/{owner}.json")
}

fn shortened(logical_id: &str) -> String {
    if logical_id.chars().count() <= MAX_LOGICAL_ID_IN_TAG {
        return logical_id.to_owned();
    }
    let hash = fingerprint(logical_id.as_bytes());
    let kept = MAX_LOGICAL_ID_IN_TAG.saturating_sub(hash.len()).saturating_sub(1);
    let head: String = logical_id.chars().take(kept).collect();
    format!("{head}-{hash}")
}

/// The first 64 bits of a SHA-256, in hexadecimal: enough to tell declarations and plans apart, not a signature.
pub fn fingerprint(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(16);
    for byte in Sha256::digest(bytes).iter().take(8) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
