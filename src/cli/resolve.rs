//! CloudFormation's intrinsic functions, as far as they can be known before a deployment.
//!
//! Resolved: `Ref` of parameters and pseudo parameters, `Sub`, `If` with the template's conditions, `Join`,
//! `Select`, `Split`. Anything else (`GetAtt`, `ImportValue`, …) is known to CloudFormation alone and becomes a
//! problem that names its place; all of them are reported together.

use super::conditions;
use crate::spec::Problem;
use crate::spec::fields::{nearest, scalar_text};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What stands for a property that is to be as if it were not there.
const NO_VALUE: &str = "AWS::NoValue";

/// Values by name: parameters that were given, pseudo parameters that are known.
pub(super) type Names = BTreeMap<String, String>;

/// What names in a template stand for.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    /// The template's parameters as it declares them.
    pub(super) parameters: Option<&'a Map<String, Value>>,
    /// The template's conditions.
    pub(super) conditions: Option<&'a Map<String, Value>>,
    /// What was given, pseudo parameters included.
    pub(super) given: &'a Names,
    /// What could not be resolved.
    pub(super) problems: &'a RefCell<Vec<Problem>>,
}

impl Scope<'_> {
    /// Notes a problem; nothing comes of the value.
    pub(super) fn problem<T>(&self, path: &str, message: impl Into<String>) -> Option<T> {
        self.problems.borrow_mut().push(Problem::new(path, message));
        None
    }

    /// A value with every function in it resolved. `None` where it is `AWS::NoValue`, or where a problem was noted.
    pub(super) fn value(&self, value: &Value, path: &str) -> Option<Value> {
        match value {
            Value::Object(members) => match function(members) {
                Some((name, argument)) => self.call(name, argument, path),
                None => Some(Value::Object(
                    members
                        .iter()
                        .filter_map(|(key, member)| Some((key.clone(), self.value(member, &format!("{path}.{key}"))?)))
                        .collect(),
                )),
            },
            Value::Array(items) => Some(Value::Array(
                items
                    .iter()
                    .enumerate()
                    .filter_map(|(index, item)| self.value(item, &format!("{path}[{index}]")))
                    .collect(),
            )),
            Value::String(text) if text.contains("{{resolve:") => self.problem(
                path,
                "holds a dynamic reference ({{resolve:…}}), which only CloudFormation can look up; write the value out",
            ),
            // CloudFormation hands every scalar over as text; what is judged here must be what the function gets.
            Value::Bool(_) | Value::Number(_) => scalar_text(value).map(Value::String),
            Value::Null | Value::String(_) => Some(value.clone()),
        }
    }

    /// A value that must come to text.
    pub(super) fn text(&self, value: &Value, path: &str) -> Option<String> {
        let resolved = self.value(value, path)?;
        scalar_text(&resolved).or_else(|| self.problem(path, "must be text here, not a list or a map"))
    }

    fn call(&self, name: &str, argument: &Value, path: &str) -> Option<Value> {
        match name {
            "Ref" => self.reference(argument.as_str().unwrap_or_default(), path),
            "Fn::Sub" => self.substitute(argument, path).map(Value::String),
            "Fn::If" => self.either(argument, path),
            "Fn::Join" => self.join(argument, path),
            "Fn::Select" => self.select(argument, path),
            "Fn::Split" => self.split(argument, path),
            other => {
                let short = other.trim_start_matches("Fn::");
                self.problem(
                    path,
                    format!("is !{short}, which only CloudFormation can resolve; make it a parameter of the template and give it here with --parameter, or write the value out"),
                )
            }
        }
    }

    /// What a name stands for.
    fn reference(&self, name: &str, path: &str) -> Option<Value> {
        if name == NO_VALUE {
            return None;
        }
        if name.starts_with("AWS::") {
            let known = self.given.get(name).cloned().map(Value::String);
            return known.or_else(|| {
                self.problem(path, format!("needs {name}, which is not known here; give --parameter {name}=…"))
            });
        }
        let Some(parameter) = self.parameters.and_then(|parameters| parameters.get(name)) else {
            let known = self.parameters.into_iter().flat_map(Map::keys).map(String::as_str);
            let hint = nearest(name, known).map_or_else(String::new, |word| format!("; did you mean {word}?"));
            return self.problem(
                path,
                format!("refers to {name:?}, which is not a parameter and so not known before a deployment{hint}"),
            );
        };
        self.parameter(name, parameter, path)
    }

    fn parameter(&self, name: &str, parameter: &Value, path: &str) -> Option<Value> {
        let kind = parameter.get("Type").and_then(Value::as_str).unwrap_or("String");
        if kind.starts_with("AWS::SSM::Parameter::Value") {
            return self.problem(
                path,
                format!("needs the parameter {name}, whose value CloudFormation reads from SSM ({kind}); write the value out"),
            );
        }
        let default = || parameter.get("Default").and_then(scalar_text);
        let Some(text) = self.given.get(name).cloned().or_else(default) else {
            return self
                .problem(path, format!("needs the parameter {name}, which has no default; give --parameter {name}=…"));
        };
        let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
        Some(if is_list {
            text.split(',').map(|item| Value::String(item.trim().to_owned())).collect()
        } else {
            Value::String(text)
        })
    }

    /// `Sub`: a text, or a text and a map of its own names.
    fn substitute(&self, argument: &Value, path: &str) -> Option<String> {
        let own = argument.get(1).and_then(Value::as_object);
        let Some(text) = argument.as_str().or_else(|| argument.get(0)?.as_str()) else {
            return self.problem(path, "!Sub wants a text, or a list of a text and a map");
        };
        let mut made = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            made.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                return self.problem(path, "!Sub: a ${ without its closing }");
            };
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                made.push_str("${");
                made.push_str(literal);
                made.push('}');
            } else if let Some(value) = own.and_then(|own| own.get(name)) {
                made.push_str(&self.text(value, &format!("{path}.{name}"))?);
            } else {
                let value = self.reference(name, path)?;
                let text = scalar_text(&value);
                made.push_str(&text.or_else(|| self.problem(path, format!("!Sub: {name} is a list; use !Join")))?);
            }
        }
        made.push_str(rest);
        Some(made)
    }

    fn either(&self, argument: &Value, path: &str) -> Option<Value> {
        let (Some(name), Some(then), Some(otherwise)) =
            (argument.get(0).and_then(Value::as_str), argument.get(1), argument.get(2))
        else {
            return self.problem(path, "!If wants a list of a condition's name and two values");
        };
        let holds = conditions::holds(self, name, path, 0)?;
        self.value(if holds { then } else { otherwise }, path)
    }

    fn join(&self, argument: &Value, path: &str) -> Option<Value> {
        let (Some(between), Some(items)) = (argument.get(0).and_then(Value::as_str), argument.get(1)) else {
            return self.problem(path, "!Join wants a list of a separator and a list");
        };
        let texts = self.texts(items, path)?;
        Some(Value::String(texts.join(between)))
    }

    fn select(&self, argument: &Value, path: &str) -> Option<Value> {
        let (Some(index), Some(items)) = (argument.get(0), argument.get(1)) else {
            return self.problem(path, "!Select wants a list of an index and a list");
        };
        let index = self.text(index, path)?;
        let Value::Array(items) = self.value(items, path)? else {
            return self.problem(path, "!Select wants a list to choose from");
        };
        let chosen = index.trim().parse::<usize>().ok().and_then(|index| items.get(index));
        chosen.cloned().or_else(|| self.problem(path, format!("!Select: there is no item {index}")))
    }

    fn split(&self, argument: &Value, path: &str) -> Option<Value> {
        let (Some(between), Some(text)) = (argument.get(0).and_then(Value::as_str), argument.get(1)) else {
            return self.problem(path, "!Split wants a list of a separator and a text");
        };
        let text = self.text(text, path)?;
        Some(text.split(between).map(|part| Value::String(part.to_owned())).collect())
    }

    fn texts(&self, items: &Value, path: &str) -> Option<Vec<String>> {
        match self.value(items, path)? {
            Value::Array(items) => items.iter().map(|item| self.text(item, path)).collect(),
            _ => self.problem(path, "must be a list here"),
        }
    }
}

/// The function a map stands for: its only member is `Ref` or begins with `Fn::`.
fn function(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut all = members.iter();
    let (Some((name, argument)), None) = (all.next(), all.next()) else {
        return None;
    };
    (name == "Ref" || name.starts_with("Fn::")).then_some((name.as_str(), argument))
}
