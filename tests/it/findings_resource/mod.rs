//! `Custom::EcrFindingsPolicy`: one per account and Region, kept as it was declared, and nobody else's. `life` has one
//! request after the other, `races` what comes late, again or at the same time.

use crate::support::{Scene, reason, with};
use ecr_steward::event::reply::Reply;
use ecr_steward::event::reply::Status::Success;
use ecr_steward::policy::declared::{Declared, POLICY_KEY};
use serde_json::{Value, json};

mod life;
mod races;

/// Another stack, alive, with a findings policy of the logical id `Rules`.
const BILLING: &str =
    "arn:aws:cloudformation:eu-west-1:123456789012:stack/billing/aaaaaaaa-0000-0000-0000-000000000000";

fn policy() -> Value {
    json!({"Routes": [{"Sink": "S3"}, {"Sink": "Slack", "SecretParameter": "/ecr-steward/secrets/slack"}]})
}

fn stricter() -> Value {
    with(policy(), json!({"Gate": {"MinimumSeverity": "HIGH"}, "ForwardEnhancedToSecurityHub": "true"}))
}

/// The next request for the resource `Policy`.
fn event(scene: &Scene, kind: &str, properties: &Value) -> Value {
    let mut event = scene.event(kind, properties);
    event["ResourceType"] = json!("Custom::EcrFindingsPolicy");
    event["LogicalResourceId"] = json!("Policy");
    if kind != "Create" {
        event["PhysicalResourceId"] = json!("ecr-steward/11111111-2222-3333-4444-555555555555/Policy");
    }
    event
}

async fn request(scene: &Scene, status: &str, kind: &str, properties: &Value) -> Reply {
    scene.ends_as(status);
    scene.send(&event(scene, kind, properties)).await
}

async fn create(scene: &Scene, properties: &Value) -> Reply {
    request(scene, "CREATE_IN_PROGRESS", "Create", properties).await
}

async fn update(scene: &Scene, properties: &Value) -> Reply {
    request(scene, "UPDATE_IN_PROGRESS", "Update", properties).await
}

async fn roll_back(scene: &Scene, properties: &Value) -> Reply {
    request(scene, "UPDATE_ROLLBACK_IN_PROGRESS", "Update", properties).await
}

async fn delete(scene: &Scene, properties: &Value) -> Reply {
    request(scene, "DELETE_IN_PROGRESS", "Delete", properties).await
}

/// A stack at rest that declares these properties.
async fn declared(properties: &Value) -> Scene {
    let scene = Scene::new();
    reason(&create(&scene, properties).await, Success, &[]);
    scene.ends_as("CREATE_COMPLETE");
    scene.world.start_counting();
    scene
}

/// A world in which the neighbour declares it.
async fn taken() -> Scene {
    let scene = Scene::new();
    scene.world.stack_is(BILLING, "CREATE_IN_PROGRESS");
    let mut event = event(&scene, "Create", &policy());
    (event["StackId"], event["LogicalResourceId"]) = (json!(BILLING), json!("Rules"));
    reason(&scene.send(&event).await, Success, &[]);
    scene.world.stack_is(BILLING, "CREATE_COMPLETE");
    scene.world.with(|state| state.resources.insert((BILLING.to_owned(), "Rules".to_owned())));
    scene.world.start_counting();
    scene
}

fn stored(scene: &Scene) -> Option<Declared> {
    scene.world.with(|state| {
        let (bytes, _) = state.objects.get(POLICY_KEY)?;
        Some(serde_json::from_slice(bytes).expect("what is stored reads back"))
    })
}

/// The properties in force, and by whose resource; null where there are none.
fn in_force(scene: &Scene) -> Value {
    let said =
        |declared: Declared| by(declared.owner.as_ref().map(|owner| &*owner.logical_id), &declared.properties.into());
    stored(scene).map_or(Value::Null, said)
}

fn by(owner: Option<&str>, properties: &Value) -> Value {
    json!({"by": owner, "properties": properties})
}

fn ours(properties: &Value) -> Value {
    by(Some("Policy"), properties)
}

fn theirs() -> Value {
    by(Some("Rules"), &policy())
}

fn put(scene: &Scene, document: &Value) {
    let bytes = serde_json::to_vec(document).unwrap();
    scene.world.with(|state| state.objects.insert(POLICY_KEY.to_owned(), (bytes, 0)));
}
