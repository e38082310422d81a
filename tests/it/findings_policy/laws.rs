//! Laws that hold of every policy.

use super::{PREFIX, checked, finding, image, policy};
use ecr_steward::model::finding::{Finding, Fix, Scanner, Severity};
use ecr_steward::model::scan::ScanStatus;
use ecr_steward::policy::gate::{GateVerdict, gate};
use ecr_steward::spec::fields::as_delivered;
use ecr_steward::spec::findings::Glob;
use jiff::ToSpan as _;
use jiff::civil::Date;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

fn optional(key: &'static str, values: Vec<Value>) -> BoxedStrategy<Value> {
    let absent = vec![json!({}), json!({key: null})];
    let present = values.into_iter().map(move |value| json!({key: value}));
    select(present.chain(absent).collect::<Vec<_>>()).boxed()
}

fn merged(parts: Vec<Value>) -> Value {
    let parts = parts.into_iter().map(|part| part.as_object().unwrap().clone());
    parts
        .reduce(|mut all, part| {
            all.extend(part);
            all
        })
        .unwrap()
        .into()
}

fn severities(key: &'static str) -> BoxedStrategy<Value> {
    optional(key, Severity::ALL.map(|severity| json!(severity.as_str())).to_vec())
}

fn flag(key: &'static str) -> BoxedStrategy<Value> {
    optional(key, vec![json!(true), json!("True"), json!("false")])
}

fn repositories() -> BoxedStrategy<Value> {
    optional("Repositories", vec![json!(["*"]), json!(["shop-*", "a?"]), json!([2024])])
}

fn route() -> BoxedStrategy<Value> {
    let secret = |sink: &str, name: &str| json!({"Sink": sink, "SecretParameter": format!("{PREFIX}/secrets/{name}")});
    let sinks = select(vec![
        json!({"Sink": "S3"}),
        json!({"Sink": "SecurityHub"}),
        json!({"Sink": "EventBridge"}),
        secret("Slack", "a/slack"),
        secret("Teams", "{owner}"),
        json!({"Sink": "Sns", "When": "Daily"}),
        merged(vec![secret("Webhook", "b_2.c"), json!({"When": "Immediate"})]),
    ]);
    let tags = optional("Tags", vec![json!({"team": "pay*", "tier": 1}), json!({"aws:x": true})]);
    (sinks, severities("MinimumSeverity"), flag("OnlyFixable"), repositories(), tags)
        .prop_map(|(sink, severity, fixable, repositories, tags)| {
            merged(vec![sink, severity, fixable, repositories, tags])
        })
        .boxed()
}

const FIRST: Date = Date::constant(2026, 12, 25);

fn days() -> BoxedStrategy<Date> {
    (0..14_i64).prop_map(|days| FIRST.checked_add(days.days()).unwrap()).boxed()
}

fn waiver() -> BoxedStrategy<Value> {
    let package = optional("Package", vec![json!("open*"), json!("zlib"), json!(7)]);
    (select(vec!["CVE-1", "CVE-2", "CVE-*"]), package, repositories(), select(vec!["x", "y"]), days())
        .prop_map(|(vulnerability, package, repositories, reason, until)| {
            let said = json!({"Vulnerability": vulnerability, "Reason": reason, "Until": until.to_string()});
            merged(vec![said, package, repositories])
        })
        .boxed()
}

fn document() -> BoxedStrategy<Value> {
    let statements = subsequence(
        vec![
            json!({"vulnerability": "CVE-1", "status": "fixed", "products": ["pkg:oci/a1", "pkg:deb/debian/zlib@1.2"]}),
            json!({"vulnerability": {"name": "CVE-2", "aliases": ["G-1", 5]}, "status": "not_affected",
                "justification": "component_not_present", "products": [{"@id": "pkg:apk/wolfi/git"}]}),
            json!({"vulnerability": "CVE-1", "status": "affected", "products": ["pkg:oci/a1"]}),
        ],
        1..=3,
    );
    (statements, any::<bool>(), days())
        .prop_map(|(statements, as_text, until)| {
            let document = json!({"@context": "https://openvex.dev/ns/v0.2.0", "author": "a", "version": 1,
                "timestamp": "2026-01-01T00:00:00Z", "statements": statements});
            let document = if as_text { json!(document.to_string()) } else { document };
            json!({"Document": document, "Until": until.to_string()})
        })
        .boxed()
}

fn declarations() -> BoxedStrategy<Value> {
    let routes = prop::collection::vec(route(), 1..4);
    let gate = (severities("MinimumSeverity"), flag("OnlyFixable")).prop_map(|(one, two)| merged(vec![one, two]));
    let (waivers, documents) = (prop::collection::vec(waiver(), 0..5), prop::collection::vec(document(), 0..2));
    (routes, waivers, documents, gate, flag("ForwardEnhancedToSecurityHub"))
        .prop_map(|(routes, waivers, documents, gate, forward)| {
            merged(vec![
                json!({"Routes": routes, "Waivers": waivers, "VexDocuments": documents, "Gate": gate,
                "OwnerTag": "team"}),
                forward,
            ])
        })
        .prop_filter("routes may repeat", |properties| checked(properties).is_ok())
        .boxed()
}

fn findings() -> BoxedStrategy<Finding> {
    let scanner = select(vec![Scanner::Basic, Scanner::Enhanced, Scanner::Steward]);
    let fix = select(vec![Fix::Yes, Fix::No, Fix::Unknown]);
    let severity = select(Severity::ALL.to_vec());
    (scanner, fix, severity, select(vec!["CVE-1", "CVE-2", "G-1"]), select(vec!["openssl", "zlib", ""]), any::<bool>())
        .prop_map(|(scanner, fix, severity, vulnerability, package, suppressed)| {
            let mut found = finding(severity.as_str(), vulnerability, package, "1.2");
            (found.scanner, found.fix, found.suppressed) = (scanner, fix, suppressed);
            found
        })
        .boxed()
}

fn status() -> BoxedStrategy<ScanStatus> {
    select(vec!["COMPLETE", "ACTIVE", "FAILED", "NEW"]).prop_map(|word| ScanStatus::from(word.to_owned())).boxed()
}

/// A glob by the definition, for texts short enough.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => {
            matches(rest, text) || text.split_first().is_some_and(|(_, text)| matches(pattern, text))
        }
        ([b'?', rest @ ..], [_, text @ ..]) => matches(rest, text),
        ([one, rest @ ..], [two, text @ ..]) => one == two && matches(rest, text),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_policy_means_the_same_after_cloudformation_made_texts_of_it(properties in declarations()) {
        prop_assert_eq!(checked(&as_delivered(&properties)), checked(&properties));
    }

    /// Judged again exactly when something changed: on the day after a waiver's last, and on no other.
    #[test]
    fn the_fingerprint_changes_exactly_when_a_waiver_runs_out(properties in declarations()) {
        let policy = policy(&properties);
        let runs_out: Vec<Date> = policy.waivers.iter().map(|waiver| waiver.until).collect();
        for days in 0..16_i64 {
            let today = FIRST.checked_add((days - 1).days()).unwrap();
            let changed = policy.fingerprint(today) != policy.fingerprint(today.tomorrow().unwrap());
            prop_assert_eq!(changed, runs_out.contains(&today), "{}", today);
        }
        prop_assert_eq!(policy.fingerprint(FIRST).len(), 16);
    }

    #[test]
    fn what_is_said_differently_has_another_fingerprint(one in declarations(), two in declarations()) {
        let (mut one, mut two) = (policy(&one), policy(&two));
        for waiver in one.waivers.iter_mut().chain(&mut two.waivers) {
            waiver.path = String::new();
        }
        let today = FIRST.yesterday().unwrap();
        prop_assert_eq!(one.fingerprint(today) == two.fingerprint(today), one == two);
    }

    /// More findings never open the gate.
    #[test]
    fn a_finding_more_never_makes_an_image_pass(
        properties in declarations(),
        found in prop::collection::vec(findings(), 0..6),
        more in findings(),
        status in status(),
        today in days(),
    ) {
        let (policy, image) = (policy(&properties), image("a1"));
        let before = gate(&policy, (&image).into(), &status, &found, today).verdict;
        let all: Vec<Finding> = found.into_iter().chain([more]).collect();
        let after = gate(&policy, (&image).into(), &status, &all, today).verdict;
        if before != GateVerdict::Pass {
            prop_assert!(after != GateVerdict::Pass);
        }
        if let GateVerdict::Blocked(before) = before {
            let GateVerdict::Blocked(after) = after else { return Err(TestCaseError::fail("not blocked any more")) };
            prop_assert!(before.iter().all(|one| after.contains(one)));
        }
    }

    #[test]
    fn a_glob_matches_by_its_definition(pattern in "[aA.*?\\[]{0,6}", text in "[aA.*?\\[]{0,6}") {
        let glob = Glob(pattern.clone());
        prop_assert_eq!(glob.matches(&text), matches(pattern.as_bytes(), text.as_bytes()));
        let lower = matches(pattern.to_lowercase().as_bytes(), text.to_lowercase().as_bytes());
        prop_assert_eq!(glob.matches_any_case(&text), lower);
    }

    /// Whatever is sent, it is judged and not stumbled over.
    #[test]
    fn any_text_anywhere_is_accepted_or_told(text in "\\PC{0,40}", place in 0..6_usize) {
        let url = json!({"VexDocuments": [{"Until": "2027-01-31", "Document": {"@context": "https://openvex.dev/ns",
            "author": "a", "timestamp": "2026-01-01T00:00:00Z", "statements": [{"vulnerability": "CVE-1",
            "status": "fixed", "products": [format!("pkg:{text}")]}]}}]});
        let properties = match place {
            0 => json!({"Waivers": [{"Vulnerability": text, "Reason": "r", "Until": text}]}),
            1 => json!({"Routes": [{"Sink": "Slack", "SecretParameter": format!("{PREFIX}/secrets/{text}")}]}),
            2 => json!({"Routes": [{"Sink": "S3", "Repositories": [text], "Tags": {&text: text}}]}),
            3 => json!({"VexDocuments": [{"Document": text, "Until": "2027-01-31"}]}),
            4 => json!({&text: &text}),
            _ => url,
        };
        if let Err(problems) = checked(&properties) {
            prop_assert!(!problems.is_empty() && problems.iter().all(|problem| !problem.path.is_empty()));
        }
    }
}
