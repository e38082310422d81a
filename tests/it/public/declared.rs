//! Every way in which a public declaration can be wrong, and what a good one comes to.

use crate::support::{Scene, reason, run, with};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ecr_steward::event::reply::Status::{Failed, Success};
use ecr_steward::model::repository::Tags;
use ecr_steward::spec::public::check;
use ecr_steward::spec::{Fleet, Problem, Removal};
use serde_json::{Value, json};

fn checked(properties: &Value) -> Result<Fleet, Vec<Problem>> {
    check(properties.as_object().unwrap(), "aws")
}

/// A declaration with something more, or something else.
fn declared(more: Value) -> Value {
    with(json!({"RepositoryNames": ["shop/web", "api"]}), more)
}

/// Properties that are wrong in one place, where that is, and words the reader needs.
type Wrong = (Value, &'static str, &'static [&'static str]);

fn wrong_properties() -> Vec<Wrong> {
    let long = "x".repeat(206);
    let tags: Value =
        (0..47).map(|number| (format!("k{number}"), json!("v"))).collect::<serde_json::Map<_, _>>().into();
    let everybody = json!([{"Effect": "Allow", "Principal": "*", "Action": "ecr-public:PutImage"}]);
    let private = json!([{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "ecr:PutImage"}]);
    vec![
        (json!({"RepositoryNames": null}), "RepositoryNames", &["is required", "public gallery"]),
        (json!({"RepositoryNames": []}), "RepositoryNames", &["0 names"]),
        (json!({"RepositoryNames": ["api", "api"]}), "RepositoryNames[1]", &["repeats RepositoryNames[0]"]),
        (json!({"RepositoryNames": ["a"]}), "RepositoryNames[0]", &["1 characters", "2 to 205"]),
        (json!({"RepositoryNames": [long]}), "RepositoryNames[0]", &["206 characters", "2 to 205"]),
        (json!({"RepositoryNames": ["a__b"]}), "RepositoryNames[0]", &["\"__\"", "ECR Public"]),
        (json!({"RepositoryNames": ["a--b"]}), "RepositoryNames[0]", &["\"--\"", "single"]),
        (json!({"RepositoryNames": ["Web"]}), "RepositoryNames[0]", &["'W'", "lower-case"]),
        (json!({"RepositoryNames": ["web/"]}), "RepositoryNames[0]", &["empty path part"]),
        (json!({"RepositoryName": ["web"]}), "RepositoryName", &["did you mean RepositoryNames?"]),
        (json!({"ScanOnPush": true}), "ScanOnPush", &["not a property"]),
        (json!({"LifecyclePolicy": "None"}), "LifecyclePolicy", &["not a property"]),
        (json!({"PushPrincipals": ["12"]}), "PushPrincipals[0]", &["12"]),
        (json!({"PushPrincipals": ["*"]}), "PushPrincipals", &["Name principals"]),
        (json!({"PolicyStatements": everybody}), "PolicyStatements[0]", &["everybody may pull without a policy"]),
        (json!({"PolicyStatements": private}), "PolicyStatements[0].Action", &["ecr-public:"]),
        (json!({"PolicyMode": "merge"}), "PolicyMode", &["did you mean Merge?"]),
        (json!({"Tags": tags}), "Tags", &["47 keys", "leaves 46"]),
        (json!({"Tags": {"ecr-steward:owner": "me"}}), "Tags.ecr-steward:owner", &["ecr-steward alone"]),
        (json!({"EmptyOnDelete": "maybe"}), "EmptyOnDelete", &["true or false"]),
        (json!({"OnRemove": "Keep"}), "OnRemove", &["Delete, Retain"]),
        (json!({"OnDelete": "Destroy"}), "OnDelete", &["Delete, Retain"]),
        (json!({"AdoptExisting": 1}), "AdoptExisting", &["true or false"]),
        (json!({"ServiceTimeout": 0}), "ServiceTimeout", &["1 to 3600"]),
        (json!({"ReturnValues": ["GalleryUrl"]}), "ReturnValues[0]", &["did you mean GalleryUrls?"]),
        (json!({"ReturnValues": ["DockerLoginCommand"]}), "ReturnValues[0]", &["not a return value"]),
    ]
}

fn wrong_catalogs() -> Vec<Wrong> {
    let many: Vec<String> = (0..51).map(|number| format!("os {number}")).collect();
    let of_api = |entry: Value| json!({"Catalog": {"api": entry}});
    let large = STANDARD.encode(vec![7; 512_001]);
    vec![
        (json!({"Catalog": ["api"]}), "Catalog", &["must be a map"]),
        (json!({"Catalog": {"apis": {}}}), "Catalog.apis", &["not in RepositoryNames", "did you mean api?"]),
        (of_api(json!("words")), "Catalog.api", &["must be a map"]),
        (of_api(json!({"Descripton": "x"})), "Catalog.api.Descripton", &["did you mean Description?"]),
        (of_api(json!({"Description": "é".repeat(1_025)})), "Catalog.api.Description", &["1025", "1024"]),
        (of_api(json!({"AboutText": "x".repeat(25_601)})), "Catalog.api.AboutText", &["25601", "25600"]),
        (of_api(json!({"UsageText": "x".repeat(25_601)})), "Catalog.api.UsageText", &["25600"]),
        (of_api(json!({"UsageText": ["x"]})), "Catalog.api.UsageText", &["must be text"]),
        (of_api(json!({"OperatingSystems": many})), "Catalog.api.OperatingSystems", &["51 entries", "50"]),
        (of_api(json!({"Architectures": [""]})), "Catalog.api.Architectures[0]", &["0 characters", "1 to 50"]),
        (of_api(json!({"Architectures": ["ARM", "ARM"]})), "Catalog.api.Architectures[1]", &["repeats"]),
        (of_api(json!({"Architectures": "ARM"})), "Catalog.api.Architectures", &["must be a list"]),
        (of_api(json!({"LogoImage": "data:image/png;base64,AA=="})), "Catalog.api.LogoImage", &["base64", "prefix"]),
        (of_api(json!({"LogoImage": large})), "Catalog.api.LogoImage", &["512001 bytes", "512000"]),
        (of_api(json!({"LogoImage": ""})), "Catalog.api.LogoImage", &["0 bytes"]),
    ]
}

#[test]
fn every_mistake_is_told_at_its_place_and_alone() {
    for (more, path, words) in [wrong_properties(), wrong_catalogs()].concat() {
        let problems =
            checked(&declared(more.clone())).expect_err(&more.to_string().chars().take(200).collect::<String>());
        let shown: Vec<String> = problems.iter().map(|problem| format!("{} {problem}", problem.path)).collect();
        let found = problems.iter().find(|problem| problem.path == path);
        let found = found.unwrap_or_else(|| panic!("nothing is told at {path}: {shown:?}"));
        for word in words {
            assert!(found.message.contains(word), "{word:?} is not in {shown:?}");
        }
        assert_eq!(problems.len(), 1, "{shown:?}");
    }
}

#[test]
fn all_mistakes_are_told_together_and_nothing_is_asked_or_written() {
    run(async {
        let scene = Scene::public();
        let wrong = json!({"RepositoryNames": ["web", "a__b"], "Catalog": {"wev": {"Description": 1, "Logo": ""}},
            "ScanOnPush": true, "Tags": {"aws:x": "y"}});
        let reply = scene.create(&wrong).await;
        reason(
            &reply,
            Failed,
            &["5 problems", "RepositoryNames[1]", "did you mean web?", "Logo", "ScanOnPush", "aws:x"],
        );
        assert_eq!(scene.world.calls_to("ecr-public"), 0);
        assert_eq!(scene.world.attempted_writes(), Vec::<&str>::new());
    });
}

#[test]
fn only_the_partition_aws_has_a_gallery() {
    for partition in ["aws-cn", "aws-us-gov", "aws-eusc"] {
        let problems = check(declared(json!({})).as_object().unwrap(), partition).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].to_string().contains(partition) && problems[0].to_string().contains("no public gallery"));
    }
}

#[test]
fn what_is_left_out_has_the_defaults_of_the_contract_and_nothing_private_is_wished() {
    let fleet = checked(&declared(json!({}))).unwrap();
    assert!(fleet.is_public());
    assert_eq!((fleet.on_remove, fleet.on_delete), (Removal::Delete, Removal::Delete));
    assert!(!fleet.empty_on_delete && !fleet.adopt_existing && !fleet.publish_parameters);
    assert_eq!(fleet.published_paths("/ecr-steward").len(), 0);
    let web = &fleet.repositories[0];
    assert_eq!((web.short.as_str(), web.name.as_str()), ("shop/web", "shop/web"));
    assert!(web.catalog.as_ref().is_some_and(ecr_steward::model::catalog::Catalog::is_empty));
    assert_eq!(web.tags, Tags::from([("ManagedBy".to_owned(), "ecr-steward".to_owned())]));
    assert!(!web.wishes_policy());
}

#[test]
fn strings_for_everything_and_broken_lines_of_base64_are_taken() {
    let logo = STANDARD.encode([1, 2, 3, 4, 5, 6]);
    let (head, tail) = logo.split_at(4);
    let fleet = checked(&declared(
        json!({"EmptyOnDelete": "True", "ServiceTimeout": "60", "PushPrincipals": ["111122223333"],
        "Catalog": {"api": {"Description": 7, "Architectures": ["x86-64", "ARM"], "LogoImage": format!("{head}\n  {tail}\n")}}}),
    ));
    let fleet = fleet.unwrap();
    let catalog = fleet.repositories[1].catalog.clone().unwrap();
    assert_eq!(catalog.description.as_deref(), Some("7"));
    assert_eq!(catalog.architectures.unwrap(), ["ARM", "x86-64"], "sorted, so that order is no difference");
    assert_eq!(catalog.logo_image.unwrap().bytes.unwrap(), [1, 2, 3, 4, 5, 6]);
    assert!(fleet.empty_on_delete);
    let policy = serde_json::to_string(&fleet.repositories[0]).unwrap();
    assert!(policy.contains("EcrStewardPush") && policy.contains("ecr-public:PutImage"), "{policy}");
}

#[test]
fn an_account_without_an_alias_is_told_what_to_do_before_anything_is_written() {
    run(async {
        let scene = Scene::public();
        scene.world.with(|state| state.gallery_uri = None);
        let reply = scene.create(&declared(json!({}))).await;
        reason(&reply, Failed, &["nothing was changed", "no alias", "aws ecr-public create-repository"]);
        assert_eq!(scene.world.attempted_writes(), Vec::<&str>::new());
        scene.world.with(|state| state.gallery_uri = Some("public.ecr.aws/later".to_owned()));
        reason(&scene.create(&declared(json!({}))).await, Success, &["2 repositories as declared"]);
    });
}
