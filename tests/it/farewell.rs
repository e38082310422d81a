//! Delete, in every state a resource can be in when it comes.

use crate::support::{Scene, Trouble, When, fleet, reason, run, with};
use ecr_steward::event::reply::Status::{Failed, Success};
use ecr_steward::fault::FaultKind;
use serde_json::{Value, json};

#[test]
fn delete_leaves_nothing_behind() {
    run(async {
        let properties = fleet(&["a", "b"]);
        let scene = Scene::converged(&properties).await;
        reason(&scene.delete(&properties).await, Success, &["4 changes"]);
        let left = scene.world.picture();
        assert!(left.repositories.is_empty() && left.parameters.is_empty() && left.objects.is_empty(), "{left:?}");
    });
}

/// Rows: 17, 19.
#[test]
fn delete_twice_and_delete_of_what_is_gone_are_success() {
    run(async {
        let properties = fleet(&["a", "b"]);
        let scene = Scene::converged(&properties).await;
        scene.world.with(|state| {
            state.repositories.remove("shop-dev-a");
            state.parameters.clear();
        });
        reason(&scene.delete(&properties).await, Success, &[]);
        assert!(scene.world.names().is_empty());
        reason(&scene.delete(&properties).await, Success, &["0 changes"]);
    });
}

/// Rows: 47.
#[test]
fn repositories_with_images_fail_the_delete_by_name_while_the_others_go() {
    run(async {
        let properties = fleet(&["a", "b", "c"]);
        let scene = Scene::converged(&properties).await;
        scene.world.push_images("shop-dev-b", 1);
        let reply = scene.delete(&properties).await;
        let given = reason(&reply, Failed, &["shop-dev-b", "images", "EmptyOnDelete"]);
        assert!(!given.contains("shop-dev-a") && !given.contains("shop-dev-c"), "{given}");
        assert_eq!(scene.world.names(), ["shop-dev-b"]);
        assert!(scene.world.is_ours("shop-dev-b"), "the next Delete can finish it");
        scene.world.push_images("shop-dev-b", 0);
        reason(&scene.delete(&properties).await, Success, &[]);
        assert!(scene.world.picture().objects.is_empty());
    });
}

#[test]
fn empty_on_delete_deletes_images_and_all() {
    run(async {
        let properties = with(fleet(&["a"]), json!({"EmptyOnDelete": "TRUE"}));
        let scene = Scene::converged(&properties).await;
        scene.world.push_images("shop-dev-a", 9);
        reason(&scene.delete(&properties).await, Success, &[]);
        assert!(scene.world.names().is_empty());
    });
}

#[test]
fn on_delete_retain_only_takes_our_tags_off() {
    run(async {
        let properties = with(fleet(&["a"]), json!({"OnDelete": "Retain", "EmptyOnDelete": true}));
        let scene = Scene::converged(&properties).await;
        scene.world.push_images("shop-dev-a", 9);
        let before = scene.world.repo("shop-dev-a").unwrap();
        reason(&scene.delete(&properties).await, Success, &["shop-dev-a", "Retain"]);
        let after = scene.world.repo("shop-dev-a").unwrap();
        assert_eq!((&after.lifecycle, after.images, after.scan_on_push), (&before.lifecycle, 9, true));
        assert_eq!(after.tags.keys().collect::<Vec<_>>(), ["Environment", "Project"]);
    });
}

/// Rows: 18.
#[test]
fn a_creation_that_failed_half_way_is_removed_whatever_on_delete_says() {
    run(async {
        let properties = with(fleet(&["a", "b", "c"]), json!({"OnDelete": "Retain"}));
        let scene = Scene::new();
        scene.world.trouble_on("CreateRepository", 3, Trouble::Fail(When::Before, FaultKind::Quota));
        let reply = scene.create(&properties).await;
        reason(&reply, Failed, &["CreateRepository failed"]);
        assert_eq!(scene.world.names().len(), 2);
        scene.world.calm();
        reason(&scene.roll_back_creation(&properties).await, Success, &[]);
        let left = scene.world.picture();
        assert!(left.repositories.is_empty() && left.parameters.is_empty() && left.objects.is_empty(), "{left:?}");
    });
}

/// Rows: 11.
#[test]
fn delete_works_by_record_when_its_properties_cannot_be_read() {
    run(async {
        for broken in [json!("nonsense"), json!([1]), json!({}), json!({"RepositoryNames": 7, "What": "else"})] {
            let scene = Scene::converged(&with(fleet(&["a"]), json!({"EmptyOnDelete": true}))).await;
            scene.world.push_images("shop-dev-a", 1);
            let mut event = scene.event("Delete", &Value::Null);
            event["ResourceProperties"] = broken.clone();
            scene.ends_as("DELETE_IN_PROGRESS");
            reason(&scene.send(&event).await, Success, &[]);
            assert!(scene.world.names().is_empty(), "{broken}");
        }
    });
}

/// Rows: 23.
#[test]
fn without_its_record_a_delete_hands_back_what_its_properties_name_and_deletes_nothing() {
    run(async {
        let properties = with(fleet(&["a", "b"]), json!({"EmptyOnDelete": true}));
        let scene = Scene::converged(&properties).await;
        scene.world.put_strange("shop-dev-b", 3);
        let theirs = scene.world.repo("shop-dev-b");
        // Nobody knows any more which of them were adopted.
        scene.world.with(|state| state.objects.clear());
        reason(&scene.delete(&properties).await, Success, &["shop-dev-a", "record", "shop-dev-b"]);
        assert_eq!(scene.world.names(), ["shop-dev-a", "shop-dev-b"]);
        assert!(!scene.world.is_ours("shop-dev-a"));
        assert_eq!(scene.world.repo("shop-dev-b"), theirs);
    });
}

/// Rows: 19, 49.
#[test]
fn delete_asks_before_it_trusts_a_name() {
    run(async {
        let properties = with(fleet(&["a"]), json!({"EmptyOnDelete": true}));
        let scene = Scene::converged(&properties).await;
        scene.world.always("ListTagsForResource", Trouble::Fail(When::Before, FaultKind::Denied));
        reason(&scene.delete(&properties).await, Failed, &["shop-dev-a", "nothing was changed"]);
        assert!(scene.world.attempted_writes().is_empty());
    });
}

#[test]
fn released_repositories_never_fail_a_delete() {
    run(async {
        let both = with(fleet(&["a", "b", "c"]), json!({"EmptyOnDelete": true}));
        let scene = Scene::converged(&both).await;
        reason(&scene.update(&with(fleet(&["a"]), json!({"EmptyOnDelete": true}))).await, Success, &[]);
        scene.world.push_images("shop-dev-b", 2);
        let reply = scene.delete(&fleet(&["a"])).await;
        reason(&reply, Success, &["shop-dev-b", "handed back"]);
        assert_eq!(scene.world.names(), ["shop-dev-b"], "the empty one went, the other was handed back");
        assert!(!scene.world.is_ours("shop-dev-b") && !scene.world.is_released("shop-dev-b"));
        assert_eq!(scene.world.repo("shop-dev-b").unwrap().images, 2);
    });
}

#[test]
fn a_late_message_after_the_delete_does_nothing() {
    run(async {
        let scene = Scene::converged(&fleet(&["a", "b"])).await;
        scene.update(&fleet(&["a"])).await;
        scene.delete(&fleet(&["a"])).await;
        scene.world.start_counting();
        scene.settle_as("DELETE_COMPLETE").await;
        assert!(scene.world.attempted_writes().is_empty());
    });
}

#[test]
fn a_failed_update_leaves_delete_the_names_of_both_declarations() {
    run(async {
        let scene = Scene::converged(&fleet(&["a"])).await;
        scene.world.trouble_on("PutLifecyclePolicy", 1, Trouble::Fail(When::Before, FaultKind::Denied));
        reason(&scene.update(&fleet(&["a", "b"])).await, Failed, &["shop-dev-b"]);
        scene.world.calm();
        reason(&scene.delete(&fleet(&["a"])).await, Success, &[]);
        assert!(scene.world.names().is_empty(), "{:?}", scene.world.names());
        assert!(scene.world.picture().parameters.is_empty());
    });
}

#[test]
fn a_name_that_a_rolled_back_update_took_back_is_kept_as_it_was_before() {
    run(async {
        let (one, both) = (fleet(&["a"]), fleet(&["a", "b"]));
        for (on_remove, released_as) in [("Delete", "still holds images"), ("Retain", "does not settle")] {
            let scene = Scene::converged(&both).await;
            scene.world.push_images("shop-dev-b", 6);
            let dropped = with(one.clone(), json!({"OnRemove": on_remove}));
            reason(&scene.update(&dropped).await, Success, &["released: shop-dev-b"]);
            if on_remove == "Delete" {
                scene.settle_as("UPDATE_COMPLETE").await;
            }
            // Declared again, now with consent to delete images; but that update fails, and with it the consent.
            let consent = with(both.clone(), json!({"EmptyOnDelete": true}));
            reason(&scene.update(&consent).await, Success, &["claimed back: shop-dev-b"]);
            reason(&scene.roll_back(&dropped).await, Success, &["released: shop-dev-b"]);
            scene.settle_as("UPDATE_ROLLBACK_COMPLETE").await;
            assert_eq!(scene.world.repo("shop-dev-b").map(|repo| repo.images), Some(6), "OnRemove {on_remove}");
            let kept = scene.world.ledger().unwrap().released.values().next().unwrap().kept.clone().unwrap();
            assert!(kept.contains(released_as), "{kept}");
        }
    });
}
