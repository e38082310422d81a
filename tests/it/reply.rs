//! The bytes of an answer: never more than CloudFormation reads, always JSON, return values whole or refused.

use crate::support::scene::URL;
use crate::support::world::HOST;
use crate::support::{Scene, fleet, reason, run, with};
use ecr_steward::event::reply::Status::{Failed, Success};
use ecr_steward::event::reply::{Reply, Status};
use ecr_steward::event::request::ReplyTarget;
use ecr_steward::event::url::ResponseUrl;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn target(stack: &str, logical: &str) -> ReplyTarget {
    ReplyTarget {
        url: ResponseUrl::new(URL),
        stack_id: stack.to_owned(),
        request_id: "7d2b9c1e-0000-4000-8000-000000000000".to_owned(),
        logical_id: logical.to_owned(),
        physical_id: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Rows: 29, 30.
    #[test]
    fn any_reason_fits_and_stays_readable(
        reason in prop_oneof![".{0,200}", "\\PC{0,9000}", "[\\x00-\\x1f\"\\\\]{0,9000}", "[🚢é漢]{0,6000}"],
        logical in "[A-Za-z0-9]{1,255}",
        stack in "arn:aws:cloudformation:eu-west-1:123456789012:stack/[a-z]{1,128}/[0-9a-f]{36}",
        failed in any::<bool>(),
    ) {
        let status = if failed { Status::Failed } else { Status::Success };
        let reply = Reply { status, reason, physical_id: format!("ecr-steward/x/{logical}"), data: BTreeMap::new() };
        let body = reply.body(&target(&stack, &logical));
        prop_assert!(body.len() <= 4_096, "{} bytes", body.len());
        let value: Value = serde_json::from_slice(&body).unwrap();
        let told = value["Reason"].as_str().unwrap();
        prop_assert!(!told.trim().is_empty());
        prop_assert!(told.chars().all(|c| !c.is_control()), "{:?}", told);
        prop_assert_eq!(&value["StackId"], &json!(stack));
        prop_assert_eq!(&value["LogicalResourceId"], &json!(logical));
        prop_assert!(value.get("Data").is_none(), "an empty map is not sent");
    }
}

/// Rows: 29.
#[test]
fn a_long_reason_keeps_its_beginning_and_its_end() {
    let reply = Reply::failed("id", format!("the beginning {} the end", "x".repeat(9_000)));
    let value: Value = serde_json::from_slice(&reply.body(&target("stack", "logical"))).unwrap();
    let told = value["Reason"].as_str().unwrap();
    assert!(told.starts_with("the beginning") && told.ends_with("the end") && told.contains("cut"), "{told}");
    assert!(told.len() > 3_500, "what fits is kept: {}", told.len());
}

fn named(count: usize, length: usize) -> Value {
    let names: Vec<String> = (0..count).map(|number| format!("{number:0length$}")).collect();
    with(fleet(&[]), json!({"RepositoryNames": names}))
}

/// The body of the answer to a Create.
async fn created(properties: &Value) -> (Scene, Reply, Vec<u8>) {
    let scene = Scene::new();
    let event = scene.event("Create", properties);
    let reply = scene.send(&event).await;
    let body = reply.body(&ReplyTarget::read(&event, false).unwrap());
    (scene, reply, body)
}

/// Rows: 29.
#[test]
fn a_thousand_names_are_answered_in_what_cloudformation_reads() {
    run(async {
        let (scene, reply, body) = created(&named(1_000, 40)).await;
        reason(&reply, Success, &["1000 repositories"]);
        assert!(body.len() <= 4_096, "{}", body.len());
        assert_eq!(scene.world.names().len(), 1_000);
        assert_eq!(reply.data["OutputsTruncated"], "true");
        let whole = scene.world.picture().objects;
        let outputs = whole.iter().find(|(key, _)| key.starts_with("outputs/")).unwrap().1;
        assert_eq!(outputs["RepositoryUrls"].as_object().unwrap().len(), 1_000, "all of it is in the bucket");
    });
}

/// Rows: 33.
#[test]
fn values_are_left_out_whole_from_the_end_of_the_order() {
    const ORDER: [&str; 12] = [
        "RegistryId",
        "RegistryUri",
        "RepositoryCount",
        "ParameterPrefix",
        "OutputsUri",
        "DockerLoginCommand",
        "K8sImagePullSecretCommand",
        "RepositoryUrls",
        "RepositoryArns",
        "Url.",
        "Arn.",
        "DockerCommands",
    ];
    let place = |key: &str| ORDER.iter().position(|begin| key.starts_with(begin)).unwrap_or(ORDER.len());
    run(async {
        for count in [1, 4, 6, 8, 12, 20, 40] {
            let (_, reply, body) = created(&named(count, 12)).await;
            assert!(body.len() <= 4_096);
            let mut kept = reply.data.clone();
            let truncated = kept.remove("OutputsTruncated").unwrap() == "true";
            let last = kept.keys().map(|key| place(key)).max().unwrap();
            let before: usize = (0..last).map(|index| if ORDER[index].ends_with('.') { count } else { 1 }).sum();
            let counted = kept.keys().filter(|key| place(key) < last).count();
            assert_eq!(counted, before, "{count} names: a gap before {:?} in {:?}", ORDER.get(last), kept.keys());
            assert_eq!(truncated, !kept.contains_key("AuthorizationPolicy"), "{count} names");
        }
    });
}

/// Rows: 32, 33, 44.
#[test]
fn the_same_keys_come_back_on_create_and_update() {
    run(async {
        let properties = fleet(&["a", "b"]);
        let scene = Scene::new();
        let created = scene.create(&properties).await;
        assert_eq!(scene.update(&properties).await.data, created.data);
        let told: Vec<String> = created.data.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        insta::assert_snapshot!(told.join("\n").replace(HOST, "HOST"), @r#"
        Arn.a = arn:aws:ecr:eu-west-1:123456789012:repository/shop-dev-a
        Arn.b = arn:aws:ecr:eu-west-1:123456789012:repository/shop-dev-b
        AuthorizationPolicy = {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}]}
        DockerCommands = {"a":{"build":"docker build -t a .","push":"docker push HOST/shop-dev-a:latest","tag":"docker tag a:latest HOST/shop-dev-a:latest"},"b":{"build":"docker build -t b .","push":"docker push HOST/shop-dev-b:latest","tag":"docker tag b:latest HOST/shop-dev-b:latest"}}
        DockerLoginCommand = aws ecr get-login-password --region eu-west-1 | docker login --username AWS --password-stdin HOST
        K8sImagePullSecretCommand = kubectl create secret docker-registry ecr-secret --docker-server=HOST --docker-username=AWS --docker-password=$(aws ecr get-login-password --region eu-west-1)
        OutputsTruncated = false
        OutputsUri = s3://state/outputs/11111111-2222-3333-4444-555555555555/Repositories.json
        ParameterPrefix = /ecr-steward/shop/dev
        RegistryId = 123456789012
        RegistryUri = HOST
        RepositoryArns = {"a":"arn:aws:ecr:eu-west-1:123456789012:repository/shop-dev-a","b":"arn:aws:ecr:eu-west-1:123456789012:repository/shop-dev-b"}
        RepositoryCount = 2
        RepositoryUrls = {"a":"HOST/shop-dev-a","b":"HOST/shop-dev-b"}
        Url.a = HOST/shop-dev-a
        Url.b = HOST/shop-dev-b
        "#);
    });
}

/// Rows: 29, 33.
#[test]
fn listed_return_values_come_all_or_the_request_is_refused_with_the_bytes() {
    run(async {
        let listed = |count: usize, keys: Value| with(named(count, 30), json!({"ReturnValues": keys}));
        let (_, reply, _) = created(&listed(3, json!(["Url.*", "RegistryId"]))).await;
        assert_eq!(reply.data.keys().filter(|key| key.starts_with("Url.")).count(), 3);
        assert_eq!(reply.data.len(), 4, "what is listed and nothing else");
        let (scene, reply, body) = created(&listed(60, json!(["Url.*"]))).await;
        let told = reason(&reply, Failed, &["ReturnValues", "bytes", "nothing was changed", "s3://state/outputs/"]);
        let needed: usize = told.split("take ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!(needed > 4_096, "{told}");
        assert!(body.len() <= 4_096);
        assert!(scene.world.attempted_writes().is_empty());
    });
}
