//! The notification topic.

use super::Forwarder;
use super::fault::fault;
use crate::fault::{Fault, FaultKind};
use crate::policy::parcel::Parcel;
use aws_sdk_sns::types::MessageAttributeValue;

/// Bytes of a message with its attributes' names, types and values (SNS API reference, `Publish`).
const MOST_BYTES: usize = 262_144;
/// The type of every attribute.
const TEXT: &str = "String";

impl Forwarder {
    pub(super) async fn publish_to_topic(&self, parcel: &Parcel) -> Result<(), Fault> {
        // SNS refuses attributes without a value.
        let attributes = || parcel.attributes.iter().filter(|(_, value)| !value.is_empty());
        let beside: usize = attributes().map(|(name, value)| name.len() + TEXT.len() + value.len()).sum();
        let bytes = parcel.body.len() + beside;
        if bytes > MOST_BYTES {
            let why = format!("the message has {bytes} bytes; a topic takes {MOST_BYTES}");
            return Err(Fault::ours("sns", "Publish", FaultKind::Invalid, why));
        }
        let mut call = self
            .sns
            .publish()
            .topic_arn(&self.installation.topic_arn)
            .message(&parcel.body)
            .set_subject(Some(parcel.subject.clone()).filter(|subject| !subject.is_empty()));
        for (name, value) in attributes() {
            let value = MessageAttributeValue::builder().data_type(TEXT).string_value(value).build();
            let value =
                value.map_err(|error| Fault::ours("sns", "Publish", FaultKind::Unexpected, error.to_string()))?;
            call = call.message_attributes(name, value);
        }
        call.send().await.map(|_| ()).map_err(|error| fault("sns", "Publish", &error))
    }
}
