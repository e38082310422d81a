//! The members of a finding as Security Hub spells them, in the order in which they are written.
//!
//! Borrowed wherever a text is sent as it came, and written without an intermediate tree: a thousand of them take
//! milliseconds. What has nothing to say is left out, since an empty string is refused.

use serde::ser::{Serialize, Serializer};
use std::borrow::Cow;

/// A text as it came, or mended.
pub(super) type Text<'a> = Cow<'a, str>;

/// `AwsSecurityFinding`. `Workflow`, `Note`, `UserDefinedFields` and `VerificationState` belong to the user.
#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Form<'a> {
    pub(super) schema_version: &'static str,
    pub(super) id: String,
    pub(super) product_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) product_name: Option<&'static str>,
    pub(super) generator_id: &'static str,
    pub(super) aws_account_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) types: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_observed_at: Option<String>,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    pub(super) severity: Severity<'a>,
    pub(super) title: Text<'a>,
    pub(super) description: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remediation: Option<Remediation<'a>>,
    #[serde(skip_serializing_if = "Fields::is_empty")]
    pub(super) product_fields: Fields<'a>,
    pub(super) resources: [Resource<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) vulnerabilities: Option<[Vulnerability<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) finding_provider_fields: Option<ProviderFields<'a>>,
    pub(super) record_state: &'static str,
}

/// `Severity`
#[derive(Clone, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Severity<'a> {
    pub(super) label: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) original: Option<Text<'a>>,
}

/// `FindingProviderFields`: where a provider's severity belongs, so that a user's own is not overwritten.
#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ProviderFields<'a> {
    pub(super) severity: Severity<'a>,
    pub(super) types: &'static [&'static str],
}

/// `Remediation`
#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Remediation<'a> {
    pub(super) recommendation: Recommendation<'a>,
}

/// `Recommendation`
#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Recommendation<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<&'a str>,
}

/// `ProductFields`: written as an object, in the order in which they were put down.
pub(super) struct Fields<'a>(pub(super) Vec<(&'static str, Text<'a>)>);

impl Fields<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// `Resource`
#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Resource<'a> {
    pub(super) r#type: &'static str,
    pub(super) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) partition: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) details: Option<Details<'a>>,
}

/// `ResourceDetails`
#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Details<'a> {
    pub(super) aws_ecr_container_image: ContainerImage<'a>,
}

/// `AwsEcrContainerImageDetails`
#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ContainerImage<'a> {
    pub(super) registry_id: &'a str,
    pub(super) repository_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) architecture: Option<&'static str>,
    pub(super) image_digest: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) image_tags: Vec<Text<'a>>,
}

/// `Vulnerability`
#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Vulnerability<'a> {
    pub(super) id: Text<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) vulnerable_packages: Vec<SoftwarePackage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) cvss: Vec<Cvss<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) vendor: Option<Vendor<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) reference_urls: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fix_available: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) epss_score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exploit_available: Option<&'static str>,
}

/// `SoftwarePackage`
#[derive(Clone, Default, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SoftwarePackage<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) epoch: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) release: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) architecture: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) package_manager: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_path: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fixed_in_version: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remediation: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source_layer_hash: Option<Text<'a>>,
}

/// `Cvss`
#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Cvss<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<Text<'a>>,
    pub(super) base_score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) base_vector: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<Text<'a>>,
}

/// `VulnerabilityVendor`
#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Vendor<'a> {
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<&'a str>,
    #[serde(rename = "VendorSeverity", skip_serializing_if = "Option::is_none")]
    pub(super) severity: Option<Text<'a>>,
}
