//! Findings for Security Hub: what each kind looks like.

use super::scene::{CREATED, Scene, basic, enhanced, not_scanned, parent, waived};
use ecr_steward::model::finding::{Finding, Fix, Severity};
use ecr_steward::policy::asff::{Telling, flaws, repaired, write};
use serde_json::Value;

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// As a person reads it.
fn pretty(text: &str) -> String {
    let told = read(text);
    assert_eq!(flaws(&told), Vec::<String>::new());
    serde_json::to_string_pretty(&told).unwrap()
}

#[test]
fn a_basic_finding() {
    insta::assert_snapshot!(pretty(&write(&Scene::of(basic()).telling())));
}

#[test]
fn an_enhanced_finding_of_an_image_in_an_index() {
    let scene = Scene { parent: Some(parent()), tags: Vec::new(), ..Scene::of(enhanced()) };
    insta::assert_snapshot!(pretty(&write(&scene.telling())));
}

#[test]
fn an_archived_finding() {
    let scene = Scene::of(Finding { description: String::new(), url: String::new(), ..basic() });
    insta::assert_snapshot!(pretty(&write(&Telling { archived: true, ..scene.telling() })));
}

#[test]
fn a_waived_finding() {
    let scene = Scene { waived: Some(waived()), ..Scene::of(basic()) };
    insta::assert_snapshot!(pretty(&write(&scene.telling())));
}

#[test]
fn an_image_that_could_not_be_scanned() {
    insta::assert_snapshot!(pretty(&write(&Scene::of(not_scanned()).telling())));
}

#[test]
fn a_repaired_finding() {
    let scene =
        Scene { waived: Some(waived()), ..Scene::of(Finding { package: "öpen\u{0}ssl".to_owned(), ..basic() }) };
    insta::assert_snapshot!(pretty(&repaired(&scene.telling())));
}

#[test]
fn an_unrated_finding_is_informational_and_keeps_its_word() {
    for word in ["UNDEFINED", "UNTRIAGED", "Negligible"] {
        let finding = Finding { severity: Severity::of_scanner(word), severity_label: word.to_owned(), ..basic() };
        let told = read(&write(&Scene::of(finding).telling()));
        assert_eq!(told["Severity"], serde_json::json!({"Label": "INFORMATIONAL", "Original": word}));
        assert_eq!(told["FindingProviderFields"]["Severity"], told["Severity"]);
    }
}

/// The service's own words: YES means that every package has both a version and a remedy.
#[test]
fn what_is_said_to_be_fixable_has_a_version_and_a_remedy() {
    let told = read(&write(&Scene::of(enhanced()).telling()));
    for package in told["Vulnerabilities"][0]["VulnerablePackages"].as_array().unwrap() {
        assert_eq!(package["FixedInVersion"], "2.17.1");
        assert_eq!(package["Remediation"], "Update org.apache.logging.log4j:log4j-core to 2.17.1.");
    }
    for (fix, said) in [(Fix::Partial, Some("PARTIAL")), (Fix::No, Some("NO")), (Fix::Unknown, None)] {
        let told = read(&write(&Scene::of(Finding { fix, ..basic() }).telling()));
        assert_eq!(told["Vulnerabilities"][0].get("FixAvailable").and_then(Value::as_str), said);
    }
}

#[test]
fn each_path_is_a_package_and_what_does_not_fit_is_counted() {
    let mut finding = enhanced();
    finding.details.paths = (0..250).map(|at| format!("app/{at}/log4j.jar")).collect();
    let told = read(&write(&Scene::of(finding).telling()));
    assert_eq!(told["Vulnerabilities"][0]["VulnerablePackages"].as_array().unwrap().len(), 100);
    assert_eq!(told["ProductFields"]["ecr-steward/omitted-paths"], "150");
}

#[test]
fn a_partition_that_security_hub_has_no_word_for_is_left_out() {
    for (ours, theirs) in [("aws-cn", Some("aws-cn")), ("aws-iso", Some("aws-us-iso")), ("aws-eusc", None)] {
        let mut scene = Scene::of(basic());
        scene.image.place.partition = ours.to_owned();
        let told = read(&write(&scene.telling()));
        assert_eq!(told["Resources"][0].get("Partition").and_then(Value::as_str), theirs);
        let arn = format!("arn:{ours}:securityhub:eu-west-1:111122223333:product/111122223333/default");
        assert_eq!(told["ProductArn"], arn);
    }
}

#[test]
fn what_is_lived_with_is_told_as_archived() {
    let scene = Scene::of(basic());
    let suppressed = Finding { suppressed: true, ..enhanced() };
    let waiver = waived();
    let telling = scene.telling();
    assert!(!telling.is_archived());
    for told in [
        Telling { archived: true, ..telling },
        Telling { waived: Some(&waiver), ..telling },
        Telling { finding: &suppressed, ..telling },
    ] {
        assert!(told.is_archived());
        assert_eq!(read(&write(&told))["RecordState"], "ARCHIVED");
        assert_eq!(read(&repaired(&told))["RecordState"], "ARCHIVED");
    }
}

#[test]
fn a_finding_is_never_updated_before_it_was_made() {
    let scene = Scene::of(basic());
    let told = read(&write(&Telling { updated: CREATED - 1, ..scene.telling() }));
    assert_eq!(told["UpdatedAt"], "2026-03-01T08:30:00.125Z");
    for wild in [i64::MIN, i64::MAX] {
        let told = read(&write(&Telling { created: wild, updated: wild, ..scene.telling() }));
        assert_eq!(flaws(&told), Vec::<String>::new());
    }
}
