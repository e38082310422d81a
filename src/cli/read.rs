//! From a file to JSON: YAML's short forms (`!Ref x`) become the long ones (`{"Ref": "x"}`), so that everything
//! after this knows one spelling.

use anyhow::{Context as _, bail};
use serde::Deserialize as _;
use serde_json::{Map, Value};
use serde_norway::Value as Yaml;
use std::io::Read as _;
use std::path::Path;

/// A file's content and what to call it in messages.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// Its path, or `stdin`.
    pub(super) name: String,
    /// What it says; several documents are a list.
    pub(super) content: Value,
}

/// Reads a file, or stdin where the path is `-`.
pub(super) fn file(path: &Path) -> anyhow::Result<File> {
    let (name, text) = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("stdin cannot be read")?;
        ("stdin".to_owned(), text)
    } else {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| format!("{name} cannot be read"))?;
        (name, text)
    };
    let content = parse(&text).with_context(|| format!("{name} is neither YAML nor JSON"))?;
    if content.is_null() {
        bail!("{name} is empty; a document of Type and Properties, or a CloudFormation template, is expected");
    }
    Ok(File { name, content })
}

/// JSON first where it looks like JSON: YAML's readers stumble over some of its escapes.
fn parse(text: &str) -> anyhow::Result<Value> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with(['{', '['])
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    let mut documents = Vec::new();
    for document in serde_norway::Deserializer::from_str(text) {
        documents.push(long_form(Yaml::deserialize(document)?)?);
    }
    // An empty document stands after a last ---.
    documents.retain(|document| !document.is_null());
    Ok(match documents.len() {
        0 => Value::Null,
        1 => documents.swap_remove(0),
        _ => Value::Array(documents),
    })
}

fn long_form(value: Yaml) -> anyhow::Result<Value> {
    Ok(match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::Bool(flag),
        Yaml::Number(number) => number_of(&number),
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(long_form).collect::<Result<_, _>>()?),
        Yaml::Mapping(members) => {
            let mut map = Map::new();
            for (key, value) in members {
                map.insert(key_of(key)?, long_form(value)?);
            }
            Value::Object(map)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let word = tag.trim_start_matches('!');
            let name = if matches!(word, "Ref" | "Condition") { word.to_owned() } else { format!("Fn::{word}") };
            Value::Object(Map::from_iter([(name, long_form(tagged.value)?)]))
        }
    })
}

fn number_of(number: &serde_norway::Number) -> Value {
    let whole = number.as_u64().map(Value::from).or_else(|| number.as_i64().map(Value::from));
    // What JSON has no number for (.inf, .nan) keeps its spelling.
    whole
        .or_else(|| serde_json::Number::from_f64(number.as_f64()?).map(Value::Number))
        .unwrap_or_else(|| Value::String(number.to_string()))
}

fn key_of(key: Yaml) -> anyhow::Result<String> {
    Ok(match key {
        Yaml::String(text) => text,
        Yaml::Number(number) => number.to_string(),
        Yaml::Bool(flag) => flag.to_string(),
        Yaml::Null | Yaml::Sequence(_) | Yaml::Mapping(_) | Yaml::Tagged(_) => {
            bail!("a key of a map must be text")
        }
    })
}
