//! Counting for CloudWatch: lines in the embedded metric format (CloudWatch user guide, "Specification: Embedded metric
//! format"). Few dimensions: a repository, an image or a vulnerability is never one.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The namespace of all metrics.
const NAMESPACE: &str = "EcrSteward";

/// Counts by the names of their metrics.
pub(super) type Counts = BTreeMap<&'static str, usize>;

/// One line; the time, in milliseconds since 1970, goes with it.
pub(super) fn line(dimensions: &Value, counts: &Counts, now: i64) -> String {
    let names: Vec<&String> = dimensions.as_object().into_iter().flat_map(Map::keys).collect();
    let metrics: Vec<Value> = counts.keys().map(|name| json!({"Name": name, "Unit": "Count"})).collect();
    let mut line = json!({
        "_aws": {
            "Timestamp": now,
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [names], "Metrics": metrics}],
        },
    });
    if let Some(members) = line.as_object_mut() {
        members.extend(dimensions.as_object().cloned().unwrap_or_default());
        members.extend(counts.iter().map(|(name, count)| ((*name).to_owned(), json!(count))));
    }
    format!("{line}\n")
}
