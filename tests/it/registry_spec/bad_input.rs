//! Every way in which scanning, replication, caches, exclusions and signing can be wrong.

use super::{Wrong, assert_refused, checked, replicate, scan};
use serde_json::{Value, json};

fn scanning() -> Vec<Wrong> {
    let hundred: Vec<String> = (0..101).map(|number| format!("r{number}")).collect();
    let hundred: Vec<&str> = hundred.iter().map(String::as_str).collect();
    let rules = |rules: Value| json!({"ScanRules": rules});
    vec![
        (json!({}), "Properties", &["declare nothing", "ScanType", "BlobMounting"]),
        (json!({"ServiceTimeout": "60", "OnDelete": "Restore"}), "Properties", &["declare nothing"]),
        (json!({"ScanTyp": "BASIC"}), "ScanTyp", &["did you mean ScanType?"]),
        (json!({"ScanType": "ENHANCE"}), "ScanType", &["BASIC, ENHANCED", "did you mean ENHANCED?"]),
        (rules(json!([])), "ScanRules", &["0 rules", "1 or 2"]),
        (rules(json!({})), "ScanRules", &["must be a list"]),
        (rules(json!(["prod"])), "ScanRules[0]", &["must be a map"]),
        (
            rules(json!([scan("SCAN_ON_PUSH", &["a"]), scan("SCAN_ON_PUSH", &["b"])])),
            "ScanRules[1].ScanFrequency",
            &["repeats that of ScanRules[0]", "put the filters together"],
        ),
        (rules(json!([scan("MANUAL", &["a"])])), "ScanRules[0].ScanFrequency", &["MANUAL is no rule"]),
        (rules(json!([scan("ON_PUSH", &["a"])])), "ScanRules[0].ScanFrequency", &["SCAN_ON_PUSH, CONTINUOUS_SCAN"]),
        (rules(json!([{"RepositoryFilters": []}])), "ScanRules[0].RepositoryFilters", &["0 filters", "1 to 100"]),
        (
            rules(json!([{"ScanFrequency": "SCAN_ON_PUSH"}])),
            "ScanRules[0].RepositoryFilters",
            &["is required", "\"*\""],
        ),
        (rules(json!([scan("SCAN_ON_PUSH", &hundred)])), "ScanRules[0].RepositoryFilters", &["101 filters", "100"]),
        (
            json!({"ScanType": "BASIC", "ScanRules": [scan("CONTINUOUS_SCAN", &["a"])]}),
            "ScanRules[0].ScanFrequency",
            &["needs ScanType ENHANCED", "BASIC is declared"],
        ),
        (
            rules(json!([scan("SCAN_ON_PUSH", &["a", "b"]), scan("CONTINUOUS_SCAN", &["b"])])),
            "ScanRules[1].RepositoryFilters[0].Filter",
            &["ScanRules[0].RepositoryFilters[1].Filter", "more frequent"],
        ),
        (
            rules(json!([scan("SCAN_ON_PUSH", &["a", "a"])])),
            "ScanRules[0].RepositoryFilters[1].Filter",
            &["repeats ScanRules[0].RepositoryFilters[0].Filter"],
        ),
    ]
}

fn scan_filters() -> Vec<Wrong> {
    let rule = |filter: Value| json!({"ScanFrequency": "SCAN_ON_PUSH", "RepositoryFilters": [filter]});
    let filter = |filter: Value| json!({"ScanRules": [rule(filter)]});
    let at = "ScanRules[0].RepositoryFilters[0].Filter";
    let long = "x".repeat(256);
    vec![
        (filter(json!({"Filter": "Prod", "FilterType": "WILDCARD"})), at, &["'P'", "lower-case"]),
        (filter(json!({"Filter": "", "FilterType": "WILDCARD"})), at, &["0 characters", "1 to 255"]),
        (filter(json!({"Filter": long, "FilterType": "WILDCARD"})), at, &["256 characters"]),
        (filter(json!({"Filter": "prod-", "FilterType": "WILDCARD"})), at, &["at an end"]),
        (filter(json!({"Filter": "a__b", "FilterType": "WILDCARD"})), at, &["beside another"]),
        (filter(json!({"Filter": "/a", "FilterType": "WILDCARD"})), at, &["at an end"]),
        (filter(json!({"Filter": "a?", "FilterType": "WILDCARD"})), at, &["'?'"]),
        (filter(json!({"FilterType": "WILDCARD"})), at, &["is required"]),
        (filter(json!({"Filter": "a"})), "ScanRules[0].RepositoryFilters[0].FilterType", &["is required: WILDCARD"]),
        (
            filter(json!({"Filter": "a", "FilterType": "PREFIX_MATCH"})),
            "ScanRules[0].RepositoryFilters[0].FilterType",
            &["WILDCARD"],
        ),
        (
            filter(json!({"Filter": "a", "FilterType": "WILDCARD", "Filtr": "b"})),
            "ScanRules[0].RepositoryFilters[0].Filtr",
            &["did you mean Filter?"],
        ),
    ]
}

fn replication() -> Vec<Wrong> {
    const OTHER: (&str, &str) = ("eu-central-1", "123456789012");
    let rule = |rule: Value| json!({"ReplicationRules": [rule]});
    let to = |region: &str, id: &str| rule(replicate(&[(region, id)], &[]));
    let prefix = |prefix: &str| rule(replicate(&[OTHER], &[prefix]));
    let many: Vec<Value> = (0..11).map(|number| replicate(&[OTHER], &[&format!("team-{number}")])).collect();
    let places: Vec<String> = (0..26).map(|number| format!("{:012}", 111_122_223_300_u64 + number)).collect();
    let places: Vec<(&str, &str)> = places.iter().map(|id| ("eu-central-1", id.as_str())).collect();
    let with = |key: &str, value: Value| {
        let mut whole = replicate(&[OTHER], &[]);
        whole[key] = value;
        rule(whole)
    };
    let at = "ReplicationRules[0].RepositoryFilters[0].Filter";
    vec![
        (json!({"ReplicationRules": []}), "ReplicationRules", &["0 rules", "1 to 10"]),
        (json!({"ReplicationRules": many}), "ReplicationRules", &["11 rules", "10"]),
        (rule(replicate(&places, &[])), "ReplicationRules", &["26 different destinations", "25"]),
        (rule(json!({})), "ReplicationRules[0].Destinations", &["is required"]),
        (rule(json!({"Destinations": []})), "ReplicationRules[0].Destinations", &["is empty"]),
        (
            to("eu-west-1", "123456789012"),
            "ReplicationRules[0].Destinations[0].Region",
            &["this very registry", "another Region or another account"],
        ),
        (to("Frankfurt", "123456789012"), "ReplicationRules[0].Destinations[0].Region", &["is not a Region"]),
        (to("Frankfurt", "1234"), "ReplicationRules[0].Destinations[0].RegistryId", &["12 digits"]),
        (
            to("eu-central-1", "1234"),
            "ReplicationRules[0].Destinations[0].RegistryId",
            &["12 digits", "quotation marks"],
        ),
        (
            rule(json!({"Destinations": [{"Region": "eu-central-1"}]})),
            "ReplicationRules[0].Destinations[0].RegistryId",
            &["is required"],
        ),
        (
            rule(replicate(&[OTHER, OTHER], &[])),
            "ReplicationRules[0].Destinations[1].Region",
            &["repeats eu-central-1 of 123456789012"],
        ),
        (
            json!({"ReplicationRules": [replicate(&[OTHER], &["a1", "b1"]), replicate(&[OTHER], &["b1", "a1"])]}),
            "ReplicationRules[1]",
            &["repeats ReplicationRules[0]"],
        ),
        (prefix("prod-*"), at, &["has a *", "Leave RepositoryFilters out"]),
        (prefix("p"), at, &["1 characters", "2 to 256"]),
        (prefix("-a/b"), at, &["path part \"-a\""]),
        (prefix("Team"), at, &["'T'"]),
        (with("RepositoryFilters", json!([])), "ReplicationRules[0].RepositoryFilters", &["0 filters"]),
        (with("DeleteReplication", json!(true)), "ReplicationRules[0].DeleteReplication", &["must be a map"]),
        (with("DeleteReplication", json!({})), "ReplicationRules[0].DeleteReplication.Enabled", &["is required"]),
        (
            with("DeleteReplication", json!({"Enabled": "ENABLED"})),
            "ReplicationRules[0].DeleteReplication.Enabled",
            &["true or false"],
        ),
        (with("Destination", json!([])), "ReplicationRules[0].Destination", &["did you mean Destinations?"]),
    ]
}

fn caches() -> Vec<Wrong> {
    const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ecr-pullthroughcache/docker-hub-AbCdEf";
    const ROLE: &str = "arn:aws:iam::123456789012:role/ecr-pull";
    let rule = |prefix: &str, upstream: &str, more: Value| {
        let mut rule = json!({"EcrRepositoryPrefix": prefix, "UpstreamRegistry": upstream});
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"PullThroughCacheRules": [rule]})
    };
    let quay = |prefix: &str| rule(prefix, "quay", json!({}));
    let hub = |secret: &str| rule("hub", "docker-hub", json!({"CredentialArn": secret}));
    let url = |url: &str| json!({"PullThroughCacheRules": [{"EcrRepositoryPrefix": "aa", "UpstreamRegistryUrl": url}]});
    let ecr = |account: &str, region: &str, more: Value| {
        let mut more = more;
        more["UpstreamRegistryUrl"] = format!("{account}.dkr.ecr.{region}.amazonaws.com").into();
        rule("other", "ecr", more)
    };
    let many: Vec<Value> = (0..51)
        .map(|number| json!({"EcrRepositoryPrefix": format!("p{number}"), "UpstreamRegistry": "quay"}))
        .collect();
    let (prefix_at, url_at) =
        ("PullThroughCacheRules[0].EcrRepositoryPrefix", "PullThroughCacheRules[0].UpstreamRegistryUrl");
    let (secret_at, role_at) = ("PullThroughCacheRules[0].CredentialArn", "PullThroughCacheRules[0].CustomRoleArn");
    vec![
        (json!({"PullThroughCacheRules": []}), "PullThroughCacheRules", &["0 rules", "50"]),
        (json!({"PullThroughCacheRules": many}), "PullThroughCacheRules", &["51 rules", "50"]),
        (json!({"PullThroughCacheRules": [{"UpstreamRegistry": "quay"}]}), prefix_at, &["is required"]),
        (quay("q"), prefix_at, &["1 characters", "2 to 30"]),
        (quay(&"q".repeat(31)), prefix_at, &["31 characters"]),
        (quay("Quay"), prefix_at, &["'Q'"]),
        (quay("root"), prefix_at, &["capital letters", "ROOT"]),
        (quay("quay/*"), prefix_at, &["without wildcards", "ROOT"]),
        (
            json!({"PullThroughCacheRules": [
                {"EcrRepositoryPrefix": "qq", "UpstreamRegistry": "quay"},
                {"EcrRepositoryPrefix": "qq/", "UpstreamRegistry": "k8s"},
            ]}),
            "PullThroughCacheRules[1]",
            &["has the prefix of PullThroughCacheRules[0]"],
        ),
        (json!({"PullThroughCacheRules": [{"EcrRepositoryPrefix": "aa"}]}), url_at, &["is required"]),
        (url("docker.io"), url_at, &["no upstream", "did you mean registry-1.docker.io?"]),
        (url("quay.oi"), url_at, &["did you mean quay.io?"]),
        (url("https://quay.io/"), url_at, &["expected quay.io"]),
        (
            rule("aa", "quay", json!({"UpstreamRegistryUrl": "registry.k8s.io"})),
            url_at,
            &["not the address of quay but of k8s", "expected quay.io"],
        ),
        (
            rule("aa", "azure-container-registry", json!({"CredentialArn": SECRET})),
            url_at,
            &["is required", "<name>.azurecr.io"],
        ),
        (
            rule("aa", "dockerhub", json!({})),
            "PullThroughCacheRules[0].UpstreamRegistry",
            &["did you mean docker-hub?"],
        ),
        (rule("aa", "docker-hub", json!({})), secret_at, &["is required with docker-hub", "ecr-pullthroughcache/"]),
        (rule("aa", "chainguard", json!({})), secret_at, &["is required with chainguard"]),
        (rule("aa", "k8s", json!({"CredentialArn": SECRET})), secret_at, &["not for k8s", "remove it"]),
        (hub("docker-hub"), secret_at, &["is not the ARN of a secret"]),
        (hub(&SECRET.replace("ecr-pullthroughcache/", "mine/")), secret_at, &["begin with ecr-pullthroughcache/"]),
        (hub(&SECRET.replace("eu-west-1", "us-east-1")), secret_at, &["in us-east-1", "eu-west-1"]),
        (hub(&SECRET.replace("123456789012", "111122223333")), secret_at, &["account 111122223333", "123456789012"]),
        (hub(&SECRET.replace("arn:aws:", "arn:aws-cn:")), secret_at, &["partition aws-cn"]),
        (rule("aa", "quay", json!({"CustomRoleArn": ROLE})), role_at, &["only for another account's ECR"]),
        (ecr("111122223333", "eu-west-1", json!({})), role_at, &["is required for another account"]),
        (ecr("123456789012", "us-east-1", json!({"CustomRoleArn": ROLE})), role_at, &["registry's own; remove it"]),
        (ecr("123456789012", "eu-west-1", json!({})), url_at, &["this very registry"]),
        (ecr("1111", "eu-west-1", json!({})), url_at, &["<account>.dkr.ecr.<region>.amazonaws.com"]),
        (
            ecr("111122223333", "eu-west-1", json!({"CustomRoleArn": ROLE.replace("role/", "user/")})),
            role_at,
            &["is not the ARN of an IAM role"],
        ),
        (
            ecr("111122223333", "eu-west-1", json!({"CustomRoleArn": ROLE.replace("123456789012", "111122223333")})),
            role_at,
            &["registry's own account"],
        ),
        (
            rule("ROOT", "quay", json!({"UpstreamRepositoryPrefix": "team"})),
            "PullThroughCacheRules[0].UpstreamRepositoryPrefix",
            &["not ROOT"],
        ),
    ]
}

fn lists() -> Vec<Wrong> {
    const PROFILE: &str = "arn:aws:signer:eu-west-1:123456789012:/signing-profiles/images";
    let sign = |rule: Value| json!({"SigningRules": [rule]});
    let profiles: Vec<Value> = (0..11).map(|n| json!({"SigningProfileArn": format!("{PROFILE}{n}")})).collect();
    let filters = |filter: &str| {
        sign(json!({"SigningProfileArn": PROFILE,
            "RepositoryFilters": [{"Filter": filter, "FilterType": "WILDCARD_MATCH"}]}))
    };
    let role = "arn:aws:iam::123456789012:role/scanner";
    let long = format!("{role}{}", "x".repeat(200));
    vec![
        (json!({"SigningRules": profiles}), "SigningRules", &["11 rules", "10"]),
        (sign(json!({})), "SigningRules[0].SigningProfileArn", &["is required"]),
        (sign(json!({"SigningProfileArn": role})), "SigningRules[0].SigningProfileArn", &["/signing-profiles/<name>"]),
        (
            sign(json!({"SigningProfileArn": format!("{PROFILE}/abc123")})),
            "SigningRules[0].SigningProfileArn",
            &["without a version"],
        ),
        (
            json!({"SigningRules": [{"SigningProfileArn": PROFILE}, {"SigningProfileArn": PROFILE}]}),
            "SigningRules[1]",
            &["repeats SigningRules[0]"],
        ),
        (filters("a//b"), "SigningRules[0].RepositoryFilters[0].Filter", &["path part \"\""]),
        (filters("prod-"), "SigningRules[0].RepositoryFilters[0].Filter", &["on both sides"]),
        (json!({"PullTimeUpdateExclusions": []}), "PullTimeUpdateExclusions", &["is empty"]),
        (json!({"PullTimeUpdateExclusions": role}), "PullTimeUpdateExclusions", &["must be a list"]),
        (json!({"PullTimeUpdateExclusions": ["123456789012"]}), "PullTimeUpdateExclusions[0]", &["role or user"]),
        (json!({"PullTimeUpdateExclusions": [long]}), "PullTimeUpdateExclusions[0]", &["238 characters", "200"]),
        (
            json!({"PullTimeUpdateExclusions": [role, role]}),
            "PullTimeUpdateExclusions[1]",
            &["repeats PullTimeUpdateExclusions[0]"],
        ),
        (
            json!({"PullTimeUpdateExclusions": ["arn:aws:iam::123456789012:root"]}),
            "PullTimeUpdateExclusions[0]",
            &["role or user"],
        ),
        (json!({"BlobMounting": "true"}), "BlobMounting", &["ENABLED, DISABLED"]),
        (json!({"BlobMounting": "ENABLED", "OnDelete": "Delete"}), "OnDelete", &["Retain, Restore"]),
        (json!({"BlobMounting": "ENABLED", "ServiceTimeout": "0"}), "ServiceTimeout", &["1 to 3600"]),
    ]
}

#[test]
fn each_mistake_is_refused_at_its_path_with_what_is_allowed() {
    assert_refused(&scanning());
    assert_refused(&scan_filters());
    assert_refused(&replication());
    assert_refused(&caches());
    assert_refused(&lists());
}

#[test]
fn all_mistakes_are_told_together_each_at_its_path() {
    let problems = checked(&json!({
        "ScanType": "BASIC",
        "ScanRules": [scan("CONTINUOUS_SCAN", &["Prod"])],
        "ReplicationRules": [replicate(&[("eu-west-1", "123456789012")], &["prod*"])],
        "RegistryPolicy": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:ReplicateImage", "Resource": "*"}],
        "ReplicationSources": ["1234"],
        "PullThroughCacheAccess": [{"Principal": "123456789012"}],
        "PullThroughCacheRules": [{"EcrRepositoryPrefix": "hub", "UpstreamRegistry": "docker-hub"}],
        "CreationTemplates": [{"Prefix": "team"}],
        "PullTimeUpdateExclusion": [],
        "SigningRules": "all",
        "BlobMounting": "on",
        "OnDelete": "Undo",
    }))
    .unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"));
}
