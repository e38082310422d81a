//! Writing to the registry: bodies as ECR expects them, and what its refusals mean.

use super::*;
use ecr_steward::fault::Fault;
use ecr_steward::flow::registry::{ReadRegistry as _, WriteRegistry as _};
use ecr_steward::model::policy::{Document, Statement};
use ecr_steward::model::registry::{
    AppliedFor, CacheRule, CreationTemplate, Destination, Entry, ReplicationRule, ScanFrequency, Section, SigningRule,
};
use ecr_steward::model::repository::ScanType;
use ecr_steward::plan::registry::RegistryChange;
use std::collections::BTreeSet;

const ROLE: &str = "arn:aws:iam::123456789012:role/ci";

/// What one write sends: operations and bodies.
fn written(change: &RegistryChange, answers: &[(u16, Value)]) -> (Result<(), Fault>, Vec<(String, Value)>) {
    run(async {
        let tape = Tape::of(answers);
        let result = tape.aws().perform_on_registry(change).await;
        let said = tape.said();
        let said = said.iter().map(|said| {
            let operation = said.headers["x-amz-target"].rsplit_once('.').unwrap().1.to_owned();
            assert!(!said.body.contains("null"), "ECR takes null for a value: {}", said.body);
            (operation, said.json())
        });
        (result, said.collect())
    })
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn cache(credential: Option<&str>, role: Option<&str>) -> CacheRule {
    CacheRule {
        prefix: "hub".to_owned(),
        upstream_url: "registry-1.docker.io".to_owned(),
        upstream: Some("docker-hub".to_owned()),
        upstream_prefix: None,
        credential_arn: credential.map(str::to_owned),
        custom_role_arn: role.map(str::to_owned),
    }
}

fn whole_template() -> CreationTemplate {
    CreationTemplate {
        prefix: "prod".to_owned(),
        description: Some("for prod".to_owned()),
        applied_for: [AppliedFor::CreateOnPush, AppliedFor::Replication].into(),
        mutability: Mutability { mode: MutabilityMode::ImmutableWithExclusion, exclusions: vec!["latest*".to_owned()] },
        encryption: Encryption { kind: EncryptionType::Kms, kms_key: Some("arn:k".to_owned()) },
        tags: Tags::from([("team".to_owned(), "pay".to_owned())]),
        lifecycle_policy: Some("{\"rules\":[]}".to_owned()),
        repository_policy: Some("{}".to_owned()),
        custom_role_arn: Some("arn:role".to_owned()),
    }
}

fn bare_template(kind: EncryptionType) -> CreationTemplate {
    CreationTemplate {
        prefix: "prod".to_owned(),
        description: None,
        applied_for: [AppliedFor::PullThroughCache].into(),
        mutability: Mutability { mode: MutabilityMode::Mutable, exclusions: Vec::new() },
        encryption: Encryption { kind, kms_key: None },
        tags: Tags::new(),
        lifecycle_policy: None,
        repository_policy: None,
        custom_role_arn: None,
    }
}

/// One write of each kind, and the body it has; the one that is two calls has a test of its own.
fn table() -> Vec<(RegistryChange, Value)> {
    [documents(), collections(), signing()].concat()
}

fn replication() -> (RegistryChange, Value) {
    let place = |region: &str| Destination { region: region.to_owned(), registry_id: "123456789012".to_owned() };
    let rule = |regions: &[&str], prefixes: &[&str], delete_replication| ReplicationRule {
        destinations: regions.iter().map(|region| place(region)).collect(),
        prefixes: set(prefixes),
        delete_replication,
    };
    let written = |region: &str| json!({"region": region, "registryId": "123456789012"});
    let rules = vec![rule(&["us-east-1", "eu-west-2"], &["shop/"], true), rule(&["eu-west-3"], &[], false)];
    let body = json!({"replicationConfiguration": {"rules": [
        {"destinations": [written("eu-west-2"), written("us-east-1")],
            "repositoryFilters": [{"filter": "shop/", "filterType": "PREFIX_MATCH"}], "deleteReplication": {"enabled": true}},
        {"destinations": [written("eu-west-3")]}]}});
    (RegistryChange::PutReplication(rules), body)
}

fn documents() -> Vec<(RegistryChange, Value)> {
    let wildcard = |filter: &str| json!({"filter": filter, "filterType": "WILDCARD"});
    let rules = [
        (ScanFrequency::ScanOnPush, set(&["web", "api*"])),
        (ScanFrequency::ContinuousScan, set(&["prod*"])),
        (ScanFrequency::Manual, set(&[])),
    ];
    vec![
        (
            RegistryChange::PutScanning { scan_type: ScanType::Enhanced, rules: rules.into() },
            json!({"scanType": "ENHANCED", "rules": [
                {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [wildcard("api*"), wildcard("web")]},
                {"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [wildcard("prod*")]}]}),
        ),
        (
            RegistryChange::PutScanning { scan_type: ScanType::Basic, rules: BTreeMap::new() },
            json!({"scanType": "BASIC", "rules": []}),
        ),
        replication(),
        (RegistryChange::PutReplication(Vec::new()), json!({"replicationConfiguration": {"rules": []}})),
        (RegistryChange::PutPolicy("{\"Statement\":[]}".to_owned()), json!({"policyText": "{\"Statement\":[]}"})),
        (RegistryChange::DeletePolicy, json!({})),
        (RegistryChange::PutBlobMounting(true), json!({"name": "BLOB_MOUNTING", "value": "ENABLED"})),
        (RegistryChange::PutBlobMounting(false), json!({"name": "BLOB_MOUNTING", "value": "DISABLED"})),
    ]
}

fn collections() -> Vec<(RegistryChange, Value)> {
    let wildcard = |filter: &str| json!({"filter": filter, "filterType": "WILDCARD"});
    // What is not wished has to be said, or it would stay.
    let cleared = |encryption: Value| {
        json!({"prefix": "prod", "description": "", "appliedFor": ["PULL_THROUGH_CACHE"], "imageTagMutability": "MUTABLE",
            "encryptionConfiguration": encryption, "resourceTags": [], "lifecyclePolicy": "", "repositoryPolicy": "", "customRoleArn": ""})
    };
    vec![
        (
            RegistryChange::CreateCacheRule(cache(Some("arn:secret"), None)),
            json!({"ecrRepositoryPrefix": "hub", "upstreamRegistryUrl": "registry-1.docker.io", "upstreamRegistry": "docker-hub",
                "credentialArn": "arn:secret"}),
        ),
        (
            RegistryChange::UpdateCacheRule(cache(None, Some("arn:role"))),
            json!({"ecrRepositoryPrefix": "hub", "customRoleArn": "arn:role"}),
        ),
        (RegistryChange::DeleteCacheRule("hub".to_owned()), json!({"ecrRepositoryPrefix": "hub"})),
        (
            RegistryChange::CreateTemplate(whole_template()),
            json!({"prefix": "prod", "description": "for prod", "appliedFor": ["REPLICATION", "CREATE_ON_PUSH"],
                "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": [wildcard("latest*")],
                "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": "arn:k"},
                "resourceTags": [{"Key": "team", "Value": "pay"}], "lifecyclePolicy": "{\"rules\":[]}", "repositoryPolicy": "{}",
                "customRoleArn": "arn:role"}),
        ),
        (
            RegistryChange::CreateTemplate(bare_template(EncryptionType::Kms)),
            json!({"prefix": "prod", "appliedFor": ["PULL_THROUGH_CACHE"], "imageTagMutability": "MUTABLE",
                "encryptionConfiguration": {"encryptionType": "KMS"}}),
        ),
        (
            RegistryChange::UpdateTemplate(bare_template(EncryptionType::Kms)),
            cleared(json!({"encryptionType": "KMS", "kmsKey": ""})),
        ),
        (
            RegistryChange::UpdateTemplate(bare_template(EncryptionType::Aes256)),
            cleared(json!({"encryptionType": "AES256"})),
        ),
        (RegistryChange::DeleteTemplate("prod".to_owned()), json!({"prefix": "prod"})),
        (RegistryChange::RegisterExclusion(ROLE.to_owned()), json!({"principalArn": ROLE})),
        (RegistryChange::DeregisterExclusion(ROLE.to_owned()), json!({"principalArn": ROLE})),
    ]
}

fn signing() -> Vec<(RegistryChange, Value)> {
    let ours = "arn:aws:signer:eu-west-1:123456789012:/signing-profiles/ours";
    let rule = |filters: &[&str]| SigningRule { signing_profile_arn: ours.to_owned(), filters: set(filters) };
    vec![
        (
            RegistryChange::PutSigning(vec![rule(&["prod/*"]), rule(&[])]),
            json!({"signingConfiguration": {"rules": [
                {"signingProfileArn": ours, "repositoryFilters": [{"filter": "prod/*", "filterType": "WILDCARD_MATCH"}]},
                {"signingProfileArn": ours}]}}),
        ),
        (RegistryChange::DeleteSigning, json!({})),
    ]
}

/// An answer that every operation can be read from.
fn taken() -> (u16, Value) {
    (200, json!({"replicationConfiguration": {"rules": []}}))
}

#[test]
fn every_write_is_one_call_with_what_is_wished_and_nothing_else() {
    for (change, body) in table() {
        let (result, said) = written(&change, &[taken()]);
        assert_eq!(result, Ok(()), "{change:?}");
        let operation = change.action().strip_prefix("ecr:").unwrap().to_owned();
        assert_eq!(said, [(operation, body)], "what IAM must allow is what is called: {change:?}");
    }
}

#[test]
fn the_body_that_is_written_by_hand_is_announced_and_signed_as_it_is() {
    run(async {
        let tape = Tape::of(&[taken()]);
        let (change, _) = replication();
        tape.aws().perform_on_registry(&change).await.unwrap();
        let said = tape.one();
        assert_eq!(said.headers["content-length"], said.bytes.len().to_string());
        assert!(said.headers["authorization"].starts_with("AWS4-HMAC-SHA256"));
        assert_eq!(said.headers["x-amz-target"], "AmazonEC2ContainerRegistry_V20150921.PutReplicationConfiguration");
    });
}

#[test]
fn what_a_replication_rule_says_comes_back_as_it_was_written() {
    let (change, body) = replication();
    let RegistryChange::PutReplication(rules) = change else { unreachable!() };
    run(async {
        let tape = Tape::of(&[(200, body)]);
        let entries = tape.aws().entries(Section::Replication).await.unwrap();
        assert_eq!(entries, rules.into_iter().map(Entry::Replication).collect::<Vec<_>>());
    });
}

#[test]
fn a_cache_rule_that_is_to_have_no_credential_is_made_anew() {
    let change = RegistryChange::UpdateCacheRule(cache(None, None));
    let made = json!({"ecrRepositoryPrefix": "hub", "upstreamRegistryUrl": "registry-1.docker.io", "upstreamRegistry": "docker-hub"});
    let expected = [
        ("DeletePullThroughCacheRule".to_owned(), json!({"ecrRepositoryPrefix": "hub"})),
        ("CreatePullThroughCacheRule".to_owned(), made),
    ];
    let (result, said) = written(&change, &[(200, json!({})), (200, json!({}))]);
    assert_eq!((result, said.as_slice()), (Ok(()), &expected[..]));
    // Run again after an interruption in between.
    let gone = (400, refused("PullThroughCacheRuleNotFoundException", "none"));
    let (result, said) = written(&change, &[gone, (200, json!({}))]);
    assert_eq!((result, said.as_slice()), (Ok(()), &expected[..]));
}

#[test]
fn what_is_gone_or_there_already_is_done() {
    let table = [
        (RegistryChange::DeletePolicy, "RegistryPolicyNotFoundException"),
        (RegistryChange::DeleteCacheRule("hub".to_owned()), "PullThroughCacheRuleNotFoundException"),
        (RegistryChange::DeleteTemplate("prod".to_owned()), "TemplateNotFoundException"),
        (RegistryChange::DeregisterExclusion(ROLE.to_owned()), "ExclusionNotFoundException"),
        (RegistryChange::DeleteSigning, "SigningConfigurationNotFoundException"),
        (RegistryChange::RegisterExclusion(ROLE.to_owned()), "ExclusionAlreadyExistsException"),
    ];
    for (change, code) in table {
        assert_eq!(written(&change, &[(400, refused(code, "so"))]).0, Ok(()), "{code}");
    }
}

#[test]
fn every_other_refusal_means_what_the_flow_decides_by() {
    let created = || RegistryChange::CreateCacheRule(cache(Some("arn:secret"), None));
    let scanning = RegistryChange::PutScanning { scan_type: ScanType::Enhanced, rules: BTreeMap::new() };
    let unsettled =
        "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid registry policy provided'";
    let table = [
        (created(), "PullThroughCacheRuleAlreadyExistsException", "there", FaultKind::Conflict),
        (
            RegistryChange::CreateTemplate(whole_template()),
            "TemplateAlreadyExistsException",
            "there",
            FaultKind::Conflict,
        ),
        (
            RegistryChange::UpdateCacheRule(cache(Some("arn:secret"), None)),
            "PullThroughCacheRuleNotFoundException",
            "none",
            FaultKind::NotFound,
        ),
        (RegistryChange::UpdateTemplate(whole_template()), "TemplateNotFoundException", "none", FaultKind::NotFound),
        (created(), "SecretNotFoundException", "not there yet", FaultKind::Unsettled),
        (created(), "UnableToAccessSecretException", "no", FaultKind::Invalid),
        (created(), "UnableToDecryptSecretValueException", "no", FaultKind::Invalid),
        (created(), "UnsupportedUpstreamRegistryException", "no", FaultKind::Invalid),
        (created(), "LimitExceededException", "50", FaultKind::Quota),
        (scanning.clone(), "BlockedByOrganizationPolicyException", "no", FaultKind::Denied),
        (scanning.clone(), "ValidationException", "no", FaultKind::Invalid),
        (scanning, "AccessDeniedException", "inspector2:Enable", FaultKind::Denied),
        (RegistryChange::PutPolicy("{}".to_owned()), "InvalidParameterException", unsettled, FaultKind::Unsettled),
        (RegistryChange::PutPolicy("{}".to_owned()), "InvalidParameterException", "no JSON", FaultKind::Invalid),
        (RegistryChange::DeletePolicy, "AccessDeniedException", "no", FaultKind::Denied),
        (RegistryChange::RegisterExclusion(ROLE.to_owned()), "LimitExceededException", "too many", FaultKind::Quota),
        (RegistryChange::PutReplication(Vec::new()), "ValidationException", "no", FaultKind::Invalid),
    ];
    for (change, code, message, kind) in table {
        // The SDK takes the code of a quota for throttling and tries again by itself.
        let tries = if kind == FaultKind::Quota { 9 } else { 1 };
        let fault = written(&change, &vec![(400, refused(code, message)); tries]).0.unwrap_err();
        assert_eq!((fault.kind, fault.code.as_str()), (kind, code), "{change:?}");
        assert!(fault.to_string().contains(message));
    }
}

/// A policy put together from the entries that were read holds every statement as it was.
#[test]
fn statements_of_others_go_back_as_they_came() {
    run(async {
        let theirs = [
            r#"{"Effect":"Allow","Action":["ecr:ReplicateImage","ecr:CreateRepository"],"Principal":{"AWS":"arn:aws:iam::210987654321:root"},"Resource":"arn:aws:ecr:eu-west-1:123456789012:repository/*"}"#,
            r#"{"Condition":{"StringLike":{"aws:PrincipalOrgID":"o-\u0061bc123"}},"Resource":"*","Sid":"Theirs","Effect":"Deny","Principal":"*","Action":"ecr:*"}"#,
        ];
        let before = format!("{{\"Version\":\"2012-10-17\",\"Statement\":[{}]}}", theirs.join(",\n  "));
        let tape = Tape::of(&[(200, json!({"policyText": before})), (200, json!({}))]);
        let aws = tape.aws();
        let entries = aws.entries(Section::Policy).await.unwrap();
        let texts = entries.iter().map(|entry| match entry {
            Entry::Statement(statement) => statement.text.clone(),
            other => panic!("{other:?}"),
        });
        let whole = format!("{{\"Version\":\"2012-10-17\",\"Statement\":[{}]}}", texts.collect::<Vec<_>>().join(","));
        aws.perform_on_registry(&RegistryChange::PutPolicy(whole)).await.unwrap();
        let after = tape.said()[1].json()["policyText"].as_str().unwrap().to_owned();
        let texts = |text: &str| -> Vec<String> {
            let document = Document::parse_text(text).unwrap();
            document.statements().iter().map(Statement::text).map(str::to_owned).collect()
        };
        assert_eq!(texts(&after), theirs);
    });
}
