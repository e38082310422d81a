//! The findings walk in a Region in memory: what scans find goes to everybody who must know, whatever goes wrong on the
//! way. Nothing is lost, nothing is doubled, and nobody is told what did not change.

mod alerts;
mod archive;
mod crashes;
mod deliveries;
mod digests;
mod events;
mod handler;
mod heartbeat;
mod histories;
mod kinds;
mod reconcile;
mod refusals;
mod size;
mod statuses;
mod waivers;

use crate::support::forwarding::duty::{Done, Duty};
use crate::support::forwarding::registry::{flaw, of};
use crate::support::forwarding::{BEGIN, DAY, HOUR, MINUTE, Region, count, digest, events as told, image};
use crate::support::{When, run};
use ecr_steward::model::finding::Finding;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The repository and the image of most stories.
const APP: &str = "team/app";
const ONE: u32 = 1;

/// Only to Security Hub.
fn hub_only() -> Value {
    json!({"Routes": [{"Sink": "SecurityHub"}]})
}

/// To Security Hub, archive and bus.
fn programs() -> Value {
    json!({"Routes": [{"Sink": "SecurityHub"}, {"Sink": "S3"}, {"Sink": "EventBridge"}]})
}

/// Everywhere.
fn everywhere() -> Value {
    json!({"Routes": [
        {"Sink": "SecurityHub"}, {"Sink": "S3"}, {"Sink": "EventBridge"}, {"Sink": "Sns", "MinimumSeverity": "LOW"},
        {"Sink": "Slack", "SecretParameter": "/ecr-steward/secrets/slack", "MinimumSeverity": "LOW", "When": "Immediate"},
        {"Sink": "Teams", "SecretParameter": "/ecr-steward/secrets/teams", "MinimumSeverity": "LOW", "When": "Immediate"},
        {"Sink": "Webhook", "SecretParameter": "/ecr-steward/secrets/hook"},
    ]})
}

fn flaws(numbers: impl IntoIterator<Item = u32>) -> Vec<Finding> {
    numbers.into_iter().map(flaw).collect()
}

/// A Region with a policy, one repository and one image in it, tagged `v1`.
fn region(policy: &Value) -> Region {
    let region = Region::new();
    region.declare(policy);
    region.push(APP, ONE, &["v1"]);
    region
}

/// The image is scanned now, and the function told of it a minute later.
async fn scan(region: &Region, findings: Vec<Finding>) -> Done {
    region.scan(APP, ONE, findings);
    let event = told::scanned(APP, ONE, &["v1"], region.now());
    region.pass(MINUTE);
    Duty::of(region).well(&[event]).await
}

/// The states of these vulnerabilities in Security Hub.
fn states<'a>(pairs: impl IntoIterator<Item = (u32, &'a str)>) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(number, state)| (flaw(number).vulnerability, state.to_owned())).collect()
}
