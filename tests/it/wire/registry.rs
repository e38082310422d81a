//! Reading the registry's entries: every page, nothing left out, and what is unknown by name.

use super::*;
use ecr_steward::flow::registry::ReadRegistry as _;
use ecr_steward::model::identity::fingerprint;
use ecr_steward::model::registry::{
    AppliedFor, CacheRule, CreationTemplate, Destination, Entry, PolicyEntry, ReplicationRule, ScanFrequency, Section,
    SigningRule,
};
use ecr_steward::model::repository::ScanType;

/// What a section comes to when ECR answers so.
fn read(section: Section, answers: &[(u16, Value)]) -> Result<Vec<Entry>, ecr_steward::fault::Fault> {
    run(async {
        let tape = Tape::of(answers);
        let entries = tape.aws().entries(section).await;
        tape.said();
        entries
    })
}

/// The same, with the one answer it takes.
fn read_one(section: Section, answer: Value) -> Result<Vec<Entry>, ecr_steward::fault::Fault> {
    read(section, &[(200, answer)])
}

fn of_scanning(scan_type: &str, rules: &Value) -> Value {
    json!({"registryId": "123456789012", "scanningConfiguration": {"scanType": scan_type, "rules": rules}})
}

fn of_replication(rules: &Value) -> Value {
    json!({"registryId": "123456789012", "replicationConfiguration": {"rules": rules}})
}

fn wildcard(filter: &str) -> Value {
    json!({"filter": filter, "filterType": "WILDCARD"})
}

fn prefix(filter: &str) -> Value {
    json!({"filter": filter, "filterType": "PREFIX_MATCH"})
}

fn to(region: &str) -> Destination {
    Destination { region: region.to_owned(), registry_id: "123456789012".to_owned() }
}

#[test]
fn a_registry_nobody_configured_is_basic_and_otherwise_empty() {
    let nothing = |code: &str| (400, refused(code, "none"));
    assert_eq!(read_one(Section::Scanning, json!({})), Ok(vec![Entry::ScanType(ScanType::Basic)]));
    let empty = [
        (Section::Replication, (200, of_replication(&json!([])))),
        (Section::Replication, (200, json!({"registryId": "123456789012"}))),
        (Section::Policy, nothing("RegistryPolicyNotFoundException")),
        (Section::PullThroughCache, (200, json!({"pullThroughCacheRules": []}))),
        (Section::CreationTemplates, (200, json!({"repositoryCreationTemplates": []}))),
        (Section::PullTimeExclusions, (200, json!({"pullTimeUpdateExclusions": []}))),
        (Section::Signing, nothing("SigningConfigurationNotFoundException")),
        (Section::BlobMounting, (200, json!({"name": "BLOB_MOUNTING"}))),
    ];
    for (section, answer) in empty {
        assert_eq!(read(section, &[answer]), Ok(Vec::new()), "{section:?}");
    }
}

#[test]
fn what_cannot_be_asked_for_is_a_fault_and_no_empty_registry() {
    let sections = [
        Section::Scanning,
        Section::Replication,
        Section::Policy,
        Section::PullThroughCache,
        Section::CreationTemplates,
        Section::PullTimeExclusions,
        Section::Signing,
        Section::BlobMounting,
    ];
    for section in sections {
        let fault = read(section, &[(400, refused("AccessDeniedException", "no"))]).unwrap_err();
        assert_eq!((fault.kind, fault.service), (FaultKind::Denied, "ecr"), "{section:?}");
    }
}

#[test]
fn scan_rules_fall_into_their_filters() {
    let rules = json!([
        {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [wildcard("web"), wildcard("api*")]},
        {"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [wildcard("prod*"), wildcard("web")]},
    ]);
    let filter = |frequency, filter: &str| Entry::ScanFilter { frequency, filter: filter.to_owned() };
    assert_eq!(
        read_one(Section::Scanning, of_scanning("ENHANCED", &rules)).unwrap(),
        [
            Entry::ScanType(ScanType::Enhanced),
            filter(ScanFrequency::ScanOnPush, "api*"),
            filter(ScanFrequency::ContinuousScan, "prod*"),
            filter(ScanFrequency::ContinuousScan, "web"),
        ],
        "of a filter in both rules, the one that counts"
    );
    let manual = json!([{"scanFrequency": "MANUAL", "repositoryFilters": [wildcard("*")]}]);
    assert_eq!(
        read_one(Section::Scanning, of_scanning("BASIC", &manual)).unwrap()[1],
        filter(ScanFrequency::Manual, "*")
    );
    // Under BASIC a rule without filters is as good as none.
    let idle = json!([{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": []}]);
    assert_eq!(read_one(Section::Scanning, of_scanning("BASIC", &idle)).unwrap(), [Entry::ScanType(ScanType::Basic)]);
}

#[test]
fn replication_rules_keep_what_the_sdk_does_not_know() {
    let rules = json!([
        {"destinations": [{"region": "eu-central-1", "registryId": "123456789012"}], "repositoryFilters": [prefix("shop/"), prefix("pay/")],
            "deleteReplication": {"enabled": true}},
        {"destinations": [{"region": "us-east-1", "registryId": "123456789012"}, {"region": "eu-west-2", "registryId": "123456789012"}],
            "deleteReplication": {"enabled": false}},
        {"destinations": [{"region": "eu-west-3", "registryId": "123456789012"}], "repositoryFilters": null, "deleteReplication": null,
            "somethingNew": null},
    ]);
    let rule = |regions: &[&str], prefixes: &[&str], delete_replication| {
        Entry::Replication(ReplicationRule {
            destinations: regions.iter().map(|region| to(region)).collect(),
            prefixes: prefixes.iter().map(|prefix| (*prefix).to_owned()).collect(),
            delete_replication,
        })
    };
    assert_eq!(
        read_one(Section::Replication, of_replication(&rules)).unwrap(),
        [
            rule(&["eu-central-1"], &["pay/", "shop/"], true),
            rule(&["eu-west-2", "us-east-1"], &[], false),
            rule(&["eu-west-3"], &[], false),
        ]
    );
}

#[test]
fn statements_of_the_policy_keep_their_text_and_go_by_sid_or_fingerprint() {
    let theirs = r#"{"Principal":{"AWS":["arn:aws:iam::210987654321:root"]},"Effect":"Allow","Action":"ecr:ReplicateImage","Resource":"arn:aws:ecr:eu-west-1:123456789012:repository/a b*"}"#;
    let named = r#"{"Sid":"Cache","Effect":"Allow","Principal":"*","Action":["ecr:CreateRepository"],"Resource":"*"}"#;
    let spaced = format!("{{\n  \"Version\" : \"2012-10-17\",\n  \"Statement\" : [ {theirs} , {named} ]\n}}");
    let entries = read_one(Section::Policy, json!({"registryId": "123456789012", "policyText": spaced})).unwrap();
    let statement = |sid: String, text: &str| Entry::Statement(PolicyEntry { sid, text: text.to_owned() });
    assert_eq!(entries, [statement(fingerprint(theirs.as_bytes()), theirs), statement("Cache".to_owned(), named)]);
    assert_eq!(read_one(Section::Policy, json!({"policyText": ""})), Ok(Vec::new()));
}

#[test]
fn every_page_is_read() {
    run(async {
        let rule = |prefix: &str| {
            json!({"ecrRepositoryPrefix": format!("{prefix}/"), "upstreamRegistryUrl": "registry-1.docker.io",
            "upstreamRegistry": "docker-hub", "upstreamRepositoryPrefix": "ROOT", "createdAt": 1.0, "credentialArn": "arn:secret"})
        };
        let tape = Tape::of(&[
            (200, json!({"pullThroughCacheRules": [rule("hub")], "nextToken": "more"})),
            (200, json!({"pullThroughCacheRules": [rule("hub-two")]})),
            (200, json!({"repositoryCreationTemplates": [{"prefix": "aa"}], "nextToken": "more"})),
            (200, json!({"repositoryCreationTemplates": [{"prefix": "bb/"}]})),
            (200, json!({"pullTimeUpdateExclusions": ["arn:aws:iam::123456789012:role/a"], "nextToken": "more"})),
            (200, json!({"pullTimeUpdateExclusions": ["arn:aws:iam::123456789012:role/b"]})),
        ]);
        let aws = tape.aws();
        let cache = aws.entries(Section::PullThroughCache).await.unwrap();
        let expected = |prefix: &str| {
            Entry::CacheRule(CacheRule {
                prefix: prefix.to_owned(),
                upstream_url: "registry-1.docker.io".to_owned(),
                upstream: Some("docker-hub".to_owned()),
                upstream_prefix: Some("ROOT".to_owned()),
                credential_arn: Some("arn:secret".to_owned()),
                custom_role_arn: None,
            })
        };
        assert_eq!(cache, [expected("hub"), expected("hub-two")], "a slash that ECR assumes anyway is no difference");
        let templates = aws.entries(Section::CreationTemplates).await.unwrap();
        let prefixes: Vec<String> = templates.iter().map(|entry| entry.key().name).collect();
        assert_eq!(prefixes, ["aa", "bb"]);
        let exclusions = aws.entries(Section::PullTimeExclusions).await.unwrap();
        let of = |name: &str| Entry::Exclusion(format!("arn:aws:iam::123456789012:role/{name}"));
        assert_eq!(exclusions, [of("a"), of("b")]);
        for (at, (first, largest)) in tape.said().chunks(2).zip([1_000, 1_000, 100]).enumerate() {
            assert_eq!(first[0].json(), json!({"maxResults": largest}), "{at}");
            assert_eq!(first[1].json(), json!({"maxResults": largest, "nextToken": "more"}), "{at}");
        }
    });
}

#[test]
fn a_template_is_read_with_every_member_and_what_was_cleared_is_not_there() {
    let whole = json!({"prefix": "prod", "description": "for prod", "appliedFor": ["CREATE_ON_PUSH", "REPLICATION", "PULL_THROUGH_CACHE"],
        "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": [wildcard("z*"), wildcard("a*")],
        "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": "arn:k"}, "resourceTags": [{"Key": "team", "Value": ""}],
        "repositoryPolicy": "{}", "lifecyclePolicy": "{\"rules\":[]}", "customRoleArn": "arn:role"});
    let cleared = json!({"prefix": "ROOT", "description": "", "appliedFor": ["REPLICATION"], "imageTagMutability": "MUTABLE",
        "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": ""}, "resourceTags": [], "repositoryPolicy": "",
        "lifecyclePolicy": "", "customRoleArn": ""});
    let entries =
        read_one(Section::CreationTemplates, json!({"repositoryCreationTemplates": [whole, cleared]})).unwrap();
    let mutability = |mode, exclusions: &[&str]| Mutability {
        mode,
        exclusions: exclusions.iter().map(|filter| (*filter).to_owned()).collect(),
    };
    assert_eq!(
        entries,
        [
            Entry::Template(CreationTemplate {
                prefix: "prod".to_owned(),
                description: Some("for prod".to_owned()),
                applied_for: [AppliedFor::Replication, AppliedFor::PullThroughCache, AppliedFor::CreateOnPush].into(),
                mutability: mutability(MutabilityMode::ImmutableWithExclusion, &["a*", "z*"]),
                encryption: Encryption { kind: EncryptionType::Kms, kms_key: Some("arn:k".to_owned()) },
                tags: Tags::from([("team".to_owned(), String::new())]),
                lifecycle_policy: Some("{\"rules\":[]}".to_owned()),
                repository_policy: Some("{}".to_owned()),
                custom_role_arn: Some("arn:role".to_owned()),
            }),
            Entry::Template(CreationTemplate {
                prefix: "ROOT".to_owned(),
                description: None,
                applied_for: [AppliedFor::Replication].into(),
                mutability: mutability(MutabilityMode::Mutable, &[]),
                encryption: Encryption { kind: EncryptionType::Kms, kms_key: None },
                tags: Tags::new(),
                lifecycle_policy: None,
                repository_policy: None,
                custom_role_arn: None,
            }),
        ]
    );
}

#[test]
fn signing_rules_and_blob_mounting_are_read() {
    let profile = "arn:aws:signer:eu-west-1:123456789012:/signing-profiles/ours";
    let filter = json!({"filter": "prod/*", "filterType": "WILDCARD_MATCH"});
    let rules = json!([{"signingProfileArn": profile, "repositoryFilters": [filter]}, {"signingProfileArn": profile}]);
    let rule = |filters: &[&str]| {
        let filters = filters.iter().map(|filter| (*filter).to_owned()).collect();
        Entry::Signing(SigningRule { signing_profile_arn: profile.to_owned(), filters })
    };
    let answer = json!({"registryId": "123456789012", "signingConfiguration": {"rules": rules}});
    assert_eq!(read_one(Section::Signing, answer).unwrap(), [rule(&["prod/*"]), rule(&[])]);
    for (value, on) in [("ENABLED", true), ("DISABLED", false)] {
        let answer = json!({"name": "BLOB_MOUNTING", "value": value});
        assert_eq!(read_one(Section::BlobMounting, answer).unwrap(), [Entry::BlobMounting(on)]);
    }
}

#[test]
fn what_is_unknown_is_named_and_never_left_out() {
    let odd = |filter: &str| json!({"filter": filter, "filterType": "REGEX"});
    let template = |member: &str, value: Value| {
        let mut template = json!({"prefix": "prod", "appliedFor": ["REPLICATION"]});
        template[member] = value;
        json!({"repositoryCreationTemplates": [template]})
    };
    let replicating = |member: &str, value: Value| {
        let mut rule = json!({"destinations": [{"region": "eu-west-2", "registryId": "123456789012"}]});
        rule[member] = value;
        of_replication(&json!([rule]))
    };
    let scanning = |frequency: &str, filters: Value| {
        of_scanning("ENHANCED", &json!([{"scanFrequency": frequency, "repositoryFilters": filters}]))
    };
    let policy = |text: &str| json!({"policyText": text});
    let older = r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:*","Resource":"${x}"}]}"#;
    let table = [
        (Section::Scanning, of_scanning("QUANTUM", &json!([])), "QUANTUM"),
        (Section::Scanning, scanning("HOURLY", json!([wildcard("a")])), "HOURLY"),
        (Section::Scanning, scanning("SCAN_ON_PUSH", json!([odd("a")])), "REGEX"),
        (Section::Scanning, scanning("CONTINUOUS_SCAN", json!([])), "CONTINUOUS_SCAN has no filter"),
        (Section::Replication, replicating("repositoryFilters", json!([odd("a")])), "REGEX"),
        (Section::Replication, replicating("tagFilters", json!(["v1"])), "tagFilters"),
        (Section::Replication, replicating("deleteReplication", json!("yes")), "invalid type"),
        (Section::Policy, policy(older), "2008-10-17"),
        (Section::Policy, policy("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Perhaps\"}]}"), "Effect"),
        (Section::Policy, policy("no policy"), "JSON"),
        (Section::PullThroughCache, json!({"pullThroughCacheRules": [{"upstreamRegistryUrl": "u"}]}), "prefix"),
        (Section::PullThroughCache, json!({"pullThroughCacheRules": [{"ecrRepositoryPrefix": "p"}]}), "upstream"),
        (
            Section::CreationTemplates,
            template("appliedFor", json!(["FULL_MOON"])),
            "prod has the unknown occasion FULL_MOON",
        ),
        (Section::CreationTemplates, template("imageTagMutability", json!("SOMETIMES")), "SOMETIMES"),
        (Section::CreationTemplates, template("imageTagMutabilityExclusionFilters", json!([odd("a")])), "REGEX"),
        (Section::CreationTemplates, template("encryptionConfiguration", json!({"encryptionType": "ROT13"})), "ROT13"),
        (Section::CreationTemplates, json!({"repositoryCreationTemplates": [{"description": "d"}]}), "prefix"),
        (
            Section::Signing,
            json!({"signingConfiguration": {"rules": [{"signingProfileArn": "arn", "repositoryFilters": [odd("a")]}]}}),
            "REGEX",
        ),
        (Section::BlobMounting, json!({"name": "BLOB_MOUNTING", "value": "PERHAPS"}), "PERHAPS"),
    ];
    for (section, answer, named) in table {
        let fault = read_one(section, answer.clone()).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unexpected, "{answer}");
        assert!(fault.message.contains(named), "{named} in {fault}");
        assert!(!fault.operation.is_empty());
    }
}
