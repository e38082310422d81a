//! What each property comes to: the entries, by the place each stands for.

use super::{checked, entries, replicate, scan, wish};
use ecr_steward::model::policy::{Kind, Statement};
use ecr_steward::model::registry::{
    AppliedFor, CacheRule, CreationTemplate, Entry, ReplicationRule, ScanFrequency, Section,
};
use ecr_steward::model::repository::{EncryptionType, MutabilityMode, ScanType};
use ecr_steward::plan::posture::creation_templates;
use ecr_steward::spec::baseline;
use ecr_steward::spec::registry::{Around, OnDelete, check};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ROLE: &str = "arn:aws:iam::123456789012:role/service/ecr";

fn set(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Sid and statement of each entry of the registry policy.
fn statements(properties: &Value) -> Vec<(String, Value)> {
    let read = |entry: Entry| match entry {
        Entry::Statement(statement) => (statement.sid, serde_json::from_str(&statement.text).unwrap()),
        other => panic!("{other:?} is no statement"),
    };
    entries(properties, Section::Policy).into_iter().map(read).collect()
}

#[test]
fn scanning_is_a_type_and_filters() {
    let found = entries(
        &json!({"ScanType": "ENHANCED", "ScanRules": [scan("CONTINUOUS_SCAN", &["prod"]), scan("SCAN_ON_PUSH", &["*"])]}),
        Section::Scanning,
    );
    let filter = |frequency, filter: &str| Entry::ScanFilter { frequency, filter: filter.to_owned() };
    let wanted = [
        Entry::ScanType(ScanType::Enhanced),
        filter(ScanFrequency::ScanOnPush, "*"),
        filter(ScanFrequency::ContinuousScan, "prod"),
    ];
    assert_eq!(found, wanted);
    // Without a type beside them, the merged whole says whether they can be.
    assert_eq!(wish(&json!({"ScanRules": [scan("CONTINUOUS_SCAN", &["a.b-c_d/e*f"])]})).entries.len(), 1);
}

#[test]
fn what_cloudformation_makes_texts_of_is_read_all_the_same() {
    let found = wish(&json!({"BlobMounting": "ENABLED", "OnDelete": "Restore", "ServiceTimeout": "300",
        "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:x", "ScanType": null}));
    assert_eq!(found.on_delete, OnDelete::Restore);
    assert_eq!(found.entries.into_values().collect::<Vec<_>>(), [Entry::BlobMounting(true)]);
    assert_eq!(wish(&json!({"BlobMounting": "DISABLED"})).on_delete, OnDelete::Retain);
    let mut rule = replicate(&[("eu-central-1", "123456789012")], &[]);
    rule["DeleteReplication"] = json!({"Enabled": "true"});
    rule["Destinations"][0]["RegistryId"] = json!(123_456_789_012_u64);
    let [Entry::Replication(rule)] = &entries(&json!({"ReplicationRules": [rule]}), Section::Replication)[..] else {
        panic!("one rule")
    };
    assert!(rule.delete_replication);
}

#[test]
fn a_replication_rule_knows_where_from_and_where_to() {
    let to = [("us-east-1", "111122223333"), ("eu-central-1", "123456789012")];
    let found = entries(&json!({"ReplicationRules": [replicate(&to, &["prod/", "team-a"])]}), Section::Replication);
    let [Entry::Replication(ReplicationRule { destinations, prefixes, delete_replication: false })] = &found[..] else {
        panic!("{found:?}")
    };
    let places: Vec<String> = destinations.iter().map(|to| format!("{}/{}", to.region, to.registry_id)).collect();
    assert_eq!(places, ["eu-central-1/123456789012", "us-east-1/111122223333"]);
    assert_eq!(prefixes, &set(&["prod/", "team-a"]));
    // Who does not know where it is, refuses no destination for being here.
    let nowhere = Around { partition: "aws", region: Some("eu-west-1"), account: None };
    let own = json!({"ReplicationRules": [replicate(&[("eu-west-1", "123456789012")], &[])]});
    assert!(check(own.as_object().unwrap(), &nowhere).is_ok() && checked(&own).is_err());
}

#[test]
fn a_statement_keeps_its_sid_or_is_named_after_what_it_says() {
    let bare = json!({"Effect": "Allow", "Principal": "111122223333", "Action": "ecr:ReplicateImage", "Resource": "*"});
    let mut named = bare.clone();
    named["Sid"] = json!("Peer");
    let found = statements(&json!({"RegistryPolicy": [named, bare]}));
    let sids: Vec<&str> = found.iter().map(|(sid, _)| sid.as_str()).collect();
    let [first, "Peer"] = sids[..] else { panic!("{sids:?}") };
    assert!(first.starts_with("EcrSteward") && first.len() > 20, "{first}");
    assert!(first.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{first} is a legal Sid");
    for (sid, statement) in &found {
        assert_eq!(
            (statement["Sid"].as_str(), &statement["Principal"]),
            (Some(sid.as_str()), &json!({"AWS": "111122223333"}))
        );
    }
    // A document, its text and a single statement say the same; so does an empty Sid.
    let document = json!({"Version": "2012-10-17", "Statement": [named, bare]});
    assert_eq!(statements(&json!({"RegistryPolicy": document})), found);
    assert_eq!(statements(&json!({"RegistryPolicy": document.to_string()})), found);
    let mut empty = bare.clone();
    empty["Sid"] = json!("");
    assert_eq!(statements(&json!({"RegistryPolicy": {"Statement": empty}}))[0], found[0]);
    // Another statement has another name.
    let mut other = bare.clone();
    other["Action"] = json!("ecr:CreateRepository");
    assert_ne!(statements(&json!({"RegistryPolicy": [other]}))[0].0, found[0].0);
}

#[test]
fn the_world_may_be_let_in_on_purpose_or_under_a_condition() {
    let open = json!({"Effect": "Allow", "Principal": "*", "Action": "ecr:ReplicateImage", "Resource": "*"});
    let mut bounded = open.clone();
    bounded["Condition"] = json!({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}});
    let mut deny = open.clone();
    deny["Effect"] = json!("Deny");
    assert_eq!(statements(&json!({"RegistryPolicy": [bounded, deny]})).len(), 2);
    assert_eq!(statements(&json!({"RegistryPolicy": [open], "AllowPublicPrincipals": "true"})).len(), 1);
}

#[test]
fn replication_sources_get_a_statement_each_that_stacks_share() {
    let both = statements(&json!({"ReplicationSources": ["111122223333", "444455556666"]}));
    assert_eq!(
        both[0],
        (
            "EcrStewardReplication111122223333".to_owned(),
            json!({
                "Sid": "EcrStewardReplication111122223333",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": ["ecr:CreateRepository", "ecr:ReplicateImage"],
                "Resource": "arn:aws:ecr:eu-west-1:123456789012:repository/*",
            })
        )
    );
    assert_eq!(statements(&json!({"ReplicationSources": ["444455556666"]})), both[1..]);
    let china = Around { partition: "aws-cn", region: Some("cn-north-1"), account: None };
    let wish = check(json!({"ReplicationSources": ["111122223333"]}).as_object().unwrap(), &china).unwrap();
    let Some(Entry::Statement(statement)) = wish.entries.into_values().next() else { panic!("one statement") };
    for arn in ["arn:aws-cn:iam::111122223333:root", "arn:aws-cn:ecr:cn-north-1:*:repository/*"] {
        assert!(statement.text.contains(arn), "{}", statement.text);
    }
}

#[test]
fn cache_access_is_for_principals_and_prefixes() {
    let access = |principals: Value, prefixes: Value| json!({"PullThroughCacheAccess": [{"Principals": principals, "Prefixes": prefixes}]});
    let found = statements(&access(json!(["444455556666", ROLE]), json!(["quay/", "docker-hub"])));
    let (sid, statement) = &found[0];
    assert_eq!(statement["Action"], json!(["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"]));
    assert_eq!(statement["Principal"], json!({"AWS": ["arn:aws:iam::444455556666:root", ROLE]}));
    let under = |prefix: &str| format!("arn:aws:ecr:eu-west-1:123456789012:repository/{prefix}");
    assert_eq!(statement["Resource"], json!([under("docker-hub/*"), under("quay/*")]));
    assert!(Statement::parse_for(Kind::Registry, statement).is_ok());
    // The order says nothing.
    let turned = statements(&access(json!([ROLE, "444455556666"]), json!(["docker-hub", "quay"])));
    assert_eq!(&turned[0].0, sid);
    let all = statements(&access(json!(["444455556666"]), json!(["ROOT"])));
    assert_eq!(all[0].1["Resource"], json!([under("*")]));
}

/// Every upstream that ECR knows, by its name and by its address.
#[test]
fn every_upstream_is_known_by_name_and_by_address() {
    let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ecr-pullthroughcache/upstream-AbCdEf";
    let table = [
        ("ecr", "111122223333.dkr.ecr.us-east-1.amazonaws.com", None, Some(ROLE)),
        ("ecr", "123456789012.dkr.ecr.us-east-1.amazonaws.com", None, None),
        ("ecr-public", "public.ecr.aws", None, None),
        ("quay", "quay.io", None, None),
        ("k8s", "registry.k8s.io", None, None),
        ("docker-hub", "registry-1.docker.io", Some(secret), None),
        ("github-container-registry", "ghcr.io", Some(secret), None),
        ("gitlab-container-registry", "registry.gitlab.com", Some(secret), None),
        ("azure-container-registry", "team.azurecr.io", Some(secret), None),
        ("chainguard", "cgr.dev", Some(secret), None),
    ];
    for (word, url, credential, role) in table {
        let by = |property: &str, value: &str| {
            let mut rule = json!({"EcrRepositoryPrefix": "up/", property: value, "CredentialArn": credential,
                "CustomRoleArn": role});
            if property == "UpstreamRegistry" && ["ecr", "azure-container-registry"].contains(&word) {
                rule["UpstreamRegistryUrl"] = json!(url);
            }
            entries(&json!({"PullThroughCacheRules": [rule]}), Section::PullThroughCache)
        };
        let wanted = CacheRule {
            prefix: "up".to_owned(),
            upstream_url: url.to_owned(),
            upstream: Some(word.to_owned()),
            upstream_prefix: None,
            credential_arn: credential.map(str::to_owned),
            custom_role_arn: role.map(str::to_owned),
        };
        assert_eq!(by("UpstreamRegistry", word), [Entry::CacheRule(wanted.clone())], "{word}");
        assert_eq!(by("UpstreamRegistryUrl", url), [Entry::CacheRule(wanted.clone())], "{url}");
        // What ECR fills in by itself is no difference; another upstream is.
        let held = CacheRule { upstream: None, upstream_prefix: Some("ROOT".to_owned()), ..wanted.clone() };
        assert!(Entry::CacheRule(wanted.clone()).agrees_with(&Entry::CacheRule(held.clone())));
        let other = CacheRule { upstream_prefix: Some("team".to_owned()), ..held };
        assert!(!Entry::CacheRule(wanted).agrees_with(&Entry::CacheRule(other)));
    }
}

fn lifecycle(more: &Value) -> Value {
    json!({"rules": [{"rulePriority": "1", "description": more, "action": {"type": "expire"}, "selection": {
        "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": "10"}}]})
}

#[test]
fn a_template_has_the_properties_of_cloudformations_own() {
    let found = entries(
        &json!({"CreationTemplates": [{
            "Prefix": "a", "Description": "Team A", "AppliedFor": ["CREATE_ON_PUSH", "PULL_THROUGH_CACHE"],
            "ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
            "ImageTagMutabilityExclusionFilters": [{"ImageTagMutabilityExclusionFilterType": "WILDCARD",
                "ImageTagMutabilityExclusionFilterValue": "latest"}],
            "EncryptionConfiguration": {"EncryptionType": "KMS",
                "KmsKey": "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"},
            "ResourceTags": [{"Key": "team", "Value": "a"}],
            "LifecyclePolicy": lifecycle(&json!("ten")),
            "RepositoryPolicy": {"Version": "2012-10-17", "Statement": [{"Sid": "Pull", "Effect": "Allow",
                "Principal": {"AWS": "444455556666"}, "Action": "ecr:BatchGetImage"}]},
            "CustomRoleArn": ROLE,
        }]}),
        Section::CreationTemplates,
    );
    let [Entry::Template(template)] = &found[..] else { panic!("{found:?}") };
    assert_eq!((template.prefix.as_str(), template.description.as_deref()), ("a", Some("Team A")));
    assert_eq!(template.applied_for, BTreeSet::from([AppliedFor::CreateOnPush, AppliedFor::PullThroughCache]));
    assert_eq!(template.mutability.mode, MutabilityMode::ImmutableWithExclusion);
    assert_eq!(template.mutability.exclusions, ["latest"]);
    assert_eq!(template.encryption.kind, EncryptionType::Kms);
    assert_eq!(template.tags["team"], "a");
    let policy: Value = serde_json::from_str(template.lifecycle_policy.as_deref().unwrap()).unwrap();
    assert_eq!(policy["rules"][0]["selection"]["countNumber"], 10, "numbers that CloudFormation made texts of");
    let access: Value = serde_json::from_str(template.repository_policy.as_deref().unwrap()).unwrap();
    assert_eq!(access["Statement"][0]["Sid"], "Pull");
    // ECR writes texts anew: the same policy in other words is no difference, another one is.
    let held = |lifecycle: String, access: String| {
        Entry::Template(CreationTemplate {
            lifecycle_policy: Some(lifecycle),
            repository_policy: Some(access),
            ..template.clone()
        })
    };
    let root = access.to_string().replace("\"444455556666\"", "[\"arn:aws:iam::444455556666:root\"]");
    let spaced = serde_json::to_string_pretty(&policy).unwrap();
    assert!(found[0].agrees_with(&held(spaced.clone(), root)));
    assert!(!found[0].agrees_with(&held(spaced.replace("10", "11"), access.to_string())));
    assert!(!found[0].agrees_with(&held(spaced, access.to_string().replace("4444", "5555"))));
}

/// The two resources say the same of a repository that is not made yet.
#[test]
fn the_templates_that_a_baseline_makes_are_taken() {
    let baseline = baseline::check(
        json!({"Rules": [
            {"Name": "all", "Require": {"ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
                "ImageTagMutabilityExclusions": ["latest"], "LifecyclePolicy": "Generated", "EncryptionType": "KMS"}},
            {"Name": "team", "Match": {"Names": ["team/*"]}, "Require": {"RequiredTags": {"team": "a"}}},
        ]})
        .as_object()
        .unwrap(),
    )
    .unwrap();
    let mut made = creation_templates(&baseline).templates;
    assert_eq!(made.len(), 2);
    for template in &mut made {
        template["CustomRoleArn"] = json!(ROLE);
    }
    assert_eq!(entries(&json!({"CreationTemplates": made}), Section::CreationTemplates).len(), 2);
}

#[test]
fn exclusions_and_signing_rules_are_entries_of_their_own() {
    let user = "arn:aws-cn:iam::123456789012:user/ci/scanner";
    let found = entries(&json!({"PullTimeUpdateExclusions": [user, ROLE]}), Section::PullTimeExclusions);
    assert_eq!(found, [Entry::Exclusion(user.to_owned()), Entry::Exclusion(ROLE.to_owned())]);
    let profile = "arn:aws:signer:eu-west-1:123456789012:/signing-profiles/images";
    let found = entries(
        &json!({"SigningRules": [{"SigningProfileArn": profile}, {"SigningProfileArn": profile, "RepositoryFilters": [
            {"Filter": "prod/*", "FilterType": "WILDCARD_MATCH"}]}]}),
        Section::Signing,
    );
    let filters: Vec<&BTreeSet<String>> = found
        .iter()
        .map(|entry| match entry {
            Entry::Signing(rule) => &rule.filters,
            other => panic!("{other:?} is no signing rule"),
        })
        .collect();
    assert_eq!(filters, [&set(&[]), &set(&["prod/*"])]);
}
