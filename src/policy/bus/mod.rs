//! Changes of findings as events: one for each image, in parts where one would be too large.
//!
//! The form is public and versioned: `schemas/finding-change-1.json`.

mod detail;

use super::change::ImageChange;
use super::parcel::Parcel;
use crate::spec::findings::Sink;
use detail::{Detail, Told};
use serde::Serialize;
use std::collections::BTreeMap;

/// `source` of our events.
pub const SOURCE: &str = "ecr-steward";
/// `detail-type` of our events.
pub const DETAIL_TYPE: &str = "ECR Finding Change";
/// The version of the form.
pub const VERSION: &str = "1";
/// Bytes of one event, `source`, `detail-type` and time counted: below the 256 KB that targets take which were set up
/// before `EventBridge` and SQS learnt of larger ones (`EventBridge` quotas).
pub const EVENT_BYTES: usize = 240_000;

/// Bytes an entry has besides its detail: `source`, `detail-type` and 14 for the time (`EventBridge` user guide,
/// "Calculating `PutEvents` event entry size").
const ENTRY_BYTES: usize = SOURCE.len() + DETAIL_TYPE.len() + 14;
/// Bytes kept free for the numbers of the parts.
const PART_BYTES: usize = 32;

/// The events that tell of a change, the first part first; none where nothing changed.
pub fn events(change: &ImageChange<'_>) -> Vec<Parcel> {
    let told: Vec<Told<'_>> = change.changes.iter().map(Told::of).collect();
    let print = change.fingerprint();
    let key = |part: usize| print.key(&format!("EventBridge/{part}"));
    let mut head = Detail::of(change, key(1));
    let room = EVENT_BYTES.saturating_sub(ENTRY_BYTES + PART_BYTES + json(&head).len());
    let parts = split(&told, room);
    head.parts = parts.len();
    let mut parcels = Vec::with_capacity(parts.len());
    for (at, changes) in parts.into_iter().enumerate() {
        head.part = at + 1;
        head.key = key(head.part);
        head.changes = changes;
        parcels.push(Parcel {
            key: head.key.clone(),
            sink: Sink::EventBridge,
            secret: None,
            subject: String::new(),
            attributes: BTreeMap::new(),
            body: json(&head),
        });
    }
    parcels
}

/// As many in each part as there is room for, in their order. Each fits alone, since its texts are bounded.
fn split<'t, 'a>(mut told: &'t [Told<'a>], room: usize) -> Vec<&'t [Told<'a>]> {
    let mut parts = Vec::new();
    while !told.is_empty() {
        let mut bytes = 0_usize;
        let fits = |one: &Told<'_>| {
            bytes = bytes.saturating_add(json(one).len() + 1);
            bytes <= room
        };
        let many = told.iter().map(fits).take_while(|fits| *fits).count().max(1);
        let Some((part, rest)) = told.split_at_checked(many) else { break };
        parts.push(part);
        told = rest;
    }
    parts
}

/// Nothing told here can fail to be written: its keys are strings, and numbers that are none are left out.
fn json(told: &impl Serialize) -> String {
    serde_json::to_string(told).unwrap_or_default()
}
