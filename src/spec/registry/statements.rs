//! Statements of a policy as a declaration gives them: a list, or a policy document whose statements are taken.

use crate::model::policy::{Flaw, Kind, Statement, public_exposure};
use crate::spec::fields::{Fields, as_delivered, kind_of, nearest};
use serde_json::{Map, Value};

/// A statement and where it stands, within what was read.
pub(super) type Found = (String, Statement);

/// Reads a property; nothing where it is absent.
pub(super) fn read(fields: &Fields<'_>, key: &'static str, kind: Kind) -> Vec<Found> {
    let Some(raw) = fields.raw(key) else { return Vec::new() };
    let value = match raw.as_str().map(serde_json::from_str::<Value>) {
        None => as_delivered(raw),
        Some(Ok(value)) => as_delivered(&value),
        Some(Err(error)) => {
            fields.problem(key, format!("is text that is not JSON: {error}"));
            return Vec::new();
        }
    };
    let (path, statements) = match &value {
        Value::Array(list) => (key.to_owned(), list.as_slice()),
        Value::Object(document) => match of_document(fields, key, document) {
            Some(statements) => (format!("{key}.Statement"), statements),
            None => return Vec::new(),
        },
        other => {
            let what = "must be a list of statements, or a policy with Version and Statement";
            fields.problem(key, format!("{what}, not {}", kind_of(other)));
            return Vec::new();
        }
    };
    if statements.is_empty() {
        fields.problem(&path, "is empty and grants nothing; leave it out");
    }
    let mut found = Vec::with_capacity(statements.len());
    for (index, raw) in statements.iter().enumerate() {
        let path = format!("{path}[{index}]");
        match Statement::parse_for(kind, raw) {
            Ok(statement) => found.push((path, statement)),
            Err(flaws) => flaws.into_iter().map(|flaw| flaw.under(&path)).for_each(|flaw: Flaw| {
                fields.problem(&flaw.path, flaw.message);
            }),
        }
    }
    found
}

/// The statements of a whole document, if its envelope says nothing that would be lost.
fn of_document<'d>(fields: &Fields<'_>, key: &str, document: &'d Map<String, Value>) -> Option<&'d [Value]> {
    const MEMBERS: [&str; 3] = ["Version", "Id", "Statement"];
    for member in document.keys().filter(|member| !MEMBERS.contains(&member.as_str())) {
        let hint = nearest(member, MEMBERS.into_iter());
        let hint = hint.map_or_else(String::new, |word| format!("; did you mean {word}?"));
        fields.problem(&format!("{key}.{member}"), format!("is no member of a policy{hint}"));
    }
    if document.contains_key("Id") {
        fields.problem(
            &format!("{key}.Id"),
            "names the whole policy, of which these statements are only a part; remove it",
        );
    }
    let has_variables = || document.get("Statement").is_some_and(|statements| statements.to_string().contains("${"));
    match document.get("Version").map(Value::as_str) {
        None | Some(Some("2012-10-17")) => {}
        Some(Some("2008-10-17")) if !has_variables() => {}
        Some(_) => fields.problem(
            &format!("{key}.Version"),
            "must be 2012-10-17, the version that is written; in 2008-10-17 policy variables are plain text",
        ),
    }
    match document.get("Statement") {
        Some(Value::Array(statements)) => Some(statements.as_slice()),
        Some(statement @ Value::Object(_)) => Some(std::slice::from_ref(statement)),
        _ => {
            let what = "must be a list of statements, each with Effect, Principal, Action and so on";
            fields.problem(&format!("{key}.Statement"), what);
            None
        }
    }
}

/// Refuses a statement that lets everybody in, unless that is wanted.
pub(super) fn refuse_public(fields: &Fields<'_>, path: &str, statement: &Statement, allows_public: bool) {
    if let Some(exposure) = public_exposure(statement).filter(|_| !allows_public) {
        fields.problem(
            path,
            format!(
                "{exposure}; restrict it by a condition such as aws:PrincipalOrgID, or set AllowPublicPrincipals to true \
                 if the world shall have this access"
            ),
        );
    }
}
