//! The lifecycle language: every law with a policy that breaks it and the nearest one that does not, and the
//! properties that hold for all policies.

use ecr_steward::lifecycle::*;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

mod generate;
mod grammar;
mod laws;
mod properties;

/// A rule that is legal alone: keep the newest 10 images whose tags begin with the prefix.
fn release(priority: u32, prefix: &str) -> Value {
    rule(
        priority,
        json!({"tagStatus": "tagged", "tagPrefixList": [prefix], "countType": "imageCountMoreThan", "countNumber": 10}),
    )
}

/// A rule that expires by age whatever has the status.
fn aged(priority: u32, status: &str) -> Value {
    rule(priority, json!({"tagStatus": status, "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 7}))
}

/// A rule that expires from the archive whatever has the status.
fn archived(priority: u32, status: &str) -> Value {
    rule(
        priority,
        json!({"tagStatus": status, "storageClass": "archive", "countType": "sinceImageTransitioned",
            "countUnit": "days", "countNumber": 90}),
    )
}

fn rule(priority: u32, selection: Value) -> Value {
    let mut rule = json!({"rulePriority": priority, "action": {"type": "expire"}});
    rule["selection"] = selection;
    rule
}

/// The rule with one member, named by a JSON pointer, set or added.
fn with(rule: &Value, pointer: &str, value: Value) -> Value {
    let mut rule = rule.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    rule.pointer_mut(parent).unwrap()[name] = value;
    rule
}

/// The rule without one member.
fn without(rule: &Value, pointer: &str) -> Value {
    let mut rule = rule.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    rule.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
    rule
}

fn policy(rules: impl IntoIterator<Item = Value>) -> Value {
    json!({"rules": rules.into_iter().collect::<Vec<_>>()})
}

fn accepted(value: &Value) -> Policy {
    parse(value).unwrap_or_else(|flaws| panic!("{value} is legal, not {flaws:#?}"))
}

/// The flaws as `path: code`.
fn refused(result: Result<Policy, Vec<Flaw>>) -> Vec<String> {
    let flaws = result.expect_err("this is not legal");
    assert!(flaws.iter().all(|flaw| flaw.message.ends_with(['.', '?'])), "{flaws:#?}");
    flaws.iter().map(|flaw| format!("{}: {}", flaw.path, flaw.rule.code())).collect()
}

/// Each case breaks a law in exactly one place, and its neighbour does not.
fn law(cases: impl IntoIterator<Item = (&'static str, Vec<Value>, Vec<Value>)>) {
    for (flaw, illegal, neighbour) in cases {
        accepted(&policy(neighbour));
        assert_eq!(refused(parse(&policy(illegal))), [flaw]);
    }
}

fn as_value(policy: &Policy) -> Value {
    serde_json::from_str(&policy.to_text()).unwrap()
}
