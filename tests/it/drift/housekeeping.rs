//! Untagged images of a fleet's repositories: the newest stay, and what is in use, young or somebody's.

use super::scene::{House, call, name, push};
use crate::support::overseeing::{digest, image_manifest, index_manifest, referrer_manifest};
use crate::support::world::{STACK, State};
use crate::support::{Scene, Trouble, When, fleet, run, with};
use ecr_steward::event::drift::{Cause, Look};
use ecr_steward::fault::FaultKind;
use ecr_steward::flow::drift::Switch;
use ecr_steward::plan::posture::Standing;
use serde_json::{Value, json};
use std::sync::Arc;

const APP: &str = "shop-dev-a";
const HOUR: i64 = 3_600;

/// A fleet that keeps two untagged images, whatever its drift mode says.
async fn house() -> House {
    let properties = with(fleet(&["a"]), json!({"MaxUntaggedImages": 2, "DriftMode": "Off"}));
    House::of(Scene::converged(&properties).await, None)
}

fn look(cause: Cause) -> Look {
    Look { repository: name(APP), cause, ..push("event-1") }
}

async fn pushed(house: &House) -> Standing {
    house.world().start_counting();
    house.looked(&look(Cause::Push)).await
}

/// Untagged images of these ages in hours, the first with number 1.
fn untagged(house: &House, ages: &[i64]) {
    for (number, age) in (1..).zip(ages) {
        house.world().hold(APP, number, &[], age * HOUR, image_manifest());
    }
}

#[test]
fn the_newest_stay_and_the_others_go() {
    run(async {
        let house = house().await;
        untagged(&house, &[50, 10, 40, 20, 30]);
        house.world().hold(APP, 6, &["v1"], 60 * HOUR, image_manifest());
        let standing = pushed(&house).await;
        assert_eq!(house.world().held(APP), [2, 4, 6]);
        assert!(standing.notes.contains(&"housekeeping deleted 3 untagged images".to_owned()), "{:?}", standing.notes);
        pushed(&house).await;
        assert_eq!(house.world().calls_of("BatchDeleteImage"), 0);
        assert_eq!(house.world().calls_of("DescribeImages"), 1, "one page tells that nothing is to do");
    });
}

#[test]
fn one_that_was_tagged_while_manifests_were_read_stays() {
    run(async {
        let house = house().await;
        untagged(&house, &[50, 10, 40, 20, 30]);
        let tag = |state: &mut State| {
            let held = state.overseen.images.get_mut(APP).unwrap().get_mut(&digest(5)).unwrap();
            held.tags.push("rolled-back".to_owned());
        };
        house.world().trouble_on("BatchGetImage", 1, Trouble::Meanwhile(Arc::new(tag)));
        let standing = pushed(&house).await;
        assert_eq!(house.world().held(APP), [2, 4, 5]);
        assert!(standing.notes.contains(&"housekeeping deleted 2 untagged images".to_owned()), "{:?}", standing.notes);
    });
}

#[test]
fn a_call_that_changed_a_setting_pushed_nothing() {
    run(async {
        let house = house().await;
        untagged(&house, &[50, 40, 30, 20]);
        house.looked(&Look { repository: name(APP), ..call("event-1") }).await;
        assert_eq!(house.world().held(APP).len(), 4);
        house.looked(&look(Cause::Asked)).await;
        assert_eq!(house.world().held(APP).len(), 2);
    });
}

#[test]
fn a_multi_platform_push_in_flight_keeps_its_children() {
    run(async {
        let house = house().await;
        untagged(&house, &[50, 40]);
        for child in 11..=16 {
            house.world().hold(APP, child, &[], 59 * 60, image_manifest());
            pushed(&house).await;
        }
        // Six children are younger than an hour; the two old ones are beyond the newest two.
        assert_eq!(house.world().held(APP), [11, 12, 13, 14, 15, 16]);
        house.world().hold(APP, 20, &["v1"], 58 * 60, index_manifest(&[11, 12, 13, 14, 15, 16]));
        house.world().pass(48 * HOUR);
        let standing = pushed(&house).await;
        assert_eq!(house.world().held(APP), [11, 12, 13, 14, 15, 16, 20], "the index lists them");
        assert_eq!(house.world().calls_of("BatchDeleteImage"), 0);
        assert_eq!(standing.notes.iter().filter(|note| note.contains("housekeeping")).count(), 0);
    });
}

#[test]
fn an_index_without_a_tag_keeps_its_children_until_it_is_gone_itself() {
    run(async {
        let house = house().await;
        untagged(&house, &[50, 49]);
        house.world().hold(APP, 3, &[], 48 * HOUR, index_manifest(&[1, 2]));
        house.world().hold(APP, 4, &[], 20 * HOUR, image_manifest());
        house.world().hold(APP, 5, &[], 10 * HOUR, image_manifest());
        pushed(&house).await;
        assert_eq!(house.world().held(APP), [1, 2, 4, 5]);
        pushed(&house).await;
        assert_eq!(house.world().held(APP), [4, 5]);
    });
}

#[test]
fn signatures_and_sboms_stay_and_so_does_what_has_no_push_time() {
    run(async {
        let house = house().await;
        house.world().hold(APP, 1, &["v1"], 90 * HOUR, image_manifest());
        house.world().hold(
            APP,
            2,
            &[],
            80 * HOUR,
            referrer_manifest("application/vnd.dev.cosign.artifact.sig.v1+json", 1),
        );
        house.world().hold(APP, 3, &[], 80 * HOUR, referrer_manifest("application/spdx+json", 1));
        house.world().hold(APP, 4, &[], 70 * HOUR, image_manifest());
        house.world().with(|state| {
            let image = state.overseen.images.get_mut(APP).unwrap().get_mut(&digest(4)).unwrap();
            image.pushed_at = None;
        });
        for number in 5..=7 {
            house.world().hold(APP, number, &[], i64::from(60 - number) * HOUR, image_manifest());
        }
        pushed(&house).await;
        assert_eq!(house.world().held(APP), [1, 2, 3, 4, 6, 7]);
    });
}

#[test]
fn what_ecr_refuses_is_told_image_by_image_and_the_rest_goes() {
    run(async {
        let house = house().await;
        untagged(&house, &[50, 40, 30, 20, 10, 5]);
        house.world().with(|state| {
            let refused = |code: &str| (code.to_owned(), "in its words".to_owned());
            state.overseen.undeletable.insert(digest(1), refused("ImageReferencedByManifestList"));
            state.overseen.undeletable.insert(digest(2), refused("KmsError"));
        });
        let standing = pushed(&house).await;
        assert_eq!(house.world().held(APP), [1, 2, 5, 6]);
        insta::assert_debug_snapshot!(standing.notes);
    });
}

#[test]
fn what_cannot_be_read_deletes_nothing() {
    run(async {
        let house = house().await;
        untagged(&house, &[50, 40, 30, 20]);
        house.world().hold(APP, 9, &["v1"], 90 * HOUR, index_manifest(&[1]));
        house.world().always("BatchGetImage", Trouble::Fail(When::Before, FaultKind::Denied));
        let standing = pushed(&house).await;
        assert!(standing.notes.iter().any(|note| note.contains("BatchGetImage")), "{:?}", standing.notes);
        house.world().calm();
        let broken: Value = json!({"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [{}]});
        house.world().hold(APP, 9, &["v1"], 90 * HOUR, broken);
        let standing = pushed(&house).await;
        assert!(standing.notes.iter().any(|note| note.contains("has no digest")), "{:?}", standing.notes);
        assert_eq!(house.world().held(APP), [1, 2, 3, 4, 9]);
        house.world().always("BatchDeleteImage", Trouble::Fail(When::Before, FaultKind::Unavailable));
        house.world().hold(APP, 9, &["v1"], 90 * HOUR, index_manifest(&[1]));
        assert!(house.look(&look(Cause::Push)).await.is_err(), "what may pass is tried again");
    });
}

#[test]
fn nothing_is_deleted_while_the_stack_moves_or_the_switch_says_so_or_somebody_else_owns_it() {
    run(async {
        let house = house().await;
        untagged(&house, &[50, 40, 30, 20]);
        house.scene.ends_as("UPDATE_IN_PROGRESS");
        pushed(&house).await;
        house.scene.ends_as("UPDATE_COMPLETE");
        house.world().with(|state| state.overseen.switch = (Switch::ReportOnly, None));
        let standing = pushed(&house).await;
        assert!(
            standing.notes.iter().any(|note| note.contains("2 untagged images are beyond")),
            "{:?}",
            standing.notes
        );
        house.world().with(|state| state.overseen.switch = (Switch::On, None));
        house.world().with(|state| drop(state.stacks.remove(STACK)));
        pushed(&house).await;
        assert_eq!(house.world().held(APP).len(), 4);
        house.scene.ends_as("UPDATE_COMPLETE");
        pushed(&house).await;
        assert_eq!(house.world().held(APP).len(), 2);
    });
}

#[test]
fn many_go_in_batches_of_a_hundred() {
    run(async {
        let house = house().await;
        house.world().with(|state| state.page_size = 100);
        untagged(&house, &(0..252).map(|age| 1_000 - age).collect::<Vec<_>>());
        pushed(&house).await;
        assert_eq!(house.world().held(APP), [251, 252]);
        assert_eq!(house.world().calls_of("BatchDeleteImage"), 3);
    });
}
