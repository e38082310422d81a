//! `Custom::EcrBaseline`: what may be said (`bad_input`, `meaning`), how repositories are judged by it (`settings`, `tags`,
//! `access`, `layers`), laws over random ones (`laws`), creation templates (`templates`) and the terminal (`terminal`).

mod access;
mod bad_input;
mod laws;
mod layers;
mod meaning;
mod settings;
mod tags;
mod templates;
mod terminal;

use ecr_steward::fault::{Fault, FaultKind};
use ecr_steward::model::Seen;
use ecr_steward::model::name::RepositoryName;
use ecr_steward::model::place::Place;
use ecr_steward::model::policy::Document;
use ecr_steward::model::repository::{
    Encryption, EncryptionType, FoundLifecycle, FoundPolicy, Mutability, MutabilityMode, Repository, ScanType, Tags,
};
use ecr_steward::plan::Change;
use ecr_steward::plan::posture::{Check, Judged, Requirement, Subject, judge};
use ecr_steward::spec::Problem;
use ecr_steward::spec::baseline::{Baseline, check};
use jiff::civil::Date;
use serde_json::{Value, json};

const OWN: &str = "123456789012";
const TODAY: Date = Date::constant(2026, 11, 25);

fn checked(properties: &Value) -> Result<Baseline, Vec<Problem>> {
    check(properties.as_object().unwrap())
}

/// A baseline that must be accepted.
fn baseline(properties: &Value) -> Baseline {
    checked(properties).unwrap_or_else(|problems| panic!("{properties}: {problems:#?}"))
}

/// A baseline of one enforced rule for all that requires this.
fn requires(require: &Value) -> Baseline {
    baseline(&json!({"Mode": "Enforce", "Rules": [{"Name": "all", "Require": require}]}))
}

/// A repository and the registry around it.
#[derive(Clone, Debug)]
struct Case {
    repository: Repository,
    scan_type: Seen<ScanType>,
    registry: Seen<bool>,
}

impl Case {
    /// A repository made by hand, as ECR's defaults have it.
    fn new(name: &str) -> Self {
        let name = RepositoryName::parse(name).unwrap();
        let repository = Repository {
            arn: place().repository_arn(&name),
            name,
            mutability: Mutability { mode: MutabilityMode::Mutable, exclusions: Vec::new() },
            scan_on_push: false,
            encryption: Encryption { kind: EncryptionType::Aes256, kms_key: None },
            tags: Seen::Present(Tags::new()),
            lifecycle: Seen::Missing,
            policy: Seen::Missing,
            catalog: Seen::Unasked,
        };
        Self { repository, scan_type: Seen::Present(ScanType::Basic), registry: Seen::Present(false) }
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn tagged(self, tags: &[(&str, &str)]) -> Self {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        self.with(|case| case.repository.tags = Seen::Present(tags))
    }

    fn with_policy(self, statements: &Value) -> Self {
        let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        self.with(|case| case.repository.policy = policy(&text))
    }

    fn judged(&self, baseline: &Baseline) -> Judged {
        let (place, scan_type, scanned_by_registry) = (place(), &self.scan_type, &self.registry);
        let subject = Subject { repository: &self.repository, place: &place, scan_type, scanned_by_registry };
        judge(baseline, subject, TODAY)
    }

    /// The check of a baseline that has one, and the changes that would mend it.
    #[track_caller]
    fn only(&self, baseline: &Baseline) -> (Check, Vec<Change>) {
        let judged = self.judged(baseline);
        let [check] = judged.checks.as_slice() else { panic!("{:#?}", judged.checks) };
        (check.clone(), changes(&judged))
    }

    /// The world after the remedies.
    fn mended(&self, judged: &Judged) -> Self {
        let mut after = self.clone();
        for change in changes(judged) {
            apply(&mut after.repository, &change);
        }
        after
    }
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn place() -> Place {
    Place { partition: "aws".to_owned(), region: "eu-west-1".to_owned(), account: OWN.to_owned() }
}

fn denied(operation: &'static str) -> Fault {
    Fault::ours("ecr", operation, FaultKind::Denied, "not allowed")
}

/// A policy as the adapter would hand it over.
fn policy(text: &str) -> Seen<FoundPolicy> {
    Seen::Present(FoundPolicy { text: text.to_owned(), document: Document::parse_text(text).ok() })
}

fn lifecycle(text: &str) -> Seen<FoundLifecycle> {
    let policy = ecr_steward::lifecycle::parse_text(text).ok();
    Seen::Present(FoundLifecycle { text: text.to_owned(), policy })
}

/// The changes of all remedies, a shared one once.
fn changes(judged: &Judged) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for step in judged.remedies.iter().flat_map(|remedy| &remedy.steps) {
        if !changes.contains(&step.change) {
            changes.push(step.change.clone());
        }
    }
    changes
}

/// What ECR does on a change.
fn apply(repository: &mut Repository, change: &Change) {
    match change {
        Change::PutImageTagMutability { name, mutability } if *name == repository.name => {
            repository.mutability = mutability.clone();
        }
        Change::PutImageScanningConfiguration { name, scan_on_push } if *name == repository.name => {
            repository.scan_on_push = *scan_on_push;
        }
        Change::PutLifecyclePolicy { name, text } if *name == repository.name => {
            repository.lifecycle = lifecycle(text);
        }
        Change::SetRepositoryPolicy { name, text } if *name == repository.name => repository.policy = policy(text),
        Change::DeleteRepositoryPolicy { name } if *name == repository.name => repository.policy = Seen::Missing,
        Change::TagResource { arn, tags } if *arn == repository.arn => {
            let mut all = repository.tags.present().cloned().unwrap_or_default();
            all.extend(tags.clone());
            assert!(all.len() <= 50, "ECR refuses more than 50 tags");
            repository.tags = Seen::Present(all);
        }
        other => panic!("no remedy of a baseline: {other:?}"),
    }
}

/// Checks as rule, requirement and status.
fn stands(judged: &Judged) -> Vec<(&str, Requirement, String)> {
    judged.checks.iter().map(|check| (check.rule.as_str(), check.requirement, format!("{:?}", check.status))).collect()
}
