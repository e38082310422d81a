//! From the JSON of one statement to what it means.
//!
//! Two ways of reading. A statement somebody declares is read for a *kind* of policy and every mistake is told. A
//! statement that the service already holds is read without one: it was accepted once, so only what would make a
//! comparison a guess is a flaw, and members nobody here has heard of are compared as they stand.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::flaw::{Flaw, did_you_mean, join};
use super::meaning::{Meaning, Selection};
use super::principal::same_writing;
use super::rules::{Kind, PRINCIPAL_TYPES, objection_to_principal};

const MEMBERS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// Reads one statement; `kind` is `None` for a statement the service already holds.
///
/// # Errors
/// Every flaw there is, with paths relative to the statement.
pub(super) fn read(value: &Value, kind: Option<Kind>) -> Result<Meaning, Vec<Flaw>> {
    let Value::Object(map) = value else {
        return Err(vec![Flaw::new("", "a statement is a JSON object")]);
    };
    let mut reader = Reader { kind, flaws: Vec::new() };
    let meaning = Meaning {
        sid: reader.sid(map),
        allows: reader.effect(map),
        principals: reader.pair(map, "Principal", true, Reader::principals),
        actions: reader.pair(map, "Action", true, Reader::actions),
        resources: reader.resources(map),
        conditions: reader.conditions(map),
        others: reader.others(map),
    };
    if reader.flaws.is_empty() { Ok(meaning) } else { Err(reader.flaws) }
}

/// What has been found wrong so far, and by which rules.
pub(super) struct Reader {
    pub(super) kind: Option<Kind>,
    pub(super) flaws: Vec<Flaw>,
}

impl Reader {
    pub(super) fn flaw(&mut self, path: &str, message: impl Into<String>) {
        self.flaws.push(Flaw::new(path, message));
    }

    fn sid(&mut self, map: &Map<String, Value>) -> Option<String> {
        match map.get("Sid") {
            None => None,
            Some(Value::String(sid)) => {
                if self.kind.is_some() && !sid.bytes().all(|b| b.is_ascii_alphanumeric()) {
                    self.flaw("Sid", format!("{sid:?} may hold letters and digits only"));
                }
                // An empty Sid is as good as none.
                Some(sid.clone()).filter(|sid| !sid.is_empty())
            }
            Some(_) => {
                self.flaw("Sid", "must be a string");
                None
            }
        }
    }

    fn effect(&mut self, map: &Map<String, Value>) -> bool {
        match map.get("Effect") {
            Some(Value::String(effect)) if effect == "Allow" => return true,
            Some(Value::String(effect)) if effect == "Deny" => return false,
            Some(other) => self.flaw("Effect", format!("{other} is neither \"Allow\" nor \"Deny\"")),
            None => self.flaw("Effect", "is missing; expected \"Allow\" or \"Deny\""),
        }
        false
    }

    /// One of `name` and `Not<name>`, which exclude each other.
    fn pair<T>(
        &mut self,
        map: &Map<String, Value>,
        name: &str,
        required: bool,
        read: fn(&mut Self, &str, &Value) -> BTreeSet<T>,
    ) -> Option<Selection<T>> {
        let not = format!("Not{name}");
        match (map.get(name), map.get(&not)) {
            (Some(value), None) => Some(Selection { inverted: false, members: read(self, name, value) }),
            (None, Some(value)) => Some(Selection { inverted: true, members: read(self, &not, value) }),
            (None, None) => {
                if required {
                    self.flaw(name, format!("is missing; a statement has {name} or {not}"));
                }
                None
            }
            (Some(_), Some(_)) => {
                self.flaw(&not, format!("cannot stand beside {name}"));
                None
            }
        }
    }

    /// A string or a list of strings, each with its path.
    fn strings(&mut self, path: &str, value: &Value) -> Vec<(String, String)> {
        match value {
            Value::String(text) => vec![(path.to_owned(), text.clone())],
            Value::Array(list) => {
                if list.is_empty() && self.kind.is_some() {
                    self.flaw(path, "is an empty list");
                }
                let mut found = Vec::new();
                for (index, item) in list.iter().enumerate() {
                    let here = format!("{path}[{index}]");
                    match item {
                        Value::String(text) => found.push((here, text.clone())),
                        other => self.flaw(&here, format!("{other} is no string")),
                    }
                }
                found
            }
            _ => {
                self.flaw(path, "must be a string or a list of strings");
                Vec::new()
            }
        }
    }

    fn actions(&mut self, path: &str, value: &Value) -> BTreeSet<String> {
        let found = self.strings(path, value);
        for (here, action) in &found {
            let message = self.kind.and_then(|kind| kind.objection_to(action));
            self.flaws.extend(message.map(|message| Flaw::new(here, message)));
        }
        found.into_iter().map(|(_, action)| action.to_ascii_lowercase()).collect()
    }

    fn principals(&mut self, path: &str, value: &Value) -> BTreeSet<(String, String)> {
        // `"*"` alone is another way to write {"AWS": "*"}.
        let bare = value.is_string();
        let by_type = match value {
            Value::String(text) => Map::from_iter([("AWS".to_owned(), Value::String(text.clone()))]),
            Value::Object(map) => map.clone(),
            _ => {
                self.flaw(path, "must be \"*\" or an object such as {\"AWS\": [...]}");
                return BTreeSet::new();
            }
        };
        if by_type.is_empty() && self.kind.is_some() {
            self.flaw(path, "names nobody");
        }
        let mut found = BTreeSet::new();
        for (sort, value) in &by_type {
            let here = if bare { path.to_owned() } else { join(path, sort) };
            if self.kind.is_some() && !PRINCIPAL_TYPES.contains(&sort.as_str()) {
                let hint = did_you_mean(sort, &PRINCIPAL_TYPES);
                self.flaw(&here, format!("is no type of principal; expected {}{hint}", PRINCIPAL_TYPES.join(", ")));
            }
            for (here, principal) in self.strings(&here, value) {
                if self.kind.is_some() {
                    self.flaws.extend(objection_to_principal(sort, &principal).map(|why| Flaw::new(here, why)));
                }
                let name = if sort == "AWS" { same_writing(&principal) } else { &principal };
                found.insert((sort.clone(), name.to_owned()));
            }
        }
        found
    }

    fn resources(&mut self, map: &Map<String, Value>) -> Option<Selection<String>> {
        let allowed = matches!(self.kind, None | Some(Kind::Registry));
        if !allowed {
            for name in ["Resource", "NotResource"].into_iter().filter(|name| map.contains_key(*name)) {
                self.flaw(name, "is not allowed in a repository's policy, whose resource is the repository");
            }
            return None;
        }
        self.pair(map, "Resource", self.kind.is_some(), |reader, path, value| {
            reader.strings(path, value).into_iter().map(|(_, resource)| resource).collect()
        })
    }

    fn others(&mut self, map: &Map<String, Value>) -> BTreeMap<String, String> {
        let unknown: Vec<_> = map.iter().filter(|(name, _)| !MEMBERS.contains(&name.as_str())).collect();
        if self.kind.is_some() {
            for (name, _) in &unknown {
                let hint = did_you_mean(name, &MEMBERS);
                self.flaw(name, format!("is no member of a statement{hint}"));
            }
        }
        unknown.into_iter().map(|(name, value)| (name.clone(), value.to_string())).collect()
    }
}
