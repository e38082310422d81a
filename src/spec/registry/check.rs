//! From the properties of `Custom::EcrRegistry` to a [`RegistryWish`], or to every problem at once.

use super::{Around, OnDelete, RegistryWish, access, cache, lists, replication, scanning, templates};
use crate::model::registry::{Entry, Key};
use crate::spec::fields::{Fields, Problem};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What can be declared, in the order of the contract.
const DECLARABLE: &str = "ScanType, ScanRules, ReplicationRules, RegistryPolicy, ReplicationSources, \
    PullThroughCacheAccess, PullThroughCacheRules, CreationTemplates, PullTimeUpdateExclusions, SigningRules or \
    BlobMounting";

/// An entry and where it was declared.
pub(super) type Placed = (String, Entry);

/// Checks properties; every problem at once. What the entries come to together with those of other stacks is no matter
/// of form and not looked at here.
///
/// # Errors
/// Every problem there is, with its path.
pub fn check(properties: &Map<String, Value>, around: &Around<'_>) -> Result<RegistryWish, Vec<Problem>> {
    let problems = RefCell::new(Vec::new());
    let fields = Fields::new(properties, String::new(), &problems);
    let mut placed = scanning::read(&fields);
    placed.extend(replication::read(&fields, around));
    let allows_public = fields.flag("AllowPublicPrincipals").unwrap_or(false);
    placed.extend(access::read(&fields, around, allows_public));
    placed.extend(cache::read(&fields, around));
    placed.extend(templates::read(&fields, around, allows_public));
    placed.extend(lists::exclusions(&fields));
    placed.extend(lists::signing(&fields));
    placed.extend(lists::blob_mounting(&fields));
    let on_delete = fields.choice("OnDelete", &[("Retain", OnDelete::Retain), ("Restore", OnDelete::Restore)]);
    // CloudFormation's own; nothing here takes long enough to look at it.
    let _ = fields.number("ServiceTimeout", 1..=3_600);
    let _ = fields.raw("ServiceToken");
    fields.refuse_unknown();
    let entries = unique(&fields, placed);
    if entries.is_empty() && problems.borrow().is_empty() {
        problems
            .borrow_mut()
            .push(Problem::new("Properties", format!("declare nothing; name at least one of {DECLARABLE}")));
    }
    let found = problems.take();
    if found.is_empty() { Ok(RegistryWish { entries, on_delete: on_delete.unwrap_or_default() }) } else { Err(found) }
}

/// The entries by the place each stands for; two for one place are a mistake.
fn unique(fields: &Fields<'_>, placed: Vec<Placed>) -> BTreeMap<Key, Entry> {
    let mut first: BTreeMap<Key, String> = BTreeMap::new();
    let mut entries = BTreeMap::new();
    for (path, entry) in placed {
        let key = entry.key();
        if let Some(earlier) = first.get(&key) {
            fields.problem(&path, repeated(&entry, earlier));
        } else {
            first.insert(key.clone(), path);
            entries.insert(key, entry);
        }
    }
    entries
}

fn repeated(entry: &Entry, earlier: &str) -> String {
    match entry {
        Entry::ScanFilter { filter, .. } => format!(
            "{filter:?} stands under another frequency too, at {earlier}, and ECR would take the more frequent one; keep it under one"
        ),
        Entry::Statement(statement) => format!(
            "is written under the Sid {:?}, as {earlier} is; give it another Sid, or remove one of the two",
            statement.sid
        ),
        Entry::CacheRule(_) | Entry::Template(_) => {
            format!("has the prefix of {earlier}, and ECR has one for each; remove one, or change its prefix")
        }
        _ => format!("repeats {earlier}; remove one"),
    }
}
