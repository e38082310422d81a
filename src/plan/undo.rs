//! What a change was before and after, whole enough to put it back.

use super::{Change, Step};
use crate::lifecycle;
use crate::model::Seen;
use crate::model::policy::Document;
use crate::model::repository::{Mutability, OWN_TAG_PREFIX, Repository};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Tags by key; `None` where there is no such tag.
type TagValues = BTreeMap<String, Option<String>>;

/// One attribute of a repository that a change alters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "attribute", rename_all_fields = "camelCase")]
pub enum Altered {
    /// The repository itself: it did not exist and was created.
    Existence,
    /// The scan flag.
    ScanOnPush {
        /// What it was.
        before: bool,
        /// What it is to be.
        after: bool,
    },
    /// Tag mutability.
    ImageTagMutability {
        /// What it was.
        before: Mutability,
        /// What it is to be.
        after: Mutability,
    },
    /// The lifecycle policy's text, where there is one.
    LifecyclePolicy {
        /// What it was.
        before: Option<String>,
        /// What it is to be.
        after: Option<String>,
    },
    /// The repository policy's text, where there is one.
    RepositoryPolicy {
        /// What it was.
        before: Option<String>,
        /// What it is to be.
        after: Option<String>,
    },
    /// The tags that are set or removed.
    Tags {
        /// What they were.
        before: TagValues,
        /// What they are to be.
        after: TagValues,
    },
}

impl Altered {
    /// The attribute's name.
    pub const fn attribute(&self) -> &'static str {
        match self {
            Self::Existence => "Existence",
            Self::ScanOnPush { .. } => "ScanOnPush",
            Self::ImageTagMutability { .. } => "ImageTagMutability",
            Self::LifecyclePolicy { .. } => "LifecyclePolicy",
            Self::RepositoryPolicy { .. } => "RepositoryPolicy",
            Self::Tags { .. } => "Tags",
        }
    }

    /// The same change, begun from where an earlier one of this attribute began.
    #[must_use]
    pub fn from(self, earlier: &Self) -> Self {
        match (self, earlier) {
            (Self::ScanOnPush { after, .. }, Self::ScanOnPush { before, .. }) => {
                Self::ScanOnPush { before: *before, after }
            }
            (Self::ImageTagMutability { after, .. }, Self::ImageTagMutability { before, .. }) => {
                Self::ImageTagMutability { before: before.clone(), after }
            }
            (Self::LifecyclePolicy { after, .. }, Self::LifecyclePolicy { before, .. }) => {
                Self::LifecyclePolicy { before: before.clone(), after }
            }
            (Self::RepositoryPolicy { after, .. }, Self::RepositoryPolicy { before, .. }) => {
                Self::RepositoryPolicy { before: before.clone(), after }
            }
            (Self::Tags { before: since, after }, Self::Tags { before, after: reached }) => {
                let (mut all_before, mut all_after) = (since, reached.clone());
                all_before.extend(before.clone());
                all_after.extend(after);
                Self::Tags { before: all_before, after: all_after }
            }
            (other, _) => other,
        }
    }
}

/// The attribute that a write alters; `None` where it alters nothing of a repository.
pub const fn attribute(change: &Change) -> Option<&'static str> {
    match change {
        Change::CreateRepository { .. } | Change::CreatePublicRepository { .. } => Some("Existence"),
        Change::PutImageScanningConfiguration { .. } => Some("ScanOnPush"),
        Change::PutImageTagMutability { .. } => Some("ImageTagMutability"),
        Change::PutLifecyclePolicy { .. } | Change::DeleteLifecyclePolicy { .. } => Some("LifecyclePolicy"),
        Change::SetRepositoryPolicy { .. } | Change::DeleteRepositoryPolicy { .. } => Some("RepositoryPolicy"),
        Change::TagResource { .. } | Change::UntagResource { .. } => Some("Tags"),
        // Only drift is put back, and the public gallery is left alone by it.
        Change::PutRepositoryCatalogData { .. }
        | Change::DeleteRepository { .. }
        | Change::PutParameter { .. }
        | Change::DeleteParameter { .. } => None,
    }
}

/// What writes alter of a repository; `None` is one that does not exist yet.
pub fn altered<'a>(changes: impl IntoIterator<Item = &'a Change>, seen: Option<&Repository>) -> Vec<Altered> {
    let Some(seen) = seen else { return vec![Altered::Existence] };
    let mut all: BTreeMap<&'static str, Altered> = BTreeMap::new();
    for change in changes {
        let Some(one) = one(change, seen) else { continue };
        let name = one.attribute();
        let one = match all.remove(name) {
            Some(earlier) => one.from(&earlier),
            None => one,
        };
        all.insert(name, one);
    }
    all.into_values().collect()
}

fn one(change: &Change, seen: &Repository) -> Option<Altered> {
    let lifecycle = |after| Altered::LifecyclePolicy { before: text(&seen.lifecycle, |found| &found.text), after };
    let policy = |after| Altered::RepositoryPolicy { before: text(&seen.policy, |found| &found.text), after };
    Some(match change {
        Change::PutImageScanningConfiguration { scan_on_push, .. } => {
            Altered::ScanOnPush { before: seen.scan_on_push, after: *scan_on_push }
        }
        Change::PutImageTagMutability { mutability, .. } => {
            Altered::ImageTagMutability { before: seen.mutability.clone(), after: mutability.clone() }
        }
        Change::PutLifecyclePolicy { text, .. } => lifecycle(Some(text.clone())),
        Change::DeleteLifecyclePolicy { .. } => lifecycle(None),
        Change::SetRepositoryPolicy { text, .. } => policy(Some(text.clone())),
        Change::DeleteRepositoryPolicy { .. } => policy(None),
        Change::TagResource { tags, .. } => {
            let after: TagValues = tags.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
            Altered::Tags { before: tags_of(seen, after.keys()), after }
        }
        Change::UntagResource { keys, .. } => Altered::Tags {
            before: tags_of(seen, keys.iter()),
            after: keys.iter().map(|key| (key.clone(), None)).collect(),
        },
        Change::CreateRepository { .. }
        | Change::CreatePublicRepository { .. }
        | Change::PutRepositoryCatalogData { .. }
        | Change::DeleteRepository { .. }
        | Change::PutParameter { .. }
        | Change::DeleteParameter { .. } => return None,
    })
}

fn text<T>(seen: &Seen<T>, text: impl Fn(&T) -> &String) -> Option<String> {
    seen.present().map(|found| text(found).clone())
}

fn tags_of<'a>(seen: &Repository, keys: impl Iterator<Item = &'a String>) -> TagValues {
    let tags = seen.tags.present();
    keys.map(|key| (key.clone(), tags.and_then(|tags| tags.get(key)).cloned())).collect()
}

/// What putting an attribute back comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WayBack {
    /// These writes.
    Steps(Vec<Step>),
    /// It is as it was before already.
    Reached,
    /// Somebody changed it since, or it cannot be put back: why, in words.
    Refused(String),
}

/// The way back from a change of one attribute: only from exactly what it made, since whatever else stands there is
/// somebody's wish by now.
pub fn way_back(altered: &Altered, seen: &Repository) -> WayBack {
    match altered {
        Altered::Existence => WayBack::Refused(
            "it created the repository, and what was created is not deleted by putting back".to_owned(),
        ),
        Altered::ScanOnPush { before, after } => {
            let change = Change::PutImageScanningConfiguration { name: seen.name.clone(), scan_on_push: *before };
            decide("its scan flag", seen.scan_on_push == *after, seen.scan_on_push == *before, vec![change])
        }
        Altered::ImageTagMutability { before, after } => {
            let change = Change::PutImageTagMutability { name: seen.name.clone(), mutability: before.clone() };
            decide("its tag mutability", seen.mutability == *after, seen.mutability == *before, vec![change])
        }
        Altered::LifecyclePolicy { before, after } => {
            let name = seen.name.clone();
            let change = match before {
                Some(text) => Change::PutLifecyclePolicy { name, text: text.clone() },
                None => Change::DeleteLifecyclePolicy { name },
            };
            of_text(
                "its lifecycle policy",
                &seen.lifecycle,
                |found, text| found.text == *text || same_lifecycle(&found.text, text),
                (before.as_ref(), after.as_ref()),
                change,
            )
        }
        Altered::RepositoryPolicy { before, after } => {
            let name = seen.name.clone();
            let change = match before {
                Some(text) => Change::SetRepositoryPolicy { name, text: text.clone() },
                None => Change::DeleteRepositoryPolicy { name },
            };
            of_text(
                "its repository policy",
                &seen.policy,
                |found, text| found.text == *text || same_policy(&found.text, text),
                (before.as_ref(), after.as_ref()),
                change,
            )
        }
        Altered::Tags { before, after } => of_tags(before, after, seen),
    }
}

fn decide(what: &str, is_after: bool, is_before: bool, changes: Vec<Change>) -> WayBack {
    if is_before {
        return WayBack::Reached;
    }
    if !is_after {
        return WayBack::Refused(format!("{what} was changed again since, so it is not what this change made of it"));
    }
    let step = |change| Step { change, why: "as it was before".to_owned() };
    WayBack::Steps(changes.into_iter().map(step).collect())
}

fn of_text<T>(
    what: &str,
    seen: &Seen<T>,
    is: impl Fn(&T, &String) -> bool,
    (before, after): (Option<&String>, Option<&String>),
    change: Change,
) -> WayBack {
    let matches = |wished: Option<&String>| match (seen, wished) {
        (Seen::Present(found), Some(text)) => is(found, text),
        (Seen::Missing, None) => true,
        _ => false,
    };
    match seen {
        Seen::Unreadable(fault) => WayBack::Refused(format!("{what} could not be read: {fault}")),
        Seen::Unasked => WayBack::Refused(format!("{what} was not read")),
        Seen::Present(_) | Seen::Missing => decide(what, matches(after), matches(before), vec![change]),
    }
}

/// ECR gives a policy back in its own spelling.
fn same_lifecycle(one: &str, other: &str) -> bool {
    match (lifecycle::parse_text(one), lifecycle::parse_text(other)) {
        (Ok(one), Ok(other)) => one.means_the_same(&other),
        _ => same_json(one, other),
    }
}

fn same_policy(one: &str, other: &str) -> bool {
    match (Document::parse_text(one), Document::parse_text(other)) {
        (Ok(one), Ok(other)) => one.means_the_same(&other),
        _ => same_json(one, other),
    }
}

fn same_json(one: &str, other: &str) -> bool {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
    parsed(one).is_some_and(|one| Some(one) == parsed(other))
}

fn of_tags(before: &TagValues, after: &TagValues, seen: &Repository) -> WayBack {
    if let Seen::Unreadable(fault) = &seen.tags {
        return WayBack::Refused(format!("its tags could not be read: {fault}"));
    }
    // Who owns a repository is for its declaration to say.
    let theirs = |tags: &TagValues| -> TagValues {
        let others = tags.iter().filter(|(key, _)| !key.starts_with(OWN_TAG_PREFIX));
        others.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let (before, after) = (theirs(before), theirs(after));
    let now = tags_of(seen, after.keys());
    let set = before.iter().filter_map(|(key, value)| Some((key.clone(), value.clone()?))).collect::<BTreeMap<_, _>>();
    let removed: Vec<String> = before.iter().filter(|(_, value)| value.is_none()).map(|(key, _)| key.clone()).collect();
    let mut changes = Vec::new();
    if !removed.is_empty() {
        changes.push(Change::UntagResource { arn: seen.arn.clone(), keys: removed });
    }
    if !set.is_empty() {
        changes.push(Change::TagResource { arn: seen.arn.clone(), tags: set });
    }
    decide("one of its tags", now == after, now == before, changes)
}
