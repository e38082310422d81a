//! CloudFormation in front of the world: it moves the stack's status, sends requests, and lets the delayed queue
//! deliver. One custom resource, `Repositories` of the stack `shop`.

use super::mailbox::Mailbox;
use super::world::{STACK, World};
use ecr_steward::event::reply::{Reply, Status};
use ecr_steward::event::request::{ReplyTarget, Request};
use ecr_steward::flow::task::{Go, Waiting};
use ecr_steward::handler::custom_resource::Office;
use ecr_steward::handler::messages::handle;
use ecr_steward::handler::serve::{Desk, Served, serve};
use serde_json::{Value, json};
use std::cell::Cell;
use std::time::Duration;
use tokio::time::Instant;

pub(crate) const PREFIX: &str = "/ecr-steward";
pub(crate) const BUCKET: &str = "state";
pub(crate) const PHYSICAL_ID: &str = "ecr-steward/11111111-2222-3333-4444-555555555555/Repositories";
pub(crate) const URL: &str = "https://bucket.s3.eu-west-1.amazonaws.com/key?X-Amz-Signature=5ec2e7";

/// A stack, its resource, and the world.
pub(crate) struct Scene {
    pub(crate) world: World,
    kind: &'static str,
    now: Cell<i64>,
    requests: Cell<u32>,
}

/// A fleet of the project `shop` in `dev`: `a` becomes the repository `shop-dev-a`.
pub(crate) fn fleet(names: &[&str]) -> Value {
    json!({"ProjectName": "shop", "Environment": "dev", "RepositoryNames": names})
}

/// The properties with some more, or others.
pub(crate) fn with(mut properties: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("properties are a map") };
    properties.as_object_mut().expect("properties are a map").extend(more);
    properties
}

/// The leave to write, given already.
pub(crate) fn at_once() -> Go {
    let (leave, go) = Go::later();
    leave.send(Some(Ok(()))).expect("somebody waits for it");
    go
}

/// The reply of a request that fitted into one invocation.
#[track_caller]
pub(crate) fn decided(served: Served) -> Reply {
    match served {
        Served::Refused(reply) | Served::Decided(reply) => reply,
        Served::Unfinished { done, left, first } => panic!("unfinished: {done} done, {left} left: {first}"),
    }
}

/// Runs a test's story with a clock that jumps over every wait.
pub(crate) fn run<T>(story: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(story)
}

/// The reason of an answer that must have the status; words that must be in it.
#[track_caller]
pub(crate) fn reason<'a>(reply: &'a Reply, status: Status, words: &[&str]) -> &'a str {
    assert_eq!(reply.status, status, "{}", reply.reason);
    for word in words {
        assert!(reply.reason.contains(word), "{word:?} is not in: {}", reply.reason);
    }
    &reply.reason
}

impl Scene {
    pub(crate) fn new() -> Self {
        let world = World::new();
        world.stack_is(STACK, "CREATE_IN_PROGRESS");
        Self { world, kind: "Custom::EcrRepositories", now: Cell::new(1_795_000_000), requests: Cell::new(0) }
    }

    /// The same, with a public fleet as the resource.
    pub(crate) fn public() -> Self {
        Self { kind: "Custom::EcrPublicRepositories", ..Self::new() }
    }

    /// The same stack, with a resource of another type under the logical id.
    pub(crate) fn retyped(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// A stack that was created with these properties and is at rest.
    pub(crate) async fn converged(properties: &Value) -> Self {
        let scene = Self::new();
        let reply = scene.create(properties).await;
        reason(&reply, Status::Success, &[]);
        scene.ends_as("CREATE_COMPLETE");
        scene.world.start_counting();
        scene
    }

    pub(crate) fn now(&self) -> i64 {
        self.now.get()
    }

    /// The next request of a kind, as CloudFormation would send it.
    pub(crate) fn event(&self, kind: &str, properties: &Value) -> Value {
        self.requests.set(self.requests.get() + 1);
        self.now.set(self.now.get() + 60);
        let mut event = json!({
            "RequestType": kind, "ResponseURL": URL, "StackId": STACK, "RequestId": format!("request-{}", self.requests.get()),
            "LogicalResourceId": "Repositories", "ResourceType": self.kind,
            "ResourceProperties": properties,
        });
        if kind != "Create" {
            event["PhysicalResourceId"] = json!(PHYSICAL_ID);
        }
        event
    }

    /// What the function is given beside a request.
    pub(crate) fn office(&self) -> Office<'_, World> {
        Office {
            world: Ok(&self.world),
            parameter_prefix: PREFIX,
            state_bucket: BUCKET,
            accept_http: false,
            now: self.now.get(),
            watchdog: None,
        }
    }

    /// Serves a request; the same one may come again.
    pub(crate) async fn send(&self, event: &Value) -> Reply {
        self.send_issued(event, None).await
    }

    /// Serves a request that says when it was issued.
    pub(crate) async fn send_issued(&self, event: &Value, issued: Option<i64>) -> Reply {
        let target = ReplyTarget::read(event, false).expect("somebody to answer");
        let desk = Desk {
            world: &self.world,
            parameter_prefix: PREFIX,
            state_bucket: BUCKET,
            now: self.now.get(),
            steps_until: Instant::now() + Duration::from_secs(880),
            waiting: Waiting { part: 1, issued, go: at_once() },
        };
        // Boxed: stories nest many requests, and their futures would not fit a test's stack.
        decided(Box::pin(serve(&desk, &target, Request::read(event))).await)
    }

    async fn request(&self, status: &str, kind: &str, properties: &Value) -> Reply {
        self.world.stack_is(STACK, status);
        self.send(&self.event(kind, properties)).await
    }

    pub(crate) async fn create(&self, properties: &Value) -> Reply {
        self.request("CREATE_IN_PROGRESS", "Create", properties).await
    }

    pub(crate) async fn update(&self, properties: &Value) -> Reply {
        self.request("UPDATE_IN_PROGRESS", "Update", properties).await
    }

    /// The Update with which CloudFormation goes back.
    pub(crate) async fn roll_back(&self, properties: &Value) -> Reply {
        self.request("UPDATE_ROLLBACK_IN_PROGRESS", "Update", properties).await
    }

    pub(crate) async fn delete(&self, properties: &Value) -> Reply {
        self.request("DELETE_IN_PROGRESS", "Delete", properties).await
    }

    /// The Delete that comes while the stack says this of itself.
    pub(crate) async fn delete_as(&self, status: &str, properties: &Value) -> Reply {
        self.request(status, "Delete", properties).await
    }

    /// The Delete that follows a creation that did not succeed.
    pub(crate) async fn roll_back_creation(&self, properties: &Value) -> Reply {
        self.request("ROLLBACK_IN_PROGRESS", "Delete", properties).await
    }

    /// The stack operation is over.
    pub(crate) fn ends_as(&self, status: &str) {
        self.world.stack_is(STACK, status);
    }

    /// Delivers the oldest message of the queue; how many messages failed.
    pub(crate) async fn look(&self) -> usize {
        let message = self.world.with(|state| state.queue.remove(0));
        self.now.set(self.now.get() + i64::try_from(message.delay().as_secs()).expect("seconds"));
        let body = serde_json::to_string(&message).expect("a message can be written");
        let record = json!({"messageId": "message-1", "eventSource": "aws:sqs", "body": body});
        let batch = json!({"Records": [record]});
        let mailbox = Mailbox::default();
        let response = Box::pin(handle(&self.office(), &mailbox, batch, "invocation", Duration::from_mins(15))).await;
        response.expect("a batch that can be read").batch_item_failures.len()
    }

    /// Ends the operation and lets every message be delivered.
    pub(crate) async fn settle_as(&self, status: &str) {
        self.ends_as(status);
        let mut looks = 0;
        while self.world.with(|state| !state.queue.is_empty()) {
            assert_eq!(self.look().await, 0, "a message failed");
            looks += 1;
            assert!(looks < 200, "the queue never comes to rest");
        }
    }
}
