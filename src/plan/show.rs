//! The same plan in words: one line per write, then what stays and what stands in the way.

use super::{Change, Plan, Risk, Step};
use crate::model::catalog::Catalog;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A plan as text for people, without a trailing newline.
pub fn text(plan: &Plan) -> String {
    let mut lines = String::new();
    for chain in &plan.chains {
        let _ = writeln!(lines, "{}", chain.repository);
        for step in &chain.steps {
            let _ = writeln!(lines, "  {} {}", sign(step), sentence(step));
        }
    }
    for retained in &plan.retained {
        let _ = writeln!(lines, "{}: kept as it is: {}", retained.repository, retained.reason);
    }
    for blocked in &plan.blocked {
        let _ = writeln!(lines, "{}: blocked: {}", blocked.subject, blocked.reason);
    }
    let _ = write!(lines, "{}", summary(plan));
    lines
}

/// One line: how many writes of which kind.
pub fn summary(plan: &Plan) -> String {
    if plan.is_converged() {
        return "nothing to change".to_owned();
    }
    let count = |risk: Risk| {
        let steps = plan.chains.iter().flat_map(|chain| &chain.steps);
        steps.filter(|step| step.change.risk() == risk).count()
    };
    format!(
        "{} to add, {} to change, {} to remove, {} blocked",
        count(Risk::Additive),
        count(Risk::Altering),
        count(Risk::Destructive),
        plan.blocked.len()
    )
}

/// A plan as JSON for programs.
pub fn json(plan: &Plan) -> Value {
    let steps: Vec<Value> = plan
        .chains
        .iter()
        .flat_map(|chain| chain.steps.iter().map(move |step| (chain, step)))
        .map(|(chain, step)| {
            json!({
                "repository": chain.repository,
                "action": step.change.action(),
                "risk": format!("{:?}", step.change.risk()),
                "what": sentence(step),
                "why": step.why,
            })
        })
        .collect();
    json!({
        "fingerprint": plan.fingerprint(),
        "steps": steps,
        "retained": plan.retained.iter().map(|kept| json!({"repository": kept.repository, "reason": kept.reason})).collect::<Vec<_>>(),
        "blocked": plan.blocked.iter().map(|blocked| json!({"subject": blocked.subject, "reason": blocked.reason})).collect::<Vec<_>>(),
    })
}

const fn sign(step: &Step) -> char {
    match step.change.risk() {
        Risk::Additive => '+',
        Risk::Altering => '~',
        Risk::Destructive => '-',
    }
}

fn sentence(step: &Step) -> String {
    format!("{} ({})", what(&step.change), step.why)
}

fn what(change: &Change) -> String {
    match change {
        Change::CreateRepository { mutability, scan_on_push, encryption, tags, .. } => format!(
            "create the repository: {}, scan on push {scan_on_push}, {}{}, {} tags",
            mutability.mode.as_str(),
            encryption.kind.as_str(),
            encryption.kms_key.as_ref().map_or_else(String::new, |key| format!(" with key {key}")),
            tags.len()
        ),
        Change::CreatePublicRepository { catalog, tags, .. } => {
            format!("create the repository in the public gallery: {}, {} tags", shown(catalog), tags.len())
        }
        Change::PutRepositoryCatalogData { catalog, .. } => format!("show in the public gallery: {}", shown(catalog)),
        Change::PutImageTagMutability { mutability, .. } => {
            let filters = if mutability.exclusions.is_empty() {
                String::new()
            } else {
                format!(" except {}", mutability.exclusions.join(", "))
            };
            format!("set tag mutability {}{filters}", mutability.mode.as_str())
        }
        Change::PutImageScanningConfiguration { scan_on_push, .. } => format!("set scan on push {scan_on_push}"),
        Change::PutLifecyclePolicy { text, .. } => format!("put the lifecycle policy {text}"),
        Change::DeleteLifecyclePolicy { .. } => "delete the lifecycle policy".to_owned(),
        Change::SetRepositoryPolicy { text, .. } => format!("set the repository policy {text}"),
        Change::DeleteRepositoryPolicy { .. } => "delete the repository policy".to_owned(),
        Change::TagResource { tags, .. } => {
            let pairs: Vec<String> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("set tags {}", pairs.join(", "))
        }
        Change::UntagResource { keys, .. } => format!("remove tags {}", keys.join(", ")),
        Change::DeleteRepository { force, .. } => {
            format!("delete the repository{}", if *force { " and every image in it" } else { " if it is empty" })
        }
        Change::PutParameter { path, value, .. } => format!("put the SSM parameter {path} = {value}"),
        Change::DeleteParameter { path } => format!("delete the SSM parameter {path}"),
    }
}

/// Catalog data in one line: long texts by their length.
fn shown(catalog: &Catalog) -> String {
    let length =
        |what: &str, text: Option<&String>| text.map(|text| format!("{what} of {} characters", text.chars().count()));
    let list = |what: &str, items: Option<&Vec<String>>| items.map(|items| format!("{what} {items:?}"));
    let parts: Vec<String> = [
        catalog.description.as_ref().map(|text| format!("description {text:?}")),
        length("about text", catalog.about_text.as_ref()),
        length("usage text", catalog.usage_text.as_ref()),
        list("architectures", catalog.architectures.as_ref()),
        list("operating systems", catalog.operating_systems.as_ref()),
        catalog.logo_image.as_ref().map(|logo| format!("logo {}", logo.fingerprint)),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() { "no catalog data".to_owned() } else { parts.join(", ") }
}
