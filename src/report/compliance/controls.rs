//! Whose controls ask for the same, and where their verdict may be another than ours.

use crate::plan::posture::Requirement;
use serde::{Deserialize, Serialize};

/// What others call a requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Control {
    /// Ours.
    pub requirement: Requirement,
    /// Controls of Security Hub.
    pub security_hub: Vec<String>,
    /// Managed rules of AWS Config.
    pub config: Vec<String>,
    /// Checks of Prowler.
    pub prowler: Vec<String>,
    /// Checks of checkov.
    pub checkov: Vec<String>,
    /// Where they may judge otherwise, and why.
    pub differs: String,
}

/// One line of [`TABLE`].
struct Entry {
    requirement: Requirement,
    security_hub: &'static [&'static str],
    config: &'static [&'static str],
    prowler: &'static [&'static str],
    checkov: &'static [&'static str],
    differs: &'static str,
}

/// Security Hub user guide, "Security Hub controls for Amazon ECR"; AWS Config developer guide, "List of managed rules";
/// Prowler 5.46 and checkov 3.3, whose verdicts were read in their sources and seen in runs.
const TABLE: [Entry; 6] = [
    Entry {
        requirement: Requirement::ScanOnPush,
        security_hub: &["ECR.1"],
        config: &["ecr-private-image-scanning-enabled"],
        prowler: &["ecr_repositories_scan_images_on_push_enabled", "ecr_registry_scan_images_on_push_enabled"],
        checkov: &["CKV_AWS_163"],
        differs: "Met by the repository's own flag or by the registry's scanning rules, on push or continuous. checkov \
                  and Prowler's check of repositories see the flag alone, so with enhanced scanning they may flag what \
                  is met; Prowler's check of the registry judges its rules as a whole, not this repository.",
    },
    Entry {
        requirement: Requirement::ImageTagMutability,
        security_hub: &["ECR.2"],
        config: &["ecr-private-tag-immutability-enabled"],
        prowler: &["ecr_repositories_tag_immutability"],
        checkov: &["CKV_AWS_51"],
        differs: "Met by the modes the rule accepts. Of the variants with exclusions, Prowler passes even \
                  MUTABLE_WITH_EXCLUSION, checkov fails even IMMUTABLE_WITH_EXCLUSION, and ECR.2 names IMMUTABLE alone.",
    },
    Entry {
        requirement: Requirement::LifecyclePolicy,
        security_hub: &["ECR.3"],
        config: &["ecr-private-lifecycle-policy-configured"],
        prowler: &["ecr_repositories_lifecycle_policy_enabled"],
        checkov: &[],
        differs: "They pass any policy, as a rule that says Present does; a rule with a policy of its own asks for that \
                  one.",
    },
    Entry {
        requirement: Requirement::EncryptionType,
        security_hub: &["ECR.5"],
        config: &["ecr-repository-cmk-encryption-enabled"],
        prowler: &[],
        checkov: &["CKV_AWS_136"],
        differs: "Met by the types the rule accepts. ECR.5 asks for a key of the customer's and fails KMS with the \
                  account's aws/ecr key; checkov fails KMS_DSSE.",
    },
    Entry {
        requirement: Requirement::RequiredTags,
        security_hub: &["ECR.4"],
        config: &[],
        prowler: &[],
        checkov: &[],
        differs: "ECR.4 looks at public repositories only; here private ones are looked at.",
    },
    Entry {
        requirement: Requirement::NoPublicPrincipals,
        security_hub: &[],
        config: &[],
        prowler: &["ecr_repositories_not_publicly_accessible"],
        checkov: &["CKV_AWS_32"],
        differs: "Prowler skips repositories whose policy cannot be read, which are unknown here; checkov also fails a \
                  statement that denies everybody.",
    },
];

/// The controls, in the order of the report.
pub(super) fn all() -> Vec<Control> {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let told = |entry: &Entry| Control {
        requirement: entry.requirement,
        security_hub: owned(entry.security_hub),
        config: owned(entry.config),
        prowler: owned(entry.prowler),
        checkov: owned(entry.checkov),
        differs: entry.differs.to_owned(),
    };
    TABLE.iter().map(told).collect()
}

/// The controls that ask for the same as a requirement, as ASFF takes them: `Security Hub ECR.1`, `Prowler …`.
pub(super) fn related(requirement: Requirement) -> Vec<String> {
    let entry = TABLE.iter().find(|entry| entry.requirement == requirement);
    let Some(entry) = entry else { return Vec::new() };
    let named = [
        ("Security Hub", entry.security_hub),
        ("AWS Config", entry.config),
        ("Prowler", entry.prowler),
        ("checkov", entry.checkov),
    ];
    named.iter().flat_map(|(whose, names)| names.iter().map(move |name| format!("{whose} {name}"))).collect()
}
