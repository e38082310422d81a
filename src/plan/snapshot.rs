//! How a repository was before it was adopted, and the way back to that.

use super::guard::own_tag_keys;
use super::{Change, Step};
use crate::model::Seen;
use crate::model::catalog::Catalog;
use crate::model::name::RepositoryName;
use crate::model::repository::{Mutability, Repository, Tags};
use serde::{Deserialize, Serialize};

/// Every setting of a repository at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The repository.
    pub repository: RepositoryName,
    /// When it was taken (RFC 3339).
    pub at: String,
    /// Tag mutability.
    pub mutability: Mutability,
    /// The scan flag.
    pub scan_on_push: bool,
    /// All tags.
    pub tags: Tags,
    /// The lifecycle policy's text.
    pub lifecycle: Option<String>,
    /// The repository policy's text.
    pub policy: Option<String>,
    /// What the public gallery showed; `None` for a private repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<Catalog>,
}

impl Snapshot {
    /// Takes it, or says what could not be read: a snapshot with a hole would restore a hole.
    pub fn take(seen: &Repository, at: &str) -> Result<Self, String> {
        Ok(Self {
            repository: seen.name.clone(),
            at: at.to_owned(),
            mutability: seen.mutability.clone(),
            scan_on_push: seen.scan_on_push,
            tags: whole("tags", &seen.tags)?.cloned().unwrap_or_default(),
            lifecycle: whole("lifecycle policy", &seen.lifecycle)?.map(|found| found.text.clone()),
            policy: whole("repository policy", &seen.policy)?.map(|found| found.text.clone()),
            catalog: match &seen.catalog {
                Seen::Unasked => None,
                seen => Some(whole("catalog data", seen)?.cloned().unwrap_or_default()),
            },
        })
    }

    /// The writes that put every changed setting back; our tags come off last, so that an interrupted way back
    /// is still ours to finish. `Err` says what could not be read: unreadable is not absent.
    pub fn restore(&self, seen: &Repository) -> Result<Vec<Step>, String> {
        let lifecycle = whole("lifecycle policy", &seen.lifecycle)?.map(|found| &found.text);
        let policy = whole("repository policy", &seen.policy)?.map(|found| &found.text);
        let mut steps = Vec::new();
        let mut step = |change: Change| steps.push(Step { change, why: "as it was before it was adopted".to_owned() });
        let name = || self.repository.clone();
        if seen.mutability != self.mutability {
            step(Change::PutImageTagMutability { name: name(), mutability: self.mutability.clone() });
        }
        if seen.scan_on_push != self.scan_on_push {
            step(Change::PutImageScanningConfiguration { name: name(), scan_on_push: self.scan_on_push });
        }
        match &self.lifecycle {
            Some(text) if lifecycle != Some(text) => {
                step(Change::PutLifecyclePolicy { name: name(), text: text.clone() });
            }
            None if lifecycle.is_some() => step(Change::DeleteLifecyclePolicy { name: name() }),
            Some(_) | None => {}
        }
        match &self.policy {
            Some(text) if policy != Some(text) => {
                step(Change::SetRepositoryPolicy { name: name(), text: text.clone() });
            }
            None if policy.is_some() => step(Change::DeleteRepositoryPolicy { name: name() }),
            Some(_) | None => {}
        }
        if let Some(before) = &self.catalog {
            let found = whole("catalog data", &seen.catalog)?.cloned().unwrap_or_default();
            if !found.shows_the_same(before) {
                step(Change::PutRepositoryCatalogData { name: name(), catalog: Box::new(before.said_whole()) });
            }
        }
        self.restore_tags(seen, &mut step);
        Ok(steps)
    }

    fn restore_tags(&self, seen: &Repository, step: &mut impl FnMut(Change)) {
        let none = Tags::new();
        let current = seen.tags.present().unwrap_or(&none);
        let set: Tags = self
            .tags
            .iter()
            .filter(|(key, value)| current.get(*key) != Some(*value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if !set.is_empty() {
            step(Change::TagResource { arn: seen.arn.clone(), tags: set });
        }
        let added: Vec<String> = current.keys().filter(|key| !self.tags.contains_key(*key)).cloned().collect();
        if !added.is_empty() {
            step(Change::UntagResource { arn: seen.arn.clone(), keys: added });
        }
    }
}

fn whole<'a, T>(what: &str, seen: &'a Seen<T>) -> Result<Option<&'a T>, String> {
    match seen {
        Seen::Present(thing) => Ok(Some(thing)),
        Seen::Missing => Ok(None),
        Seen::Unreadable(fault) => Err(format!("its {what} could not be read: {fault}")),
        Seen::Unasked => Err(format!("its {what} were not read")),
    }
}

/// The one write that hands a repository back: our tags come off, nothing else changes.
pub fn hand_back(seen: &Repository) -> Vec<Step> {
    let keys = seen.tags.present().map(own_tag_keys).unwrap_or_default();
    if keys.is_empty() {
        return Vec::new();
    }
    let change = Change::UntagResource { arn: seen.arn.clone(), keys };
    vec![Step { change, why: "handed back".to_owned() }]
}
