//! The drift function itself, over a Region in memory: each message answered for itself, whatever the others come to.
//! `batches` is about messages, `grounds` about what everything is judged by, `sweeps` about the queue it sends to itself.

mod batches;
mod grounds;
mod sweeps;

use crate::support::world::{Repo, World};
use ecr_steward::handler::drift::{Census, Watch, handle};
use ecr_steward::model::place::Place;
use ecr_steward::model::repository::{Encryption, EncryptionType, Mutability, MutabilityMode, Tags};
use ecr_steward::spec::findings::Glob;
use serde_json::{Value, json};
use std::time::Duration;

const OWN: &str = "arn:aws:iam::123456789012:role/ecr-steward-drift";
const OTHER: &str = "arn:aws:iam::123456789012:role/terraform";
const BASELINE: &str = "declarations/baseline.json";

fn place() -> Place {
    Place { partition: "aws".into(), region: "eu-west-1".into(), account: "123456789012".into() }
}

/// How the function is set up, and what Lambda leaves it.
struct Function<'a> {
    world: &'a World,
    pattern: Glob,
    left: Duration,
    /// How often each message has been received, this time included.
    receives: u32,
    census: Census,
}

/// What became of a batch.
#[derive(Debug)]
struct Came {
    /// The messages that come again, by their place in the batch.
    failed: Vec<usize>,
    metrics: Value,
}

impl Came {
    fn metric(&self, name: &str) -> u64 {
        self.metrics[name].as_u64().unwrap_or_default()
    }
}

impl<'a> Function<'a> {
    fn of(world: &'a World) -> Self {
        let left = Duration::from_mins(15);
        Self { world, pattern: Glob("*".to_owned()), left, receives: 1, census: Census::default() }
    }

    async fn batch(&self, bodies: &[Value]) -> Came {
        let texts: Vec<String> = bodies.iter().map(Value::to_string).collect();
        self.texts(&texts).await
    }

    async fn texts(&self, bodies: &[String]) -> Came {
        let record = |(at, body): (usize, &String)| {
            json!({
                "messageId": at.to_string(), "body": body, "eventSource": "aws:sqs",
                "attributes": {"ApproximateReceiveCount": self.receives.to_string()},
            })
        };
        let records: Vec<Value> = bodies.iter().enumerate().map(record).collect();
        self.invoke(json!({"Records": records})).await.expect("a batch is answered")
    }

    async fn invoke(&self, event: Value) -> Result<Came, String> {
        let place = place();
        let watch = Watch {
            world: Ok(self.world),
            place: &place,
            parameter_prefix: "/ecr-steward",
            pattern: &self.pattern,
            stack_name: "ecr-steward",
            max_receives: 5,
            own_principal: OWN,
            census: &self.census,
            now: self.world.with(|state| state.overseen.now) * 1_000,
        };
        // Boxed, since the futures of a debug build would not fit a test's stack.
        let handled = Box::pin(handle(&watch, event, self.left)).await?;
        let failed = handled.response.batch_item_failures.iter();
        let mut lines = handled.metrics.lines();
        let metrics = serde_json::from_str(lines.next().expect("a line")).expect("a line is JSON");
        assert_eq!(lines.next(), None, "one line an invocation");
        Ok(Came { failed: failed.map(|failure| failure.item_identifier.parse().expect("a place")).collect(), metrics })
    }

    /// A batch of which nothing fails.
    async fn well(&self, bodies: &[Value]) -> Came {
        let came = self.batch(bodies).await;
        assert!(came.failed.is_empty(), "{came:?}");
        came
    }

    /// Works off the function's own queue, ten messages at a time; what became of each batch.
    async fn settle(&self) -> Vec<Came> {
        let mut all = Vec::new();
        loop {
            let jobs = self.world.take_jobs();
            if jobs.is_empty() {
                return all;
            }
            let bodies: Vec<Value> = jobs.iter().map(|job| serde_json::to_value(job).expect("a job")).collect();
            for batch in bodies.chunks(10) {
                all.push(self.well(batch).await);
            }
            assert!(all.len() < 200, "the queue never empties");
        }
    }
}

/// The record of a call that changed a repository.
fn call(repository: &str, event: &str, principal: &str) -> Value {
    json!({
        "id": "envelope", "source": "aws.ecr", "detail-type": "AWS API Call via CloudTrail", "account": "123456789012",
        "region": "eu-west-1", "time": "2027-01-10T07:59:58Z",
        "detail": {
            "eventSource": "ecr.amazonaws.com", "eventName": "PutImageTagMutability", "eventID": event,
            "eventTime": "2027-01-10T07:59:57Z",
            "userIdentity": {"sessionContext": {"sessionIssuer": {"arn": principal}}},
            "requestParameters": {"repositoryName": repository},
        },
    })
}

/// An image was pushed.
fn push(repository: &str) -> Value {
    json!({
        "id": "push", "source": "aws.ecr", "detail-type": "ECR Image Action", "account": "123456789012",
        "region": "eu-west-1", "time": "2027-01-10T07:59:58Z",
        "detail": {"result": "SUCCESS", "action-type": "PUSH", "repository-name": repository},
    })
}

/// A baseline of one rule for all, as the custom resource stores it.
fn declare(world: &World, mode: &str, require: &Value) {
    declare_all(world, &json!({"Mode": mode, "Rules": [{"Name": "everything", "Require": require}]}));
}

fn declare_all(world: &World, properties: &Value) {
    let declared = json!({"version": 1, "properties": properties});
    world.with(|state| state.objects.insert(BASELINE.to_owned(), (declared.to_string().into_bytes(), 0)));
}

/// A repository with tags that may be moved.
fn put_mutable(world: &World, name: &str) {
    world.put_strange(name, 0);
    world.nudge(name, |repo| {
        *repo = Repo {
            mutability: Mutability { mode: MutabilityMode::Mutable, exclusions: Vec::new() },
            scan_on_push: false,
            encryption: Encryption { kind: EncryptionType::Aes256, kms_key: None },
            tags: Tags::new(),
            lifecycle: None,
            policy: None,
            images: 0,
        };
    });
}

fn is_immutable(world: &World, name: &str) -> bool {
    world.repo(name).is_some_and(|repo| repo.mutability.mode == MutabilityMode::Immutable)
}

/// A world whose baseline has tags immutable, and so many repositories (`r00`, …) that are not.
fn wrong(repositories: usize) -> World {
    let world = World::new();
    declare(&world, "Enforce", &json!({"ImageTagMutability": "IMMUTABLE"}));
    for number in 0..repositories {
        put_mutable(&world, &format!("r{number:02}"));
    }
    world.start_counting();
    world
}
