//! No finding that is written breaks a limit, and the validator sees each limit that is broken.

use super::hostile;
use super::scene::{Scene, enhanced};
use ecr_steward::policy::asff::limits::FINDING_BYTES;
use ecr_steward::policy::asff::{flaws, repaired, write};
use proptest::prelude::*;
use serde_json::{Value, json};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::with_cases(50) })]

    #[test]
    fn no_finding_has_a_flaw(seed in any::<u64>()) {
        let scene = hostile::scene(seed);
        let text = write(&scene.telling());
        prop_assert!(text.len() <= FINDING_BYTES);
        let told: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(flaws(&told), Vec::<String>::new());
        prop_assert_eq!(&told["Id"], &scene.id.told());
    }

    #[test]
    fn no_repaired_finding_has_a_flaw_and_all_are_short_and_plain(seed in any::<u64>()) {
        let scene = hostile::scene(seed);
        let text = repaired(&scene.telling());
        prop_assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{}", text);
        prop_assert!(text.len() < 2_500, "{}", text.len());
        prop_assert_eq!(flaws(&serde_json::from_str(&text).unwrap()), Vec::<String>::new());
    }
}

/// The most that a finding can be: every list full, every text at its longest and of three bytes to the character.
#[test]
fn the_largest_finding_fits() {
    let long = "漢".repeat(40_000);
    let mut finding = enhanced();
    for text in [
        &mut finding.vulnerability,
        &mut finding.package,
        &mut finding.version,
        &mut finding.severity_label,
        &mut finding.title,
        &mut finding.description,
        &mut finding.remediation,
        &mut finding.inspector_arn,
        &mut finding.details.architecture,
        &mut finding.details.manager,
        &mut finding.details.epoch,
        &mut finding.details.release,
        &mut finding.details.fixed_in,
        &mut finding.details.layer,
    ] {
        text.clone_from(&long);
    }
    finding.details.paths = vec![long.clone(); 500];
    finding.references = (0..500).map(|at| format!("https://example.com/{at}/{}", "x".repeat(2_000))).collect();
    let scene = Scene { tags: vec![long.clone(); 500], ..Scene::of(finding) };
    let text = write(&scene.telling());
    assert!((100_000..FINDING_BYTES).contains(&text.len()), "{}", text.len());
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(flaws(&told), Vec::<String>::new());
    assert_eq!(told["ProductFields"]["ecr-steward/omitted-paths"], "490");
}

/// A finding, changed at one place.
fn broken(place: &str, value: Value) -> Value {
    let mut told: Value = serde_json::from_str(&write(&Scene::of(enhanced()).telling())).unwrap();
    if let Some(there) = told.pointer_mut(place) {
        *there = value;
    } else {
        let (within, name) = place.rsplit_once('/').unwrap();
        told.pointer_mut(within).unwrap().as_object_mut().unwrap().insert(name.to_owned(), value);
    }
    told
}

/// Where, and what the service would not take there.
fn breaches() -> Vec<(&'static str, Value)> {
    let long = |many: usize| json!("x".repeat(many));
    let pairs: serde_json::Map<String, Value> = (0..51).map(|at| (format!("k{at}"), json!("v"))).collect();
    vec![
        ("/SchemaVersion", json!("2018-10-09")),
        ("/Id", long(513)),
        ("/Id", json!("")),
        ("/ProductArn", json!("arn:")),
        ("/ProductArn", json!("arn:aws:securityhub:eu-west-1:999999999999:product/999999999999/default")),
        ("/ProductName", long(129)),
        ("/GeneratorId", long(513)),
        ("/AwsAccountId", json!("11112222333")),
        ("/AwsAccountId", json!("11112222333x")),
        ("/Title", long(257)),
        ("/Title", json!("👩".repeat(129))),
        ("/Description", long(1_025)),
        ("/Description", json!(" \n")),
        ("/Description", json!("a\nb")),
        ("/Description", json!(7)),
        ("/Severity/Label", json!("SEVERE")),
        ("/Severity/Original", long(65)),
        ("/FindingProviderFields/Severity/Original", long(65)),
        ("/Types", json!(vec!["TTPs"; 51])),
        ("/Types", json!(["Made/Up"])),
        ("/Types", json!([])),
        ("/Remediation/Recommendation/Text", json!("")),
        ("/Remediation/Recommendation/Text", long(513)),
        ("/ProductFields", Value::Object(pairs)),
        ("/ProductFields/a", long(2_049)),
        ("/ProductFields/a", json!(1)),
        ("/Resources", json!([])),
        ("/Resources", json!(vec![json!({"Type": "Other", "Id": "x"}); 33])),
        ("/Resources/0/Id", json!("")),
        ("/Resources/0/Type", long(257)),
        ("/Resources/0/Region", long(17)),
        ("/Resources/0/Partition", json!("aws-x")),
        ("/Resources/0/Details/AwsEcrContainerImage/Architecture", json!("amd64")),
        ("/Vulnerabilities/0/Id", json!("")),
        ("/Vulnerabilities/0/Vendor", json!({"Url": "https://x"})),
        ("/Vulnerabilities/0/FixAvailable", json!("MAYBE")),
        ("/Vulnerabilities/0/ExploitAvailable", json!(true)),
        ("/Vulnerabilities/0/EpssScore", json!(null)),
        ("/Vulnerabilities/0/EpssScore", json!(1.5)),
        ("/Vulnerabilities/0/Cvss/0/BaseScore", json!("7")),
        ("/Vulnerabilities/0/ReferenceUrls", json!("x")),
        ("/Vulnerabilities/0/VulnerablePackages/0/FilePath", long(32_768)),
        ("/RecordState", json!("GONE")),
        ("/CreatedAt", json!("2026-03-01 08:30:00Z")),
        ("/UpdatedAt", json!("2026-03-01T08:30:00+01:00")),
        ("/UpdatedAt", json!("2020-01-01T00:00:00.000Z")),
        ("/Workflow", json!({"Status": "NEW"})),
        ("/Note", json!({"Text": "x"})),
        ("/UserDefinedFields", json!({"a": "b"})),
        ("/VerificationState", json!("UNKNOWN")),
        ("/ProductFields/a", json!("v".repeat(240_001))),
    ]
}

#[test]
fn each_limit_is_seen_where_it_is_broken() {
    assert_eq!(flaws(&broken("/Id", json!("x"))), Vec::<String>::new());
    for (place, value) in breaches() {
        let shown: String = value.to_string().chars().take(60).collect();
        let found = flaws(&broken(place, value));
        assert!(!found.is_empty(), "{place} = {shown}");
    }
}

#[test]
fn each_member_that_is_demanded_is_missed() {
    let whole: Value = serde_json::from_str(&write(&Scene::of(enhanced()).telling())).unwrap();
    let demanded = [
        "SchemaVersion",
        "Id",
        "ProductArn",
        "GeneratorId",
        "AwsAccountId",
        "CreatedAt",
        "UpdatedAt",
        "Title",
        "Description",
        "Resources",
        "Severity",
    ];
    for name in demanded {
        let mut told = whole.clone();
        told.as_object_mut().unwrap().remove(name);
        assert!(flaws(&told).iter().any(|flaw| flaw.contains(name)), "{name}");
    }
}
