//! Putting a wish into what stands: what is taken over, shared, replaced, put back or left alone, and what stands in the way.
//!
//! Only places that the owner wishes something of, or has something in its name at, are touched; whatever else stands in
//! the same document stays, in its order.

use super::record::{Recorded, RegistryRecord};
use super::words::{holders, in_words, meanings, named, place};
use super::writes::steps;
use super::{Blocked, RegistryPlan};
use super::{limits, scan_type};
use crate::model::Seen;
use crate::model::identity::Identity;
use crate::model::registry::{Entry, Key, Section};
use crate::plan::guard::{OwnerState, Owners};
use crate::spec::registry::RegistryWish;
use std::collections::{BTreeMap, BTreeSet};

/// What a decision is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// This is to stand; what was in the owner's name beside it goes.
    Declare(&'a RegistryWish),
    /// Everything in the owner's name goes. What ECR would refuse is left as it is and told.
    Withdraw,
}

/// What a decision is made from.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// Whose wish it is.
    pub owner: &'a Identity,
    /// Who owns what.
    pub record: &'a RegistryRecord,
    /// What stands; [`sections`] says of which sections that must be known.
    pub seen: &'a BTreeMap<Section, Seen<Vec<Entry>>>,
    /// Owners that stand in the way, by owner tag; one of whom nothing is known is alive.
    pub owners: &'a Owners,
}

impl<'a> Purpose<'a> {
    fn wished(self) -> impl Iterator<Item = (&'a Key, &'a Entry)> {
        let wish = match self {
            Self::Declare(wish) => Some(wish),
            Self::Withdraw => None,
        };
        wish.into_iter().flat_map(|wish| &wish.entries)
    }

    fn wishes(self, key: &Key) -> bool {
        self.wished().any(|(wished, _)| wished == key)
    }
}

/// The sections that a decision depends on.
pub fn sections(owner: &Identity, purpose: Purpose<'_>, record: &RegistryRecord) -> BTreeSet<Section> {
    let own = record.of(owner).map(|(key, _)| key.section);
    purpose.wished().map(|(key, _)| key.section).chain(own).collect()
}

/// The owners of whom it must be known whether they are still there.
pub fn in_the_way(owner: &Identity, purpose: Purpose<'_>, record: &RegistryRecord) -> BTreeMap<String, Identity> {
    let contradicts = |key: &Key, recorded: &Recorded| {
        purpose.wished().any(|(wished, entry)| wished == key && !recorded.entry.agrees_with(entry))
    };
    let leaves = |key: &Key, recorded: &Recorded| recorded.is_of(owner) && !purpose.wishes(key);
    let entries = record.entries.iter().filter(|(key, recorded)| contradicts(key, recorded) || leaves(key, recorded));
    let others = entries.flat_map(|(_, recorded)| recorded.others(owner));
    others.map(|other| (other.owner(), other.clone())).collect()
}

/// Decides.
pub fn plan(purpose: Purpose<'_>, standing: Standing<'_>) -> RegistryPlan {
    let mut merge = Merge::new(purpose, standing);
    for (key, entry) in purpose.wished() {
        merge.declare(key, entry);
    }
    for (key, recorded) in standing.record.of(standing.owner) {
        if purpose.wishes(key) {
            continue;
        }
        if scan_type::is_needed(recorded, purpose.wished().map(|(_, entry)| entry)) {
            merge.plan.remarks.push("scan type ENHANCED stays, since this resource scans continuously".to_owned());
            merge.declare(key, &recorded.entry);
        } else {
            merge.drop(key, recorded);
        }
    }
    merge.close()
}

struct Merge<'a> {
    purpose: Purpose<'a>,
    standing: Standing<'a>,
    /// What should stand, of every section that could be read.
    desired: BTreeMap<Section, Vec<Entry>>,
    /// What was in the name of owners that are gone, and of nobody else; with whose.
    orphans: BTreeMap<Key, Recorded>,
    plan: RegistryPlan,
}

impl<'a> Merge<'a> {
    fn new(purpose: Purpose<'a>, standing: Standing<'a>) -> Self {
        let mut plan = RegistryPlan { intended: standing.record.clone(), ..RegistryPlan::default() };
        let mut orphans = BTreeMap::new();
        let gone = |owner: &Identity| standing.owners.get(&owner.owner()) == Some(&OwnerState::Gone);
        for (key, recorded) in &standing.record.entries {
            if recorded.owners.iter().all(gone) {
                orphans.insert(key.clone(), recorded.clone());
            }
        }
        for owner in standing.record.owners.values().map(|owner| &owner.identity).filter(|owner| gone(owner)) {
            plan.intended.forget(owner);
        }
        plan.settled = plan.intended.clone();
        let mut desired = BTreeMap::new();
        for section in sections(standing.owner, purpose, standing.record) {
            match standing.seen.get(&section) {
                Some(Seen::Present(entries)) => drop(desired.insert(section, entries.clone())),
                Some(Seen::Missing) => drop(desired.insert(section, Vec::new())),
                Some(Seen::Unreadable(fault)) => plan.blocked.push(Blocked {
                    subject: named(section).to_owned(),
                    reason: format!("what stands there could not be read: {fault}"),
                }),
                Some(Seen::Unasked) | None => plan.blocked.push(Blocked {
                    subject: named(section).to_owned(),
                    reason: "what stands there is not known, since nobody looked".to_owned(),
                }),
            }
        }
        Self { purpose, standing, desired, orphans, plan }
    }

    fn there(&self, key: &Key) -> Vec<Entry> {
        let entries = self.desired.get(&key.section).into_iter().flatten();
        entries.filter(|entry| entry.key() == *key).cloned().collect()
    }

    fn block(&mut self, entry: &Entry, reason: String) {
        self.plan.blocked.push(Blocked { subject: place(&entry.key()), reason });
    }

    fn declare(&mut self, key: &Key, entry: &Entry) {
        if !self.desired.contains_key(&key.section) {
            return;
        }
        let owner = self.standing.owner;
        let recorded = match self.plan.intended.entries.get(key) {
            Some(recorded) if recorded.entry.agrees_with(entry) || recorded.others(owner).next().is_none() => {
                continued(recorded, entry, owner)
            }
            Some(recorded) => {
                let reason = self.contradiction(recorded, entry);
                return self.block(entry, reason);
            }
            None => match self.begun(key, entry) {
                Ok(recorded) => recorded,
                Err(reason) => return self.block(entry, reason),
            },
        };
        let settled = Recorded { unsettled: Vec::new(), leaving: false, ..recorded.clone() };
        self.plan.intended.entries.insert(key.clone(), recorded);
        self.plan.settled.entries.insert(key.clone(), settled);
        put(self.desired.entry(key.section).or_default(), key, Some(entry));
    }

    fn contradiction(&self, recorded: &Recorded, entry: &Entry) -> String {
        let others: Vec<&Identity> = recorded.others(self.standing.owner).collect();
        let mut reason = format!(
            "{} is declared by {}, and this resource declares {}. Declare the same, or change it there first",
            in_words(&recorded.entry),
            holders(others.iter().copied()),
            in_words(entry)
        );
        for other in others {
            if let Some(OwnerState::Unknown(fault)) = self.standing.owners.get(&other.owner()) {
                let why = format!(". Whether stack {} still has it could not be found out: {fault}", other.stack.name);
                reason.push_str(&why);
            }
        }
        reason.push_str(&scan_type::why_held(recorded, &self.plan.settled));
        reason
    }

    /// An entry that is in nobody's name yet.
    fn begun(&mut self, key: &Key, entry: &Entry) -> Result<Recorded, String> {
        let there = self.there(key);
        let orphan = self.orphans.get(key).cloned();
        if let Some(orphan) = &orphan {
            let whose = holders(orphan.owners.iter());
            self.plan.remarks.push(format!("{}: taken over from {whose}, which is gone", place(key)));
            if orphan.entry.agrees_with(entry) {
                let owners = vec![self.standing.owner.clone()];
                return Ok(Recorded { entry: entry.clone(), owners, leaving: false, ..orphan.clone() });
            }
        }
        let left_by_orphan = |found: &Entry| orphan.as_ref().is_some_and(|orphan| orphan.is_ours(found));
        let scalar = matches!(entry, Entry::ScanType(_) | Entry::BlobMounting(_));
        let strange = there.iter().find(|found| !scalar && !found.agrees_with(entry) && !left_by_orphan(found));
        if let Some(found) = strange {
            return Err(format!(
                "{} stands there, declared by nobody here, and this resource declares {}. Declare it as it stands, or remove it first",
                in_words(found),
                in_words(entry)
            ));
        }
        // What the one who is gone put there is not what stood before.
        let was_put_there = orphan.as_ref().is_some_and(|orphan| orphan.leaving || !there.is_empty())
            && there.iter().all(left_by_orphan);
        let before = match &orphan {
            Some(orphan) if was_put_there => orphan.before.clone(),
            _ => there.first().cloned(),
        };
        if !was_put_there {
            let standing = self.desired.get(&key.section).into_iter().flatten();
            self.plan.remarks.extend(scan_type::ended(&there, entry, standing));
        }
        Ok(Recorded {
            entry: entry.clone(),
            owners: vec![self.standing.owner.clone()],
            before,
            unsettled: there.into_iter().filter(|found| left_by_orphan(found) && !found.agrees_with(entry)).collect(),
            leaving: false,
        })
    }

    /// What is in the owner's name and no longer wished.
    fn drop(&mut self, key: &Key, recorded: &Recorded) {
        if !self.desired.contains_key(&key.section) {
            return;
        }
        let mut rest = self.plan.settled.entries.get(key).cloned().unwrap_or_else(|| recorded.clone());
        rest.owners.retain(|known| known.owner() != self.standing.owner.owner());
        if !rest.owners.is_empty() {
            let whose = holders(rest.owners.iter());
            self.plan.remarks.push(format!("{} stays, since {whose} declares it too", in_words(&recorded.entry)));
            self.plan.settled.entries.insert(key.clone(), rest);
            return;
        }
        self.plan.settled.entries.remove(key);
        if let Some(recorded) = self.plan.intended.entries.get_mut(key) {
            recorded.leaving = true;
        }
        let there = self.there(key);
        let before = recorded.before.clone().or_else(|| default_of(&recorded.entry));
        let is_back = |found: &Entry| before.as_ref().is_some_and(|before| before.agrees_with(found));
        if there.is_empty() {
            match &before {
                // Taken away by a merge of ours that broke off before it put the other back.
                Some(_) if recorded.leaving => {
                    put(self.desired.entry(key.section).or_default(), key, before.as_ref());
                }
                Some(before) if before.agrees_with(&recorded.entry) => {}
                Some(before) => self.plan.remarks.push(format!(
                    "{} is gone already, so {} is not put back",
                    in_words(&recorded.entry),
                    in_words(before)
                )),
                None => {}
            }
            return;
        }
        let strange = there.iter().find(|found| !recorded.is_ours(found));
        if there.iter().all(is_back) {
            // Put back by a merge that broke off, or never replaced.
        } else if let Some(found) = strange {
            self.plan.remarks.push(format!(
                "{} is left alone: somebody changed it since it was declared here as {}",
                in_words(found),
                in_words(&recorded.entry)
            ));
        } else {
            put(self.desired.entry(key.section).or_default(), key, before.as_ref());
        }
    }

    fn close(mut self) -> RegistryPlan {
        let none = Vec::new();
        for (section, mut desired) in std::mem::take(&mut self.desired) {
            let standing = self.standing.seen.get(&section).and_then(Seen::present).unwrap_or(&none);
            if !self.purpose.wishes(&scan_type::place()) {
                let stays_with = match self.purpose {
                    Purpose::Declare(_) => Some(self.standing.owner),
                    Purpose::Withdraw => None,
                };
                scan_type::keep(standing, &mut desired, &mut self.plan, stays_with);
            }
            if *standing == desired {
                continue;
            }
            let mut flaws = limits::flaws(section, &desired, &self.plan.settled);
            // What is beyond a limit already, say one that was raised for this account, may still shrink.
            if desired.len() <= standing.len() && !limits::flaws(section, standing, &self.plan.settled).is_empty() {
                flaws.clear();
            }
            match self.purpose {
                Purpose::Declare(_) => self.plan.blocked.extend(flaws),
                Purpose::Withdraw if !flaws.is_empty() => {
                    let whys: Vec<String> = flaws.into_iter().map(|flaw| flaw.reason).collect();
                    self.plan.remarks.push(format!("{} stays as it is: {}", named(section), whys.join("; ")));
                    continue;
                }
                Purpose::Withdraw => {}
            }
            self.plan.changes.extend(steps(section, standing, &desired));
        }
        if let Purpose::Declare(wish) = self.purpose {
            let remarks = meanings(wish, self.standing.seen, &self.plan.changes);
            self.plan.remarks.extend(remarks);
        }
        self.plan
    }
}

/// An entry that is recorded already, declared (again) by this owner.
fn continued(recorded: &Recorded, entry: &Entry, owner: &Identity) -> Recorded {
    let mut next = recorded.clone();
    if !recorded.is_of(owner) {
        next.owners.push(owner.clone());
    }
    next.leaving = false;
    next.unsettled.retain(|earlier| !earlier.agrees_with(entry));
    if !recorded.entry.agrees_with(entry) {
        next.unsettled.push(recorded.entry.clone());
    }
    next.entry = entry.clone();
    next
}

/// What holds where ECR says nothing.
fn default_of(entry: &Entry) -> Option<Entry> {
    matches!(entry, Entry::BlobMounting(_)).then_some(Entry::BlobMounting(false))
}

/// Puts an entry into its place, or clears that; what stands there and agrees is not touched.
fn put(entries: &mut Vec<Entry>, key: &Key, entry: Option<&Entry>) {
    let is_there = |found: &Entry| found.key() == *key;
    let Some(entry) = entry else { return entries.retain(|found| !is_there(found)) };
    let mut there = entries.iter().filter(|found| is_there(found)).peekable();
    if there.peek().is_some() && there.all(|found| found.agrees_with(entry)) {
        return;
    }
    let at = entries.iter().position(is_there).unwrap_or(entries.len());
    entries.retain(|found| !is_there(found));
    entries.insert(at.min(entries.len()), entry.clone());
}
