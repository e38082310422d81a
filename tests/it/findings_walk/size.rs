//! Many findings: none lost, and as few calls as can be.

use super::*;
use std::collections::BTreeSet;

fn ids(findings: &[Finding]) -> BTreeSet<String> {
    findings.iter().map(|finding| finding.id(&image(APP, ONE)).told()).collect()
}

fn held(region: &Region) -> BTreeSet<String> {
    region.with(|state| state.hub.held.keys().cloned().collect())
}

#[test]
fn of_2500_findings_none_is_lost_and_no_call_is_made_that_need_not_be() {
    run(async {
        let region = region(&hub_only());
        let mut findings = flaws(0..2_500);
        scan(&region, findings.clone()).await;
        assert_eq!(held(&region), ids(&findings));
        assert_eq!(region.active(), 2_500);
        assert_eq!(region.letters().len(), 0);
        let calls = region.calls();
        assert_eq!(count(&calls, "DescribeImageScanFindings"), 3, "one for each thousand");
        assert_eq!(count(&calls, "BatchImportFindings"), 25, "one for each hundred");
        assert_eq!(count(&calls, "GetObject"), 2, "the policy and the record");
        assert_eq!(count(&calls, "PutObject"), 1, "the record");
        assert_eq!(calls.len(), 3 + 25 + 2 + 1, "{calls:?}");

        // Half of them are rated otherwise.
        region.pass(HOUR);
        for finding in findings.iter_mut().step_by(2) {
            "Rated again.".clone_into(&mut finding.description);
        }
        region.imported();
        scan(&region, findings.clone()).await;
        assert_eq!(region.imported(), 1_250);
        let calls = region.calls();
        assert_eq!(count(&calls, "BatchImportFindings"), 13);
        assert_eq!(calls.len(), 3 + 13 + 2 + 1, "{calls:?}");

        // Nothing is.
        region.pass(HOUR);
        scan(&region, findings.clone()).await;
        let calls = region.calls();
        assert_eq!(count(&calls, "DescribeImageScanFindings"), 3);
        assert_eq!(calls.len(), 3 + 2, "{calls:?}");
        assert_eq!(held(&region), ids(&findings));
    });
}

#[test]
fn two_packages_with_one_vulnerability_stay_two_and_one_that_is_found_twice_is_one() {
    run(async {
        let region = region(&hub_only());
        let other = Finding { package: "another".to_owned(), ..flaw(1) };
        let twice = Finding { description: "Found again.".to_owned(), ..flaw(2) };
        let findings = vec![flaw(1), other, flaw(2), twice];
        scan(&region, findings.clone()).await;
        assert_eq!(held(&region), ids(&findings));
        assert_eq!(region.active(), 3);
    });
}

#[test]
fn what_is_unchanged_is_sent_to_nobody_again() {
    run(async {
        let region = region(&everywhere());
        scan(&region, flaws(0..10)).await;
        let lengths = |region: &Region| {
            region.with(|state| (state.hub.taken.len(), state.topic.len(), state.bus.len(), state.posts.len()))
        };
        let (before, archive) = (lengths(&region), region.archive().len());
        assert_eq!(before, (10, 1, 1, 3));
        region.pass(DAY);
        region.calls();
        scan(&region, flaws(0..10)).await;
        assert_eq!((lengths(&region), region.archive().len()), (before, archive));
        assert_eq!(region.calls().len(), 3);
    });
}
