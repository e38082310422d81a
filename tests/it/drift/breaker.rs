//! A tug of war: the same attribute changed back and forth.

use super::scene::{APP, House, OTHER, OWN, call, mended, withheld};
use crate::support::run;
use ecr_steward::event::drift::Look;
use ecr_steward::model::repository::MutabilityMode;
use ecr_steward::plan::posture::Requirement;
use serde_json::json;

const HOUR: i64 = 3_600;

fn house() -> House {
    House::wrong(&json!({"ImageTagMutability": "IMMUTABLE", "ScanOnPush": true}))
}

/// Twice changed away and mended, an hour apart.
async fn twice(house: &House) {
    for event in ["event-1", "event-2"] {
        house.flip();
        let standing = house.looked(&call(event)).await;
        assert!(mended(&standing).contains(&Requirement::ImageTagMutability));
        house.world().pass(HOUR);
    }
}

#[test]
fn the_third_flip_within_a_day_is_left_and_both_are_named_to_people_once() {
    run(async {
        let house = house();
        twice(&house).await;
        house.flip();
        house.world().nudge(APP, |repo| repo.scan_on_push = false);
        let standing = house.looked(&call("event-3")).await;
        let words = withheld(&standing, Requirement::ImageTagMutability);
        assert!(words.contains(OWN) && words.contains(OTHER), "{words}");
        assert_eq!(mended(&standing), [Requirement::ScanOnPush], "the other attribute is mended");
        let notices = house.world().with(|state| state.overseen.notices.clone());
        let [(subject, body)] = notices.as_slice() else { panic!("{notices:#?}") };
        insta::assert_snapshot!("breaker", format!("{words}\n---\n{subject}\n{body}"));
        for event in ["event-4", "event-5"] {
            house.world().pass(HOUR);
            withheld(&house.looked(&call(event)).await, Requirement::ImageTagMutability);
        }
        assert_eq!(house.world().with(|state| state.overseen.notices.len()), 1);
        assert_eq!(house.world().repo(APP).unwrap().mutability.mode, MutabilityMode::Mutable);
    });
}

#[test]
fn after_a_day_it_is_mended_again_and_a_new_tug_is_told_anew() {
    run(async {
        let house = house();
        twice(&house).await;
        house.flip();
        house.looked(&call("event-3")).await;
        house.world().pass(22 * HOUR);
        assert_eq!(mended(&house.looked(&call("event-4")).await), [Requirement::ImageTagMutability]);
        house.flip();
        withheld(&house.looked(&call("event-5")).await, Requirement::ImageTagMutability);
        assert_eq!(house.world().with(|state| state.overseen.notices.len()), 2);
    });
}

#[test]
fn flips_that_lie_more_than_a_day_apart_never_trip() {
    run(async {
        let house = house();
        for event in 0..6 {
            house.flip();
            let standing = house.looked(&call(&format!("event-{event}"))).await;
            assert!(mended(&standing).contains(&Requirement::ImageTagMutability), "flip {event}");
            house.world().pass(13 * HOUR);
        }
        assert_eq!(house.world().with(|state| state.overseen.notices.len()), 0);
    });
}

#[test]
fn the_same_event_twice_is_one_flip() {
    run(async {
        let house = house();
        for _ in 0..4 {
            house.flip();
            let standing = house.looked(&call("event-1")).await;
            assert!(mended(&standing).contains(&Requirement::ImageTagMutability));
        }
        assert_eq!(house.world().keys("journal/").len(), 1);
    });
}

#[test]
fn where_the_third_flip_is_found_by_a_sweep_the_last_principal_known_is_named() {
    run(async {
        let house = house();
        twice(&house).await;
        house.flip();
        let nobody = Look { principal: None, ..call("event-3") };
        let words = withheld(&house.looked(&nobody).await, Requirement::ImageTagMutability);
        assert!(words.contains(OTHER), "{words}");
    });
}
