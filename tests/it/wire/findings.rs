//! Reading what scans found.

use super::*;
use ecr_steward::flow::findings::Scans as _;
use ecr_steward::model::finding::{Cvss, Finding, Fix, Scanner, Severity};
use ecr_steward::model::scan::{ScanAnswer, ScanPage, ScanStatus};

/// What one page with these findings comes to.
fn page_of(findings: &Value) -> ScanPage {
    run(async {
        let tape =
            Tape::of(&[(200, json!({"imageScanFindings": findings, "imageScanStatus": {"status": "COMPLETE"}}))]);
        let answer = tape.forwarder().scan_page(&image(), None).await;
        tape.one();
        let Ok(ScanAnswer::Page(page)) = answer else { panic!("{answer:?}") };
        page
    })
}

fn enhanced(finding: &Value) -> Vec<Finding> {
    page_of(&json!({"enhancedFindings": [finding]})).findings
}

#[test]
fn pages_are_asked_for_by_digest_as_large_as_ecr_allows_and_follow_the_token() {
    run(async {
        let status = json!({"status": "ACTIVE", "description": "Continuous scan"});
        let first = json!({"imageScanStatus": status, "nextToken": "more",
            "imageScanFindings": {"imageScanCompletedAt": 1_795_000_000.5, "enhancedFindings": [{"status": "CLOSED"}]}});
        let last = json!({"imageScanStatus": {"status": "NEW_WORD"}});
        let tape = Tape::of(&[(200, first), (200, last)]);
        let forwarder = tape.forwarder();
        let Ok(ScanAnswer::Page(page)) = forwarder.scan_page(&image(), None).await else { panic!("no page") };
        assert_eq!((page.status, page.description.as_str()), (ScanStatus::Active, "Continuous scan"));
        assert_eq!(page.completed_at, Some(1_795_000_000_500));
        assert!(page.findings.is_empty(), "what Inspector has closed is none");
        assert!(page.enhanced, "but shows what kind of scan it was");
        assert_eq!(page.next.as_deref(), Some("more"));
        let Ok(ScanAnswer::Page(page)) = forwarder.scan_page(&image(), page.next).await else { panic!("no page") };
        assert_eq!(page.status, ScanStatus::Unknown("NEW_WORD".to_owned()));
        assert_eq!((page.completed_at, page.enhanced, page.next), (None, false, None));
        let said = tape.said();
        let asked =
            json!({"repositoryName": "shop/web", "imageId": {"imageDigest": digest('a').as_str()}, "maxResults": 1000});
        assert_eq!(said[0].json(), asked);
        assert_eq!(said[1].json()["nextToken"], "more");
    });
}

#[test]
fn a_missing_scan_and_a_missing_image_are_answers_and_anything_else_is_a_fault() {
    run(async {
        let codes = ["ScanNotFoundException", "ImageNotFoundException", "RepositoryNotFoundException"];
        let tape = Tape::default();
        for code in codes.into_iter().chain(["ValidationException", "AccessDeniedException"]) {
            tape.then(400, &[], &refused(code, "no").to_string());
        }
        // Not ECR: something between us and it.
        tape.then(404, &[], "<html>");
        let forwarder = tape.forwarder();
        assert_eq!(forwarder.scan_page(&image(), None).await, Ok(ScanAnswer::NoScan));
        assert_eq!(forwarder.scan_page(&image(), None).await, Ok(ScanAnswer::NoImage));
        assert_eq!(forwarder.scan_page(&image(), None).await, Ok(ScanAnswer::NoImage));
        assert_eq!(forwarder.scan_page(&image(), None).await.unwrap_err().kind, FaultKind::Invalid);
        assert_eq!(forwarder.scan_page(&image(), None).await.unwrap_err().kind, FaultKind::Denied);
        assert!(forwarder.scan_page(&image(), None).await.is_err());
        tape.said();
    });
}

#[test]
fn a_basic_finding_has_its_package_and_ratings_in_its_attributes() {
    let pairs = [
        ("package_name", "openssl"),
        ("package_version", "1.1.1k-r0"),
        ("fixed_in_version", "1.1.1l-r0"),
        ("CVSS2_VECTOR", "AV:N/AC:L/Au:N/C:P/I:P/A:P"),
        ("CVSS2_SCORE", "7.5"),
        ("CVSS3_SCORE", "9.8"),
        ("CVSS3_VECTOR", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
        ("CVSS4_VECTOR", "CVSS:4.0/AV:N"),
        ("CVSS3_COLOUR", "red"),
        ("something", "else"),
    ];
    let attributes: Vec<Value> = pairs.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    let page = page_of(&json!({"findings": [
        {"name": "CVE-2026-0001", "description": "bad", "uri": "https://cve.example/1", "severity": "HIGH", "attributes": attributes},
        {"name": "CVE-2026-0002", "severity": "UNDEFINED", "attributes": [{"key": "CVSS2_SCORE", "value": "high"}]},
    ]}));
    assert!(!page.enhanced);
    let mut first = Finding::new(Scanner::Basic, "CVE-2026-0001", "HIGH");
    first.package = "openssl".to_owned();
    first.version = "1.1.1k-r0".to_owned();
    first.description = "bad".to_owned();
    first.url = "https://cve.example/1".to_owned();
    first.details.fixed_in = "1.1.1l-r0".to_owned();
    let rating = |version: &str, score, vector: &str| Cvss {
        version: version.to_owned(),
        score,
        vector: vector.to_owned(),
        source: String::new(),
    };
    first.cvss = vec![
        rating("2.0", 7.5, "AV:N/AC:L/Au:N/C:P/I:P/A:P"),
        rating("3.1", 9.8, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
    ];
    let second = Finding::new(Scanner::Basic, "CVE-2026-0002", "UNDEFINED");
    assert_eq!(second.severity, Severity::Informational);
    assert_eq!(page.findings, [first, second]);
}

fn of_inspector() -> Value {
    json!({
        "findingArn": "arn:aws:inspector2:eu-west-1:123456789012:finding/1", "title": "CVE-2026-0001 - log4j", "type": "PACKAGE_VULNERABILITY",
        "description": "bad", "severity": "CRITICAL", "status": "ACTIVE", "fixAvailable": "PARTIAL", "exploitAvailable": "YES",
        "firstObservedAt": 1_795_000_000.25,
        "remediation": {"recommendation": {"text": "Update.", "url": "https://fix.example"}},
        "scoreDetails": {"cvss": {"score": 8.1, "scoreSource": "INSPECTOR", "scoringVector": "CVSS:3.1/AV:N", "version": "3.1"}},
        "packageVulnerabilityDetails": {
            "vulnerabilityId": "CVE-2026-0001", "sourceUrl": "https://nvd.example/1", "vendorSeverity": "Important",
            "referenceUrls": ["https://a.example", "https://b.example"],
            "cvss": [{"baseScore": 9.8, "scoringVector": "CVSS:3.1/AV:N", "source": "NVD", "version": "3.1"}],
            "vulnerablePackages": [
                {"name": "log4j", "version": "2.1", "filePath": "b.jar", "packageManager": "JAR", "arch": "NOARCH", "fixedInVersion": "2.17", "sourceLayerHash": "sha256:1"},
                {"name": "log4j", "version": "2.1", "filePath": "a.jar"},
                {"name": "log4j", "version": "2.0", "filePath": "c.jar", "fixedInVersion": "NotAvailable"},
                {"name": "zlib", "version": "1", "epoch": 1, "release": "7.el8"},
                {"name": "log4j", "version": "2.1", "filePath": "a.jar", "epoch": 0},
            ],
        },
    })
}

#[test]
fn a_finding_of_inspector_becomes_one_for_each_package_and_version_with_all_its_paths() {
    let found = enhanced(&of_inspector());
    let told: Vec<(&str, &str, Vec<&str>)> = found
        .iter()
        .map(|one| {
            let paths = one.details.paths.iter().map(String::as_str).collect();
            (one.package.as_str(), one.version.as_str(), paths)
        })
        .collect();
    assert_eq!(
        told,
        [("log4j", "2.0", vec!["c.jar"]), ("log4j", "2.1", vec!["a.jar", "b.jar"]), ("zlib", "1", Vec::new())]
    );
    let log4j = &found[1];
    assert_eq!((log4j.vulnerability.as_str(), log4j.scanner), ("CVE-2026-0001", Scanner::Enhanced));
    assert_eq!((log4j.severity, log4j.fix, log4j.exploit), (Severity::Critical, Fix::Partial, Some(true)));
    assert_eq!((log4j.title.as_str(), log4j.description.as_str()), ("CVE-2026-0001 - log4j", "bad"));
    assert_eq!(
        (log4j.url.as_str(), log4j.remediation.as_str()),
        ("https://nvd.example/1", "Update. https://fix.example")
    );
    assert_eq!(log4j.references, ["https://a.example", "https://b.example"]);
    assert_eq!(log4j.inspector_arn, "arn:aws:inspector2:eu-west-1:123456789012:finding/1");
    assert_eq!(log4j.first_observed, Some(1_795_000_000_250));
    assert!(!log4j.suppressed);
    let scores: Vec<(&str, f64)> = log4j.cvss.iter().map(|rating| (rating.source.as_str(), rating.score)).collect();
    assert_eq!(scores, [("NVD", 9.8), ("INSPECTOR", 8.1)]);
    let details = &log4j.details;
    assert_eq!((details.manager.as_str(), details.architecture.as_str()), ("JAR", "NOARCH"));
    assert_eq!((details.fixed_in.as_str(), details.layer.as_str(), details.epoch.as_str()), ("2.17", "sha256:1", ""));
    assert_eq!(found[0].details.fixed_in, "", "a version that is not available is none");
    assert_eq!((found[2].details.epoch.as_str(), found[2].details.release.as_str()), ("1", "7.el8"));
}

#[test]
fn suppressed_findings_are_marked_and_closed_ones_are_left_out() {
    for (status, suppressed) in [("ACTIVE", Some(false)), ("SUPPRESSED", Some(true)), ("CLOSED", None)] {
        let mut finding = of_inspector();
        finding["status"] = json!(status);
        assert_eq!(enhanced(&finding).first().map(|one| one.suppressed), suppressed, "{status}");
    }
}

#[test]
fn a_finding_about_something_else_than_packages_is_called_by_its_title() {
    let found =
        enhanced(&json!({"title": "Port 22 is reachable", "severity": "UNTRIAGED", "type": "NETWORK_REACHABILITY",
        "exploitAvailable": "NO", "fixAvailable": "NO", "status": "ACTIVE"}));
    let [only] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((only.vulnerability.as_str(), only.package.as_str()), ("Port 22 is reachable", ""));
    assert_eq!((only.severity, only.severity_label.as_str()), (Severity::Informational, "UNTRIAGED"));
    assert_eq!((only.fix, only.exploit, only.first_observed), (Fix::No, Some(false), None));
    let nameless = enhanced(&json!({"findingArn": "arn:f", "packageVulnerabilityDetails": {"vendorSeverity": "HIGH"}}));
    assert_eq!((nameless[0].vulnerability.as_str(), nameless[0].severity), ("arn:f", Severity::High));
}

#[test]
fn both_kinds_on_one_page_are_both_read() {
    let page =
        page_of(&json!({"findings": [{"name": "CVE-1", "severity": "LOW"}], "enhancedFindings": [{"title": "t"}]}));
    assert!(page.enhanced, "by what is there, whatever the status");
    let scanners: Vec<Scanner> = page.findings.iter().map(|finding| finding.scanner).collect();
    assert_eq!(scanners, [Scanner::Basic, Scanner::Enhanced]);
}
