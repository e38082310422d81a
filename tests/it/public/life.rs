//! The life of a public fleet: made, held, changed, released, deleted; and what is not ours, left alone.

use crate::support::world::{OWNER, Shown};
use crate::support::{Scene, reason, run, with};
use ecr_steward::event::reply::Status::{Failed, Success};
use ecr_steward::model::repository::{OWNER_TAG, RELEASED_TAG, STACK_TAG, Tags};
use serde_json::{Value, json};

fn fleet(names: &[&str]) -> Value {
    json!({"RepositoryNames": names})
}

pub(super) fn shown(scene: &Scene, name: &str) -> Option<Shown> {
    scene.world.with(|state| state.gallery.get(name).cloned())
}

fn names(scene: &Scene) -> Vec<String> {
    scene.world.with(|state| state.gallery.keys().cloned().collect())
}

/// A stack that was created with these properties and is at rest.
pub(super) async fn converged(properties: &Value) -> Scene {
    let scene = Scene::public();
    reason(&scene.create(properties).await, Success, &[]);
    scene.ends_as("CREATE_COMPLETE");
    scene.world.start_counting();
    scene
}

fn push(scene: &Scene, name: &str) {
    scene.world.with(|state| state.gallery.get_mut(name).unwrap().images = 3);
}

#[test]
fn repositories_come_with_everything_declared_of_them_and_then_nothing_is_written() {
    run(async {
        let properties = with(
            fleet(&["shop/web", "api"]),
            json!({"PushPrincipals": ["111122223333"], "Tags": {"team": "web"},
                "Catalog": {"api": {"Description": "The API", "AboutText": "# About", "OperatingSystems": ["Linux"]}}}),
        );
        let scene = converged(&properties).await;
        let api = shown(&scene, "api").unwrap();
        assert_eq!(api.catalog.unwrap().description.as_deref(), Some("The API"));
        assert!(api.policy.unwrap().contains("arn:aws:iam::111122223333:root"));
        let web = shown(&scene, "shop/web").unwrap();
        assert_eq!(web.catalog, None, "nothing was said of it");
        let tag = |key: &str| web.tags.get(key).map(String::as_str);
        assert_eq!((tag(OWNER_TAG), tag(STACK_TAG)), (Some(OWNER), Some("shop")));
        assert_eq!((tag("team"), tag("ManagedBy"), web.tags.len()), (Some("web"), Some("ecr-steward"), 4));
        reason(&scene.update(&properties).await, Success, &["2 repositories as declared, 0 changes made"]);
        assert_eq!(scene.world.writes(), Vec::<&str>::new());
        assert_eq!(scene.world.calls_to("ecr"), 0, "the private registry is nobody's business here");
        assert_eq!(scene.world.calls_to("ssm"), 0, "a public fleet publishes no parameters");
    });
}

#[test]
fn what_the_gallery_shows_follows_the_declaration_member_by_member() {
    run(async {
        let said = |entry: Value| with(fleet(&["api"]), json!({"Catalog": {"api": entry}}));
        let scene = converged(&said(json!({"Description": "one", "UsageText": "run it"}))).await;
        // Somebody adds what nobody declared: it stays.
        scene.world.with(|state| {
            let catalog = state.gallery.get_mut("api").unwrap().catalog.as_mut().unwrap();
            catalog.about_text = Some("by hand".to_owned());
            catalog.description = Some("by hand".to_owned());
        });
        let reply = scene.update(&said(json!({"Description": "two", "Architectures": ["ARM 64"]}))).await;
        reason(&reply, Success, &["1 changes made"]);
        let catalog = shown(&scene, "api").unwrap().catalog.unwrap();
        assert_eq!(catalog.description.as_deref(), Some("two"));
        assert_eq!(catalog.about_text.as_deref(), Some("by hand"), "never declared, so never touched");
        assert_eq!(catalog.usage_text.as_deref(), Some(""), "declared once and no longer");
        assert_eq!(catalog.architectures.unwrap(), ["ARM 64"]);
        scene.world.start_counting();
        reason(&scene.update(&fleet(&["api"])).await, Success, &["1 changes made"]);
        let catalog = shown(&scene, "api").unwrap().catalog.unwrap();
        assert_eq!((catalog.description.as_deref(), catalog.about_text.as_deref()), (Some(""), Some("by hand")));
        reason(&scene.update(&fleet(&["api"])).await, Success, &["0 changes made"]);
        assert_eq!(scene.world.writes(), ["ecr-public:PutRepositoryCatalogData"]);
    });
}

#[test]
fn a_policy_keeps_the_statements_of_others_and_loses_only_ours() {
    run(async {
        let pushed = with(fleet(&["api"]), json!({"PushPrincipals": ["111122223333"]}));
        let scene = converged(&pushed).await;
        scene.world.with(|state| {
            let api = state.gallery.get_mut("api").unwrap();
            let mut policy: Value = serde_json::from_str(api.policy.as_ref().unwrap()).unwrap();
            policy["Statement"].as_array_mut().unwrap().push(json!({"Sid": "Theirs", "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "ecr-public:PutImage"}));
            api.policy = Some(policy.to_string());
        });
        reason(&scene.update(&pushed).await, Success, &["0 changes made"]);
        reason(&scene.update(&fleet(&["api"])).await, Success, &["1 changes made"]);
        let policy = shown(&scene, "api").unwrap().policy.unwrap();
        assert!(policy.contains("Theirs") && !policy.contains("EcrStewardPush"), "{policy}");
    });
}

#[test]
fn a_name_that_leaves_is_released_and_goes_once_the_stack_has_finished() {
    run(async {
        let scene = converged(&fleet(&["api", "full", "web"])).await;
        push(&scene, "full");
        let reply = scene.update(&fleet(&["web"])).await;
        reason(&reply, Success, &["released", "api", "full"]);
        assert!(shown(&scene, "api").unwrap().tags.contains_key(RELEASED_TAG));
        assert_eq!(scene.look().await, 0, "looking fails nobody");
        assert_eq!(names(&scene), ["api", "full", "web"], "the stack is still moving");
        scene.settle_as("UPDATE_COMPLETE").await;
        assert_eq!(names(&scene), ["full", "web"], "the one with images is kept");
        assert_eq!(scene.world.calls_to("ecr"), 0);
        // And it is claimed back, images and all.
        reason(&scene.update(&fleet(&["full", "web"])).await, Success, &["claimed back", "full"]);
        let full = shown(&scene, "full").unwrap();
        assert!(!full.tags.contains_key(RELEASED_TAG) && full.images == 3);
    });
}

#[test]
fn what_a_rolled_back_update_made_goes_and_what_it_released_comes_back() {
    run(async {
        let scene = converged(&fleet(&["api", "web"])).await;
        reason(&scene.update(&fleet(&["web", "new"])).await, Success, &["released: api"]);
        reason(&scene.roll_back(&fleet(&["api", "web"])).await, Success, &["claimed back: api"]);
        scene.settle_as("UPDATE_ROLLBACK_COMPLETE").await;
        assert_eq!(names(&scene), ["api", "web"]);
    });
}

#[test]
fn retained_names_are_handed_back() {
    run(async {
        let properties = |names: &[&str]| {
            with(fleet(names), json!({"OnRemove": "Retain", "OnDelete": "Retain", "Tags": {"team": "web"}}))
        };
        let scene = converged(&properties(&["api", "web"])).await;
        scene.update(&properties(&["web"])).await;
        scene.settle_as("UPDATE_COMPLETE").await;
        let team = Tags::from([("team".to_owned(), "web".to_owned())]);
        assert_eq!(shown(&scene, "api").unwrap().tags, team, "our tags are off, theirs stay");
        reason(&scene.delete(&properties(&["web"])).await, Success, &["OnDelete is Retain"]);
        assert_eq!(shown(&scene, "web").unwrap().tags, team);
        assert!(scene.world.ledger().is_none());
    });
}

#[test]
fn a_delete_takes_what_is_empty_and_names_what_is_not() {
    run(async {
        let scene = converged(&fleet(&["api", "web"])).await;
        push(&scene, "web");
        reason(&scene.delete(&fleet(&["api", "web"])).await, Failed, &["web", "holds images", "EmptyOnDelete"]);
        assert_eq!(names(&scene), ["web"]);
        let consenting = with(fleet(&["web"]), json!({"EmptyOnDelete": "true"}));
        reason(&scene.delete(&consenting).await, Success, &["deleted"]);
        assert_eq!(names(&scene), Vec::<String>::new());
        assert!(scene.world.ledger().is_none());
        reason(&scene.delete(&json!({"Whatever": 1})).await, Success, &["0 changes made"]);
    });
}

#[test]
fn a_repository_of_somebody_else_is_left_alone_by_create_and_by_the_delete_that_follows() {
    run(async {
        let scene = Scene::public();
        let other = "99999999-0000-0000-0000-000000000000/Images";
        let tags = Tags::from([(OWNER_TAG.to_owned(), other.to_owned()), (STACK_TAG.to_owned(), "other".to_owned())]);
        let theirs = Shown { tags, ..Shown::default() };
        scene.world.with(|state| {
            state.gallery.insert("api".to_owned(), theirs.clone());
            state.gallery.insert("hand-made".to_owned(), Shown::default());
        });
        // In the gallery a stack that is unknown here may live in another Region: it counts as alive.
        let adopting = with(fleet(&["api"]), json!({"AdoptExisting": true}));
        reason(&scene.create(&adopting).await, Failed, &["api", "resource Images of stack other"]);
        reason(&scene.create(&fleet(&["hand-made"])).await, Failed, &["nobody manages it", "AdoptExisting"]);
        reason(&scene.roll_back_creation(&adopting).await, Success, &["it belongs to"]);
        assert_eq!(shown(&scene, "api").unwrap(), theirs);
        assert_eq!(scene.world.writes(), Vec::<&str>::new());
    });
}

#[test]
fn a_private_repository_of_the_same_name_is_another_one() {
    run(async {
        let scene = Scene::public();
        scene.world.put_strange("api", 4);
        let before = scene.world.repo("api");
        reason(&scene.create(&fleet(&["api"])).await, Success, &["1 repositories as declared"]);
        reason(&scene.delete(&fleet(&["api"])).await, Success, &[]);
        assert_eq!(scene.world.repo("api"), before);
        assert_eq!(names(&scene), Vec::<String>::new());
    });
}
