//! Creation templates.

use super::baseline;
use ecr_steward::plan::posture::creation_templates;
use serde_json::json;

#[test]
fn templates_say_all_that_the_rules_for_their_prefix_say_together() {
    let baseline = baseline(&json!({
        "Rules": [
            {"Name": "team", "Match": {"Names": ["team/*", "lib/*", "odd-*"]}, "Require": {
                "ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
                "ImageTagMutabilityExclusions": ["latest", "dev-*"],
                "RequiredTags": {"owner": "team"},
            }},
            {"Name": "all", "Require": {
                "ScanOnPush": true,
                "NoPublicPrincipals": true,
                "ImageTagMutability": ["IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION"],
                "EncryptionType": ["KMS", "KMS_DSSE"],
                "LifecyclePolicy": "Generated",
                "RequiredTags": {"tier": "1"},
            }},
            {"Name": "deep", "Match": {"Names": ["team/a/*"]}, "Require": {"EncryptionType": "KMS_DSSE", "RequiredTags": ["cost"]}},
            {"Name": "gold", "Match": {"Tags": {"tier": "gold"}}, "Require": {"EncryptionType": "KMS"}},
        ],
        "Exemptions": [{"Match": {"Names": ["x"]}, "Reason": "r", "Until": "2027-01-01"}],
    }));
    let made = creation_templates(&baseline);
    let mut templates = made.templates.clone();
    for template in &mut templates {
        let policy = template["LifecyclePolicy"].as_str().unwrap();
        assert!(ecr_steward::lifecycle::parse_text(policy).is_ok());
        template["LifecyclePolicy"] = json!("generated");
    }
    insta::assert_json_snapshot!(json!({"templates": templates, "notes": made.notes}));
}

#[test]
fn where_nothing_can_be_expressed_there_is_no_template() {
    let made = creation_templates(&baseline(&json!({"Rules": [
        {"Name": "a", "Require": {"ScanOnPush": true, "LifecyclePolicy": "Present"}},
        {"Name": "b", "Match": {"Names": ["b-*"]}, "Require": {"EncryptionType": "KMS"}},
    ]})));
    assert!(made.templates.is_empty(), "{made:?}");
    assert_eq!(made.notes.len(), 3, "{made:?}");
}
