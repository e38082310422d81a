//! What somebody decided to live with, and what the policy says of whom: the hub follows, and nobody loses sight of it.

use super::*;
use crate::support::forwarding::registry::enhanced;
use ecr_steward::model::scan::ScanStatus;

fn waiving(until: &str) -> Value {
    let mut policy = everywhere();
    policy["Waivers"] = json!([{"Vulnerability": "CVE-2026-00003", "Reason": "not reachable", "Until": until}]);
    policy
}

fn waived(region: &Region) -> usize {
    region.archive().iter().filter(|line| line["change"] == "waived").count()
}

#[test]
fn a_waived_finding_is_told_to_nobody_and_counted() {
    run(async {
        let region = region(&waiving("2027-01-11"));
        let done = scan(&region, vec![flaw(3)]).await;
        assert_eq!(region.states().len(), 0, "what was never active is not there");
        assert_eq!((done.metric("FindingsWaived"), done.metric("FindingsNew")), (1, 0));
        assert_eq!(waived(&region), 1);
        assert_eq!(region.with(|state| (state.topic.len(), state.bus.len())), (0, 1));
        let sinks: Vec<&str> = region.with(|state| state.posts.iter().map(|parcel| parcel.sink.as_str()).collect());
        assert_eq!(sinks, ["Webhook"], "a program hears of every kind of change, people of none of these");
    });
}

#[test]
fn a_waiver_archives_and_its_end_makes_active_and_tells() {
    run(async {
        let region = region(&everywhere());
        scan(&region, flaws([3, 4])).await;
        region.pass(100 * DAY);
        region.declare(&waiving("2027-04-25"));
        let done = Duty::of(&region).reconcile().await;
        assert_eq!(done.iter().map(|done| done.metric("FindingsWaived")).sum::<u64>(), 1);
        assert_eq!(region.states(), states([(3, "ARCHIVED"), (4, "ACTIVE")]));
        let told = |region: &Region| region.with(|state| state.topic.len());
        let before = told(&region);
        // Its last day is one of them.
        region.pass(5 * DAY);
        Duty::of(&region).reconcile().await;
        assert_eq!((region.states()[&flaw(3).vulnerability].as_str(), told(&region)), ("ARCHIVED", before));
        region.pass(DAY);
        let done = Duty::of(&region).reconcile().await;
        assert_eq!(done.iter().map(|done| done.metric("FindingsReactivated")).sum::<u64>(), 1);
        assert_eq!(region.states(), states([(3, "ACTIVE"), (4, "ACTIVE")]));
        assert_eq!(told(&region), before + 1);
        // It is not as old as the scan, or the hub would drop it.
        let (now, updated) = region.with(|state| {
            let held = state.hub.held.values().find(|held| held.text["Title"].to_string().contains("00003"));
            (state.now, held.unwrap().updated)
        });
        assert!(now - updated < DAY, "{updated}");
        // What happens twice is told twice, with keys of their own.
        region.declare(&waiving("2027-05-25"));
        Duty::of(&region).reconcile().await;
        assert_eq!(waived(&region), 2);
    });
}

#[test]
fn what_a_policy_does_happens_when_it_does_and_each_time_is_one_of_its_own() {
    run(async {
        let region = region(&everywhere());
        scan(&region, flaws([3, 4])).await;
        // The first run looks at whatever was scanned, and dates it so.
        Duty::of(&region).reconcile().await;
        for days in [1, 2] {
            region.pass(DAY);
            region.declare(&waiving("2027-12-31"));
            Duty::of(&region).reconcile().await;
            assert_eq!(waived(&region), days, "the same waiver, another day");
            region.declare(&everywhere());
            region.pass(HOUR);
            Duty::of(&region).reconcile().await;
        }
        let lines = region.archive().into_iter().filter(|line| line["change"] == "waived");
        let mut times: Vec<String> =
            lines.map(|line| line["time"].as_str().unwrap().get(..10).unwrap().to_owned()).collect();
        times.sort();
        assert_eq!(times, ["2027-01-11", "2027-01-12"], "not when it was scanned");
        let keys = region.with(|state| state.bus.iter().map(|parcel| parcel.key.clone()).collect::<Vec<_>>());
        let apart: std::collections::BTreeSet<&String> = keys.iter().collect();
        assert_eq!((keys.len(), apart.len()), (5, 5));
    });
}

#[test]
fn a_waived_finding_that_comes_back_is_told_as_waived_and_alerts_nobody() {
    run(async {
        let region = region(&waiving("2027-12-31"));
        scan(&region, flaws([3, 4])).await;
        region.pass(DAY);
        scan(&region, flaws([4])).await;
        let told = region.with(|state| state.topic.len());
        region.pass(DAY);
        let done = scan(&region, flaws([3, 4])).await;
        assert_eq!((done.metric("FindingsReactivated"), done.metric("FindingsWaived")), (0, 1));
        assert_eq!(region.with(|state| state.topic.len()), told);
        assert_eq!(region.states(), states([(4, "ACTIVE")]));
    });
}

#[test]
fn what_no_route_wants_any_more_is_archived_and_comes_back_with_the_route() {
    run(async {
        let narrow = [
            json!({"Routes": [{"Sink": "SecurityHub", "MinimumSeverity": "HIGH"}]}),
            json!({"Routes": [{"Sink": "SecurityHub", "Repositories": ["team/*"], "MinimumSeverity": "HIGH"}]}),
        ];
        for policy in narrow {
            let region = region(&hub_only());
            scan(&region, flaws(0..5)).await;
            region.pass(DAY);
            region.declare(&policy);
            Duty::of(&region).reconcile().await;
            let low = [(0, "ARCHIVED"), (1, "ARCHIVED"), (2, "ARCHIVED"), (3, "ACTIVE"), (4, "ACTIVE")];
            assert_eq!(region.states(), states(low));
            region.pass(DAY);
            region.declare(&hub_only());
            Duty::of(&region).reconcile().await;
            assert_eq!(region.active(), 5);
        }
    });
}

#[test]
fn findings_of_inspector_go_everywhere_but_to_the_hub_which_has_them_already() {
    run(async {
        let region = region(&everywhere());
        region.scan_is(APP, ONE, ScanStatus::Active, (0..5).map(enhanced).collect());
        Duty::of(&region).well(&[told::scanned(APP, ONE, &["v1"], region.now())]).await;
        assert_eq!((region.states().len(), region.archive().len()), (0, 5));
        assert_eq!(region.with(|state| (state.topic.len(), state.bus.len(), state.posts.len())), (1, 1, 3));
        let mut policy = everywhere();
        policy["ForwardEnhancedToSecurityHub"] = json!(true);
        region.pass(DAY);
        region.declare(&policy);
        Duty::of(&region).reconcile().await;
        assert_eq!(region.active(), 5);
        assert_eq!(region.with(|state| state.topic.len()), 1, "for people nothing has changed");
    });
}

#[test]
fn switching_to_enhanced_scanning_archives_what_basic_scanning_had_found() {
    run(async {
        let region = region(&hub_only());
        scan(&region, flaws(0..5)).await;
        region.pass(DAY);
        // Inspector finds some of the same, and others.
        region.scan_is(APP, ONE, ScanStatus::Active, (3..8).map(enhanced).collect());
        Duty::of(&region).well(&[told::scanned(APP, ONE, &["v1"], region.now())]).await;
        assert_eq!(region.states(), states((0..5).map(|number| (number, "ARCHIVED"))));
    });
}

#[test]
fn what_inspector_suppresses_is_waived_and_counts_again_when_it_does_not() {
    run(async {
        let region = region(&everywhere());
        let mut findings: Vec<Finding> = (0..3).map(enhanced).collect();
        findings[1].suppressed = true;
        region.scan_is(APP, ONE, ScanStatus::Active, findings.clone());
        let done = Duty::of(&region).well(&[told::scanned(APP, ONE, &["v1"], region.now())]).await;
        assert_eq!((done.metric("FindingsWaived"), done.metric("FindingsNew")), (1, 2));
        findings[1].suppressed = false;
        region.pass(DAY);
        region.scan_is(APP, ONE, ScanStatus::Active, findings);
        let done = Duty::of(&region).well(&[told::scanned(APP, ONE, &["v1"], region.now())]).await;
        assert_eq!(done.metric("FindingsReactivated"), 1);
    });
}

#[test]
fn a_policy_that_cannot_be_used_forwards_nothing_and_loses_nothing() {
    run(async {
        let region = region(&json!({"Routs": []}));
        region.scan(APP, ONE, flaws(0..3));
        let event = [told::scanned(APP, ONE, &["v1"], region.now())];
        assert_eq!(Duty::of(&region).batch(&event).await.failed, [0]);
        assert_eq!((region.active(), region.archive().len()), (0, 0));
        region.declare(&hub_only());
        Duty::of(&region).well(&event).await;
        assert_eq!(region.active(), 3);
    });
}
