//! The daily message: collected change by change, sent by the first reconciliation of the next day.
//!
//! What is collected lies in small documents, one for each change and route, under a key that a second try writes again.
//! They are removed once the message is out, so a crash repeats at most that one message, with the same key.

use super::policies::InForce;
use super::{Forwarding, Records, people};
use crate::fault::{Fault, FaultKind};
use crate::policy::notices::{DigestItem, digest, route_key};
use crate::spec::findings::Route;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Where the daily messages of a route are collected.
fn prefix(route: &Route) -> String {
    format!("findings/digests/{}/", route_key(route, route.secret_parameter.as_deref()))
}

/// Keeps a change for the daily message.
pub(super) async fn collect(world: &impl Records, route: &Route, today: Date, item: &DigestItem) -> Result<(), Fault> {
    let key = format!("{}{today}~{}.json", prefix(route), item.key);
    let document = serde_json::to_value(item)
        .map_err(|error| Fault::ours("s3", "PutObject", FaultKind::Unexpected, error.to_string()))?;
    world.save_document(&key, &document, None).await.map(|_| ())
}

/// Sends the daily messages of all days before today. Those that do not get through stay for the next time.
pub(super) async fn send(world: &impl Forwarding, policy: &InForce, today: Date) -> Result<usize, Fault> {
    let mut sent = 0;
    for route in &policy.policy.routes {
        for ((day, owner), keys) in collected(world, route, today).await? {
            let items: Vec<DigestItem> = keys.iter().map(|(_, item)| item.clone()).collect();
            let secret = people::secret(route, owner.as_deref());
            if let Some(parcel) = digest(route, secret, day, &items) {
                if let Err(fault) = super::outbox::deliver_one(world, &parcel).await {
                    if super::outbox::may_pass(&fault) {
                        tracing::warn!(sink = parcel.sink.as_str(), %fault, "a daily message could not be sent; it stays for the next time");
                        continue;
                    }
                    world.dead_letter(&super::outbox::letter(&parcel, &fault)).await?;
                }
                sent += 1;
            }
            for (key, _) in keys {
                world.forget_document(&key).await?;
            }
        }
    }
    Ok(sent)
}

/// By day and owner: what was collected, with the keys it lies under.
type Collected = BTreeMap<(Date, Option<String>), Vec<(String, DigestItem)>>;

async fn collected(world: &impl Forwarding, route: &Route, today: Date) -> Result<Collected, Fault> {
    let prefix = prefix(route);
    let mut found = Collected::new();
    let mut token = None;
    loop {
        let (entries, next) = world.entries(&prefix, token).await?;
        for entry in entries {
            let day = entry.key.strip_prefix(&prefix).and_then(|name| name.split_once('~')).map(|(day, _)| day);
            let Some(day) = day.and_then(|day| day.parse::<Date>().ok()).filter(|day| *day < today) else { continue };
            let Some((document, _)) = world.document(&entry.key).await? else { continue };
            let Ok(item) = serde_json::from_value::<DigestItem>(document) else { continue };
            let owner = people::owner_of(route, item.owner.as_deref());
            found.entry((day, owner)).or_default().push((entry.key, item));
        }
        token = next;
        if token.is_none() {
            return Ok(found);
        }
    }
}
