//! `adopt` as a user meets it: what exists, written so that every other command reads it.

use super::*;

fn described(name: &str, scan: bool) -> Value {
    json!({"repositoryName": name, "repositoryArn": format!("arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{name}"),
        "imageTagMutability": "MUTABLE", "imageScanningConfiguration": {"scanOnPush": scan},
        "encryptionConfiguration": {"encryptionType": "AES256"}})
}

/// An account with these repositories, which have neither policy.
fn account(repositories: &[Value]) -> Cloud {
    let cloud = Cloud::start();
    let mut state = cloud.state();
    state.fixed.insert("DescribeRepositories", json!({"repositories": repositories}));
    state.refused.insert("GetLifecyclePolicy", "LifecyclePolicyNotFoundException");
    state.refused.insert("GetRepositoryPolicy", "RepositoryPolicyNotFoundException");
    drop(state);
    cloud
}

fn fleet() -> Vec<Value> {
    ["shop-dev-a", "shop-dev-b", "shop-dev-yes"].map(|name| described(name, name != "shop-dev-b")).to_vec()
}

#[test]
fn a_template_declares_what_exists_and_is_read_by_check() {
    let cloud = account(&fleet());
    let run = cloud.run(&["adopt"]);
    assert_eq!(run.code, 0, "{}", run.talk);
    insta::assert_snapshot!(run.data, @r#"
    AWSTemplateFormatVersion: "2010-09-09"
    Description: "3 repositories as found in 123456789012 (eu-west-1), taken over by ecr-steward, which adds its own tags and changes nothing else."
    Parameters:
      ProviderStackName:
        Type: String
        Default: ecr-steward
        Description: Name of the stack ecr-steward was deployed as.
    Resources:
      ShopDev:
        Type: Custom::EcrRepositories
        Properties:
          ServiceToken:
            Fn::ImportValue:
              Fn::Sub: "${ProviderStackName}-ServiceToken"
          ProjectName: shop
          Environment: dev
          RepositoryNames:
            - a
            - b
            - "yes"
          LifecyclePolicy: None
          MaxUntaggedImages: 2147483647
          AdoptExisting: true
          PublishParameters: false
          OnRemove: Retain
          OnDelete: Retain
          Overrides:
            b:
              ScanOnPush: false
    "#);
    assert_eq!(run.talk, "ecr-steward: 3 repositories in 1 declaration, 1 override, 29 lines; 0 left out\n");
    let json = cloud.run(&["adopt", "--format", "template", "--as", "json"]);
    assert!(json.data.find("AWSTemplateFormatVersion") < json.data.find("Resources"), "{}", json.data);
    for text in [&run.data, &json.data] {
        let check = cloud.run_with(&["check", "-"], text);
        assert_eq!(
            (check.code, check.data.as_str()),
            (0, "stdin, ShopDev: no problems, 3 repositories\n"),
            "{}",
            check.talk
        );
    }
    let asked = cloud.state().asked.clone();
    assert!(
        asked.iter().all(|call| ["Describe", "List", "Get"].iter().any(|verb| call.starts_with(verb))),
        "{asked:?}"
    );
}

#[test]
fn documents_of_several_declarations_say_which_they_are() {
    let mut all = fleet();
    all.extend(["bank/prod/a", "bank/prod/b", "bank/prod/c", "odd"].map(|name| described(name, true)));
    let cloud = account(&all);
    for spelling in ["yaml", "json"] {
        let run = cloud.run(&["adopt", "--format", "spec", "--as", spelling]);
        assert_eq!(run.code, 0, "{}", run.talk);
        let check = cloud.run_with(&["check", "-"], &run.data);
        let lines: Vec<&str> = check.data.lines().collect();
        assert_eq!(
            lines,
            [
                "stdin, BankProd: no problems, 3 repositories",
                "stdin, ShopDev: no problems, 3 repositories",
                "stdin, AdoptedUnspecified: no problems, 1 repository"
            ],
            "{}",
            check.talk
        );
        let plan = cloud.run_with(&["plan", "-", "--logical-id", "Nobody"], &run.data);
        assert!(plan.talk.contains("there are: BankProd, ShopDev, AdoptedUnspecified"), "{}", plan.talk);
    }
    let one =
        cloud.run(&["adopt", "--format", "spec", "--pattern", "shop-*", "--pattern", "bank*", "--exclude", "*/*"]);
    assert!(one.data.starts_with("Type: Custom::EcrRepositories\nProperties:\n  ProjectName: shop\n"), "{}", one.data);
}

#[test]
fn what_is_left_out_is_named_with_the_reason() {
    let cloud = account(&fleet());
    cloud.state().fixed.insert(
        "ListTagsForResource",
        json!({"tags": [
        {"Key": "ecr-steward:owner", "Value": "guid/Fleet"}, {"Key": "ecr-steward:stack", "Value": "shop"}]}),
    );
    let run = cloud.run(&["adopt"]);
    assert_eq!((run.code, run.data.as_str()), (1, ""));
    assert!(
        run.talk.contains("ecr-steward: left out: shop-dev-a: it is managed already, by stack shop"),
        "{}",
        run.talk
    );
    cloud.state().fixed.clear();
    cloud.state().fixed.insert("DescribeRepositories", json!({"repositories": fleet()}));
    cloud.state().refused.insert("GetRepositoryPolicy", "AccessDeniedException");
    let run = cloud.run(&["adopt"]);
    assert_eq!((run.code, run.data.as_str()), (2, ""), "what could not be read could not be told");
    assert!(run.talk.contains("its repository policy could not be read"), "{}", run.talk);
}

#[test]
fn a_list_that_cannot_be_read_and_a_pattern_that_matches_nothing_tell_nothing() {
    let cloud = account(&fleet());
    let none = cloud.run(&["adopt", "--pattern", "shop-prod-*"]);
    assert_eq!((none.code, none.data.as_str()), (2, ""));
    assert!(none.talk.contains("there is no such repository in 123456789012, eu-west-1"), "{}", none.talk);
    cloud.state().refused.insert("DescribeRepositories", "AccessDeniedException");
    assert_eq!(cloud.run(&["adopt"]).code, 2);
    let table = cloud.run(&["adopt", "--format", "json"]);
    assert!(table.talk.contains("adopt does not write json; ask for template or spec, and for JSON with --as json"));
}

/// What YAML 1.1 takes for something else than text, and every reader gives back as it was.
#[test]
fn names_that_look_like_something_else_are_quoted() {
    let names = ["0123", "1_000", "2010-09-09", "1e3", "no", "on", "null", "0x1f", "plain"];
    let cloud = account(&names.map(|name| described(name, name != "1e3")));
    for format in ["template", "spec"] {
        let run = cloud.run(&["adopt", "--format", format]);
        let quoted = |name: &str| run.data.contains(&format!("- \"{name}\"\n"));
        assert!(names[..8].iter().all(|name| quoted(name)) && !quoted("plain"), "{}", run.data);
        assert!(run.data.contains("\"1e3\":\n"), "{}", run.data);
        let check = cloud.run_with(&["check", "-", "--format", "json"], &run.data);
        let mut found = check.json()["declarations"][0]["repositories"].as_array().unwrap().clone();
        found.sort_by_key(ToString::to_string);
        let mut wished = names.map(|name| json!(name));
        wished.sort_by_key(ToString::to_string);
        assert_eq!(found, wished);
    }
}
