//! The function's own delayed queue: the port `flow::Postpone`.

use super::Aws;
use super::fault::fault;
use crate::event::message::Message;
use crate::fault::{Fault, FaultKind};
use crate::flow::Postpone;

impl Postpone for Aws {
    async fn send(&self, message: &Message) -> Result<(), Fault> {
        let body = serde_json::to_string(message)
            .map_err(|error| Fault::ours("sqs", "SendMessage", FaultKind::Unexpected, error.to_string()))?;
        let delay = i32::try_from(message.delay().as_secs()).unwrap_or(900);
        let call = self.sqs.send_message().queue_url(&self.queue_url).message_body(body).delay_seconds(delay);
        call.send().await.map(|_| ()).map_err(|error| fault("sqs", "SendMessage", &error))
    }
}
