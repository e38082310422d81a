//! `VexDocuments`: waivers out of OpenVEX documents, versions 0.0.x and 0.2.x.
//!
//! `not_affected` and `fixed` waive; `affected` and `under_investigation` take back what earlier statements of the same
//! document waived. A statement that cannot be understood is a problem: half understood, it would waive too much.

use super::statement::{self, Statement};
use super::target::{Target, Terms};
use super::waivers::MAX_WAIVERS;
use super::{Glob, Waiver};
use crate::spec::fields::{Fields, Problem, kind_of, shown};
use crate::spec::terms;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// How documents of the versions that are understood begin.
const CONTEXT: &str = "https://openvex.dev/ns";

/// Reads the property. `taken` waivers are there already.
pub(super) fn read(fields: &Fields<'_>, problems: &RefCell<Vec<Problem>>, taken: usize) -> Vec<Waiver> {
    let key = "VexDocuments";
    let mut waivers = Vec::new();
    if fields.raw(key).is_none() {
        return waivers;
    }
    for item in fields.maps(key).into_iter().flatten() {
        let until = terms::until(&item);
        let terms = Terms {
            names_repositories: item.raw("Repositories").is_some(),
            repositories: terms::names(&item, "Repositories"),
        };
        let path = item.path_of("Document");
        match item.raw("Document") {
            None => item.problem("Document", "is required: an OpenVEX document, as a map or as JSON text"),
            Some(Value::Object(members)) => {
                waivers.extend(document(&Fields::new(members, path, problems), &terms, until));
            }
            Some(Value::String(text)) => match serde_json::from_str(text) {
                Ok(Value::Object(members)) => {
                    waivers.extend(document(&Fields::new(&members, path, problems), &terms, until));
                }
                Ok(other) => item.problem("Document", format!("is JSON text of {}; a map is wanted", kind_of(&other))),
                Err(error) => item.problem("Document", format!("is text that is not JSON: {error}")),
            },
            Some(other) => item.problem("Document", format!("must be a map or JSON text, not {}", kind_of(other))),
        }
        item.refuse_unknown();
        let count = taken + waivers.len();
        if count > MAX_WAIVERS {
            let path = item.path();
            let message = format!(
                "brings the waivers to {count}, one for each name and product; at most {MAX_WAIVERS} are allowed together"
            );
            problems.borrow_mut().push(Problem::new(path, message));
            break;
        }
    }
    waivers
}

fn document(fields: &Fields<'_>, terms: &Terms, until: Option<Date>) -> Vec<Waiver> {
    if !is_understood(fields) {
        return Vec::new();
    }
    if fields.raw("timestamp").is_none() {
        fields.problem("timestamp", "is required: when the document was issued");
    }
    let at = timestamp(fields, "timestamp");
    let author = fields.required("author", "who says so");
    if fields.raw("statements").is_none_or(|given| given.as_array().is_some_and(Vec::is_empty)) {
        fields.problem("statements", "is required: a list of at least one statement");
    }
    let mut understood = Vec::new();
    let mut room = MAX_WAIVERS;
    for item in fields.maps("statements").into_iter().flatten() {
        // The reader of a statement has told what is wrong with it.
        let Some(statement) = statement::read(&item, terms, at) else { continue };
        let Some(left) = room.checked_sub(statement.makes()) else {
            fields.problem(
                "statements",
                format!("make more than {MAX_WAIVERS} waivers, one for each name and product; leave some out"),
            );
            break;
        };
        room = left;
        understood.push(statement);
    }
    let Some(until) = until else { return Vec::new() };
    let waiver = |statement: &Statement, name: &str, target: &Target| Waiver {
        vulnerability: Glob(name.to_owned()),
        package: target.package.clone().map(Glob),
        version: target.version.clone(),
        digest: target.digest.clone(),
        repositories: target.repositories.clone(),
        reason: statement.reason.clone(),
        owner: author.clone(),
        until,
        path: statement.path.clone(),
    };
    in_force(&mut understood).into_iter().map(|(statement, name, target)| waiver(statement, name, target)).collect()
}

fn is_understood(fields: &Fields<'_>) -> bool {
    let key = "@context";
    let what = "the OpenVEX context, such as https://openvex.dev/ns/v0.2.0; CycloneDX and CSAF are not read";
    let Some(context) = fields.required(key, what) else { return false };
    let version = context.strip_prefix(CONTEXT).map(|version| version.trim_end_matches('/'));
    let understood = version
        .is_some_and(|version| version.is_empty() || ["/v0.0", "/v0.2"].iter().any(|known| version.starts_with(known)));
    if !understood {
        let context = shown(&Value::String(context));
        fields
            .problem(key, format!("must be {CONTEXT} or {CONTEXT}/v0.2.0, the OpenVEX understood here, not {context}"));
    }
    understood
}

/// A time of a document or a statement.
pub(super) fn timestamp(fields: &Fields<'_>, key: &'static str) -> Option<Timestamp> {
    let text = fields.text(key)?;
    let at = text.trim().parse().ok();
    if at.is_none() {
        let text = shown(&Value::String(text));
        fields.problem(key, format!("must be a time such as 2026-01-31T12:00:00Z, not {text}"));
    }
    at
}

/// What statements come to in the order of their times: a later one that says otherwise takes back whatever it touches,
/// rather more than strictly said than less, since what is taken back is only shown again.
fn in_force(statements: &mut [Statement]) -> Vec<(&Statement, &str, &Target)> {
    statements.sort_by_key(|statement| statement.at);
    let mut held: Vec<(&Statement, &str, &Target)> = Vec::new();
    for statement in &*statements {
        let names = statement.names.iter().map(String::as_str);
        if statement.waives {
            held.extend(names.flat_map(|name| statement.targets.iter().map(move |target| (statement, name, target))));
            continue;
        }
        let names: BTreeSet<String> = names.map(str::to_ascii_lowercase).collect();
        held.retain(|(_, name, target)| {
            let is_named = names.contains(&name.to_ascii_lowercase());
            !(is_named && statement.targets.iter().any(|other| other.meets(target)))
        });
    }
    held
}
