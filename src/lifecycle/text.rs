//! Between JSON text and values, in both directions.
//!
//! Knows JSON and the order in which ECR writes members; which policies are legal is not decided here.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{Action, Flaw, LawId, Policy, Rule, StorageClass, TagSelection, parse};

/// Reads a policy from JSON text, as strictly as [`parse`].
///
/// # Errors
/// Every flaw that [`parse`] finds, besides members written twice; or the one place where the text stops being JSON.
pub fn parse_text(text: &str) -> Result<Policy, Vec<Flaw>> {
    let mut flaws = Vec::new();
    let mut json = serde_json::Deserializer::from_str(text);
    let seed = Once { path: String::new(), flaws: &mut flaws };
    let value = seed.deserialize(&mut json).and_then(|value| json.end().map(|()| value)).map_err(|error| {
        let message =
            format!("ECR takes only JSON, and this stops being JSON here: {error}. Correct the text at that place.");
        vec![Flaw::new("", LawId::Json, message)]
    })?;
    match parse(&value) {
        Ok(policy) if flaws.is_empty() => Ok(policy),
        Ok(_) => Err(flaws),
        Err(more) => {
            flaws.extend(more);
            Err(flaws)
        }
    }
}

/// Reads a value and notes members written twice: a plain read keeps the last one and drops, say, half the rules.
struct Once<'a> {
    path: String,
    flaws: &'a mut Vec<Flaw>,
}

impl<'de> DeserializeSeed<'de> for Once<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            let path = format!("{}[{}]", self.path, values.len());
            let flaws = &mut *self.flaws;
            match list.next_element_seed(Once { path, flaws })? {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            let path = member_path(&self.path, &name);
            if members.contains_key(&name) {
                let message = format!("`{name}` is written twice, and only one of the two would count. Remove one.");
                self.flaws.push(Flaw::new(path.clone(), LawId::RepeatedMember, message));
            }
            let flaws = &mut *self.flaws;
            let value = object.next_value_seed(Once { path, flaws })?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

/// The path of a member of the object at `parent`.
pub(crate) fn member_path(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

impl Policy {
    /// The policy as JSON without white space: rules by priority, members in the order ECR's own documents have,
    /// what is absent left out, `storageClass` only for the archive. The same policy always gives the same bytes.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut rules: Vec<&Rule> = self.rules.iter().collect();
        rules.sort_by_key(|rule| rule.priority);
        let rules: Vec<String> = rules.into_iter().map(rule_text).collect();
        format!(r#"{{"rules":[{}]}}"#, rules.join(","))
    }
}

fn rule_text(rule: &Rule) -> String {
    let mut members = vec![format!(r#""rulePriority":{}"#, rule.priority)];
    if let Some(description) = &rule.description {
        members.push(format!(r#""description":{}"#, quoted(description)));
    }
    members.push(selection_text(rule));
    members.push(
        match rule.action {
            Action::Expire => r#""action":{"type":"expire"}"#,
            Action::TransitionToArchive => r#""action":{"type":"transition","targetStorageClass":"archive"}"#,
        }
        .to_owned(),
    );
    format!("{{{}}}", members.join(","))
}

fn selection_text(rule: &Rule) -> String {
    let selection = &rule.selection;
    let mut members = match &selection.tags {
        TagSelection::Prefixes(list) => vec![status("tagged"), tag_list("tagPrefixList", list)],
        TagSelection::Patterns(list) => vec![status("tagged"), tag_list("tagPatternList", list)],
        TagSelection::Untagged => vec![status("untagged")],
        TagSelection::Any => vec![status("any")],
    };
    // Standard is the default and stays unwritten: the service has refused it beside some counts.
    if selection.storage == StorageClass::Archive {
        members.push(format!(r#""storageClass":"{}""#, selection.storage.word()));
    }
    let kind = selection.count.kind();
    members.push(format!(r#""countType":"{}""#, kind.word()));
    if kind.in_days() {
        members.push(r#""countUnit":"days""#.to_owned());
    }
    members.push(format!(r#""countNumber":{}"#, selection.count.number()));
    format!(r#""selection":{{{}}}"#, members.join(","))
}

fn status(word: &str) -> String {
    format!(r#""tagStatus":"{word}""#)
}

fn tag_list(name: &str, list: &[String]) -> String {
    let entries: Vec<String> = list.iter().map(|entry| quoted(entry)).collect();
    format!(r#""{name}":[{}]"#, entries.join(","))
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
