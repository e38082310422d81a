//! Gathering: what ECR says of one image, read whole or not at all.
//!
//! Every state of a scan comes out as one of a few answers. Only a whole read says what is no longer there; a page that
//! fails, or a scan that ends between two pages, fails the look and changes nothing.

use super::Scans;
use crate::event::findings::Cause;
use crate::fault::{Fault, FaultKind};
use crate::model::finding::{Finding, Scanner};
use crate::model::image::{Child, ImageRef, ManifestKind};
use crate::model::scan::{ScanAnswer, ScanPage, ScanStatus};
use crate::policy::compare::Reading;

/// The name under which it is told that an image could not be scanned. One for all reasons: it is one finding that
/// changes, and resolves once the image is scanned.
pub const NOT_SCANNED: &str = "ecr-steward/image-not-scanned";

/// What an image turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Looked {
    /// It was scanned, and this is what was found.
    Read(Whole),
    /// It could not be scanned.
    NotScanned {
        /// The scan's state.
        status: ScanStatus,
        /// ECR's words about it.
        description: String,
    },
    /// The scan is still going on.
    Unfinished(ScanStatus),
    /// It is a list of images, each of which is scanned for itself.
    Index(Vec<Child>),
    /// It is no image: a signature, an SBOM, a chart. Nothing to scan.
    Artifact(String),
    /// It can no longer be pulled.
    Archived,
    /// It is gone.
    Gone,
    /// Nobody has ever scanned it.
    NeverScanned,
}

/// A whole read.
#[derive(Clone, Debug, PartialEq)]
pub struct Whole {
    /// The scan's state.
    pub status: ScanStatus,
    /// When the scan ended, in milliseconds since 1970.
    pub completed_at: Option<i64>,
    /// The findings; `fresh` and `stamp` are for whoever knows what was read before.
    pub reading: Reading,
}

/// Looks at an image.
pub async fn look(world: &impl Scans, image: &ImageRef, cause: Cause) -> Result<Looked, Fault> {
    let page = match world.scan_page(image, None).await? {
        ScanAnswer::NoImage => return Ok(Looked::Gone),
        ScanAnswer::NoScan => return never_scanned(world, image, cause).await,
        ScanAnswer::Page(page) => page,
    };
    match &page.status {
        ScanStatus::Complete | ScanStatus::Active => read_on(world, image, page).await.map(Looked::Read),
        ScanStatus::InProgress | ScanStatus::Pending => Ok(Looked::Unfinished(page.status)),
        ScanStatus::ImageArchived => Ok(Looked::Archived),
        ScanStatus::Failed
        | ScanStatus::UnsupportedImage
        | ScanStatus::FindingsUnavailable
        | ScanStatus::LimitExceeded
        | ScanStatus::ImageSizeExceeded
        | ScanStatus::ScanEligibilityExpired
        | ScanStatus::Unknown(_) => {
            let (status, description) = (page.status.clone(), page.description);
            Ok(other_kind(world, image).await?.unwrap_or(Looked::NotScanned { status, description }))
        }
    }
}

/// All pages after the first.
async fn read_on(world: &impl Scans, image: &ImageRef, first: ScanPage) -> Result<Whole, Fault> {
    let (status, completed_at) = (first.status.clone(), first.completed_at);
    let mut reading = Reading::default();
    let mut page = first;
    loop {
        if page.completed_at != completed_at || page.status != status {
            return Err(unsteady(image));
        }
        reading.add(image, page.findings);
        let Some(token) = page.next else { break };
        page = match world.scan_page(image, Some(token)).await? {
            ScanAnswer::Page(page) => page,
            ScanAnswer::NoScan | ScanAnswer::NoImage => return Err(unsteady(image)),
        };
    }
    Ok(Whole { status, completed_at, reading })
}

fn unsteady(image: &ImageRef) -> Fault {
    let why = format!("the scan of {image} changed while its findings were being read");
    Fault::ours("ecr", "DescribeImageScanFindings", FaultKind::Conflict, why)
}

/// Is the thing no image at all, or no longer there?
pub(super) async fn other_kind(world: &impl Scans, image: &ImageRef) -> Result<Option<Looked>, Fault> {
    Ok(match world.manifest(image).await? {
        None => Some(Looked::Gone),
        Some(ManifestKind::Index(children)) => Some(Looked::Index(children)),
        Some(ManifestKind::Artifact(kind)) => Some(Looked::Artifact(kind)),
        Some(ManifestKind::Image) => None,
    })
}

async fn never_scanned(world: &impl Scans, image: &ImageRef, cause: Cause) -> Result<Looked, Fault> {
    if let Some(other) = other_kind(world, image).await? {
        return Ok(other);
    }
    // A scan was announced: what it found is not there yet.
    Ok(if cause == Cause::Scan { Looked::Unfinished(ScanStatus::Pending) } else { Looked::NeverScanned })
}

/// The finding that says that an image could not be scanned.
pub fn not_scanned(status: &ScanStatus, description: &str) -> Finding {
    let (severity, why) = match status {
        ScanStatus::Failed => ("MEDIUM", "the scan failed"),
        ScanStatus::UnsupportedImage => {
            ("MEDIUM", "the scanner does not support this image's operating system or format")
        }
        ScanStatus::FindingsUnavailable => ("MEDIUM", "ECR cannot show the findings"),
        ScanStatus::LimitExceeded => ("MEDIUM", "a scanning quota of the account is used up"),
        ScanStatus::ImageSizeExceeded => ("MEDIUM", "the image is larger than the scanner allows"),
        ScanStatus::ScanEligibilityExpired => {
            ("LOW", "Amazon Inspector scans it no longer, since its rescan duration ran out")
        }
        ScanStatus::InProgress | ScanStatus::Pending => ("LOW", "its scan has not finished for more than an hour"),
        ScanStatus::Complete | ScanStatus::Active | ScanStatus::ImageArchived | ScanStatus::Unknown(_) => {
            ("LOW", "ECR reports a scan status that is not known here")
        }
    };
    let mut finding = Finding::new(Scanner::Steward, NOT_SCANNED, severity);
    let word = status.as_str();
    finding.title = format!("Image could not be scanned ({word})");
    let said = if description.is_empty() { String::new() } else { format!(" ECR says: {description}") };
    finding.description = format!("What vulnerabilities this image has is unknown: {why} (scan status {word}).{said}");
    "See the image's scan status in Amazon ECR; rebuild it on a supported base image, or scan it again."
        .clone_into(&mut finding.remediation);
    finding
}
