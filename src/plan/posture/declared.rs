//! One repository against its fleet's declaration: what the plan of a Create or an Update would change, as checks.

use super::{Action, Check, DECLARATION, Judged, Remedy, Requirement, Status};
use crate::model::repository::{Encryption, Mutability, Repository};
use crate::model::{Seen, Wish};
use crate::plan::repository::{Around, Comparison, by_requirement, create};
use crate::spec::RepositorySpec;
use crate::spec::baseline::Mode;

/// Judges a repository that exists. What was not read is not compared.
pub fn declared(spec: &RepositorySpec, mode: Mode, seen: &Repository, around: &Around<'_>) -> Judged {
    let mut judged = Judged::default();
    judged.checks.push(check(
        Requirement::Exists,
        Status::Pass,
        mode,
        ("it exists".to_owned(), "it exists".to_owned()),
    ));
    let mut parts = by_requirement(spec, seen, around).to_vec();
    parts.retain(|(requirement, _)| was_read(*requirement, seen));
    parts.sort_by_key(|(requirement, _)| *requirement);
    for (requirement, made) in parts {
        let words = words(requirement, spec, seen, &made);
        add(requirement, mode, made, words, &mut judged);
    }
    judged
}

/// Judges a repository that does not exist.
pub fn missing(spec: &RepositorySpec, mode: Mode, around: &Around<'_>) -> Judged {
    let mut judged = Judged::default();
    let words = ("it does not exist".to_owned(), "it exists".to_owned());
    add(Requirement::Exists, mode, create(spec, around), words, &mut judged);
    judged
}

fn was_read(requirement: Requirement, seen: &Repository) -> bool {
    match requirement {
        Requirement::RequiredTags => seen.tags != Seen::Unasked,
        Requirement::LifecyclePolicy => seen.lifecycle != Seen::Unasked,
        Requirement::RepositoryPolicy => seen.policy != Seen::Unasked,
        _ => true,
    }
}

fn add(requirement: Requirement, mode: Mode, found: Comparison, words: (String, String), judged: &mut Judged) {
    let status = if found.unread {
        Status::Unknown
    } else if found.blocked.is_empty() && found.steps.is_empty() {
        Status::Pass
    } else {
        Status::Fail
    };
    let notes = found.blocked.iter().chain(&found.retained).cloned().collect::<Vec<_>>();
    if status == Status::Fail && found.blocked.is_empty() {
        judged.remedies.push(Remedy { check: judged.checks.len(), steps: found.steps });
    }
    judged.checks.push(Check { note: notes.join("; "), ..check(requirement, status, mode, words) });
}

fn check(requirement: Requirement, status: Status, mode: Mode, (found, wished): (String, String)) -> Check {
    Check {
        rule: DECLARATION.to_owned(),
        requirement,
        status,
        mode,
        found,
        wished,
        note: String::new(),
        action: Action::None,
        leave: None,
    }
}

/// What was found and what is wished, in a few words.
fn words(requirement: Requirement, spec: &RepositorySpec, seen: &Repository, made: &Comparison) -> (String, String) {
    let differs = || {
        let why: Vec<&str> = made.steps.iter().map(|step| step.why.as_str()).collect();
        if why.is_empty() { "as declared".to_owned() } else { why.join("; ") }
    };
    let whether = |is_there: bool, some: &str| if is_there { some.to_owned() } else { "none".to_owned() };
    match requirement {
        Requirement::EncryptionType => (encryption(&seen.encryption), encryption(&spec.encryption)),
        Requirement::ImageTagMutability => (mutability(&seen.mutability), mutability(&spec.mutability)),
        Requirement::ScanOnPush => (seen.scan_on_push.to_string(), spec.scan_on_push.to_string()),
        Requirement::LifecyclePolicy => {
            let wished = match spec.lifecycle {
                Wish::Is(_) => "the declared one",
                Wish::Absent => "none",
                Wish::Leave => "whatever it says",
            };
            (whether(seen.lifecycle.present().is_some(), &differs_or(made, "the declared one")), wished.to_owned())
        }
        Requirement::RepositoryPolicy => {
            let found = whether(seen.policy.present().is_some(), &differs_or(made, "as declared"));
            (found, whether(spec.wishes_policy(), "the declared statements"))
        }
        _ => (differs(), "the declared tags".to_owned()),
    }
}

fn differs_or(made: &Comparison, same: &str) -> String {
    made.steps.first().map_or_else(|| same.to_owned(), |step| format!("one that is not as declared: {}", step.why))
}

fn encryption(encryption: &Encryption) -> String {
    let key = encryption.kms_key.as_ref().map(|key| format!(" with key {key}")).unwrap_or_default();
    format!("{}{key}", encryption.kind.as_str())
}

fn mutability(mutability: &Mutability) -> String {
    let filters = &mutability.exclusions;
    let except = if filters.is_empty() { String::new() } else { format!(" ({})", filters.join(", ")) };
    format!("{}{except}", mutability.mode.as_str())
}
