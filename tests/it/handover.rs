//! A request that CloudFormation has given up is still at work when the next one for the same resource arrives.

use crate::support::scene::{URL, at_once, decided};
use crate::support::{Mailbox, Scene, Trouble, When, fleet, reason, run, with};
use ecr_steward::event::reply::Reply;
use ecr_steward::event::reply::Status::{Failed, Success};
use ecr_steward::event::request::{ReplyTarget, Request};
use ecr_steward::flow::hold::recall;
use ecr_steward::flow::task::{Stopped, Task, Waiting};
use ecr_steward::handler::custom_resource::{Answered, Delivery, answer};
use ecr_steward::handler::serve::{Desk, serve};
use ecr_steward::plan::ledger::Claim;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

fn ten() -> Value {
    let names: Vec<String> = (0..10).map(|number| format!("r{number}")).collect();
    with(fleet(&[]), json!({"RepositoryNames": names}))
}

/// Rows: 15.
#[test]
fn a_delete_that_arrives_while_its_create_is_at_work_leaves_nothing() {
    run(async {
        // From before the Create's first write to after its last.
        for seconds in [0, 1, 2, 3, 5, 8, 13, 21, 34] {
            let scene = Scene::new();
            scene.world.always("CreateRepository", Trouble::Slow(Duration::from_secs(7)));
            scene.world.always("PutLifecyclePolicy", Trouble::Slow(Duration::from_secs(3)));
            scene.world.trouble_on("GetRegistryScanningConfiguration", 1, Trouble::Slow(Duration::from_secs(1)));
            let wished = ten();
            let create = scene.create(&wished);
            let delete = async {
                sleep(Duration::from_secs(seconds)).await;
                scene.roll_back_creation(&ten()).await
            };
            let (made, gone) = tokio::join!(create, delete);
            reason(&gone, Success, &[]);
            assert!(scene.world.names().is_empty(), "after {seconds} s: {:?}; {}", scene.world.names(), made.reason);
            assert!(scene.world.with(|state| state.parameters.is_empty()), "after {seconds} s");
            assert!(scene.world.ledger().is_none(), "after {seconds} s");
        }
    });
}

/// Rows: 15.
#[test]
fn a_rollback_that_arrives_while_its_update_is_at_work_wins() {
    run(async {
        for seconds in [0, 1, 2, 3, 5, 8, 13, 21] {
            let before = fleet(&["r0", "r1"]);
            let scene = Scene::converged(&before).await;
            scene.world.always("CreateRepository", Trouble::Slow(Duration::from_secs(7)));
            scene.world.always("PutLifecyclePolicy", Trouble::Slow(Duration::from_secs(3)));
            let after = with(ten(), json!({"MaxImageCount": 2}));
            let update = scene.update(&after);
            let back = async {
                sleep(Duration::from_secs(seconds)).await;
                scene.roll_back(&before).await
            };
            let (_, returned) = tokio::join!(update, back);
            reason(&returned, Success, &[]);
            scene.world.calm();
            scene.settle_as("UPDATE_ROLLBACK_COMPLETE").await;
            assert_eq!(scene.world.names(), ["shop-dev-r0", "shop-dev-r1"], "after {seconds} s");
            scene.world.start_counting();
            reason(&scene.update(&before).await, Success, &["0 changes"]);
        }
    });
}

/// Rows: 15.
#[test]
fn a_request_that_died_is_taken_over_after_a_moment() {
    run(async {
        let scene = Scene::new();
        scene.world.trouble_on("PutLifecyclePolicy", 2, Trouble::Kill(When::After));
        assert!(scene.world.until_killed(scene.create(&ten())).await.is_none());
        scene.world.calm();
        let began = Instant::now();
        reason(&scene.roll_back_creation(&ten()).await, Success, &[]);
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        assert!(scene.world.names().is_empty());
    });
}

/// A request that says when it was issued, served on its own.
async fn served(scene: &Scene, event: &Value, issued: i64) -> Reply {
    let target = ReplyTarget::read(event, false).unwrap();
    let desk = Desk {
        world: &scene.world,
        parameter_prefix: "/ecr-steward",
        state_bucket: "state",
        now: scene.now(),
        steps_until: Instant::now() + Duration::from_mins(10),
        waiting: Waiting { part: 1, issued: Some(issued), go: at_once() },
    };
    decided(Box::pin(serve(&desk, &target, Request::read(event))).await)
}

/// Rows: 16.
#[test]
fn an_older_request_that_arrives_late_does_not_take_over() {
    run(async {
        let scene = Scene::converged(&fleet(&["a"])).await;
        scene.ends_as("UPDATE_IN_PROGRESS");
        scene.world.always("CreateRepository", Trouble::Slow(Duration::from_secs(9)));
        let older = scene.event("Update", &fleet(&["a", "old"]));
        let newer = scene.event("Update", &fleet(&["a", "new"]));
        let late = async {
            sleep(Duration::from_secs(3)).await;
            served(&scene, &older, 1_000).await
        };
        let (done, refused) = tokio::join!(served(&scene, &newer, 2_000), late);
        reason(&done, Success, &[]);
        reason(&refused, Failed, &["nothing was changed", "later request"]);
        assert_eq!(scene.world.names(), ["shop-dev-a", "shop-dev-new"]);
    });
}

/// Rows: 16.
#[test]
fn a_request_that_comes_again_after_a_later_one_does_nothing() {
    run(async {
        let scene = Scene::converged(&fleet(&["a"])).await;
        scene.ends_as("UPDATE_IN_PROGRESS");
        let first = scene.event("Update", &fleet(&["a", "b"]));
        reason(&scene.send(&first).await, Success, &[]);
        reason(&scene.update(&fleet(&["a", "c"])).await, Success, &[]);
        scene.world.start_counting();
        reason(&scene.send(&first).await, Failed, &["nothing was changed", "later request"]);
        assert!(scene.world.attempted_writes().is_empty(), "{:?}", scene.world.attempted_writes());
    });
}

/// Rows: 15, 41.
#[test]
fn the_same_request_delivered_twice_at_once_is_answered_with_the_same_bytes() {
    run(async {
        for (kind, status) in [("Create", "CREATE_IN_PROGRESS"), ("Delete", "DELETE_IN_PROGRESS")] {
            let scene = if kind == "Create" { Scene::new() } else { Scene::converged(&ten()).await };
            scene.ends_as(status);
            scene.world.always("CreateRepository", Trouble::Slow(Duration::from_secs(2)));
            let event = scene.event(kind, &ten());
            let mailbox = Mailbox::default();
            let office = scene.office();
            let left = Duration::from_mins(5);
            let delivery =
                Delivery { event: &event, begun: scene.now(), part: 1, invocation: "i", returns: "null", left };
            let (one, two) = tokio::join!(answer(&office, &mailbox, delivery), async {
                sleep(Duration::from_secs(1)).await;
                answer(&office, &mailbox, delivery).await
            });
            assert_eq!((one, two), (Ok(Answered::Yes), Ok(Answered::Yes)));
            let letters = mailbox.letters();
            assert_eq!(letters.len(), 2);
            assert_eq!(letters[0].url, URL);
            assert_eq!(letters[0].body, letters[1].body, "{kind}: {}", letters[0].json());
            assert_eq!(letters[0].json()["Status"], "SUCCESS", "{}", letters[0].json());
        }
    });
}

/// Rows: 11.
#[test]
fn a_delete_without_a_record_takes_its_time() {
    run(async {
        let scene = Scene::converged(&ten()).await;
        // The state bucket was lost with an earlier installation.
        scene.world.with(|state| state.objects.clear());
        scene.world.always("UntagResource", Trouble::Slow(Duration::from_secs(7)));
        reason(&scene.delete(&ten()).await, Success, &[]);
        assert_eq!(scene.world.names().len(), 10, "handed back");
        assert!(scene.world.names().iter().all(|name| !scene.world.is_ours(name)));
    });
}

/// Rows: 15.
#[test]
fn an_apply_at_a_terminal_does_not_take_a_request_of_cloudformation_over() {
    run(async {
        let scene = Scene::converged(&fleet(&["a"])).await;
        let mut ledger = scene.world.ledger().unwrap();
        let claim = |holder: &str| Claim { holder: holder.to_owned(), until: scene.now() + 600, after: 0 };
        let task = Task {
            identity: ledger.identity.clone(),
            request_id: "terminal-1".to_owned(),
            parameter_prefix: "/ecr-steward".to_owned(),
            state_bucket: "state".to_owned(),
            now: scene.now(),
            steps_until: Instant::now() + Duration::from_secs(30),
            claim_until: scene.now() + 60,
            waiting: None,
        };
        ledger.claim = Some(claim("request-7"));
        scene.world.put_ledger(&ledger);
        assert_eq!(recall(&scene.world, &task).await.unwrap_err(), Stopped::Busy("request-7".to_owned()));
        // One that was interrupted is taken over by the next.
        ledger.claim = Some(claim("terminal-0"));
        scene.world.put_ledger(&ledger);
        let task = Task { steps_until: Instant::now() + Duration::from_secs(30), ..task };
        assert_eq!(recall(&scene.world, &task).await.unwrap().0.claim.unwrap().holder, "terminal-1");
    });
}
