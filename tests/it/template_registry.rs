//! `template.yaml` and what an account has once per Region, or in the public gallery: the custom-resource function's part.

use crate::template::{actions, statements, template};
use crate::template_findings::statement;
use ecr_steward::model::registry::{AppliedFor, CacheRule, CreationTemplate};
use ecr_steward::model::repository::{Encryption, EncryptionType, Mutability, MutabilityMode, ScanType, Tags};
use ecr_steward::plan::registry::RegistryChange;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const ROLE: &str = "CustomResourceRole";

/// What the registry needs besides its writes. Those of AWS itself are from the service authorization reference of Amazon
/// ECR, the user guide's page on each service-linked role and the handlers of CloudFormation's own resources.
pub(crate) const BESIDES: [(&str, &str); 13] = [
    ("ecr:GetRegistryScanningConfiguration", "Section::Scanning"),
    ("ecr:DescribeRegistry", "Section::Replication"),
    ("ecr:GetRegistryPolicy", "Section::Policy"),
    ("ecr:DescribePullThroughCacheRules", "Section::PullThroughCache"),
    ("ecr:DescribeRepositoryCreationTemplates", "Section::CreationTemplates"),
    ("ecr:ListPullTimeUpdateExclusions", "Section::PullTimeExclusions"),
    ("ecr:GetSigningConfiguration", "Section::Signing"),
    ("ecr:GetAccountSetting", "Section::BlobMounting"),
    ("inspector2:Enable", "PutRegistryScanningConfiguration with ENHANCED"),
    ("inspector2:ListAccountPermissions", "PutRegistryScanningConfiguration with ENHANCED"),
    ("iam:CreateServiceLinkedRole", "the first use of a service"),
    ("iam:PassRole", "CustomRoleArn"),
    ("secretsmanager:GetSecretValue", "CredentialArn, looked at by ECR"),
];

/// What repositories in the public gallery need.
pub(crate) const GALLERY: [&str; 12] = [
    "ecr-public:CreateRepository",
    "ecr-public:DeleteRepository",
    "ecr-public:DescribeRepositories",
    "ecr-public:DescribeRegistries",
    "ecr-public:GetRepositoryCatalogData",
    "ecr-public:PutRepositoryCatalogData",
    "ecr-public:GetRepositoryPolicy",
    "ecr-public:SetRepositoryPolicy",
    "ecr-public:DeleteRepositoryPolicy",
    "ecr-public:ListTagsForResource",
    "ecr-public:TagResource",
    "ecr-public:UntagResource",
];

/// One write of each kind; the compiler asks for a new one in `kinds`.
pub(crate) fn changes() -> Vec<RegistryChange> {
    let name = || "name".to_owned();
    let rule = || CacheRule {
        prefix: name(),
        upstream_url: name(),
        upstream: None,
        upstream_prefix: None,
        credential_arn: None,
        custom_role_arn: None,
    };
    let template = || CreationTemplate {
        prefix: name(),
        description: None,
        applied_for: [AppliedFor::Replication].into(),
        mutability: Mutability { mode: MutabilityMode::Mutable, exclusions: Vec::new() },
        encryption: Encryption { kind: EncryptionType::Aes256, kms_key: None },
        tags: Tags::new(),
        lifecycle_policy: None,
        repository_policy: None,
        custom_role_arn: None,
    };
    vec![
        RegistryChange::PutScanning { scan_type: ScanType::Basic, rules: BTreeMap::new() },
        RegistryChange::PutReplication(Vec::new()),
        RegistryChange::PutPolicy(name()),
        RegistryChange::DeletePolicy,
        RegistryChange::CreateCacheRule(rule()),
        RegistryChange::UpdateCacheRule(rule()),
        RegistryChange::DeleteCacheRule(name()),
        RegistryChange::CreateTemplate(template()),
        RegistryChange::UpdateTemplate(template()),
        RegistryChange::DeleteTemplate(name()),
        RegistryChange::RegisterExclusion(name()),
        RegistryChange::DeregisterExclusion(name()),
        RegistryChange::PutSigning(Vec::new()),
        RegistryChange::DeleteSigning,
        RegistryChange::PutBlobMounting(true),
    ]
}

/// Fails to compile when a kind of write is added, so that `changes` is not forgotten.
const fn kinds(change: &RegistryChange) -> usize {
    match change {
        RegistryChange::PutScanning { .. }
        | RegistryChange::PutReplication(_)
        | RegistryChange::PutPolicy(_)
        | RegistryChange::DeletePolicy
        | RegistryChange::CreateCacheRule(_)
        | RegistryChange::UpdateCacheRule(_)
        | RegistryChange::DeleteCacheRule(_)
        | RegistryChange::CreateTemplate(_)
        | RegistryChange::UpdateTemplate(_)
        | RegistryChange::DeleteTemplate(_)
        | RegistryChange::RegisterExclusion(_)
        | RegistryChange::DeregisterExclusion(_)
        | RegistryChange::PutSigning(_)
        | RegistryChange::DeleteSigning
        | RegistryChange::PutBlobMounting(_) => 15,
    }
}

#[test]
fn every_kind_of_write_is_looked_at() {
    let writes: BTreeSet<&str> = changes().iter().map(RegistryChange::action).collect();
    assert_eq!(writes.len(), kinds(&changes()[0]));
}

/// Switching it off ends the scanning of the whole account, instances and functions included.
#[test]
fn inspector_can_be_switched_on_and_by_nobody_off() {
    let roles = ["CustomResourceRole", "DriftRole", "FindingsRole", "ResponderRole"];
    let all: Vec<String> = roles
        .iter()
        .flat_map(|role| statements(&template()["Resources"][role]))
        .flat_map(|one| actions(&one))
        .collect();
    assert!(all.iter().any(|action| action == "inspector2:Enable"));
    assert!(all.iter().all(|action| !action.starts_with("inspector2:Disable")), "{all:?}");
}

#[test]
fn roles_are_made_for_four_services_and_handed_to_ecr_alone() {
    let made = statement(ROLE, "iam:CreateServiceLinkedRole");
    let services = json!([
        "inspector2.amazonaws.com",
        "replication.ecr.amazonaws.com",
        "pullthroughcache.ecr.amazonaws.com",
        "ecr.amazonaws.com"
    ]);
    assert_eq!(made["Condition"], json!({"StringEquals": {"iam:AWSServiceName": services}}));
    assert!(made["Resource"]["Sub"].as_str().unwrap().ends_with(":role/aws-service-role/*"));
    let passed = statement(ROLE, "iam:PassRole");
    let takers = ["ecr.amazonaws.com", "pullthroughcache.ecr.amazonaws.com"];
    assert_eq!(passed["Condition"], json!({"StringEquals": {"iam:PassedToService": takers}}));
    for one in [&made, &passed] {
        assert_eq!(actions(one).len(), 1, "a condition that fits one action fits no other: {one}");
    }
}

#[test]
fn the_function_itself_cannot_read_a_credential_and_has_one_account_setting() {
    let credential = statement(ROLE, "secretsmanager:GetSecretValue");
    assert_eq!(credential["Condition"], json!({"Bool": {"aws:ViaAWSService": "true"}}));
    assert!(credential["Resource"]["Sub"].as_str().unwrap().ends_with(":secret:ecr-pullthroughcache/*"));
    for action in ["ecr:GetAccountSetting", "ecr:PutAccountSetting"] {
        let condition = json!({"StringEquals": {"ecr:AccountSetting": "BLOB_MOUNTING"}});
        assert_eq!(statement(ROLE, action)["Condition"], condition, "{action}");
    }
}

#[test]
fn repositories_of_the_gallery_are_named_without_a_region_and_deleted_only_when_ours() {
    for action in GALLERY {
        let one = statement(ROLE, action);
        let whose = one["Resource"]["Sub"].as_str().unwrap().to_owned();
        let listing = action.contains(":Describe");
        let names = match action {
            "ecr-public:DescribeRegistries" => "registry/*",
            _ if listing => "repository/*",
            _ => "repository/${RepositoryNamePattern}",
        };
        assert_eq!(whose, format!("arn:${{AWS::Partition}}:ecr-public::${{AWS::AccountId}}:{names}"), "{action}");
        let owned = json!({"StringLike": {"aws:ResourceTag/ecr-steward:owner": "*"}});
        let condition = if action == "ecr-public:DeleteRepository" { owned } else { Value::Null };
        assert_eq!(one["Condition"], condition, "{action}");
    }
}
