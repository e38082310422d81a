//! Reading properties the way CloudFormation delivers them: every scalar may be a string.
//!
//! A [`Fields`] walks one JSON object, remembers which members were asked for, and collects *all* problems with
//! their paths. Tolerance for strings-for-everything lives here and nowhere else.

use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

/// One thing wrong with a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: `Overrides.order-service.MaxImageCount`.
    pub path: String,
    /// What is wrong, what is allowed, and what to do.
    pub message: String,
}

impl Problem {
    /// A problem at a path.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.path, self.message)
    }
}

/// Members of one JSON object, read one by one.
pub struct Fields<'a> {
    members: &'a Map<String, Value>,
    path: String,
    asked: RefCell<BTreeSet<&'static str>>,
    problems: &'a RefCell<Vec<Problem>>,
}

impl<'a> Fields<'a> {
    /// Starts at `path` (empty at the top); problems go into `problems`.
    pub const fn new(members: &'a Map<String, Value>, path: String, problems: &'a RefCell<Vec<Problem>>) -> Self {
        Self { members, path, asked: RefCell::new(BTreeSet::new()), problems }
    }

    /// The full path of a member. A member without a name is shown as `""`: a problem always has a place.
    pub fn path_of(&self, key: &str) -> String {
        let key = if key.is_empty() { "\"\"" } else { key };
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The path of the object itself.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Notes a problem at a member.
    pub fn problem(&self, key: &str, message: impl Into<String>) {
        self.problems.borrow_mut().push(Problem::new(self.path_of(key), message));
    }

    /// The raw member. JSON null counts as absent: CloudFormation's `AWS::NoValue` never arrives otherwise.
    pub fn raw(&self, key: &'static str) -> Option<&'a Value> {
        self.asked.borrow_mut().insert(key);
        self.members.get(key).filter(|value| !value.is_null())
    }

    /// A scalar as text.
    pub fn text(&self, key: &'static str) -> Option<String> {
        let value = self.raw(key)?;
        let text = scalar_text(value);
        if text.is_none() {
            self.problem(key, format!("must be text, not {}", kind_of(value)));
        }
        text
    }

    /// A scalar as text that must be there; `what` says what it is.
    pub fn required(&self, key: &'static str, what: &str) -> Option<String> {
        if self.raw(key).is_none() {
            self.problem(key, format!("is required: {what}"));
        }
        self.text(key)
    }

    /// A truth value: `true`, `"true"`, `"True"`, and likewise false.
    pub fn flag(&self, key: &'static str) -> Option<bool> {
        let value = self.raw(key)?;
        let flag = match value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        };
        if flag.is_none() {
            self.problem(key, format!("must be true or false, not {}", shown(value)));
        }
        flag
    }

    /// A whole number in a range.
    pub fn number(&self, key: &'static str, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
        let value = self.raw(key)?;
        let number = whole_number(value).and_then(|number| u32::try_from(number).ok());
        let found = number.filter(|number| range.contains(number));
        if found.is_none() {
            self.problem(
                key,
                format!("must be a whole number from {} to {}, not {}", range.start(), range.end(), shown(value)),
            );
        }
        found
    }

    /// One of the listed words, exactly.
    pub fn choice<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        self.chosen(key, self.raw(key)?, choices)
    }

    /// One of the listed words, or a list of at least one of them, none twice.
    pub fn choices<T: Copy + PartialEq>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<Vec<T>> {
        let Value::Array(items) = self.raw(key)? else { return Some(vec![self.choice(key, choices)?]) };
        if items.is_empty() {
            self.problem(key, "is empty, and nothing would be acceptable; name at least one, or leave it out");
        }
        let mut chosen = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let item_key = format!("{key}[{index}]");
            match self.chosen(&item_key, item, choices) {
                Some(choice) if chosen.contains(&choice) => {
                    self.problem(&item_key, format!("repeats {}; remove one", shown(item)));
                }
                Some(choice) => chosen.push(choice),
                None => {}
            }
        }
        (chosen.len() == items.len() && !chosen.is_empty()).then_some(chosen)
    }

    fn chosen<T: Copy>(&self, key: &str, value: &Value, choices: &[(&str, T)]) -> Option<T> {
        let text = scalar_text(value);
        let found = choices.iter().find(|(word, _)| Some(*word) == text.as_deref()).map(|(_, choice)| *choice);
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            let hint = text.and_then(|text| nearest(&text, words.iter().copied()));
            self.problem(
                key,
                format!(
                    "must be one of {}, not {}{}",
                    words.join(", "),
                    shown(value),
                    hint.map_or_else(String::new, |word| format!("; did you mean {word}?"))
                ),
            );
        }
        found
    }

    /// A list of texts. Items that are none are problems at `key[index]`.
    pub fn texts(&self, key: &'static str) -> Option<Vec<String>> {
        let value = self.raw(key)?;
        let Value::Array(items) = value else {
            self.problem(key, format!("must be a list, not {}", kind_of(value)));
            return None;
        };
        let mut texts = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match scalar_text(item) {
                Some(text) => texts.push(text),
                None => self.problem(&format!("{key}[{index}]"), format!("must be text, not {}", kind_of(item))),
            }
        }
        Some(texts)
    }

    /// A list of anything.
    pub fn list(&self, key: &'static str) -> Option<&'a Vec<Value>> {
        let value = self.raw(key)?;
        let list = value.as_array();
        if list.is_none() {
            self.problem(key, format!("must be a list, not {}", kind_of(value)));
        }
        list
    }

    /// A map.
    pub fn object(&self, key: &'static str) -> Option<&'a Map<String, Value>> {
        let value = self.raw(key)?;
        let object = value.as_object();
        if object.is_none() {
            self.problem(key, format!("must be a map, not {}", kind_of(value)));
        }
        object
    }

    /// A map, to be read member by member.
    pub fn map(&self, key: &'static str) -> Option<Self> {
        Some(Self::new(self.object(key)?, self.path_of(key), self.problems))
    }

    /// A list of maps, each to be read member by member. Items that are none are problems at `key[index]`.
    pub fn maps(&self, key: &'static str) -> Option<Vec<Self>> {
        let mut maps = Vec::new();
        for (index, item) in self.list(key)?.iter().enumerate() {
            let item_key = format!("{key}[{index}]");
            match item.as_object() {
                Some(members) => maps.push(Self::new(members, self.path_of(&item_key), self.problems)),
                None => self.problem(&item_key, format!("must be a map, not {}", kind_of(item))),
            }
        }
        Some(maps)
    }

    /// Refuses every member nobody asked for.
    pub fn refuse_unknown(&self) {
        let asked = self.asked.borrow();
        for key in self.members.keys() {
            if !asked.contains(key.as_str()) {
                let hint = nearest(key, asked.iter().copied());
                let message = hint.map_or_else(
                    || "is not a property of this resource; remove it".to_owned(),
                    |word| format!("is not a property of this resource; did you mean {word}?"),
                );
                self.problem(key, message);
            }
        }
    }
}

/// The known word nearest to a misspelt one, when it is near enough to be meant.
pub fn nearest<'w>(word: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let lower = word.to_lowercase();
    let length = lower.chars().count();
    known
        .filter_map(|candidate| {
            let allowed = candidate.chars().count().div_ceil(3);
            let known = candidate.to_lowercase();
            // Words differ at least by their lengths. A word may be very long, and comparing takes length times length.
            if known.chars().count().abs_diff(length) > allowed {
                return None;
            }
            Some((strsim::damerau_levenshtein(&lower, &known), candidate)).filter(|(distance, _)| *distance <= allowed)
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// Text, a number or a truth value, as text.
pub fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A value as CloudFormation delivers it: numbers and truth values are texts, however deep.
pub fn as_delivered(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(as_delivered).collect(),
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), as_delivered(value))).collect(),
        Value::Null => Value::Null,
        Value::String(_) | Value::Number(_) | Value::Bool(_) => scalar_text(value).into(),
    }
}

fn whole_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// A short, safe rendering of a wrong value.
pub(super) fn shown(value: &Value) -> String {
    match scalar_text(value) {
        Some(text) if text.chars().count() <= 60 => format!("{text:?}"),
        Some(_) => "such a long text".to_owned(),
        None => kind_of(value).to_owned(),
    }
}
