//! The report as Security Hub takes it: one finding per check that fails or is unknown, on the repository.
//!
//! What passes again is told once more, as passed and archived, so that nothing stays open that is mended; what the report
//! does not list for want of room, and what was of repositories that are gone, Security Hub drops when it was not told of
//! it for 90 days. What is exempt is not told: somebody decided to live with it.

use super::controls::related;
use super::line::{CheckTold, Line};
use super::read::Report;
use super::told::Head;
use crate::model::finding::hex;
use crate::model::place::Place;
use crate::plan::posture::{Requirement, Status};
use crate::policy::asff::limits::{MAX_DESCRIPTION, MAX_ID, MAX_RECOMMENDATION, MAX_TITLE, OUR_FIELD_VALUE, OUR_NAME};
use crate::policy::asff::{BEST_PRACTICES, PRODUCT_NAME, SCHEMA_VERSION, partition, product_arn};
use crate::policy::text::{clip, clip_or};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// What Security Hub calls a repository (user guide, "`AwsEcrRepository`").
const RESOURCE_TYPE: &str = "AwsEcrRepository";

/// All findings, in the order of repositories.
pub(super) fn findings(report: &Report) -> Vec<Value> {
    let place = place(&report.head);
    let mut all = Vec::new();
    for repository in &report.repositories {
        for check in &repository.checks {
            if matches!(check.status, Status::Fail | Status::Unknown) {
                all.push(open(&report.head, &place, repository, check));
            }
        }
    }
    for name in &report.head.since_last.newly_passing.listed {
        let (repository, rule) = (name.repository.as_str(), name.rule.as_str());
        let mut finding = demanded(&report.head, &place, (repository, rule, name.requirement));
        let words = format!("{} is met again.", name.requirement.as_str());
        finding.insert("Description".to_owned(), json!(words));
        finding.insert("Severity".to_owned(), json!({"Label": "INFORMATIONAL"}));
        finding.insert("Compliance".to_owned(), json!({"Status": "PASSED"}));
        finding.insert("RecordState".to_owned(), json!("ARCHIVED"));
        all.push(Value::Object(finding));
    }
    all
}

fn open(head: &Head, place: &Place, repository: &Line<'_>, check: &CheckTold<'_>) -> Value {
    let requirement = check.requirement;
    let mut finding = demanded(head, place, (&repository.name, &check.rule, requirement));
    let fails = check.status == Status::Fail;
    let severity = if fails { severity(requirement) } else { "LOW" };
    let types = [BEST_PRACTICES];
    let told = format!("Found: {}. Wished: {}. {}", check.found, check.wished, check.note);
    let mut compliance = json!({"Status": if fails { "FAILED" } else { "WARNING" }});
    let related = related(requirement);
    if !related.is_empty()
        && let Some(compliance) = compliance.as_object_mut()
    {
        compliance.insert("RelatedRequirements".to_owned(), json!(related));
    }
    let mut put = |key: &str, value: Value| finding.insert(key.to_owned(), value);
    put("Description", json!(clip_or(&told, MAX_DESCRIPTION, requirement.as_str())));
    put("Severity", json!({"Label": severity}));
    put("FindingProviderFields", json!({"Severity": {"Label": severity}, "Types": types}));
    put("Compliance", compliance);
    put("RecordState", json!("ACTIVE"));
    if let Some(text) = advice(check) {
        put("Remediation", json!({"Recommendation": {"Text": text}}));
    }
    put("ProductFields", fields(repository, check));
    Value::Object(finding)
}

/// What Security Hub demands, but for what depends on how the check stands.
fn demanded(head: &Head, place: &Place, check: (&str, &str, Requirement)) -> Map<String, Value> {
    let (repository, rule, requirement) = check;
    let arn = format!("arn:{}:ecr:{}:{}:repository/{repository}", place.partition, place.region, place.account);
    let title = format!("{} of {repository} is not as {rule} demands", requirement.as_str());
    let generator = format!("ecr-steward/{rule}/{}", requirement.as_str());
    let mut resource = json!({
        "Type": RESOURCE_TYPE,
        "Id": arn,
        "Region": place.region,
        "Details": {"AwsEcrRepository": {"Arn": arn, "RepositoryName": repository}},
    });
    if let (Some(known), Some(resource)) = (partition(&place.partition), resource.as_object_mut()) {
        resource.insert("Partition".to_owned(), json!(known));
    }
    let finding = json!({
        "SchemaVersion": SCHEMA_VERSION,
        "Id": id(place, check),
        "ProductArn": product_arn(place),
        "ProductName": PRODUCT_NAME,
        "GeneratorId": clip_or(&generator, MAX_ID, PRODUCT_NAME),
        "AwsAccountId": place.account,
        "Types": [BEST_PRACTICES],
        "CreatedAt": head.run.started,
        // A finding that is older than itself is refused.
        "UpdatedAt": head.run.finished.as_str().max(&head.run.started),
        "Title": clip_or(&title, MAX_TITLE, requirement.as_str()),
        "Resources": [resource],
    });
    if let Value::Object(finding) = finding { finding } else { Map::new() }
}

/// The same as long as account, Region, repository, rule and requirement are.
fn id(place: &Place, (repository, rule, requirement): (&str, &str, Requirement)) -> String {
    let mut hash = Sha256::new();
    for part in [place.account.as_str(), &place.region, repository, rule, requirement.as_str()] {
        // The length before each part: ("a", "bc") must not meet ("ab", "c").
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    format!("ecr-steward/compliance/{}", hex(hash.finalize().as_slice()))
}

/// As Security Hub's own controls and Prowler rate it, where they do.
const fn severity(requirement: Requirement) -> &'static str {
    match requirement {
        Requirement::NoPublicPrincipals => "CRITICAL",
        Requirement::ScanOnPush | Requirement::AllowedAccounts | Requirement::Exists => "HIGH",
        Requirement::ImageTagMutability
        | Requirement::LifecyclePolicy
        | Requirement::EncryptionType
        | Requirement::RepositoryPolicy => "MEDIUM",
        Requirement::RequiredTags => "LOW",
    }
}

fn advice(check: &CheckTold<'_>) -> Option<String> {
    let words = match (&*check.note, &*check.wished) {
        ("", "") => return None,
        ("", wished) => format!("Set {} to: {wished}", check.requirement.as_str()),
        (note, _) => note.to_owned(),
    };
    clip(&words, MAX_RECOMMENDATION).map(std::borrow::Cow::into_owned)
}

/// What the format has no member for.
fn fields(repository: &Line<'_>, check: &CheckTold<'_>) -> Value {
    let mut fields = Map::new();
    let mut say = |key: &str, text: &str| {
        if let Some(text) = clip(text, OUR_FIELD_VALUE) {
            fields.insert(format!("ecr-steward/{key}"), json!(text));
        }
    };
    say("repository", &repository.name);
    say("rule", &check.rule);
    say("requirement", check.requirement.as_str());
    say("found", &check.found);
    say("wished", &check.wished);
    say("action", check.action.as_str());
    say("detail", &check.detail);
    if let Some(owner) = &repository.owner {
        say("stack", &clip_or(&owner.stack, OUR_NAME, ""));
    }
    Value::Object(fields)
}

fn place(head: &Head) -> Place {
    Place { partition: head.partition.clone(), region: head.region.clone(), account: head.account.clone() }
}
