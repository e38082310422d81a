//! Which findings a waiver takes, and until when.

use super::{day, digest, finding, image, policy, waiver};
use ecr_steward::model::finding::{Finding, Scanner};
use ecr_steward::model::image::{Digest, ImageRef, Parent};
use ecr_steward::policy::judge::{SUPPRESSED, Verdict, judge};
use ecr_steward::policy::record::ImageRecord;
use ecr_steward::policy::waivers::{Subject, expired, expiring, waiver_for};
use ecr_steward::spec::findings::FindingsPolicy;
use serde_json::{Value, json};

fn one(over: &Value) -> FindingsPolicy {
    policy(&json!({"Waivers": [waiver(over)]}))
}

fn takes(policy: &FindingsPolicy, image: &ImageRef, finding: &Finding) -> bool {
    waiver_for(policy, image.into(), finding, day("2026-12-01")).is_some()
}

#[test]
fn a_waiver_holds_on_its_last_day_and_not_on_the_next() {
    let policy = one(&json!({"Until": "2028-02-29"}));
    let finding = finding("HIGH", "CVE-2026-0001", "openssl", "1");
    for (today, held) in [("2026-01-01", true), ("2028-02-28", true), ("2028-02-29", true), ("2028-03-01", false)] {
        assert_eq!(waiver_for(&policy, (&image("orders")).into(), &finding, day(today)).is_some(), held, "{today}");
        assert_eq!(expired(&policy, day(today)).is_empty(), held, "{today}");
    }
}

#[test]
fn those_that_run_out_soon_are_known_before_they_do() {
    let policy = policy(
        &json!({"Waivers": [waiver(&json!({"Until": "2026-12-01"})), waiver(&json!({"Until": "2026-12-08"})),
        waiver(&json!({"Until": "2026-12-09"})), waiver(&json!({"Until": "2026-11-30"})), waiver(&json!({"Until": "9999-12-31"}))]}),
    );
    let paths = |waivers: Vec<&ecr_steward::spec::findings::Waiver>| {
        waivers.iter().map(|waiver| waiver.path.clone()).collect::<Vec<_>>()
    };
    let today = day("2026-12-01");
    assert_eq!(paths(expiring(&policy, today, 7)), ["Waivers[0]", "Waivers[1]"]);
    assert_eq!(paths(expiring(&policy, today, 0)), ["Waivers[0]"]);
    assert_eq!(paths(expired(&policy, today)), ["Waivers[3]"]);
}

#[test]
fn a_waiver_takes_what_all_of_its_parts_match() {
    let found = finding("HIGH", "CVE-2026-0001", "openssl", "1.1.1");
    let table = [
        (json!({}), true),
        (json!({"Vulnerability": "cve-2026-0001"}), true),
        (json!({"Vulnerability": "cve-2026-*"}), true),
        (json!({"Vulnerability": "CVE-2026-000?"}), true),
        (json!({"Vulnerability": "CVE-2026-000"}), false),
        (json!({"Vulnerability": "2026-0001"}), false),
        (json!({"Vulnerability": "CVE-2026-0001?"}), false),
        (json!({"Vulnerability": "CVE.2026.0001"}), false),
        (json!({"Package": "openssl"}), true),
        (json!({"Package": "OpenSSL"}), false),
        (json!({"Package": "open*"}), true),
        (json!({"Package": "libssl*"}), false),
        (json!({"Repositories": ["payments", "shop/*"]}), true),
        (json!({"Repositories": ["shop"]}), false),
        (json!({"Repositories": ["shop/orders?"]}), false),
        (json!({"Package": "openssl", "Repositories": ["payments"]}), false),
    ];
    for (over, taken) in table {
        assert_eq!(takes(&one(&over), &image("shop/orders"), &found), taken, "{over}");
    }
}

#[test]
fn of_several_the_one_that_holds_longest_is_named_then_the_first() {
    let policy = policy(&json!({"Waivers": [waiver(&json!({"Until": "2026-12-31", "Owner": "a"})),
        waiver(&json!({"Until": "2027-06-30", "Owner": "b", "Vulnerability": "CVE-*"})), waiver(&json!({"Until": "2027-06-30", "Owner": "c"})),
        waiver(&json!({"Until": "2028-01-01", "Owner": "d", "Package": "zlib"}))]}));
    let finding = finding("HIGH", "CVE-2026-0001", "openssl", "1");
    let owner =
        |today: &str| waiver_for(&policy, (&image("orders")).into(), &finding, day(today)).unwrap().owner.clone();
    assert_eq!(owner("2026-12-01").as_deref(), Some("b"));
    assert_eq!(owner("2027-06-30").as_deref(), Some("b"));
}

#[test]
fn a_version_is_met_in_the_spellings_of_scanners() {
    let purl = "pkg:rpm/redhat/openssl@1.1.1k-7.el8_6";
    let statement = json!({"vulnerability": "CVE-2026-0001", "status": "fixed", "products": [purl]});
    let document = json!({"@context": "https://openvex.dev/ns", "author": "a", "timestamp": "2026-01-01T00:00:00Z",
        "statements": [statement]});
    let policy = policy(&json!({"VexDocuments": [{"Document": document, "Until": "2027-01-31"}]}));
    for (version, release, taken) in [
        ("1.1.1k-7.el8_6", "", true),
        ("1.1.1k", "7.el8_6", true),
        ("1.1.1k", "8.el8_6", false),
        ("1.1.1k", "", false),
        ("", "", false),
        ("1.1.1l", "7.el8_6", false),
    ] {
        let mut found = finding("HIGH", "CVE-2026-0001", "openssl", version);
        release.clone_into(&mut found.details.release);
        assert_eq!(takes(&policy, &image("orders"), &found), taken, "{version} {release}");
    }
}

fn of_digest(digest: &Digest) -> FindingsPolicy {
    let statement =
        json!({"vulnerability": "CVE-2026-0001", "status": "fixed", "products": [format!("pkg:oci/orders@{digest}")]});
    let document = json!({"@context": "https://openvex.dev/ns", "author": "a", "timestamp": "2026-01-01T00:00:00Z",
        "statements": [statement]});
    policy(&json!({"VexDocuments": [{"Document": document, "Until": "2027-01-31"}]}))
}

#[test]
fn what_is_said_of_one_image_holds_for_it_and_for_the_images_of_an_index() {
    let found = finding("HIGH", "CVE-2026-0001", "openssl", "1");
    let image = image("orders");
    assert!(takes(&of_digest(&digest('a')), &image, &found));
    assert!(!takes(&of_digest(&digest('b')), &image, &found));
    let mut record = ImageRecord::new(image);
    record.parent = Some(Parent { digest: digest('b'), tags: Vec::new(), platform: None });
    let subject = Subject::from(&record);
    let today = day("2026-12-01");
    assert!(waiver_for(&of_digest(&digest('b')), subject, &found, today).is_some());
    assert!(waiver_for(&of_digest(&digest('c')), subject, &found, today).is_none());
}

#[test]
fn what_inspector_suppresses_is_waived_and_our_own_reason_comes_first() {
    let mut found = finding("HIGH", "CVE-2026-0001", "openssl", "1");
    let judged =
        |policy: &FindingsPolicy, found: &Finding| judge(policy, (&image("orders")).into(), found, day("2026-12-01"));
    let reason = |verdict: Verdict| match verdict {
        Verdict::Waived(waived) => (waived.reason, waived.until),
        Verdict::Report => panic!("reported"),
    };
    let none = FindingsPolicy::default();
    assert_eq!(judged(&none, &found), Verdict::Report);
    found.suppressed = true;
    assert_eq!(reason(judged(&none, &found)), (SUPPRESSED.to_owned(), String::new()));
    assert_eq!(reason(judged(&one(&json!({})), &found)), ("not reachable".to_owned(), "2027-01-31".to_owned()));
}

#[test]
fn a_finding_about_scanning_is_waived_by_its_own_name_only() {
    let found = Finding::new(Scanner::Steward, "ImageNotScanned", "MEDIUM");
    assert!(takes(&one(&json!({"Vulnerability": "imagenotscanned"})), &image("orders"), &found));
    assert!(!takes(&one(&json!({"Vulnerability": "CVE-*"})), &image("orders"), &found));
}
