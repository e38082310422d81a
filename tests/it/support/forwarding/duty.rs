//! SQS in front of the function: batches in, failed messages out, and a queue that is worked off.

use super::{Region, place};
use ecr_steward::event::findings::Job;
use ecr_steward::flow::findings::policies::Policies;
use ecr_steward::handler::findings::{Counter, handle};
use serde_json::{Value, json};
use std::time::Duration;

/// Rounds after which a queue that never empties is a mistake.
const MOST_ROUNDS: usize = 200;

/// How the function is set up, and what is delivered to it.
pub(crate) struct Duty<'a> {
    pub(crate) region: &'a Region,
    /// `RepositoryNamePattern`
    pub(crate) pattern: &'a str,
    /// What Lambda leaves the invocation.
    pub(crate) left: Duration,
    /// How often each message has been received, this time included.
    pub(crate) receives: u32,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// The messages that come again, by their place in the batch.
    pub(crate) failed: Vec<usize>,
    /// The lines of metrics.
    pub(crate) metrics: Vec<Value>,
}

impl Done {
    /// The sum of a metric over the lines without a sink.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let lines = self.metrics.iter().filter(|line| line.get("Sink").is_none());
        lines.filter_map(|line| line.get(name)?.as_u64()).sum()
    }

    /// A metric of one sink.
    pub(crate) fn of_sink(&self, sink: &str, name: &str) -> u64 {
        let lines = self.metrics.iter().filter(|line| line.get("Sink").is_some_and(|found| found == sink));
        lines.filter_map(|line| line.get(name)?.as_u64()).sum()
    }
}

impl<'a> Duty<'a> {
    pub(crate) fn of(region: &'a Region) -> Self {
        Self { region, pattern: "*", left: Duration::from_mins(15), receives: 1 }
    }

    /// One invocation of a new process.
    pub(crate) async fn batch(&self, bodies: &[Value]) -> Done {
        let texts: Vec<String> = bodies.iter().map(Value::to_string).collect();
        self.texts(&texts).await
    }

    /// The same, of messages that may be anything.
    pub(crate) async fn texts(&self, bodies: &[String]) -> Done {
        let (policies, place) = (Policies::default(), place());
        let counter = Counter {
            world: Ok(self.region),
            place: &place,
            parameter_prefix: "/ecr-steward",
            repository_pattern: self.pattern,
            stack_name: "ecr-steward",
            max_receives: 5,
            policies: &policies,
            now: self.region.now(),
        };
        let record = |(at, body): (usize, &String)| {
            json!({
                "messageId": at.to_string(), "body": body, "eventSource": "aws:sqs",
                "attributes": {"ApproximateReceiveCount": self.receives.to_string()},
            })
        };
        let records: Vec<Value> = bodies.iter().enumerate().map(record).collect();
        let handled = handle(&counter, json!({"Records": records}), self.left).await.expect("a batch is answered");
        let failed = handled.response.batch_item_failures.iter();
        Done {
            failed: failed.map(|failure| failure.item_identifier.parse().expect("a place")).collect(),
            metrics: handled.metrics.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect(),
        }
    }

    /// A batch of which nothing fails.
    #[track_caller]
    pub(crate) fn well(&self, bodies: &[Value]) -> impl Future<Output = Done> {
        let caller = std::panic::Location::caller();
        async move {
            let done = self.batch(bodies).await;
            assert!(done.failed.is_empty(), "{:?} failed at {caller}", done.failed);
            done
        }
    }

    /// Works off the queue, ten messages at a time, without waiting for delays; what became of each batch.
    pub(crate) async fn settle(&self) -> Vec<Done> {
        let mut all = Vec::new();
        for _ in 0..MOST_ROUNDS {
            let jobs: Vec<(Job, u32)> = self.region.with(|state| {
                let many = state.queue.len().min(10);
                state.queue.drain(..many).collect()
            });
            if jobs.is_empty() {
                return all;
            }
            let bodies: Vec<Value> = jobs.iter().map(|(job, _)| super::events::written(job)).collect();
            all.push(self.well(&bodies).await);
        }
        panic!("the queue never empties");
    }

    /// The schedule comes by, and everything it leads to is done.
    pub(crate) async fn reconcile(&self) -> Vec<Done> {
        let done = self.well(&[super::events::tick(self.region.now())]).await;
        let mut all = vec![done];
        all.extend(self.settle().await);
        all
    }
}
