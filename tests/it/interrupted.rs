//! A process may end at any call, before or after its effect. Whatever comes next (the same request again, or
//! CloudFormation's way back) ends in the same world as if nothing had happened.

use crate::support::world::Picture;
use crate::support::{Scene, Trouble, When, fleet, reason, run, with};
use ecr_steward::event::reply::Status::Success;
use ecr_steward::fault::FaultKind;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const BOTH: [When; 2] = [When::Before, When::After];

fn before() -> Value {
    with(fleet(&["a", "b"]), json!({"PullPrincipals": ["111122223333"]}))
}

/// One of everything: `a` changes, `b` is released, `c` is made, `s` existed and is adopted.
fn after() -> Value {
    let more = json!({"MaxImageCount": 4, "AdoptExisting": true, "EmptyOnDelete": true, "Tags": {"tier": "1"},
        "PushPrincipals": ["444455556666"]});
    with(fleet(&["a", "c", "s"]), more)
}

/// Where every story begins: a stranger that may be adopted, and somebody else's.
async fn beginning() -> Scene {
    let scene = Scene::new();
    scene.world.put_strange("shop-dev-s", 3);
    scene.world.put_foreign("theirs", "other/Images", "other");
    scene
}

async fn converged() -> Scene {
    let scene = beginning().await;
    reason(&scene.create(&before()).await, Success, &[]);
    scene.ends_as("CREATE_COMPLETE");
    scene.world.push_images("shop-dev-b", 2);
    scene.world.start_counting();
    scene
}

/// Kills the request at each of its calls, on both sides, and hands each broken scene on.
async fn killed_everywhere(
    status: &str,
    kind: &str,
    properties: Value,
    begin: impl AsyncFn() -> Scene,
    then: impl AsyncFn(Scene, Value, String),
) {
    let whole = begin().await;
    whole.ends_as(status);
    let event = whole.event(kind, &properties);
    whole.world.start_counting();
    reason(&whole.send(&event).await, Success, &[]);
    let calls = whole.world.calls();
    assert!(calls > 5, "the story is too short to be interrupted: {calls} calls");
    for nth in 1..=calls {
        for when in BOTH {
            let scene = begin().await;
            scene.ends_as(status);
            let event = scene.event(kind, &properties);
            scene.world.trouble_at(nth, Trouble::Kill(when));
            let answered = scene.world.until_killed(scene.send(&event)).await;
            assert!(answered.is_none(), "call {nth} of {calls} was to be the last");
            scene.world.calm();
            then(scene, event, format!("killed {when:?} call {nth} of {calls}")).await;
        }
    }
}

#[track_caller]
fn same(found: &Picture, wished: &Picture, story: &str) {
    assert_eq!(found.differences(wished), Vec::<String>::new(), "{story}");
}

/// Repositories and parameters; the state bucket may still hold the record of what happened.
#[track_caller]
fn same_registry(found: &Picture, wished: &Picture, story: &str) {
    let bare = |picture: &Picture| Picture { objects: BTreeMap::new(), ..picture.clone() };
    same(&bare(found), &bare(wished), story);
}

async fn picture_of(status: &str, kind: &str, properties: Value, scene: Scene) -> Picture {
    scene.ends_as(status);
    let event = scene.event(kind, &properties);
    reason(&scene.send(&event).await, Success, &[]);
    scene.world.picture()
}

/// Rows: 14.
#[test]
fn a_create_that_comes_again_ends_as_if_it_had_come_once() {
    run(async {
        let wished = picture_of("CREATE_IN_PROGRESS", "Create", after(), beginning().await).await;
        killed_everywhere("CREATE_IN_PROGRESS", "Create", after(), beginning, async |scene, event, story| {
            reason(&scene.send(&event).await, Success, &[]);
            same(&scene.world.picture(), &wished, &story);
        })
        .await;
    });
}

/// Rows: 18.
#[test]
fn the_delete_after_a_broken_create_leaves_the_world_as_it_was() {
    run(async {
        let wished = beginning().await.world.picture();
        killed_everywhere("CREATE_IN_PROGRESS", "Create", after(), beginning, async |scene, _, story| {
            reason(&scene.roll_back_creation(&after()).await, Success, &[]);
            let left = scene.world.picture();
            same_registry(&left, &wished, &story);
            assert!(left.objects.keys().all(|key| key.starts_with("snapshots/")), "{story}: {:?}", left.objects.keys());
        })
        .await;
    });
}

/// Rows: 14.
#[test]
fn an_update_that_comes_again_ends_as_if_it_had_come_once() {
    run(async {
        let wished = picture_of("UPDATE_IN_PROGRESS", "Update", after(), converged().await).await;
        killed_everywhere("UPDATE_IN_PROGRESS", "Update", after(), converged, async |scene, event, story| {
            reason(&scene.send(&event).await, Success, &[]);
            same(&scene.world.picture(), &wished, &story);
        })
        .await;
    });
}

/// Rows: 26.
#[test]
fn the_rollback_of_a_broken_update_ends_where_it_began() {
    run(async {
        let wished = converged().await.world.picture();
        killed_everywhere("UPDATE_IN_PROGRESS", "Update", after(), converged, async |scene, _, story| {
            reason(&scene.roll_back(&before()).await, Success, &[]);
            scene.settle_as("UPDATE_ROLLBACK_COMPLETE").await;
            let left = scene.world.picture();
            same_registry(&left, &wished, &story);
        })
        .await;
    });
}

/// Rows: 26.
#[test]
fn a_broken_rollback_that_is_continued_ends_where_it_began() {
    run(async {
        let wished = converged().await.world.picture();
        let half_way = async || {
            let scene = converged().await;
            reason(&scene.update(&after()).await, Success, &[]);
            scene
        };
        let status = "UPDATE_ROLLBACK_IN_PROGRESS";
        killed_everywhere(status, "Update", before(), half_way, async |scene, _, story| {
            reason(&scene.roll_back(&before()).await, Success, &[]);
            scene.settle_as("UPDATE_ROLLBACK_COMPLETE").await;
            let left = scene.world.picture();
            same_registry(&left, &wished, &story);
        })
        .await;
    });
}

/// Rows: 14.
#[test]
fn a_delete_that_comes_again_leaves_only_what_was_never_ours() {
    run(async {
        let full = async || {
            let scene = converged().await;
            scene.update(&after()).await;
            scene.settle_as("UPDATE_COMPLETE").await;
            scene
        };
        let wished = picture_of("DELETE_IN_PROGRESS", "Delete", after(), full().await).await;
        assert_eq!(wished.repositories.len(), 3, "theirs, the adopted one, and b with its images");
        killed_everywhere("DELETE_IN_PROGRESS", "Delete", after(), full, async |scene, event, story| {
            reason(&scene.send(&event).await, Success, &[]);
            same(&scene.world.picture(), &wished, &story);
        })
        .await;
    });
}

#[test]
fn a_message_that_comes_again_finishes_what_it_began() {
    run(async {
        let released = async || {
            let scene = converged().await;
            scene.world.push_images("shop-dev-b", 0);
            scene.update(&with(fleet(&["a"]), json!({"ProjectName": "shop"}))).await;
            scene.ends_as("UPDATE_COMPLETE");
            scene.world.start_counting();
            scene
        };
        let whole = released().await;
        whole.settle_as("UPDATE_COMPLETE").await;
        let (wished, calls) = (whole.world.picture(), whole.world.calls());
        assert!(!wished.repositories.contains_key("shop-dev-b"));
        for nth in 1..=calls {
            for when in BOTH {
                let scene = released().await;
                let message = scene.world.with(|state| state.queue[0].clone());
                scene.world.trouble_at(nth, Trouble::Kill(when));
                assert!(scene.world.until_killed(scene.look()).await.is_none(), "call {nth} of {calls}");
                scene.world.calm();
                // The queue shows it again after its visibility timeout.
                scene.world.with(|state| state.queue.push(message));
                scene.settle_as("UPDATE_COMPLETE").await;
                same(&scene.world.picture(), &wished, &format!("killed {when:?} call {nth} of {calls}"));
            }
        }
    });
}

/// Fails each call in each way, and hands the scene on with the answer.
async fn failed_everywhere(begin: impl AsyncFn() -> Scene, status: &str, kind: &str, properties: Value) -> usize {
    let whole = begin().await;
    whole.ends_as(status);
    whole.world.start_counting();
    whole.send(&whole.event(kind, &properties)).await;
    let calls = whole.world.calls();
    let wished = whole.world.picture();
    let faults =
        [(When::Before, FaultKind::Denied), (When::Before, FaultKind::Conflict), (When::After, FaultKind::Unavailable)];
    let mut refused = 0;
    for nth in 1..=calls {
        for (when, fault) in faults {
            let scene = begin().await;
            scene.ends_as(status);
            scene.world.start_counting();
            let event = scene.event(kind, &properties);
            scene.world.trouble_at(nth, Trouble::Fail(when, fault));
            let reply = scene.send(&event).await;
            let story = format!("{fault:?} {when:?} call {nth} of {calls}: {}", reply.reason);
            if reply.status == Success {
                same_registry(&scene.world.picture(), &wished, &story);
            } else {
                refused += 1;
                let untouched = scene.world.writes().is_empty();
                assert!(untouched || !reply.reason.contains("nothing was changed"), "{story}");
            }
            scene.world.calm();
            let again = scene.send(&event).await;
            assert_eq!(again.status, Success, "{story}, then: {}", again.reason);
            same_registry(&scene.world.picture(), &wished, &story);
        }
    }
    refused
}

/// Rows: 47.
#[test]
fn a_create_with_one_failing_call_says_what_is_true_and_can_be_sent_again() {
    run(async {
        let refused = failed_everywhere(beginning, "CREATE_IN_PROGRESS", "Create", after()).await;
        assert!(refused > 30, "{refused} refusals are too few to have tried anything");
    });
}

/// Rows: 47.
#[test]
fn an_update_with_one_failing_call_says_what_is_true_and_can_be_sent_again() {
    run(async {
        let refused = failed_everywhere(converged, "UPDATE_IN_PROGRESS", "Update", after()).await;
        assert!(refused > 30, "{refused} refusals are too few to have tried anything");
    });
}

/// Rows: 47.
#[test]
fn a_delete_with_one_failing_call_says_what_is_true_and_can_be_sent_again() {
    run(async {
        let empty = async || {
            let scene = converged().await;
            scene.world.push_images("shop-dev-b", 0);
            scene
        };
        let refused = failed_everywhere(empty, "DELETE_IN_PROGRESS", "Delete", before()).await;
        assert!(refused > 15, "{refused} refusals are too few to have tried anything");
    });
}
