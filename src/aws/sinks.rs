//! Telling the world: the port `flow::findings::Sinks`. Each way is a file of its own.

use super::Forwarder;
use crate::fault::Fault;
use crate::flow::findings::{NotTaken, Sinks};
use crate::policy::parcel::Parcel;

impl Sinks for Forwarder {
    async fn import(&self, findings: &[String]) -> Result<Vec<NotTaken>, Fault> {
        self.hub.import(findings).await
    }

    async fn publish(&self, parcel: &Parcel) -> Result<(), Fault> {
        self.publish_to_topic(parcel).await
    }

    async fn put_events(&self, parcels: &[Parcel]) -> Result<Vec<Result<(), Fault>>, Fault> {
        self.put_on_bus(parcels).await
    }

    async fn post(&self, parcel: &Parcel) -> Result<(), Fault> {
        self.web.post(&self.ssm, parcel).await
    }
}
