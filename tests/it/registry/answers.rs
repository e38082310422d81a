//! What CloudFormation is told, request by request; and what is refused for its form.

use super::{BILLING, says};
use crate::support::scene::{BUCKET, Scene};
use crate::support::world::STACK;
use crate::support::{reason, run, with};
use ecr_steward::event::reply::Reply;
use ecr_steward::event::reply::Status::{Failed, Success};
use ecr_steward::model::place::Place;
use ecr_steward::plan::registry::record::{REGISTRY_KEY, RegistryRecord};
use ecr_steward::spec::registry::{Around, check};
use serde_json::{Value, json};
use std::fmt::Write as _;

fn filters(list: &[&str]) -> Value {
    list.iter().map(|filter| json!({"Filter": filter, "FilterType": "WILDCARD"})).collect()
}

fn scanning() -> Value {
    json!({"ScanType": "ENHANCED", "ScanRules": [
        {"ScanFrequency": "CONTINUOUS_SCAN", "RepositoryFilters": filters(&["prod-*", "pay"])},
        {"ScanFrequency": "SCAN_ON_PUSH", "RepositoryFilters": filters(&["*-lib"])},
    ]})
}

fn replicating(delete: bool) -> Value {
    json!({"ReplicationRules": [{
        "Destinations": [{"Region": "us-east-1", "RegistryId": "123456789012"}],
        "RepositoryFilters": [{"Filter": "prod-", "FilterType": "PREFIX_MATCH"}],
        "DeleteReplication": {"Enabled": delete},
    }]})
}

async fn request(scene: &Scene, stack: &str, kind: &str, properties: &Value) -> Reply {
    let mut event = scene.event(kind, properties);
    event["ResourceType"] = json!("Custom::EcrRegistry");
    (event["StackId"], event["LogicalResourceId"]) = (json!(stack), json!("Registry"));
    if kind != "Create" {
        let guid = stack.rsplit('/').next().unwrap();
        event["PhysicalResourceId"] = json!(format!("ecr-steward/{guid}/Registry"));
    }
    scene.world.stack_is(stack, &format!("{}_IN_PROGRESS", kind.to_uppercase()));
    let reply = scene.send(&event).await;
    scene.world.stack_is(stack, "UPDATE_COMPLETE");
    scene.world.with(|state| state.resources.insert((stack.to_owned(), "Registry".to_owned())));
    reply
}

#[test]
fn a_script_of_answers() {
    run(async {
        let scene = Scene::new();
        let more = with(scanning(), replicating(false));
        let rest = json!({
            "PullThroughCacheRules": [{"EcrRepositoryPrefix": "quay", "UpstreamRegistryUrl": "quay.io"}],
            "PullTimeUpdateExclusions": ["arn:aws:iam::123456789012:role/scanner"],
            "BlobMounting": "ENABLED",
        });
        let mut script = String::new();
        for (who, stack, kind, properties) in [
            ("shop", STACK, "Create", scanning()),
            ("shop", STACK, "Update", with(more.clone(), rest.clone())),
            ("shop", STACK, "Update", with(more.clone(), rest.clone())),
            ("billing", BILLING, "Create", with(replicating(true), json!({"ScanType": "BASIC"}))),
            ("billing", BILLING, "Create", with(replicating(false), json!({"OnDelete": "Restore"}))),
            ("shop", STACK, "Update", with(scanning(), json!({"OnDelete": "Restore"}))),
            ("billing", BILLING, "Delete", json!({"Nonsense": [1]})),
            ("shop", STACK, "Update", json!({"ScanType": "ENHANCED"})),
            ("shop", STACK, "Delete", json!({})),
            ("shop", STACK, "Delete", json!({})),
        ] {
            let reply = request(&scene, stack, kind, &properties).await;
            let _ = writeln!(script, "{who} {kind}: {:?}: {}\n", reply.status, reply.reason);
        }
        insta::assert_snapshot!(script);
    });
}

#[test]
fn the_answer_carries_the_registry_and_where_its_record_lies() {
    run(async {
        let scene = Scene::new();
        let reply = request(&scene, STACK, "Create", &scanning()).await;
        reason(&reply, Success, &["registry as declared: 4 entries, 1 change made"]);
        assert_eq!(reply.physical_id, "ecr-steward/11111111-2222-3333-4444-555555555555/Registry");
        let values: Vec<(&str, &str)> = reply.data.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let uri = format!("s3://{BUCKET}/{REGISTRY_KEY}");
        assert_eq!(values, [("DeclarationUri", uri.as_str()), ("RegistryId", "123456789012")]);
    });
}

#[test]
fn what_is_wrong_is_refused_whole_with_every_problem_and_writes_nothing() {
    run(async {
        let scene = Scene::new();
        let bad = json!({"ScanType": "BEST", "BlobMounting": "maybe", "ReplicationRule": []});
        let reply = request(&scene, STACK, "Create", &bad).await;
        let words =
            ["3 problems in the properties; nothing was changed.", "ScanType:", "BlobMounting:", "ReplicationRule:"];
        reason(&reply, Failed, &words);
        assert!(scene.world.attempted_writes().is_empty() && scene.world.calls_to("ecr") == 0);
        reason(&request(&scene, STACK, "Delete", &bad).await, Success, &["nothing to delete"]);
    });
}

#[test]
fn a_rollback_to_what_was_accepted_before_is_never_refused_for_its_form() {
    run(async {
        let scene = Scene::new();
        reason(&request(&scene, STACK, "Create", &scanning()).await, Success, &[]);
        // As if the checker of that time had taken a word that this one does not know.
        let old = json!({"ScanType": "ENHANCED", "ScanRule": "old"});
        let place =
            Place { partition: "aws".to_owned(), region: "eu-west-1".to_owned(), account: "123456789012".to_owned() };
        assert!(check(old.as_object().unwrap(), &Around::of(&place)).is_err());
        reason(&request(&scene, STACK, "Update", &old).await, Failed, &["1 problem"]);
        let mark = ecr_steward::model::identity::fingerprint(old.to_string().as_bytes());
        scene.world.with(|state| {
            let (bytes, _) = state.objects.get_mut(REGISTRY_KEY).unwrap();
            let mut record: RegistryRecord = serde_json::from_slice(bytes).unwrap();
            for owner in record.owners.values_mut() {
                owner.accepted[0].fingerprint.clone_from(&mark);
            }
            *bytes = serde_json::to_vec(&record).unwrap();
        });
        reason(&request(&scene, STACK, "Update", &json!({"ScanType": "BASIC"})).await, Success, &[]);
        reason(&request(&scene, STACK, "Update", &old).await, Success, &["4 entries, 1 change made"]);
        // Of nobody else was it accepted.
        reason(&request(&scene, BILLING, "Create", &old).await, Failed, &["1 problem"]);
    });
}

#[test]
fn a_replication_rule_that_is_new_says_what_it_does_not_copy() {
    run(async {
        let scene = Scene::new();
        let backfill = "aws ecr start-replication-backfill";
        let first = request(&scene, STACK, "Create", &replicating(false)).await;
        says(reason(&first, Success, &[]), &[backfill]);
        let second = request(&scene, STACK, "Update", &replicating(true)).await;
        assert!(!second.reason.contains(backfill), "{}", second.reason);
        says(reason(&second, Success, &[]), &["1 change made", "deletions too"]);
    });
}
