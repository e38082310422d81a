//! The daily message: collected change by change, sent by the first reconciliation of the next day.
//!
//! What is collected lies in small documents, one for each change and route, under a key that a second try writes again.
//! They are removed once the message is out, so a crash repeats at most that one message, with the same key.

use super::policies::InForce;
use super::{Forwarding, Records, people};
use crate::fault::{Fault, FaultKind};
use crate::policy::notices::{DigestItem, digest, route_key};
use crate::spec::findings::{Route, Sink};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where all of it is collected: `<day>~<route>~<change>.json`.
const PREFIX: &str = "findings/digests/";

/// A change, and where it is to be told.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Collected {
    sink: Sink,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret_parameter: Option<String>,
    item: DigestItem,
}

/// What tells a route in the names of documents.
fn name_of(route: &Route) -> String {
    route_key(route, route.secret_parameter.as_deref())
}

/// Keeps a change for the daily message.
pub(super) async fn collect(world: &impl Records, route: &Route, today: Date, item: DigestItem) -> Result<(), Fault> {
    let key = format!("{PREFIX}{today}~{}~{}.json", name_of(route), item.key);
    let collected = Collected { sink: route.sink, secret_parameter: route.secret_parameter.clone(), item };
    let document = serde_json::to_value(collected)
        .map_err(|error| Fault::ours("s3", "PutObject", FaultKind::Unexpected, error.to_string()))?;
    world.save_document(&key, &document, None).await.map(|_| ())
}

/// Sends the daily messages of all days before today. Those that do not get through stay for the next time.
pub(super) async fn send(world: &impl Forwarding, policy: &InForce, today: Date) -> Result<usize, Fault> {
    let routes = &policy.policy.routes;
    let mut sent = 0;
    for ((day, at, owner), kept) in collected(world, routes, today).await? {
        let items: Vec<DigestItem> = kept.iter().map(|(_, item)| item.clone()).collect();
        let parcel = at
            .and_then(|at| routes.get(at))
            .and_then(|route| digest(route, people::secret(route, owner.as_deref()), day, &items));
        if let Some(parcel) = parcel {
            if let Err(fault) = super::outbox::deliver_one(world, &parcel).await {
                if super::outbox::may_pass(&fault) {
                    tracing::warn!(sink = parcel.sink.as_str(), %fault, "a daily message could not be sent; it stays for the next time");
                    continue;
                }
                world.dead_letter(&super::outbox::letter(&parcel, &fault)).await?;
            }
            sent += 1;
        } else {
            tracing::info!(%day, items = items.len(), "no route leads any more to where these changes were to be told");
        }
        for (key, _) in kept {
            world.forget_document(&key).await?;
        }
    }
    Ok(sent)
}

/// What was collected, with the keys it lies under: by day, route of the policy, and owner.
type Messages = BTreeMap<(Date, Option<usize>, Option<String>), Vec<(String, DigestItem)>>;

async fn collected(world: &impl Forwarding, routes: &[Route], today: Date) -> Result<Messages, Fault> {
    let mut found = Messages::new();
    let mut token = None;
    loop {
        let (entries, next) = world.entries(PREFIX, token).await?;
        for entry in entries {
            let mut parts = entry.key.strip_prefix(PREFIX).unwrap_or_default().split('~');
            let day = parts.next().and_then(|day| day.parse::<Date>().ok()).filter(|day| *day < today);
            let (Some(day), Some(name)) = (day, parts.next()) else { continue };
            let Some((document, _)) = world.document(&entry.key).await? else { continue };
            let Ok(collected) = serde_json::from_value::<Collected>(document) else { continue };
            let at = heir(routes, name, &collected);
            let route = at.and_then(|at| routes.get(at));
            let owner = route.and_then(|route| people::owner_of(route, collected.item.owner.as_deref()));
            found.entry((day, at, owner)).or_default().push((entry.key, collected.item));
        }
        token = next;
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// The route by which it was collected or, where that has been changed since, one that leads to the same place.
fn heir(routes: &[Route], name: &str, collected: &Collected) -> Option<usize> {
    let same = routes.iter().position(|route| name_of(route) == name);
    let leads_there =
        |route: &Route| route.sink == collected.sink && route.secret_parameter == collected.secret_parameter;
    same.or_else(|| routes.iter().position(leads_there))
}
