//! Findings as SARIF 2.1.0, for code scanning and viewers: a rule for each vulnerability, a result for each finding.
//!
//! Waived findings are there, suppressed, with who decided and why. Those that are gone are not: a result that is missing
//! is what closes an alert.

use super::ocsf::title;
use super::{Row, RowState, Sheet, score};
use crate::model::finding::{Finding, Severity};
use crate::policy::wording::{clip, line, link, package};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The schema by which editors check it.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Results one run may hold (GitHub, "SARIF support for code scanning", limits); the rest goes into further runs.
pub const MOST_RESULTS: usize = 25_000;
/// Characters of a rule's short description that GitHub shows; the rest it cuts.
const MOST_SHORT: usize = 255;
/// Characters of a rule's full description, likewise.
const MOST_FULL: usize = 1023;

/// Writes the sheet.
pub fn write(sheet: &Sheet) -> String {
    format!("{:#}\n", log(sheet, MOST_RESULTS))
}

/// The log, in runs of at most so many results.
pub fn log(sheet: &Sheet, most: usize) -> Value {
    let told: Vec<&Row> = sheet.rows.iter().filter(|row| row.state != RowState::Gone).collect();
    let mut runs: Vec<Value> = told.chunks(most.max(1)).enumerate().map(|(number, rows)| run(rows, number)).collect();
    if runs.is_empty() {
        // No findings is a result too: without a run nothing would be closed.
        runs.push(run(&[], 0));
    }
    json!({"$schema": SCHEMA, "version": "2.1.0", "runs": runs})
}

fn run(rows: &[&Row], number: usize) -> Value {
    let mut rules: BTreeMap<&str, &Finding> = BTreeMap::new();
    for row in rows {
        let held = rules.entry(&row.finding.vulnerability).or_insert(&row.finding);
        // The worst speaks for the rule; rows come worst first, but for the waived ones.
        if row.finding.severity > held.severity {
            *held = &row.finding;
        }
    }
    let places: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(place, id)| (*id, place)).collect();
    let results: Vec<Value> = rows.iter().map(|row| result(row, &places)).collect();
    // One category each: code scanning refuses two runs of the same in one file.
    let category = if number == 0 { "ecr-steward/".to_owned() } else { format!("ecr-steward-{}/", number + 1) };
    json!({
        "tool": {"driver": {
            "name": "ecr-steward",
            "version": env!("CARGO_PKG_VERSION"),
            "rules": rules.values().map(|finding| rule(finding)).collect::<Vec<_>>(),
        }},
        "automationDetails": {"id": category},
        "columnKind": "unicodeCodePoints",
        "results": results,
    })
}

fn rule(finding: &Finding) -> Value {
    let description = if finding.description.is_empty() { title(finding) } else { finding.description.clone() };
    let id = &finding.vulnerability;
    let mut rule = json!({
        "id": id,
        "shortDescription": {"text": line(&title(finding), MOST_SHORT)},
        "fullDescription": {"text": clip(&description, MOST_FULL)},
        "defaultConfiguration": {"level": level(finding.severity)},
        "properties": {
            "tags": ["security", "vulnerability", "container", finding.severity.as_str()],
            "precision": "very-high",
            "security-severity": security_severity(finding),
        },
    });
    if let (Some(rule), Some(url)) = (rule.as_object_mut(), link(&finding.url)) {
        rule.insert("helpUri".to_owned(), json!(url));
        rule.insert("help".to_owned(), json!({"text": format!("{}\n{url}", clip(&description, MOST_FULL))}));
    }
    rule
}

fn result(row: &Row, places: &BTreeMap<&str, usize>) -> Value {
    let Row { image, finding, .. } = row;
    let id = row.id.as_str();
    let mut result = json!({
        "ruleId": finding.vulnerability,
        "ruleIndex": places.get(finding.vulnerability.as_str()),
        "level": level(finding.severity),
        "message": {"text": message(row)},
        "locations": [{
            "physicalLocation": {
                // Relative, as the format wants it: the image's path below its registry.
                "artifactLocation": {"uri": format!("{}/{}", image.repository, image.digest)},
                "region": {"startLine": 1},
            },
            "logicalLocations": [{"fullyQualifiedName": image.uri(), "kind": "resource"}],
        }],
        "fingerprints": {"ecrStewardFinding/v1": id},
        "partialFingerprints": {"primaryLocationLineHash": format!("{}:1", id.get(..32).unwrap_or(id))},
        "properties": properties(row),
    });
    if let (Some(result), RowState::Waived(waived)) = (result.as_object_mut(), &row.state) {
        let owner = waived.owner.as_deref().map(|owner| format!(", {owner}")).unwrap_or_default();
        let why = format!("{} (until {}{owner})", waived.reason, waived.until);
        result.insert(
            "suppressions".to_owned(),
            json!([{"kind": "external", "status": "accepted", "justification": why}]),
        );
    }
    result
}

fn message(row: &Row) -> String {
    let finding = &row.finding;
    let mut text = format!("{} ({})", line(&finding.vulnerability, 100), finding.severity);
    let package = package(finding);
    if !package.is_empty() {
        text = format!("{text} in {package}");
    }
    text = format!("{text} of {}", row.image_name());
    let fixed_in = line(&finding.details.fixed_in, 100);
    match (fixed_in.is_empty(), finding.is_fixable()) {
        (false, _) => text = format!("{text}; fixed in {fixed_in}"),
        (true, true) => text = format!("{text}; a fix is available"),
        (true, false) => {}
    }
    if finding.is_exploited() {
        text.push_str("; an exploit is known");
    }
    text
}

fn properties(row: &Row) -> Value {
    let mut told = Map::from_iter([
        ("account".to_owned(), json!(row.image.place.account)),
        ("region".to_owned(), json!(row.image.place.region)),
        ("repository".to_owned(), json!(row.image.repository)),
        ("digest".to_owned(), json!(row.image.digest)),
        ("imageTags".to_owned(), json!(row.tags)),
        ("package".to_owned(), json!(row.finding.package)),
        ("version".to_owned(), json!(row.finding.version)),
        ("severity".to_owned(), json!(row.finding.severity)),
        ("fixable".to_owned(), json!(row.finding.is_fixable())),
    ]);
    if let Some(exploit) = row.finding.exploit {
        told.insert("exploited".to_owned(), json!(exploit));
    }
    Value::Object(told)
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Informational => "note",
    }
}

/// The number by which GitHub calls a rule critical (over 9.0), high (7.0 to 8.9), medium (4.0 to 6.9) or low: the score,
/// kept within what the severity is called.
fn security_severity(finding: &Finding) -> String {
    let (least, most): (f64, f64) = match finding.severity {
        Severity::Critical => (9.1, 10.0),
        Severity::High => (7.0, 8.9),
        Severity::Medium => (4.0, 6.9),
        Severity::Low => (0.1, 3.9),
        Severity::Informational => (0.0, 0.0),
    };
    format!("{:.1}", score(finding).unwrap_or(least).clamp(least, most))
}
