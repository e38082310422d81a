//! Events for the bus: what they say, that they keep to the published schema, and that large ones are split.

use super::hostile;
use super::scene::{Scene, basic, change, digest, enhanced, not_scanned, parent, waived};
use super::schema::wrongs;
use ecr_steward::model::finding::Finding;
use ecr_steward::model::scan::ScanStatus;
use ecr_steward::policy::bus::{DETAIL_TYPE, EVENT_BYTES, SOURCE, events};
use ecr_steward::policy::change::{ChangeKind, ImageChange, Previous};
use ecr_steward::policy::parcel::Parcel;
use ecr_steward::policy::record::Waived;
use ecr_steward::spec::findings::Sink;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn schema() -> Value {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/finding-change-1.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The size of an entry as the bus counts it.
fn bytes(parcel: &Parcel) -> usize {
    SOURCE.len() + DETAIL_TYPE.len() + 14 + parcel.body.len()
}

fn read(parcel: &Parcel) -> Value {
    serde_json::from_str(&parcel.body).unwrap()
}

#[test]
fn an_event_tells_what_became_of_an_image() {
    let first = Scene { parent: Some(parent()), waived: None, ..Scene::of(enhanced()) };
    let second = Scene { waived: Some(waived()), ..Scene::of(basic()) };
    let third = Scene::of(Finding { package: "zlib".to_owned(), ..basic() });
    let status = ScanStatus::Active;
    let told = [(ChangeKind::New, &first), (ChangeKind::Waived, &second), (ChangeKind::Fixed, &third)];
    let before = digest('d');
    let previous = Some(Previous { digest: &before, tag: "latest" });
    let parcels = events(&ImageChange { previous, ..change(&first, &status, &told) });
    let [parcel] = parcels.as_slice() else { panic!("one event") };
    assert_eq!((parcel.sink, &parcel.secret), (Sink::EventBridge, &None));
    let detail = read(parcel);
    assert_eq!(detail["key"], json!(parcel.key));
    assert_eq!(wrongs(&schema(), &detail), Vec::<String>::new());
    insta::assert_snapshot!(serde_json::to_string_pretty(&detail).unwrap());
}

#[test]
fn each_kind_of_change_has_its_word_and_its_count() {
    let scene = Scene::of(not_scanned());
    let status = ScanStatus::UnsupportedImage;
    let told = ChangeKind::ALL.map(|kind| (kind, &scene));
    let detail = read(&events(&change(&scene, &status, &told))[0]);
    assert_eq!(wrongs(&schema(), &detail), Vec::<String>::new());
    let words: Vec<&str> =
        detail["changes"].as_array().unwrap().iter().map(|one| one["change"].as_str().unwrap()).collect();
    assert_eq!(words, ["new", "changed", "fixed", "waived", "reactivated", "archived"]);
    for word in words {
        assert_eq!(detail["summary"][word], 1, "{word}");
    }
    assert_eq!(detail["scan"], json!({"status": "UNSUPPORTED_IMAGE", "completedAt": "2026-03-01T08:30:00.125Z"}));
}

/// What is suppressed in Inspector has a reason and no last day.
#[test]
fn a_waiver_without_an_end_is_told_too() {
    let waived = Waived { reason: "suppressed in Amazon Inspector".to_owned(), owner: None, until: String::new() };
    let scene = Scene { waived: Some(waived), ..Scene::of(enhanced()) };
    let detail = read(&events(&change(&scene, &ScanStatus::Active, &[(ChangeKind::Waived, &scene)]))[0]);
    assert_eq!(wrongs(&schema(), &detail), Vec::<String>::new());
    assert_eq!(detail["changes"][0]["waiver"], json!({"reason": "suppressed in Amazon Inspector"}));
}

#[test]
fn where_nothing_changed_nothing_is_told() {
    let scene = Scene::of(basic());
    assert_eq!(events(&change(&scene, &ScanStatus::Complete, &[])), []);
}

#[test]
fn a_large_change_is_told_in_parts_that_belong_together() {
    let scenes: Vec<Scene> =
        (0..2_000).map(|at| Scene::of(Finding { vulnerability: format!("CVE-2026-{at:04}"), ..enhanced() })).collect();
    let told: Vec<(ChangeKind, &Scene)> = scenes.iter().map(|scene| (ChangeKind::New, scene)).collect();
    let parcels = events(&change(&scenes[0], &ScanStatus::Complete, &told));
    assert!(parcels.len() > 3);
    let schema = schema();
    let mut ids = Vec::new();
    for (at, parcel) in parcels.iter().enumerate() {
        let detail = read(parcel);
        assert!(bytes(parcel) <= EVENT_BYTES);
        assert!(at + 1 == parcels.len() || bytes(parcel) > EVENT_BYTES - 2_000, "parts are full");
        assert_eq!((&detail["part"], &detail["parts"]), (&json!(at + 1), &json!(parcels.len())));
        assert_eq!(detail["summary"]["new"], 2_000);
        assert_eq!(wrongs(&schema, &detail), Vec::<String>::new());
        ids.extend(detail["changes"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
    }
    assert_eq!(ids, scenes.iter().map(|scene| scene.id.told()).collect::<Vec<_>>());
    assert_eq!(parcels.iter().map(|parcel| &parcel.key).collect::<BTreeSet<_>>().len(), parcels.len());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::with_cases(20) })]

    #[test]
    fn every_event_keeps_to_the_schema_and_its_size(
        seeds in proptest::collection::vec(any::<u64>(), 1..8),
    ) {
        let rng = &mut fastrand::Rng::with_seed(seeds[0]);
        let (owner, status, tag) = (hostile::text(rng), hostile::text(rng), hostile::text(rng));
        let scenes: Vec<Scene> = seeds.into_iter().map(hostile::scene).collect();
        let kinds = ChangeKind::ALL.into_iter().cycle();
        let told: Vec<(ChangeKind, &Scene)> = kinds.zip(&scenes).collect();
        let (status, before) = (ScanStatus::from(status), digest('e'));
        let whole = ImageChange {
            owner: Some(&owner),
            previous: Some(Previous { digest: &before, tag: &tag }),
            ..change(&scenes[0], &status, &told)
        };
        let parcels = events(&whole);
        prop_assert_eq!(&parcels, &events(&whole));
        let mut ids = Vec::new();
        for parcel in &parcels {
            let detail = read(parcel);
            prop_assert!(bytes(parcel) <= EVENT_BYTES);
            prop_assert_eq!(wrongs(&schema(), &detail), Vec::<String>::new());
            ids.extend(detail["changes"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        }
        prop_assert_eq!(ids, scenes.iter().map(|scene| scene.id.told()).collect::<Vec<_>>());
    }
}
