//! Scanning, tag mutability, lifecycle policy and encryption against what a rule asks for.

use super::judge::Subject;
use super::verdict::Verdict;
use crate::lifecycle::Policy;
use crate::model::Seen;
use crate::model::repository::{EncryptionType, FoundLifecycle, Mutability, MutabilityMode, Repository, ScanType};
use crate::plan::Change;
use crate::spec::baseline::{LifecycleWish, MutabilityWish};

/// Met by the registry's rules, or under basic scanning by the repository's own flag.
pub(super) fn scan_on_push(subject: Subject<'_>) -> Verdict {
    let wished = "images are scanned when they are pushed";
    let repository = subject.repository;
    let by_registry = match subject.scanned_by_registry {
        Seen::Present(true) => return Verdict::pass("the registry's rules have it scanned", wished),
        Seen::Present(false) | Seen::Missing | Seen::Unasked => None,
        Seen::Unreadable(fault) => Some(fault),
    };
    let what = "how the registry scans it";
    match (subject.scan_type, by_registry) {
        (Seen::Present(ScanType::Enhanced), Some(fault)) => Verdict::unreadable(what, fault, wished),
        (Seen::Present(ScanType::Enhanced), None) => Verdict::fail("no rule of the registry has it scanned", wished)
            .with_note("the registry scans in ENHANCED mode, where its rules govern and the repository's own flag means nothing; add a rule whose filter matches the repository to the registry's scanning configuration"),
        _ if repository.scan_on_push => {
            let verdict = Verdict::pass("its flag is on", wished);
            match subject.scan_type {
                Seen::Unreadable(fault) => verdict.with_note(format!("the registry's scan type could not be read: {fault}")),
                Seen::Present(_) | Seen::Missing | Seen::Unasked => verdict,
            }
        }
        (Seen::Unreadable(fault), _) => Verdict::unreadable("the registry's scan type", fault, wished),
        (Seen::Missing | Seen::Unasked, _) => Verdict::unasked("the registry's scan type", wished),
        (Seen::Present(ScanType::Basic), Some(fault)) => Verdict::unreadable(what, fault, wished),
        (Seen::Present(ScanType::Basic), None) => {
            let change = Change::PutImageScanningConfiguration { name: repository.name.clone(), scan_on_push: true };
            Verdict::fail("its flag is off, and no rule of the registry has it scanned", wished)
                .written(change, "false → true")
        }
    }
}

/// Met by an acceptable mode with acceptable exclusions.
pub(super) fn mutability(wish: &MutabilityWish, repository: &Repository) -> Verdict {
    let (found, wished) = (in_words(&repository.mutability), wish_in_words(wish));
    if accepts(wish, &repository.mutability) {
        return Verdict::pass(found, wished);
    }
    // Never empty once checked.
    let Some(mode) = wish.modes.first().copied() else { return Verdict::fail(found, wished) };
    let exclusions = if mode.takes_exclusions() { wish.exclusions.clone() } else { Vec::new() };
    let mutability = Mutability { mode, exclusions };
    let why = format!("{found} → {}", in_words(&mutability));
    let change = Change::PutImageTagMutability { name: repository.name.clone(), mutability };
    Verdict::fail(found, wished).written(change, why)
}

/// A filter of `IMMUTABLE_WITH_EXCLUSION` lets tags move, so each must be acceptable; one of `MUTABLE_WITH_EXCLUSION`
/// keeps them from moving, so all must be there.
fn accepts(wish: &MutabilityWish, found: &Mutability) -> bool {
    let filters_fit = match found.mode {
        _ if wish.exclusions.is_empty() => true,
        MutabilityMode::Mutable | MutabilityMode::Immutable => true,
        MutabilityMode::ImmutableWithExclusion => found.exclusions.iter().all(|own| wish.exclusions.contains(own)),
        MutabilityMode::MutableWithExclusion => wish.exclusions.iter().all(|own| found.exclusions.contains(own)),
    };
    wish.modes.contains(&found.mode) && filters_fit
}

fn in_words(mutability: &Mutability) -> String {
    let mode = mutability.mode.as_str();
    if mutability.exclusions.is_empty() {
        return mode.to_owned();
    }
    format!("{mode} ({})", mutability.exclusions.join(", "))
}

fn wish_in_words(wish: &MutabilityWish) -> String {
    let modes: Vec<&str> = wish.modes.iter().map(|mode| mode.as_str()).collect();
    let modes = modes.join(" or ");
    if wish.exclusions.is_empty() { modes } else { format!("{modes}, exclusions {}", wish.exclusions.join(", ")) }
}

/// Met by meaning, not by text.
pub(super) fn lifecycle(wish: &LifecycleWish, repository: &Repository) -> Verdict {
    let wished = match wish {
        LifecycleWish::Present => "a lifecycle policy, whatever it says".to_owned(),
        LifecycleWish::Generated(policy, _) => {
            format!("the generated lifecycle policy of {} rules", policy.rules.len())
        }
        LifecycleWish::Whole(policy) => format!("the declared lifecycle policy of {} rules", policy.rules.len()),
    };
    let found = match &repository.lifecycle {
        Seen::Present(found) => Some(found),
        Seen::Missing => None,
        Seen::Unreadable(fault) => return Verdict::unreadable("its lifecycle policy", fault, wished),
        Seen::Unasked => return Verdict::unasked("its lifecycle policy", wished),
    };
    let name = repository.name.clone();
    let put = |policy: &Policy| Change::PutLifecyclePolicy { name, text: policy.to_text() };
    match (wish, found) {
        (LifecycleWish::Present, Some(_)) => Verdict::pass("there is one", wished),
        (LifecycleWish::Present, None) => Verdict::fail("there is none", wished)
            .with_note("the rule does not say which one to write; write one, or let it say Generated"),
        (LifecycleWish::Generated(policy, _) | LifecycleWish::Whole(policy), None) => {
            Verdict::fail("there is none", wished).written(put(policy), "there is none")
        }
        (LifecycleWish::Generated(policy, _) | LifecycleWish::Whole(policy), Some(found)) if is_met(policy, found) => {
            Verdict::pass("there is that one", wished)
        }
        (LifecycleWish::Generated(..), Some(found)) => Verdict::fail(other(found), wished).with_note(
            "Generated is written where there is none and replaces nobody's policy; delete the other one, or exempt the repository",
        ),
        (LifecycleWish::Whole(policy), Some(found)) => {
            Verdict::fail(other(found), wished).written(put(policy), "differs in meaning")
        }
    }
}

fn is_met(wished: &Policy, found: &FoundLifecycle) -> bool {
    found.policy.as_ref().is_some_and(|found| wished.means_the_same(found))
}

fn other(found: &FoundLifecycle) -> String {
    match &found.policy {
        Some(policy) => format!("another one of {} rules", policy.rules.len()),
        None => "another one, in a form this version does not know".to_owned(),
    }
}

/// Met by an acceptable type. ECR cannot change it.
pub(super) fn encryption(types: &[EncryptionType], repository: &Repository) -> Verdict {
    let kind = repository.encryption.kind;
    let words: Vec<&str> = types.iter().map(|kind| kind.as_str()).collect();
    let wished = words.join(" or ");
    if types.contains(&kind) {
        return Verdict::pass(kind.as_str(), wished);
    }
    let first = words.first().copied().unwrap_or_default();
    Verdict::fail(kind.as_str(), wished).with_note(format!(
        "ECR cannot change the encryption of a repository that exists: create one under a new name with {first}, copy the images there, switch over and delete this one"
    ))
}
