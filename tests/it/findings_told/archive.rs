//! Lines of the archive, and the table that reads them.

use super::hostile;
use super::scene::{CREATED, Scene, UPDATED, basic, change, enhanced, parent, waived};
use ecr_steward::model::finding::Finding;
use ecr_steward::model::scan::ScanStatus;
use ecr_steward::policy::archive::{self, key};
use ecr_steward::policy::change::{ChangeKind, ImageChange};
use jiff::civil::date;
use proptest::prelude::*;
use serde_json::Value;

fn lines(change: &ImageChange<'_>) -> String {
    archive::lines(change).inspect(|line| assert_eq!(line.matches('\n').count(), 1)).collect()
}

fn read(text: &str) -> Vec<Value> {
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_line_has_everything_that_is_known() {
    let scene = Scene { parent: Some(parent()), waived: Some(waived()), ..Scene::of(enhanced()) };
    let told = read(&lines(&change(&scene, &ScanStatus::Active, &[(ChangeKind::Waived, &scene)])));
    insta::assert_snapshot!(serde_json::to_string_pretty(&told).unwrap());
}

#[test]
fn the_key_is_the_changes_own_and_each_repository_has_one_folder() {
    let scene = Scene::of(basic());
    let told = change(&scene, &ScanStatus::Complete, &[(ChangeKind::New, &scene)]);
    let digits: String = told.key("S3").chars().take(16).collect();
    let expected = format!(
        "findings/archive/date=2026-03-02/account=111122223333/region=eu-west-1/repository=team%2Fapp/\
         aaaaaaaaaaaa-{digits}.ndjson.gz"
    );
    assert_eq!(key(&told, date(2026, 3, 2)), expected);
    let later = ImageChange { generation: "another".to_owned(), ..told };
    assert_ne!(key(&later, date(2026, 3, 2)), expected);
}

#[test]
fn the_time_is_when_it_was_noticed() {
    let scene = Scene::of(basic());
    let at = |generation: &str, completed_at| {
        let told = change(&scene, &ScanStatus::Complete, &[(ChangeKind::New, &scene)]);
        read(&lines(&ImageChange { generation: generation.to_owned(), completed_at, ..told }))[0]["time"].clone()
    };
    assert_eq!(at(&UPDATED.to_string(), Some(CREATED)), "2026-03-02T08:30:00.125Z");
    assert_eq!(at("2026-03-02T08:30:00.125Z", Some(CREATED)), "2026-03-02T08:30:00.125Z");
    assert_eq!(at("second-read", Some(CREATED)), "2026-03-01T08:30:00.125Z");
    assert_eq!(at("second-read", None), Value::Null);
}

/// Names between backticks that open the lines of the table's column list.
fn columns() -> Vec<String> {
    let sql = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/athena.sql")).unwrap();
    let list = sql.split_once("ecr_findings (\n").unwrap().1.split_once("\n)\n").unwrap().0;
    list.lines().map(|line| line.trim().strip_prefix('`').unwrap().split_once('`').unwrap().0.to_owned()).collect()
}

#[test]
fn the_table_has_a_column_for_each_member_and_no_other() {
    let scene = Scene::of(basic());
    let written = lines(&change(&scene, &ScanStatus::Complete, &[(ChangeKind::New, &scene)]));
    let at = |name: &String| written.find(&format!("\"{name}\":")).unwrap_or_else(|| panic!("no member {name}"));
    let columns = columns();
    assert!(columns.iter().map(at).is_sorted(), "in the table's order");
    assert_eq!(read(&written)[0].as_object().unwrap().len(), columns.len());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::with_cases(20) })]

    #[test]
    fn every_change_is_one_line_and_the_same_line_again(
        seeds in proptest::collection::vec(any::<u64>(), 1..10),
    ) {
        let scenes: Vec<Scene> = seeds.into_iter().map(hostile::scene).collect();
        let told: Vec<(ChangeKind, &Scene)> = ChangeKind::ALL.into_iter().cycle().zip(&scenes).collect();
        let whole = change(&scenes[0], &ScanStatus::Complete, &told);
        let written = lines(&whole);
        prop_assert_eq!(&written, &lines(&whole));
        let read = read(&written);
        prop_assert_eq!(read.len(), scenes.len());
        for (line, scene) in read.iter().zip(&scenes) {
            let finding: &Finding = &scene.finding;
            prop_assert_eq!(line.as_object().unwrap().len(), columns().len());
            prop_assert_eq!(&line["vulnerability"], &finding.vulnerability);
            prop_assert_eq!(&line["description"], &finding.description);
        }
    }
}
