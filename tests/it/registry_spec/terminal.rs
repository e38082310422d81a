//! `ecr-steward check` of a registry, as a user meets it.

use crate::cli::{Aws, run};
use serde_json::json;

const REGISTRY: &str = "
Type: Custom::EcrRegistry
Properties:
  ServiceToken: arn:aws:lambda:eu-west-1:123456789012:function:x
  ScanType: ENHANCED
  ScanRules:
    - ScanFrequency: CONTINUOUS_SCAN
      RepositoryFilters: [{Filter: app, FilterType: WILDCARD}]
  ReplicationRules:
    - Destinations: [{Region: eu-west-1, RegistryId: \"123456789012\"}]
  BlobMounting: ENABLED
";

#[test]
fn check_knows_registries_and_tells_what_their_filters_match() {
    let good = run(&["check", "-"], REGISTRY);
    assert_eq!((good.code, good.talk.as_str()), (0, ""));
    let words = "stdin: no problems, 4 entries. By itself, ENHANCED scans continuously: \"app\" (every name that contains \
                 app). Repositories that no filter matches are not scanned at all\n";
    assert_eq!(good.data, words);
    let told = run(&["check", "-", "--format", "json"], REGISTRY).json();
    let declared = &told["declarations"][0];
    assert_eq!(declared["type"], "Custom::EcrRegistry");
    assert_eq!(declared["entries"][1], json!({"section": "Scanning", "name": "app"}));
}

#[test]
fn check_holds_against_the_place_as_far_as_it_is_told() {
    let place = ["--region", "eu-west-1", "--parameter", "AWS::AccountId=123456789012"];
    let here = run(&[&["check", "-"], &place[..]].concat(), REGISTRY);
    assert_eq!(here.code, 1, "{}", here.talk);
    assert!(
        here.data.contains("ReplicationRules[0].Destinations[0].Region: is, with RegistryId, this very"),
        "{}",
        here.data
    );
    let bad = run(&["check", "-"], &REGISTRY.replace("ScanType: ENHANCED", "ScanType: BASIC"));
    assert_eq!(bad.code, 1, "{}", bad.talk);
    assert!(bad.data.contains("ScanRules[0].ScanFrequency: CONTINUOUS_SCAN needs"), "{}", bad.data);
    let refused = Aws::start().run(&["plan", "-"], REGISTRY);
    assert_eq!((refused.code, refused.data.as_str()), (2, ""));
    assert!(refused.talk.contains("only Custom::EcrRepositories can be planned"), "{}", refused.talk);
}

#[test]
fn the_example_has_no_problems() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/registry.yaml");
    let given = ["--region", "eu-west-1", "--parameter", "AWS::AccountId=123456789012"];
    let good = run(&[&["check", path], &given[..]].concat(), "");
    assert_eq!(good.code, 0, "{}{}", good.data, good.talk);
}
