//! What AWS sends to the queue, with the members that real events have.

use super::{digest, place};
use ecr_steward::event::findings::{Cause, ImageJob, Job, VERSION};
use ecr_steward::model::image::ImageRef;
use serde_json::{Value, json};

fn event(source: &str, kind: &str, at: i64, detail: &Value) -> Value {
    let time = jiff::Timestamp::from_millisecond(at).expect("a time").to_string();
    json!({
        "version": "0", "id": "11111111-2222-3333-4444-555555555555", "detail-type": kind, "source": source,
        "account": place().account, "time": time, "region": place().region, "resources": [], "detail": detail,
    })
}

/// `ECR Image Scan`.
pub(crate) fn scanned(name: &str, number: u32, tags: &[&str], at: i64) -> Value {
    scan_ended(name, number, tags, at, "COMPLETE")
}

pub(crate) fn scan_ended(name: &str, number: u32, tags: &[&str], at: i64, status: &str) -> Value {
    let detail = json!({
        "scan-status": status, "repository-name": name, "image-digest": digest(number), "image-tags": tags,
        "finding-severity-counts": {},
    });
    event("aws.ecr", "ECR Image Scan", at, &detail)
}

/// `ECR Image Action` that deletes a tag, or the image with its last one.
pub(crate) fn deleted(name: &str, number: u32, at: i64) -> Value {
    let detail = json!({
        "action-type": "DELETE", "result": "SUCCESS", "repository-name": name, "image-digest": digest(number),
        "image-tag": "latest",
    });
    event("aws.ecr", "ECR Image Action", at, &detail)
}

/// `Inspector2 Finding`.
pub(crate) fn finding_changed(name: &str, number: u32, at: i64) -> Value {
    let place = place();
    let arn = format!("arn:aws:ecr:{}:{}:repository/{name}/{}", place.region, place.account, digest(number));
    let detail = json!({"resources": [{"type": "AWS_ECR_CONTAINER_IMAGE", "id": arn}], "status": "ACTIVE"});
    event("aws.inspector2", "Inspector2 Finding", at, &detail)
}

/// The schedule.
pub(crate) fn tick(at: i64) -> Value {
    event("aws.events", "Scheduled Event", at, &json!({}))
}

/// A job for an image, of which only the cause is known.
pub(crate) fn job(image: ImageRef, cause: Cause) -> ImageJob {
    ImageJob { version: VERSION, image, tags: None, parent: None, cause, occurred: None, attempt: 0, quiet: false }
}

/// What replaying a dead letter of Security Hub sends.
pub(crate) fn replayed(image: ImageRef) -> Value {
    written(&Job::Image(job(image, Cause::Replay)))
}

/// A job as it lies on the queue.
pub(crate) fn written(job: &Job) -> Value {
    serde_json::to_value(job).expect("a job can be written")
}
