//! Repositories that were in the gallery before us: taken over with a snapshot, put back, never deleted.

use super::life::shown;
use crate::support::world::Shown;
use crate::support::{Scene, reason, run, with};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ecr_steward::event::reply::Status::{Failed, Success};
use ecr_steward::model::catalog::Catalog;
use ecr_steward::model::repository::{OWNER_TAG, Tags};
use serde_json::{Value, json};

/// What somebody made by hand.
fn strange() -> Shown {
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Sid": "Theirs", "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "ecr-public:PutImage"}]});
    Shown {
        tags: Tags::from([("team".to_owned(), "payments".to_owned())]),
        policy: Some(policy.to_string()),
        catalog: Some(Catalog {
            description: Some("by hand".to_owned()),
            operating_systems: Some(vec!["Linux".to_owned()]),
            ..Catalog::default()
        }),
        logo: None,
        images: 5,
    }
}

fn scene_with(found: &Shown) -> Scene {
    let scene = Scene::public();
    scene.world.with(|state| state.gallery.insert("api".to_owned(), found.clone()));
    scene
}

fn adopting(more: Value) -> Value {
    with(json!({"RepositoryNames": ["api"], "AdoptExisting": true}), more)
}

fn changing() -> Value {
    adopting(json!({"PushPrincipals": ["111122223333"], "Tags": {"team": "web", "tier": "1"},
        "Catalog": {"api": {"Description": "ours", "UsageText": "run it"}}}))
}

/// What is there, with a catalog that reads like one where nothing was ever left empty.
fn plain(mut found: Shown) -> Shown {
    let empty_is_none = |text: Option<String>| text.filter(|text| !text.is_empty());
    let list_is_none = |list: Option<Vec<String>>| list.filter(|list| !list.is_empty());
    found.catalog = found.catalog.map(|catalog| Catalog {
        description: empty_is_none(catalog.description),
        about_text: empty_is_none(catalog.about_text),
        usage_text: empty_is_none(catalog.usage_text),
        architectures: list_is_none(catalog.architectures),
        operating_systems: list_is_none(catalog.operating_systems),
        logo_image: None,
    });
    found
}

#[test]
fn adoption_without_wishes_writes_only_our_tags() {
    run(async {
        let scene = scene_with(&strange());
        let reply = scene.create(&adopting(json!({}))).await;
        reason(&reply, Success, &["adopted: api", "s3://state/snapshots/", "1 changes made"]);
        assert_eq!(scene.world.writes(), ["ecr:TagResource"]);
        let found = shown(&scene, "api").unwrap();
        assert_eq!((&found.catalog, &found.policy), (&strange().catalog, &strange().policy));
        assert_eq!(found.tags["team"], "payments");
        assert!(found.tags.contains_key(OWNER_TAG));
    });
}

#[test]
fn a_creation_that_rolls_back_puts_everything_back() {
    run(async {
        let scene = scene_with(&strange());
        reason(&scene.create(&changing()).await, Success, &["adopted"]);
        let ours = shown(&scene, "api").unwrap();
        let catalog = ours.catalog.unwrap();
        assert_eq!((catalog.description.as_deref(), catalog.usage_text.as_deref()), (Some("ours"), Some("run it")));
        assert_eq!((ours.tags["team"].as_str(), ours.tags["tier"].as_str()), ("payments", "1"), "their values stay");
        let policy = ours.policy.unwrap();
        assert!(policy.contains("Theirs") && policy.contains("EcrStewardPush"), "{policy}");
        reason(&scene.roll_back_creation(&changing()).await, Success, &[]);
        let back = plain(shown(&scene, "api").unwrap());
        let text = |shown: &Shown| serde_json::from_str::<Value>(shown.policy.as_ref().unwrap()).unwrap();
        assert_eq!(text(&back)["Statement"][0]["Sid"], text(&strange())["Statement"][0]["Sid"]);
        assert_eq!(text(&back)["Statement"].as_array().unwrap().len(), 1);
        assert_eq!(Shown { policy: None, ..back }, Shown { policy: None, ..strange() });
    });
}

#[test]
fn one_that_never_had_catalog_data_is_put_back_to_showing_nothing() {
    run(async {
        let bare = Shown { catalog: None, policy: None, ..strange() };
        let scene = scene_with(&bare);
        reason(&scene.create(&changing()).await, Success, &["adopted"]);
        reason(&scene.roll_back_creation(&changing()).await, Success, &[]);
        let back = plain(shown(&scene, "api").unwrap());
        // There is no call that takes catalog data away; what is left of it shows nothing.
        assert_eq!(back, Shown { catalog: Some(Catalog::default()), ..bare });
    });
}

#[test]
fn a_later_delete_only_takes_our_tags_off() {
    run(async {
        let scene = scene_with(&strange());
        scene.create(&changing()).await;
        scene.ends_as("CREATE_COMPLETE");
        let ours = shown(&scene, "api").unwrap();
        let consenting = with(changing(), json!({"EmptyOnDelete": true}));
        reason(&scene.delete(&consenting).await, Success, &["it existed before it was adopted"]);
        let left = shown(&scene, "api").unwrap();
        assert_eq!((left.images, &left.catalog, &left.policy), (5, &ours.catalog, &ours.policy));
        assert!(left.tags.keys().all(|key| !key.starts_with("ecr-steward:")), "{:?}", left.tags);
    });
}

#[test]
fn an_update_that_adopted_and_is_rolled_back_restores() {
    run(async {
        let scene = super::life::converged(&json!({"RepositoryNames": ["web"]})).await;
        scene.world.with(|state| state.gallery.insert("api".to_owned(), strange()));
        let both = with(changing(), json!({"RepositoryNames": ["web", "api"]}));
        reason(&scene.update(&both).await, Success, &["adopted: api"]);
        scene.roll_back(&json!({"RepositoryNames": ["web"]})).await;
        scene.settle_as("UPDATE_ROLLBACK_COMPLETE").await;
        let back = plain(shown(&scene, "api").unwrap());
        assert_eq!((back.tags, back.catalog, back.images), (strange().tags, strange().catalog, 5));
    });
}

#[test]
fn a_logo_is_not_written_by_the_request_that_takes_over() {
    run(async {
        let logo = json!({"Catalog": {"api": {"LogoImage": STANDARD.encode([1; 9])}}});
        let scene = scene_with(&Shown { logo: Some(vec![7; 3]), ..strange() });
        reason(&scene.create(&adopting(logo.clone())).await, Failed, &["api", "LogoImage", "an update after this one"]);
        assert_eq!(scene.world.writes(), Vec::<&str>::new());
        reason(&scene.create(&adopting(json!({}))).await, Success, &["adopted"]);
        scene.ends_as("CREATE_COMPLETE");
        reason(&scene.update(&adopting(logo)).await, Success, &["1 changes made"]);
        assert_eq!(shown(&scene, "api").unwrap().logo, Some(vec![1; 9]));
    });
}
