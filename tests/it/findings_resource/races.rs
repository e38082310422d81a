//! Requests that come late, again, or while another is at work, and processes that die.

use super::{
    BILLING, by, create, declared, delete, event, in_force, ours, policy, put, request, roll_back, stricter, taken,
    update,
};
use crate::support::{Mailbox, Scene, Trouble, When, reason, run};
use ecr_steward::event::reply::Status::{Failed, Success};
use ecr_steward::fault::FaultKind;
use ecr_steward::handler::custom_resource::{Answered, Delivery, answer};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

#[test]
fn a_request_that_comes_too_late_changes_nothing() {
    run(async {
        let scene = declared(&policy()).await;
        for status in ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "DELETE_IN_PROGRESS"] {
            let late = request(&scene, status, "Update", &stricter()).await;
            reason(&late, Failed, &["nothing was changed", "too late", status]);
        }
        let fresh = Scene::new();
        reason(&request(&fresh, "ROLLBACK_IN_PROGRESS", "Create", &policy()).await, Failed, &["too late"]);
        assert!(scene.world.attempted_writes().is_empty() && fresh.world.attempted_writes().is_empty());
    });
}

#[test]
fn an_older_request_never_overwrites_a_newer_one() {
    run(async {
        let scene = declared(&policy()).await;
        scene.ends_as("UPDATE_IN_PROGRESS");
        let (older, newer) = (event(&scene, "Update", &stricter()), event(&scene, "Update", &json!({})));
        reason(&scene.send_issued(&newer, Some(2_000)).await, Success, &[]);
        reason(&scene.send_issued(&older, Some(1_000)).await, Failed, &["nothing was changed", "later request"]);
        let gone = event(&scene, "Delete", &policy());
        reason(&scene.send_issued(&gone, Some(1_500)).await, Failed, &["nothing was changed", "later request"]);
        assert_eq!(in_force(&scene), ours(&json!({})));
        // Nor where they do not say when they were issued, if both have been here.
        let (first, second) = (event(&scene, "Update", &policy()), event(&scene, "Update", &stricter()));
        for (request, status) in [(&first, Success), (&second, Success), (&first, Failed), (&second, Success)] {
            reason(&scene.send(request).await, status, &[]);
        }
        assert_eq!(in_force(&scene), ours(&stricter()));
    });
}

#[test]
fn a_rollback_or_delete_that_comes_while_its_forerunner_is_at_work_wins() {
    run(async {
        for seconds in [1, 4, 7, 12] {
            let scene = declared(&policy()).await;
            scene.world.trouble_on("PutObject", 1, Trouble::Slow(Duration::from_secs(5)));
            let (stricter, policy) = (stricter(), policy());
            let back = async {
                sleep(Duration::from_secs(seconds)).await;
                roll_back(&scene, &policy).await
            };
            let (_, returned) = tokio::join!(update(&scene, &stricter), back);
            reason(&returned, Success, &[]);
            assert_eq!(in_force(&scene), ours(&policy), "after {seconds} s");
            // And the Delete of a creation that is undone; what was there before is not lost with it.
            for by_hand in [false, true] {
                let scene = Scene::new();
                if by_hand {
                    put(&scene, &json!({"version": 1, "properties": {}}));
                }
                scene.world.trouble_on("PutObject", 1, Trouble::Slow(Duration::from_secs(5)));
                let gone = async {
                    sleep(Duration::from_secs(seconds)).await;
                    request(&scene, "ROLLBACK_IN_PROGRESS", "Delete", &policy).await
                };
                let (_, gone) = tokio::join!(create(&scene, &policy), gone);
                reason(&gone, Success, &[]);
                // After five seconds the Delete found it written and removed it.
                let left = if by_hand && seconds < 5 { by(None, &json!({})) } else { Value::Null };
                assert_eq!(in_force(&scene), left, "by hand: {by_hand}, after {seconds} s");
            }
        }
    });
}

#[test]
fn an_answer_of_s3_that_is_lost_is_looked_for() {
    run(async {
        let scene = Scene::new();
        scene.world.trouble_on("PutObject", 1, Trouble::Fail(When::After, FaultKind::Unavailable));
        reason(&create(&scene, &policy()).await, Success, &[]);
        scene.world.trouble_on("DeleteObject", 1, Trouble::Fail(When::After, FaultKind::Unavailable));
        reason(&delete(&scene, &policy()).await, Success, &["deleted"]);
        assert_eq!(scene.world.calls_of("PutObject"), 1);
        for (kind, words) in [(FaultKind::Denied, "nothing was changed"), (FaultKind::Unavailable, "1 of 1 changes")] {
            scene.world.calm();
            scene.world.always("PutObject", Trouble::Fail(When::Before, kind));
            reason(&create(&scene, &policy()).await, Failed, &[words, "s3:PutObject failed"]);
        }
        assert_eq!(in_force(&scene), Value::Null);
    });
}

/// The whole way, with the kept answer and CloudFormation's bucket.
async fn whole(scene: &Scene, mailbox: &Mailbox, event: &Value) -> Answered {
    let left = Duration::from_mins(15);
    let delivery = Delivery { event, begun: scene.now(), part: 1, invocation: "i", returns: "null", left };
    Box::pin(answer(&scene.office(), mailbox, delivery)).await.expect("an answer")
}

async fn dies_everywhere(begin: impl AsyncFn() -> Scene, kind: &str, properties: Value) {
    let status = format!("{}_IN_PROGRESS", kind.to_uppercase());
    let ready = async || {
        let scene = begin().await;
        scene.ends_as(&status);
        scene.world.start_counting();
        let event = event(&scene, kind, &properties);
        (scene, event)
    };
    let (undisturbed, event) = ready().await;
    let wished = Mailbox::default();
    whole(&undisturbed, &wished, &event).await;
    let calls = undisturbed.world.calls();
    assert!(calls >= 4, "{kind}: {calls} calls are too few to be the whole way");
    for nth in 1..=calls {
        for when in [When::Before, When::After] {
            let story = format!("{kind} after dying {when:?} call {nth} of {calls}");
            let (scene, event) = ready().await;
            let mailbox = Mailbox::default();
            scene.world.trouble_at(nth, Trouble::Kill(when));
            assert!(scene.world.until_killed(whole(&scene, &mailbox, &event)).await.is_none(), "{story}");
            scene.world.calm();
            whole(&scene, &mailbox, &event).await;
            let (found, undisturbed) = (scene.world.picture(), undisturbed.world.picture());
            assert_eq!(found.differences(&undisturbed), Vec::<String>::new(), "{story}");
            let (mut answer, mut wished) = (mailbox.one(), wished.one());
            // What was taken over, or deleted, was so by the one that died.
            (answer["Reason"], wished["Reason"]) = (Value::Null, Value::Null);
            assert_eq!(answer, wished, "{story}");
        }
    }
    assert_eq!(wished.one()["Status"], "SUCCESS", "{}", wished.one());
}

#[test]
fn a_process_that_dies_at_any_call_leaves_what_the_same_request_brings_to_the_same_end() {
    run(async {
        dies_everywhere(async || Scene::new(), "Create", policy()).await;
        let orphaned = async || {
            let scene = taken().await;
            scene.world.stack_is(BILLING, "DELETE_COMPLETE");
            scene
        };
        dies_everywhere(orphaned, "Create", stricter()).await;
        dies_everywhere(async || declared(&policy()).await, "Update", stricter()).await;
        dies_everywhere(async || declared(&policy()).await, "Delete", policy()).await;
    });
}
