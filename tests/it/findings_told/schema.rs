//! A reader of JSON Schema, as much of it as the schemas here use. It refuses words it does not know, so that none of them
//! is believed to be checked when it is not.
//!
//! The crates that read all of it bring forty others.

use serde_json::{Map, Value};

/// Words that say nothing of what is valid.
const NOTES: [&str; 5] = ["$schema", "$id", "$defs", "title", "description"];

/// What is wrong with a value, each with its place; none where it is valid.
pub(crate) fn wrongs(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    Reader { root: schema }.check(schema, value, "", &mut found);
    found
}

struct Reader<'s> {
    root: &'s Value,
}

impl Reader<'_> {
    fn check(&self, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
        for (word, says) in schema.as_object().expect("a schema is an object") {
            if NOTES.contains(&word.as_str()) {
                continue;
            }
            if !self.holds(schema, word, value, place, found) {
                found.push(format!("{place}: {value} is not {word} {says}"));
            }
        }
    }

    fn holds(&self, schema: &Value, word: &str, value: &Value, place: &str, found: &mut Vec<String>) -> bool {
        let says = &schema[word];
        let length = || value.as_str().map(|text| text.chars().count() as u64);
        match word {
            "$ref" => {
                let target = self.root.pointer(says.as_str().unwrap().strip_prefix('#').unwrap());
                self.check(target.unwrap_or_else(|| panic!("{says} leads nowhere")), value, place, found);
                true
            }
            "type" => is_type(says.as_str().unwrap(), value),
            "const" => value == says,
            "enum" => says.as_array().unwrap().contains(value),
            "pattern" => value.as_str().is_none_or(|text| matches(says.as_str().unwrap(), text)),
            "minLength" => length().is_none_or(|length| length >= says.as_u64().unwrap()),
            "maxLength" => length().is_none_or(|length| length <= says.as_u64().unwrap()),
            "minimum" => value.as_f64().is_none_or(|number| number >= says.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= says.as_f64().unwrap()),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= says.as_u64().unwrap()),
            "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= says.as_u64().unwrap()),
            "items" => {
                for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.check(says, item, &format!("{place}/{at}"), found);
                }
                true
            }
            "required" => names(says).all(|name| value.get(name).is_some()),
            "properties" => {
                for (name, inner) in says.as_object().unwrap() {
                    if let Some(member) = value.get(name) {
                        self.check(inner, member, &format!("{place}/{name}"), found);
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = &schema["properties"];
                let further = |members: &Map<_, _>| -> Vec<(String, Value)> {
                    let further = members.iter().filter(|(name, _)| known.get(name).is_none());
                    further.map(|(name, member)| (name.clone(), member.clone())).collect()
                };
                let further = value.as_object().map(further).unwrap_or_default();
                if *says == Value::Bool(false) {
                    return further.is_empty();
                }
                for (name, member) in further {
                    self.check(says, &member, &format!("{place}/{name}"), found);
                }
                true
            }
            _ => panic!("{word} is not read here"),
        }
    }
}

fn names(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().unwrap().iter().map(|name| name.as_str().unwrap())
}

fn is_type(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        _ => panic!("{name} is no type"),
    }
}

/// The patterns that occur: literal characters, sets of ranges, one escaped dot, counts, and `s?`.
fn matches(pattern: &str, text: &str) -> bool {
    let (start, rest) = pattern.strip_prefix('^').map_or_else(|| panic!("{pattern} floats"), |rest| (true, rest));
    assert!(start);
    let (rest, whole) = rest.strip_suffix('$').map_or((rest, false), |rest| (rest, true));
    eat(rest, text).is_some_and(|left| !whole || left.is_empty())
}

/// What is left of the text once the pattern has taken its share.
fn eat<'t>(mut pattern: &str, mut text: &'t str) -> Option<&'t str> {
    while let Some(first) = pattern.chars().next() {
        let (set, after) = match first {
            '[' => pattern[1..].split_once(']').unwrap(),
            '\\' => pattern[1..].split_at(1),
            _ => pattern.split_at(first.len_utf8()),
        };
        let (least, most, after) = if let Some(counted) = after.strip_prefix('{') {
            let (count, after) = counted.split_once('}').unwrap();
            (count.parse().unwrap(), count.parse().unwrap(), after)
        } else if let Some(after) = after.strip_prefix('?') {
            (0, 1, after)
        } else {
            (1, 1, after)
        };
        let taken = text.chars().take(most).take_while(|c| is_in(set, *c)).count();
        if taken < least {
            return None;
        }
        text = text.get(text.chars().take(taken).map(char::len_utf8).sum::<usize>()..)?;
        pattern = after;
    }
    Some(text)
}

/// `0-9a-f`
fn is_in(set: &str, c: char) -> bool {
    let set: Vec<char> = set.chars().collect();
    set.contains(&c) && c != '-'
        || set.windows(3).any(|range| range[1] == '-' && (range[0]..=range[2]).contains(&c))
        || (c == '-' && set == ['-'])
}

#[test]
fn the_reader_reads() {
    let schema = serde_json::json!({
        "type": "object", "additionalProperties": false, "required": ["a"],
        "properties": {
            "a": {"$ref": "#/$defs/hex"},
            "b": {"type": "array", "maxItems": 1, "items": {"type": "integer", "minimum": 1}},
            "m": {"type": "object", "additionalProperties": {"type": "integer"}}
        },
        "$defs": {"hex": {"type": "string", "pattern": "^x-[0-9a-f]{2}\\.s?$"}}
    });
    for (value, valid) in [
        (serde_json::json!({"a": "x-0f."}), true),
        (serde_json::json!({"a": "x-0f.s", "b": [1]}), true),
        (serde_json::json!({"a": "x-0g.", "b": [1]}), false),
        (serde_json::json!({"a": "x-0f.s."}), false),
        (serde_json::json!({"a": "x-0f."  , "c": 1}), false),
        (serde_json::json!({"b": [1]}), false),
        (serde_json::json!({"a": "x-00.", "b": [0]}), false),
        (serde_json::json!({"a": "x-00.", "b": [1, 1]}), false),
        (serde_json::json!({"a": 1}), false),
        (serde_json::json!({"a": "x-00.", "m": {"k": 1, "l": 2}}), true),
        (serde_json::json!({"a": "x-00.", "m": {"k": 1, "l": "2"}}), false),
    ] {
        assert_eq!(wrongs(&schema, &value).is_empty(), valid, "{value}");
    }
}
