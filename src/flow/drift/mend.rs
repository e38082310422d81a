//! Mending one repository: guards in their order, the journal, the writes.
//!
//! Kill switch → ownership → breaker → cap → lifecycle preview → journal → write. What a guard withholds says so in its
//! check; the rest goes on.

use super::breaker::{self, Flips, Intent, Trip};
use super::budget::{self, Reserved};
use super::journal::{self, Entry, Line};
use super::keep::Round;
use super::owner::Claimed;
use super::{Overseeing, Switch, preview, whose};
use crate::fault::{Fault, FaultKind};
use crate::flow::carry_out::{StepOutcome, carry_out};
use crate::model::Seen;
use crate::model::name::RepositoryName;
use crate::model::repository::Repository;
use crate::plan::posture::{Action, Check, DECLARATION, Remedy};
use crate::plan::undo::{Altered, altered, attribute};
use crate::plan::{Change, Plan};
use crate::spec::baseline::{LifecycleWish, Mode};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// One repository with something to mend.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patient<'a> {
    /// Its name.
    pub(super) name: &'a RepositoryName,
    /// What was seen of it; `None` where it does not exist.
    pub(super) seen: Option<&'a Repository>,
    /// Its declaration, where a fleet holds it.
    pub(super) claimed: Option<&'a Claimed>,
    /// Whose call led here, where a call did.
    pub(super) principal: Option<&'a str>,
}

/// What mending came to, beside what the checks say.
#[derive(Debug, Default)]
pub(super) struct Mended {
    /// Was any write tried?
    pub(super) tried: bool,
    /// Writes that were done.
    pub(super) writes: u64,
    /// A failure that may pass by itself.
    pub(super) trouble: Option<Fault>,
}

/// Accounts for every failing check, and mends those that are to be mended.
pub(super) async fn mend<W: Overseeing>(
    round: &Round<'_, W>,
    patient: Patient<'_>,
    checks: &mut [Check],
    mut remedies: Vec<Remedy>,
) -> Result<Mended, Fault> {
    remedies.retain(|remedy| checks.get(remedy.check).is_some_and(|check| check.mode == Mode::Enforce));
    if remedies.is_empty() {
        return Ok(Mended::default());
    }
    let mut ward = Ward { checks, open: remedies };
    if round.switch != Switch::On {
        let why = "the kill switch (the installation's SSM parameter enforcement) says report-only, so nothing is changed; set it to on to have this mended";
        ward.withhold(why, |_| true);
        return Ok(Mended::default());
    }
    if let Some(why) = not_ours(patient)? {
        ward.withhold(&why, |_| true);
        return Ok(Mended::default());
    }
    let change = journal::change_id(round.cause, patient.name);
    let intent = Intent { change: &change, principal: patient.principal, own: round.own_principal, now: round.now };
    let flips = Flips::of(round.world, patient.name).await?;
    broken(round, patient, &flips, &intent, &mut ward).await?;
    if ward.open.is_empty() {
        return Ok(Mended::default());
    }
    let anew = match reserve(round, patient).await? {
        Reserved::Granted { anew } => anew,
        Reserved::Refused(why) => {
            ward.withhold(&why, |_| true);
            return Ok(Mended::default());
        }
    };
    previewed(round, patient, &mut ward).await;
    if ward.open.is_empty() {
        if anew {
            budget::give_back(round.world, round.budget, patient.name).await?;
        }
        return Ok(Mended::default());
    }
    if let Some(why) = outdated(round, patient).await? {
        ward.withhold(&why, |_| true);
        if anew {
            budget::give_back(round.world, round.budget, patient.name).await?;
        }
        return Ok(Mended::default());
    }
    let begun = flips.begun(&change).unwrap_or(round.now);
    breaker::remember(round.world, patient.name, &ward.attributes(), &intent).await?;
    let entry = ward.entry(round, patient, &change, begun);
    journal::enter(round.world, &journal::key(&change, begun), &entry).await?;
    write(round, patient, &change, ward).await
}

/// The last look before a write: whose is it, by the tags that were read in this very look?
fn not_ours(patient: Patient<'_>) -> Result<Option<String>, Fault> {
    let Some(seen) = patient.seen else { return Ok(None) };
    match &seen.tags {
        Seen::Present(tags) => Ok(whose::objection(patient.claimed, tags)),
        Seen::Missing => Ok(None),
        Seen::Unreadable(fault) if fault.retryable() => Err(fault.clone()),
        Seen::Unreadable(fault) => {
            Ok(Some(format!("whose it is could not be found out, since its tags could not be read: {fault}")))
        }
        Seen::Unasked => Ok(Some("whose it is is not known, since nobody read its tags".to_owned())),
    }
}

/// A sweep may have read a declaration minutes ago.
async fn outdated<W: Overseeing>(round: &Round<'_, W>, patient: Patient<'_>) -> Result<Option<String>, Fault> {
    let Some(claimed) = patient.claimed else { return Ok(None) };
    match whose::outdated(round.world, claimed, round.now.div_euclid(1_000)).await {
        Err(fault) if !fault.retryable() => {
            Ok(Some(format!("whether it is still declared so could not be found out: {fault}")))
        }
        found => found,
    }
}

/// Leaves alone what others keep changing, and tells people once.
async fn broken<W: Overseeing>(
    round: &Round<'_, W>,
    patient: Patient<'_>,
    flips: &Flips,
    intent: &Intent<'_>,
    ward: &mut Ward<'_>,
) -> Result<(), Fault> {
    let trips: BTreeMap<&'static str, Trip> = ward
        .attributes()
        .into_iter()
        .filter_map(|attribute| Some((attribute, flips.trip(attribute, intent)?)))
        .collect();
    for (attribute, trip) in &trips {
        ward.withhold(&trip.why, |remedy| remedy.attributes().any(|own| own == *attribute));
    }
    let untold: Vec<(&'static str, &Trip)> =
        trips.iter().filter(|(_, trip)| !trip.told).map(|(attribute, trip)| (*attribute, trip)).collect();
    if untold.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = untold.iter().map(|(_, trip)| trip.why.clone()).collect();
    let attributes: Vec<&'static str> = untold.into_iter().map(|(attribute, _)| attribute).collect();
    let body = format!("Repository {} in {}:\n\n{}\n", patient.name, round.place.registry_host(), lines.join("\n\n"));
    match round.world.notify("ecr-steward: a repository is changed back and forth", &body).await {
        Ok(()) => {}
        Err(fault) if fault.retryable() => return Err(fault),
        // The check says the same; a topic that takes nothing must not stop the rest.
        Err(_) => return Ok(()),
    }
    breaker::told(round.world, patient.name, &attributes, round.now).await
}

/// A count that too many want to write at once is no reason to fail: what cannot be counted is not changed.
async fn reserve<W: Overseeing>(round: &Round<'_, W>, patient: Patient<'_>) -> Result<Reserved, Fault> {
    match budget::reserve(round.world, round.budget, patient.name, round.now).await {
        Err(fault) if fault.kind == FaultKind::Conflict => Ok(Reserved::Refused(format!(
            "the cap: it could not be counted, since too many others were counted at the same time ({fault}); it is tried again in the next look"
        ))),
        other => other,
    }
}

/// Withholds lifecycle policies that would do harm, or of which nobody can tell.
async fn previewed<W: Overseeing>(round: &Round<'_, W>, patient: Patient<'_>, ward: &mut Ward<'_>) {
    if patient.seen.is_none() {
        return;
    }
    let wished: Vec<(usize, String)> =
        ward.open.iter().filter_map(|remedy| Some((remedy.check, remedy.lifecycle()?.to_owned()))).collect();
    for (check, text) in wished {
        let protected = ward.checks.get(check).map(|check| protected(round, patient, check)).unwrap_or_default();
        let why = preview::objection(round.world, patient.name, &text, &protected, round.until).await;
        if let Some(why) = why {
            ward.withhold(&why, |remedy| remedy.check == check);
        }
    }
}

/// The tag patterns that the wish protects.
fn protected<W>(round: &Round<'_, W>, patient: Patient<'_>, check: &Check) -> Vec<String> {
    let patterns = if check.rule == DECLARATION {
        let setting = patient.claimed.and_then(|claimed| claimed.spec.settings.get("ProtectedTagPatterns"));
        setting.and_then(|setting| serde_json::from_value(setting.value.clone()).ok())
    } else {
        let rules = round.baseline.map_or(&[][..], |baseline| baseline.rules.as_slice());
        let rule = rules.iter().find(|rule| rule.name == check.rule);
        rule.and_then(|rule| match &rule.require.lifecycle {
            Some(LifecycleWish::Generated(_, patterns)) => Some(patterns.clone()),
            _ => None,
        })
    };
    patterns.unwrap_or_else(|| vec!["latest".to_owned()])
}

async fn write<W: Overseeing>(
    round: &Round<'_, W>,
    patient: Patient<'_>,
    change: &str,
    ward: Ward<'_>,
) -> Result<Mended, Fault> {
    let mut mended = Mended { tried: true, ..Mended::default() };
    let mut done: Vec<Change> = Vec::new();
    let mut failed: Vec<&'static str> = Vec::new();
    for remedy in &ward.open {
        // A step that mends several checks is the same in each, and is done once.
        let steps: Vec<_> = remedy.steps.iter().filter(|step| !done.contains(&step.change)).cloned().collect();
        let mut plan = Plan::default();
        plan.push(patient.name, steps);
        let outcome = carry_out(round.world, &plan, round.until).await;
        let mut flaw: Option<Fault> = None;
        for account in outcome.steps {
            match account.outcome {
                StepOutcome::Done | StepOutcome::Kept => done.push(account.change),
                StepOutcome::Failed(fault) => flaw = flaw.or(Some(fault)),
                StepOutcome::NotReached => {
                    let late = || Fault::ours("ecr", "Update", FaultKind::Late, "there was no time left for it");
                    flaw = flaw.or_else(|| Some(late()));
                }
            }
        }
        let Some(check) = ward.checks.get_mut(remedy.check) else { continue };
        check.action = match flaw {
            None => Action::Mended(change.to_owned()),
            Some(fault) => {
                failed.extend(remedy.attributes());
                let words = fault.to_string();
                if mended.trouble.is_none() && (fault.retryable() || fault.kind == FaultKind::Unsettled) {
                    mended.trouble = Some(fault);
                }
                Action::Failed(words)
            }
        };
    }
    if !failed.is_empty() {
        breaker::forget(round.world, patient.name, &failed, change).await?;
    }
    mended.writes = u64::try_from(done.len()).unwrap_or(u64::MAX);
    Ok(mended)
}

/// The checks of a repository, and what is still to be mended.
struct Ward<'a> {
    checks: &'a mut [Check],
    open: Vec<Remedy>,
}

impl Ward<'_> {
    /// Withholds remedies, and says why in their checks.
    fn withhold(&mut self, why: &str, which: impl Fn(&Remedy) -> bool) {
        let (withheld, open) = std::mem::take(&mut self.open).into_iter().partition(which);
        self.open = open;
        let withheld: Vec<Remedy> = withheld;
        for remedy in withheld {
            if let Some(check) = self.checks.get_mut(remedy.check) {
                check.action = Action::Withheld(format!("{}: {why}", of_rule(check)));
            }
        }
    }

    /// The attributes still to be mended, each once.
    fn attributes(&self) -> Vec<&'static str> {
        let mut all: Vec<&'static str> = self.open.iter().flat_map(Remedy::attributes).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn entry<W>(&self, round: &Round<'_, W>, patient: Patient<'_>, id: &str, begun: i64) -> Entry {
        let changes = || self.open.iter().flat_map(|remedy| &remedy.steps).map(|step| &step.change);
        let rules = |name: &str| {
            let asking = self.open.iter().filter(|remedy| remedy.attributes().any(|own| own == name));
            let mut rules: Vec<String> = Vec::new();
            for check in asking.filter_map(|remedy| self.checks.get(remedy.check)) {
                if !rules.contains(&check.rule) {
                    rules.push(check.rule.clone());
                }
            }
            rules
        };
        let line = |altered: Altered| Line { rules: rules(altered.attribute()), altered };
        Entry {
            version: journal::VERSION,
            id: id.to_owned(),
            repository: patient.name.clone(),
            at: Timestamp::from_millisecond(begun).unwrap_or(Timestamp::UNIX_EPOCH).to_string(),
            cause: round.cause.to_owned(),
            principal: patient.principal.map(str::to_owned),
            lines: altered(changes(), patient.seen).into_iter().map(line).collect(),
        }
    }
}

fn of_rule(check: &Check) -> String {
    if check.rule == DECLARATION { "the declaration".to_owned() } else { format!("rule {}", check.rule) }
}

impl Remedy {
    /// The attributes it alters.
    fn attributes(&self) -> impl Iterator<Item = &'static str> + '_ {
        let is_new = self.steps.iter().any(|step| step.change.is_creation());
        let own = self.steps.iter().filter_map(|step| attribute(&step.change));
        own.filter(move |attribute| !is_new || *attribute == "Existence")
    }

    /// The lifecycle policy it would write.
    fn lifecycle(&self) -> Option<&str> {
        self.steps.iter().find_map(|step| match &step.change {
            Change::PutLifecyclePolicy { text, .. } => Some(text.as_str()),
            _ => None,
        })
    }
}
