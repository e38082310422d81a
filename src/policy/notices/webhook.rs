//! Changes for a machine of the user's: versioned JSON in which every finding is whole, of every kind of change.
//!
//! Each part stands on its own: it names image, owner and numbers, and says which part of how many it is. New fields may
//! come; those that are here keep their meaning as long as `version` does.

use super::alert::Alert;
use super::rollup::Rollup;
use crate::model::finding::Finding;
use crate::policy::change::{Change, ChangeKind, SeverityCounts};
use crate::policy::wording::{clip, moment};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The shape of the JSON.
pub const WEBHOOK_VERSION: u32 = 1;
/// Bytes of a body: below 240 KB, like an event of the bus, so that a receiver may pass it on to SQS or SNS.
pub const MOST_BYTES: usize = 235_000;
/// Bytes of one finding; one that is larger loses its longest texts, and says so.
const MOST_FINDING: usize = 60_000;
/// Tags told in each part. ECR allows 1,000 (service quotas, tags per image).
const MOST_TAGS: usize = 100;
/// Characters of any one text, and entries of any one list, of a finding that was too large.
const MOST_TEXT: usize = 2_000;
const MOST_LIST: usize = 20;

/// One body and its key.
pub(super) struct Part {
    pub key: String,
    pub body: String,
}

/// The bodies that tell of an alert; none where nothing was picked.
pub(super) fn alert(alert: &Alert<'_>, salt: &str) -> Vec<Part> {
    let findings: Vec<Value> = alert.picked.iter().map(|change| finding(change)).collect();
    if findings.is_empty() {
        return Vec::new();
    }
    let fingerprint = alert.change.fingerprint();
    let head = head(alert);
    // What surrounds the findings, the key, and the numbers of the parts.
    let room = MOST_BYTES.saturating_sub(Value::Object(head.clone()).to_string().len() + 400);
    let mut parts: Vec<Vec<Value>> = vec![Vec::new()];
    let mut used = 0;
    for finding in findings {
        let size = finding.to_string().len() + 1;
        if used + size > room && used > 0 {
            parts.push(Vec::new());
            used = 0;
        }
        used += size;
        if let Some(last) = parts.last_mut() {
            last.push(finding);
        }
    }
    let all = parts.len();
    let whole = |(place, findings): (usize, Vec<Value>)| {
        let key = fingerprint.key(&format!("{salt} {place}"));
        let mut body = head.clone();
        body.insert("key".to_owned(), json!(key));
        body.insert("part".to_owned(), json!(place + 1));
        body.insert("parts".to_owned(), json!(all));
        body.insert("findings".to_owned(), json!(findings));
        Part { key, body: Value::Object(body).to_string() }
    };
    parts.into_iter().enumerate().map(whole).collect()
}

/// What every part says.
fn head(alert: &Alert<'_>) -> Map<String, Value> {
    let change = alert.change;
    let image = change.image;
    let kinds: BTreeMap<&str, usize> = ChangeKind::ALL.map(|kind| (kind.as_str(), alert.count(kind))).into();
    let mut head = Map::from_iter([
        ("version".to_owned(), json!(WEBHOOK_VERSION)),
        ("kind".to_owned(), json!("findings")),
        (
            "image".to_owned(),
            json!({
                "account": image.place.account,
                "region": image.place.region,
                "repository": image.repository,
                "digest": image.digest,
                "arn": image.resource_id(),
                "uri": image.uri(),
                "tags": change.tags.iter().take(MOST_TAGS).collect::<Vec<_>>(),
                "tagsTotal": change.tags.len(),
            }),
        ),
        ("scan".to_owned(), json!({"status": change.status, "completedAt": change.completed_at.map(moment)})),
        ("changes".to_owned(), json!(kinds)),
        ("open".to_owned(), json!(change.active)),
    ]);
    if let Some(parent) = change.parent {
        let tags: Vec<&String> = parent.tags.iter().take(MOST_TAGS).collect();
        let told = json!({"digest": parent.digest, "tags": tags, "platform": parent.platform});
        head.insert("index".to_owned(), told);
    }
    if let Some(owner) = alert.owner() {
        head.insert("owner".to_owned(), json!(owner));
    }
    if let Some(previous) = change.previous {
        head.insert("previous".to_owned(), json!({"digest": previous.digest, "tag": clip(previous.tag, 128)}));
    }
    head
}

fn finding(change: &Change<'_>) -> Value {
    let whole = told(change, change.finding);
    if whole.to_string().len() <= MOST_FINDING {
        return whole;
    }
    let mut cut = told(change, &shortened(change.finding));
    if let Some(cut) = cut.as_object_mut() {
        cut.insert("cut".to_owned(), json!(true));
    }
    cut
}

fn told(change: &Change<'_>, finding: &Finding) -> Value {
    let mut told = serde_json::to_value(finding).unwrap_or_default();
    if let Some(told) = told.as_object_mut() {
        told.insert("id".to_owned(), json!(change.id.told()));
        told.insert("change".to_owned(), json!(change.kind));
        told.insert("fixable".to_owned(), json!(finding.is_fixable()));
        if let Some(waived) = change.waived {
            let reason = clip(&waived.reason, MOST_TEXT);
            let owner = waived.owner.as_deref().map(|owner| clip(owner, MOST_TEXT));
            let waived = json!({"reason": reason, "owner": owner, "until": clip(&waived.until, MOST_TEXT)});
            told.insert("waived".to_owned(), waived);
        }
    }
    told
}

/// The same, of a size that cannot matter: in the worst case (every character four bytes, or six when escaped) still far
/// below what a body holds.
fn shortened(finding: &Finding) -> Finding {
    let mut short = finding.clone();
    let details = &mut short.details;
    details.paths.truncate(MOST_LIST);
    short.references.truncate(MOST_LIST);
    short.cvss.truncate(MOST_LIST);
    let ratings = short.cvss.iter_mut().flat_map(|cvss| [&mut cvss.version, &mut cvss.vector, &mut cvss.source]);
    let small = ratings
        .chain(&mut details.paths)
        .chain(&mut short.references)
        .chain([&mut details.architecture, &mut details.manager, &mut details.epoch, &mut details.release])
        .chain([&mut details.fixed_in, &mut details.layer, &mut short.url, &mut short.inspector_arn]);
    for text in small {
        *text = clip(text, MOST_TEXT / 10);
    }
    let large = [
        &mut short.vulnerability,
        &mut short.package,
        &mut short.version,
        &mut short.severity_label,
        &mut short.title,
        &mut short.description,
        &mut short.remediation,
    ];
    for text in large {
        *text = clip(text, MOST_TEXT);
    }
    short
}

/// A day's digest. Holds as many entries of each list as fit, and says how many there are.
pub(super) fn digest(key: &str, day: &str, rollup: &Rollup<'_>) -> String {
    let mut most = 500;
    loop {
        let body = json!({
            "version": WEBHOOK_VERSION,
            "kind": "findings-digest",
            "key": key,
            "day": day,
            "images": rollup.images,
            "new": told_counts(rollup.new),
            "fixed": told_counts(rollup.fixed),
            "notKeptOneByOne": rollup.left_out,
            "repositories": list(&rollup.repositories, most),
            "newFindings": list(&rollup.new_groups, most),
            "fixedFindings": list(&rollup.fixed_groups, most),
        })
        .to_string();
        if body.len() <= MOST_BYTES || most == 0 {
            return body;
        }
        most /= 2;
    }
}

fn told_counts(counts: SeverityCounts) -> Value {
    json!({"total": counts.total(), "bySeverity": counts})
}

fn list(entries: &[impl Serialize], most: usize) -> Value {
    json!({"total": entries.len(), "entries": entries.iter().take(most).collect::<Vec<_>>()})
}
