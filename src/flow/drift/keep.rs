//! One repository: judged, and where it may be, mended.

use super::budget::Budget;
use super::mend::{Patient, mend};
use super::owner::{Claimed, Hold};
use super::whose::{Stray, Whose};
use super::{Overseeing, RegistryScanning, ScanFrequency, Switch, housekeeping, whose};
use crate::fault::{Fault, FaultKind};
use crate::model::Seen;
use crate::model::name::RepositoryName;
use crate::model::place::Place;
use crate::model::repository::{Repository, ScanType};
use crate::plan::posture::{Action, Judged, Remedy, Standing, Status, Subject, declared, fingerprint, judge, missing};
use crate::plan::repository::Around;
use crate::spec::DriftMode;
use crate::spec::baseline::{Baseline, Mode};
use jiff::civil::Date;
use tokio::time::Instant;

/// What every visit of one invocation is given.
#[derive(Clone, Copy, Debug)]
pub struct Round<'a, W> {
    /// The outside world.
    pub world: &'a W,
    /// The registry.
    pub place: &'a Place,
    /// The baseline in force, where there is one.
    pub baseline: Option<&'a Baseline>,
    /// What the kill switch says.
    pub switch: Switch,
    /// How the registry scans.
    pub scanning: &'a Seen<RegistryScanning>,
    /// How many repositories may still be changed.
    pub budget: &'a Budget,
    /// What led here, for the journal: an event's id or a sweep's.
    pub cause: &'a str,
    /// The role the function runs in, for the message of the breaker, where it is known.
    pub own_principal: &'a str,
    /// Now, in milliseconds since 1970.
    pub now: i64,
    /// Today, in UTC.
    pub today: Date,
    /// No call begins after this.
    pub until: Instant,
}

/// One repository to be visited.
#[derive(Clone, Debug)]
pub struct Visit {
    /// What was seen of it: described, and with policies (and tags, where [`Round::baseline`] looks at tags). `Missing`
    /// where a declaration lists it and it does not exist.
    pub repository: Seen<Repository>,
    /// How the registry's rules have it scanned, where there are rules.
    pub frequency: Seen<ScanFrequency>,
    /// What its owner's declaration says, where it has one.
    pub claimed: Option<Claimed>,
    /// Whose call led here, where a call did.
    pub principal: Option<String>,
}

/// Judges a repository and mends what is to be mended. `Err` means: again later; whatever can be told in a standing is.
/// `None` where there is nothing to tell: it does not exist and nobody declares it, or the kill switch says off.
pub async fn keep<W: Overseeing>(round: &Round<'_, W>, visit: Visit) -> Result<Option<Standing>, Fault> {
    Ok(attend(round, visit).await?.map(|attended| attended.standing))
}

/// The same, and housekeeping after it.
pub async fn keep_house<W: Overseeing>(round: &Round<'_, W>, visit: Visit) -> Result<Option<Standing>, Fault> {
    Ok(attend_house(round, visit).await?.map(|attended| attended.standing))
}

/// A visit, and whether it must be made again.
#[derive(Debug)]
pub(super) struct Attended {
    pub(super) standing: Standing,
    /// Settings that were written.
    pub(super) writes: u64,
    /// A failure that may pass by itself.
    pub(super) trouble: Option<Fault>,
    /// The repository as it was seen, and its declaration, where it has both.
    house: Option<(Claimed, Repository)>,
}

/// [`keep_house`], with what failed and may pass.
pub(super) async fn attend_house<W: Overseeing>(round: &Round<'_, W>, visit: Visit) -> Result<Option<Attended>, Fault> {
    let Some(mut attended) = attend(round, visit).await? else { return Ok(None) };
    let Some((claimed, repository)) = attended.house.take() else { return Ok(Some(attended)) };
    match housekeeping::tidy(round, &claimed, &repository).await {
        Ok(tidied) => {
            attended.standing.notes.extend(tidied.notes());
            attended.trouble = attended.trouble.or(tidied.trouble).filter(Fault::retryable);
        }
        Err(fault) => {
            attended.standing.notes.push(format!("untagged images were left as they are: {fault}"));
            attended.trouble = attended.trouble.or(Some(fault).filter(Fault::retryable));
        }
    }
    Ok(Some(attended))
}

/// [`keep`], with what failed and may pass.
pub(super) async fn attend<W: Overseeing>(round: &Round<'_, W>, mut visit: Visit) -> Result<Option<Attended>, Fault> {
    if round.switch == Switch::Off {
        return Ok(None);
    }
    let mut stray = None;
    if visit.claimed.is_none() {
        stray = whose_it_is(round, &mut visit).await?;
    }
    let claimed = visit.claimed.as_ref();
    let Some((name, mut judged, mut notes)) = judged(round, &visit)? else { return Ok(None) };
    let mut repository = visit.repository.present().cloned();
    let wanted = judged.remedies.iter().filter_map(|remedy| judged.checks.get(remedy.check));
    if wanted.clone().any(|check| check.mode == Mode::Enforce)
        && round.switch == Switch::On
        && let Some(seen) = &mut repository
        && seen.tags == Seen::Unasked
    {
        seen.tags = Seen::from_read(round.world.tags(&seen.arn).await);
        if stray.is_none() && claimed.is_none() {
            stray = stray_by(round, seen).await?;
        }
    }
    for check in judged.checks.iter_mut().filter(|check| check.status == Status::Fail) {
        check.action = Action::Reported;
    }
    let patient = Patient { name: &name, seen: repository.as_ref(), claimed, principal: visit.principal.as_deref() };
    let mended = mend(round, patient, &mut judged.checks, judged.remedies).await?;
    let owner = claimed.map(whose::owner_of).or_else(|| stray.as_ref().map(|stray| stray.owner.clone()));
    notes.extend(stray.map(|stray| format!("left alone: {}", stray.why)));
    // After a write nobody knows the settings in ECR's own spelling.
    let fingerprint = repository.as_ref().filter(|_| !mended.tried).map(fingerprint).unwrap_or_default();
    let standing = Standing { name, owner, checks: judged.checks, notes, fingerprint };
    let house = visit.claimed.zip(repository);
    Ok(Some(Attended { standing, writes: mended.writes, trouble: mended.trouble, house }))
}

/// Finds the owner that the tags name, where they were read.
async fn whose_it_is<W: Overseeing>(round: &Round<'_, W>, visit: &mut Visit) -> Result<Option<Stray>, Fault> {
    let Seen::Present(repository) = &visit.repository else { return Ok(None) };
    let Seen::Present(tags) = &repository.tags else { return Ok(None) };
    let now = round.now.div_euclid(1_000);
    Ok(match whose::by_tags(round.world, round.place, &repository.name, tags, now).await? {
        Whose::Nobodys => None,
        Whose::Declared(claimed) => {
            visit.claimed = Some(*claimed);
            None
        }
        Whose::Stray(stray) => Some(stray),
    })
}

/// The owner that tags name which were read only just before a write: whoever it is, this visit does not know its
/// declaration, so it leaves the repository to the next one.
async fn stray_by<W: Overseeing>(round: &Round<'_, W>, seen: &Repository) -> Result<Option<Stray>, Fault> {
    let Seen::Present(tags) = &seen.tags else { return Ok(None) };
    let now = round.now.div_euclid(1_000);
    Ok(match whose::by_tags(round.world, round.place, &seen.name, tags, now).await? {
        Whose::Nobodys => None,
        Whose::Declared(claimed) => Some(Stray {
            owner: whose::owner_of(&claimed),
            why: "a fleet has taken it over; the next look holds it to its declaration".to_owned(),
        }),
        Whose::Stray(stray) => Some(stray),
    })
}

/// What was judged of a repository, and what else there is to say.
type Judgement = (RepositoryName, Judged, Vec<String>);

/// Judges by the declaration, and by the baseline.
fn judged<W: Overseeing>(round: &Round<'_, W>, visit: &Visit) -> Result<Option<Judgement>, Fault> {
    match &visit.repository {
        Seen::Present(repository) => {
            let mut notes = Vec::new();
            let mut judged = Judged::default();
            if let Some(claimed) = &visit.claimed {
                notes.extend(left_alone(claimed));
                if let Some(mode) = mode_of(claimed) {
                    let scanning = scan_type(round.scanning);
                    judged = declared(&claimed.spec, mode, repository, &around(claimed, &scanning));
                }
            }
            by_baseline(round, visit, repository, &mut judged);
            Ok(Some((repository.name.clone(), judged, notes)))
        }
        Seen::Missing => {
            let Some(claimed) = &visit.claimed else { return Ok(None) };
            if claimed.hold == Hold::Orphan {
                return Ok(None);
            }
            let scanning = scan_type(round.scanning);
            let judged = mode_of(claimed).map(|mode| missing(&claimed.spec, mode, &around(claimed, &scanning)));
            let notes = left_alone(claimed).into_iter().collect();
            Ok(Some((claimed.spec.name.clone(), judged.unwrap_or_default(), notes)))
        }
        Seen::Unreadable(fault) => Err(fault.clone()),
        Seen::Unasked => {
            let why = "nobody looked at the repository";
            Err(Fault::ours("ecr", "DescribeRepositories", FaultKind::Unexpected, why))
        }
    }
}

/// The baseline is for those that no fleet declares; of the others it is only told how they stand.
fn by_baseline<W>(round: &Round<'_, W>, visit: &Visit, repository: &Repository, judged: &mut Judged) {
    let Some(baseline) = round.baseline else { return };
    let scan_type = scan_type(round.scanning);
    let scanned = scanned_by_registry(round.scanning, &visit.frequency);
    let subject = Subject { repository, place: round.place, scan_type: &scan_type, scanned_by_registry: &scanned };
    let found = judge(baseline, subject, round.today);
    let begin = judged.checks.len();
    if visit.claimed.is_none() {
        let moved = found.remedies.into_iter().map(|remedy| Remedy { check: begin + remedy.check, ..remedy });
        judged.remedies.extend(moved);
        judged.checks.extend(found.checks);
        return;
    }
    judged.checks.extend(found.checks.into_iter().map(|mut check| {
        check.mode = Mode::ReportOnly;
        if check.status == Status::Fail {
            let note = "held to its declaration, so the baseline only reports";
            check.note = if check.note.is_empty() { note.to_owned() } else { format!("{}; {note}", check.note) };
        }
        check
    }));
}

/// Why a repository is not held to its declaration, where it is not.
fn left_alone(claimed: &Claimed) -> Option<String> {
    match &claimed.hold {
        Hold::AtRest if claimed.drift_mode == DriftMode::Off => {
            Some("not compared with its declaration: DriftMode is Off".to_owned())
        }
        Hold::AtRest => None,
        Hold::Moving(why) | Hold::Unknown(why) => Some(format!("left alone: {why}")),
        Hold::Orphan => Some(
            "left alone: its stack, or the resource in it, is gone; a fleet with AdoptExisting may take it over"
                .to_owned(),
        ),
    }
}

/// What is done about differences from a declaration; `None` where they are not looked for.
fn mode_of(claimed: &Claimed) -> Option<Mode> {
    match (&claimed.hold, claimed.drift_mode) {
        (Hold::AtRest, DriftMode::Enforce) => Some(Mode::Enforce),
        (Hold::AtRest, DriftMode::ReportOnly) => Some(Mode::ReportOnly),
        _ => None,
    }
}

fn around<'a>(claimed: &'a Claimed, scanning: &'a Seen<ScanType>) -> Around<'a> {
    Around {
        identity: &claimed.identity,
        scanning,
        stack_tags: &claimed.stack_tags,
        kept_keys: &claimed.kept_keys,
        declared_keys: &claimed.declared_keys,
        encryption_before: claimed.encryption_before.as_ref(),
    }
}

fn scan_type(scanning: &Seen<RegistryScanning>) -> Seen<ScanType> {
    match scanning {
        Seen::Present(found) => Seen::Present(found.scan_type),
        Seen::Missing => Seen::Missing,
        Seen::Unreadable(fault) => Seen::Unreadable(fault.clone()),
        Seen::Unasked => Seen::Unasked,
    }
}

/// Do the registry's rules have it scanned at every push? Without rules nobody asks.
fn scanned_by_registry(scanning: &Seen<RegistryScanning>, frequency: &Seen<ScanFrequency>) -> Seen<bool> {
    match (scanning, frequency) {
        (Seen::Unreadable(fault), _) => Seen::Unreadable(fault.clone()),
        (Seen::Present(RegistryScanning { has_rules: false, .. }), _) | (_, Seen::Unasked) => Seen::Unasked,
        (_, Seen::Unreadable(fault)) => Seen::Unreadable(fault.clone()),
        (_, Seen::Missing) => Seen::Missing,
        (_, Seen::Present(frequency)) => Seen::Present(*frequency != ScanFrequency::Manual),
    }
}
