//! What an accepted declaration means.

use super::{baseline, checked, day};
use ecr_steward::lifecycle::{Retention, generate};
use ecr_steward::model::repository::{EncryptionType, MutabilityMode};
use ecr_steward::spec::baseline::{Cap, Layer, LifecycleWish, Mode};
use ecr_steward::spec::fields::as_delivered;
use serde_json::json;

#[test]
fn nothing_but_a_name_and_a_wish_is_for_all_and_reports_only() {
    let baseline = baseline(&json!({"Rules": [{"Name": "all", "Require": {"ScanOnPush": true}}]}));
    let rule = &baseline.rules[0];
    assert_eq!((rule.mode, rule.matching.layer()), (Mode::ReportOnly, Layer::Everything));
    assert_eq!(rule.matching.matches("any/thing", None), Some(true));
    assert_eq!((baseline.cap, baseline.looks_at_tags()), (Cap::Count(100), false));
    let require = &rule.require;
    assert!(require.scan_on_push && !require.no_public_principals && require.required_tags.is_empty());
    let unsaid = (&require.mutability, &require.lifecycle, &require.encryption, &require.allowed_accounts);
    assert_eq!(unsaid, (&None, &None, &None, &None));
}

#[test]
fn every_property_is_read_as_cloudformation_delivers_it() {
    let declared = json!({
        "Mode": "Enforce",
        "MaxChangesPerRun": "20%",
        "Rules": [
            {"Name": 2024, "Require": {"ScanOnPush": true, "NoPublicPrincipals": true, "EncryptionType": "KMS"}},
            {"Name": "team", "Mode": "ReportOnly", "Match": {"Names": ["team-*"], "Tags": {"tier": "pay*"}}, "Require": {
                "ImageTagMutability": ["IMMUTABLE_WITH_EXCLUSION", "IMMUTABLE"],
                "ImageTagMutabilityExclusions": ["latest", "dev-*"],
                "LifecyclePolicy": "Generated", "MaxImageCount": 5, "ProtectedTagPatterns": ["prod-*"],
                "RequiredTags": {"owner": "platform", "tier": 1},
                "AllowedAccounts": ["111122223333"],
            }},
        ],
        "Exemptions": [{"Match": {"Names": ["team-old"]}, "Rules": ["team", "2024"], "Reason": "retired", "Until": "2027-01-31"}],
        "ServiceTimeout": 60,
    });
    let delivered = as_delivered(&declared);
    let (one, other) = (baseline(&declared), baseline(&delivered));
    assert_eq!(one, other);
    let [first, team] = one.rules.as_slice() else { panic!("{one:?}") };
    assert_eq!((first.name.as_str(), first.mode, one.cap), ("2024", Mode::Enforce, Cap::Percent(20)));
    assert_eq!(first.require.encryption, Some(vec![EncryptionType::Kms]));
    assert_eq!((team.mode, team.matching.layer()), (Mode::ReportOnly, Layer::Tags));
    let mutability = team.require.mutability.as_ref().unwrap();
    assert_eq!(mutability.modes, [MutabilityMode::ImmutableWithExclusion, MutabilityMode::Immutable]);
    assert_eq!(mutability.exclusions, ["dev-*", "latest"]);
    let generated = generate(&Retention {
        protected_tag_patterns: vec!["prod-*".to_owned()],
        tag_prefixes: vec!["v".to_owned()],
        max_image_count: 5,
        image_retention_days: 30,
        untagged_retention_days: 1,
    });
    assert_eq!(team.require.lifecycle, Some(LifecycleWish::Generated(generated, vec!["prod-*".to_owned()])));
    assert_eq!(team.require.required_tags["tier"].as_deref(), Some("1"));
    assert!(team.require.allowed_accounts.as_ref().unwrap().contains("111122223333"));
    let exemption = &one.exemptions[0];
    assert_eq!((exemption.path.as_str(), exemption.until), ("Exemptions[0]", day("2027-01-31")));
    assert_eq!(exemption.rules.as_deref(), Some(["team".to_owned(), "2024".to_owned()].as_slice()));
    assert!(one.looks_at_tags());
}

#[test]
fn a_whole_lifecycle_policy_may_be_a_map_or_text() {
    let whole = json!({"rules": [{
        "rulePriority": 1,
        "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14},
        "action": {"type": "expire"},
    }]});
    let of = |policy: serde_json::Value| {
        baseline(&json!({"Rules": [{"Name": "r", "Require": {"LifecyclePolicy": policy}}]})).rules[0]
            .require
            .lifecycle
            .clone()
    };
    let map = of(whole.clone());
    assert!(matches!(&map, Some(LifecycleWish::Whole(policy)) if policy.rules.len() == 1), "{map:?}");
    assert_eq!(map, of(whole.to_string().into()));
    // To have none is nothing a baseline asks for.
    let none = checked(&json!({"Rules": [{"Name": "r", "Require": {"LifecyclePolicy": "None"}}]}));
    assert_eq!(none.unwrap_err()[0].path, "Rules[0].Require.LifecyclePolicy");
}

#[test]
fn a_cap_in_percent_is_rounded_up() {
    assert_eq!([0, 1, 5, 504].map(|of| Cap::Percent(20).of(of)), [0, 1, 1, 101]);
    assert_eq!([0, 504].map(|of| Cap::Count(100).of(of)), [100, 100]);
}
