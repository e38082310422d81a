//! Delivering what is told of changes, message by message.
//!
//! The record holds what is still to be delivered and is written after every call, so a crash repeats at most the
//! messages of the one call that was under way, with the same keys and the same bytes. A sink that does not answer keeps
//! its messages and holds up nobody else's.

use super::{Forwarding, Records, Sinks};
use crate::event::findings::{DeadLetter, DeliverJob, Job, VERSION};
use crate::fault::{Fault, FaultKind};
use crate::flow::Version;
use crate::policy::parcel::Parcel;
use crate::policy::record::ImageRecord;
use crate::spec::findings::Sink;
use serde_json::Value;
use std::collections::BTreeSet;
use std::iter;
use tokio::time::Instant;

/// Entries one `PutEvents` takes, and bytes of theirs that stay below its limit of 1 MB (EventBridge API model).
const EVENTS_PER_CALL: usize = 10;
const BYTES_PER_CALL: usize = 900_000;

/// What delivering came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// One for each message delivered.
    pub sinks: Vec<Sink>,
    /// Messages refused for good: they are dead letters now.
    pub refused: Vec<(Sink, String)>,
    /// One for each message that stays, since it may go through later.
    pub failed: Vec<Sink>,
    /// Why they stay.
    pub troubles: Vec<Fault>,
}

/// Delivers what a record holds, in its order, and writes the record after each call.
pub async fn deliver(
    world: &impl Forwarding,
    record: &mut ImageRecord,
    version: &mut Version,
    until: Instant,
) -> Result<Delivered, Fault> {
    let mut delivered = Delivered::default();
    let mut silent: BTreeSet<(Sink, Option<String>)> = BTreeSet::new();
    let mut at = 0;
    while let Some(group) = group(&record.outbox, at) {
        let count = group.len();
        let Some(first) = group.first() else { break };
        let address = (first.sink, first.secret.clone());
        if silent.contains(&address) {
            at += count;
            continue;
        }
        if Instant::now() >= until {
            delivered.troubles.push(Fault::ours("lambda", "Invoke", FaultKind::Late, "out of time for delivering"));
            break;
        }
        let sent = send(world, group).await;
        let mut kept = Vec::new();
        for (parcel, answer) in record.outbox.drain(at..at + count).zip(sent) {
            match answer {
                Ok(()) => delivered.sinks.push(parcel.sink),
                Err(fault) if may_pass(&fault) => {
                    silent.insert(address.clone());
                    delivered.failed.push(parcel.sink);
                    delivered.troubles.push(fault);
                    kept.push(parcel);
                }
                Err(fault) => {
                    world.dead_letter(&letter(&parcel, &fault)).await?;
                    delivered.refused.push((parcel.sink, fault.to_string()));
                }
            }
        }
        let left = kept.len();
        let done = left < count;
        record.outbox.splice(at..at, kept);
        at += left;
        if done {
            *version = world.save_record(record, version).await?;
        }
    }
    Ok(delivered)
}

/// Delivers one message that stands alone.
pub async fn deliver_one(world: &(impl Sinks + Records), parcel: &Parcel) -> Result<(), Fault> {
    let mut answers = send(world, std::slice::from_ref(parcel)).await;
    answers.pop().unwrap_or(Ok(()))
}

/// Can the same message go through later? What nobody may send now, somebody may be allowed to send.
pub const fn may_pass(fault: &Fault) -> bool {
    fault.retryable() || matches!(fault.kind, FaultKind::Denied | FaultKind::Quota | FaultKind::Unsettled)
}

/// The messages sent in the next call: one, or as many events as it takes.
fn group(outbox: &[Parcel], at: usize) -> Option<&[Parcel]> {
    let rest = outbox.get(at..)?;
    let first = rest.first()?;
    if first.sink != Sink::EventBridge {
        return rest.get(..1);
    }
    let mut bytes = 0_usize;
    let fitting = rest.iter().take(EVENTS_PER_CALL).take_while(|parcel| {
        bytes = bytes.saturating_add(parcel.body.len());
        parcel.sink == Sink::EventBridge && bytes <= BYTES_PER_CALL
    });
    rest.get(..fitting.count().max(1))
}

/// One answer for each message.
async fn send(world: &(impl Sinks + Records), group: &[Parcel]) -> Vec<Result<(), Fault>> {
    let Some(parcel) = group.first() else { return Vec::new() };
    match parcel.sink {
        Sink::EventBridge => match world.put_events(group).await {
            Ok(answers) => answers,
            Err(fault) => group.iter().map(|_| Err(fault.clone())).collect(),
        },
        Sink::S3 => vec![world.put_archive(&parcel.subject, iter::once(parcel.body.clone())).await],
        Sink::Sns => vec![world.publish(parcel).await],
        Sink::Slack | Sink::Teams | Sink::Webhook => vec![world.post(parcel).await],
        // Security Hub keeps state and is told what the record says, never by a message.
        Sink::SecurityHub => vec![Ok(())],
    }
}

/// The letter of which `replay` makes the same message again.
pub fn letter(parcel: &Parcel, fault: &Fault) -> DeadLetter {
    let parcel_value = serde_json::to_value(parcel).unwrap_or_default();
    let job = Job::Deliver(DeliverJob { version: VERSION, parcel: parcel_value });
    DeadLetter {
        finding: None,
        sink: Some(parcel.sink.as_str().to_owned()),
        reason: fault.to_string(),
        event: serde_json::to_value(job).unwrap_or(Value::Null),
    }
}
