//! What is no more is archived: only that, only when it is sure, and without taking away what users have said.

use super::*;
use crate::support::forwarding::mishap::Mishap;
use ecr_steward::fault::FaultKind;
use ecr_steward::model::scan::ScanStatus;
use std::sync::Arc;

/// Another look at the image, at whatever its scan says now.
async fn look_again(region: &Region) {
    region.pass(HOUR);
    let event = told::deleted(APP, ONE, region.now());
    Duty::of(region).well(&[event]).await;
}

#[test]
fn what_a_new_scan_no_longer_finds_is_archived_and_the_rest_is_left_alone() {
    run(async {
        let region = region(&programs());
        scan(&region, flaws(0..4)).await;
        region.triage("NOTIFIED");
        region.pass(DAY);
        region.imported();
        scan(&region, flaws(1..5)).await;
        assert_eq!(
            region.states(),
            states([(0, "ARCHIVED"), (1, "ACTIVE"), (2, "ACTIVE"), (3, "ACTIVE"), (4, "ACTIVE")])
        );
        assert_eq!(region.imported(), 2, "the one that went and the one that came");
        let kinds: Vec<String> =
            region.archive().iter().map(|line| line["change"].as_str().unwrap().to_owned()).collect();
        assert_eq!(kinds.iter().filter(|kind| *kind == "fixed").count(), 1, "{kinds:?}");
        assert_eq!(kinds.iter().filter(|kind| *kind == "new").count(), 5, "{kinds:?}");
    });
}

#[test]
fn an_empty_complete_read_archives_everything_of_its_image_and_nothing_of_another() {
    run(async {
        let region = region(&hub_only());
        region.push(APP, 2, &["v2"]);
        region.push("team/other", 3, &["v1"]);
        for (name, number) in [(APP, 2), ("team/other", 3)] {
            region.scan(name, number, flaws([number * 10]));
            Duty::of(&region).well(&[told::scanned(name, number, &["v1"], region.now())]).await;
        }
        scan(&region, flaws(0..3)).await;
        region.pass(DAY);
        scan(&region, Vec::new()).await;
        let wished = [(0, "ARCHIVED"), (1, "ARCHIVED"), (2, "ARCHIVED"), (20, "ACTIVE"), (30, "ACTIVE")];
        assert_eq!(region.states(), states(wished));
    });
}

#[test]
fn a_deleted_image_an_archived_image_and_a_deleted_repository_archive_theirs() {
    run(async {
        type Ending = (fn(&Region), bool);
        let endings: [Ending; 3] = [
            (|region| region.delete_image(APP, ONE), true),
            (|region| region.scan_is(APP, ONE, ScanStatus::ImageArchived, Vec::new()), true),
            (|region| region.delete_repository(APP), false),
        ];
        for (end, announced) in endings {
            let region = region(&programs());
            region.push("team/other", 9, &["v1"]);
            region.scan("team/other", 9, flaws([9]));
            Duty::of(&region).well(&[told::scanned("team/other", 9, &["v1"], region.now())]).await;
            scan(&region, flaws(0..3)).await;
            Duty::of(&region).reconcile().await;
            region.pass(DAY);
            end(&region);
            if announced {
                Duty::of(&region).well(&[told::deleted(APP, ONE, region.now())]).await;
            } else {
                Duty::of(&region).reconcile().await;
            }
            assert_eq!(region.states(), states([(0, "ARCHIVED"), (1, "ARCHIVED"), (2, "ARCHIVED"), (9, "ACTIVE")]));
            assert_eq!(region.remembered(&image(APP, ONE)), None, "nothing is left to remember");
            let gone = region.archive().iter().filter(|line| line["change"] == "archived").count();
            assert_eq!(gone, 3, "nothing was mended, so nothing is told as fixed");
            region.imported();
            Duty::of(&region).reconcile().await;
            assert_eq!(region.imported(), 0);
        }
    });
}

#[test]
fn a_deleted_image_is_found_by_the_reconciliation_where_no_event_came() {
    run(async {
        let region = region(&hub_only());
        scan(&region, flaws(0..3)).await;
        region.pass(DAY);
        region.delete_image(APP, ONE);
        Duty::of(&region).reconcile().await;
        assert_eq!(region.states(), states([(0, "ARCHIVED"), (1, "ARCHIVED"), (2, "ARCHIVED")]));
        assert_eq!(region.remembered(&image(APP, ONE)), None);
    });
}

#[test]
fn a_read_that_is_not_whole_archives_nothing() {
    run(async {
        let half: Arc<dyn Fn(&mut crate::support::forwarding::State) + Send + Sync> = Arc::new(|state| {
            let image = state.registry.get_mut(APP).unwrap().images.get_mut(digest(ONE).as_str()).unwrap();
            let scan = image.scan.as_mut().unwrap();
            scan.completed_at = scan.completed_at.map(|at| at + 1);
            scan.findings.truncate(1_004);
        });
        let gone: Arc<dyn Fn(&mut crate::support::forwarding::State) + Send + Sync> = Arc::new(|state| {
            state.registry.get_mut(APP).unwrap().images.get_mut(digest(ONE).as_str()).unwrap().scan = None;
        });
        let mishaps = [
            Mishap::Fail(When::Before, FaultKind::Unavailable),
            Mishap::Fail(When::Before, FaultKind::Throttled),
            Mishap::Fail(When::Before, FaultKind::Denied),
            Mishap::Meanwhile(half),
            Mishap::Meanwhile(gone),
        ];
        for (at, mishap) in mishaps.into_iter().enumerate() {
            let region = region(&programs());
            scan(&region, flaws(0..1_001)).await;
            let record = region.remembered(&image(APP, ONE));
            let (archive, _) = (region.archive().len(), region.imported());
            region.pass(DAY);
            region.scan(APP, ONE, flaws(5..1_010));
            let event = told::scanned(APP, ONE, &["v1"], region.now());
            region.mishap_on("DescribeImageScanFindings", 2, mishap);
            let done = Duty::of(&region).batch(&[event]).await;
            assert_eq!(done.failed, [0], "mishap {at}: the message comes again");
            assert_eq!((region.active(), region.imported()), (1_001, 0), "mishap {at}");
            assert_eq!(region.remembered(&image(APP, ONE)), record, "mishap {at}");
            assert_eq!(region.archive().len(), archive, "mishap {at}");
        }
    });
}

#[test]
fn a_narrower_pattern_of_repositories_touches_nothing_outside_it() {
    run(async {
        let region = region(&hub_only());
        region.push("shop/web", 2, &["v1"]);
        region.scan("shop/web", 2, flaws([7]));
        Duty::of(&region).well(&[told::scanned("shop/web", 2, &["v1"], region.now())]).await;
        scan(&region, flaws(0..3)).await;
        let narrow = Duty { pattern: "shop/*", ..Duty::of(&region) };
        region.pass(DAY);
        // What lies outside is gone, and was scanned, and is not to be read all the same.
        region.delete_repository(APP);
        region.declare(&programs());
        narrow.reconcile().await;
        let done = narrow.well(&[told::deleted(APP, ONE, region.now())]).await;
        assert_eq!(done.metric("NotOurs"), 1);
        assert_eq!(region.states(), states([(0, "ACTIVE"), (1, "ACTIVE"), (2, "ACTIVE"), (7, "ACTIVE")]));
        assert!(region.remembered(&image(APP, ONE)).is_some());
    });
}

#[test]
fn a_finding_that_flaps_is_not_archived_before_it_is_sure_and_keeps_what_users_said() {
    run(async {
        let region = region(&hub_only());
        scan(&region, flaws(0..3)).await;
        region.triage("NOTIFIED");
        // The same scan, read again, lacks one: reads are eventually consistent.
        region.reads(APP, ONE, flaws(1..3));
        look_again(&region).await;
        assert_eq!(region.states()[&flaw(0).vulnerability], "ACTIVE", "one absence is none");
        region.reads(APP, ONE, flaws(0..3));
        look_again(&region).await;
        region.reads(APP, ONE, flaws(1..3));
        look_again(&region).await;
        assert_eq!(region.states()[&flaw(0).vulnerability], "ACTIVE", "nor are two with a presence between them");
        assert_eq!(region.workflows().into_iter().collect::<Vec<_>>(), ["NOTIFIED"]);
        look_again(&region).await;
        assert_eq!(region.states()[&flaw(0).vulnerability], "ARCHIVED", "two in a row are");

        // It comes back, which costs what users said; from then on it is watched.
        region.pass(DAY);
        scan(&region, flaws(0..3)).await;
        assert_eq!(region.active(), 3);
        region.triage("RESOLVED");
        region.pass(DAY);
        scan(&region, flaws(1..3)).await;
        assert_eq!(region.active(), 3, "even a new scan is not believed at once");
        region.pass(DAY);
        scan(&region, flaws(0..3)).await;
        assert_eq!(region.workflows().into_iter().collect::<Vec<_>>(), ["RESOLVED"]);
        for _ in 0..2 {
            region.pass(DAY);
            scan(&region, flaws(1..3)).await;
        }
        assert_eq!(region.active(), 2);
    });
}

#[test]
fn two_findings_that_flap_in_turn_are_each_counted() {
    run(async {
        let region = region(&hub_only());
        scan(&region, flaws(0..4)).await;
        region.reads(APP, ONE, flaws([1, 2, 3]));
        look_again(&region).await;
        // The one comes back as the other goes: as many are missing as before.
        region.reads(APP, ONE, flaws([0, 2, 3]));
        look_again(&region).await;
        look_again(&region).await;
        assert_eq!(region.states(), states([(0, "ACTIVE"), (1, "ARCHIVED"), (2, "ACTIVE"), (3, "ACTIVE")]));
    });
}
