//! Single resources: what is made of each, and what is not.

use super::{ACCOUNT, as_map, in_region, lifecycle, names, repository, resource, state, staying, taken, with};
use ecr_steward::model::repository::MutabilityMode;
use serde_json::{Value, json};

/// A repository beside which other resources stand, so that the state is of some place.
fn beside(more: &[Value]) -> Value {
    let mut all = vec![repository("aws_ecr_repository.a", "team/a")];
    all.extend_from_slice(more);
    state(&all)
}

#[test]
fn a_repository_is_taken_with_the_settings_of_later_providers_too() {
    let mut one = repository("aws_ecr_repository.a", "team/a");
    one["values"]["image_tag_mutability"] = "IMMUTABLE_WITH_EXCLUSION".into();
    one["values"]["image_tag_mutability_exclusion_filter"] =
        json!([{"filter": "latest", "filter_type": "WILDCARD"}, {"filter": "dev-*", "filter_type": "WILDCARD"}]);
    one["values"]["region"] = "eu-west-1".into();
    one["values"]["image_scanning_configuration"] = json!([]);
    let moving = taken(&state(&[one]));
    let found = &moving.repositories[0];
    assert_eq!(found.mutability.mode, MutabilityMode::ImmutableWithExclusion);
    assert_eq!(found.mutability.exclusions, ["dev-*", "latest"]);
    assert!(!found.scan_on_push);
    assert_eq!(found.encryption.kms_key, None);
}

#[test]
fn what_this_version_does_not_know_stays_with_terraform_together_with_its_policies() {
    let broken: [(Value, &str); 6] = [
        (json!({"image_tag_mutability": "SOMETIMES"}), "\"SOMETIMES\" is not known"),
        (json!({"encryption_configuration": [{"encryption_type": "QUANTUM"}]}), "\"QUANTUM\" is not known"),
        (json!({"tags_all": {"a": 1}}), "tags_all is not a map of texts"),
        (json!({"image_scanning_configuration": [{"scan_on_push": "yes"}]}), "scan_on_push is not true or false"),
        (json!({"name": "UPPER"}), "its name contains 'U'"),
        (json!({"arn": null}), "does not say its arn"),
    ];
    for (values, why) in broken {
        let mut one = repository("aws_ecr_repository.b", "team/b");
        one["values"] = with(one["values"].clone(), values.clone());
        let name = one["values"]["name"].as_str().unwrap().to_owned();
        let moving = taken(&beside(&[one, lifecycle("aws_ecr_lifecycle_policy.b", &name)]));
        assert_eq!(names(&moving), ["team/a"], "{values}");
        let kept = staying(&moving);
        assert_eq!(kept.len(), 2, "{kept:?}");
        assert!(kept.iter().any(|line| line.starts_with("aws_ecr_repository.b: ") && line.contains(why)), "{kept:?}");
    }
}

#[test]
fn a_policy_without_its_repository_stays() {
    let moving = taken(&beside(&[lifecycle("aws_ecr_lifecycle_policy.x", "made-by-hand")]));
    assert!(staying(&moving)[0].contains("the repository made-by-hand is not in this state"));
}

#[test]
fn of_two_resources_that_say_different_things_neither_is_taken() {
    let mut other = lifecycle("aws_ecr_lifecycle_policy.two", "team/a");
    let same = taken(&beside(&[lifecycle("aws_ecr_lifecycle_policy.one", "team/a"), other.clone()]));
    assert_eq!(staying(&same), [""; 0]);
    other["values"]["policy"] = "{\"rules\":[]}".into();
    let moving = taken(&beside(&[lifecycle("aws_ecr_lifecycle_policy.one", "team/a"), other]));
    assert_eq!(names(&moving), [""; 0], "nobody knows which of them holds");
    let kept = staying(&moving);
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert!(kept[1].starts_with("aws_ecr_lifecycle_policy.two: another resource says something else"), "{kept:?}");

    let setting = |name: &str, value: &str| {
        resource(&format!("aws_ecr_account_setting.{name}"), json!({"name": "BLOB_MOUNTING", "value": value}))
    };
    let moving = in_region(&beside(&[setting("one", "ENABLED"), setting("two", "DISABLED")]), "eu-west-1");
    assert_eq!(moving.registry, []);
    let kept = staying(&moving);
    assert_eq!(kept.len(), 2, "{kept:?}");
    for (line, address) in kept.iter().zip(["one", "two"]) {
        assert!(line.starts_with(&format!("aws_ecr_account_setting.{address}: another resource")), "{kept:?}");
    }
}

#[test]
fn what_a_replacement_left_and_what_is_to_be_replaced_stay() {
    for (marks, why) in
        [(json!({"deposed_key": "abcd"}), "left to be destroyed"), (json!({"tainted": true}), "is tainted")]
    {
        let one = with(repository("aws_ecr_repository.b", "team/b"), marks);
        let moving = taken(&beside(&[one]));
        assert_eq!(names(&moving), ["team/a"]);
        assert!(staying(&moving)[0].contains(why));
    }
}

#[test]
fn every_setting_of_the_registry_is_declared() {
    let registry = [
        resource("aws_ecr_account_setting.blobs", json!({"name": "BLOB_MOUNTING", "value": "ENABLED"})),
        resource(
            "aws_ecr_signing_configuration.a",
            json!({"registry_id": ACCOUNT, "rule": [
                {"signing_profile_arn": "arn:aws:signer:eu-west-1:123456789012:/signing-profiles/release",
                 "repository_filter": [{"filter": "team/*", "filter_type": "WILDCARD_MATCH"}]},
                {"signing_profile_arn": "arn:aws:signer:eu-west-1:123456789012:/signing-profiles/every",
                 "repository_filter": []}]}),
        ),
        resource(
            "aws_ecr_pull_time_update_exclusion.a",
            json!({"principal_arn": "arn:aws:iam::123456789012:role/scanner"}),
        ),
        resource(
            "aws_ecr_repository_creation_template.a",
            json!({"prefix": "ROOT", "description": "for all", "applied_for": ["REPLICATION", "PULL_THROUGH_CACHE"],
                   "image_tag_mutability": "MUTABLE_WITH_EXCLUSION", "custom_role_arn": "arn:aws:iam::123456789012:role/t",
                   "image_tag_mutability_exclusion_filter": [{"filter": "v*", "filter_type": "WILDCARD"}],
                   "encryption_configuration": [{"encryption_type": "KMS",
                       "kms_key": "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"}],
                   "resource_tags": {"team": "platform"}, "lifecycle_policy": "", "repository_policy": null}),
        ),
        resource(
            "aws_ecr_pull_through_cache_rule.a",
            json!({"ecr_repository_prefix": "peer", "upstream_registry_url": "210987654321.dkr.ecr.us-east-1.amazonaws.com",
                   "custom_role_arn": "arn:aws:iam::123456789012:role/peer", "upstream_repository_prefix": "shared",
                   "credential_arn": ""}),
        ),
        resource(
            "aws_ecr_registry_policy.a",
            json!({"policy": json!({"Version": "2012-10-17", "Statement": {"Sid": "In", "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::210987654321:root"}, "Action": ["ecr:ReplicateImage"],
                "Resource": "arn:aws:ecr:eu-west-1:123456789012:repository/*"}}).to_string()}),
        ),
    ];
    let moving = in_region(&beside(&registry), "eu-west-1");
    assert_eq!(staying(&moving), [""; 0]);
    insta::assert_json_snapshot!("every_registry_setting", as_map(&moving.registry));
}

#[test]
fn settings_that_have_no_place_in_a_declaration_stay() {
    let scanning = |rules: Value| {
        resource("aws_ecr_registry_scanning_configuration.a", json!({"scan_type": "BASIC", "rule": rules}))
    };
    let filter = json!([{"filter": "prod", "filter_type": "WILDCARD"}]);
    let cases = [
        (
            resource("aws_ecr_account_setting.a", json!({"name": "REGISTRY_POLICY_SCOPE", "value": "V2"})),
            "REGISTRY_POLICY_SCOPE",
        ),
        (scanning(json!([{"scan_frequency": "MANUAL", "repository_filter": filter}])), "MANUAL"),
        (
            scanning(json!([{"scan_frequency": "SCAN_ON_PUSH", "repository_filter": filter},
                            {"scan_frequency": "CONTINUOUS_SCAN", "repository_filter": filter}])),
            "\"prod\" stands under both",
        ),
        (resource("aws_ecr_registry_policy.a", json!({"policy": "not JSON"})), "is not JSON"),
        (resource("aws_ecr_registry_policy.a", json!({"policy": "{}"})), "has no statement"),
        (
            resource("aws_ecr_registry_policy.a", json!({"policy": "{\"Statement\":[{\"Sid\":\"${x}\"}]}"})),
            "takes for a variable",
        ),
        (resource("aws_ecr_newest_invention.a", json!({})), "no setting for a aws_ecr_newest_invention"),
        (
            resource("aws_ecr_pull_through_cache_rule.a", json!({"upstream_registry_url": "quay.io"})),
            "does not say its",
        ),
    ];
    for (one, why) in cases {
        let moving = in_region(&beside(std::slice::from_ref(&one)), "eu-west-1");
        assert_eq!(moving.registry, [], "{one}");
        let kept = staying(&moving);
        assert!(kept.len() == 1 && kept[0].contains(why), "{kept:?}");
    }
    // Nothing to say is no reason to stay.
    let empty = resource("aws_ecr_replication_configuration.a", json!({"replication_configuration": [{"rule": []}]}));
    let moving = in_region(&beside(&[empty]), "eu-west-1");
    assert_eq!((moving.registry.len(), staying(&moving).len()), (0, 0));
}

#[test]
fn what_a_declaration_of_the_registry_would_be_refused_for_stays_and_the_rest_is_declared() {
    let policy = |statements: Value| {
        let policy = json!({"Version": "2012-10-17", "Statement": statements});
        resource("aws_ecr_registry_policy.a", json!({"policy": policy.to_string()}))
    };
    let open =
        json!({"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "ecr:ReplicateImage", "Resource": "*"});
    let cache = resource(
        "aws_ecr_pull_through_cache_rule.a",
        json!({"ecr_repository_prefix": "hub", "upstream_registry_url": "registry-1.docker.io"}),
    );
    let blobs = resource("aws_ecr_account_setting.a", json!({"name": "BLOB_MOUNTING", "value": "ENABLED"}));
    let moving = in_region(&beside(&[policy(json!([open])), cache, blobs]), "eu-west-1");
    assert_eq!(as_map(&moving.registry), *json!({"BlobMounting": "ENABLED"}).as_object().unwrap());
    let kept = staying(&moving);
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(
        kept[0].starts_with("aws_ecr_pull_through_cache_rule.a: ") && kept[0].contains("CredentialArn"),
        "{kept:?}"
    );
    assert!(kept[1].starts_with("aws_ecr_registry_policy.a: "), "{kept:?}");

    // A statement without a name would be written a second time under one.
    let friend = |sid: Option<&str>| {
        let mut one = json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
                             "Action": "ecr:ReplicateImage", "Resource": "arn:aws:ecr:eu-west-1:123456789012:repository/*"});
        if let Some(sid) = sid {
            one["Sid"] = sid.into();
        }
        one
    };
    let moving = in_region(&beside(&[policy(json!([friend(Some("Named")), friend(None)]))]), "eu-west-1");
    assert_eq!(as_map(&moving.registry)["RegistryPolicy"], json!([friend(Some("Named"))]));
    assert!(
        moving.notes.iter().any(|note| note.starts_with("1 of the registry policy without a Sid")),
        "{:?}",
        moving.notes
    );
    assert_eq!(staying(&moving), [""; 0]);
}

#[test]
fn public_repositories_are_declared_with_their_catalogue_but_not_their_logo() {
    let public = |address: &str, name: &str, catalog: Value| {
        resource(
            address,
            json!({"repository_name": name, "registry_id": ACCOUNT, "force_destroy": true, "catalog_data": catalog,
                   "arn": format!("arn:aws:ecr-public::{ACCOUNT}:repository/{name}"), "tags_all": {"a": "b"}}),
        )
    };
    let catalog = json!([{"description": "Tools", "about_text": "# About", "usage_text": "", "architectures": ["ARM 64"],
                          "operating_systems": [], "logo_image_blob": "iVBORw0KGgo="}]);
    let policy = resource("aws_ecrpublic_repository_policy.a", json!({"repository_name": "tools", "policy": "{}"}));
    let foreign =
        resource("aws_ecrpublic_repository_policy.b", json!({"repository_name": "elsewhere", "policy": "{}"}));
    let all = [
        public("aws_ecrpublic_repository.a", "tools", catalog),
        public("aws_ecrpublic_repository.b", "plain", json!([])),
        policy,
        foreign,
    ];
    let moving = taken(&state(&all));
    let expected = json!({"RepositoryNames": ["plain", "tools"], "AdoptExisting": true,
        "Catalog": {"tools": {"Description": "Tools", "AboutText": "# About", "Architectures": ["ARM 64"]}}});
    assert_eq!(as_map(&moving.public), *expected.as_object().unwrap());
    assert_eq!(moving.notes.iter().filter(|note| note.contains("logos")).count(), 1);
    assert_eq!(staying(&moving), ["aws_ecrpublic_repository_policy.b: the repository elsewhere is not in this state"]);
}
