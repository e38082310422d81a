//! One logical id, a private fleet and a public one: what is left of the first is never mistaken for the second.

use super::life::shown;
use crate::support::world::{OWNER, Picture, Shown};
use crate::support::{Scene, Trouble, When, fleet, reason, run, with};
use ecr_steward::event::reply::Status::{Failed, Success};
use ecr_steward::fault::FaultKind;
use ecr_steward::model::repository::{OWN_TAG_PREFIX, OWNER_TAG, RELEASED_TAG};
use ecr_steward::plan::ledger::Ledger;
use ecr_steward::spec::public;
use serde_json::{Value, json};

const PRIVATE: &str = "Custom::EcrRepositories";

fn gallery(names: &[&str]) -> Value {
    json!({"RepositoryNames": names})
}

/// The claim of the Delete that failed has lapsed, and nothing was counted yet.
fn left_over(scene: Scene) -> Scene {
    scene.ends_as("UPDATE_COMPLETE");
    let ledger = scene.world.ledger().expect("what is left over is on record");
    scene.world.put_ledger(&Ledger { claim: None, ..ledger });
    scene.world.start_counting();
    scene
}

/// A private fleet whose Delete was not allowed: `a` is empty, `b` holds images, and so does `c`, which was released before
/// and never settled.
async fn private_left_over(more: Value) -> Scene {
    let all = with(fleet(&["a", "b", "c"]), more.clone());
    let scene = Scene::converged(&all).await;
    let fewer = with(fleet(&["a", "b"]), more);
    reason(&scene.update(&fewer).await, Success, &["released: shop-dev-c"]);
    scene.world.with(|state| state.queue.clear());
    for name in ["shop-dev-b", "shop-dev-c"] {
        scene.world.push_images(name, 3);
    }
    for operation in ["DeleteRepository", "UntagResource"] {
        scene.world.always(operation, Trouble::Fail(When::Before, FaultKind::Denied));
    }
    reason(&scene.delete(&fewer).await, Failed, &["shop-dev-b"]);
    scene.world.calm();
    left_over(scene)
}

/// A public fleet whose Delete failed, since `api` holds images.
async fn public_left_over() -> Scene {
    let scene = super::life::converged(&gallery(&["api", "web"])).await;
    scene.world.with(|state| state.gallery.get_mut("api").unwrap().images = 3);
    reason(&scene.delete(&gallery(&["api", "web"])).await, Failed, &["api", "holds images"]);
    left_over(scene)
}

/// Nothing was written anywhere, and nobody looked into either registry.
#[track_caller]
fn untouched(scene: &Scene, before: &Picture) {
    assert_eq!(scene.world.attempted_writes(), Vec::<&str>::new());
    assert_eq!((scene.world.calls_to("ecr"), scene.world.calls_to("ssm")), (0, 0));
    assert_eq!(scene.world.picture().differences(before), Vec::<String>::new());
}

#[test]
fn a_public_fleet_is_refused_while_a_private_one_is_left_over_and_told_what_is() {
    run(async {
        let scene = private_left_over(json!({})).await.retyped(public::TYPE);
        let before = scene.world.picture();
        for reply in [scene.create(&gallery(&["api"])).await, scene.update(&gallery(&["api"])).await] {
            let words =
                ["Repositories: ", "private fleet", PRIVATE, "shop-dev-b", "shop-dev-c", "/ecr-steward/shop/dev/b"];
            reason(&reply, Failed, &words);
            reason(&reply, Failed, &["nothing was changed", "empty the repositories", "another logical id"]);
        }
        untouched(&scene, &before);
        assert_eq!(scene.world.with(|state| state.gallery.len()), 0);
        let ledger = scene.world.ledger().unwrap();
        assert!(!ledger.is_public() && ledger.released.len() == 1, "what was released is remembered");
    });
}

#[test]
fn a_private_fleet_is_refused_while_a_public_one_is_left_over_and_told_what_is() {
    run(async {
        let scene = public_left_over().await.retyped(PRIVATE);
        // A private repository of that name, with our own owner tag on it.
        scene.world.put_foreign("shop-dev-a", OWNER, "shop");
        let before = scene.world.picture();
        let reply = scene.create(&fleet(&["a"])).await;
        reason(&reply, Failed, &["Repositories: ", "public fleet", public::TYPE, "api", "another logical id"]);
        untouched(&scene, &before);
        assert_eq!(scene.world.calls_to("ecr-public"), 0);
        assert!(scene.world.ledger().unwrap().is_public());
    });
}

#[test]
fn the_delete_after_the_refusal_finishes_what_was_left_and_then_the_other_kind_may_come() {
    run(async {
        let scene = private_left_over(json!({})).await.retyped(public::TYPE);
        // In the gallery the same names stand and carry our owner tag: they are not what the record means.
        let ours = Shown { tags: [(OWNER_TAG.to_owned(), OWNER.to_owned())].into(), ..Shown::default() };
        scene.world.with(|state| state.gallery.insert("shop-dev-b".to_owned(), ours.clone()));
        reason(&scene.create(&gallery(&["shop-dev-b"])).await, Failed, &["private fleet"]);
        let undone = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS";
        reason(&scene.delete_as(undone, &gallery(&["shop-dev-b"])).await, Failed, &["shop-dev-b still holds images"]);
        scene.world.push_images("shop-dev-b", 0);
        reason(&scene.delete_as(undone, &gallery(&["shop-dev-b"])).await, Success, &["deleted"]);
        assert_eq!(scene.world.names(), ["shop-dev-c"], "it holds images and was handed back");
        let handed_back = scene.world.repo("shop-dev-c").unwrap();
        assert!(handed_back.tags.keys().all(|key| !key.starts_with(OWN_TAG_PREFIX)), "{:?}", handed_back.tags);
        assert_eq!(scene.world.picture().parameters.len(), 0);
        assert!(scene.world.ledger().is_none());
        assert_eq!(
            (shown(&scene, "shop-dev-b"), scene.world.calls_to("ecr-public")),
            (Some(ours), 1),
            "one for its alias"
        );
        reason(&scene.create(&gallery(&["api"])).await, Success, &["1 repositories as declared"]);
        assert!(shown(&scene, "api").is_some());
    });
}

#[test]
fn a_delete_of_the_private_kind_finishes_a_public_fleet_in_the_gallery() {
    run(async {
        let scene = public_left_over().await.retyped(PRIVATE);
        scene.world.put_foreign("api", OWNER, "shop");
        scene.world.put_foreign("shop-dev-a", OWNER, "shop");
        scene.world.with(|state| state.gallery.get_mut("api").unwrap().images = 0);
        reason(&scene.delete(&fleet(&["a"])).await, Success, &["deleted, 1 changes made"]);
        assert_eq!(scene.world.with(|state| state.gallery.len()), 0);
        assert_eq!(scene.world.names(), ["api", "shop-dev-a"], "neither is what the record means");
        assert!(scene.world.ledger().is_none());
    });
}

#[test]
fn a_rollback_of_the_other_kind_is_none_of_what_is_left() {
    run(async {
        let scene = private_left_over(json!({"OnDelete": "Retain"})).await.retyped(public::TYPE);
        scene.world.push_images("shop-dev-b", 0);
        reason(&scene.create(&gallery(&["api"])).await, Failed, &["private fleet"]);
        let undone = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS";
        reason(&scene.delete_as(undone, &gallery(&["api"])).await, Success, &["shop-dev-b: OnDelete is Retain"]);
        let kept = scene.world.repo("shop-dev-b").unwrap();
        assert!(!kept.tags.contains_key(OWNER_TAG) && !kept.tags.contains_key(RELEASED_TAG), "{:?}", kept.tags);
    });
}

#[test]
fn properties_accepted_of_one_kind_were_never_accepted_of_the_other() {
    run(async {
        let scene = public_left_over().await.retyped(PRIVATE);
        let reply = scene.create(&gallery(&["api", "web"])).await;
        reason(&reply, Failed, &[" in the properties", "ProjectName"]);
        assert_eq!(scene.world.attempted_writes(), Vec::<&str>::new());
    });
}

#[test]
fn what_was_not_reached_in_the_gallery_is_named_as_the_gallery_names_it() {
    run(async {
        let properties = |text: &str, principals: Value| {
            with(gallery(&["api"]), json!({"Catalog": {"api": {"Description": text}}, "PushPrincipals": principals}))
        };
        let scene = super::life::converged(&properties("one", Value::Null)).await;
        let denied = Trouble::Fail(When::Before, FaultKind::Denied);
        scene.world.trouble_on("PutRepositoryCatalogData", 1, denied);
        let reply = scene.update(&properties("two", json!(["111122223333"]))).await;
        reason(&reply, Failed, &["api: ecr-public:SetRepositoryPolicy was not reached"]);
    });
}
