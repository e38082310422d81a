//! Who owns which entry of the registry: one object per account and Region, shared by every stack that declares one.
//!
//! ECR has no place for owners, so they are remembered here. An entry that is in nobody's name is not in here and is
//! never changed. What is written before a merge begins says what is to stand and what of ours may still stand instead,
//! so that whoever comes after a crash knows both.

use crate::model::identity::Identity;
use crate::model::registry::{Entry, Key};
use crate::spec::registry::{OnDelete, RegistryWish};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where it lies in the state bucket.
pub const REGISTRY_KEY: &str = "owners/registry.json";
/// The form this version writes, and the newest it reads.
pub const RECORD_VERSION: u32 = 1;
/// Requests remembered per owner: more than CloudFormation sends in one stack operation.
const KEPT_REQUESTS: usize = 16;
/// Accepted declarations remembered per owner, whole: a rollback returns to one of them, whatever is refused by then.
const KEPT_DECLARATIONS: usize = 6;

/// The record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistryRecord {
    /// [`RECORD_VERSION`]
    pub version: u32,
    /// What is in somebody's name, by the place it stands for.
    #[serde(default, with = "by_key")]
    pub entries: BTreeMap<Key, Recorded>,
    /// The resources that own something or are about to, by owner tag.
    #[serde(default)]
    pub owners: BTreeMap<String, Owner>,
    /// Who merges now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<MergeClaim>,
}

/// One entry in somebody's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// What is to stand.
    pub entry: Entry,
    /// In whose name; never empty. Several stacks may declare the same.
    pub owners: Vec<Identity>,
    /// What stands there without them: what stood there when the first of them came, or what one of them left for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Entry>,
    /// What of ours may stand there instead, until a merge has come to its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsettled: Vec<Entry>,
    /// Is it being taken away by a merge that has not come to its end?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leaving: bool,
}

/// A resource, and what it has declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// The resource.
    pub identity: Identity,
    /// The request of it that wrote last.
    pub request_id: String,
    /// Those that wrote before, newest last: one of them that comes again is out of date.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_requests: Vec<String>,
    /// When the newest of them was issued, in seconds since 1970, where they say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<i64>,
    /// Declarations accepted of it, newest last.
    #[serde(default)]
    pub accepted: Vec<Accepted>,
    /// Has it ever reached one? A creation that did not leaves nothing behind, whatever it declared.
    #[serde(default)]
    pub reached: bool,
}

/// A declaration that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// Of its properties.
    pub fingerprint: String,
    /// What it declares.
    pub entries: Vec<Entry>,
    /// Is what stood before put back when the resource is deleted?
    pub restores: bool,
}

/// A merge at work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MergeClaim {
    /// The owner tag of the resource.
    pub owner: String,
    /// Its request.
    pub request_id: String,
    /// Seconds since 1970 after which the claim has lapsed.
    pub until: i64,
    /// Seconds since 1970 before which the holder does not look: whoever held it before may still be at work.
    #[serde(default)]
    pub after: i64,
}

impl Default for RegistryRecord {
    fn default() -> Self {
        Self { version: RECORD_VERSION, entries: BTreeMap::new(), owners: BTreeMap::new(), claim: None }
    }
}

impl Recorded {
    /// Is it in the name of this resource?
    pub fn is_of(&self, owner: &Identity) -> bool {
        self.owners.iter().any(|known| known.owner() == owner.owner())
    }

    /// Everybody else it is in the name of.
    pub fn others<'a>(&'a self, owner: &Identity) -> impl Iterator<Item = &'a Identity> + use<'a> {
        let own = owner.owner();
        self.owners.iter().filter(move |known| known.owner() != own)
    }

    /// Is this what we put there?
    pub fn is_ours(&self, standing: &Entry) -> bool {
        self.entry.agrees_with(standing) || self.unsettled.iter().any(|entry| entry.agrees_with(standing))
    }
}

impl Accepted {
    /// The wish with these properties' fingerprint.
    pub fn of(fingerprint: &str, wish: &RegistryWish) -> Self {
        Self {
            fingerprint: fingerprint.to_owned(),
            entries: wish.entries.values().cloned().collect(),
            restores: wish.on_delete == OnDelete::Restore,
        }
    }

    /// The wish again.
    pub fn wish(&self) -> RegistryWish {
        RegistryWish {
            entries: self.entries.iter().map(|entry| (entry.key(), entry.clone())).collect(),
            on_delete: if self.restores { OnDelete::Restore } else { OnDelete::Retain },
        }
    }
}

impl Owner {
    /// Did a later request of the resource write than this one?
    pub fn is_newer_than(&self, request_id: &str, issued: Option<i64>) -> bool {
        let followed = self.request_id != request_id && self.earlier_requests.iter().any(|known| known == request_id);
        followed || self.issued.zip(issued).is_some_and(|(newest, own)| newest > own)
    }

    /// The declaration with these properties that was accepted before.
    pub fn accepted(&self, fingerprint: &str) -> Option<&Accepted> {
        self.accepted.iter().rev().find(|accepted| accepted.fingerprint == fingerprint)
    }
}

impl RegistryRecord {
    /// A resource that has been here.
    pub fn owner(&self, identity: &Identity) -> Option<&Owner> {
        self.owners.get(&identity.owner())
    }

    /// Entries in the name of a resource.
    pub fn of<'a>(&'a self, owner: &'a Identity) -> impl Iterator<Item = (&'a Key, &'a Recorded)> {
        self.entries.iter().filter(move |(_, recorded)| recorded.is_of(owner))
    }

    /// Notes that a request of a resource is the one at work.
    pub fn take_up(&mut self, identity: &Identity, request_id: &str, issued: Option<i64>) {
        let owner = self.owners.entry(identity.owner()).or_insert_with(|| Owner {
            identity: identity.clone(),
            request_id: request_id.to_owned(),
            earlier_requests: Vec::new(),
            issued,
            accepted: Vec::new(),
            reached: false,
        });
        owner.issued = owner.issued.max(issued);
        if owner.request_id != request_id {
            let last = std::mem::replace(&mut owner.request_id, request_id.to_owned());
            owner.earlier_requests.retain(|known| *known != last && known != request_id);
            owner.earlier_requests.push(last);
            keep_last(&mut owner.earlier_requests, KEPT_REQUESTS);
        }
    }

    /// Notes what a resource declares now.
    pub fn accept(&mut self, identity: &Identity, accepted: Accepted) {
        if let Some(owner) = self.owners.get_mut(&identity.owner()) {
            owner.accepted.retain(|known| known.fingerprint != accepted.fingerprint);
            owner.accepted.push(accepted);
            keep_last(&mut owner.accepted, KEPT_DECLARATIONS);
        }
    }

    /// Notes that a resource has reached what it declares.
    pub fn reach(&mut self, identity: &Identity) {
        if let Some(owner) = self.owners.get_mut(&identity.owner()) {
            owner.reached = true;
        }
    }

    /// Takes a resource out that leaves what it declared: an entry that others declare too stays when they go.
    pub fn retain(&mut self, identity: &Identity) {
        for recorded in self.entries.values_mut().filter(|recorded| recorded.is_of(identity)) {
            recorded.before = Some(recorded.entry.clone());
        }
        self.forget(identity);
    }

    /// Takes a resource out. What was in its name alone is nobody's from then on.
    pub fn forget(&mut self, identity: &Identity) {
        self.owners.remove(&identity.owner());
        for recorded in self.entries.values_mut() {
            recorded.owners.retain(|known| known.owner() != identity.owner());
        }
        self.entries.retain(|_, recorded| !recorded.owners.is_empty());
    }
}

fn keep_last<T>(list: &mut Vec<T>, most: usize) {
    let surplus = list.len().saturating_sub(most);
    list.drain(..surplus);
}

/// JSON knows no keys of two parts: a list, whose entries say what they stand for.
mod by_key {
    use super::{Key, Recorded};
    use serde::{Deserialize, Deserializer, Serializer};
    use std::collections::BTreeMap;

    pub(super) fn serialize<S: Serializer>(
        entries: &BTreeMap<Key, Recorded>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(entries.values())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Key, Recorded>, D::Error> {
        let list = Vec::<Recorded>::deserialize(deserializer)?;
        Ok(list.into_iter().map(|recorded| (recorded.entry.key(), recorded)).collect())
    }
}
