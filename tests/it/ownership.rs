//! Whose is it? Repositories of others, of nobody and of those who are gone; taking over and giving back.

use crate::support::world::NEIGHBOUR;
use crate::support::{Scene, Trouble, When, fleet, reason, run, with};
use ecr_steward::event::reply::Status::{Failed, Success};
use ecr_steward::fault::FaultKind;
use ecr_steward::model::repository::{OWNER_TAG, STACK_TAG};
use serde_json::{Value, json};
use std::sync::Arc;

const OTHER_STACK: &str =
    "arn:aws:cloudformation:eu-west-1:123456789012:stack/billing/aaaaaaaa-0000-0000-0000-000000000000";

fn adopting(names: &[&str]) -> Value {
    with(fleet(names), json!({"AdoptExisting": "true"}))
}

/// Rows: 17, 48.
#[test]
fn create_over_somebody_elses_repository_names_the_owner_and_touches_nothing_ever() {
    run(async {
        let scene = Scene::new();
        scene.world.put_foreign("shop-dev-b", NEIGHBOUR, "billing");
        scene.world.stack_is(OTHER_STACK, "CREATE_COMPLETE");
        let before = scene.world.picture();
        let properties = fleet(&["a", "b"]);
        let reply = scene.create(&properties).await;
        reason(&reply, Failed, &["shop-dev-b", "Images", "billing", NEIGHBOUR, "nothing was changed"]);
        assert!(scene.world.attempted_writes().is_empty(), "{:?}", scene.world.attempted_writes());
        reason(&scene.roll_back_creation(&properties).await, Success, &[]);
        assert_eq!(scene.world.picture(), before);
    });
}

#[test]
fn create_over_a_repository_of_nobody_offers_adoption_and_writes_nothing() {
    run(async {
        let scene = Scene::new();
        scene.world.put_strange("shop-dev-a", 4);
        let before = scene.world.picture();
        let properties = with(fleet(&["a"]), json!({"EmptyOnDelete": true}));
        reason(&scene.create(&properties).await, Failed, &["shop-dev-a", "AdoptExisting"]);
        assert!(scene.world.attempted_writes().is_empty());
        reason(&scene.roll_back_creation(&properties).await, Success, &[]);
        assert_eq!(scene.world.picture(), before);
    });
}

/// Rows: 48.
#[test]
fn an_owner_that_cannot_be_read_is_not_nobody() {
    run(async {
        let scene = Scene::new();
        scene.world.put_strange("shop-dev-a", 4);
        scene.world.always("ListTagsForResource", Trouble::Fail(When::Before, FaultKind::Denied));
        reason(&scene.create(&adopting(&["a"])).await, Failed, &["shop-dev-a", "nothing was changed"]);
        assert!(scene.world.attempted_writes().is_empty());
    });
}

#[test]
fn adoption_snapshots_once_brings_every_setting_in_line_and_keeps_what_tags_say() {
    run(async {
        let scene = Scene::new();
        scene.world.put_strange("shop-dev-a", 4);
        scene.world.nudge("shop-dev-a", |repo| drop(repo.tags.insert("Project".to_owned(), "old-shop".to_owned())));
        let reply = scene.create(&with(adopting(&["a"]), json!({"Tags": {"team": "web", "tier": "1"}}))).await;
        reason(&reply, Success, &["adopted", "shop-dev-a", "s3://state/snapshots/"]);
        let repo = scene.world.repo("shop-dev-a").unwrap();
        assert!(repo.scan_on_push && repo.lifecycle.is_some() && scene.world.is_ours("shop-dev-a"));
        assert_eq!([&repo.tags["Project"], &repo.tags["team"], &repo.tags["tier"]], ["old-shop", "payments", "1"]);
        assert_eq!(repo.images, 4);
        let objects = scene.world.with(|state| state.objects.keys().cloned().collect::<Vec<_>>());
        assert_eq!(objects.iter().filter(|key| key.starts_with("snapshots/")).count(), 1, "{objects:?}");
        // The kept tags are no difference later on either.
        scene.world.start_counting();
        scene.update(&with(adopting(&["a"]), json!({"Tags": {"team": "web", "tier": "1"}}))).await;
        assert!(scene.world.writes().is_empty(), "{:?}", scene.world.writes());
    });
}

#[test]
fn the_snapshot_is_on_record_before_the_first_change() {
    run(async {
        let scene = Scene::new();
        scene.world.put_strange("shop-dev-a", 4);
        let look = Trouble::Meanwhile(Arc::new(|state| {
            let key = state.objects.keys().find(|key| key.starts_with("snapshots/")).expect("a snapshot");
            let snapshot: Value = serde_json::from_slice(&state.objects[key].0).unwrap();
            assert_eq!((&snapshot["scan_on_push"], &snapshot["tags"]["team"]), (&json!(false), &json!("payments")));
        }));
        scene.world.trouble_on("TagResource", 1, look);
        reason(&scene.create(&adopting(&["a"])).await, Success, &[]);
        assert_eq!(scene.world.calls_of("TagResource"), 1);
    });
}

#[test]
fn a_repository_that_cannot_be_read_whole_is_not_adopted() {
    run(async {
        let scene = Scene::new();
        scene.world.put_strange("shop-dev-a", 4);
        scene.world.always("GetRepositoryPolicy", Trouble::Fail(When::Before, FaultKind::Denied));
        reason(&scene.create(&adopting(&["a"])).await, Failed, &["shop-dev-a", "policy could not be read"]);
        assert!(scene.world.attempted_writes().is_empty());
    });
}

#[test]
fn a_creation_that_rolls_back_puts_an_adopted_repository_back_to_the_last_tag() {
    run(async {
        let scene = Scene::new();
        scene.world.put_strange("shop-dev-a", 4);
        scene.world.nudge("shop-dev-a", |repo| {
            repo.policy = Some(
                json!({"Version": "2012-10-17", "Statement": [{"Sid": "Mine", "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::999988887777:root"}, "Action": "ecr:BatchGetImage"}]})
                .to_string(),
            );
        });
        let before = scene.world.repo("shop-dev-a").unwrap();
        let more = json!({"EmptyOnDelete": true, "Tags": {"tier": "1"}, "PullPrincipals": ["111122223333"]});
        let properties = with(adopting(&["a"]), more);
        reason(&scene.create(&properties).await, Success, &[]);
        assert_ne!(scene.world.repo("shop-dev-a").unwrap(), before);
        reason(&scene.roll_back_creation(&properties).await, Success, &[]);
        let mut after = scene.world.repo("shop-dev-a").unwrap();
        let as_json = |text: &Option<String>| text.as_ref().map(|text| serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(as_json(&after.policy), as_json(&before.policy), "ECR writes it in its own layout");
        after.policy.clone_from(&before.policy);
        assert_eq!(after, before);
        assert!(scene.world.with(|state| state.parameters.is_empty()));
    });
}

#[test]
fn a_later_delete_only_takes_our_tags_off_an_adopted_repository() {
    run(async {
        let scene = Scene::new();
        scene.world.put_strange("shop-dev-a", 4);
        let properties = with(adopting(&["a", "b"]), json!({"EmptyOnDelete": true}));
        scene.create(&properties).await;
        scene.ends_as("CREATE_COMPLETE");
        let adopted = scene.world.repo("shop-dev-a").unwrap();
        reason(&scene.delete(&properties).await, Success, &["shop-dev-a", "existed before"]);
        assert_eq!(scene.world.names(), ["shop-dev-a"], "what we made is deleted, what we took over is not");
        let left = scene.world.repo("shop-dev-a").unwrap();
        assert_eq!((left.scan_on_push, &left.lifecycle, left.images), (true, &adopted.lifecycle, 4));
        assert!(left.tags.keys().all(|key| !key.starts_with("ecr-steward:") && key != "ManagedBy"), "{:?}", left.tags);
    });
}

/// Rows: 26.
#[test]
fn an_update_that_adopted_and_is_rolled_back_restores_and_a_plain_release_does_not() {
    run(async {
        for rolled_back in [true, false] {
            let scene = Scene::converged(&adopting(&["a"])).await;
            scene.world.put_strange("shop-dev-b", 4);
            let before = scene.world.repo("shop-dev-b").unwrap();
            reason(&scene.update(&adopting(&["a", "b"])).await, Success, &["adopted", "shop-dev-b"]);
            if rolled_back {
                scene.roll_back(&adopting(&["a"])).await;
                scene.settle_as("UPDATE_ROLLBACK_COMPLETE").await;
                assert_eq!(scene.world.repo("shop-dev-b").unwrap(), before);
            } else {
                scene.settle_as("UPDATE_COMPLETE").await;
                scene.update(&adopting(&["a"])).await;
                scene.settle_as("UPDATE_COMPLETE").await;
                let after = scene.world.repo("shop-dev-b").unwrap();
                assert!(after.scan_on_push && after.lifecycle.is_some() && after.images == 4);
                assert!(!scene.world.is_ours("shop-dev-b") && !scene.world.is_released("shop-dev-b"));
            }
        }
    });
}

/// Rows: 48.
#[test]
fn an_orphan_is_named_refused_without_and_adopted_with_consent() {
    run(async {
        // The owner's stack is gone altogether, gone but still listed, or lives without the resource.
        for status in [None, Some("DELETE_COMPLETE"), Some("UPDATE_COMPLETE")] {
            let scene = Scene::new();
            scene.world.put_foreign("shop-dev-a", NEIGHBOUR, "billing");
            if let Some(status) = status {
                scene.world.stack_is(OTHER_STACK, status);
            }
            reason(&scene.create(&fleet(&["a"])).await, Failed, &["shop-dev-a", "billing"]);
            assert!(scene.world.attempted_writes().is_empty());
            reason(&scene.create(&adopting(&["a"])).await, Success, &["adopted", "shop-dev-a"]);
            let tags = scene.world.repo("shop-dev-a").unwrap().tags;
            assert!(scene.world.is_ours("shop-dev-a") && tags[STACK_TAG] == "shop", "{status:?}: {tags:?}");
            assert_eq!(scene.world.repo("shop-dev-a").unwrap().images, 2);
        }
    });
}

/// Rows: 48.
#[test]
fn a_living_owner_is_never_adopted_from() {
    run(async {
        let scene = Scene::new();
        scene.world.put_neighbour("shop-dev-a");
        reason(&scene.create(&adopting(&["a"])).await, Failed, &["shop-dev-a", "billing"]);
        assert!(scene.world.attempted_writes().is_empty());
        // Whether it lives could not be found out: that counts as alive.
        scene.world.with(|state| state.stacks.remove(OTHER_STACK));
        scene.world.always("DescribeStacks", Trouble::Fail(When::Before, FaultKind::Denied));
        reason(&scene.create(&adopting(&["a"])).await, Failed, &["could not be found out"]);
        assert!(scene.world.attempted_writes().is_empty());
    });
}

/// Rows: 23.
#[test]
fn two_resources_of_one_stack_do_not_share_a_repository() {
    run(async {
        let scene = Scene::converged(&fleet(&["a"])).await;
        let mut event = scene.event("Create", &adopting(&["a"]));
        event["LogicalResourceId"] = json!("MoreRepositories");
        let before = scene.world.picture();
        reason(&scene.send(&event).await, Failed, &["resource Repositories of stack shop"]);
        event["RequestType"] = json!("Delete");
        reason(&scene.send(&event).await, Success, &[]);
        assert_eq!(scene.world.picture(), before);
    });
}

/// Rows: 47.
#[test]
fn a_repository_that_appears_between_looking_and_writing_is_not_taken() {
    run(async {
        let scene = Scene::new();
        let other = making_it_by_hand();
        // The ledger's first write: the world was looked at, nothing is made yet.
        scene.world.trouble_on("PutObject", 1, Trouble::Meanwhile(other));
        let properties = fleet(&["a", "b"]);
        let reply = scene.create(&properties).await;
        let reason_given = reason(&reply, Failed, &["shop-dev-b", "AdoptExisting"]);
        assert!(scene.world.is_ours("shop-dev-a"), "the first was made");
        assert!(!reason_given.contains("nothing was changed"), "something was: {reason_given}");
        reason(&scene.roll_back_creation(&properties).await, Success, &[]);
        assert_eq!(scene.world.names(), ["shop-dev-b"], "ours is gone again, theirs is not");
    });
}

/// Somebody makes `shop-dev-b` by hand.
fn making_it_by_hand() -> Arc<dyn Fn(&mut crate::support::world::State) + Send + Sync> {
    Arc::new(|state| {
        let strange = crate::support::world::World::new();
        strange.put_strange("shop-dev-b", 1);
        state.repositories.insert("shop-dev-b".to_owned(), strange.repo("shop-dev-b").unwrap());
    })
}

/// Rows: 23.
#[test]
fn a_repository_that_changed_hands_is_let_go_without_a_write() {
    run(async {
        let scene = Scene::converged(&fleet(&["a", "b"])).await;
        scene.world.nudge("shop-dev-b", |repo| drop(repo.tags.insert(OWNER_TAG.to_owned(), NEIGHBOUR.to_owned())));
        let theirs = scene.world.repo("shop-dev-b").unwrap();
        reason(&scene.update(&fleet(&["a"])).await, Success, &[]);
        scene.settle_as("UPDATE_COMPLETE").await;
        assert_eq!(scene.world.repo("shop-dev-b").unwrap(), theirs);
        reason(&scene.delete(&fleet(&["a", "b"])).await, Success, &[]);
        assert_eq!(scene.world.repo("shop-dev-b").unwrap(), theirs);
    });
}
