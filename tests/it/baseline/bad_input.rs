//! Every mistake is told, with its place, and all at once.

use super::checked;
use serde_json::{Value, json};

/// The problems, one a line.
fn told(properties: &Value) -> String {
    let problems = checked(properties).expect_err("it is not accepted");
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A sound rule with other members.
fn rule(over: &Value) -> Value {
    let mut rule = json!({"Name": "r", "Require": {"ScanOnPush": true}});
    for (key, value) in over.as_object().unwrap() {
        rule[key.as_str()] = value.clone();
    }
    rule
}

#[test]
fn everything_that_is_wrong_with_a_declaration_is_told_at_once() {
    let over = |over: Value| rule(&over);
    insta::assert_snapshot!(told(&json!({
        "Mode": "Enforced",
        "Rule": [],
        "Rules": [
            over(json!({"Name": "a", "Match": {"Name": ["*"]}, "Mode": "Off"})),
            over(json!({"Name": "a", "Match": {"Names": ["Team*", 7, {}], "Tags": {"team": [], "": "x"}}})),
            over(json!({"Name": "declaration", "Match": {}, "Requires": 1})),
            over(json!({"Name": " padded", "Match": {"Names": []}})),
            {"Match": ["*"], "Require": {}},
            {"Name": "b"},
            {"Name": "c", "Require": "ScanOnPush"},
            "all",
        ],
        "Exemptions": [
            {"Rules": ["A", "zzz"], "Until": "soon"},
            {"Match": {}, "Rules": [], "Reason": " ", "Until": "2026-13-01"},
            {"Match": {"Names": ["x"]}, "Rules": "a", "Reason": "r", "Until": "2027-01-31", "Rule": "a"},
        ],
        "MaxChangesPerRun": "many",
        "ServiceTimeout": 0,
    })));
}

#[test]
fn everything_that_is_wrong_with_a_requirement_is_told_at_once() {
    let requires = |name: &str, require: Value| json!({"Name": name, "Require": require});
    insta::assert_snapshot!(told(&json!({"Rules": [
        requires("0", json!({
            "ScanOnPush": "false",
            "NoPublicPrincipals": "perhaps",
            "ImageTagMutability": ["IMMUTABLE", "IMUTABLE", "IMMUTABLE"],
            "EncryptionType": [],
            "RequiredTags": ["owner", "owner", "aws:x", "ecr-steward:owner", ""],
            "AllowedAccounts": ["111122223333", "1234", "111122223333", {}],
            "ScanOnPull": true,
        })),
        requires("1", json!({"ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION"})),
        requires("2", json!({"ImageTagMutability": "IMMUTABLE", "ImageTagMutabilityExclusions": ["latest", "**x*"]})),
        requires("3", json!({"ImageTagMutabilityExclusions": ["latest"]})),
        requires("4", json!({"LifecyclePolicy": "Present", "MaxImageCount": 3, "TagPrefixes": ["v"]})),
        requires("5", json!({"LifecyclePolicy": "Generate"})),
        requires("6", json!({"LifecyclePolicy": "Generated", "MaxImageCount": 0, "TagPrefixes": ["v", "v"]})),
        requires("7", json!({"LifecyclePolicy": {"rules": [{"rulePriority": 0}]}})),
        requires("8", json!({"LifecyclePolicy": "{\"rules\": 1}"})),
        requires("9", json!({"LifecyclePolicy": 5})),
        requires("10", json!({"RequiredTags": {"team": ["a"], "aws:y": "1", "tier": "ö/ä", "x": "a<b"}})),
        requires("11", json!({"RequiredTags": "owner"})),
        requires("12", json!({"RequiredTags": []})),
    ]})));
}

#[test]
fn a_rule_that_leaves_the_bounds_of_one_for_all_is_refused() {
    let named = |name: &str, names: &str, require: Value| json!({"Name": name, "Match": {"Names": [names]}, "Require": require});
    let exclusions =
        |modes: Value, filters: &[&str]| json!({"ImageTagMutability": modes, "ImageTagMutabilityExclusions": filters});
    insta::assert_snapshot!(told(&json!({"Rules": [
        // Declared before the rule for all, and nevertheless after it in force.
        named("early", "team-*", json!({"EncryptionType": ["KMS", "AES256"]})),
        named("all", "*", json!({
            "EncryptionType": ["KMS", "KMS_DSSE"],
            "AllowedAccounts": ["111122223333"],
            "LifecyclePolicy": "Generated",
            "ImageTagMutability": ["IMMUTABLE_WITH_EXCLUSION", "IMMUTABLE"],
            "ImageTagMutabilityExclusions": ["latest", "dev-*"],
        })),
        named("mutable", "a", json!({"ImageTagMutability": ["IMMUTABLE", "MUTABLE"]})),
        named("open", "b", exclusions(json!("IMMUTABLE_WITH_EXCLUSION"), &["latest", "*"])),
        named("accounts", "c", json!({"AllowedAccounts": ["444455556666"], "LifecyclePolicy": "Present"})),
        {"Name": "tagged", "Match": {"Tags": {"a": "b"}}, "Require": {"AllowedAccounts": ["111122223333", "777788889999"]}},
        // A second one for all is bound as well, and what it may not say bounds nobody.
        named("later", "*", json!({"EncryptionType": "AES256"})),
        named("within", "d", json!({"EncryptionType": "KMS_DSSE", "AllowedAccounts": [], "ImageTagMutability": "IMMUTABLE"})),
        named("within too", "e", exclusions(json!("IMMUTABLE_WITH_EXCLUSION"), &["latest"])),
    ]})));
}

#[test]
fn there_are_limits_and_rules_are_required() {
    assert_eq!(told(&json!({})), "Rules: is required: a list of at least one rule, each with Name and Require");
    assert_eq!(told(&json!({"Rules": []})), "Rules: has 0 rules; 1 to 100 are allowed");
    assert_eq!(told(&json!({"Rules": {"Name": "x"}})), "Rules: must be a list, not a map");
    let many: Vec<Value> = (0..101).map(|n| rule(&json!({"Name": n}))).collect();
    assert_eq!(told(&json!({"Rules": many})), "Rules: has 101 rules; 1 to 100 are allowed");
    let exemption = json!({"Match": {"Names": ["x"]}, "Reason": "r", "Until": "2027-01-31"});
    let exemptions = vec![exemption; 1_001];
    let told_of = told(&json!({"Rules": [rule(&json!({}))], "Exemptions": exemptions}));
    assert_eq!(told_of, "Exemptions: has 1001 exemptions; at most 1000 are allowed");
    for (cap, sound) in [("101%", false), ("-1", false), ("100%", true), ("0", true), ("20 %", true), ("1.5%", false)] {
        let given = checked(&json!({"Rules": [rule(&json!({}))], "MaxChangesPerRun": cap}));
        assert_eq!(given.is_ok(), sound, "{cap}: {given:?}");
    }
}
