//! Keys of parcels: the same for the same change however often it is made, and another for every other.

use super::scene::{CREATED, Scene, basic, change, enhanced, waived};
use ecr_steward::model::finding::{Finding, Severity};
use ecr_steward::model::scan::ScanStatus;
use ecr_steward::policy::change::{ChangeKind, ImageChange, SeverityCounts};
use std::collections::BTreeSet;

#[test]
fn the_same_change_has_the_same_key() {
    let (one, two) = (Scene::of(basic()), Scene::of(enhanced()));
    let status = ScanStatus::Complete;
    let told = change(&one, &status, &[(ChangeKind::New, &one), (ChangeKind::Fixed, &two)]);
    let known = told.key("Slack");
    assert_eq!(known.len(), 32);
    assert!(known.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(told.fingerprint().key("Slack"), known);
    let moved = ["other".to_owned()];
    let turned = change(&one, &status, &[(ChangeKind::Fixed, &two), (ChangeKind::New, &one)]);
    assert_eq!(ImageChange { tags: &moved, owner: None, completed_at: None, ..turned }.key("Slack"), known);
}

#[test]
fn every_other_change_has_another_key() {
    let (one, two) = (Scene::of(basic()), Scene::of(enhanced()));
    let worse = Scene { finding: Finding { severity: Severity::Critical, ..basic() }, ..Scene::of(basic()) };
    let lived_with = Scene { waived: Some(waived()), ..Scene::of(basic()) };
    let mut elsewhere = Scene::of(basic());
    elsewhere.image.place.region = "eu-west-2".to_owned();
    let status = ScanStatus::Complete;
    let new = |scene| change(scene, &status, &[(ChangeKind::New, scene)]);
    let all = [
        new(&one).key("Slack"),
        new(&one).key("Teams"),
        new(&two).key("Slack"),
        new(&worse).key("Slack"),
        new(&lived_with).key("Slack"),
        new(&elsewhere).key("Slack"),
        change(&one, &status, &[(ChangeKind::Changed, &one)]).key("Slack"),
        change(&one, &status, &[]).key("Slack"),
        change(&one, &status, &[(ChangeKind::New, &one), (ChangeKind::New, &two)]).key("Slack"),
        ImageChange { generation: CREATED.to_string(), ..new(&one) }.key("Slack"),
    ];
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
}

#[test]
fn severities_are_counted() {
    let counts: SeverityCounts = [Severity::High, Severity::Low, Severity::High].into_iter().collect();
    assert_eq!(counts.total(), 3);
    let each = Severity::ALL.map(|severity| counts.of(severity));
    assert_eq!(each, [0, 1, 0, 2, 0]);
    let all: SeverityCounts = Severity::ALL.into_iter().collect();
    assert_eq!(Severity::ALL.map(|severity| all.of(severity)), [1; 5]);
}
