//! `Custom::EcrFindingsPolicy`: what may be said (`bad_input`, `defaults`, `openvex`), what it does to findings (`waivers`,
//! `routes`, `gate`), laws over random policies (`laws`), and the terminal (`terminal`).

mod bad_input;
mod defaults;
mod gate;
mod laws;
mod openvex;
mod routes;
mod terminal;
mod waivers;

use ecr_steward::model::finding::{Finding, Scanner};
use ecr_steward::model::image::{Digest, ImageRef};
use ecr_steward::model::name::RepositoryName;
use ecr_steward::model::place::Place;
use ecr_steward::spec::Problem;
use ecr_steward::spec::findings::{FindingsPolicy, check};
use jiff::civil::Date;
use serde_json::{Value, json};

const PREFIX: &str = "/ecr-steward";

fn checked(properties: &Value) -> Result<FindingsPolicy, Vec<Problem>> {
    check(properties.as_object().unwrap(), PREFIX)
}

/// A policy that must be accepted.
fn policy(properties: &Value) -> FindingsPolicy {
    checked(properties).unwrap_or_else(|problems| panic!("{properties}: {problems:#?}"))
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// The digest whose hexadecimal digits are all the same.
fn digest(digit: char) -> Digest {
    Digest::parse(&format!("sha256:{}", digit.to_string().repeat(64))).unwrap()
}

fn image(repository: &str) -> ImageRef {
    ImageRef {
        place: Place {
            partition: "aws".to_owned(),
            region: "eu-west-1".to_owned(),
            account: "123456789012".to_owned(),
        },
        repository: RepositoryName::parse(repository).unwrap(),
        digest: digest('a'),
    }
}

/// A finding of basic scanning, as a word of severity, a vulnerability, a package and its version.
fn finding(severity: &str, vulnerability: &str, package: &str, version: &str) -> Finding {
    let mut finding = Finding::new(Scanner::Basic, vulnerability, severity);
    package.clone_into(&mut finding.package);
    version.clone_into(&mut finding.version);
    finding
}

/// A waiver that is accepted, changed by members of `over`; `null` takes one away.
fn waiver(over: &Value) -> Value {
    let mut waiver = json!({"Vulnerability": "CVE-2026-0001", "Reason": "not reachable", "Until": "2027-01-31"});
    for (key, value) in over.as_object().unwrap() {
        waiver[key.as_str()] = value.clone();
    }
    waiver
}
