//! What Security Hub would refuse a finding for, said of the finished text.
//!
//! Knows nothing of how findings are made here: it reads JSON, as the service does, and the sheet of limits.

use super::limits::{
    ACCOUNT_DIGITS, FINDING_BYTES, MAX_DESCRIPTION, MAX_ID, MAX_PRODUCT_ARN, MAX_PRODUCT_FIELD_KEY,
    MAX_PRODUCT_FIELD_VALUE, MAX_PRODUCT_FIELDS, MAX_PRODUCT_NAME, MAX_RECOMMENDATION, MAX_REGION, MAX_RESOURCE_TYPE,
    MAX_RESOURCES, MAX_SEVERITY_ORIGINAL, MAX_STRING, MAX_TITLE, MAX_TYPES, MIN_PRODUCT_ARN,
};
use crate::policy::text::{is_blank, is_unprintable, length};
use serde_json::Value;

/// Strings: where, shortest, longest, and whether a finding must have them.
const STRINGS: [(&str, usize, usize, bool); 14] = [
    ("/SchemaVersion", 10, 10, true),
    ("/Id", 1, MAX_ID, true),
    ("/ProductArn", MIN_PRODUCT_ARN, MAX_PRODUCT_ARN, true),
    ("/ProductName", 1, MAX_PRODUCT_NAME, false),
    ("/CompanyName", 1, MAX_PRODUCT_NAME, false),
    ("/GeneratorId", 1, MAX_ID, true),
    ("/AwsAccountId", ACCOUNT_DIGITS, ACCOUNT_DIGITS, true),
    ("/Title", 1, MAX_TITLE, true),
    ("/Description", 1, MAX_DESCRIPTION, true),
    ("/Severity/Original", 1, MAX_SEVERITY_ORIGINAL, false),
    ("/FindingProviderFields/Severity/Original", 1, MAX_SEVERITY_ORIGINAL, false),
    ("/Remediation/Recommendation/Text", 1, MAX_RECOMMENDATION, false),
    ("/CreatedAt", 20, 35, true),
    ("/UpdatedAt", 20, 35, true),
];
/// Words of a few: where, which, and whether a finding must have them.
const WORDS: [(&str, &[&str], bool); 4] = [
    ("/SchemaVersion", &["2018-10-08"], true),
    ("/Severity/Label", LABELS, true),
    ("/FindingProviderFields/Severity/Label", LABELS, false),
    ("/RecordState", &["ACTIVE", "ARCHIVED"], false),
];
const LABELS: &[&str] = &["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"];
const PARTITIONS: &[&str] = &["aws", "aws-cn", "aws-us-gov", "aws-us-iso", "aws-us-iso-b"];
const NAMESPACES: &[&str] =
    &["Software and Configuration Checks", "TTPs", "Effects", "Unusual Behaviors", "Sensitive Data Identifications"];
/// What a user has said of a finding; the service ignores or refuses it from us (Security Hub API model,
/// `BatchImportFindings`).
const USERS_OWN: [&str; 5] = ["Workflow", "WorkflowState", "Note", "UserDefinedFields", "VerificationState"];

/// Every limit this finding breaks, each with the place; none where Security Hub takes it.
pub fn flaws(finding: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let bytes = finding.to_string().len();
    if bytes > FINDING_BYTES {
        found.push(format!("is {bytes} bytes, more than {FINDING_BYTES}"));
    }
    everywhere("", finding, &mut found);
    for (place, least, most, must) in STRINGS {
        string(finding, place, least..=most, must, &mut found);
    }
    for (place, words, must) in WORDS {
        word(finding, place, words, must, &mut found);
    }
    found.extend(USERS_OWN.iter().filter(|own| finding.get(own).is_some()).map(|own| format!("/{own} is the user's")));
    account(finding, &mut found);
    times(finding, &mut found);
    for place in ["/Types", "/FindingProviderFields/Types"] {
        types(finding, place, &mut found);
    }
    product_fields(finding, &mut found);
    resources(finding, &mut found);
    vulnerabilities(finding, &mut found);
    found
}

/// What holds of every string, and that nothing is null.
fn everywhere(place: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Null => found.push(format!("{place} is null")),
        Value::String(text) if is_blank(text) => found.push(format!("{place} says nothing")),
        Value::String(text) if text.contains(is_unprintable) => found.push(format!("{place} has control characters")),
        Value::String(text) if length(text) > MAX_STRING => found.push(format!("{place} is longer than any field")),
        Value::Array(members) if members.is_empty() => found.push(format!("{place} is empty")),
        Value::Array(members) => {
            for (at, member) in members.iter().enumerate() {
                everywhere(&format!("{place}/{at}"), member, found);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                everywhere(&format!("{place}/{key}"), member, found);
            }
        }
        _ => {}
    }
}

fn string(within: &Value, place: &str, range: std::ops::RangeInclusive<usize>, must: bool, found: &mut Vec<String>) {
    match within.pointer(place) {
        Some(Value::String(text)) if range.contains(&length(text)) => {}
        Some(Value::String(text)) => {
            found.push(format!("{place} is {} characters long, not {range:?}", length(text)));
        }
        Some(_) => found.push(format!("{place} is no string")),
        None if must => found.push(format!("{place} is missing")),
        None => {}
    }
}

fn word(within: &Value, place: &str, words: &[&str], must: bool, found: &mut Vec<String>) {
    match within.pointer(place) {
        Some(value) if value.as_str().is_some_and(|text| words.contains(&text)) => {}
        Some(value) => found.push(format!("{place} is {value}, none of {words:?}")),
        None if must => found.push(format!("{place} is missing")),
        None => {}
    }
}

/// A custom integration's product belongs to the account that the finding does.
fn account(finding: &Value, found: &mut Vec<String>) {
    let text = |place| finding.pointer(place).and_then(Value::as_str).unwrap_or_default();
    let account = text("/AwsAccountId");
    if !account.bytes().all(|byte| byte.is_ascii_digit()) {
        found.push("/AwsAccountId has something else than digits".to_owned());
    }
    let arn = text("/ProductArn");
    if !arn.starts_with("arn:") || !arn.ends_with(&format!(":{account}:product/{account}/default")) {
        found.push("/ProductArn is not the account's default product".to_owned());
    }
}

fn times(finding: &Value, found: &mut Vec<String>) {
    let read = |place: &str| -> Option<Result<jiff::Timestamp, String>> {
        let text = finding.get(place)?.as_str().unwrap_or_default();
        // RFC 3339's own form; the parser takes others too.
        let strict = text.ends_with('Z') && text.get(10..11) == Some("T");
        let told = strict.then(|| text.parse().ok()).flatten();
        Some(told.ok_or_else(|| format!("/{place} is no RFC 3339 time with Z")))
    };
    let all = ["FirstObservedAt", "LastObservedAt", "CreatedAt", "UpdatedAt"].map(read);
    if let [_, _, Some(Ok(created)), Some(Ok(updated))] = &all
        && created > updated
    {
        found.push("/UpdatedAt is before /CreatedAt".to_owned());
    }
    found.extend(all.into_iter().flatten().filter_map(Result::err));
}

fn types(finding: &Value, place: &str, found: &mut Vec<String>) {
    let Some(types) = finding.pointer(place) else { return };
    let Some(types) = types.as_array() else { return found.push(format!("{place} is no list")) };
    if types.len() > MAX_TYPES {
        found.push(format!("{place} has {} members, more than {MAX_TYPES}", types.len()));
    }
    let legal = |one: &&Value| {
        let parts: Vec<&str> = one.as_str().unwrap_or_default().split('/').collect();
        parts.len() <= 3 && parts.first().is_some_and(|first| NAMESPACES.contains(first))
    };
    found.extend(types.iter().filter(|one| !legal(one)).map(|one| format!("{place} has {one}, which is no type")));
}

fn product_fields(finding: &Value, found: &mut Vec<String>) {
    let Some(fields) = finding.get("ProductFields") else { return };
    let Some(fields) = fields.as_object() else { return found.push("/ProductFields is no object".to_owned()) };
    if fields.len() > MAX_PRODUCT_FIELDS {
        found.push(format!("/ProductFields has {} pairs, more than {MAX_PRODUCT_FIELDS}", fields.len()));
    }
    for (key, value) in fields {
        let fits = value.as_str().is_some_and(|text| length(text) <= MAX_PRODUCT_FIELD_VALUE);
        if !fits || is_blank(key) || length(key) > MAX_PRODUCT_FIELD_KEY {
            found.push(format!("/ProductFields/{key} is no pair of short strings"));
        }
    }
}

/// The members of a list that must be one where it is there.
fn members<'a>(within: &'a Value, name: &str, found: &mut Vec<String>) -> &'a [Value] {
    match within.get(name) {
        Some(Value::Array(members)) => members,
        Some(_) => {
            found.push(format!("{name} is no list"));
            &[]
        }
        None => &[],
    }
}

fn resources(finding: &Value, found: &mut Vec<String>) {
    let resources = members(finding, "Resources", found);
    if !(1..=MAX_RESOURCES).contains(&resources.len()) {
        found.push(format!("/Resources has {} members, not 1 to {MAX_RESOURCES}", resources.len()));
    }
    for resource in resources {
        string(resource, "/Type", 1..=MAX_RESOURCE_TYPE, true, found);
        string(resource, "/Id", 1..=MAX_STRING, true, found);
        string(resource, "/Region", 1..=MAX_REGION, false, found);
        word(resource, "/Partition", PARTITIONS, false, found);
        word(resource, "/Details/AwsEcrContainerImage/Architecture", &["arm64", "i386", "x86_64"], false, found);
    }
}

fn vulnerabilities(finding: &Value, found: &mut Vec<String>) {
    for vulnerability in members(finding, "Vulnerabilities", found) {
        string(vulnerability, "/Id", 1..=MAX_STRING, true, found);
        word(vulnerability, "/FixAvailable", &["YES", "NO", "PARTIAL"], false, found);
        word(vulnerability, "/ExploitAvailable", &["YES", "NO"], false, found);
        string(vulnerability, "/Vendor/Name", 1..=MAX_STRING, vulnerability.get("Vendor").is_some(), found);
        let score = vulnerability.get("EpssScore").map(|score| score.as_f64().unwrap_or(f64::NAN));
        if score.is_some_and(|score| !(0.0..=1.0).contains(&score)) {
            found.push("EpssScore is no probability".to_owned());
        }
        for rating in members(vulnerability, "Cvss", found) {
            if !rating.get("BaseScore").is_none_or(Value::is_number) {
                found.push("BaseScore is no number".to_owned());
            }
        }
        members(vulnerability, "VulnerablePackages", found);
        members(vulnerability, "ReferenceUrls", found);
    }
}
