//! `findings`, `gate`, `replay`, `report`, `revert`, `preview-lifecycle`, `adopt` and `outputs` as a user meets them: the built
//! binary against a small AWS of its own.

mod adopt;
mod cloud;
mod explain;
mod gate;
mod gate_status;
mod import;
mod letters;
mod listing;
mod live;
mod outputs;
mod oversight;
mod replay;
mod report;

use cloud::{Cloud, Image};
use ecr_steward::model::finding::{Finding, Fix, Scanner};
use ecr_steward::model::image::{Digest, ImageRef};
use ecr_steward::model::name::RepositoryName;
use ecr_steward::model::place::Place;
use ecr_steward::model::scan::ScanStatus;
use ecr_steward::policy::record::{ImageRecord, Kept};
use serde_json::{Value, json};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "eu-west-1";
/// Of the one stack there is.
const GUID: &str = "11111111-2222-3333-4444-555555555555";
const QUEUES: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012";

fn digest(of: char) -> String {
    format!("sha256:{}", String::from(of).repeat(64))
}

fn place() -> Place {
    Place { partition: "aws".to_owned(), region: REGION.to_owned(), account: ACCOUNT.to_owned() }
}

fn image(repository: &str, of: char) -> ImageRef {
    let repository = RepositoryName::parse(repository).unwrap();
    ImageRef { place: place(), repository, digest: Digest::parse(&digest(of)).unwrap() }
}

fn finding(vulnerability: &str, severity: &str, package: &str) -> Finding {
    let mut finding = Finding::new(Scanner::Basic, vulnerability, severity);
    package.clone_into(&mut finding.package);
    "1.0".clone_into(&mut finding.version);
    finding
}

/// A record with these findings.
fn record(image: &ImageRef, findings: Vec<Finding>) -> ImageRecord {
    let mut record = ImageRecord::new(image.clone());
    record.tags = vec!["v1".to_owned()];
    record.status = ScanStatus::Complete;
    record.read_at = 1_795_000_000_000;
    for finding in findings {
        let created = 1_795_000_000_000;
        let kept =
            Kept { created, updated: created, waived: None, hub: None, missed: 0, returned: None, gone: None, finding };
        record.findings.insert(kept.finding.id(image), kept);
    }
    record
}

/// What a basic scan found.
fn scan(findings: &[(&str, &str, &str)]) -> Value {
    let findings = findings.iter().map(|(name, severity, package)| {
        json!({"name": name, "severity": severity, "attributes": [
            {"key": "package_name", "value": package}, {"key": "package_version", "value": "1.0"}]})
    });
    json!({
        "imageScanStatus": {"status": "COMPLETE"},
        "imageScanFindings": {"imageScanCompletedAt": 1_795_000_000, "findings": findings.collect::<Vec<_>>()},
    })
}

fn status(word: &str) -> Value {
    json!({"imageScanStatus": {"status": word, "description": "in ECR's words"}})
}

fn no_scan() -> Value {
    json!({"__type": "ScanNotFoundException", "message": "none"})
}

fn manifest() -> Value {
    json!({"config": {"mediaType": "application/vnd.oci.image.config.v1+json"}, "layers": []})
}

/// An image with tag `v1` of which ECR says so.
fn scanned(of: char, scans: Vec<Value>) -> Image {
    Image {
        repository: "shop/web".to_owned(),
        digest: digest(of),
        tags: vec!["v1".to_owned()],
        scans,
        manifest: manifest(),
    }
}

/// A day that is past, and one that is not.
const PAST: &str = "2020-01-31";
const TO_COME: &str = "2999-01-31";

fn waiver(vulnerability: &str, until: &str) -> Value {
    json!({"Vulnerability": vulnerability, "Reason": "not reachable", "Owner": "team-x", "Until": until})
}

/// A finding that an update mends.
fn fixable(mut finding: Finding) -> Finding {
    finding.fix = Fix::Yes;
    "2.0".clone_into(&mut finding.details.fixed_in);
    finding
}
