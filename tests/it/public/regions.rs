//! Stacks of two Regions that take over the same repository: the gallery is one, and no lease keeps them apart.

use super::life::shown;
use crate::support::world::{OWNER, Shown, State};
use crate::support::{Scene, Trouble, reason, run};
use ecr_steward::event::reply::Status::{Failed, Success};
use ecr_steward::model::repository::{OWNER_TAG, STACK_TAG};
use serde_json::{Value, json};
use std::sync::Arc;

const OTHER: &str = "99999999-0000-0000-0000-000000000000/Images";

fn adopting() -> Value {
    json!({"RepositoryNames": ["api"], "AdoptExisting": true, "PushPrincipals": ["111122223333"],
        "Catalog": {"api": {"Description": "ours"}}})
}

#[test]
fn who_was_overtaken_by_another_region_writes_nothing_more_and_names_it() {
    run(async {
        let scene = Scene::public();
        scene.world.with(|state| state.gallery.insert("api".to_owned(), Shown::default()));
        // Tags are read by the look, by the look under the lease, and once they are written.
        let meanwhile = Trouble::Meanwhile(Arc::new(|state| {
            let tags = &mut state.gallery.get_mut("api").expect("it stands").tags;
            tags.insert(OWNER_TAG.to_owned(), OTHER.to_owned());
            tags.insert(STACK_TAG.to_owned(), "other".to_owned());
        }));
        scene.world.trouble_on("ListTagsForResource", 3, meanwhile);
        let reply = scene.create(&adopting()).await;
        reason(&reply, Failed, &["api: ", "belongs to resource Images of stack other"]);
        assert_eq!(scene.world.writes(), ["ecr:TagResource"]);
        let left = shown(&scene, "api").unwrap();
        assert_eq!((left.policy.as_ref(), left.catalog.as_ref()), (None, None));
        reason(
            &scene.roll_back_creation(&adopting()).await,
            Success,
            &["it belongs to resource Images of stack other"],
        );
        assert_eq!(shown(&scene, "api"), Some(left));
    });
}

#[test]
fn an_owner_tag_that_is_read_late_is_read_again() {
    run(async {
        let scene = Scene::public();
        scene.world.with(|state| state.gallery.insert("api".to_owned(), Shown::default()));
        let tag = |state: &mut State, owner: &str| {
            state.gallery.get_mut("api").expect("it stands").tags.insert(OWNER_TAG.to_owned(), owner.to_owned());
        };
        scene.world.trouble_on("ListTagsForResource", 3, Trouble::Meanwhile(Arc::new(move |state| tag(state, OTHER))));
        scene.world.trouble_on("ListTagsForResource", 4, Trouble::Meanwhile(Arc::new(move |state| tag(state, OWNER))));
        reason(&scene.create(&adopting()).await, Success, &["adopted: api"]);
        assert!(shown(&scene, "api").unwrap().policy.is_some());
    });
}
