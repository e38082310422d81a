//! Logos, which ECR Public takes and gives to nobody: written when another than the last one is declared.

use super::life::{converged, shown};
use crate::support::{Scene, Trouble, When, reason, run};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ecr_steward::event::reply::Status::{Failed, Success};
use ecr_steward::fault::FaultKind;
use ecr_steward::spec::public::{check, with_pictures};
use serde_json::{Value, json};

const PUT: &str = "ecr-public:PutRepositoryCatalogData";

fn with_logo(logo: u8) -> Value {
    json!({"RepositoryNames": ["api"], "Catalog": {"api": {"LogoImage": STANDARD.encode([logo; 9])}}})
}

fn logo(scene: &Scene) -> Option<Vec<u8>> {
    shown(scene, "api").unwrap().logo
}

#[test]
fn a_logo_is_written_once_and_again_only_when_it_changes() {
    run(async {
        let scene = converged(&with_logo(1)).await;
        assert_eq!(logo(&scene), Some(vec![1; 9]));
        reason(&scene.update(&with_logo(1)).await, Success, &["0 changes made"]);
        assert_eq!(scene.world.writes(), Vec::<&str>::new());
        reason(&scene.update(&with_logo(2)).await, Success, &["1 changes made"]);
        assert_eq!(logo(&scene), Some(vec![2; 9]));
        // Not mentioned any more: there is no call that takes a logo away, so it stays and is remembered.
        let without = json!({"RepositoryNames": ["api"]});
        reason(&scene.update(&without).await, Success, &["0 changes made"]);
        reason(&scene.update(&with_logo(2)).await, Success, &["0 changes made"]);
        assert_eq!(scene.world.writes(), [PUT]);
    });
}

#[test]
fn a_logo_that_may_or_may_not_have_been_written_is_written_again() {
    run(async {
        for when in [When::Before, When::After] {
            let scene = converged(&with_logo(1)).await;
            scene.world.trouble_on("PutRepositoryCatalogData", 1, Trouble::Fail(when, FaultKind::Denied));
            reason(&scene.update(&with_logo(2)).await, Failed, &["PutRepositoryCatalogData"]);
            // Back to the first: its fingerprint is that of the last success, and yet nobody knows what stands.
            reason(&scene.roll_back(&with_logo(1)).await, Success, &["1 changes made"]);
            assert_eq!(logo(&scene), Some(vec![1; 9]));
            reason(&scene.update(&with_logo(1)).await, Success, &["0 changes made"]);
        }
    });
}

#[test]
fn a_repository_that_was_made_anew_gets_its_logo_again() {
    run(async {
        let scene = converged(&with_logo(1)).await;
        scene.world.with(|state| state.gallery.remove("api"));
        reason(&scene.update(&with_logo(1)).await, Success, &["1 changes made"]);
        assert_eq!(logo(&scene), Some(vec![1; 9]));
    });
}

#[test]
fn the_record_holds_the_fingerprint_and_never_the_picture() {
    run(async {
        let scene = converged(&with_logo(1)).await;
        let ledger = serde_json::to_string(&scene.world.ledger().unwrap()).unwrap();
        let fleet = check(with_logo(1).as_object().unwrap(), "aws").unwrap();
        let logo = fleet.repositories[0].catalog.clone().unwrap().logo_image.unwrap();
        assert!(ledger.contains(&logo.fingerprint));
        assert!(!ledger.contains("bytes") && !ledger.contains(&STANDARD.encode([1; 9])));
        assert_eq!(format!("{logo:?}"), format!("Logo({})", logo.fingerprint), "a plan's fingerprint names it so");
    });
}

#[test]
fn a_fleet_read_back_from_the_record_gets_its_pictures_from_the_properties() {
    let properties = with_logo(3);
    let properties = properties.as_object().unwrap();
    let kept = serde_json::to_string(&check(properties, "aws").unwrap()).unwrap();
    let read = with_pictures(serde_json::from_str(&kept).unwrap(), properties);
    let logo = read.repositories[0].catalog.clone().unwrap().logo_image.unwrap();
    assert_eq!(logo.bytes, Some(vec![3; 9]));
    let other = with_logo(4);
    let unlike = with_pictures(serde_json::from_str(&kept).unwrap(), other.as_object().unwrap());
    assert_eq!(unlike.repositories[0].catalog.clone().unwrap().logo_image.unwrap().bytes, None, "another picture");
}
