//! Reading the conditions of a statement.
//!
//! Knows their shape. May not know which of them bound who calls.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::flaw::{Flaw, join};
use super::reading::Reader;
use super::rules::objection_to_operator;

impl Reader {
    /// Operator and key, both lower case, to values.
    pub(super) fn conditions(&mut self, map: &Map<String, Value>) -> BTreeMap<(String, String), BTreeSet<String>> {
        let mut found = BTreeMap::new();
        let Some(block) = map.get("Condition") else {
            return found;
        };
        let Value::Object(operators) = block else {
            self.flaw("Condition", "must be an object of operators such as {\"StringEquals\": {...}}");
            return found;
        };
        for (operator, keys) in operators {
            let here = join("Condition", operator);
            if self.kind.is_some() {
                self.flaws.extend(objection_to_operator(operator).map(|why| Flaw::new(&here, why)));
            }
            let Value::Object(keys) = keys else {
                self.flaw(&here, "must be an object of condition keys such as {\"aws:SourceArn\": \"arn:...\"}");
                continue;
            };
            for (key, values) in keys {
                let here = join(&here, key);
                if self.kind.is_some() && !key.contains(':') {
                    self.flaw(&here, "is no condition key; expected a name with a prefix, such as aws:SourceArn");
                }
                let values = self.condition_values(&here, values);
                if found.insert((operator.to_ascii_lowercase(), key.to_ascii_lowercase()), values).is_some() {
                    self.flaw(&here, "occurs twice, differing in upper and lower case only");
                }
            }
        }
        found
    }

    fn condition_values(&mut self, path: &str, value: &Value) -> BTreeSet<String> {
        let list = if let Value::Array(list) = value { list.as_slice() } else { std::slice::from_ref(value) };
        let mut found = BTreeSet::new();
        if list.is_empty() && self.kind.is_some() {
            self.flaw(path, "is an empty list");
        }
        for item in list {
            match item {
                Value::String(text) => found.insert(text.clone()),
                // A number or a truth value means what its text means.
                Value::Number(_) | Value::Bool(_) => found.insert(item.to_string()),
                _ => {
                    self.flaw(path, format!("{item} is no value; expected strings, numbers or truth values"));
                    continue;
                }
            };
        }
        found
    }
}
