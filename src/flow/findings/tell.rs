//! Telling every sink, each by its route: those that keep state first, then messages for those that are told of changes.

use super::account::Account;
use super::day_of;
use super::people::{self, Audience};
use super::walk::Tour;
use super::{Forwarding, hub, outbox, previous};
use crate::event::findings::{Cause, DeadLetter, ImageJob};
use crate::fault::{Fault, FaultKind};
use crate::model::finding::{Finding, FindingId};
use crate::model::repository::Tags;
use crate::policy::change::{Change, ChangeKind, ImageChange};
use crate::policy::compare::Changed;
use crate::policy::hub::{Terms, is_ours_to_send};
use crate::policy::parcel::Parcel;
use crate::policy::record::ImageRecord;
use crate::policy::{archive, bus};
use crate::spec::findings::{Route, Sink};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Whom and what the telling is about.
pub(super) struct Subject<'a, W> {
    pub(super) tour: &'a Tour<'a, W>,
    pub(super) job: &'a ImageJob,
    /// The message that led here, for dead letters.
    pub(super) event: &'a Value,
    /// What changes are dated with, in milliseconds since 1970.
    pub(super) stamp: i64,
    /// Is the image read for the first time?
    pub(super) first: bool,
    /// Is the record written in any case?
    pub(super) writing: bool,
}

/// What is left to do after telling.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Must the record be written?
    pub(super) dirty: bool,
    /// Is Security Hub still to be told of something?
    pub(super) waiting: bool,
    /// The tags that are to point to this image.
    pub(super) tags: Option<previous::Tags>,
}

/// Tells Security Hub and the archive, and puts messages for everybody else into the record's outbox.
pub(super) async fn tell<W: Forwarding>(
    subject: &Subject<'_, W>,
    record: &mut ImageRecord,
    changes: &[Changed],
    account: &mut Account,
) -> Result<Told, Fault> {
    let world = subject.tour.world;
    let policy = &subject.tour.policy.policy;
    let image = &subject.job.image;
    let tags = if policy.looks_at_tags() {
        world.repository_tags(&image.place, &image.repository).await?.unwrap_or_default()
    } else {
        Tags::new()
    };
    let mut told = tell_hub(subject, record, &tags, account).await?;
    let owner = policy.owner_tag.as_ref().and_then(|tag| tags.get(tag)).map(String::as_str);
    let audience = Audience { routes: &policy.routes, repository: image.repository.as_str(), tags: &tags, owner };
    let mut parcels = Vec::new();
    let lasting = picked(record, changes, &audience.of(Sink::S3), audience.tags);
    if !lasting.is_empty() {
        // The same key and bytes whenever it is written: so it comes before the record, and is in it only if it failed.
        let change = image_change(subject, record, owner, lasting);
        let key = archive::key(&change, day_of(subject.stamp));
        match world.put_archive(&key, archive::lines(&change)).await {
            Ok(()) => *account.delivered.entry(Sink::S3).or_default() += 1,
            Err(_) => parcels.push(kept_for_later(&change, key)),
        }
    }
    if !subject.job.quiet {
        let picked = picked(record, changes, &audience.of(Sink::EventBridge), audience.tags);
        if !picked.is_empty() {
            parcels.extend(bus::events(&image_change(subject, record, owner, picked)));
        }
    }
    told.tags = people::tell(subject, record, changes, &audience, &mut parcels).await?;
    record.outbox.extend(parcels);
    Ok(told)
}

async fn tell_hub<W: Forwarding>(
    subject: &Subject<'_, W>,
    record: &mut ImageRecord,
    tags: &Tags,
    account: &mut Account,
) -> Result<Told, Fault> {
    let tour = subject.tour;
    let policy = &tour.policy.policy;
    let repository = subject.job.image.repository.as_str();
    let routes: Vec<&Route> = policy.routes.iter().filter(|route| route.sink == Sink::SecurityHub).collect();
    let wanted = |finding: &Finding| {
        is_ours_to_send(finding.scanner, policy.forward_enhanced)
            && routes.iter().any(|route| route.wants(repository, tags, finding))
    };
    let terms =
        Terms { wanted: &wanted, now: tour.now, writing: subject.writing, replay: subject.job.cause == Cause::Replay };
    let told = hub::tell(tour.world, record, &terms, tour.until).await;
    account.told(&told);
    for (id, reason) in &told.refused {
        let letter = DeadLetter {
            finding: record.findings.get(id).map(|kept| described(record, id, &kept.finding)),
            sink: Some(Sink::SecurityHub.as_str().to_owned()),
            reason: reason.clone(),
            event: subject.event.clone(),
        };
        tour.world.dead_letter(&letter).await?;
    }
    if told.is_off {
        if routes.iter().any(|route| route.explicit && route.covers(repository, tags)) {
            let reason = "Security Hub is not enabled in this account and Region; enable it, or take its route out of the findings policy";
            let letter = DeadLetter {
                finding: None,
                sink: Some(Sink::SecurityHub.as_str().to_owned()),
                reason: reason.to_owned(),
                event: subject.event.clone(),
            };
            tour.world.dead_letter(&letter).await?;
            *account.refused.entry(Sink::SecurityHub).or_default() += 1;
        } else {
            account.hub_is_off = true;
        }
    }
    let waiting = !told.troubles.is_empty();
    // Once it is enabled, even an old event is to bring there what it has not been told.
    let unfinished = waiting || account.hub_is_off;
    let dirty = told.taken > 0 || !told.refused.is_empty() || record.unfinished != unfinished;
    record.unfinished = unfinished;
    Ok(Told { dirty, waiting, tags: None })
}

/// A finding with its image, for a dead letter.
fn described(record: &ImageRecord, id: &FindingId, finding: &Finding) -> Value {
    json!({
        "id": id.told(),
        "image": record.image,
        "vulnerability": finding.vulnerability,
        "package": finding.package,
        "version": finding.version,
        "severity": finding.severity,
    })
}

/// The lines for the archive as a message, to be written later.
fn kept_for_later(change: &ImageChange<'_>, key: String) -> Parcel {
    Parcel {
        key: change.key("S3"),
        sink: Sink::S3,
        secret: None,
        subject: key,
        attributes: BTreeMap::new(),
        body: archive::lines(change).collect(),
    }
}

/// The changes that at least one of these routes wants to hear of.
fn picked<'a>(record: &'a ImageRecord, changes: &'a [Changed], routes: &[&Route], tags: &Tags) -> Vec<Change<'a>> {
    let repository = record.image.repository.as_str();
    let all = changes.iter().filter_map(|(kind, id)| change(record, *kind, id));
    all.filter(|change| routes.iter().any(|route| route.wants(repository, tags, change.finding))).collect()
}

pub(super) fn change<'a>(record: &'a ImageRecord, kind: ChangeKind, id: &'a FindingId) -> Option<Change<'a>> {
    let kept = record.findings.get(id)?;
    Some(Change { kind, id, finding: &kept.finding, waived: kept.waived.as_ref() })
}

pub(super) fn image_change<'a, W>(
    subject: &'a Subject<'_, W>,
    record: &'a ImageRecord,
    owner: Option<&'a str>,
    changes: Vec<Change<'a>>,
) -> ImageChange<'a> {
    ImageChange {
        image: &record.image,
        tags: &record.tags,
        parent: record.parent.as_ref(),
        status: &record.status,
        completed_at: record.completed_at,
        owner,
        previous: None,
        active: record.active().map(|(_, kept)| kept.finding.severity).collect(),
        changes,
        generation: subject.stamp.to_string(),
    }
}

/// A message that stands alone, sent again on request; what is refused again is a dead letter again.
pub async fn deliver<W: Forwarding>(world: &W, parcel: &Value, account: &mut Account) -> Result<(), Fault> {
    let parcel: Parcel = serde_json::from_value(parcel.clone()).map_err(|error| {
        Fault::ours(
            "sqs",
            "ReceiveMessage",
            FaultKind::Invalid,
            format!("the message to deliver cannot be read: {error}"),
        )
    })?;
    match outbox::deliver_one(world, &parcel).await {
        Ok(()) => *account.delivered.entry(parcel.sink).or_default() += 1,
        Err(fault) if outbox::may_pass(&fault) => return Err(fault),
        Err(fault) => {
            world.dead_letter(&outbox::letter(&parcel, &fault)).await?;
            *account.refused.entry(parcel.sink).or_default() += 1;
        }
    }
    Ok(())
}
