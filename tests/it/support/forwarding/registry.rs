//! ECR: repositories, images, manifests, and what scans found in them.

use super::{Region, State, digest, repository};
use ecr_steward::fault::Fault;
use ecr_steward::flow::findings::{Listing, Scans};
use ecr_steward::model::finding::{Finding, Scanner};
use ecr_steward::model::image::{Child, ImageDetail, ImageRef, ManifestKind};
use ecr_steward::model::name::RepositoryName;
use ecr_steward::model::place::Place;
use ecr_steward::model::repository::Tags;
use ecr_steward::model::scan::{ScanAnswer, ScanPage, ScanStatus};
use std::collections::BTreeMap;

/// A repository.
#[derive(Clone, Debug, Default)]
pub(crate) struct Repo {
    pub(crate) tags: Tags,
    /// By digest.
    pub(crate) images: BTreeMap<String, Stored>,
}

/// What lies in a repository.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) tags: Vec<String>,
    pub(crate) media_type: &'static str,
    pub(crate) kind: ManifestKind,
    /// In seconds since 1970.
    pub(crate) pushed_at: i64,
    pub(crate) scan: Option<Scan>,
    /// Does `DescribeImages` say when it was scanned? Native basic scanning may not.
    pub(crate) summary: bool,
}

/// What its scan came to.
#[derive(Clone, Debug)]
pub(crate) struct Scan {
    pub(crate) status: ScanStatus,
    pub(crate) completed_at: Option<i64>,
    pub(crate) findings: Vec<Finding>,
}

/// The n-th basic finding there is: severities in turn, most of them not bad.
pub(crate) fn flaw(number: u32) -> Finding {
    let severity = ["LOW", "MEDIUM", "INFORMATIONAL", "HIGH", "CRITICAL"][(number % 5) as usize];
    let mut finding = Finding::new(Scanner::Basic, format!("CVE-2026-{number:05}"), severity);
    finding.package = format!("package-{}", number % 40);
    "1.0".clone_into(&mut finding.version);
    finding.description = format!("What is wrong with it, for the {number}th time.");
    finding.url = format!("https://example.org/CVE-2026-{number:05}");
    finding
}

/// The same, as Inspector would have found it.
pub(crate) fn enhanced(number: u32) -> Finding {
    Finding { scanner: Scanner::Enhanced, ..flaw(number) }
}

/// Of a severity.
pub(crate) fn of(severity: &str, number: u32) -> Finding {
    let like = Finding::new(Scanner::Basic, "", severity);
    Finding { severity: like.severity, severity_label: like.severity_label, ..flaw(number) }
}

impl Region {
    /// Pushes an image; nobody has scanned it.
    pub(crate) fn push(&self, name: &str, number: u32, tags: &[&str]) {
        self.push_kind(name, number, tags, ManifestKind::Image);
    }

    /// Pushes an index of these images, each with its platform.
    pub(crate) fn push_index(&self, name: &str, number: u32, tags: &[&str], children: &[(u32, &str)]) {
        let child = |(number, platform): &(u32, &str)| Child {
            digest: digest(*number),
            platform: Some((*platform).to_owned()),
        };
        self.push_kind(name, number, tags, ManifestKind::Index(children.iter().map(child).collect()));
    }

    pub(crate) fn push_kind(&self, name: &str, number: u32, tags: &[&str], kind: ManifestKind) {
        let media_type = match kind {
            ManifestKind::Index(_) => "application/vnd.oci.image.index.v1+json",
            _ => "application/vnd.oci.image.manifest.v1+json",
        };
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        self.with(|state| {
            let images = &mut state.registry.entry(name.to_owned()).or_default().images;
            for image in images.values_mut() {
                image.tags.retain(|tag| !tags.contains(tag));
            }
            let pushed_at = state.now / 1_000;
            let stored = Stored { tags, media_type, kind, pushed_at, scan: None, summary: true };
            images.insert(digest(number).to_string(), stored);
        });
    }

    /// A scan ends now, with these findings.
    pub(crate) fn scan(&self, name: &str, number: u32, findings: Vec<Finding>) {
        self.scan_is(name, number, ScanStatus::Complete, findings);
    }

    /// A scan is in this state now.
    pub(crate) fn scan_is(&self, name: &str, number: u32, status: ScanStatus, findings: Vec<Finding>) {
        let completed_at = Some(self.now()).filter(|_| matches!(status, ScanStatus::Complete | ScanStatus::Active));
        self.nudge(name, number, |image| image.scan = Some(Scan { status, completed_at, findings }));
    }

    /// The same scan says something else.
    pub(crate) fn reads(&self, name: &str, number: u32, findings: Vec<Finding>) {
        self.nudge(name, number, |image| image.scan.as_mut().expect("it was scanned").findings = findings);
    }

    /// Changes an image behind everybody's back.
    pub(crate) fn nudge(&self, name: &str, number: u32, change: impl FnOnce(&mut Stored)) {
        self.with(|state| {
            let repo = state.registry.get_mut(name).expect("the repository exists");
            change(repo.images.get_mut(digest(number).as_str()).expect("the image exists"));
        });
    }

    pub(crate) fn delete_image(&self, name: &str, number: u32) {
        self.with(|state| {
            state.registry.get_mut(name).expect("the repository exists").images.remove(digest(number).as_str())
        });
    }

    pub(crate) fn delete_repository(&self, name: &str) {
        self.with(|state| state.registry.remove(name));
    }
}

fn stored<'a>(state: &'a State, image: &ImageRef) -> Option<&'a Stored> {
    state.registry.get(image.repository.as_str())?.images.get(image.digest.as_str())
}

fn detail(digest: &str, image: &Stored) -> ImageDetail {
    let scanned_at = image.scan.as_ref().and_then(|scan| scan.completed_at).filter(|_| image.summary);
    let mut tags = image.tags.clone();
    tags.sort();
    ImageDetail {
        digest: ecr_steward::model::image::Digest::parse(digest).expect("a digest"),
        tags,
        pushed_at: Some(image.pushed_at),
        scanned_at: scanned_at.map(|at| at / 1_000),
        media_type: image.media_type.to_owned(),
        artifact_type: None,
    }
}

/// One page of a list.
fn paged<T: Clone>(all: &[T], token: Option<&String>, size: usize) -> Listing<T> {
    let begin = token.map_or(0, |token| token.parse().expect("a token of ours"));
    let page = all.iter().skip(begin).take(size).cloned().collect();
    (page, (begin + size < all.len()).then(|| (begin + size).to_string()))
}

impl Scans for Region {
    async fn scan_page(&self, image: &ImageRef, token: Option<String>) -> Result<ScanAnswer, Fault> {
        self.call("ecr:DescribeImageScanFindings", |state| {
            let Some(stored) = stored(state, image) else { return Ok(ScanAnswer::NoImage) };
            let Some(scan) = &stored.scan else { return Ok(ScanAnswer::NoScan) };
            // Also for what was read before: ECR says nothing of findings of a scan that has none to show.
            let (findings, next) = paged(&scan.findings, token.as_ref(), state.page_size.max(1_000));
            Ok(ScanAnswer::Page(ScanPage {
                status: scan.status.clone(),
                description: String::new(),
                completed_at: scan.completed_at,
                enhanced: findings.iter().any(|finding| finding.scanner == Scanner::Enhanced),
                findings,
                next,
            }))
        })
        .await
    }

    async fn manifest(&self, image: &ImageRef) -> Result<Option<ManifestKind>, Fault> {
        self.call("ecr:BatchGetImage", |state| Ok(stored(state, image).map(|image| image.kind.clone()))).await
    }

    async fn image_detail(&self, image: &ImageRef) -> Result<Option<ImageDetail>, Fault> {
        let digest = image.digest.as_str();
        self.call("ecr:DescribeImages", |state| Ok(stored(state, image).map(|image| detail(digest, image)))).await
    }

    async fn image_page(
        &self,
        repository: &RepositoryName,
        token: Option<String>,
    ) -> Result<Option<Listing<ImageDetail>>, Fault> {
        self.call("ecr:DescribeImages", |state| {
            let Some(repo) = state.registry.get(repository.as_str()) else { return Ok(None) };
            let all: Vec<ImageDetail> = repo.images.iter().map(|(digest, image)| detail(digest, image)).collect();
            Ok(Some(paged(&all, token.as_ref(), state.page_size)))
        })
        .await
    }

    async fn repository_page(&self, token: Option<String>) -> Result<Listing<RepositoryName>, Fault> {
        self.call("ecr:DescribeRepositories", |state| {
            let all: Vec<RepositoryName> = state.registry.keys().map(|name| repository(name)).collect();
            Ok(paged(&all, token.as_ref(), state.page_size))
        })
        .await
    }

    async fn repository_tags(&self, _: &Place, repository: &RepositoryName) -> Result<Option<Tags>, Fault> {
        self.call("ecr:ListTagsForResource", |state| {
            Ok(state.registry.get(repository.as_str()).map(|repo| repo.tags.clone()))
        })
        .await
    }
}
