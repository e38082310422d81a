//! The notification topic.

use super::Forwarder;
use super::fault::fault;
use crate::fault::{Fault, FaultKind};
use crate::policy::parcel::Parcel;
use aws_sdk_sns::types::MessageAttributeValue;
use std::collections::BTreeMap;

/// Bytes of a message with its attributes' names, types and values (SNS API reference, `Publish`).
const MOST_BYTES: usize = 262_144;
/// The type of every attribute.
const TEXT: &str = "String";

/// What is published.
pub(super) struct Notice<'a> {
    pub(super) subject: &'a str,
    pub(super) body: &'a str,
    pub(super) attributes: &'a BTreeMap<String, String>,
}

impl Forwarder {
    pub(super) async fn publish_to_topic(&self, parcel: &Parcel) -> Result<(), Fault> {
        let notice = Notice { subject: &parcel.subject, body: &parcel.body, attributes: &parcel.attributes };
        publish(&self.sns, &self.installation.topic_arn, &notice).await
    }
}

/// Publishes to a topic.
pub(super) async fn publish(sns: &aws_sdk_sns::Client, topic_arn: &str, notice: &Notice<'_>) -> Result<(), Fault> {
    // SNS refuses attributes without a value.
    let attributes = || notice.attributes.iter().filter(|(_, value)| !value.is_empty());
    let beside: usize = attributes().map(|(name, value)| name.len() + TEXT.len() + value.len()).sum();
    let bytes = notice.body.len() + beside;
    if bytes > MOST_BYTES {
        let why = format!("the message has {bytes} bytes; a topic takes {MOST_BYTES}");
        return Err(Fault::ours("sns", "Publish", FaultKind::Invalid, why));
    }
    let subject = Some(notice.subject.to_owned()).filter(|subject| !subject.is_empty());
    let mut call = sns.publish().topic_arn(topic_arn).message(notice.body).set_subject(subject);
    for (name, value) in attributes() {
        let value = MessageAttributeValue::builder().data_type(TEXT).string_value(value).build();
        let value = value.map_err(|error| Fault::ours("sns", "Publish", FaultKind::Unexpected, error.to_string()))?;
        call = call.message_attributes(name, value);
    }
    call.send().await.map(|_| ()).map_err(|error| fault("sns", "Publish", &error))
}
