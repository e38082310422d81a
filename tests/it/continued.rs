//! Requests that do not fit into one invocation: they go on in the next, with the ordinary comparison, and are answered
//! once.

use crate::support::scene::{BUCKET, PREFIX};
use crate::support::world::World;
use crate::support::{Mailbox, Scene, Trouble, When, fleet, run, with};
use ecr_steward::event::message::{Continue, Message};
use ecr_steward::fault::FaultKind;
use ecr_steward::handler::custom_resource::{Answered, Delivery, Office, answer};
use ecr_steward::handler::messages::handle;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

const RUN: Duration = Duration::from_mins(1);

/// The function, and CloudFormation's bucket.
struct Story {
    scene: Scene,
    mailbox: Mailbox,
    began: Instant,
}

impl Story {
    fn of(scene: Scene) -> Self {
        Self { scene, mailbox: Mailbox::default(), began: Instant::now() }
    }

    /// The wall clock of the story, which goes with the test's.
    fn office(&self) -> Office<'_, World> {
        let now = self.scene.now() + i64::try_from(self.began.elapsed().as_secs()).unwrap();
        Office {
            world: Ok(&self.scene.world),
            parameter_prefix: PREFIX,
            state_bucket: BUCKET,
            accept_http: false,
            now,
            watchdog: None,
        }
    }

    /// The first invocation.
    async fn begin(&self, event: &Value) -> Answered {
        let office = self.office();
        let delivery = Delivery { event, begun: office.now, part: 1, invocation: "one", returns: "null", left: RUN };
        Box::pin(answer(&office, &self.mailbox, delivery)).await.expect("an answer, or a message that owes one")
    }

    /// The message that owes an answer, taken from the queue.
    fn owed(&self) -> Option<Continue> {
        self.scene.world.with(|state| {
            let at = state.queue.iter().position(|message| matches!(message, Message::Continue(_)))?;
            let Message::Continue(request) = state.queue.remove(at) else { return None };
            Some(request)
        })
    }

    /// Delivers a message; was it handled?
    async fn go_on(&self, request: Continue) -> bool {
        let body = serde_json::to_string(&Message::Continue(request)).unwrap();
        let batch = json!({"Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": body}]});
        let handled = Box::pin(handle(&self.office(), &self.mailbox, batch, "next", RUN)).await.unwrap();
        handled.batch_item_failures.is_empty()
    }

    /// Goes on until nothing is owed any more; how many invocations that took.
    async fn to_the_end(&self) -> u32 {
        let mut parts = 1;
        while let Some(request) = self.owed() {
            parts += 1;
            assert_eq!(request.part, parts);
            assert!(self.mailbox.letters().is_empty(), "nothing is answered before the end");
            assert!(self.go_on(request).await);
        }
        parts
    }
}

fn many(count: usize) -> Value {
    let names: Vec<String> = (0..count).map(|number| format!("r{number:03}")).collect();
    with(fleet(&[]), json!({"RepositoryNames": names}))
}

/// Writes by action and what they are about.
fn writes(world: &World) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for (change, _) in world.with(|state| state.journal.clone()) {
        let mut words: Vec<String> = format!("{change:?}").split('"').map(str::to_owned).collect();
        words.truncate(2);
        *counted.entry(format!("{} {}", change.action(), words.join(" "))).or_default() += 1;
    }
    counted
}

/// Rows: 51.
#[test]
fn a_fleet_too_large_for_one_invocation_is_made_by_several_and_each_repository_written_once() {
    run(async {
        let scene = Scene::new();
        scene.world.always("CreateRepository", Trouble::Slow(Duration::from_secs(5)));
        let event = scene.event("Create", &many(200));
        let story = Story::of(scene);
        assert_eq!(story.begin(&event).await, Answered::Later);
        let parts = story.to_the_end().await;
        assert!((3..10).contains(&parts), "{parts} invocations");
        let body = story.mailbox.one();
        assert_eq!(body["Status"], "SUCCESS", "{body}");
        assert_eq!(body["Data"]["RepositoryCount"], "200");
        assert!(body["Reason"].as_str().unwrap().contains("600 changes made"), "of all invocations: {body}");
        assert_eq!(story.scene.world.names().len(), 200);
        let counted = writes(&story.scene.world);
        assert!(counted.values().all(|times| *times == 1), "{counted:?}");
        // What was reached is looked at no more than a hundred at a time.
        let inside = story.scene.world.calls_of("ListTagsForResource");
        assert!(inside <= 8 * parts as usize, "{inside} repositories were read again");
    });
}

/// Rows: 51.
#[test]
fn an_update_with_removals_goes_on_and_tells_of_all_of_it() {
    run(async {
        let scene = Scene::converged(&many(60)).await;
        scene.world.always("PutLifecyclePolicy", Trouble::Slow(Duration::from_secs(20)));
        scene.ends_as("UPDATE_IN_PROGRESS");
        let event = scene.event("Update", &with(many(58), json!({"MaxImageCount": 3})));
        let story = Story::of(scene);
        story.begin(&event).await;
        assert!(story.to_the_end().await > 2);
        let reason = story.mailbox.one()["Reason"].as_str().unwrap().to_owned();
        assert!(reason.contains("60 changes made"), "{reason}");
        assert!(reason.contains("released: shop-dev-r058, shop-dev-r059"), "{reason}");
        let ledger = story.scene.world.ledger().unwrap();
        assert!(ledger.progress.is_none() && ledger.claim.is_none() && ledger.committed.is_some());
    });
}

/// Rows: 51.
#[test]
fn a_delete_goes_on_until_nothing_is_left() {
    run(async {
        let scene = Scene::converged(&many(60)).await;
        scene.world.always("DeleteRepository", Trouble::Slow(Duration::from_secs(20)));
        scene.ends_as("DELETE_IN_PROGRESS");
        let event = scene.event("Delete", &many(60));
        let story = Story::of(scene);
        story.begin(&event).await;
        assert!(story.to_the_end().await > 2);
        assert_eq!(story.mailbox.one()["Status"], "SUCCESS");
        assert!(story.scene.world.names().is_empty());
        assert!(story.scene.world.with(|state| state.parameters.is_empty() && state.objects.is_empty()));
    });
}

/// Rows: 51.
#[test]
fn what_vanished_since_it_was_reached_is_made_again() {
    run(async {
        let scene = Scene::new();
        scene.world.always("CreateRepository", Trouble::Slow(Duration::from_secs(5)));
        let event = scene.event("Create", &many(100));
        let story = Story::of(scene);
        story.begin(&event).await;
        let first = story.scene.world.names()[0].clone();
        story.scene.world.with(|state| state.repositories.remove(&first));
        story.to_the_end().await;
        assert_eq!(story.mailbox.one()["Status"], "SUCCESS");
        assert_eq!(story.scene.world.names().len(), 100);
        assert!(story.scene.world.repo(&first).unwrap().lifecycle.is_some(), "whole again");
    });
}

/// Rows: 51.
#[test]
fn an_invocation_that_dies_on_the_way_is_gone_over_again_by_the_message_that_comes_again() {
    run(async {
        for nth in [1, 5, 40, 90] {
            let scene = Scene::new();
            scene.world.always("CreateRepository", Trouble::Slow(Duration::from_secs(5)));
            let event = scene.event("Create", &many(150));
            let story = Story::of(scene);
            story.begin(&event).await;
            let owed = story.owed().expect("there is more to do");
            story.scene.world.trouble_at(nth, Trouble::Kill(When::After));
            assert!(story.scene.world.until_killed(story.go_on(owed.clone())).await.is_none(), "call {nth}");
            story.scene.world.calm();
            assert!(story.go_on(owed).await);
            assert_eq!(story.mailbox.one()["Status"], "SUCCESS", "killed at call {nth}");
            assert_eq!(story.scene.world.names().len(), 150);
        }
    });
}

/// Rows: 43, 51.
#[test]
fn the_url_goes_nowhere_but_into_the_message() {
    run(async {
        let scene = Scene::new();
        scene.world.always("CreateRepository", Trouble::Slow(Duration::from_secs(5)));
        let event = scene.event("Create", &many(150));
        let story = Story::of(scene);
        story.begin(&event).await;
        let objects = story.scene.world.with(|state| {
            format!(
                "{:?}",
                state
                    .objects
                    .values()
                    .map(|(bytes, _)| String::from_utf8_lossy(bytes).into_owned())
                    .collect::<Vec<_>>()
            )
        });
        assert!(!objects.contains("X-Amz-Signature"));
        assert!(!format!("{:?}", story.owed()).contains("X-Amz-Signature"));
    });
}

/// Rows: 52, 53.
#[test]
fn a_request_ends_when_cloudformation_waits_no_longer() {
    run(async {
        let scene = Scene::new();
        scene.world.always("CreateRepository", Trouble::Slow(Duration::from_secs(30)));
        let event = scene.event("Create", &with(many(400), json!({"ServiceTimeout": "300"})));
        let story = Story::of(scene);
        story.begin(&event).await;
        let parts = story.to_the_end().await;
        let taken = story.began.elapsed();
        assert!((5..=8).contains(&parts), "{parts} runs, each using three quarters of its minute, in five minutes");
        assert!(taken < Duration::from_mins(5), "answered after {taken:?}");
        let body = story.mailbox.one();
        assert_eq!(body["Status"], "FAILED");
        assert!(body["Reason"].as_str().unwrap().starts_with("out of time: "), "{body}");
    });
}

/// Rows: 5.
#[test]
fn a_run_without_any_progress_is_not_followed_by_another() {
    run(async {
        let scene = Scene::new();
        scene.world.always("CreateRepository", Trouble::Slow(Duration::from_hours(1)));
        let event = scene.event("Create", &many(3));
        let story = Story::of(scene);
        assert_eq!(story.begin(&event).await, Answered::Yes);
        let body = story.mailbox.one();
        assert_eq!(body["Status"], "FAILED", "{body}");
        assert!(body["Reason"].as_str().unwrap().contains("another run would come no further"), "{body}");
        assert!(story.owed().is_none());
    });
}

/// Rows: 45.
#[test]
fn what_is_throttled_for_a_whole_run_goes_on_in_the_next() {
    run(async {
        let scene = Scene::new();
        scene.world.always("PutLifecyclePolicy", Trouble::Fail(When::Before, FaultKind::Throttled));
        let event = scene.event("Create", &many(3));
        let story = Story::of(scene);
        assert_eq!(story.begin(&event).await, Answered::Later);
        story.scene.world.calm();
        assert_eq!(story.to_the_end().await, 2);
        assert_eq!(story.mailbox.one()["Status"], "SUCCESS");
        // Throttled for ever, no run comes any further, and that is told with what throttles.
        story.scene.world.always("PutLifecyclePolicy", Trouble::Fail(When::Before, FaultKind::Throttled));
        story.scene.ends_as("UPDATE_IN_PROGRESS");
        let event = story.scene.event("Update", &with(many(3), json!({"MaxImageCount": 3})));
        let story = Story::of(story.scene);
        assert_eq!(story.begin(&event).await, Answered::Yes);
        let body = story.mailbox.one();
        let reason = body["Reason"].as_str().unwrap();
        assert!(body["Status"] == "FAILED" && reason.contains("ecr:PutLifecyclePolicy"), "{body}");
    });
}

/// Rows: 52.
#[test]
fn a_run_that_cannot_be_asked_for_is_told() {
    run(async {
        let scene = Scene::new();
        scene.world.always("CreateRepository", Trouble::Slow(Duration::from_secs(5)));
        scene.world.always("SendMessage", Trouble::Fail(When::Before, FaultKind::Denied));
        let event = scene.event("Create", &many(200));
        let story = Story::of(scene);
        assert_eq!(story.begin(&event).await, Answered::Yes);
        let body = story.mailbox.one();
        let reason = body["Reason"].as_str().unwrap();
        assert!(reason.contains("another run could not be asked for: sqs:SendMessage failed"), "{reason}");
        // The next request goes on from there.
        story.scene.world.calm();
        story.scene.world.start_counting();
        let again = story.scene.create(&many(200)).await;
        assert!(again.reason.contains("200 repositories as declared"), "{}", again.reason);
        assert!(writes(&story.scene.world).values().all(|times| *times == 1));
    });
}

/// Rows: 16.
#[test]
fn a_message_that_comes_after_a_later_request_does_nothing() {
    run(async {
        let scene = Scene::new();
        scene.world.always("CreateRepository", Trouble::Slow(Duration::from_secs(5)));
        let event = scene.event("Create", &many(150));
        let story = Story::of(scene);
        story.begin(&event).await;
        let owed = story.owed().unwrap();
        // Something else in the stack failed meanwhile.
        let gone = story.scene.roll_back_creation(&many(150)).await;
        assert!(gone.reason.starts_with("deleted"), "{}", gone.reason);
        assert!(story.scene.world.names().is_empty());
        story.scene.world.start_counting();
        assert!(story.go_on(owed).await);
        assert!(story.scene.world.names().is_empty());
        assert!(writes(&story.scene.world).is_empty());
        let body = story.mailbox.one();
        assert!(body["Reason"].as_str().unwrap().contains("later request"), "{body}");
    });
}

/// Rows: 45.
#[test]
fn a_look_of_which_some_reads_are_throttled_for_long_is_ridden_out() {
    run(async {
        for operation in ["ListTagsForResource", "GetLifecyclePolicy", "DescribeRepositories", "GetParameters"] {
            let scene = Scene::converged(&many(20)).await;
            // Each failure stands for all the tries that the client makes.
            for nth in 1..=3 {
                scene.world.trouble_on(operation, nth, Trouble::Fail(When::Before, FaultKind::Throttled));
            }
            let reply = scene.update(&with(many(20), json!({"MaxImageCount": 2}))).await;
            assert!(reply.reason.contains("20 changes made"), "{operation}: {}", reply.reason);
        }
    });
}
