//! What ECR says when it is asked what a scan found.

use super::finding::Finding;
use serde::{Deserialize, Serialize};

/// The state of an image's scan (ECR API model, `ScanStatus`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum ScanStatus {
    /// It is being scanned.
    InProgress,
    /// It was scanned.
    Complete,
    /// The scan failed.
    Failed,
    /// The scanner cannot read this image.
    UnsupportedImage,
    /// It is scanned continuously, which is the usual state under enhanced scanning.
    Active,
    /// It waits to be scanned.
    Pending,
    /// Inspector scans it no longer: the rescan duration ran out.
    ScanEligibilityExpired,
    /// The findings cannot be shown.
    FindingsUnavailable,
    /// A quota is used up.
    LimitExceeded,
    /// It lies in the archive storage class and cannot be pulled.
    ImageArchived,
    /// It is too large to be scanned.
    ImageSizeExceeded,
    /// A word ECR has learnt since.
    Unknown(String),
}

impl ScanStatus {
    /// Those with a name of ours.
    const KNOWN: [(&'static str, Self); 11] = [
        ("IN_PROGRESS", Self::InProgress),
        ("COMPLETE", Self::Complete),
        ("FAILED", Self::Failed),
        ("UNSUPPORTED_IMAGE", Self::UnsupportedImage),
        ("ACTIVE", Self::Active),
        ("PENDING", Self::Pending),
        ("SCAN_ELIGIBILITY_EXPIRED", Self::ScanEligibilityExpired),
        ("FINDINGS_UNAVAILABLE", Self::FindingsUnavailable),
        ("LIMIT_EXCEEDED", Self::LimitExceeded),
        ("IMAGE_ARCHIVED", Self::ImageArchived),
        ("IMAGE_SIZE_EXCEEDED", Self::ImageSizeExceeded),
    ];

    /// ECR's word.
    pub fn as_str(&self) -> &str {
        if let Self::Unknown(word) = self {
            return word;
        }
        Self::KNOWN.iter().find(|(_, status)| status == self).map_or("", |(word, _)| word)
    }
}

impl From<String> for ScanStatus {
    fn from(word: String) -> Self {
        let known = Self::KNOWN.into_iter().find(|(known, _)| *known == word);
        known.map_or(Self::Unknown(word), |(_, status)| status)
    }
}

impl From<ScanStatus> for String {
    fn from(status: ScanStatus) -> Self {
        status.as_str().to_owned()
    }
}

/// One page of `DescribeImageScanFindings`.
#[derive(Clone, Debug, PartialEq)]
pub struct ScanPage {
    /// The scan's state.
    pub status: ScanStatus,
    /// ECR's words about it.
    pub description: String,
    /// When the scan ended, in milliseconds since 1970.
    pub completed_at: Option<i64>,
    /// The findings of this page. Those that Inspector has closed are not among them.
    pub findings: Vec<Finding>,
    /// Were there enhanced findings, open or closed, on it? Decides what kind of scan this was, whatever the status.
    pub enhanced: bool,
    /// Where there are more: the next page.
    pub next: Option<String>,
}

/// What asking came to.
#[derive(Clone, Debug, PartialEq)]
pub enum ScanAnswer {
    /// A page.
    Page(ScanPage),
    /// The image was never scanned.
    NoScan,
    /// There is no such image, or no such repository.
    NoImage,
}
