//! Which rule says what holds, exemptions from it, and what nobody can tell.

use super::{Case, baseline, denied, stands};
use ecr_steward::model::Seen;
use ecr_steward::model::repository::{Mutability, MutabilityMode};
use ecr_steward::plan::Change;
use ecr_steward::plan::posture::{Requirement, Status};
use ecr_steward::spec::baseline::Mode;
use serde_json::{Value, json};

fn rule(name: &str, matching: &Value, require: &Value) -> Value {
    json!({"Name": name, "Match": matching, "Require": require})
}

fn modes(modes: &[&str]) -> Value {
    json!({"ImageTagMutability": modes, "ImageTagMutabilityExclusions": ["latest"]})
}

fn exempt(names: &str, until: &str, rules: &Value) -> Value {
    let mut exemption = json!({"Match": {"Names": [names]}, "Reason": "being retired", "Until": until});
    if !rules.is_null() {
        exemption["Rules"] = rules.clone();
    }
    exemption
}

/// All, then names, then tags, whatever the order of declaration.
fn layered(exemptions: &[Value]) -> Value {
    json!({"Mode": "Enforce", "Exemptions": exemptions, "Rules": [
        {"Name": "tagged", "Match": {"Tags": {"tier": "gold"}}, "Mode": "ReportOnly", "Require": {"ImageTagMutability": "IMMUTABLE"}},
        rule("named", &json!({"Names": ["team-*"]}), &modes(&["IMMUTABLE_WITH_EXCLUSION", "IMMUTABLE"])),
        rule("all", &json!({"Names": ["*"]}), &json!({"ImageTagMutability": ["IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION"], "ImageTagMutabilityExclusions": ["latest", "dev-*"]})),
    ]})
}

/// The mode that would be set, and by which rule.
fn set(case: &Case, baseline: &Value) -> (String, Option<MutabilityMode>) {
    let judged = case.judged(&super::baseline(baseline));
    let [check] = judged.checks.as_slice() else { panic!("{judged:#?}") };
    let mode = judged.remedies.first().map(|remedy| match &remedy.steps[0].change {
        Change::PutImageTagMutability { mutability, .. } => mutability.mode,
        other => panic!("{other:?}"),
    });
    (check.rule.clone(), mode)
}

#[test]
fn the_most_special_rule_says_what_holds_with_its_own_mode() {
    use MutabilityMode::{Immutable, ImmutableWithExclusion};
    let wants = |name: &str, mode| (name.to_owned(), Some(mode));
    assert_eq!(set(&Case::new("xx"), &layered(&[])), wants("all", Immutable));
    assert_eq!(set(&Case::new("team-x"), &layered(&[])), wants("named", ImmutableWithExclusion));
    let gold = Case::new("team-x").tagged(&[("tier", "gold")]);
    assert_eq!(set(&gold, &layered(&[])), wants("tagged", Immutable));
    assert_eq!(gold.judged(&baseline(&layered(&[]))).checks[0].mode, Mode::ReportOnly);
}

#[test]
fn between_rules_for_some_the_bounds_hold_where_both_match() {
    let accounts = |accounts: &[&str]| json!({"AllowedAccounts": accounts});
    let declared = json!({"Rules": [
        rule("a", &json!({"Names": ["a-*"]}), &accounts(&["111122223333"])),
        rule("b", &json!({"Names": ["*-b"]}), &accounts(&["111122223333", "444455556666"])),
    ]});
    let policy = json!([{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "ecr:BatchGetImage"}]);
    let of = |name: &str| {
        let (check, _) = Case::new(name).with_policy(&policy).only(&baseline(&declared));
        (check.rule.clone(), check.status, check.note)
    };
    assert_eq!(of("x-b"), ("b".to_owned(), Status::Pass, String::new()));
    let (rule, status, note) = of("a-b");
    assert_eq!((rule.as_str(), status), ("a", Status::Fail));
    assert_eq!(
        note,
        "the rule \"b\" is ignored here, since it leaves the bounds of the rule \"a\": 444455556666 is not among the accounts it allows"
    );
}

#[test]
fn a_leave_holds_until_its_last_day_for_its_rules_and_the_rule_below_holds_meanwhile() {
    let mutable = Case::new("team-x");
    let statuses = |exemptions: &[Value], case: &Case| {
        let judged = case.judged(&baseline(&layered(exemptions)));
        let stands: Vec<(String, Status)> =
            judged.checks.iter().map(|check| (check.rule.clone(), check.status)).collect();
        (stands, judged.remedies.iter().map(|remedy| remedy.check).collect::<Vec<_>>())
    };
    let named = |status| ("named".to_owned(), status);
    let all = |status| ("all".to_owned(), status);
    let whole = exempt("team-*", "2026-11-25", &Value::Null);
    assert_eq!(statuses(std::slice::from_ref(&whole), &mutable), (vec![named(Status::Exempt)], vec![]));
    let judged = mutable.judged(&baseline(&layered(std::slice::from_ref(&whole))));
    let leave = judged.checks[0].leave.as_ref().unwrap();
    let said = (leave.path.as_str(), leave.reason.as_str(), leave.until.as_str());
    assert_eq!(said, ("Exemptions[0]", "being retired", "2026-11-25"));
    // Of one rule: what the rule for all says is mended, and the report tells what is let pass.
    let one = exempt("team-x", "2027-01-01", &json!(["named"]));
    let expected = (vec![named(Status::Exempt), all(Status::Fail)], vec![1]);
    assert_eq!(statuses(std::slice::from_ref(&one), &mutable), expected);
    // Over, for others, or for another rule.
    for other in [
        exempt("team-*", "2026-11-24", &Value::Null),
        exempt("team-y", "2027-01-01", &Value::Null),
        exempt("team-*", "2027-01-01", &json!(["all"])),
    ] {
        assert_eq!(statuses(std::slice::from_ref(&other), &mutable), (vec![named(Status::Fail)], vec![0]), "{other}");
    }
    // What is met needs no leave.
    let met = mutable.with(|case| {
        case.repository.mutability =
            Mutability { mode: MutabilityMode::ImmutableWithExclusion, exclusions: vec!["latest".to_owned()] };
    });
    let judged = met.judged(&baseline(&layered(&[whole])));
    assert_eq!((judged.checks[0].status, &judged.checks[0].leave), (Status::Pass, &None));
}

#[test]
fn where_tags_are_not_known_nobody_says_whether_rules_and_leaves_for_them_hold() {
    let tagged = json!({"Tags": {"tier": "gold"}});
    let mut declared = json!({"Mode": "Enforce", "Rules": [
        rule("all", &json!({"Names": ["*"]}), &json!({"ScanOnPush": true, "ImageTagMutability": "IMMUTABLE"})),
        rule("tagged", &tagged, &json!({"ImageTagMutability": "IMMUTABLE"})),
    ]});
    declared["Exemptions"] = json!([{"Match": tagged, "Reason": "r", "Until": "2027-01-01"}]);
    let baseline = baseline(&declared);
    for unknown in [Seen::Unasked, Seen::Unreadable(denied("ListTagsForResource"))] {
        let judged = Case::new("aa").with(|case| case.repository.tags = unknown).judged(&baseline);
        let expected = [
            ("all", Requirement::ScanOnPush, "Fail".to_owned()),
            ("tagged", Requirement::ImageTagMutability, "Unknown".to_owned()),
        ];
        assert_eq!(stands(&judged), expected);
        assert!(judged.checks[1].note.contains("whether this rule is for the repository cannot be told"));
        let mended: Vec<usize> = judged.remedies.iter().map(|remedy| remedy.check).collect();
        assert_eq!(mended, [0], "the others go on");
    }
    let judged = Case::new("aa").tagged(&[("tier", "gold")]).judged(&baseline);
    assert!(judged.checks.iter().all(|check| check.status == Status::Exempt) && judged.remedies.is_empty());
}

#[test]
fn checks_come_in_the_order_of_rules_and_then_of_requirements() {
    let declared = json!({"Rules": [
        rule("tagged", &json!({"Tags": {"a": "b"}}), &json!({"EncryptionType": "KMS", "ScanOnPush": true})),
        rule("all", &json!({"Names": ["*"]}), &json!({"NoPublicPrincipals": true, "RequiredTags": ["a"], "ScanOnPush": true})),
    ]});
    let judged = Case::new("xx").tagged(&[("a", "b")]).judged(&baseline(&declared));
    let order: Vec<(&str, Requirement)> =
        judged.checks.iter().map(|check| (check.rule.as_str(), check.requirement)).collect();
    let wanted = [
        ("tagged", Requirement::ScanOnPush),
        ("tagged", Requirement::EncryptionType),
        ("all", Requirement::RequiredTags),
        ("all", Requirement::NoPublicPrincipals),
    ];
    assert_eq!(order, wanted);
    assert_eq!(judged.remedies.iter().map(|remedy| remedy.check).collect::<Vec<_>>(), [0]);
}
