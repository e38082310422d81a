//! Topic, bus, webhooks, the function's own queue and its dead letters: they keep what they are given.

use super::mishap::refusal;
use super::{Region, State};
use ecr_steward::event::findings::{DeadLetter, Job};
use ecr_steward::fault::{Fault, FaultKind};
use ecr_steward::flow::findings::{Jobs, NotTaken, Sinks};
use ecr_steward::policy::asff::{BATCH_BYTES, BATCH_COUNT};
use ecr_steward::policy::parcel::Parcel;
use ecr_steward::spec::findings::Sink;

/// An event that has this word is refused for good, and no other of its call.
pub(crate) const UNWELCOME: &str = "unwelcome";

impl Sinks for Region {
    async fn import(&self, findings: &[String]) -> Result<Vec<NotTaken>, Fault> {
        assert!((1..=BATCH_COUNT).contains(&findings.len()), "{} findings in one call", findings.len());
        assert!(findings.iter().map(String::len).sum::<usize>() <= BATCH_BYTES);
        self.call("securityhub:BatchImportFindings", |state| {
            let State { hub, now, .. } = state;
            hub.import(findings, *now)
        })
        .await
    }

    async fn publish(&self, parcel: &Parcel) -> Result<(), Fault> {
        assert_eq!(parcel.sink, Sink::Sns);
        let action = "sns:Publish";
        self.call(action, |state| {
            state.topic.push(parcel.clone());
            Ok(())
        })
        .await
    }

    async fn put_events(&self, parcels: &[Parcel]) -> Result<Vec<Result<(), Fault>>, Fault> {
        assert!((1..=10).contains(&parcels.len()), "{} events in one call", parcels.len());
        assert!(parcels.iter().map(|parcel| parcel.body.len()).sum::<usize>() < 1_000_000);
        let action = "events:PutEvents";
        self.call(action, |state| {
            let one = |parcel: &Parcel| {
                assert_eq!(parcel.sink, Sink::EventBridge);
                if parcel.body.contains(UNWELCOME) {
                    return Err(refusal(action, FaultKind::Invalid, "MalformedDetail"));
                }
                state.bus.push(parcel.clone());
                Ok(())
            };
            Ok(parcels.iter().map(one).collect())
        })
        .await
    }

    async fn post(&self, parcel: &Parcel) -> Result<(), Fault> {
        assert!(parcel.secret.is_some(), "{parcel:?}");
        // Each an operation of its own, so that a test can trouble one of them.
        let action = match parcel.sink {
            Sink::Slack => "web:PostSlack",
            Sink::Teams => "web:PostTeams",
            Sink::Webhook => "web:PostWebhook",
            other => panic!("{other:?} has no address"),
        };
        self.call(action, |state| {
            state.posts.push(parcel.clone());
            Ok(())
        })
        .await
    }
}

impl Jobs for Region {
    async fn enqueue(&self, jobs: &[Job], delay_seconds: u32) -> Result<(), Fault> {
        assert!(delay_seconds <= 900);
        if jobs.is_empty() {
            return Ok(());
        }
        self.call("sqs:SendMessageBatch", |state| {
            state.queue.extend(jobs.iter().map(|job| (job.clone(), delay_seconds)));
            Ok(())
        })
        .await
    }

    async fn dead_letter(&self, letter: &DeadLetter) -> Result<(), Fault> {
        self.call("sqs:SendMessage", |state| {
            state.letters.push(letter.clone());
            Ok(())
        })
        .await
    }

    async fn began_at(&self) -> Result<i64, Fault> {
        self.call("sqs:GetQueueAttributes", |state| Ok(state.began_at)).await
    }
}
