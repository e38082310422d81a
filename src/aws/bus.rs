//! The event bus.

use super::Forwarder;
use super::fault::{fault, kind_of};
use crate::fault::{Fault, FaultKind};
use crate::policy::parcel::Parcel;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};

/// Who says so.
const SOURCE: &str = "ecr-steward";
/// What it is about.
const DETAIL_TYPE: &str = "ECR Finding Change";

impl Forwarder {
    pub(super) async fn put_on_bus(&self, parcels: &[Parcel]) -> Result<Vec<Result<(), Fault>>, Fault> {
        if parcels.is_empty() {
            return Ok(Vec::new());
        }
        let entries = parcels.iter().map(|parcel| {
            PutEventsRequestEntry::builder()
                .source(SOURCE)
                .detail_type(DETAIL_TYPE)
                .detail(&parcel.body)
                .event_bus_name(&self.installation.event_bus)
                .build()
        });
        let call = self.events.put_events().set_entries(Some(entries.collect())).send().await;
        let answer = call.map_err(|error| fault("events", "PutEvents", &error))?;
        let results = answer.entries();
        if results.len() != parcels.len() {
            let why = format!("{} of {} events were answered", results.len(), parcels.len());
            return Err(Fault::ours("events", "PutEvents", FaultKind::Unavailable, why));
        }
        Ok(results.iter().map(result).collect())
    }
}

/// One event was taken if it has an id; the call itself succeeds even where none was.
fn result(entry: &PutEventsResultEntry) -> Result<(), Fault> {
    let code = entry.error_code().unwrap_or_default();
    if code.is_empty() && entry.event_id().is_some() {
        return Ok(());
    }
    Err(Fault {
        code: code.to_owned(),
        ..Fault::ours("events", "PutEvents", kind_of("PutEvents", code), entry.error_message().unwrap_or_default())
    })
}
