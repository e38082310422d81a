//! `ecr-steward check` of a baseline, as a user meets it.

use crate::cli::{Aws, run};
use serde_json::json;

const BASELINE: &str = "
Type: Custom::EcrBaseline
Properties:
  ServiceToken: arn:aws:lambda:eu-west-1:123456789012:function:x
  Rules:
    - Name: everything
      Mode: Enforce
      Require: {ScanOnPush: true, AllowedAccounts: [\"012345678901\"]}
    - Name: team
      Match: {Names: [team-*]}
      Require: {RequiredTags: [owner]}
  Exemptions:
    - {Match: {Names: [legacy-*]}, Rules: [everything], Reason: retired, Until: 2020-01-31}
";

#[test]
fn check_knows_baselines_and_plan_says_that_it_does_not() {
    let good = run(&["check", "-"], BASELINE);
    assert_eq!((good.code, good.data.as_str()), (0, "stdin: no problems, 2 rules, 1 exemption\n"), "{}", good.talk);
    let told = run(&["check", "-", "--format", "json"], BASELINE).json();
    let declared = &told["declarations"][0];
    assert_eq!(
        [&declared["type"], &declared["rules"]],
        [&json!("Custom::EcrBaseline"), &json!(["everything", "team"])]
    );
    let bad = BASELINE.replace("\"012345678901\"", "12345678901").replace("Rules: [everything]", "Rules: [evrything]");
    let bad = run(&["check", "-"], &bad);
    assert_eq!(bad.code, 1, "{}", bad.talk);
    for word in ["AllowedAccounts[0]: \"12345678901\" is not", "quotation marks", "did you mean everything?"] {
        assert!(bad.data.contains(word), "{word}: {}", bad.data);
    }
    let refused = Aws::start().run(&["plan", "-"], BASELINE);
    assert_eq!((refused.code, refused.data.as_str()), (2, ""));
    assert!(refused.talk.contains("only Custom::EcrRepositories can be planned"), "{}", refused.talk);
}

#[test]
fn the_example_has_no_problems() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/baseline.yaml");
    let good = run(&["check", path], "");
    assert_eq!(good.code, 0, "{}{}", good.data, good.talk);
}

#[test]
fn creation_templates_are_data_and_what_they_leave_out_is_talk() {
    let baseline = BASELINE.replace("ScanOnPush: true,", "ScanOnPush: true, ImageTagMutability: IMMUTABLE,");
    let made = run(&["check", "-", "--creation-templates"], &baseline);
    assert_eq!(made.code, 0, "{}", made.talk);
    assert!(
        made.data.contains("  Prefix: ROOT\n") && made.data.contains("ImageTagMutability: IMMUTABLE\n"),
        "{}",
        made.data
    );
    assert!(!made.data.contains("no problems"), "{}", made.data);
    for word in ["no problems, 2 rules", "asks for ScanOnPush, which no template has", "\"team\" is for team-*"] {
        assert!(made.talk.contains(word), "{word}: {}", made.talk);
    }
    let told = run(&["check", "-", "--creation-templates", "--format", "json"], &baseline).json();
    let templates = &told["declarations"][0]["creationTemplates"];
    assert_eq!(
        templates,
        &json!([{
            "AppliedFor": ["CREATE_ON_PUSH", "PULL_THROUGH_CACHE", "REPLICATION"],
            "ImageTagMutability": "IMMUTABLE",
            "Prefix": "ROOT",
        }])
    );
}
