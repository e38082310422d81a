//! Settings of the registry whose Region the state does not tell, and those of which there are two.

use super::{ACCOUNT, as_map, blocks, in_region, names, repository, resource, state, staying, taken};
use serde_json::{Value, json};

const EU: &str = "eu-west-1";

fn scanning(address: &str, region: Option<&str>, kind: &str) -> Value {
    resource(
        &format!("aws_ecr_registry_scanning_configuration.{address}"),
        json!({"registry_id": ACCOUNT, "scan_type": kind, "rule": [], "region": region}),
    )
}

fn beside(more: &[Value]) -> Value {
    let mut all = vec![repository("aws_ecr_repository.a", "team/a")];
    all.extend_from_slice(more);
    state(&all)
}

#[test]
fn a_setting_of_an_untold_region_is_taken_only_where_the_caller_says_the_region() {
    let untold = beside(&[scanning("a", None, "ENHANCED")]);
    let moving = taken(&untold);
    assert_eq!((moving.registry.len(), names(&moving)), (0, vec!["team/a"]));
    let kept = staying(&moving);
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(
        kept[0].starts_with("aws_ecr_registry_scanning_configuration.a: ") && kept[0].contains("--region"),
        "{kept:?}"
    );
    assert_eq!(blocks(&moving), ["aws_ecr_repository.a"]);
    assert!(moving.notes.iter().all(|note| !note.contains("--region")), "{:?}", moving.notes);

    let moving = in_region(&untold, EU);
    assert_eq!(as_map(&moving.registry), *json!({"ScanType": "ENHANCED"}).as_object().unwrap());
    let told: Vec<&String> = moving.notes.iter().filter(|note| note.contains("--region")).collect();
    assert_eq!(told.len(), 1, "{:?}", moving.notes);
    assert!(told[0].contains("aws_ecr_registry_scanning_configuration.a") && told[0].contains(EU), "{told:?}");

    // What tells its Region needs neither.
    let moving = taken(&beside(&[scanning("a", Some(EU), "ENHANCED")]));
    assert_eq!(moving.registry.len(), 1);
    assert!(moving.notes.iter().all(|note| !note.contains("--region")), "{:?}", moving.notes);
}

#[test]
fn of_two_of_what_a_registry_has_once_neither_is_taken_nor_forgotten() {
    let policy = json!({"Version": "2012-10-17", "Statement": {"Sid": "In", "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::210987654321:root"}, "Action": ["ecr:ReplicateImage"],
        "Resource": "arn:aws:ecr:eu-west-1:123456789012:repository/*"}});
    let rule = json!({"destination": [{"region": "eu-north-1", "registry_id": ACCOUNT}], "repository_filter": []});
    let signing = json!({"signing_profile_arn": "arn:aws:signer:eu-west-1:123456789012:/signing-profiles/release",
                         "repository_filter": []});
    let kinds = [
        ("aws_ecr_registry_scanning_configuration", json!({"scan_type": "BASIC", "rule": []})),
        ("aws_ecr_registry_policy", json!({"policy": policy.to_string()})),
        ("aws_ecr_replication_configuration", json!({"replication_configuration": [{"rule": [rule]}]})),
        ("aws_ecr_signing_configuration", json!({"rule": [signing]})),
        ("aws_ecr_account_setting", json!({"name": "BLOB_MOUNTING", "value": "ENABLED"})),
        (
            "aws_ecr_pull_through_cache_rule",
            json!({"ecr_repository_prefix": "quay", "upstream_registry_url": "quay.io"}),
        ),
    ];
    for (kind, values) in kinds {
        let one = |name: &str| resource(&format!("{kind}.{name}"), values.clone());
        assert_eq!(in_region(&beside(&[one("one")]), EU).registry.len(), 1, "{kind}");
        // Even if they say the same: one of them may be of another Region.
        let mut tainted = one("two");
        tainted["tainted"] = true.into();
        for second in [one("two"), tainted] {
            let moving = in_region(&beside(&[one("one"), second]), EU);
            assert_eq!(moving.registry, [], "{kind}");
            let kept = staying(&moving);
            let addresses: Vec<&str> = kept.iter().map(|line| line.split(": ").next().unwrap()).collect();
            assert_eq!(addresses, [format!("{kind}.one"), format!("{kind}.two")]);
            assert_eq!(blocks(&moving), ["aws_ecr_repository.a"]);
        }
    }
    // One each of two Regions is no two of one.
    let each = beside(&[scanning("eu", Some(EU), "BASIC"), scanning("us", Some("us-east-1"), "ENHANCED")]);
    let moving = in_region(&each, EU);
    assert_eq!(as_map(&moving.registry), *json!({"ScanType": "BASIC"}).as_object().unwrap());
    assert_eq!(staying(&moving).len(), 1);
}
