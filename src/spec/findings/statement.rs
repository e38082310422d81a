//! One statement of an OpenVEX document: what is said of which vulnerability of what.

use super::openvex::timestamp;
use super::target::{Target, Terms, targets};
use super::waivers::name_flaw;
use crate::spec::fields::{Fields, kind_of, scalar_text};
use crate::spec::terms::MAX_REASON;
use jiff::Timestamp;
use serde_json::Value;

/// The labels of a justification (OpenVEX specification, "Status Justifications").
const JUSTIFICATIONS: [&str; 5] = [
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
];

/// One statement, understood.
pub(super) struct Statement {
    /// Where it stands.
    pub(super) path: String,
    /// Since when it is true.
    pub(super) at: Option<Timestamp>,
    /// Does it waive, rather than take back?
    pub(super) waives: bool,
    /// The vulnerability and its other names.
    pub(super) names: Vec<String>,
    /// What it is about.
    pub(super) targets: Vec<Target>,
    /// Why.
    pub(super) reason: String,
}

impl Statement {
    /// How many waivers come of it.
    pub(super) const fn makes(&self) -> usize {
        if self.waives { self.names.len().saturating_mul(self.targets.len()) } else { 0 }
    }
}

/// What a status says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    NotAffected,
    Fixed,
    Open,
}

/// Reads a statement; `None` where something is wrong with it. `at` is the document's own time.
pub(super) fn read(fields: &Fields<'_>, terms: &Terms, at: Option<Timestamp>) -> Option<Statement> {
    let status = status(fields);
    let names = names(fields);
    let waives = status.is_some_and(|status| status != Status::Open);
    let targets = targets(fields, terms, waives);
    let reason = reason(fields, status);
    let issued = timestamp(fields, "timestamp").or(at);
    let at = timestamp(fields, "last_updated").or(issued);
    status?;
    Some(Statement { path: fields.path().to_owned(), at, waives, names, targets: targets?, reason })
}

fn status(fields: &Fields<'_>) -> Option<Status> {
    let key = "status";
    if fields.raw(key).is_none() {
        fields.problem(key, "is required: not_affected, affected, fixed or under_investigation");
    }
    let words = [
        ("not_affected", Status::NotAffected),
        ("affected", Status::Open),
        ("fixed", Status::Fixed),
        ("under_investigation", Status::Open),
    ];
    fields.choice(key, &words)
}

/// The vulnerability's names: a text (0.0.1), or a map of `name` and `aliases`.
fn names(fields: &Fields<'_>) -> Vec<String> {
    let key = "vulnerability";
    let mut names = Vec::new();
    let mut add = |path: &str, name: String| {
        let pattern =
            || name.contains(['*', '?']).then(|| format!("is {name:?}; a statement is about one vulnerability"));
        match name_flaw(&name).or_else(pattern) {
            Some(flaw) => fields.problem(path, flaw),
            None if names.contains(&name) => {}
            None => names.push(name),
        }
    };
    match fields.raw(key) {
        None => fields.problem(key, "is required: a name such as CVE-2026-0001, or a map with one"),
        Some(Value::Object(_)) => {
            let Some(own) = fields.map(key) else { return names };
            // An address of the vulnerability ends in its name: https://nvd.nist.gov/vuln/detail/CVE-2026-0001
            let last = |id: String| id.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
            match own.text("name").or_else(|| own.text("@id").map(last)) {
                Some(name) => add("vulnerability.name", name),
                None => own.problem("name", "is required: a vulnerability such as CVE-2026-0001"),
            }
            for (index, alias) in own.texts("aliases").into_iter().flatten().enumerate() {
                add(&format!("vulnerability.aliases[{index}]"), alias);
            }
        }
        Some(value) => match scalar_text(value) {
            Some(name) => add(key, name),
            None => fields.problem(key, format!("must be a name or a map with one, not {}", kind_of(value))),
        },
    }
    names
}

/// Why the finding can be lived with. Without a reason a `not_affected` is not valid OpenVEX.
fn reason(fields: &Fields<'_>, status: Option<Status>) -> String {
    let justification = fields.choice("justification", &JUSTIFICATIONS.map(|word| (word, word)));
    let impact = fields.text("impact_statement");
    let notes = fields.text("status_notes");
    if status == Some(Status::NotAffected) && fields.raw("justification").is_none() && impact.is_none() {
        fields.problem("justification", "is required with not_affected, or else an impact_statement");
    }
    let said = [justification.map(str::to_owned), impact, notes];
    let said: Vec<String> = said.into_iter().flatten().filter(|text| !text.trim().is_empty()).collect();
    let reason = if said.is_empty() { "fixed".to_owned() } else { said.join("; ") };
    reason.chars().take(MAX_REASON).collect()
}
