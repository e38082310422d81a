//! What passes the gate.

use super::{day, finding, image, policy, waiver};
use ecr_steward::model::finding::{Finding, Fix, Scanner, Severity};
use ecr_steward::model::scan::ScanStatus;
use ecr_steward::policy::gate::{GateVerdict, Gated, gate, readable};
use serde_json::{Value, json};

fn judged(properties: &Value, status: &str, findings: &[Finding]) -> Gated {
    let status = ScanStatus::from(status.to_owned());
    gate(&policy(properties), (&image("orders")).into(), &status, findings, day("2026-12-01"))
}

fn blocking(gated: &Gated) -> Vec<String> {
    match &gated.verdict {
        GateVerdict::Blocked(all) => all
            .iter()
            .map(|one| {
                format!("{} {} {} {} {}", one.vulnerability, one.package, one.version, one.severity, one.fixed_in)
            })
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_blocks_is_named_the_worst_first_and_what_is_waived_apart() {
    let mut fixed = finding("CRITICAL", "CVE-2026-0009", "zlib", "1.2");
    "1.3".clone_into(&mut fixed.details.fixed_in);
    let mut hopeless = finding("CRITICAL", "CVE-2026-0008", "bash", "5");
    hopeless.fix = Fix::No;
    let findings = [
        finding("HIGH", "CVE-2026-0002", "openssl", "1"),
        finding("MEDIUM", "CVE-2026-0003", "openssl", "1"),
        fixed,
        hopeless,
        finding("CRITICAL", "CVE-2026-0001", "openssl", "1"),
    ];
    let properties = json!({"Gate": {"MinimumSeverity": "HIGH"}, "Waivers": [waiver(&json!({}))]});
    let gated = judged(&properties, "COMPLETE", &findings);
    assert_eq!(blocking(&gated), ["CVE-2026-0009 zlib 1.2 CRITICAL 1.3", "CVE-2026-0002 openssl 1 HIGH "]);
    let counts: Vec<_> = gated.counts.iter().map(|(severity, count)| (*severity, *count)).collect();
    assert_eq!(counts, [(Severity::Medium, 1), (Severity::High, 1), (Severity::Critical, 2)]);
    let [(waived, by)] = gated.waived.as_slice() else { panic!("{gated:?}") };
    assert_eq!((waived.vulnerability.as_str(), by.reason.as_str()), ("CVE-2026-0001", "not reachable"));
}

#[test]
fn without_a_word_only_critical_ones_that_may_be_mended_block() {
    assert_eq!(judged(&json!({}), "ACTIVE", &[finding("HIGH", "CVE-1", "p", "1")]).verdict, GateVerdict::Pass);
    assert_eq!(blocking(&judged(&json!({}), "ACTIVE", &[finding("CRITICAL", "CVE-1", "p", "1")])).len(), 1);
    let mut hopeless = finding("CRITICAL", "CVE-1", "p", "1");
    hopeless.fix = Fix::No;
    assert_eq!(judged(&json!({}), "ACTIVE", &[hopeless.clone()]).verdict, GateVerdict::Pass);
    assert_eq!(blocking(&judged(&json!({"Gate": {"OnlyFixable": "false"}}), "ACTIVE", &[hopeless])).len(), 1);
}

#[test]
fn an_expired_waiver_blocks_again() {
    let findings = [finding("CRITICAL", "CVE-2026-0001", "p", "1")];
    let until =
        |day: &str| judged(&json!({"Waivers": [waiver(&json!({"Until": day}))]}), "COMPLETE", &findings).verdict;
    assert_eq!(until("2026-12-01"), GateVerdict::Pass);
    assert!(matches!(until("2026-11-30"), GateVerdict::Blocked(_)));
}

#[test]
fn only_a_scan_that_tells_what_is_in_the_image_lets_it_pass() {
    let states = [
        "IN_PROGRESS",
        "FAILED",
        "UNSUPPORTED_IMAGE",
        "PENDING",
        "SCAN_ELIGIBILITY_EXPIRED",
        "FINDINGS_UNAVAILABLE",
        "LIMIT_EXCEEDED",
        "IMAGE_ARCHIVED",
        "IMAGE_SIZE_EXCEEDED",
        "ON_VACATION",
        "",
    ];
    let mut reasons = std::collections::BTreeSet::new();
    for state in states {
        let why = readable(&ScanStatus::from(state.to_owned())).expect_err(state);
        assert_eq!(judged(&json!({}), state, &[]).verdict, GateVerdict::CannotTell(why.clone()));
        let critical = [finding("CRITICAL", "CVE-1", "p", "1")];
        assert_eq!(blocking(&judged(&json!({}), state, &critical)).len(), 1, "what was found outweighs the doubt");
        reasons.insert(why);
    }
    assert_eq!(reasons.len(), states.len(), "each says something of its own");
    for state in ["COMPLETE", "ACTIVE"] {
        assert_eq!(judged(&json!({}), state, &[]).verdict, GateVerdict::Pass, "{state}");
    }
}

#[test]
fn an_image_that_could_not_be_scanned_does_not_pass_waived_or_not() {
    let mut about = Finding::new(Scanner::Steward, "ImageNotScanned", "MEDIUM");
    "the scanner does not know its operating system".clone_into(&mut about.description);
    about.suppressed = true;
    let properties = json!({"Waivers": [waiver(&json!({"Vulnerability": "ImageNotScanned"}))]});
    let gated = judged(&properties, "COMPLETE", &[about]);
    assert!(matches!(&gated.verdict, GateVerdict::CannotTell(why) if why.contains("operating system")), "{gated:?}");
    assert!(gated.counts.is_empty() && gated.waived.is_empty(), "it is no finding in the image: {gated:?}");
}
