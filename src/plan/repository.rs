//! One repository: what it is wished to be against what it is.

use super::posture::Requirement;
use super::{Change, Step};
use crate::fault::Fault;
use crate::model::identity::Identity;
use crate::model::policy::{self, Document, Mode};
use crate::model::repository::{
    Encryption, FoundLifecycle, FoundPolicy, MAX_TAGS, OWNER_TAG, Observed, RELEASED_TAG, Repository, STACK_TAG,
    ScanType, Tags,
};
use crate::model::{Seen, Wish};
use crate::spec::RepositorySpec;
use std::collections::BTreeSet;

/// What the comparison of one repository needs besides the two sides.
#[derive(Clone, Debug)]
pub struct Around<'a> {
    /// Whose it is to be.
    pub identity: &'a Identity,
    /// How the registry scans.
    pub scanning: &'a Seen<ScanType>,
    /// The stack's own tags, where they are to be propagated.
    pub stack_tags: &'a Tags,
    /// Tag keys that must keep their values (an adopted repository's own).
    pub kept_keys: &'a BTreeSet<String>,
    /// Tag keys earlier declarations put there.
    pub declared_keys: &'a BTreeSet<String>,
    /// The encryption the last declaration wished.
    pub encryption_before: Option<&'a Encryption>,
}

/// What comparing gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Writes, in order.
    pub steps: Vec<Step>,
    /// Why it cannot be done.
    pub blocked: Vec<String>,
    /// What differs and stays.
    pub retained: Vec<String>,
    /// Is something blocked because it could not be read, so that nobody knows whether it differs?
    pub unread: bool,
}

impl Comparison {
    pub(super) fn step(&mut self, change: Change, why: impl Into<String>) {
        self.steps.push(Step { change, why: why.into() });
    }

    pub(super) fn unreadable(&mut self, what: &str, fault: &Fault) {
        self.blocked.push(format!("its {what} could not be read, so nothing was changed: {fault}"));
        self.unread = true;
    }

    fn followed_by(mut self, next: Self) -> Self {
        self.steps.extend(next.steps);
        self.blocked.extend(next.blocked);
        self.retained.extend(next.retained);
        self.unread |= next.unread;
        self
    }
}

/// The writes that make a new repository.
pub fn create(spec: &RepositorySpec, around: &Around<'_>) -> Comparison {
    let mut made = Comparison::default();
    let tags = desired_tags(spec, around);
    if tags.len() > MAX_TAGS {
        made.blocked.push(too_many_tags(tags.len()));
    }
    made.step(
        Change::CreateRepository {
            name: spec.name.clone(),
            mutability: spec.mutability.clone(),
            scan_on_push: spec.scan_on_push,
            encryption: spec.encryption.clone(),
            tags,
        },
        "it does not exist",
    );
    if let Wish::Is(policy) = &spec.lifecycle {
        let change = Change::PutLifecyclePolicy { name: spec.name.clone(), text: policy.to_text() };
        made.step(change, "a new repository has none");
    }
    if let Some(document) = policy::desired(None, &spec.statements, spec.policy_mode) {
        let change = Change::SetRepositoryPolicy { name: spec.name.clone(), text: document.to_text() };
        made.step(change, "a new repository has none");
    }
    made
}

/// The writes that bring an existing repository to its declaration.
pub fn compare(spec: &RepositorySpec, seen: &Repository, around: &Around<'_>) -> Comparison {
    let parts = by_requirement(spec, seen, around);
    parts.into_iter().fold(Comparison::default(), |all, (_, made)| all.followed_by(made))
}

/// The same, requirement by requirement, in the order of the writes.
pub fn by_requirement(spec: &RepositorySpec, seen: &Repository, around: &Around<'_>) -> [(Requirement, Comparison); 6] {
    let part = |compare: &dyn Fn(&mut Comparison)| {
        let mut made = Comparison::default();
        compare(&mut made);
        made
    };
    [
        (Requirement::EncryptionType, part(&|made| compare_encryption(spec, seen, around.encryption_before, made))),
        (Requirement::RequiredTags, part(&|made| compare_tags(spec, seen, around, made))),
        (Requirement::ImageTagMutability, part(&|made| compare_mutability(spec, seen, made))),
        (Requirement::ScanOnPush, part(&|made| compare_scanning(spec, seen, around.scanning, made))),
        (Requirement::LifecyclePolicy, part(&|made| compare_lifecycle(spec, seen, made))),
        (Requirement::RepositoryPolicy, part(&|made| compare_policy(spec, seen, made))),
    ]
}

fn compare_encryption(spec: &RepositorySpec, seen: &Repository, before: Option<&Encryption>, made: &mut Comparison) {
    let rewritten = before.is_some_and(|before| *before != spec.encryption);
    if spec.encryption.is_met_by(&seen.encryption) {
        if rewritten && !spec.encryption.names_key_of(&seen.encryption) {
            made.blocked.push("its KmsKey is written differently than before, and whether the new one is the same key cannot be told from here; ECR could not change it. Give the ARN of the key it has, or write it as before".to_owned());
        }
        return;
    }
    let key = |key: &Option<String>| key.as_ref().map_or_else(String::new, |key| format!(" with key {key}"));
    made.blocked.push(format!(
        "it is encrypted with {}{} and the declaration says {}{}; ECR cannot change the encryption of a repository that exists. Declare a new name (or NamePattern), copy the images there and switch over, or keep the encryption it has",
        seen.encryption.kind.as_str(),
        key(&seen.encryption.kms_key),
        spec.encryption.kind.as_str(),
        key(&spec.encryption.kms_key),
    ));
}

/// All tags the repository is wished to carry: the stack's own at the lowest precedence.
pub(super) fn desired_tags(spec: &RepositorySpec, around: &Around<'_>) -> Tags {
    let mut tags = around.stack_tags.clone();
    tags.extend(spec.tags.clone());
    tags.insert(OWNER_TAG.to_owned(), around.identity.owner());
    tags.insert(STACK_TAG.to_owned(), around.identity.stack.name.clone());
    tags
}

pub(super) fn compare_tags(spec: &RepositorySpec, seen: &Repository, around: &Around<'_>, made: &mut Comparison) {
    let current = match &seen.tags {
        Seen::Present(tags) => tags.clone(),
        Seen::Missing | Seen::Unasked => Tags::new(),
        Seen::Unreadable(fault) => return made.unreadable("tags", fault),
    };
    let kept = |key: &String| around.kept_keys.contains(key);
    let desired: Tags = desired_tags(spec, around).into_iter().filter(|(key, _)| !kept(key)).collect();
    let set: Tags = desired
        .iter()
        .filter(|(key, value)| current.get(*key) != Some(*value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let removed: Vec<String> = current
        .keys()
        .filter(|key| *key == RELEASED_TAG || around.declared_keys.contains(*key))
        .filter(|key| !desired.contains_key(*key) && !kept(key))
        .cloned()
        .collect();
    let all: BTreeSet<&String> = current.keys().chain(desired.keys()).filter(|key| !removed.contains(key)).collect();
    if all.len() > MAX_TAGS {
        made.blocked.push(too_many_tags(all.len()));
    }
    // Removing first makes room under the limit of 50.
    if !removed.is_empty() {
        let why = format!("no longer declared: {}", removed.join(", "));
        made.step(Change::UntagResource { arn: seen.arn.clone(), keys: removed }, why);
    }
    if !set.is_empty() {
        let keys: Vec<&str> = set.keys().map(String::as_str).collect();
        let why = format!("missing or different: {}", keys.join(", "));
        made.step(Change::TagResource { arn: seen.arn.clone(), tags: set }, why);
    }
}

pub(super) fn too_many_tags(count: usize) -> String {
    format!(
        "it would carry {count} tags; ECR allows {MAX_TAGS}. Declare fewer Tags, set PropagateStackTags to false, or remove some that others put there"
    )
}

fn compare_mutability(spec: &RepositorySpec, seen: &Repository, made: &mut Comparison) {
    if spec.mutability != seen.mutability {
        let why = format!("{} → {}", seen.mutability.mode.as_str(), spec.mutability.mode.as_str());
        let change = Change::PutImageTagMutability { name: spec.name.clone(), mutability: spec.mutability.clone() };
        made.step(change, why);
    }
}

fn compare_scanning(spec: &RepositorySpec, seen: &Repository, scanning: &Seen<ScanType>, made: &mut Comparison) {
    if spec.scan_on_push == seen.scan_on_push {
        return;
    }
    match scanning {
        Seen::Present(ScanType::Enhanced) => made.retained.push(
            "scanning is governed by the registry (ENHANCED); the repository's own flag means nothing there".to_owned(),
        ),
        Seen::Unreadable(fault) => made.unreadable("registry's scan type", fault),
        Seen::Present(ScanType::Basic) | Seen::Missing | Seen::Unasked => made.step(
            Change::PutImageScanningConfiguration { name: spec.name.clone(), scan_on_push: spec.scan_on_push },
            format!("{} → {}", seen.scan_on_push, spec.scan_on_push),
        ),
    }
}

fn compare_lifecycle(spec: &RepositorySpec, seen: &Repository, made: &mut Comparison) {
    let found = match &seen.lifecycle {
        Seen::Unreadable(fault) => return made.unreadable("lifecycle policy", fault),
        Seen::Present(found) => Some(found),
        Seen::Missing | Seen::Unasked => None,
    };
    let name = spec.name.clone();
    match (&spec.lifecycle, found) {
        (Wish::Leave, _) | (Wish::Absent, None) => {}
        (Wish::Absent, Some(_)) => made.step(Change::DeleteLifecyclePolicy { name }, "LifecyclePolicy is None"),
        (Wish::Is(wished), Some(FoundLifecycle { policy: Some(actual), .. })) if wished.means_the_same(actual) => {}
        (Wish::Is(wished), found) => {
            let why = if found.is_some() { "differs in meaning" } else { "there is none" };
            let text = wished.to_text();
            made.step(Change::PutLifecyclePolicy { name, text }, why);
        }
    }
}

pub(super) fn compare_policy(spec: &RepositorySpec, seen: &Repository, made: &mut Comparison) {
    let found = match &seen.policy {
        Seen::Unasked => return,
        Seen::Unreadable(fault) => return made.unreadable("repository policy", fault),
        Seen::Present(found) => Some(found),
        Seen::Missing => None,
    };
    let existing = match found {
        Some(FoundPolicy { document: None, .. }) if spec.policy_mode == Mode::Merge => {
            made.blocked.push("its repository policy has a form this version cannot merge with; set PolicyMode to Exclusive to replace it".to_owned());
            return;
        }
        Some(FoundPolicy { document, .. }) => document.as_ref(),
        None => None,
    };
    if let Some(conflict) = policy::version_conflict(existing, &spec.statements) {
        made.blocked.push(format!("its repository policy: {conflict}"));
        return;
    }
    let desired = policy::desired(existing, &spec.statements, spec.policy_mode);
    let replaced_unread = found.is_some() && existing.is_none();
    if replaced_unread || policy::needs_change(existing, desired.as_ref()) {
        policy_step(spec, existing, desired, made);
    }
}

fn policy_step(spec: &RepositorySpec, existing: Option<&Document>, desired: Option<Document>, made: &mut Comparison) {
    let name = spec.name.clone();
    let Some(document) = desired else {
        made.step(Change::DeleteRepositoryPolicy { name }, "no statement is left");
        return;
    };
    let length = document.len_in_characters();
    if length > policy::MAX_POLICY_CHARACTERS {
        made.blocked.push(format!(
            "its repository policy, with the statements that are not ours, would have {length} characters; ECR allows {}",
            policy::MAX_POLICY_CHARACTERS
        ));
        return;
    }
    let why = if existing.is_some() { "differs in meaning" } else { "there is none" };
    let text = document.to_text();
    made.step(Change::SetRepositoryPolicy { name, text }, why);
}

/// Reports, for a fleet, that the registry governs scanning.
pub fn scanning_note(observed: &Observed) -> Option<&'static str> {
    matches!(observed.scanning, Seen::Present(ScanType::Enhanced))
        .then_some("scanning is governed by the registry (ENHANCED)")
}
