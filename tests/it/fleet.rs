//! The life of a fleet's names, told to the end: created, kept, changed, added, released, claimed back, let go.

use crate::support::world::{HOST, LEDGER, OWNER, STACK};
use crate::support::{Scene, Trouble, When, fleet, reason, run, with};
use ecr_steward::event::message::Message;
use ecr_steward::event::reply::Status::{Failed, Success};
use ecr_steward::fault::FaultKind;
use ecr_steward::model::repository::{MutabilityMode, RELEASED_TAG};
use ecr_steward::plan::ledger::Claim;
use serde_json::json;
use std::time::Duration;

#[test]
fn create_makes_every_repository_with_its_settings_tags_and_parameter() {
    run(async {
        let scene = Scene::new();
        let reply = scene.create(&fleet(&["a", "b"])).await;
        reason(&reply, Success, &["2 repositories"]);
        assert_eq!(scene.world.names(), ["shop-dev-a", "shop-dev-b"]);
        let repo = scene.world.repo("shop-dev-a").unwrap();
        assert_eq!(repo.mutability.mode, MutabilityMode::Mutable);
        assert!(repo.scan_on_push);
        let tags: Vec<_> = repo.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(
            tags,
            [
                "Environment=dev",
                "ManagedBy=ecr-steward",
                "Project=shop",
                &format!("ecr-steward:owner={OWNER}"),
                "ecr-steward:stack=shop"
            ]
        );
        let parameters = scene.world.with(|state| state.parameters.clone());
        let parameter = &parameters["/ecr-steward/shop/dev/a/url"];
        assert_eq!(parameter.value, format!("{HOST}/shop-dev-a"));
        assert_eq!(parameter.owner.as_deref(), Some(OWNER));
    });
}

#[test]
fn the_default_lifecycle_keeps_latest_then_ten_releases_and_expires_the_rest() {
    run(async {
        let scene = Scene::converged(&fleet(&["a"])).await;
        let text = scene.world.repo("shop-dev-a").unwrap().lifecycle.unwrap();
        let policy: serde_json::Value = serde_json::from_str(&text).unwrap();
        let told: Vec<String> = policy["rules"]
            .as_array()
            .unwrap()
            .iter()
            .map(|rule| {
                let selection = &rule["selection"];
                let which = ["tagPatternList", "tagPrefixList"].map(|list| selection[list][0].as_str().unwrap_or(""));
                let [pattern, prefix] = which;
                let (status, kind) = (&selection["tagStatus"], &selection["countType"]);
                format!("{status} {pattern}{prefix} {kind} {}", selection["countNumber"])
            })
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        "tagged" latest "imageCountMoreThan" 999999
        "tagged" v "imageCountMoreThan" 10
        "untagged"  "sinceImagePushed" 1
        "any"  "sinceImagePushed" 30
        "#);
    });
}

/// Rows: 20.
#[test]
fn an_update_that_changes_nothing_writes_nothing_to_the_registry() {
    run(async {
        let properties = fleet(&["a", "b"]);
        let scene = Scene::converged(&properties).await;
        let before = scene.world.picture();
        reason(&scene.update(&properties).await, Success, &["0 changes"]);
        assert!(scene.world.writes().is_empty(), "{:?}", scene.world.writes());
        assert_eq!(scene.world.picture().repositories, before.repositories);
    });
}

#[test]
fn another_retention_is_one_write_per_repository() {
    run(async {
        let scene = Scene::converged(&fleet(&["a", "b"])).await;
        let reply = scene.update(&with(fleet(&["a", "b"]), json!({"MaxImageCount": "7"}))).await;
        reason(&reply, Success, &["2 changes"]);
        assert_eq!(scene.world.writes(), ["ecr:PutLifecyclePolicy"; 2]);
    });
}

/// Rows: 55.
#[test]
fn drift_in_every_setting_is_put_back() {
    run(async {
        let properties = fleet(&["a"]);
        let scene = Scene::converged(&properties).await;
        let before = scene.world.picture().repositories;
        scene.world.nudge("shop-dev-a", |repo| {
            repo.mutability.mode = MutabilityMode::Immutable;
            repo.scan_on_push = false;
            repo.lifecycle = None;
            repo.tags.insert("Project".to_owned(), "another".to_owned());
        });
        reason(&scene.update(&properties).await, Success, &["4 changes"]);
        assert_eq!(scene.world.picture().repositories, before);
    });
}

#[test]
fn a_repository_that_was_deleted_behind_our_back_is_made_again() {
    run(async {
        let properties = fleet(&["a", "b"]);
        let scene = Scene::converged(&properties).await;
        let before = scene.world.picture().repositories;
        scene.world.with(|state| state.repositories.remove("shop-dev-b"));
        reason(&scene.update(&properties).await, Success, &[]);
        assert_eq!(scene.world.picture().repositories, before);
    });
}

#[test]
fn an_added_name_leaves_the_others_alone() {
    run(async {
        let scene = Scene::converged(&fleet(&["a"])).await;
        reason(&scene.update(&fleet(&["a", "b"])).await, Success, &[]);
        assert_eq!(scene.world.writes(), ["ecr:CreateRepository", "ecr:PutLifecyclePolicy", "ssm:PutParameter"]);
    });
}

/// A stack whose Update dropped the name `b`, before CloudFormation has finished.
async fn released(before: serde_json::Value, after: serde_json::Value) -> Scene {
    let scene = Scene::converged(&before).await;
    let reply = scene.update(&after).await;
    reason(&reply, Success, &["released: shop-dev-b"]);
    scene
}

/// Rows: 27.
#[test]
fn a_removed_name_is_marked_and_nothing_else() {
    run(async {
        let scene = released(fleet(&["a", "b"]), fleet(&["a"])).await;
        assert_eq!(scene.world.writes(), ["ecr:TagResource"]);
        let tags = scene.world.repo("shop-dev-b").unwrap().tags;
        assert!(tags[RELEASED_TAG].parse::<jiff::Timestamp>().is_ok(), "{}", tags[RELEASED_TAG]);
        assert!(scene.world.is_ours("shop-dev-b"));
        let message = scene.world.with(|state| state.queue[0].clone());
        let Message::Settle(look) = &message else { panic!("{message:?}") };
        assert_eq!((look.stack_id.as_str(), message.delay()), (STACK, Duration::from_secs(10)));
    });
}

/// Rows: 27.
#[test]
fn a_released_name_waits_for_as_long_as_the_stack_moves() {
    run(async {
        let scene = released(fleet(&["a", "b"]), fleet(&["a"])).await;
        for status in ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"] {
            scene.ends_as(status);
            assert_eq!(scene.look().await, 0);
            assert!(scene.world.is_released("shop-dev-b"), "{status}");
        }
        let waits = scene.world.with(|state| state.queue.iter().map(|message| message.delay().as_secs()).max());
        assert_eq!(waits, Some(40), "10, then 20, then 40 seconds");
    });
}

#[test]
fn a_released_name_is_deleted_with_its_parameter_at_update_complete() {
    run(async {
        let scene = released(fleet(&["a", "b"]), fleet(&["a"])).await;
        scene.settle_as("UPDATE_COMPLETE").await;
        assert_eq!(scene.world.names(), ["shop-dev-a"]);
        let parameters = scene.world.with(|state| state.parameters.keys().cloned().collect::<Vec<_>>());
        assert_eq!(parameters, ["/ecr-steward/shop/dev/a/url"]);
        let ledger = scene.world.ledger().unwrap();
        assert!(ledger.released.is_empty() && ledger.claim.is_none(), "{ledger:?}");
    });
}

#[test]
fn a_released_name_that_holds_images_stays_and_can_be_claimed_back() {
    run(async {
        let both = fleet(&["a", "b"]);
        let scene = released(both.clone(), fleet(&["a"])).await;
        scene.world.push_images("shop-dev-b", 3);
        scene.settle_as("UPDATE_COMPLETE").await;
        assert!(scene.world.is_ours("shop-dev-b") && scene.world.is_released("shop-dev-b"));
        assert!(scene.world.with(|state| state.parameters.contains_key("/ecr-steward/shop/dev/b/url")));
        reason(&scene.update(&both).await, Success, &["claimed back: shop-dev-b"]);
        assert!(!scene.world.is_released("shop-dev-b"));
        assert_eq!(scene.world.repo("shop-dev-b").unwrap().images, 3);
    });
}

#[test]
fn empty_on_delete_of_the_declaration_that_last_listed_it_lets_its_images_go() {
    run(async {
        let consent = |yes: bool| with(fleet(&["a", "b"]), json!({"EmptyOnDelete": yes}));
        for (listed, dropped, stays) in [(true, false, false), (false, true, true)] {
            let after = with(fleet(&["a"]), json!({"EmptyOnDelete": dropped}));
            let scene = released(consent(listed), after).await;
            scene.world.push_images("shop-dev-b", 3);
            scene.settle_as("UPDATE_COMPLETE").await;
            assert_eq!(scene.world.repo("shop-dev-b").is_some(), stays, "listed with {listed}, dropped with {dropped}");
        }
    });
}

#[test]
fn on_remove_retain_hands_back_only_once_the_stack_has_finished() {
    run(async {
        let after = with(fleet(&["a"]), json!({"OnRemove": "Retain"}));
        let scene = released(fleet(&["a", "b"]), after).await;
        assert!(scene.world.is_ours("shop-dev-b"), "still ours while the stack moves");
        scene.settle_as("UPDATE_COMPLETE").await;
        let tags = scene.world.repo("shop-dev-b").unwrap().tags;
        assert_eq!(tags.keys().collect::<Vec<_>>(), ["Environment", "Project"]);
    });
}

/// Rows: 26.
#[test]
fn a_rollback_claims_a_released_name_back_images_and_all() {
    run(async {
        let both = fleet(&["a", "b"]);
        let scene = Scene::converged(&both).await;
        scene.world.push_images("shop-dev-b", 5);
        let before = scene.world.picture().repositories;
        reason(&scene.update(&with(fleet(&["a"]), json!({"EmptyOnDelete": true}))).await, Success, &[]);
        reason(&scene.roll_back(&both).await, Success, &["claimed back"]);
        scene.settle_as("UPDATE_ROLLBACK_COMPLETE").await;
        assert_eq!(scene.world.picture().repositories, before);
    });
}

#[test]
fn names_that_a_rolled_back_update_added_go_at_update_rollback_complete() {
    run(async {
        let one = with(fleet(&["a"]), json!({"OnRemove": "Retain"}));
        let scene = Scene::converged(&one).await;
        let before = scene.world.picture();
        reason(&scene.update(&fleet(&["a", "b"])).await, Success, &[]);
        reason(&scene.roll_back(&one).await, Success, &["released: shop-dev-b"]);
        scene.ends_as("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS");
        assert_eq!(scene.look().await, 0);
        assert!(scene.world.repo("shop-dev-b").is_some(), "not before the stack is at rest");
        scene.settle_as("UPDATE_ROLLBACK_COMPLETE").await;
        assert_eq!(scene.world.picture().repositories, before.repositories);
        assert_eq!(scene.world.picture().parameters, before.parameters);
    });
}

#[test]
fn any_other_ending_keeps_what_was_released() {
    run(async {
        let endings = ["UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE", "CREATE_COMPLETE"];
        for status in endings {
            let scene = released(fleet(&["a", "b"]), fleet(&["a"])).await;
            scene.settle_as(status).await;
            assert!(scene.world.is_ours("shop-dev-b") && scene.world.is_released("shop-dev-b"), "{status}");
            // Also for good: a later look finds nothing left to decide.
            let kept = scene.world.ledger().unwrap().released.values().next().unwrap().kept.clone();
            assert!(kept.is_some_and(|why| why.contains(status)), "{status}");
        }
    });
}

/// Rows: 27.
#[test]
fn a_nested_stack_waits_for_its_root() {
    run(async {
        let root = "arn:aws:cloudformation:eu-west-1:123456789012:stack/parent/99999999-0000-0000-0000-000000000000";
        let scene = released(fleet(&["a", "b"]), fleet(&["a"])).await;
        scene.world.with(|state| state.stacks.get_mut(STACK).unwrap().root = Some(root.to_owned()));
        scene.world.stack_is(root, "UPDATE_IN_PROGRESS");
        scene.ends_as("UPDATE_COMPLETE");
        assert_eq!(scene.look().await, 0);
        assert!(scene.world.is_released("shop-dev-b"));
        scene.world.stack_is(root, "UPDATE_COMPLETE");
        scene.settle_as("UPDATE_COMPLETE").await;
        assert!(scene.world.repo("shop-dev-b").is_none());
    });
}

/// Rows: 22.
#[test]
fn another_project_name_releases_every_old_repository_and_its_parameter() {
    run(async {
        let scene = Scene::converged(&fleet(&["a", "b"])).await;
        reason(&scene.update(&with(fleet(&["a", "b"]), json!({"ProjectName": "store"}))).await, Success, &[]);
        assert_eq!(scene.world.names().len(), 4, "nothing goes before the stack has finished");
        scene.settle_as("UPDATE_COMPLETE").await;
        assert_eq!(scene.world.names(), ["store-dev-a", "store-dev-b"]);
        let parameters = scene.world.with(|state| state.parameters.keys().cloned().collect::<Vec<_>>());
        assert_eq!(parameters, ["/ecr-steward/store/dev/a/url", "/ecr-steward/store/dev/b/url"]);
    });
}

#[test]
fn a_look_that_cannot_read_the_repository_is_taken_again() {
    run(async {
        let scene = released(fleet(&["a", "b"]), fleet(&["a"])).await;
        scene.ends_as("UPDATE_COMPLETE");
        scene.world.always("ListTagsForResource", Trouble::Fail(When::Before, FaultKind::Throttled));
        let failed = scene.look().await;
        let open = scene.world.with(|state| state.queue.len()) + failed;
        assert_eq!(open, 1, "either the message comes again or a next one is on its way");
        assert!(scene.world.repo("shop-dev-b").is_some());
    });
}

#[test]
fn an_update_waits_for_a_delayed_message_at_work_and_takes_over_a_lapsed_claim() {
    run(async {
        let properties = fleet(&["a"]);
        let scene = Scene::converged(&properties).await;
        let mut ledger = scene.world.ledger().unwrap();
        ledger.claim = Some(Claim { holder: "message:request-0".to_owned(), until: scene.now() + 60 + 30, after: 0 });
        scene.world.put_ledger(&ledger);
        let begun = tokio::time::Instant::now();
        reason(&scene.update(&with(properties, json!({"MaxImageCount": 3}))).await, Success, &[]);
        assert!(begun.elapsed() >= Duration::from_secs(30), "{:?}", begun.elapsed());
        assert_eq!(scene.world.writes(), ["ecr:PutLifecyclePolicy"]);
    });
}

#[test]
fn an_update_that_cannot_get_the_claim_in_time_says_so_and_writes_nothing() {
    run(async {
        let properties = fleet(&["a"]);
        let scene = Scene::converged(&properties).await;
        let mut ledger = scene.world.ledger().unwrap();
        ledger.claim = Some(Claim { holder: "message:request-0".to_owned(), until: scene.now() + 100_000, after: 0 });
        scene.world.put_ledger(&ledger);
        let reply = scene.update(&with(properties, json!({"MaxImageCount": 3}))).await;
        reason(&reply, Failed, &["still at work", "request-0"]);
        assert!(scene.world.attempted_writes().is_empty(), "{:?}", scene.world.attempted_writes());
    });
}

#[test]
fn a_look_during_an_update_of_the_same_resource_changes_nothing() {
    run(async {
        let scene = released(fleet(&["a", "b"]), fleet(&["a"])).await;
        let mut ledger = scene.world.ledger().unwrap();
        ledger.claim = Some(Claim { holder: "request-9".to_owned(), until: scene.now() + 600, after: 0 });
        scene.world.put_ledger(&ledger);
        scene.ends_as("UPDATE_COMPLETE");
        assert_eq!(scene.look().await, 0);
        assert!(scene.world.repo("shop-dev-b").is_some());
        assert_eq!(scene.world.with(|state| state.queue.len()), 1, "it is looked at again later");
    });
}

#[test]
fn a_look_overtaken_by_an_update_lets_it_win() {
    run(async {
        let both = fleet(&["a", "b"]);
        let scene = released(both.clone(), fleet(&["a"])).await;
        scene.ends_as("UPDATE_COMPLETE");
        // Between reading the ledger and claiming it, somebody writes it.
        let touch = Trouble::Meanwhile(std::sync::Arc::new(|state| {
            state.objects.get_mut(LEDGER).unwrap().1 += 1_000;
        }));
        scene.world.trouble_on("PutObject", 1, touch);
        assert_eq!(scene.look().await, 0);
        assert!(scene.world.repo("shop-dev-b").is_some());
        assert_eq!(scene.world.with(|state| state.queue.len()), 1);
    });
}

#[test]
fn a_stack_that_is_gone_settles_nothing() {
    run(async {
        let scene = released(fleet(&["a", "b"]), fleet(&["a"])).await;
        scene.world.with(|state| state.stacks.remove(STACK));
        assert_eq!(scene.look().await, 0);
        assert!(scene.world.is_ours("shop-dev-b"));
    });
}

#[test]
fn releases_wait_for_the_sweep_where_the_queue_refuses_the_message() {
    run(async {
        let scene = Scene::converged(&fleet(&["a", "b"])).await;
        scene.world.always("SendMessage", Trouble::Fail(When::Before, FaultKind::Denied));
        reason(&scene.update(&fleet(&["a"])).await, Success, &["released: shop-dev-b"]);
        assert!(scene.world.is_released("shop-dev-b"));
        // The next Update sends another message.
        scene.world.calm();
        scene.update(&fleet(&["a"])).await;
        scene.settle_as("UPDATE_COMPLETE").await;
        assert_eq!(scene.world.names(), ["shop-dev-a"]);
    });
}
