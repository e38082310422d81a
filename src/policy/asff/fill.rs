//! A finding's members, filled in from what is known.

use super::Telling;
use super::form::{
    ContainerImage, Details, Fields, Form, ProviderFields, Recommendation, Remediation, Resource, Severity, Text,
};
use super::limits::{
    MAX_DESCRIPTION, MAX_SEVERITY_ORIGINAL, MAX_TITLE, OUR_FIELD_VALUE, OUR_NAME, OUR_TAG, OUR_VERSION, Room,
};
use super::weakness::{advice, vulnerability};
use crate::model::finding::{Finding, Scanner};
use crate::model::image::ImageRef;
use crate::model::place::Place;
use crate::policy::text::{UNNAMED, clip, clip_or, link, time};
use std::borrow::Cow;

/// The format's version (Security Hub API model, `AwsSecurityFinding`).
pub const SCHEMA_VERSION: &str = "2018-10-08";
/// What Security Hub calls an image (user guide, "`AwsEcrContainerImage`").
pub(super) const RESOURCE_TYPE: &str = "AwsEcrContainerImage";
/// A custom integration may name its product; the console filters by it.
pub const PRODUCT_NAME: &str = "ecr-steward";
/// The type of a vulnerability (Security Hub user guide, "Types taxonomy for ASFF").
const VULNERABILITY_TYPES: &[&str] = &["Software and Configuration Checks/Vulnerabilities/CVE"];
/// The type of what is not as it should be, without being a vulnerability.
pub const BEST_PRACTICES: &str = "Software and Configuration Checks/AWS Security Best Practices";
/// The type of an image that nobody looks into.
const SCANNING_TYPES: &[&str] = &[BEST_PRACTICES];

/// Everything that is known, as far as there is room.
pub(super) fn form<'a>(telling: &Telling<'a>, room: Room) -> Form<'a> {
    let finding = telling.finding;
    let types = if finding.is_about_scanning() { SCANNING_TYPES } else { VULNERABILITY_TYPES };
    let severity = severity(finding);
    let title = title(telling);
    let description = clip(&finding.description, MAX_DESCRIPTION)
        .or_else(|| clip(&finding.title, MAX_DESCRIPTION))
        .unwrap_or_else(|| title.clone());
    Form {
        product_name: Some(PRODUCT_NAME),
        types,
        first_observed_at: Some(time(finding.first_observed.unwrap_or(telling.created))),
        severity: severity.clone(),
        title,
        description,
        remediation: remediation(finding),
        product_fields: Fields(product_fields(telling, room)),
        vulnerabilities: (!finding.is_about_scanning()).then(|| [vulnerability(finding, room)]),
        finding_provider_fields: Some(ProviderFields { severity, types }),
        ..demanded(telling, resource(telling, room))
    }
}

/// What Security Hub demands, and nothing a stranger wrote.
pub(super) fn demanded<'a>(telling: &Telling<'a>, resource: Resource<'a>) -> Form<'a> {
    let place = &telling.image.place;
    Form {
        schema_version: SCHEMA_VERSION,
        id: telling.id.told(),
        product_arn: product_arn(place),
        product_name: None,
        generator_id: generator(telling.finding.scanner),
        aws_account_id: &place.account,
        types: &[],
        first_observed_at: None,
        created_at: time(telling.created),
        // A finding that is older than itself is refused.
        updated_at: time(telling.updated.max(telling.created)),
        severity: Severity { label: telling.finding.severity.as_str(), original: None },
        title: Cow::Borrowed(""),
        description: Cow::Borrowed(""),
        remediation: None,
        product_fields: Fields(Vec::new()),
        resources: [resource],
        vulnerabilities: None,
        finding_provider_fields: None,
        record_state: if telling.is_archived() { "ARCHIVED" } else { "ACTIVE" },
    }
}

/// The product custom integrations belong to: the account's own (Security Hub user guide, "Custom integrations").
pub fn product_arn(place: &Place) -> String {
    let Place { partition, region, account } = place;
    format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default")
}

const fn generator(scanner: Scanner) -> &'static str {
    match scanner {
        Scanner::Basic => "ecr-steward/basic",
        Scanner::Enhanced => "ecr-steward/enhanced",
        Scanner::Steward => "ecr-steward/steward",
    }
}

fn severity(finding: &Finding) -> Severity<'_> {
    Severity { label: finding.severity.as_str(), original: clip(&finding.severity_label, MAX_SEVERITY_ORIGINAL) }
}

/// `CVE-2026-0001 in openssl 1.1.1 (team/app)`
fn title<'a>(telling: &Telling<'a>) -> Text<'a> {
    let finding = telling.finding;
    let what = if finding.is_about_scanning() {
        clip_or(&finding.title, OUR_NAME, &finding.vulnerability)
    } else {
        clip_or(&finding.vulnerability, OUR_NAME, UNNAMED)
    };
    let what = if what.is_empty() { Cow::Borrowed("Image was not scanned") } else { what };
    let repository = &telling.image.repository;
    let whole = match (clip(&finding.package, OUR_NAME), clip(&finding.version, OUR_VERSION)) {
        (Some(package), Some(version)) => format!("{what} in {package} {version} ({repository})"),
        (Some(package), None) => format!("{what} in {package} ({repository})"),
        (None, _) => format!("{what} ({repository})"),
    };
    Cow::Owned(clip(&whole, MAX_TITLE).map(Cow::into_owned).unwrap_or_default())
}

fn remediation(finding: &Finding) -> Option<Remediation<'_>> {
    let text = advice(finding);
    let url = link(&finding.url);
    (text.is_some() || url.is_some()).then_some(Remediation { recommendation: Recommendation { text, url } })
}

/// What the format has no member for. What was left out for want of room is counted, never silent.
fn product_fields<'a>(telling: &Telling<'a>, room: Room) -> Vec<(&'static str, Text<'a>)> {
    let finding = telling.finding;
    let mut fields: Vec<(&'static str, Text<'a>)> = Vec::new();
    let mut say = |key: &'static str, text: Option<Text<'a>>| fields.extend(text.map(|text| (key, text)));
    say("ecr-steward/repository", Some(Cow::Borrowed(telling.image.repository.as_str())));
    say("ecr-steward/digest", Some(Cow::Borrowed(telling.image.digest.as_str())));
    say("ecr-steward/severity", clip(&finding.severity_label, MAX_SEVERITY_ORIGINAL));
    say("ecr-steward/inspector-arn", clip(&finding.inspector_arn, OUR_FIELD_VALUE));
    if finding.is_about_scanning() {
        say("ecr-steward/scan-outcome", clip(&finding.vulnerability, OUR_FIELD_VALUE));
    }
    if let Some(parent) = telling.parent {
        say("ecr-steward/index-digest", Some(Cow::Borrowed(parent.digest.as_str())));
        say("ecr-steward/index-tags", joined(&parent.tags));
        say("ecr-steward/platform", parent.platform.as_deref().and_then(|platform| clip(platform, OUR_FIELD_VALUE)));
    }
    if let Some(waived) = telling.waived {
        say("ecr-steward/waiver-reason", clip(&waived.reason, OUR_FIELD_VALUE));
        say("ecr-steward/waiver-owner", waived.owner.as_deref().and_then(|owner| clip(owner, OUR_FIELD_VALUE)));
        say("ecr-steward/waiver-until", clip(&waived.until, OUR_FIELD_VALUE));
    }
    if finding.suppressed {
        say("ecr-steward/suppressed-in-inspector", Some(Cow::Borrowed("true")));
    }
    say("ecr-steward/omitted-paths", omitted(finding.details.paths.len(), room.packages));
    say("ecr-steward/omitted-references", omitted(finding.references.len(), room.references));
    say("ecr-steward/omitted-tags", omitted(telling.tags.len(), room.tags));
    fields
}

fn joined(tags: &[String]) -> Option<Text<'static>> {
    let mut sorted: Vec<&str> = tags.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    clip(&sorted.join(", "), OUR_FIELD_VALUE).map(|text| Cow::Owned(text.into_owned()))
}

fn omitted(all: usize, room: usize) -> Option<Text<'static>> {
    all.checked_sub(room).filter(|left| *left > 0).map(|left| Cow::Owned(left.to_string()))
}

fn resource<'a>(telling: &Telling<'a>, room: Room) -> Resource<'a> {
    let image: &'a ImageRef = telling.image;
    let mut image_tags: Vec<Text<'a>> = telling.tags.iter().filter_map(|tag| clip(tag, OUR_TAG)).collect();
    image_tags.sort_unstable();
    image_tags.truncate(room.tags);
    let details = ContainerImage {
        registry_id: &image.place.account,
        repository_name: image.repository.as_str(),
        architecture: telling.parent.and_then(|parent| architecture(parent.platform.as_deref()?)),
        image_digest: image.digest.as_str(),
        image_tags,
    };
    Resource {
        r#type: RESOURCE_TYPE,
        id: image.resource_id(),
        partition: partition(&image.place.partition),
        region: Some(&image.place.region),
        details: Some(Details { aws_ecr_container_image: details }),
    }
}

/// The partitions Security Hub has words for (API model, `Partition`); any other is left out, since it would be refused.
pub fn partition(partition: &str) -> Option<&str> {
    match partition {
        "aws" | "aws-cn" | "aws-us-gov" => Some(partition),
        "aws-iso" => Some("aws-us-iso"),
        "aws-iso-b" => Some("aws-us-iso-b"),
        _ => None,
    }
}

/// The architectures Security Hub has words for (API model, `AwsEcrContainerImageDetails`), out of `linux/arm64/v8`.
fn architecture(platform: &str) -> Option<&'static str> {
    match platform.split('/').nth(1)? {
        "amd64" => Some("x86_64"),
        "arm64" => Some("arm64"),
        "386" => Some("i386"),
        _ => None,
    }
}
