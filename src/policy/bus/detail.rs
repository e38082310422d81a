//! An event's `detail`, as `schemas/finding-change-1.json` has it.

use super::VERSION;
use crate::model::finding::{Fix, Scanner};
use crate::model::image::Parent;
use crate::policy::change::{Change, ChangeKind, ImageChange, SeverityCounts};
use crate::policy::text::{UNNAMED, clip, clip_or, link, time};
use serde::Serialize;
use std::borrow::Cow;

/// Characters of a name.
const NAME: usize = 256;
/// Characters of a sentence.
const SENTENCE: usize = 512;
/// Characters of a tag (ECR API model, `ImageTag`).
const TAG: usize = 300;
/// Tags of an image that are told; what comes after them says little.
const TAGS: usize = 100;

type Text<'a> = Cow<'a, str>;

#[derive(Serialize)]
pub(super) struct Detail<'t, 'a> {
    version: &'static str,
    pub(super) key: String,
    image: Image<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Text<'a>>,
    scan: Scan<'a>,
    pub(super) part: usize,
    pub(super) parts: usize,
    summary: Summary<'a>,
    pub(super) changes: &'t [Told<'a>],
}

impl<'a> Detail<'_, 'a> {
    /// Of the first part, without the changes.
    pub(super) fn of(change: &ImageChange<'a>, key: String) -> Self {
        let scanner = change.changes.iter().map(|one| one.finding.scanner).find(|scanner| *scanner != Scanner::Steward);
        Self {
            version: VERSION,
            key,
            image: Image::of(change),
            owner: change.owner.and_then(|owner| clip(owner, NAME)),
            scan: Scan {
                status: clip(change.status.as_str(), NAME),
                scanner,
                completed_at: change.completed_at.map(time),
            },
            part: 1,
            parts: 1,
            summary: Summary::of(change),
            changes: &[],
        }
    }
}

#[derive(Serialize)]
struct Image<'a> {
    account: &'a str,
    region: &'a str,
    repository: &'a str,
    digest: &'a str,
    tags: Vec<Text<'a>>,
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<Index<'a>>,
}

impl<'a> Image<'a> {
    fn of(change: &ImageChange<'a>) -> Self {
        let image = change.image;
        let index = |parent: &'a Parent| Index {
            digest: parent.digest.as_str(),
            tags: tags(&parent.tags),
            platform: parent.platform.as_deref().and_then(|platform| clip(platform, NAME)),
        };
        Self {
            account: &image.place.account,
            region: &image.place.region,
            repository: image.repository.as_str(),
            digest: image.digest.as_str(),
            tags: tags(change.tags),
            uri: image.uri(),
            parent: change.parent.map(index),
        }
    }
}

fn tags(tags: &[String]) -> Vec<Text<'_>> {
    tags.iter().filter_map(|tag| clip(tag, TAG)).take(TAGS).collect()
}

#[derive(Serialize)]
struct Index<'a> {
    digest: &'a str,
    tags: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Text<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Scan<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scanner: Option<Scanner>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'a> {
    active: SeverityCounts,
    new: usize,
    changed: usize,
    fixed: usize,
    waived: usize,
    reactivated: usize,
    archived: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    since_previous: Option<Before<'a>>,
}

impl<'a> Summary<'a> {
    fn of(change: &ImageChange<'a>) -> Self {
        Self {
            active: change.active,
            new: change.count(ChangeKind::New),
            changed: change.count(ChangeKind::Changed),
            fixed: change.count(ChangeKind::Fixed),
            waived: change.count(ChangeKind::Waived),
            reactivated: change.count(ChangeKind::Reactivated),
            archived: change.count(ChangeKind::Deleted),
            since_previous: change
                .previous
                .and_then(|previous| Some(Before { digest: previous.digest.as_str(), tag: clip(previous.tag, TAG)? })),
        }
    }
}

#[derive(Serialize)]
struct Before<'a> {
    digest: &'a str,
    tag: Text<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Told<'a> {
    change: ChangeKind,
    id: String,
    vulnerability: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Text<'a>>,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed_in: Option<Text<'a>>,
    fix_available: Fix,
    #[serde(skip_serializing_if = "Option::is_none")]
    exploit_available: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epss: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiver: Option<Waiver<'a>>,
}

impl<'a> Told<'a> {
    pub(super) fn of(change: &Change<'a>) -> Self {
        let finding = change.finding;
        Self {
            change: change.kind,
            id: change.id.told(),
            vulnerability: clip_or(&finding.vulnerability, NAME, UNNAMED),
            package: clip(&finding.package, NAME),
            version: clip(&finding.version, NAME),
            severity: finding.severity.as_str(),
            fixed_in: clip(&finding.details.fixed_in, NAME),
            fix_available: finding.fix,
            exploit_available: finding.exploit,
            epss: finding.epss.filter(|score| (0.0..=1.0).contains(score)),
            title: clip(&finding.title, NAME),
            url: link(&finding.url),
            waiver: change.waived.and_then(|waived| {
                Some(Waiver {
                    reason: clip(&waived.reason, SENTENCE)?,
                    owner: waived.owner.as_deref().and_then(|owner| clip(owner, NAME)),
                    // What is suppressed in Inspector has no last day.
                    until: clip(&waived.until, NAME),
                })
            }),
        }
    }
}

#[derive(Serialize)]
struct Waiver<'a> {
    reason: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Text<'a>>,
}
