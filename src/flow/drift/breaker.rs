//! The breaker against a tug of war: who mends the same attribute of a repository again and again is arguing with
//! somebody, and people must settle it.
//!
//! Assumption: every mend is remembered before it is written. Guarantee: an attribute is mended at most twice within 24
//! hours; the third time it is left as it is, and both sides are named.

use super::budget::WINDOW;
use super::{Book, papers};
use crate::fault::Fault;
use crate::model::name::RepositoryName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Changes away from what we hold that are one too many within 24 hours (contract).
const FLIPS: usize = 3;

/// What is remembered of one repository, by attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Flips {
    #[serde(default)]
    attributes: BTreeMap<String, History>,
}

/// What happened to one attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct History {
    /// Our mends of the last 24 hours.
    mends: Vec<Mend>,
    /// When people were told that it is left alone, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told: Option<i64>,
}

/// One mend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mend {
    /// The change's id.
    change: String,
    /// When, in milliseconds since 1970.
    at: i64,
    /// Whose call led to it, where it was not ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    principal: Option<String>,
}

/// A change that is about to be made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Intent<'a> {
    /// Its id.
    pub(super) change: &'a str,
    /// Whose call led here, where a call did.
    pub(super) principal: Option<&'a str>,
    /// In whose name we write.
    pub(super) own: &'a str,
    /// In milliseconds since 1970.
    pub(super) now: i64,
}

impl Intent<'_> {
    /// Whose call led here, unless it was ours.
    fn foreign(&self) -> Option<&str> {
        self.principal.filter(|principal| role(principal) != role(self.own))
    }
}

/// The role of an ARN, so that a session of a role is known as the role.
fn role(arn: &str) -> &str {
    if let Some((_, session)) = arn.split_once(":assumed-role/") {
        return session.split('/').next().unwrap_or(session);
    }
    arn.split_once(":role/").map_or(arn, |(_, path)| path.rsplit('/').next().unwrap_or(path))
}

/// An attribute that is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trip {
    /// Why, and what to do.
    pub(super) why: String,
    /// Were people told?
    pub(super) told: bool,
}

impl Flips {
    /// What was remembered.
    pub(super) async fn of(world: &impl Book, name: &RepositoryName) -> Result<Self, Fault> {
        Ok(papers::read(world, &key(name)).await?.map(|(flips, _)| flips).unwrap_or_default())
    }

    /// May an attribute be mended once more?
    pub(super) fn trip(&self, attribute: &str, intent: &Intent<'_>) -> Option<Trip> {
        let history = self.attributes.get(attribute)?;
        let recent: Vec<&Mend> = history.recent(intent).collect();
        if recent.len() + 1 < FLIPS {
            return None;
        }
        let last = recent.iter().rev().find_map(|mend| mend.principal.as_deref());
        let other = intent.foreign().or(last).unwrap_or("somebody no event named");
        let own = if intent.own.is_empty() { "the drift function" } else { intent.own };
        let times = recent.len();
        let again = recent.first().map_or(0, |mend| mend.at.saturating_add(WINDOW).saturating_sub(intent.now));
        let hours = again.saturating_add(3_599_999).div_euclid(3_600_000);
        Some(Trip {
            why: format!(
                "the breaker: {own} put {attribute} back {times} times within 24 hours and {other} changed it each time, so it is left as it is. Settle it with them: change the rule or add an exemption, or stop the other side; in {hours} hours it is mended again"
            ),
            told: history.told.is_some(),
        })
    }

    /// When a change of this id was begun before, in milliseconds since 1970.
    pub(super) fn begun(&self, change: &str) -> Option<i64> {
        let all = self.attributes.values().flat_map(|history| &history.mends);
        all.filter(|mend| mend.change == change).map(|mend| mend.at).min()
    }
}

impl History {
    fn has(&self, change: &str) -> bool {
        self.mends.iter().any(|mend| mend.change == change)
    }

    /// Mends of other changes than this one that still count.
    fn recent<'a>(&'a self, intent: &'a Intent<'_>) -> impl Iterator<Item = &'a Mend> {
        let counts = |mend: &&Mend| mend.change != intent.change && intent.now.saturating_sub(mend.at) < WINDOW;
        self.mends.iter().filter(counts)
    }
}

/// Remembers that these attributes are about to be mended.
pub(super) async fn remember(
    world: &impl Book,
    name: &RepositoryName,
    attributes: &[&'static str],
    intent: &Intent<'_>,
) -> Result<(), Fault> {
    papers::amend(world, &key(name), |flips: &mut Flips| {
        let mut changed = false;
        // What follows a creation belongs to it.
        if flips.attributes.get("Existence").is_some_and(|history| history.has(intent.change)) {
            return (false, ());
        }
        for attribute in attributes {
            let history = flips.attributes.entry((*attribute).to_owned()).or_default();
            if history.has(intent.change) {
                continue;
            }
            history.mends.retain(|mend| intent.now.saturating_sub(mend.at) < WINDOW);
            let principal = intent.foreign().map(str::to_owned);
            history.mends.push(Mend { change: intent.change.to_owned(), at: intent.now, principal });
            history.told = None;
            changed = true;
        }
        (changed, ())
    })
    .await
}

/// Takes back that these were mended: the writes failed.
pub(super) async fn forget(
    world: &impl Book,
    name: &RepositoryName,
    attributes: &[&'static str],
    change: &str,
) -> Result<(), Fault> {
    papers::amend(world, &key(name), |flips: &mut Flips| {
        for attribute in attributes {
            if let Some(history) = flips.attributes.get_mut(*attribute) {
                history.mends.retain(|mend| mend.change != change);
            }
        }
        (true, ())
    })
    .await
}

/// Remembers that people were told.
pub(super) async fn told(
    world: &impl Book,
    name: &RepositoryName,
    attributes: &[&'static str],
    now: i64,
) -> Result<(), Fault> {
    papers::amend(world, &key(name), |flips: &mut Flips| {
        for attribute in attributes {
            if let Some(history) = flips.attributes.get_mut(*attribute) {
                history.told = Some(now);
            }
        }
        (true, ())
    })
    .await
}

fn key(name: &RepositoryName) -> String {
    format!("drift/flips/{name}.json")
}
