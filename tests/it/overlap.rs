//! Requests and messages that meet on one resource, and updates that follow a failed one without a way back.

use crate::support::{Scene, Trouble, When, fleet, reason, run, with};
use ecr_steward::event::reply::Status::{Failed, Success};
use ecr_steward::fault::FaultKind;
use serde_json::json;
use std::time::Duration;
use tokio::time::sleep;

/// Rows: 15.
#[test]
fn an_update_that_begins_while_a_released_name_is_being_deleted_makes_it_anew() {
    run(async {
        let both = fleet(&["a", "b"]);
        let scene = Scene::converged(&both).await;
        reason(&scene.update(&fleet(&["a"])).await, Success, &["released: shop-dev-b"]);
        scene.ends_as("UPDATE_COMPLETE");
        scene.world.trouble_on("DeleteRepository", 1, Trouble::Slow(Duration::from_secs(20)));
        let update = async {
            sleep(Duration::from_secs(1)).await;
            scene.update(&both).await
        };
        let (failed, reply) = tokio::join!(scene.look(), update);
        assert_eq!(failed, 0);
        reason(&reply, Success, &[]);
        assert!(scene.world.is_ours("shop-dev-b") && !scene.world.is_released("shop-dev-b"));
        assert!(scene.world.with(|state| state.parameters.contains_key("/ecr-steward/shop/dev/b/url")));
        scene.world.start_counting();
        reason(&scene.update(&both).await, Success, &["0 changes"]);
    });
}

#[test]
fn what_a_failed_update_made_is_released_by_the_update_after_it() {
    run(async {
        let scene = Scene::converged(&fleet(&["a"])).await;
        scene.world.trouble_on("PutLifecyclePolicy", 1, Trouble::Fail(When::Before, FaultKind::Denied));
        reason(&scene.update(&fleet(&["a", "b"])).await, Failed, &["shop-dev-b"]);
        // Rollback is switched off: the stack is mended with another template.
        scene.ends_as("UPDATE_FAILED");
        reason(&scene.update(&fleet(&["a", "c"])).await, Success, &["released: shop-dev-b"]);
        scene.settle_as("UPDATE_COMPLETE").await;
        assert_eq!(scene.world.names(), ["shop-dev-a", "shop-dev-c"]);
    });
}

#[test]
fn what_two_failed_updates_made_is_known_to_the_delete() {
    run(async {
        let scene = Scene::converged(&fleet(&["a"])).await;
        for name in ["b", "c"] {
            scene.world.trouble_on("PutLifecyclePolicy", 1, Trouble::Fail(When::Before, FaultKind::Denied));
            reason(&scene.update(&fleet(&["a", name])).await, Failed, &[name]);
            scene.world.calm();
        }
        assert_eq!(scene.world.names().len(), 3);
        reason(&scene.delete(&fleet(&["a"])).await, Success, &[]);
        assert!(scene.world.names().is_empty(), "{:?}", scene.world.names());
    });
}

/// Rows: 16.
#[test]
fn a_request_that_comes_when_the_stack_is_at_rest_is_too_late_to_change_anything() {
    run(async {
        let properties = fleet(&["a"]);
        let scene = Scene::converged(&properties).await;
        for kind in ["Create", "Update"] {
            let event = scene.event(kind, &fleet(&["a", "b"]));
            reason(&scene.send(&event).await, Failed, &["too late", "nothing was changed"]);
        }
        assert!(scene.world.attempted_writes().is_empty(), "{:?}", scene.world.attempted_writes());
        // What was done already is answered again as it was.
        reason(&scene.send(&scene.event("Update", &properties)).await, Success, &["0 changes"]);
    });
}

#[test]
fn a_name_that_leaves_a_stack_cloudformation_does_not_know_is_released_and_stays() {
    run(async {
        let scene = Scene::converged(&fleet(&["a", "b"])).await;
        scene.world.with(|state| state.stacks.clear());
        let event = scene.event("Update", &fleet(&["a"]));
        reason(&scene.send(&event).await, Success, &["released: shop-dev-b"]);
        assert_eq!(scene.look().await, 0);
        assert!(scene.world.repo("shop-dev-b").unwrap().tags.contains_key("ecr-steward:released"));
        // Tags of a stack that is not there are not "no tags".
        let event = scene.event("Update", &with(fleet(&["a"]), json!({"PropagateStackTags": true})));
        reason(&scene.send(&event).await, Failed, &["does not exist"]);
    });
}
