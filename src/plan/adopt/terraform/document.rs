//! Telling the output of `terraform show -json` from all that looks like it, with the command that makes the right one.

use super::Refusal;
use super::resource::is_ecr;
use serde_json::{Map, Value};

/// Said of every file that is not the one meant.
const RIGHT: &str = "make the right file with `terraform show -json > state.json`, in the folder of the configuration";
/// The first Terraform that knows `removed` blocks.
const FIRST_WITH_REMOVED: (u64, u64) = (1, 7);

/// The output of `terraform show -json`, taken apart.
pub(super) struct Document<'a> {
    /// The root module of what exists.
    pub(super) root: &'a Value,
    /// What the plan would do; nothing where it is a state.
    changes: Vec<&'a Value>,
    /// The Terraform that wrote it.
    version: Option<&'a str>,
}

/// The JSON of a file.
///
/// # Errors
/// What kind of file it is instead, where that can be told, and how to make the right one.
pub(super) fn json(text: &str) -> Result<Value, Refusal> {
    let text = text.trim_start_matches('\u{feff}');
    let refuse = |what: &str| Err(Refusal::of_file(format!("{what}; {RIGHT}")));
    if text.starts_with("PK") {
        return refuse("this is a saved plan; `terraform show -json PLANFILE > state.json` turns it into JSON");
    }
    if text.trim().is_empty() {
        return refuse("the file is empty");
    }
    match serde_json::from_str(text) {
        Ok(value) => Ok(value),
        Err(_) if text.lines().next().is_some_and(|line| line.contains("\"@level\"")) => {
            refuse("this is the log of `terraform plan -json` or `apply -json`, not a state")
        }
        Err(error) if text.trim_start().starts_with('{') => {
            refuse(&format!("this stops being JSON at line {}, column {}", error.line(), error.column()))
        }
        Err(_) => refuse("this is not JSON; a configuration (.tf) says what is wished and not what exists"),
    }
}

/// Takes the JSON apart.
///
/// # Errors
/// Why it is not what `terraform show -json` prints, or not yet of any use.
pub(super) fn parts(value: &Value) -> Result<Document<'_>, Refusal> {
    let refuse = |what: &str| Err(Refusal::of_file(format!("{what}; {RIGHT}")));
    let Value::Object(members) = value else { return refuse("this is JSON, but not of Terraform") };
    if let Some(what) = other_kind(members) {
        return refuse(what);
    }
    match members.get("format_version").and_then(Value::as_str) {
        None => return refuse("this is not what `terraform show -json` prints: it has no format_version"),
        Some(version) if version.split('.').next() != Some("1") => {
            return Err(Refusal::of_file(format!(
                "its format_version is {version:?} and this version of ecr-steward reads 1.x; format 1.x is written by \
                 Terraform 1.1 and later"
            )));
        }
        Some(_) => {}
    }
    if members.get("errored").and_then(Value::as_bool) == Some(true) {
        return refuse("this plan failed, and what it says of the state need not be all of it");
    }
    let is_plan = members.contains_key("planned_values") || members.contains_key("resource_changes");
    let from = if is_plan { members.get("prior_state") } else { Some(value) };
    let root = from.and_then(|state| state.pointer("/values/root_module"));
    match root {
        Some(root @ Value::Object(_)) => {
            let changes = members.get("resource_changes").and_then(Value::as_array).into_iter().flatten().collect();
            Ok(Document { root, changes, version: members.get("terraform_version").and_then(Value::as_str) })
        }
        _ if is_plan => refuse("nothing of this plan exists yet; apply it first"),
        _ => refuse("this state is empty; is it the right folder and workspace?"),
    }
}

/// Other JSON that Terraform writes or reads.
fn other_kind(members: &Map<String, Value>) -> Option<&'static str> {
    let has = |key: &str| members.contains_key(key);
    if has("lineage") || (has("serial") && has("version")) {
        Some(
            "this is a raw state; `terraform show -json FILE.tfstate > state.json` turns a file of it into the right one",
        )
    } else if has("provider_schemas") {
        Some("this is the output of `terraform providers schema`")
    } else if has("@level") {
        Some("this is the log of `terraform plan -json` or `apply -json`, not a state")
    } else if has("resource") || has("terraform") || has("module") {
        Some("this is a configuration in JSON, which says what is wished and not what exists")
    } else if has("Resources") || has("Type") {
        Some("this is a template or document of CloudFormation")
    } else {
        None
    }
}

impl Document<'_> {
    /// What of ECR the plan would make: nobody knows its values yet.
    pub(super) fn unknown(&self) -> Vec<Refusal> {
        let made = self.changes.iter().filter_map(|change| {
            let (address, actions) = pending(change)?;
            let reason =
                "this plan would make it, so its values are not known yet; apply the plan, then make the file anew";
            actions.contains(&"create").then(|| Refusal::of(address, reason))
        });
        made.collect()
    }

    /// What else there is to know about the file.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for (address, actions) in self.changes.iter().filter_map(|change| pending(change)) {
            if actions.iter().any(|action| matches!(*action, "update" | "delete")) {
                let action = actions.join(" and ");
                notes.push(format!("{address}: the plan would {action} it; what is declared is what stands now"));
            }
        }
        if let Some(version) = self.version.filter(|version| numbers(version).is_some_and(|is| is < FIRST_WITH_REMOVED))
        {
            let (major, minor) = FIRST_WITH_REMOVED;
            notes.push(format!(
                "Terraform {version} wrote this file, and `removed` blocks need {major}.{minor} or later; with an older one \
                 use `terraform state rm` on the same addresses"
            ));
        }
        notes
    }
}

/// The address and the actions of a planned change to something of ECR's.
fn pending(change: &Value) -> Option<(&str, Vec<&str>)> {
    let kind = change.get("type").and_then(Value::as_str)?;
    let managed = change.get("mode").and_then(Value::as_str) == Some("managed");
    let address = change.get("address").and_then(Value::as_str)?;
    let actions = change.pointer("/change/actions").and_then(Value::as_array)?;
    (managed && is_ecr(kind)).then(|| (address, actions.iter().filter_map(Value::as_str).collect()))
}

/// The first two numbers of a version.
fn numbers(version: &str) -> Option<(u64, u64)> {
    let mut numbers = version.split(['.', '-']).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}
