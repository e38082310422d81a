//! Every way in which a declaration can be wrong: refused at its path with what is allowed, all of it at once, and
//! before anything is written. And the spellings CloudFormation makes of good input, which are taken.

use crate::support::{Scene, fleet, reason, run, with};
use ecr_steward::event::reply::Status::{Failed, Success};
use ecr_steward::spec::fleet::{Surroundings, check};
use ecr_steward::spec::{Fleet, Problem};
use serde_json::{Value, json};

const AROUND: Surroundings<'_> = Surroundings { partition: "aws", parameter_prefix: "/ecr-steward" };

fn checked(properties: &Value) -> Result<Fleet, Vec<Problem>> {
    check(properties.as_object().unwrap(), &AROUND)
}

/// Properties that are wrong in one place, where that is, and words the reader needs.
type Wrong = (Value, &'static str, &'static [&'static str]);

fn table() -> Vec<Wrong> {
    [wrong_names(), wrong_values(), wrong_settings(), wrong_tags_and_overrides()].concat()
}

fn wrong_names() -> Vec<Wrong> {
    let long = "x".repeat(300);
    let names: Vec<String> = (0..1_001).map(|number| format!("r{number}")).collect();
    vec![
        (json!({"RepositoryNames": null}), "RepositoryNames", &["is required"]),
        (json!({"RepositoryNames": "a,b"}), "RepositoryNames", &["must be a list"]),
        (json!({"RepositoryNames": []}), "RepositoryNames", &["0 names", "1 to 1000"]),
        (json!({"RepositoryNames": names}), "RepositoryNames", &["1001 names", "1 to 1000"]),
        (json!({"RepositoryNames": ["a", "b", "a"]}), "RepositoryNames[2]", &["repeats RepositoryNames[0]"]),
        (json!({"RepositoryNames": ["a", {"b": 1}]}), "RepositoryNames[1]", &["must be text"]),
        (json!({"RepositoryNames": ["a", "Upper"]}), "RepositoryNames[1]", &["shop-dev-Upper", "lower-case"]),
        (json!({"RepositoryNames": ["a-"]}), "RepositoryNames[0]", &["shop-dev-a-", "end with"]),
        (json!({"RepositoryNames": ["a..b"]}), "RepositoryNames[0]", &["separator"]),
        (json!({"RepositoryNames": ["a___b"]}), "RepositoryNames[0]", &["separator"]),
        (json!({"RepositoryNames": ["a//b"]}), "RepositoryNames[0]", &["empty path part"]),
        (json!({"RepositoryNames": [long]}), "RepositoryNames[0]", &["256"]),
        (json!({"NamePattern": "{project}"}), "NamePattern", &["{name}"]),
        (json!({"NamePattern": "{stage}-{name}"}), "NamePattern", &["{environment}"]),
        (json!({"ProjectName": null}), "ProjectName", &["is required"]),
        (json!({"ProjectName": ""}), "ProjectName", &["empty"]),
        (json!({"ProjectName": "secrets"}), "ProjectName", &["ecr-steward's own"]),
        (json!({"ProjectName": "owners/x"}), "ProjectName", &["ecr-steward's own"]),
        (json!({"Environment": "Prod"}), "Environment", &["'P'"]),
        (json!({"Environment": ["dev"]}), "Environment", &["must be text"]),
    ]
}

fn wrong_values() -> Vec<Wrong> {
    vec![
        (json!({"MaxImagesCount": 3}), "MaxImagesCount", &["did you mean MaxImageCount?"]),
        (json!({"Zebra": 3}), "Zebra", &["not a property"]),
        (json!({"": 3}), "\"\"", &["not a property"]),
        (json!({"MaxImageCount": 0}), "MaxImageCount", &["1 to 2147483647", "\"0\""]),
        (json!({"ImageRetentionDays": "-1"}), "ImageRetentionDays", &["whole number"]),
        (json!({"UntaggedRetentionDays": "1.5"}), "UntaggedRetentionDays", &["whole number"]),
        (json!({"MaxUntaggedImages": "2147483648"}), "MaxUntaggedImages", &["2147483647"]),
        (json!({"ServiceTimeout": 3601}), "ServiceTimeout", &["1 to 3600"]),
        (json!({"ScanOnPush": "yes"}), "ScanOnPush", &["true or false"]),
    ]
}

fn wrong_settings() -> Vec<Wrong> {
    let roles: Vec<String> =
        (0..300).map(|n| format!("arn:aws:iam::111122223333:role/quite-a-long-role-name-{n}")).collect();
    let statement = |principal: Value| json!([{"Sid": "Open", "Effect": "Allow", "Principal": principal, "Action": "ecr:BatchGetImage"}]);
    vec![
        (json!({"ImageTagMutability": "IMMUTABEL"}), "ImageTagMutability", &["did you mean IMMUTABLE?"]),
        (json!({"EncryptionType": "kms"}), "EncryptionType", &["AES256, KMS, KMS_DSSE", "did you mean KMS?"]),
        (json!({"KmsKey": "alias/images"}), "KmsKey", &["AES256", "KMS_DSSE"]),
        (json!({"EncryptionType": "KMS", "KmsKey": ""}), "KmsKey", &["2048"]),
        (json!({"ImageTagMutabilityExclusions": ["latest"]}), "ImageTagMutabilityExclusions", &["_WITH_EXCLUSION"]),
        (
            json!({"ImageTagMutability": "MUTABLE_WITH_EXCLUSION"}),
            "ImageTagMutabilityExclusions",
            &["is required with", "1 to 5"],
        ),
        (
            json!({"ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "ImageTagMutabilityExclusions": ["a b"]}),
            "ImageTagMutabilityExclusions[0]",
            &["wildcard filter"],
        ),
        (
            json!({"ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
                "ImageTagMutabilityExclusions": ["a", "b", "c", "d", "e", "f"]}),
            "ImageTagMutabilityExclusions",
            &["6 filters", "1 to 5"],
        ),
        (json!({"ProtectedTagPatterns": ["a*b*c*d*e*"]}), "ProtectedTagPatterns[0]", &["*"]),
        (json!({"TagPrefixes": ["v", "v"]}), "TagPrefixes[1]", &["repeats TagPrefixes[0]"]),
        (json!({"LifecyclePolicy": "nonsense"}), "LifecyclePolicy", &["JSON"]),
        (
            json!({"LifecyclePolicy": {"rules": [{"rulePriority": 1, "action": {"type": "expire"}, "selection":
                {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 0}}]}}),
            "LifecyclePolicy.rules[0].selection.countNumber",
            &["1"],
        ),
        (json!({"PullPrincipals": ["nobody"]}), "PullPrincipals[0]", &["nobody"]),
        (json!({"PullPrincipals": roles}), "PolicyStatements", &["10240"]),
        (json!({"LambdaPullArns": ["arn:aws:s3:::bucket"]}), "LambdaPullArns[0]", &["Lambda function"]),
        (json!({"PullOrganizations": ["my-org"]}), "PullOrganizations[0]", &["o-"]),
        (json!({"PolicyStatements": statement(json!("*"))}), "PolicyStatements[0]", &["AllowPublicPrincipals"]),
        (
            json!({"PolicyStatements": statement(json!({"AWS": "*"}))}),
            "PolicyStatements[0]",
            &["AllowPublicPrincipals"],
        ),
        (json!({"PolicyStatements": [{"Effect": "Allow"}]}), "PolicyStatements[0].Principal", &[]),
        (json!({"PolicyMode": "Replace"}), "PolicyMode", &["Merge, Exclusive"]),
    ]
}

fn wrong_tags_and_overrides() -> Vec<Wrong> {
    let tags: Value =
        (0..45).map(|number| (format!("key-{number}"), json!("v"))).collect::<serde_json::Map<_, _>>().into();
    vec![
        (json!({"Tags": {"aws:x": "1"}}), "Tags.aws:x", &["belong to AWS"]),
        (json!({"Tags": {"ecr-steward:owner": "me"}}), "Tags.ecr-steward:owner", &["ecr-steward alone"]),
        (json!({"Tags": {"key": "v".repeat(257)}}), "Tags.key", &["256"]),
        (json!({"Tags": {"k".repeat(129): "v"}}), "Tags.", &["128"]),
        (json!({"Tags": {"key": "a;b"}}), "Tags.key", &["';'"]),
        (json!({"Tags": tags}), "Tags", &["45 keys", "44"]),
        (json!({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}), "Tags[1]", &["repeats"]),
        (json!({"Tags": [{"Key": "a", "Vallue": "1"}]}), "Tags[0]", &["Value"]),
        (json!({"OnDelete": "Snapshot"}), "OnDelete", &["Delete, Retain"]),
        (json!({"DriftMode": "on"}), "DriftMode", &["Enforce, ReportOnly, Off"]),
        (json!({"ReturnValues": ["Url.b"]}), "ReturnValues[0]", &["did you mean Url."]),
        (json!({"ReturnValues": "Url.a"}), "ReturnValues", &["must be a list"]),
        (json!({"Overrides": {"aa": {}}}), "Overrides.aa", &["did you mean a?"]),
        (json!({"Overrides": {"a": 5}}), "Overrides.a", &["map"]),
        (json!({"Overrides": {"a": {"MaxImageCount": "many"}}}), "Overrides.a.MaxImageCount", &["\"many\""]),
        (json!({"Overrides": {"a": {"ProjectName": "x"}}}), "Overrides.a.ProjectName", &["not a property"]),
        (json!({"Overrides": {"a": {"KmsKey": "alias/x"}}}), "Overrides.a.KmsKey", &["AES256"]),
        (
            json!({"LifecyclePolicy": "None", "Overrides": {"a": {"MaxImageCount": 5}}}),
            "Overrides.a.MaxImageCount",
            &["no effect", "LifecyclePolicy of its own"],
        ),
        (json!({"Environment": "a/b/c/d/e/f/g/h/i/j/k/l"}), "RepositoryNames[0]", &["15 levels"]),
    ]
}

/// Rows: 9, 10, 54.
#[test]
fn each_mistake_is_refused_at_its_path_with_what_is_allowed() {
    for (wrong, path, words) in table() {
        let problems = checked(&with(fleet(&["a"]), wrong.clone())).expect_err(&format!("{wrong} is wrong"));
        let at = problems
            .iter()
            .find(|problem| problem.path == path || (path.ends_with('.') && problem.path.starts_with(path)));
        let found = at.unwrap_or_else(|| panic!("{wrong}: nothing at {path} in {problems:#?}"));
        for word in words {
            assert!(found.message.contains(word), "{wrong}: {word:?} is not in {found}");
        }
        assert!(problems.len() <= 2, "one mistake is told once or twice, not {problems:#?}");
    }
}

/// Rows: 10.
#[test]
fn so_many_mistakes_that_hints_would_take_too_long_are_told_without() {
    let names: Vec<String> =
        (0..1_000).map(|number| format!("a-repository-with-quite-a-long-name-{number:04}")).collect();
    let misspelt: serde_json::Map<String, Value> = names.iter().map(|name| (format!("{name}x"), json!({}))).collect();
    let values: Vec<String> = names.iter().map(|name| format!("Url.{name}x")).collect();
    let over = json!({"RepositoryNames": names, "Overrides": misspelt, "ReturnValues": values});
    let problems = checked(&with(with(fleet(&[]), over), json!({"Z".repeat(100_000): 1}))).unwrap_err();
    for (property, told) in [("Overrides.", 1_000), ("ReturnValues[", 1_000), ("ZZZ", 1)] {
        assert_eq!(problems.iter().filter(|problem| problem.path.starts_with(property)).count(), told, "{property}");
    }
    let hints = problems.iter().filter(|problem| problem.message.contains("did you mean")).count();
    assert_eq!(hints, 10, "five for each kind of mistake");
}

/// Rows: 10.
#[test]
fn none_of_them_writes_anything_anywhere() {
    run(async {
        for (wrong, path, _) in table() {
            let properties = with(fleet(&["a"]), wrong);
            let scene = Scene::new();
            reason(&scene.create(&properties).await, Failed, &["nothing was changed", path]);
            assert!(scene.world.attempted_writes().is_empty(), "{path}");
            let scene = Scene::converged(&fleet(&["a"])).await;
            reason(&scene.update(&properties).await, Failed, &["nothing was changed", path]);
            assert!(scene.world.attempted_writes().is_empty(), "{path}");
        }
    });
}

#[test]
fn all_mistakes_are_told_together_each_at_its_path() {
    let properties = json!({
        "ProjectName": "Shop", "Environment": "dev", "RepositoryNames": ["a", "a"], "MaxImageCont": "3",
        "ScanOnPush": "maybe", "KmsKey": "alias/x", "OnRemove": "Keep", "Tags": {"aws:x": "1"},
        "LifecyclePolicy": {"rules": []},
        "Overrides": {"b": {"ImageRetentionDays": 0}, "a": {"TagPrefixes": "v"}},
    });
    let problems = checked(&properties).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    ProjectName: contains 'S'; repository names hold lower-case letters, digits and . _ - /
    RepositoryNames[1]: repeats RepositoryNames[0], "a"; remove one
    ScanOnPush: must be true or false, not "maybe"
    LifecyclePolicy.rules: ECR wants 1 to 50 rules in a policy, and this has 0. Add one.
    LifecyclePolicy: ECR takes a policy of 100 to 30720 characters, and this has 12 without any white space. Add a rule.
    Tags.aws:x: has the key "aws:x"; keys that begin with aws: belong to AWS
    Overrides.a.TagPrefixes: must be a list, not text
    Overrides.b: is not in RepositoryNames; did you mean a?
    Overrides.b.ImageRetentionDays: must be a whole number from 1 to 2147483647, not "0"
    OnRemove: must be one of Delete, Retain, not "Keep"
    MaxImageCont: is not a property of this resource; did you mean MaxImageCount?
    KmsKey: is only allowed with EncryptionType KMS or KMS_DSSE; AES256 uses keys that Amazon S3 manages
    "#);
}

/// Rows: 9.
#[test]
fn the_spellings_of_cloudformation_are_taken() {
    let table = [
        json!({"ScanOnPush": "True"}),
        json!({"ScanOnPush": " FALSE "}),
        json!({"ScanOnPush": false}),
        json!({"MaxImageCount": "07"}),
        json!({"MaxImageCount": " 7 "}),
        json!({"MaxImageCount": 7}),
        json!({"ProjectName": 7}),
        json!({"RepositoryNames": ["1", 2]}),
        json!({"MaxImageCount": null}),
        json!({"Tags": {"number": 7, "truth": true, "empty": ""}}),
        json!({"Tags": [{"Key": "k", "Value": "v"}]}),
        json!({"LifecyclePolicy": "None"}),
        json!({"LifecyclePolicy": {"rules": [{"rulePriority": "1", "action": {"type": "expire"}, "selection":
            {"tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": "14"}}]}}),
        json!({"AllowPublicPrincipals": "true", "PolicyStatements": [{"Effect": "Allow", "Principal": "*",
            "Action": "ecr:BatchGetImage"}]}),
        json!({"PolicyStatements": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage",
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}]}),
        json!({"EncryptionType": "KMS", "KmsKey": "alias/x", "Overrides": {"a": {"EncryptionType": "AES256"}}}),
        json!({"NamePattern": "x/{name}", "ServiceTimeout": "3600"}),
        json!({"TagPrefixes": [], "ProtectedTagPatterns": []}),
    ];
    for good in table {
        if let Err(problems) = checked(&with(fleet(&["a"]), with(good.clone(), json!({"RepositoryNames": ["a"]})))) {
            panic!("{good}: {problems:#?}");
        }
    }
    let seven = checked(&with(fleet(&["a"]), json!({"MaxImageCount": "07"}))).unwrap();
    assert_eq!(seven.repositories[0].settings["MaxImageCount"].value, 7);
}

/// Rows: 9.
#[test]
fn a_declaration_means_the_same_before_and_after_cloudformation_made_texts_of_it() {
    let rule = |more: Value| {
        let plain = json!({"rulePriority": 1, "action": {"type": "expire"}, "selection": {"tagStatus": "tagged",
            "tagPrefixList": ["v"], "countType": "imageCountMoreThan", "countNumber": 14}});
        json!({"LifecyclePolicy": {"rules": [with(plain, more)]}})
    };
    let statement = |more: Value| {
        let plain = json!({"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "ecr:BatchGetImage"});
        json!({"PolicyStatements": [with(plain, more)]})
    };
    let table = [
        (rule(json!({"description": 2024})), rule(json!({"description": "2024"}))),
        (
            rule(json!({"selection": {"tagStatus": "tagged", "tagPrefixList": [2], "countType": "imageCountMoreThan",
                "countNumber": 14}})),
            rule(
                json!({"selection": {"tagStatus": "tagged", "tagPrefixList": ["2"], "countType": "imageCountMoreThan",
                "countNumber": "14"}}),
            ),
        ),
        (
            statement(json!({"Principal": {"AWS": 111_122_223_333_u64}})),
            statement(json!({"Principal": {"AWS": "111122223333"}})),
        ),
        (
            statement(json!({"Condition": {"Bool": {"aws:SecureTransport": true}}})),
            statement(json!({"Condition": {"Bool": {"aws:SecureTransport": "true"}}})),
        ),
    ];
    for (native, delivered) in table {
        let [written, seen] = [&native, &delivered]
            .map(|part| checked(&with(fleet(&["a"]), part.clone())).map(|fleet| fleet.repositories));
        assert_eq!(written, seen, "{native}");
        assert!(seen.is_ok(), "{delivered}: {seen:#?}");
    }
}

#[test]
fn every_effective_value_says_where_it_comes_from() {
    run(async {
        let over = json!({"MaxImageCount": "5", "Overrides": {"a": {"ScanOnPush": false}}});
        let scene = Scene::new();
        reason(&scene.create(&with(fleet(&["a", "b"]), over)).await, Success, &[]);
        let objects = scene.world.picture().objects;
        let outputs = objects.iter().find(|(key, _)| key.starts_with("outputs/")).unwrap().1;
        let told = |name: &str, property: &str| {
            let setting = &outputs["Repositories"][name]["Settings"][property];
            format!("{} {}", setting["origin"].as_str().unwrap(), setting["value"])
        };
        assert_eq!(told("a", "ScanOnPush"), "override false");
        assert_eq!(told("b", "ScanOnPush"), "default true");
        assert_eq!([told("a", "MaxImageCount"), told("b", "MaxImageCount")], ["property 5", "property 5"]);
        assert_eq!(told("a", "ImageRetentionDays"), "default 30");
    });
}
