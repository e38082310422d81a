//! `Custom::EcrBaseline` as a resource: served by the same steps as a findings policy (`findings_resource` has those), kept
//! beside it, and told with its rules and what runs out.

use crate::support::scene::{BUCKET, Scene};
use crate::support::{reason, run, with};
use ecr_steward::event::reply::Reply;
use ecr_steward::event::reply::Status::{Failed, Success};
use ecr_steward::policy::declared::{BASELINE_KEY, Declared, POLICY_KEY};
use serde_json::{Value, json};

fn rule(name: &str) -> Value {
    json!({"Name": name, "Require": {"ScanOnPush": "true"}})
}

fn baseline() -> Value {
    json!({"Rules": [rule("everything")]})
}

async fn request(scene: &Scene, sort: &str, status: &str, kind: &str, properties: &Value) -> Reply {
    let mut event = scene.event(kind, properties);
    event["ResourceType"] = json!(format!("Custom::Ecr{sort}"));
    event["LogicalResourceId"] = json!(sort);
    if kind != "Create" {
        event["PhysicalResourceId"] = json!(format!("ecr-steward/11111111-2222-3333-4444-555555555555/{sort}"));
    }
    scene.ends_as(status);
    scene.send(&event).await
}

async fn create(scene: &Scene, properties: &Value) -> Reply {
    request(scene, "Baseline", "CREATE_IN_PROGRESS", "Create", properties).await
}

fn stored(scene: &Scene, key: &str) -> Option<Value> {
    scene.world.with(|state| {
        let declared: Declared = serde_json::from_slice(&state.objects.get(key)?.0).expect("what is stored reads back");
        Some(declared.properties.into())
    })
}

#[test]
fn a_baseline_is_kept_and_the_answer_tells_its_rules_and_what_runs_out() {
    run(async {
        // Requests of these stories come in November 2026.
        let exemption = |until: &str| json!({"Match": {"Names": ["x"]}, "Reason": "r", "Until": until});
        let untils = ["2026-11-01", "2026-11-20", "2027-01-31"].map(exemption);
        let mut properties = with(baseline(), json!({"Exemptions": untils, "MaxChangesPerRun": "20%"}));
        properties["Rules"] = json!([with(rule("all"), json!({"Mode": "Enforce"})), rule("team"), rule("lib")]);
        let scene = Scene::new();
        let reply = create(&scene, &with(properties.clone(), json!({"ServiceToken": "arn"}))).await;
        let said = "baseline as declared: 3 rules (1 enforced: all; 2 reported: team, lib), 3 exemptions (1 expired: Exemptions[0] on 2026-11-01; 1 expiring within 7 days: Exemptions[1] on 2026-11-20), at most 20% of the repositories changed per run";
        assert_eq!(reason(&reply, Success, &[]), said);
        let values: Vec<(&str, &str)> = reply.data.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let uri = format!("s3://{BUCKET}/{BASELINE_KEY}");
        assert_eq!(values, [("DeclarationUri", uri.as_str()), ("RegistryId", "123456789012")]);
        assert_eq!(stored(&scene, BASELINE_KEY), Some(properties));
    });
}

#[test]
fn one_that_is_wrong_is_refused_with_every_problem_and_writes_nothing() {
    run(async {
        let scene = Scene::new();
        let bad = json!({"Rules": [{"Name": "a", "Require": {"ScanOnPull": true}}], "Rule": 1});
        let words = [
            "3 problems in the properties; nothing was changed.",
            "Rules[0].Require:",
            "Rules[0].Require.ScanOnPull:",
            "Rule:",
        ];
        reason(&create(&scene, &bad).await, Failed, &words);
        assert!(scene.world.attempted_writes().is_empty());
    });
}

#[test]
fn a_baseline_and_a_findings_policy_stand_side_by_side_and_go_one_by_one() {
    run(async {
        let scene = Scene::new();
        reason(&create(&scene, &baseline()).await, Success, &["1 rule (1 reported: everything), 0 exemptions"]);
        reason(&request(&scene, "FindingsPolicy", "CREATE_IN_PROGRESS", "Create", &json!({})).await, Success, &[]);
        let other = json!({"Rules": [rule("another")]});
        reason(&request(&scene, "Baseline", "UPDATE_IN_PROGRESS", "Update", &other).await, Success, &["another"]);
        assert_eq!(stored(&scene, BASELINE_KEY), Some(other));
        let gone = request(&scene, "Baseline", "DELETE_IN_PROGRESS", "Delete", &Value::Null).await;
        reason(&gone, Success, &["deleted; without a baseline only fleets are held to anything"]);
        assert_eq!((stored(&scene, BASELINE_KEY), stored(&scene, POLICY_KEY)), (None, Some(json!({}))));
        let again = request(&scene, "Baseline", "DELETE_IN_PROGRESS", "Delete", &Value::Null).await;
        reason(&again, Success, &["nothing to delete: no baseline is declared"]);
    });
}

#[test]
fn a_second_stack_is_refused_and_the_baseline_of_one_that_is_gone_is_taken_over() {
    const BILLING: &str =
        "arn:aws:cloudformation:eu-west-1:123456789012:stack/billing/aaaaaaaa-0000-0000-0000-000000000000";
    run(async {
        let scene = Scene::new();
        scene.world.stack_is(BILLING, "CREATE_IN_PROGRESS");
        let mut event = scene.event("Create", &baseline());
        event["ResourceType"] = json!("Custom::EcrBaseline");
        (event["StackId"], event["LogicalResourceId"]) = (json!(BILLING), json!("Theirs"));
        reason(&scene.send(&event).await, Success, &[]);
        scene.world.stack_is(BILLING, "CREATE_COMPLETE");
        scene.world.with(|state| state.resources.insert((BILLING.to_owned(), "Theirs".to_owned())));
        let words = ["nothing was changed", "stack billing, resource Theirs", "one per account and Region"];
        reason(&create(&scene, &json!({"Rules": [rule("mine")]})).await, Failed, &words);
        scene.world.with(|state| drop(state.stacks.remove(BILLING)));
        let taken = create(&scene, &json!({"Rules": [rule("mine")]})).await;
        reason(&taken, Success, &["mine", "taken over from stack billing, resource Theirs, which is gone"]);
    });
}
