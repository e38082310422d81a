//! How much Security Hub takes: every limit a finding is held to, and whose word it is.
//!
//! "Model" is the Security Hub API model (botocore's `securityhub`); "ours" is a bound the service does not name, set so
//! that a finding stays far below its limit of bytes. Lengths are characters, counted as [`crate::policy::text::clip`] does.

/// Findings one `BatchImportFindings` takes (model, `BatchImportFindingsRequestFindingList`).
pub const BATCH_COUNT: usize = 100;
/// Bytes of findings sent in one call: the service takes 6 MB (Security Hub user guide, "Guidelines for using
/// `BatchImportFindings`"), and the envelope needs some of them.
pub const BATCH_BYTES: usize = 5_500_000;
/// Bytes of one finding (Security Hub user guide, "Guidelines for using `BatchImportFindings`": 240 KB).
pub const FINDING_BYTES: usize = 240_000;
/// Any string; one of 32,768 characters or more is refused whatever the field (seen in refusals of the service).
pub const MAX_STRING: usize = 32_767;

/// `Id`, `GeneratorId` (model).
pub const MAX_ID: usize = 512;
/// `ProductArn`, shortest (model).
pub const MIN_PRODUCT_ARN: usize = 12;
/// `ProductArn`, longest (model).
pub const MAX_PRODUCT_ARN: usize = 2_048;
/// `ProductName`, `CompanyName` (model).
pub const MAX_PRODUCT_NAME: usize = 128;
/// Digits of `AwsAccountId` (model).
pub const ACCOUNT_DIGITS: usize = 12;
/// `Title` (model).
pub const MAX_TITLE: usize = 256;
/// `Description` (model).
pub const MAX_DESCRIPTION: usize = 1_024;
/// Members of `Types` (model).
pub const MAX_TYPES: usize = 50;
/// `Severity.Original` (model).
pub const MAX_SEVERITY_ORIGINAL: usize = 64;
/// Members of `Resources` (model).
pub const MAX_RESOURCES: usize = 32;
/// `Resources[].Type` (model).
pub const MAX_RESOURCE_TYPE: usize = 256;
/// `Resources[].Region` (model).
pub const MAX_REGION: usize = 16;
/// `Remediation.Recommendation.Text` (model).
pub const MAX_RECOMMENDATION: usize = 512;
/// Pairs of `ProductFields` (model).
pub const MAX_PRODUCT_FIELDS: usize = 50;
/// A key of `ProductFields` (model).
pub const MAX_PRODUCT_FIELD_KEY: usize = 128;
/// A value of `ProductFields` (model).
pub const MAX_PRODUCT_FIELD_VALUE: usize = 2_048;

/// A value of `ProductFields`, as we write it (ours).
pub const OUR_FIELD_VALUE: usize = 512;
/// Names: of vulnerability, package, vendor (ours).
pub const OUR_NAME: usize = 256;
/// Versions and vectors (ours).
pub const OUR_VERSION: usize = 256;
/// Architecture, package manager, epoch (ours).
pub const OUR_WORD: usize = 64;
/// File paths (ours).
pub const OUR_PATH: usize = 1_024;
/// A tag: ECR allows 300 characters (ECR API model, `ImageTag`).
pub const OUR_TAG: usize = 300;

/// How many members the lists of a finding may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// `VulnerablePackages`, one per path.
    pub(super) packages: usize,
    /// `ReferenceUrls`.
    pub(super) references: usize,
    /// `ImageTags`.
    pub(super) tags: usize,
    /// `Cvss`.
    pub(super) cvss: usize,
}

impl Room {
    /// What a finding has: more than a person reads, and with the texts that occur some tens of kilobytes.
    pub(super) const WIDE: Self = Self { packages: 100, references: 25, tags: 50, cvss: 10 };
    /// Where that exceeds [`FINDING_BYTES`]. With every text at its longest and three bytes to each of its characters this
    /// is below 190 KB: ten packages of 9 KB, 10 KB of addresses, 9 KB of tags, and 60 KB of everything else.
    pub(super) const NARROW: Self = Self { packages: 10, references: 5, tags: 10, cvss: 3 };
}
