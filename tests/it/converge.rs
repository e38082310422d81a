//! What holds for every declaration: it is legal for ECR, it is reached in one go, and then there is peace.

use crate::support::specs::declarations;
use crate::support::{Scene, Trouble, When, fleet, reason, run, with};
use ecr_steward::event::reply::Status::{Failed, Success};
use ecr_steward::fault::FaultKind;
use ecr_steward::lifecycle::{parse, parse_text};
use ecr_steward::model::Wish;
use ecr_steward::spec::fleet::{Surroundings, check};
use proptest::prelude::*;
use serde_json::{Value, json};

const NAMES: &[&str] = &["a", "b", "team/c", "d", "s"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_accepted_makes_a_lifecycle_policy_that_is_legal(properties in declarations(NAMES)) {
        let around = Surroundings { partition: "aws", parameter_prefix: "/ecr-steward" };
        let fleet = check(properties.as_object().unwrap(), &around).expect("these are accepted");
        for repository in &fleet.repositories {
            let Wish::Is(policy) = &repository.lifecycle else { panic!("one is generated") };
            let text = policy.to_text();
            prop_assert!((100..=30_720).contains(&text.chars().count()), "{}", text);
            let value: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(parse(&value), Ok(policy.clone()));
            prop_assert_eq!(parse_text(&text), Ok(policy.clone()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Rows: 20.
    #[test]
    fn a_create_converges_and_the_update_after_it_writes_nothing(properties in declarations(NAMES)) {
        run(async {
            let scene = Scene::new();
            reason(&scene.create(&properties).await, Success, &[]);
            let before = scene.world.picture();
            scene.world.start_counting();
            reason(&scene.update(&properties).await, Success, &["0 changes"]);
            assert!(scene.world.writes().is_empty(), "{:?}", scene.world.writes());
            assert_eq!(scene.world.picture().repositories, before.repositories);
        });
    }

    #[test]
    fn any_declaration_is_reached_from_any_other(before in declarations(NAMES), after in declarations(NAMES)) {
        run(async {
            let scene = Scene::converged(&before).await;
            reason(&scene.update(&after).await, Success, &[]);
            scene.settle_as("UPDATE_COMPLETE").await;
            // The same as if it had been declared from the start, in all that a declaration says.
            let fresh = Scene::converged(&after).await;
            for (name, wished) in fresh.world.picture().repositories {
                let found = scene.world.repo(&name).expect("every declared repository");
                assert_eq!((&found.tags, &found.mutability, found.scan_on_push), (&wished.tags, &wished.mutability, wished.scan_on_push));
                assert_eq!((found.lifecycle, found.policy), (wished.lifecycle, wished.policy), "{name}");
            }
            assert_eq!(scene.world.picture().parameters, fresh.world.picture().parameters);
            scene.world.start_counting();
            reason(&scene.update(&after).await, Success, &["0 changes"]);
        });
    }
}

fn fifty() -> Value {
    let names: Vec<String> = (0..50).map(|number| format!("service-{number}")).collect();
    with(fleet(&[]), json!({"RepositoryNames": names, "PullPrincipals": ["111122223333"]}))
}

#[test]
fn fifty_repositories_cost_what_they_must() {
    run(async {
        let scene = Scene::new();
        reason(&scene.create(&fifty()).await, Success, &[]);
        let made = scene.world.calls_to("ecr");
        assert!(made <= 160, "{made} calls for 50 new repositories, more than 3.2 each");
        scene.world.start_counting();
        reason(&scene.update(&fifty()).await, Success, &["0 changes"]);
        let read = scene.world.calls_to("ecr");
        assert!(read <= 155, "{read} calls for 50 converged repositories, more than 3.1 each");
        assert_eq!(scene.world.calls_to("ssm"), 5, "parameters are read ten at a time");
    });
}

#[test]
fn a_registry_of_many_pages_is_not_walked_for_a_few_names() {
    run(async {
        let scene = Scene::new();
        scene.world.with(|state| state.page_size = 10);
        for number in 0..200 {
            scene.world.put_strange(&format!("other-{number}"), 1);
        }
        reason(&scene.create(&fleet(&["a", "b"])).await, Success, &[]);
        assert!(scene.world.calls_of("DescribeRepositories") <= 4, "{}", scene.world.calls_of("DescribeRepositories"));
    });
}

#[test]
fn an_existing_name_on_any_page_is_seen() {
    run(async {
        for page_size in [1, 2, 3, 100] {
            let scene = Scene::new();
            scene.world.with(|state| state.page_size = page_size);
            for name in ["aaa", "shop-dev-b", "zzz"] {
                scene.world.put_strange(name, 1);
            }
            reason(&scene.create(&fleet(&["a", "b", "c"])).await, Failed, &["shop-dev-b"]);
            assert!(scene.world.attempted_writes().is_empty(), "pages of {page_size}");
        }
    });
}

#[test]
fn a_look_that_fails_is_not_an_empty_registry() {
    run(async {
        for operation in ["DescribeRepositories", "GetLifecyclePolicy", "GetParameters"] {
            let scene = Scene::converged(&fleet(&["a"])).await;
            scene.world.always(operation, Trouble::Fail(When::Before, FaultKind::Denied));
            let changed = with(fleet(&["a", "b"]), json!({"MaxImageCount": 3}));
            reason(&scene.update(&changed).await, Failed, &["nothing was changed"]);
            assert!(scene.world.attempted_writes().is_empty(), "{operation}");
        }
    });
}
