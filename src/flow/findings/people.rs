//! Telling people: by each route what it wants to hear of, at once or once a day.

use super::previous::{self, Before};
use super::tell::{Subject, change, image_change};
use super::{Forwarding, digests};
use crate::fault::Fault;
use crate::model::finding::{Finding, Severity};
use crate::model::repository::Tags;
use crate::policy::change::{Change, ChangeKind, ImageChange, Previous};
use crate::policy::compare::Changed;
use crate::policy::notices::{Alert, DigestItem, notice};
use crate::policy::parcel::Parcel;
use crate::policy::record::ImageRecord;
use crate::spec::findings::{Route, Sink, When};
use std::collections::BTreeSet;

/// Stands for the owner in the name of a parameter.
const OWNER: &str = "{owner}";

/// Longest owner, in characters, that becomes part of a parameter's name (an ECR tag value may have 256).
const LONGEST_OWNER: usize = 100;

/// Who may hear of an image, and by which routes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Audience<'a> {
    pub(super) routes: &'a [Route],
    pub(super) repository: &'a str,
    /// The repository's tags, where the policy looks at them.
    pub(super) tags: &'a Tags,
    pub(super) owner: Option<&'a str>,
}

impl<'a> Audience<'a> {
    /// The routes to one sink.
    pub(super) fn of(&self, sink: Sink) -> Vec<&'a Route> {
        self.routes.iter().filter(|route| route.sink == sink).collect()
    }

    /// The routes to people, and to programs of the user's, that cover this repository.
    fn people(&self) -> Vec<&'a Route> {
        let people = |sink: Sink| !sink.keeps_state() && sink != Sink::EventBridge;
        let covers = |route: &&Route| people(route.sink) && route.covers(self.repository, self.tags);
        self.routes.iter().filter(covers).collect()
    }
}

/// Writes what people are told into `parcels`, or where the daily message is collected. Whoever is told nothing now is
/// told later what is new since now, so the tags are to point here all the same.
pub(super) async fn tell<W: Forwarding>(
    subject: &Subject<'_, W>,
    record: &ImageRecord,
    changes: &[Changed],
    audience: &Audience<'_>,
    parcels: &mut Vec<Parcel>,
) -> Result<Option<previous::Tags>, Fault> {
    let routes = audience.people();
    if routes.is_empty() {
        return Ok(None);
    }
    let world = subject.tour.world;
    let (before, tags) = if subject.first {
        let (before, tags) = previous::before(world, &record.image, &record.tags).await?;
        (before, Some(tags))
    } else {
        (None, None)
    };
    if subject.job.quiet {
        return Ok(tags);
    }
    let all = since(record, changes, before.as_ref());
    for route in routes {
        let wanted = all.iter().filter(|change| route.wants(audience.repository, audience.tags, change.finding));
        let (now, later): (Vec<Change<'_>>, Vec<Change<'_>>) = wanted.partition(|change| at_once(route, change));
        let previous = before.as_ref().map(|before| Previous { digest: &before.record.image.digest, tag: &before.tag });
        let whole = |changes| ImageChange { previous, ..image_change(subject, record, audience.owner, changes) };
        if !now.is_empty() {
            parcels.extend(notice(route, secret(route, audience.owner), &Alert::of_all(&whole(now))));
        }
        if !later.is_empty() {
            // What is told comes out of this scope by itself: no reference may live on while the bucket is waited for.
            let item = DigestItem::of(&Alert::of_all(&whole(later)));
            if let Some(item) = item {
                digests::collect(world, route, subject.tour.today, item).await?;
            }
        }
    }
    Ok(tags)
}

/// What is new and what is gone: in this image since the last look or, where it is seen for the first time, since the
/// image that bore its tag before.
fn since<'a>(record: &'a ImageRecord, changes: &'a [Changed], before: Option<&'a Before>) -> Vec<Change<'a>> {
    let own = changes.iter().filter_map(|(kind, id)| change(record, *kind, id));
    let Some(before) = before else { return own.collect() };
    let key = |finding: &'a Finding| (&finding.vulnerability, &finding.package, &finding.version);
    let had: BTreeSet<_> = before.record.active().map(|(_, kept)| key(&kept.finding)).collect();
    // What is only waived here has not gone.
    let there = record.findings.values().filter(|kept| kept.gone.is_none());
    let has: BTreeSet<_> = there.map(|kept| key(&kept.finding)).collect();
    let gone = before.record.active().filter(|(_, kept)| !has.contains(&key(&kept.finding)));
    let gone = gone.map(|(id, kept)| Change { kind: ChangeKind::Fixed, id, finding: &kept.finding, waived: None });
    own.filter(|change| change.kind != ChangeKind::New || !had.contains(&key(change.finding))).chain(gone).collect()
}

/// Is this told at once, rather than once a day?
fn at_once(route: &Route, change: &Change<'_>) -> bool {
    let finding = change.finding;
    let is_new = matches!(change.kind, ChangeKind::New | ChangeKind::Reactivated);
    match route.when {
        When::Immediate => true,
        When::Daily => false,
        When::Urgent => is_new && (finding.severity == Severity::Critical || finding.is_exploited()),
    }
}

/// The parameter that holds a route's address, for an owner. A repository that names none is `default`'s, and so is one
/// whose tag could not stand in a parameter's name: it must not lead anywhere else.
pub(super) fn secret(route: &Route, owner: Option<&str>) -> Option<String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let owner = owner.filter(|owner| !owner.is_empty() && owner.len() <= LONGEST_OWNER && owner.chars().all(legal));
    Some(route.secret_parameter.as_ref()?.replace(OWNER, owner.unwrap_or("default")))
}

/// Whose daily message a change goes into: the owner's, where the route's address differs by owner.
pub(super) fn owner_of(route: &Route, owner: Option<&str>) -> Option<String> {
    let differs = route.secret_parameter.as_ref().is_some_and(|secret| secret.contains(OWNER));
    owner.filter(|_| differs).map(str::to_owned)
}
