//! The declarations in a file: documents of `Type` and `Properties`, or the resources of a template. Of several documents
//! each may say by `LogicalId` how it is called, which for a template says the place of a resource.

use super::conditions;
use super::read::File;
use super::resolve::{Names, Scope};
use crate::spec::fields::nearest;
use crate::spec::{Problem, public};
use anyhow::{anyhow, bail};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A fleet of repositories.
pub(super) const FLEET: &str = "Custom::EcrRepositories";
/// What findings mean and where they go.
pub(super) const FINDINGS_POLICY: &str = "Custom::EcrFindingsPolicy";
/// The posture repositories are held to.
pub(super) const BASELINE: &str = "Custom::EcrBaseline";
/// A fleet of repositories in the public gallery.
pub(super) const PUBLIC_FLEET: &str = public::TYPE;
/// What a registry has once.
pub(super) const REGISTRY: &str = "Custom::EcrRegistry";
/// The types of ours.
const KINDS: [&str; 5] = [FLEET, FINDINGS_POLICY, BASELINE, REGISTRY, PUBLIC_FLEET];

/// One resource of ours.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    /// The file it stands in.
    pub(super) file: String,
    /// Its logical id; a document need not have one.
    pub(super) logical_id: Option<String>,
    /// Its type.
    pub(super) kind: &'static str,
    /// Its properties as CloudFormation would hand them over, or why they cannot be known.
    pub(super) properties: Result<Map<String, Value>, Unknown>,
}

/// Why a resource's properties are not known.
#[derive(Clone, Debug)]
pub(super) enum Unknown {
    /// Functions only CloudFormation can resolve, parameters without a value, …
    Unresolved(Vec<Problem>),
}

impl Declared {
    /// Where it stands, for messages.
    pub(super) fn place(&self) -> String {
        self.logical_id.as_ref().map_or_else(|| self.file.clone(), |id| format!("{}, {id}", self.file))
    }
}

impl std::fmt::Display for Unknown {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unresolved(problems) => {
                let lines: Vec<String> = problems.iter().map(|problem| format!("\n  {problem}")).collect();
                write!(out, "its properties are not known without a deployment:{}", lines.concat())
            }
        }
    }
}

/// Takes every resource of ours out of a file.
pub(super) fn declared(file: &File, given: &Names) -> anyhow::Result<Vec<Declared>> {
    let name = &file.name;
    let no_map =
        || anyhow!("{name} holds no map; a document of Type and Properties, or a CloudFormation template, is expected");
    if let Value::Array(documents) = &file.content {
        let each = documents.iter().map(|one| from_document(name, one.as_object().ok_or_else(no_map)?, given));
        return each.collect();
    }
    let content = file.content.as_object().ok_or_else(no_map)?;
    match content.get("Resources") {
        Some(Value::Object(resources)) => from_template(name, content, resources, given),
        Some(_) => bail!("{name}: Resources must be a map of resources"),
        None => Ok(vec![from_document(name, content, given)?]),
    }
}

/// The one resource a command works on.
pub(super) fn only(mut all: Vec<Declared>, logical_id: Option<&str>) -> anyhow::Result<Declared> {
    if let Some(wanted) = logical_id {
        // A document has no logical id of its own; it may be planned as any resource.
        if let Some(index) = all.iter().position(|one| one.logical_id.as_deref().is_none_or(|id| id == wanted)) {
            return Ok(all.swap_remove(index));
        }
        let ids: Vec<&str> = all.iter().filter_map(|one| one.logical_id.as_deref()).collect();
        bail!("no resource of ecr-steward is called {wanted:?}; there are: {}", ids.join(", "));
    }
    if let [one] = all.as_slice() {
        return Ok(one.clone());
    }
    let ids: Vec<&str> = all.iter().filter_map(|one| one.logical_id.as_deref()).collect();
    bail!(
        "the template declares {} resources of ecr-steward ({}); say which with --logical-id",
        all.len(),
        ids.join(", ")
    )
}

fn from_document(file: &str, content: &Map<String, Value>, given: &Names) -> anyhow::Result<Declared> {
    let Some(kind) = content.get("Type").and_then(Value::as_str) else {
        bail!(
            "{file} has neither Type and Properties nor Resources; the first is a document, the second a CloudFormation template"
        );
    };
    let Some(kind) = ours(kind) else {
        let hint = nearest(kind, KINDS.into_iter());
        let hint = hint.map_or_else(String::new, |word| format!("; did you mean {word}?"));
        bail!("{file}: the type {kind:?} is not ecr-steward's{hint}");
    };
    let problems = RefCell::new(Vec::new());
    let scope = Scope { parameters: None, conditions: None, given, problems: &problems };
    let properties = properties(&scope, content, "Properties");
    let logical_id = content.get("LogicalId").and_then(Value::as_str).map(str::to_owned);
    Ok(Declared { file: file.to_owned(), logical_id, kind, properties })
}

/// A type of ours.
fn ours(kind: &str) -> Option<&'static str> {
    KINDS.into_iter().find(|known| *known == kind)
}

fn from_template(
    file: &str,
    content: &Map<String, Value>,
    resources: &Map<String, Value>,
    given: &Names,
) -> anyhow::Result<Vec<Declared>> {
    let section = |key: &str| content.get(key).and_then(Value::as_object);
    let parameters = section("Parameters");
    refuse_unknown_parameters(file, parameters, given)?;
    let mut found = Vec::new();
    for (id, resource) in resources {
        let Some(kind) = resource.get("Type").and_then(Value::as_str).and_then(ours) else { continue };
        let Some(members) = resource.as_object() else { continue };
        let problems = RefCell::new(Vec::new());
        let scope = Scope { parameters, conditions: section("Conditions"), given, problems: &problems };
        let path = format!("Resources.{id}");
        if let Some(condition) = members.get("Condition").and_then(Value::as_str)
            && conditions::holds(&scope, condition, &format!("{path}.Condition"), 0) == Some(false)
        {
            continue;
        }
        let properties = properties(&scope, members, &format!("{path}.Properties"));
        found.push(Declared { file: file.to_owned(), logical_id: Some(id.clone()), kind, properties });
    }
    if found.is_empty() {
        return Err(anyhow!(
            "{file} is a template without a resource of ecr-steward (or none whose Condition holds); {} are looked for",
            KINDS.join(", ")
        ));
    }
    Ok(found)
}

/// A parameter the template does not have is a misspelling, and silence would plan something else than meant.
fn refuse_unknown_parameters(file: &str, parameters: Option<&Map<String, Value>>, given: &Names) -> anyhow::Result<()> {
    let known: BTreeMap<&str, &Value> =
        parameters.into_iter().flatten().map(|(key, value)| (key.as_str(), value)).collect();
    for name in given.keys().filter(|name| !name.starts_with("AWS::")) {
        if !known.contains_key(name.as_str()) {
            let hint = nearest(name, known.keys().copied());
            let hint = hint.map_or_else(String::new, |word| format!("; did you mean {word}?"));
            bail!("{file} has no parameter {name:?}{hint}");
        }
    }
    Ok(())
}

fn properties(scope: &Scope<'_>, resource: &Map<String, Value>, path: &str) -> Result<Map<String, Value>, Unknown> {
    let mut resolved = Map::new();
    match resource.get("Properties") {
        None | Some(Value::Null) => {}
        Some(Value::Object(members)) => {
            // ServiceToken is between the template and CloudFormation; the function never looks at it either.
            for (key, value) in members.iter().filter(|(key, _)| key.as_str() != "ServiceToken") {
                if let Some(value) = scope.value(value, &format!("{path}.{key}")) {
                    resolved.insert(key.clone(), value);
                }
            }
        }
        Some(_) => {
            let _: Option<()> = scope.problem(path, "must be a map of properties");
        }
    }
    let problems = scope.problems.take();
    if problems.is_empty() { Ok(resolved) } else { Err(Unknown::Unresolved(problems)) }
}
