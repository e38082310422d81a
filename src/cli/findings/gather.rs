//! Bringing the records of images together: as the function wrote them, or as ECR would have it write them now.

use crate::aws::Forwarder;
use crate::cli::image::Found;
use crate::cli::output::{progress, progress_of};
use crate::cli::sight::{Sight, of_index, sights};
use crate::fault::Fault;
use crate::flow::findings::look::{Looked, not_scanned};
use crate::flow::findings::{Records as _, Scans as _};
use crate::model::finding::Finding;
use crate::model::image::{ImageDetail, ImageRef, ManifestKind, of_state_key, state_prefix};
use crate::model::name::RepositoryName;
use crate::policy::record::{ImageRecord, Kept};
use crate::spec::findings::Glob;
use futures_util::{StreamExt as _, stream};

/// Records read at a time.
const RECORDS_AT_ONCE: usize = 16;
/// Images looked at at a time: `DescribeImageScanFindings` is rationed, and the function wants its part.
const LOOKS_AT_ONCE: usize = 4;

/// What is meant.
#[derive(Clone, Debug)]
pub(super) enum Scope {
    /// One image, and where it is an index all of its images.
    Image(Found),
    /// The images of these repositories.
    Named(Vec<RepositoryName>),
    /// The images of repositories that match one of these; of all where there are none.
    Matching(Vec<Glob>),
}

impl Scope {
    /// Is it the whole registry?
    pub(super) const fn is_everything(&self) -> bool {
        matches!(self, Self::Matching(globs) if globs.is_empty())
    }
}

/// What could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) image: ImageRef,
    pub(super) why: String,
}

impl Gap {
    fn of(image: ImageRef, why: impl Into<String>) -> Self {
        Self { image, why: why.into() }
    }
}

/// Whoever takes the records.
type Take<'a> = &'a mut (dyn FnMut(ImageRecord) + Send);

/// What is remembered.
pub(super) async fn remembered(forwarder: &Forwarder, scope: &Scope, each: Take<'_>) -> Result<Vec<Gap>, Fault> {
    let images = match scope {
        Scope::Image(found) => return one(forwarder, found, each).await,
        Scope::Named(names) => of_repositories(forwarder, names).await?,
        Scope::Matching(globs) => matching(forwarder, globs).await?,
    };
    let (mut gaps, mut done, all) = (Vec::new(), 0, images.len());
    let mut records = stream::iter(images)
        .map(|image| async move { (forwarder.record(&image).await, image) })
        .buffer_unordered(RECORDS_AT_ONCE);
    while let Some((record, image)) = records.next().await {
        done += 1;
        progress_of(done, all, "images read");
        match record {
            Ok(Some((record, _))) => each(record),
            // Forgotten since it was listed.
            Ok(None) => {}
            Err(fault) => gaps.push(Gap::of(image, fault.to_string())),
        }
    }
    gaps.sort_by(|one, two| one.image.cmp(&two.image));
    Ok(gaps)
}

async fn matching(forwarder: &Forwarder, globs: &[Glob]) -> Result<Vec<ImageRef>, Fault> {
    let mut images = Vec::new();
    let mut token = None;
    loop {
        let (page, next) = forwarder.remembered(forwarder.place(), token).await?;
        let name = |image: &ImageRef| globs.iter().any(|glob| glob.matches(image.repository.as_str()));
        images.extend(page.into_iter().filter(|image| globs.is_empty() || name(image)));
        token = next;
        if token.is_none() {
            return Ok(images);
        }
        progress(&format!("{} images are remembered …", images.len()));
    }
}

async fn of_repositories(forwarder: &Forwarder, names: &[RepositoryName]) -> Result<Vec<ImageRef>, Fault> {
    let place = forwarder.place();
    let mut images = Vec::new();
    for name in names {
        let prefix = state_prefix(place, name);
        let mut token = None;
        loop {
            let (entries, next) = forwarder.entries(&prefix, token).await?;
            images.extend(entries.iter().filter_map(|entry| of_state_key(place, &entry.key)));
            token = next;
            if token.is_none() {
                break;
            }
        }
    }
    images.sort();
    images.dedup();
    Ok(images)
}

/// One image; of an index nothing is remembered but of its images.
async fn one(forwarder: &Forwarder, found: &Found, each: Take<'_>) -> Result<Vec<Gap>, Fault> {
    const UNKNOWN: &str =
        "nothing is remembered of it: no scan of it was seen since ecr-steward was installed; --live asks ECR";
    let image = &found.image;
    if let Some((record, _)) = forwarder.record(image).await? {
        each(record);
        return Ok(Vec::new());
    }
    let children = match forwarder.manifest(image).await? {
        None => return Ok(vec![Gap::of(image.clone(), "there is no such image, and nothing is remembered of it")]),
        Some(ManifestKind::Image) => return Ok(vec![Gap::of(image.clone(), UNKNOWN)]),
        Some(ManifestKind::Artifact(kind)) => {
            let why = format!("it is no image but an artefact of type {kind}, in which nothing is scanned");
            return Ok(vec![Gap::of(image.clone(), why)]);
        }
        Some(ManifestKind::Index(children)) => children,
    };
    let mut gaps = Vec::new();
    for child in children {
        let (image, _) = of_index(image, &found.tags, child);
        match forwarder.record(&image).await {
            Ok(Some((record, _))) => each(record),
            Ok(None) => gaps.push(Gap::of(image, UNKNOWN)),
            Err(fault) => gaps.push(Gap::of(image, fault.to_string())),
        }
    }
    Ok(gaps)
}

/// What ECR says now.
pub(super) async fn live(forwarder: &Forwarder, scope: &Scope, each: Take<'_>) -> Result<Vec<Gap>, Fault> {
    let mut gaps = Vec::new();
    match scope {
        Scope::Image(found) => {
            for sight in sights(forwarder, &found.image, &found.tags).await {
                take(sight, &found.tags, each, &mut gaps);
            }
        }
        Scope::Named(names) => {
            for name in names {
                repository(forwarder, name, each, &mut gaps).await?;
            }
        }
        Scope::Matching(_) => {}
    }
    Ok(gaps)
}

/// Every image of a repository. Those of an index are listed beside it, without tags.
async fn repository(
    forwarder: &Forwarder,
    name: &RepositoryName,
    each: Take<'_>,
    gaps: &mut Vec<Gap>,
) -> Result<(), Fault> {
    let mut images: Vec<ImageDetail> = Vec::new();
    let mut token = None;
    loop {
        let Some((page, next)) = forwarder.image_page(name, token).await? else {
            let why = format!("there is no repository {name}");
            return Err(Fault::ours("ecr", "DescribeImages", crate::fault::FaultKind::NotFound, why));
        };
        images.extend(page);
        token = next;
        if token.is_none() {
            break;
        }
    }
    let (mut done, all) = (0, images.len());
    let mut looks = stream::iter(images)
        .map(|detail| async move {
            let image =
                ImageRef { place: forwarder.place().clone(), repository: name.clone(), digest: detail.digest.clone() };
            let looked = crate::flow::findings::look::look(forwarder, &image, crate::event::findings::Cause::Reconcile);
            (Sight { looked: looked.await, image, parent: None }, detail.tags)
        })
        .buffered(LOOKS_AT_ONCE);
    while let Some((sight, tags)) = looks.next().await {
        done += 1;
        progress_of(done, all, "images looked at");
        if !matches!(sight.looked, Ok(Looked::Index(_) | Looked::Artifact(_))) {
            take(sight, &tags, each, gaps);
        }
    }
    Ok(())
}

/// Makes a record of what was seen.
fn take(sight: Sight, tags: &[String], each: Take<'_>, gaps: &mut Vec<Gap>) {
    let doubt = sight.doubt();
    let mut record = ImageRecord::new(sight.image.clone());
    // The tags of an index are not those of its images.
    record.tags = if sight.parent.is_some() { Vec::new() } else { tags.to_vec() };
    record.parent = sight.parent;
    match sight.looked {
        Ok(Looked::Read(whole)) => {
            record.status = whole.status;
            record.completed_at = whole.completed_at;
            let kept = |finding: Finding| seen(finding, whole.completed_at);
            record.findings = whole.reading.findings.into_iter().map(|(id, finding)| (id, kept(finding))).collect();
        }
        // That an image could not be scanned is a finding, here as elsewhere.
        Ok(Looked::NotScanned { status, description }) => {
            let finding = not_scanned(&status, &description);
            record.status = status;
            record.findings.insert(finding.id(&record.image), seen(finding, None));
        }
        _ => {
            gaps.push(Gap::of(sight.image, doubt.unwrap_or_default()));
            return;
        }
    }
    each(record);
}

fn seen(finding: Finding, completed_at: Option<i64>) -> Kept {
    let created = finding.first_observed.or(completed_at).unwrap_or_default();
    Kept { finding, created, updated: created, waived: None, hub: None, missed: 0, returned: None, gone: None }
}
