//! `findings --explain`.

use super::*;
use ecr_steward::policy::record::{HubRecord, Refused};

#[test]
fn every_waiver_and_route_says_what_it_does_and_why() {
    let cloud = Cloud::start();
    let web = image("shop/web", 'a');
    let mut record = record(&web, vec![finding("CVE-1", "HIGH", "x"), finding("CVE-2", "LOW", "y")]);
    for kept in record.findings.values_mut() {
        let refused = Some(Refused { told: 1, reason: "no such product".to_owned() });
        kept.hub = Some(HubRecord { told: 1, at: 1, archived: false, refused });
    }
    cloud.remember(&record);
    cloud.declare(&json!({
        "Waivers": [waiver("CVE-1", PAST), waiver("CVE-2", TO_COME)],
        "Routes": [
            {"Sink": "SecurityHub"},
            {"Sink": "Sns", "MinimumSeverity": "CRITICAL"},
            {"Sink": "EventBridge", "Repositories": ["batch-*"]},
            {"Sink": "EventBridge", "Tags": {"team": "ops"}},
        ],
        "Gate": {"MinimumSeverity": "HIGH", "OnlyFixable": "true"},
    }));
    let web = web.to_string();
    let active = cloud.run(&["findings", "--explain", "--image", &web, "--vulnerability", "CVE-1"]);
    assert_eq!(active.code, 1, "{}", active.talk);
    for line in [
        "CVE-1 HIGH x 1.0 in shop/web@sha256:aaa",
        "active; first seen",
        "Waivers[0] has expired: until 2020-01-31, team-x: not reachable",
        "Routes[0] SecurityHub: yes, whenever it changes",
        "Routes[1] Sns: no, it is for CRITICAL and worse",
        "Routes[2] EventBridge: no, it is for repositories batch-*",
        "Routes[3] EventBridge: no, it is for repositories with other tags",
        "gate: blocks",
        "Security Hub: it refused it: no such product",
    ] {
        assert!(active.data.contains(line), "{line:?} is missing in\n{}", active.data);
    }
    let waived = cloud.run(&["findings", "--explain", "--image", &web, "--vulnerability", "cve-2", "--format", "json"]);
    assert_eq!(waived.code, 0, "{}", waived.talk);
    let value = &waived.json()["findings"][0];
    assert_eq!(value["state"], "waived: not reachable");
    assert!(value["waivers"][0].as_str().unwrap().starts_with("Waivers[1] waives it"), "{value}");
    assert_eq!(
        value["routes"][0],
        json!({"route": "Routes[0] SecurityHub", "wants": true, "why": "as a waived finding"})
    );
    assert_eq!(value["gate"], "does not block, it is waived");
    let none = cloud.run(&["findings", "--explain", "--image", &web, "--vulnerability", "CVE-3"]);
    assert_eq!((none.code, none.data.as_str()), (0, "no such finding in 1 image\n"));
}

#[test]
fn an_explanation_is_about_one_image_and_a_vulnerability() {
    for arguments in
        [&["findings", "--explain", "--image", "a:b"][..], &["findings", "--explain", "--vulnerability", "c"]]
    {
        let run = Cloud::start().run(arguments);
        assert_eq!((run.code, run.data.as_str()), (2, ""), "{}", run.talk);
    }
}
