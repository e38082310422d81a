//! Telling Security Hub: full batches, a few at a time; what it does not take is repaired once.

use super::{NotTaken, Sinks};
use crate::fault::{Fault, FaultKind};
use crate::model::finding::FindingId;
use crate::policy::asff::{self, Batches, Telling};
use crate::policy::hub::{Errand, Terms, errand, taken};
use crate::policy::record::{ImageRecord, Kept, Refused};
use futures_util::{StreamExt as _, stream};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use tokio::time::Instant;

/// Imports under way at a time: the service takes ten calls a second, and each takes some hundred milliseconds.
const AT_ONCE: usize = 4;
/// What Security Hub calls it when it is not enabled in this account and Region.
const NOT_ENABLED: &str = "InvalidAccessException";

/// What telling came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Findings it took.
    pub taken: usize,
    /// Of them, those it was told are no more.
    pub archived: usize,
    /// What it refused for good, and why.
    pub refused: Vec<(FindingId, String)>,
    /// What may go through later.
    pub troubles: Vec<Fault>,
    /// It is not enabled here.
    pub is_off: bool,
}

/// One finding to be sent.
type Item = (FindingId, Errand);
/// Findings sent in one call, and what the call came to.
type Sent = (Vec<Item>, Result<Vec<NotTaken>, Fault>);

/// Tells Security Hub whatever it is still to be told of an image, and notes in the record what it took.
pub async fn tell(world: &impl Sinks, record: &mut ImageRecord, terms: &Terms<'_>, until: Instant) -> Told {
    let mut due = due(record, terms);
    if !due.is_empty() && !terms.writing {
        // The record will be written, which is when whatever might lapse before the next look goes along.
        due = self::due(record, &Terms { writing: true, ..*terms });
    }
    let mut told = Told::default();
    if due.is_empty() {
        return told;
    }
    let (sent, rejected) = send(world, record, due, until, asff::write).await;
    note(record, &mut told, sent);
    if !rejected.is_empty() && !told.is_off {
        let reasons: BTreeMap<FindingId, String> =
            rejected.iter().map(|(item, why)| (item.0.clone(), why.clone())).collect();
        let again: Vec<Item> = rejected.into_iter().map(|(item, _)| item).collect();
        let (sent, rejected) = send(world, record, again, until, asff::repaired).await;
        note(record, &mut told, sent);
        for ((id, _), why) in rejected {
            if let Some(kept) = record.findings.get_mut(&id) {
                let mut hub = kept.hub.take().unwrap_or_default();
                hub.refused = Some(Refused { told: kept.updated, reason: why.clone() });
                kept.hub = Some(hub);
            }
            // The first refusal names the cause; the second is about what was left of the finding.
            let first = reasons.get(&id).filter(|first| **first != why);
            let why = first.map_or_else(|| why.clone(), |first| format!("{first}; repaired: {why}"));
            told.refused.push((id, why));
        }
    }
    told
}

/// What is to be sent now.
fn due(record: &ImageRecord, terms: &Terms<'_>) -> Vec<Item> {
    let findings = record.findings.iter();
    findings.filter_map(|(id, kept)| errand(kept, terms).map(|errand| (id.clone(), errand))).collect()
}

/// Sends findings in full batches; the second part is what was not taken, with the reasons.
async fn send(
    world: &impl Sinks,
    record: &ImageRecord,
    items: Vec<Item>,
    until: Instant,
    write: fn(&Telling<'_>) -> String,
) -> (Vec<Sent>, Vec<(Item, String)>) {
    let written = items.into_iter().filter_map(|(id, errand)| {
        let text = write(&telling(record, &id, record.findings.get(&id)?, errand));
        Some(((id, errand), text))
    });
    // Where one call is told that nobody is at home, the others need not knock.
    let is_off: &OnceLock<Fault> = &OnceLock::new();
    let sent: Vec<Sent> = stream::iter(Batches::new(written))
        .map(|(items, texts)| async move {
            if let Some(fault) = is_off.get() {
                return (items, Err(fault.clone()));
            }
            if Instant::now() >= until {
                let late = Fault::ours("securityhub", "BatchImportFindings", FaultKind::Late, "out of time");
                return (items, Err(late));
            }
            let answer = import(world, &texts).await;
            if let Some(fault) = answer.as_ref().err().filter(|fault| fault.code == NOT_ENABLED) {
                let _ = is_off.set(fault.clone());
            }
            (items, answer)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut rejected = Vec::new();
    let mut rest = Vec::with_capacity(sent.len());
    for (items, answer) in sent {
        let (items, answer) = match answer {
            Ok(not_taken) if !not_taken.is_empty() => {
                let reasons: BTreeMap<String, String> =
                    not_taken.into_iter().map(|item| (item.id, item.reason)).collect();
                let (bad, good): (Vec<Item>, Vec<Item>) =
                    items.into_iter().partition(|(id, _)| reasons.contains_key(&id.told()));
                rejected.extend(bad.into_iter().map(|item| {
                    let why = reasons.get(&item.0.told()).cloned().unwrap_or_default();
                    (item, why)
                }));
                (good, Ok(Vec::new()))
            }
            answer => (items, answer),
        };
        rest.push((items, answer));
    }
    (rest, rejected)
}

/// Sends one batch. A call that is refused as a whole is sent again in halves, until the one finding is found.
async fn import(world: &impl Sinks, texts: &[String]) -> Result<Vec<NotTaken>, Fault> {
    let fault = match world.import(texts).await {
        Err(fault) if fault.kind == FaultKind::Invalid => fault,
        other => return other,
    };
    match texts {
        [] => Ok(Vec::new()),
        [only] => Ok(vec![NotTaken { id: id_of(only), reason: fault.to_string() }]),
        _ => {
            let (one, two) = texts.split_at(texts.len() / 2);
            let mut not_taken = Box::pin(import(world, one)).await?;
            not_taken.extend(Box::pin(import(world, two)).await?);
            Ok(not_taken)
        }
    }
}

fn id_of(text: &str) -> String {
    let finding: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    finding.get("Id").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

fn note(record: &mut ImageRecord, told: &mut Told, sent: Vec<Sent>) {
    for (items, answer) in sent {
        match answer {
            Ok(_) => {
                for (id, errand) in items {
                    if let Some(kept) = record.findings.get_mut(&id) {
                        taken(kept, errand);
                        told.taken += 1;
                        told.archived += usize::from(errand.archived);
                    }
                }
            }
            Err(fault) if fault.code == NOT_ENABLED => told.is_off = true,
            Err(fault) => told.troubles.push(fault),
        }
    }
}

fn telling<'a>(record: &'a ImageRecord, id: &'a FindingId, kept: &'a Kept, errand: Errand) -> Telling<'a> {
    Telling {
        image: &record.image,
        tags: &record.tags,
        parent: record.parent.as_ref(),
        finding: &kept.finding,
        id,
        created: kept.created,
        updated: errand.at,
        archived: errand.archived,
        waived: kept.waived.as_ref(),
    }
}
