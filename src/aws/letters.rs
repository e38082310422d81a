//! The dead-letter queue as the command line handles it: letters are taken for a while, then removed or put back.

use super::Forwarder;
use super::fault::fault;
use super::jobs::trouble;
use crate::fault::{Fault, FaultKind};
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName,
};

/// Messages one call hands over, removes or puts back (SQS API reference).
pub(super) const MOST_LETTERS: usize = 10;
/// How long a call waits for a letter, in seconds: one that does not wait asks some of the queue's servers only.
const PATIENCE: i32 = 2;

/// One message of the dead-letter queue, taken for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The message's id, the same whenever it is taken.
    pub id: String,
    /// With which it is removed or put back.
    pub receipt: String,
    /// What it says.
    pub body: String,
    /// When it was sent, in milliseconds since 1970.
    pub sent_at: Option<i64>,
}

impl Forwarder {
    /// Takes at most ten letters, and hides them from everybody else for so many seconds. None come where none are left.
    pub async fn take_letters(&self, most: usize, hidden_for: u32) -> Result<Vec<Letter>, Fault> {
        let most = i32::try_from(most.clamp(1, MOST_LETTERS)).unwrap_or(1);
        let call = self
            .sqs
            .receive_message()
            .queue_url(&self.installation.dead_letter_url)
            .max_number_of_messages(most)
            .visibility_timeout(i32::try_from(hidden_for).unwrap_or(i32::MAX))
            .wait_time_seconds(PATIENCE)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
        let answer = call.send().await.map_err(|error| fault("sqs", "ReceiveMessage", &error))?;
        answer.messages.unwrap_or_default().into_iter().map(letter).collect()
    }

    /// Removes letters for good.
    pub async fn remove_letters(&self, receipts: &[String]) -> Result<(), Fault> {
        for batch in receipts.chunks(MOST_LETTERS) {
            let entries = batch.iter().enumerate().map(|(at, receipt)| {
                let entry = DeleteMessageBatchRequestEntry::builder().id(at.to_string()).receipt_handle(receipt);
                entry.build().map_err(|error| unmade("DeleteMessageBatch", &error.to_string()))
            });
            let entries = entries.collect::<Result<_, _>>()?;
            let call = self
                .sqs
                .delete_message_batch()
                .queue_url(&self.installation.dead_letter_url)
                .set_entries(Some(entries));
            let answer = call.send().await.map_err(|error| fault("sqs", "DeleteMessageBatch", &error))?;
            if answer.successful().len() < batch.len() {
                return Err(trouble("DeleteMessageBatch", answer.failed(), batch.len() - answer.successful().len()));
            }
        }
        Ok(())
    }

    /// Puts letters back, so that they can be taken at once.
    pub async fn put_letters_back(&self, receipts: &[String]) -> Result<(), Fault> {
        const OPERATION: &str = "ChangeMessageVisibilityBatch";
        for batch in receipts.chunks(MOST_LETTERS) {
            let entries = batch.iter().enumerate().map(|(at, receipt)| {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(at.to_string());
                let entry = entry.receipt_handle(receipt).visibility_timeout(0);
                entry.build().map_err(|error| unmade(OPERATION, &error.to_string()))
            });
            let entries = entries.collect::<Result<_, _>>()?;
            let call = self
                .sqs
                .change_message_visibility_batch()
                .queue_url(&self.installation.dead_letter_url)
                .set_entries(Some(entries));
            let answer = call.send().await.map_err(|error| fault("sqs", OPERATION, &error))?;
            if answer.successful().len() < batch.len() {
                return Err(trouble(OPERATION, answer.failed(), batch.len() - answer.successful().len()));
            }
        }
        Ok(())
    }

    /// Sends messages to the findings queue as they are.
    pub async fn send_again(&self, bodies: &[String]) -> Result<(), Fault> {
        self.send_all(bodies, 0).await
    }
}

fn letter(message: Message) -> Result<Letter, Fault> {
    let sent = message.attributes.as_ref().and_then(|all| all.get(&MessageSystemAttributeName::SentTimestamp));
    let sent_at = sent.and_then(|sent| sent.parse().ok());
    let receipt = message.receipt_handle.ok_or_else(|| unmade("ReceiveMessage", "a message has no receipt handle"))?;
    Ok(Letter { id: message.message_id.unwrap_or_default(), receipt, body: message.body.unwrap_or_default(), sent_at })
}

fn unmade(operation: &'static str, why: &str) -> Fault {
    Fault::ours("sqs", operation, FaultKind::Unexpected, why)
}
