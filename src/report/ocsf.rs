//! Findings as OCSF: class 2002, Vulnerability Finding, one JSON object per line. For lakes and SIEMs.
//!
//! Field names and numbers are those of the schema's version [`VERSION`] (schema.ocsf.io), with the `cloud` profile.

use super::{Row, RowState, Sheet};
use crate::model::finding::{Cvss, Finding, Scanner, Severity};
use crate::policy::wording::clip;
use serde_json::{Map, Value, json};

/// The schema's version.
pub const VERSION: &str = "1.5.0";
/// Vulnerability Finding.
pub const CLASS: u32 = 2002;
/// Findings.
const CATEGORY: u32 = 2;

/// Writes the sheet.
pub fn write(sheet: &Sheet) -> String {
    let mut out = String::new();
    for row in &sheet.rows {
        out.push_str(&event(row, sheet.generated_at).to_string());
        out.push('\n');
    }
    out
}

/// One finding, as it was at a time in milliseconds since 1970.
pub fn event(row: &Row, at: i64) -> Value {
    let Row { image, finding, .. } = row;
    let (activity, activity_name, status, status_name) = standing(&row.state);
    let (severity, severity_name) = severity(finding.severity);
    let mut event = json!({
        "activity_id": activity,
        "activity_name": activity_name,
        "category_name": "Findings",
        "category_uid": CATEGORY,
        "class_name": "Vulnerability Finding",
        "class_uid": CLASS,
        "type_name": format!("Vulnerability Finding: {activity_name}"),
        "type_uid": CLASS * 100 + activity,
        "severity": severity_name,
        "severity_id": severity,
        "status": status_name,
        "status_id": status,
        "time": at,
        "metadata": {
            "version": VERSION,
            "profiles": ["cloud"],
            "uid": row.id.as_str(),
            "product": {"name": "ecr-steward", "vendor_name": "ecr-steward", "version": env!("CARGO_PKG_VERSION")},
        },
        "cloud": {
            "provider": "AWS",
            "region": image.place.region,
            "account": {"uid": image.place.account, "type": "AWS Account", "type_id": 10},
        },
        "finding_info": info(row),
        "resources": [{
            "uid": image.resource_id(),
            "name": image.uri(),
            "type": "AwsEcrContainerImage",
            "region": image.place.region,
            "cloud_partition": image.place.partition,
            "labels": row.tags,
        }],
        "vulnerabilities": [vulnerability(row)],
    });
    if let (Some(event), RowState::Waived(waived)) = (event.as_object_mut(), &row.state) {
        let owner = waived.owner.as_deref().map(|owner| format!(", {owner}")).unwrap_or_default();
        event.insert("comment".to_owned(), json!(format!("{} (until {}{owner})", waived.reason, waived.until)));
    }
    event
}

/// `activity_id`, its caption, `status_id`, its caption.
const fn standing(state: &RowState) -> (u32, &'static str, u32, &'static str) {
    match state {
        RowState::Active => (1, "Create", 1, "New"),
        RowState::Waived(_) => (2, "Update", 3, "Suppressed"),
        RowState::Gone => (3, "Close", 4, "Resolved"),
    }
}

const fn severity(severity: Severity) -> (u32, &'static str) {
    match severity {
        Severity::Informational => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}

/// The scanner, in a word: `basic`.
pub(super) const fn scanner(scanner: Scanner) -> &'static str {
    match scanner {
        Scanner::Basic => "basic",
        Scanner::Enhanced => "enhanced",
        Scanner::Steward => "steward",
    }
}

/// One line, whether or not the scanner has one.
pub(super) fn title(finding: &Finding) -> String {
    let title = if finding.title.is_empty() {
        format!("{} {} {}", finding.vulnerability, finding.package, finding.version)
    } else {
        finding.title.clone()
    };
    clip(title.trim(), 256)
}

fn info(row: &Row) -> Value {
    let finding = &row.finding;
    let mut info = Map::new();
    info.insert("uid".to_owned(), json!(row.id.told()));
    info.insert("title".to_owned(), json!(title(finding)));
    info.insert("types".to_owned(), json!(["Vulnerability"]));
    info.insert("data_sources".to_owned(), json!([format!("ECR {} scanning", scanner(finding.scanner))]));
    put(&mut info, "desc", &finding.description);
    put(&mut info, "src_url", &finding.url);
    if let Some(seen) = row.first_seen {
        info.insert("first_seen_time".to_owned(), json!(seen));
        info.insert("created_time".to_owned(), json!(seen));
    }
    Value::Object(info)
}

fn vulnerability(row: &Row) -> Value {
    let finding = &row.finding;
    let mut told = Map::new();
    // The schema wants one of cve, cwe and advisory; a scanner's own name is no CVE.
    let named = if finding.vulnerability.starts_with("CVE-") { "cve" } else { "advisory" };
    let mut identity = Map::from_iter([("uid".to_owned(), json!(finding.vulnerability))]);
    if named == "cve" {
        let rated: Vec<Value> = finding.cvss.iter().filter_map(rating).collect();
        if !rated.is_empty() {
            identity.insert("cvss".to_owned(), json!(rated));
        }
        if let Some(epss) = finding.epss {
            // A string, by the schema.
            identity.insert("epss".to_owned(), json!({"score": epss.to_string()}));
        }
    }
    told.insert(named.to_owned(), Value::Object(identity));
    told.insert("title".to_owned(), json!(title(finding)));
    told.insert("severity".to_owned(), json!(finding.severity_label));
    told.insert("vendor_name".to_owned(), json!("Amazon Web Services"));
    put(&mut told, "desc", &finding.description);
    told.insert("is_fix_available".to_owned(), json!(finding.is_fixable()));
    if let Some(exploit) = finding.exploit {
        told.insert("is_exploit_available".to_owned(), json!(exploit));
    }
    if let Some(seen) = row.first_seen {
        told.insert("first_seen_time".to_owned(), json!(seen));
    }
    let links: Vec<&str> =
        std::iter::once(finding.url.as_str()).chain(finding.references.iter().map(String::as_str)).collect();
    let links: Vec<&str> = links.into_iter().filter(|link| !link.is_empty()).collect();
    if !links.is_empty() {
        told.insert("references".to_owned(), json!(links));
    }
    if !finding.package.is_empty() {
        told.insert("affected_packages".to_owned(), json!([package(finding)]));
    }
    if !finding.remediation.is_empty() {
        told.insert("remediation".to_owned(), json!({"desc": finding.remediation}));
    }
    Value::Object(told)
}

/// A rating; the schema wants its version.
fn rating(cvss: &Cvss) -> Option<Value> {
    if cvss.version.is_empty() || !cvss.score.is_finite() {
        return None;
    }
    let mut told =
        Map::from_iter([("version".to_owned(), json!(cvss.version)), ("base_score".to_owned(), json!(cvss.score))]);
    put(&mut told, "vector_string", &cvss.vector);
    put(&mut told, "vendor_name", &cvss.source);
    Some(Value::Object(told))
}

fn package(finding: &Finding) -> Value {
    let details = &finding.details;
    let mut told =
        Map::from_iter([("name".to_owned(), json!(finding.package)), ("version".to_owned(), json!(finding.version))]);
    put(&mut told, "architecture", &details.architecture);
    put(&mut told, "package_manager", &details.manager);
    put(&mut told, "release", &details.release);
    put(&mut told, "fixed_in_version", &details.fixed_in);
    if let Ok(epoch) = details.epoch.parse::<i32>() {
        told.insert("epoch".to_owned(), json!(epoch));
    }
    if let Some(path) = details.paths.first() {
        told.insert("path".to_owned(), json!(path));
    }
    Value::Object(told)
}

/// Says what is known, and nothing of what is not.
fn put(told: &mut Map<String, Value>, key: &str, value: &str) {
    if !value.is_empty() {
        told.insert(key.to_owned(), json!(value));
    }
}
