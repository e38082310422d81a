//! Every way in which statements and creation templates can be wrong.

use super::{Wrong, assert_refused};
use serde_json::{Value, json};

const AT: &str = "RegistryPolicy[0]";

fn statement(over: &Value) -> Value {
    let mut statement = json!({
        "Sid": "Peer",
        "Effect": "Allow",
        "Principal": {"AWS": "111122223333"},
        "Action": ["ecr:ReplicateImage"],
        "Resource": "arn:aws:ecr:eu-west-1:123456789012:repository/*",
    });
    for (key, value) in over.as_object().unwrap() {
        statement[key.as_str()] = value.clone();
    }
    statement
}

fn statements() -> Vec<Wrong> {
    let policy = |over: Value| json!({"RegistryPolicy": [statement(&over)]});
    let document = |document: Value| json!({"RegistryPolicy": document});
    let bare = |key: &str| {
        let mut bare = statement(&json!({}));
        bare.as_object_mut().unwrap().remove(key);
        json!({"RegistryPolicy": [bare]})
    };
    let variable = statement(&json!({"Resource": "arn:aws:ecr:*:*:repository/${aws:PrincipalTag/team}/*"}));
    let long: Vec<Value> = (0..90).map(|n| statement(&json!({"Sid": format!("Peer{n}")}))).collect();
    let without_sid = statement(&json!({"Sid": ""}));
    vec![
        (json!({"RegistryPolicy": []}), "RegistryPolicy", &["is empty"]),
        (json!({"RegistryPolicy": "[{"}), "RegistryPolicy", &["not JSON"]),
        (json!({"RegistryPolicy": ["x"]}), AT, &["JSON object"]),
        (document(json!({"Version": "2012-10-17"})), "RegistryPolicy.Statement", &["must be a list of statements"]),
        (
            document(json!({"Version": "2008-10-17", "Statement": [variable]})),
            "RegistryPolicy.Version",
            &["2012-10-17"],
        ),
        (document(json!({"Id": "x", "Statement": [statement(&json!({}))]})), "RegistryPolicy.Id", &["remove it"]),
        (
            document(json!({"Statements": [], "Statement": [statement(&json!({}))]})),
            "RegistryPolicy.Statements",
            &["did you mean Statement?"],
        ),
        (
            document(json!({"Statement": {"Effect": "Allow", "Principal": "111122223333", "Action": "ecr:*"}})),
            "RegistryPolicy.Statement[0].Resource",
            &["is missing"],
        ),
        (bare("Resource"), "RegistryPolicy[0].Resource", &["is missing"]),
        (policy(json!({"Effect": "allow"})), "RegistryPolicy[0].Effect", &["Allow"]),
        (policy(json!({"Action": "s3:GetObject"})), "RegistryPolicy[0].Action", &["ecr:<name>"]),
        (policy(json!({"Action": "ecr:GetAuthorizationToken"})), "RegistryPolicy[0].Action", &["identity permission"]),
        (policy(json!({"Principal": {"AWS": "nobody"}})), "RegistryPolicy[0].Principal.AWS", &["no principal"]),
        (policy(json!({"Sid": "my peer"})), "RegistryPolicy[0].Sid", &["letters and digits"]),
        (policy(json!({"Principal": "*"})), AT, &["AllowPublicPrincipals", "condition"]),
        (
            json!({"RegistryPolicy": [statement(&json!({})), statement(&json!({"Action": "ecr:CreateRepository"}))]}),
            "RegistryPolicy[1]",
            &["\"Peer\"", "RegistryPolicy[0]", "another Sid"],
        ),
        (json!({"RegistryPolicy": [without_sid, without_sid]}), "RegistryPolicy[1]", &["EcrSteward", "remove one"]),
        (json!({"RegistryPolicy": long}), "RegistryPolicy", &["characters", "10240"]),
        (json!({"ReplicationSources": []}), "ReplicationSources", &["is empty"]),
        (json!({"ReplicationSources": ["12345"]}), "ReplicationSources[0]", &["12 digits", "quotation marks"]),
        (json!({"ReplicationSources": ["123456789012"]}), "ReplicationSources[0]", &["own account", "no permission"]),
        (
            json!({"ReplicationSources": ["111122223333", "111122223333"]}),
            "ReplicationSources[1]",
            &["repeats ReplicationSources[0]"],
        ),
    ]
}

fn cache_access() -> Vec<Wrong> {
    let access = |item: Value| json!({"PullThroughCacheAccess": [item]});
    vec![
        (json!({"PullThroughCacheAccess": []}), "PullThroughCacheAccess", &["is empty"]),
        (json!({"PullThroughCacheAccess": {}}), "PullThroughCacheAccess", &["must be a list"]),
        (access(json!({"Prefixes": ["hub"]})), "PullThroughCacheAccess[0].Principals", &["is required"]),
        (access(json!({"Principals": ["123456789012"]})), "PullThroughCacheAccess[0].Prefixes", &["is required"]),
        (
            access(json!({"Principals": ["*"], "Prefixes": ["hub"]})),
            "PullThroughCacheAccess[0].Principals",
            &["AllowPublicPrincipals"],
        ),
        (
            access(json!({"Principals": ["me"], "Prefixes": ["hub"]})),
            "PullThroughCacheAccess[0].Principals[0]",
            &["no principal"],
        ),
        (
            access(json!({"Principals": ["123456789012"], "Prefixes": ["hub/*"]})),
            "PullThroughCacheAccess[0].Prefixes[0]",
            &["without wildcards"],
        ),
        (
            access(json!({"Principals": ["123456789012"], "Prefixes": ["hub"], "Prefix": "hub"})),
            "PullThroughCacheAccess[0].Prefix",
            &["did you mean Prefixes?"],
        ),
    ]
}

const ROLE: &str = "arn:aws:iam::123456789012:role/templates";
const KEY: &str = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn template(over: &Value) -> Value {
    let mut whole = json!({"Prefix": "team", "AppliedFor": ["CREATE_ON_PUSH"]});
    for (key, value) in over.as_object().unwrap() {
        whole[key.as_str()] = value.clone();
    }
    json!({"CreationTemplates": [whole]})
}

fn templates() -> Vec<Wrong> {
    let filters = |values: &[&str]| -> Value {
        let filter = |value: &&str| {
            json!({"ImageTagMutabilityExclusionFilterType": "WILDCARD",
            "ImageTagMutabilityExclusionFilterValue": value})
        };
        values.iter().map(filter).collect()
    };
    let filters_at = "CreationTemplates[0].ImageTagMutabilityExclusionFilters";
    vec![
        (json!({"CreationTemplates": []}), "CreationTemplates", &["is empty"]),
        (
            json!({"CreationTemplates": [{"AppliedFor": ["REPLICATION"]}]}),
            "CreationTemplates[0].Prefix",
            &["is required"],
        ),
        (json!({"CreationTemplates": [{"Prefix": "a"}]}), "CreationTemplates[0].AppliedFor", &["is required"]),
        (template(&json!({"AppliedFor": []})), "CreationTemplates[0].AppliedFor", &["is empty"]),
        (
            template(&json!({"AppliedFor": ["CREATE_ON_PUSH", "PULL_TROUGH_CACHE"]})),
            "CreationTemplates[0].AppliedFor[1]",
            &["did you mean PULL_THROUGH_CACHE?"],
        ),
        (template(&json!({"Prefix": "Team"})), "CreationTemplates[0].Prefix", &["'T'"]),
        (template(&json!({"Description": "x".repeat(257)})), "CreationTemplates[0].Description", &["257", "256"]),
        (
            template(&json!({"ImageTagMutability": "IMUTABLE"})),
            "CreationTemplates[0].ImageTagMutability",
            &["did you mean"],
        ),
        (
            template(&json!({"ImageTagMutabilityExclusionFilters": filters(&["latest"])})),
            filters_at,
            &["only allowed with"],
        ),
        (template(&json!({"ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION"})), filters_at, &["is required"]),
        (
            template(&json!({"ImageTagMutability": "MUTABLE_WITH_EXCLUSION",
                "ImageTagMutabilityExclusionFilters": filters(&["a", "b", "c", "d", "e", "f"])})),
            filters_at,
            &["6 filters", "1 to 5"],
        ),
        (
            template(&json!({"ImageTagMutability": "MUTABLE_WITH_EXCLUSION",
                "ImageTagMutabilityExclusionFilters": filters(&["***"])})),
            "CreationTemplates[0].ImageTagMutabilityExclusionFilters[0].ImageTagMutabilityExclusionFilterValue",
            &["more than two *"],
        ),
    ]
}

fn encryption_and_tags() -> Vec<Wrong> {
    let encrypted =
        |encryption: Value| template(&json!({"CustomRoleArn": ROLE, "EncryptionConfiguration": encryption}));
    let key_at = "CreationTemplates[0].EncryptionConfiguration.KmsKey";
    vec![
        (encrypted(json!({})), "CreationTemplates[0].EncryptionConfiguration.EncryptionType", &["is required"]),
        (encrypted(json!({"EncryptionType": "AES256", "KmsKey": KEY})), key_at, &["KMS or KMS_DSSE"]),
        (encrypted(json!({"EncryptionType": "KMS", "KmsKey": "alias/images"})), key_at, &["full ARN", "no alias"]),
        (
            encrypted(json!({"EncryptionType": "KMS", "KmsKey": KEY.replace("eu-west-1", "us-east-1")})),
            key_at,
            &["own Region"],
        ),
        (
            template(&json!({"EncryptionConfiguration": {"EncryptionType": "KMS"}})),
            "CreationTemplates[0].CustomRoleArn",
            &["is required with ResourceTags and with KMS"],
        ),
        (
            template(&json!({"ResourceTags": [{"Key": "team", "Value": "a"}]})),
            "CreationTemplates[0].CustomRoleArn",
            &["is required"],
        ),
        (
            template(&json!({"CustomRoleArn": ROLE, "ResourceTags": [{"Key": "aws:x", "Value": "a"}]})),
            "CreationTemplates[0].ResourceTags[0]",
            &["belong to AWS"],
        ),
        (
            template(&json!({"CustomRoleArn": ROLE, "ResourceTags": [{"Key": "ecr-steward:owner", "Value": "a"}]})),
            "CreationTemplates[0].ResourceTags[0]",
            &["ecr-steward alone"],
        ),
    ]
}

fn template_policies() -> Vec<Wrong> {
    let open = json!([{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]);
    vec![
        (
            template(
                &json!({"LifecyclePolicy": {"rules": [{"rulePriority": 1, "action": {"type": "expire"}, "selection":
                {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 0}}]}}),
            ),
            "CreationTemplates[0].LifecyclePolicy.rules[0].selection.countNumber",
            &["1"],
        ),
        (
            template(&json!({"RepositoryPolicy": open})),
            "CreationTemplates[0].RepositoryPolicy[0]",
            &["AllowPublicPrincipals"],
        ),
        (
            template(&json!({"RepositoryPolicy": [statement(&json!({}))]})),
            "CreationTemplates[0].RepositoryPolicy[0].Resource",
            &["not allowed in a repository's policy"],
        ),
        (
            json!({"CreationTemplates": [{"Prefix": "ROOT", "AppliedFor": ["REPLICATION"]},
                {"Prefix": "ROOT", "AppliedFor": ["CREATE_ON_PUSH"]}]}),
            "CreationTemplates[1]",
            &["has the prefix of CreationTemplates[0]"],
        ),
    ]
}

#[test]
fn each_mistake_is_refused_at_its_path_with_what_is_allowed() {
    assert_refused(&statements());
    assert_refused(&cache_access());
    assert_refused(&templates());
    assert_refused(&encryption_and_tags());
    assert_refused(&template_policies());
}
