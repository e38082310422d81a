//! YAML that every reader reads alike. CloudFormation's takes YAML 1.1, where a bare `yes` is a truth value, `1_000` a
//! number and `2010-09-09` a date; repositories may be called like that. So whatever is not plainly text is quoted.

use serde_norway::{Mapping, Value};

/// Words that are more than text to one reader or another.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// A value as a document of its own.
pub(super) fn document(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Mapping(members) if !members.is_empty() => map(&mut text, members, 0),
        Value::Sequence(items) if !items.is_empty() => list(&mut text, items, 0),
        other => text.push_str(&scalar(other)),
    }
    text.push('\n');
    text
}

fn map(text: &mut String, members: &Mapping, depth: usize) {
    for (index, (key, value)) in members.iter().enumerate() {
        if index > 0 {
            begin_line(text, depth);
        }
        text.push_str(&scalar(key));
        text.push(':');
        match value {
            Value::Mapping(members) if !members.is_empty() => {
                begin_line(text, depth + 1);
                map(text, members, depth + 1);
            }
            Value::Sequence(items) if !items.is_empty() => {
                begin_line(text, depth + 1);
                list(text, items, depth + 1);
            }
            other => {
                text.push(' ');
                text.push_str(&scalar(other));
            }
        }
    }
}

fn list(text: &mut String, items: &[Value], depth: usize) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            begin_line(text, depth);
        }
        text.push_str("- ");
        match item {
            Value::Mapping(members) if !members.is_empty() => map(text, members, depth + 1),
            Value::Sequence(items) if !items.is_empty() => list(text, items, depth + 1),
            other => text.push_str(&scalar(other)),
        }
    }
}

fn begin_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth));
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if is_plain(text) => text.clone(),
        // What JSON escapes, a double-quoted text in YAML escapes in the same way.
        Value::String(text) => serde_json::Value::from(text.as_str()).to_string(),
        Value::Sequence(_) => "[]".to_owned(),
        Value::Mapping(_) => "{}".to_owned(),
        Value::Null | Value::Tagged(_) => "null".to_owned(),
    }
}

/// A text that nobody takes for anything else.
fn is_plain(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || " _./-:,()*".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(legal)
        && !text.contains(": ")
        && !text.ends_with([' ', ':'])
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}
