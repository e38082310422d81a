//! Declarations as text: a CloudFormation template, or documents of `Type` and `Properties`.

use super::args_adopt::Spelling;
use super::template::FLEET;
use super::yaml;
use crate::plan::adopt::Declared;
use anyhow::Context as _;
use serde_json::{Value, json};
use serde_norway::{Mapping, Value as Yaml};

/// The template's parameter for the stack ecr-steward was installed by.
const PROVIDER: &str = "ProviderStackName";

/// One resource of ours.
pub(super) struct Resource<'a> {
    /// Its logical id.
    pub(super) logical_id: String,
    /// Its type.
    pub(super) kind: &'static str,
    /// Its properties in the order they are to be read, without `ServiceToken`.
    pub(super) properties: &'a [(&'static str, Value)],
}

impl<'a> Resource<'a> {
    /// A fleet.
    pub(super) fn of(declared: &'a Declared) -> Self {
        Self { logical_id: declared.logical_id.clone(), kind: FLEET, properties: &declared.properties }
    }
}

/// A CloudFormation template that declares all of them.
pub(super) fn template(declared: &[Resource<'_>], description: &str, spelling: Spelling) -> anyhow::Result<String> {
    let mut resources = Mapping::new();
    let mut before: Option<&String> = None;
    for one in declared {
        // Importing keeps CloudFormation from deleting ecr-steward while this stack needs it.
        let token = json!({"Fn::ImportValue": {"Fn::Sub": format!("${{{PROVIDER}}}-ServiceToken")}});
        // Who takes something over takes turns with everybody else who does. Waiting costs least in CloudFormation.
        let turn = before.replace(&one.logical_id).map(|id| ("DependsOn", text(id)));
        resources.insert(text(&one.logical_id), document(one, turn, Some(token))?);
    }
    let provider = map([
        ("Type", text("String")),
        ("Default", text("ecr-steward")),
        ("Description", text("Name of the stack ecr-steward was deployed as.")),
    ]);
    let template = map([
        ("AWSTemplateFormatVersion", text("2010-09-09")),
        ("Description", text(description)),
        ("Parameters", map([(PROVIDER, provider)])),
        ("Resources", Yaml::Mapping(resources)),
    ]);
    spelt(&template, spelling)
}

/// A document for each; of several, each says which it is.
pub(super) fn spec(declared: &[Resource<'_>], spelling: Spelling) -> anyhow::Result<String> {
    let several = declared.len() > 1;
    let id = |one: &Resource<'_>| several.then(|| ("LogicalId", text(&one.logical_id)));
    let documents = declared.iter().map(|one| document(one, id(one), None));
    let documents = documents.collect::<anyhow::Result<Vec<Yaml>>>()?;
    match (documents.as_slice(), spelling) {
        ([one], _) => spelt(one, spelling),
        (all, Spelling::Json) => spelt(&Yaml::Sequence(all.to_vec()), spelling),
        (all, Spelling::Yaml) => {
            let texts = all.iter().map(|one| spelt(one, spelling)).collect::<anyhow::Result<Vec<String>>>()?;
            Ok(texts.join("---\n"))
        }
    }
}

/// Type, one more member, properties.
fn document(one: &Resource<'_>, more: Option<(&str, Yaml)>, token: Option<Value>) -> anyhow::Result<Yaml> {
    let mut properties = Mapping::new();
    let token = token.map(|token| ("ServiceToken", token));
    for (key, value) in token.iter().chain(one.properties) {
        let value = serde_norway::to_value(value).context("the declaration cannot be written")?;
        properties.insert(text(key), value);
    }
    Ok(map([("Type", text(one.kind))].into_iter().chain(more).chain([("Properties", Yaml::Mapping(properties))])))
}

fn map<'k>(members: impl IntoIterator<Item = (&'k str, Yaml)>) -> Yaml {
    Yaml::Mapping(members.into_iter().map(|(key, value)| (text(key), value)).collect())
}

fn text(text: &str) -> Yaml {
    Yaml::String(text.to_owned())
}

fn spelt(value: &Yaml, spelling: Spelling) -> anyhow::Result<String> {
    match spelling {
        Spelling::Yaml => Ok(yaml::document(value)),
        Spelling::Json => serde_json::to_string_pretty(value).context("the declarations cannot be written as JSON"),
    }
}
