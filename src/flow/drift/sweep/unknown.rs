//! The standing of a repository that nobody could look at: unknown, which is not "as it should be".

use super::Tour;
use super::shape::{Listed, Parcel};
use crate::fault::{Fault, FaultKind};
use crate::model::Seen;
use crate::model::repository::{Encryption, EncryptionType, Mutability, MutabilityMode, Repository};
use crate::plan::posture::{Action, Check, DECLARATION, Requirement, Standing, Status, Subject, judge};
use crate::spec::baseline::{Baseline, Mode};

/// A repository of which nothing is known but its name and who declares it.
pub(super) fn standing<W>(tour: &Tour<'_, W>, parcel: &Parcel, listed: &Listed, reason: &str) -> Standing {
    let owner = listed.holder.and_then(|at| parcel.holders.get(at)).map(|holder| holder.owner.clone());
    let mut checks = tour.baseline.map_or_else(Vec::new, |baseline| checks(tour, baseline, listed, reason));
    if owner.is_some() {
        checks.insert(0, check(DECLARATION.to_owned(), Requirement::Exists, Mode::ReportOnly, reason));
    }
    let notes = vec![format!("it could not be looked at: {reason}")];
    Standing { name: listed.name.clone(), owner, checks, notes, fingerprint: String::new() }
}

/// Which rules are for it is what the judge says of one that cannot be read.
fn checks<W>(tour: &Tour<'_, W>, baseline: &Baseline, listed: &Listed, reason: &str) -> Vec<Check> {
    let fault = Fault::ours("ecr", "DescribeRepositories", FaultKind::Unexpected, reason);
    let repository = Repository {
        name: listed.name.clone(),
        arn: tour.place.repository_arn(&listed.name),
        mutability: Mutability { mode: MutabilityMode::Mutable, exclusions: Vec::new() },
        scan_on_push: false,
        encryption: Encryption { kind: EncryptionType::Aes256, kms_key: None },
        tags: Seen::Unreadable(fault.clone()),
        lifecycle: Seen::Unreadable(fault.clone()),
        catalog: Seen::Unasked,
        policy: Seen::Unreadable(fault.clone()),
    };
    let (scan_type, scanned_by_registry) = (Seen::Unreadable(fault.clone()), Seen::Unreadable(fault));
    let subject = Subject {
        repository: &repository,
        place: tour.place,
        scan_type: &scan_type,
        scanned_by_registry: &scanned_by_registry,
    };
    let judged = judge(baseline, subject, tour.today);
    judged.checks.into_iter().map(|found| check(found.rule, found.requirement, found.mode, reason)).collect()
}

fn check(rule: String, requirement: Requirement, mode: Mode, reason: &str) -> Check {
    Check {
        rule,
        requirement,
        status: Status::Unknown,
        mode,
        found: "unknown".to_owned(),
        wished: String::new(),
        note: reason.to_owned(),
        action: Action::None,
        leave: None,
    }
}
