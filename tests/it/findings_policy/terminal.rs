//! `ecr-steward check` of a findings policy, as a user meets it.

use crate::cli::{Aws, run};
use serde_json::json;

const POLICY: &str = "
Type: Custom::EcrFindingsPolicy
Properties:
  ServiceToken: arn:aws:lambda:eu-west-1:123456789012:function:x
  Routes:
    - {Sink: SecurityHub}
    - {Sink: Slack, SecretParameter: /tools/secrets/slack, MinimumSeverity: HIGH, OnlyFixable: true}
  Waivers:
    - {Vulnerability: CVE-2026-0001, Reason: not reachable, Until: 2020-01-31}
";

const TEMPLATE: &str = "
Parameters:
  Least: {Type: String}
Resources:
  Findings:
    Type: Custom::EcrFindingsPolicy
    Properties:
      ServiceToken: {'Fn::ImportValue': ecr-steward-ServiceToken}
      Routes:
        - {Sink: SecurityHub}
        - {Sink: Slack, SecretParameter: /tools/secrets/slack, MinimumSeverity: !Ref Least}
";

#[test]
fn check_knows_findings_policies_and_plan_says_that_it_does_not() {
    let prefix = ["--parameter-prefix", "/tools"];
    let good = run(&[&["check", "-"], &prefix[..]].concat(), POLICY);
    assert_eq!((good.code, good.data.as_str()), (0, "stdin: no problems, 2 routes, 1 waiver\n"), "{}", good.talk);
    let elsewhere = run(&["check", "-"], POLICY);
    assert_eq!(elsewhere.code, 1);
    assert!(elsewhere.data.contains("Routes[1].SecretParameter: must be the name"), "{}", elsewhere.data);
    let least = |word: &str| {
        let given = format!("Least={word}");
        run(&[&["check", "-", "--format", "json", "--parameter", &given], &prefix[..]].concat(), TEMPLATE)
    };
    let found = least("HIGH").json();
    assert_eq!(found["declarations"][0]["type"], "Custom::EcrFindingsPolicy");
    assert_eq!(found["declarations"][0]["routes"], json!(["SecurityHub", "Slack"]));
    let wrong = least("HIHG");
    assert_eq!((wrong.code, &wrong.json()["declarations"][0]["logicalId"]), (1, &json!("Findings")));
    assert_eq!(wrong.json()["declarations"][0]["problems"][0]["path"], "Routes[1].MinimumSeverity");
    let aws = Aws::start();
    for command in ["plan", "apply"] {
        let refused = aws.run(&[command, "-"], POLICY);
        assert_eq!((refused.code, refused.data.as_str()), (2, ""));
        assert!(refused.talk.contains("only Custom::EcrRepositories can be planned"), "{}", refused.talk);
    }
}
