//! Events come twice, late, in any order and in crowds; what is so does not depend on that.

use super::*;
use crate::support::forwarding::events::{finding_changed, scanned};
use crate::support::forwarding::registry::enhanced;
use ecr_steward::model::scan::ScanStatus;

#[test]
fn an_event_that_comes_twice_is_looked_at_once() {
    run(async {
        let region = region(&everywhere());
        region.scan(APP, ONE, flaws(0..5));
        let event = scanned(APP, ONE, &["v1"], region.now());
        region.pass(MINUTE);
        // In one batch and in the next.
        Duty::of(&region).well(&[event.clone(), event.clone()]).await;
        assert_eq!(count(&region.calls(), "DescribeImageScanFindings"), 1);
        Duty::of(&region).well(&[event]).await;
        assert_eq!(region.calls(), ["GetObject", "GetObject"], "the policy and the record");
        assert_eq!(region.imported(), 5);
    });
}

#[test]
fn an_older_event_that_comes_later_changes_nothing() {
    run(async {
        let region = region(&everywhere());
        let before = region.now();
        region.pass(HOUR);
        scan(&region, flaws(0..5)).await;
        let record = region.remembered(&image(APP, ONE));
        region.imported();
        let late = scanned(APP, ONE, &["an-old-tag"], before);
        Duty::of(&region).well(&[late]).await;
        // Not even a deletion that is long past: what counts is what is there.
        Duty::of(&region).well(&[told::deleted(APP, ONE, before)]).await;
        assert_eq!((region.imported(), region.active()), (0, 5));
        assert_eq!(region.remembered(&image(APP, ONE)), record);
        assert_eq!(region.with(|state| (state.topic.len(), state.bus.len(), state.posts.len())), (1, 1, 3));
    });
}

#[test]
fn a_scan_that_is_told_of_after_the_image_is_gone_brings_nothing_back() {
    run(async {
        let region = region(&programs());
        scan(&region, flaws(0..5)).await;
        let scan_event = scanned(APP, ONE, &["v1"], region.now());
        region.delete_image(APP, ONE);
        Duty::of(&region).well(&[told::deleted(APP, ONE, region.now())]).await;
        region.imported();
        Duty::of(&region).well(&[scan_event]).await;
        assert_eq!((region.imported(), region.active()), (0, 0));
        assert_eq!(region.remembered(&image(APP, ONE)), None);
    });
}

#[test]
fn five_hundred_events_of_inspector_about_one_image_are_one_look() {
    run(async {
        let region = region(&json!({"Routes": [{"Sink": "EventBridge"}]}));
        region.scan_is(APP, ONE, ScanStatus::Active, (0..500).map(enhanced).collect());
        let events: Vec<Value> = (0..500).map(|at| finding_changed(APP, ONE, region.now() + at)).collect();
        region.pass(MINUTE);
        region.calls();
        for batch in events.chunks(10) {
            Duty::of(&region).well(batch).await;
        }
        let calls = region.calls();
        assert_eq!(count(&calls, "DescribeImageScanFindings"), 1);
        assert_eq!(count(&calls, "PutEvents"), 1);
        assert!(calls.len() <= 50 * 2 + 5, "{} calls", calls.len());
        // One that tells of something newer than what was read is another look.
        region.pass(HOUR);
        Duty::of(&region).well(&[finding_changed(APP, ONE, region.now())]).await;
        assert_eq!(count(&region.calls(), "DescribeImageScanFindings"), 1);
    });
}

#[test]
fn of_two_looks_at_one_image_at_a_time_one_begins_again() {
    run(async {
        let single = region(&everywhere());
        scan(&single, flaws(0..5)).await;
        let region = region(&everywhere());
        region.scan(APP, ONE, flaws(0..5));
        let event = [scanned(APP, ONE, &["v1"], region.now())];
        region.pass(MINUTE);
        let (one, two) = (Duty::of(&region), Duty::of(&region));
        let (one, two) = tokio::join!(one.batch(&event), two.batch(&event));
        assert_eq!(one.failed.len() + two.failed.len(), 1, "{one:?} {two:?}");
        region.pass(MINUTE);
        Duty { receives: 2, ..Duty::of(&region) }.well(&event).await;
        let held = |region: &Region| {
            region.with(|state| {
                state.hub.held.iter().map(|(id, held)| (id.clone(), held.text.clone())).collect::<Vec<_>>()
            })
        };
        assert_eq!(held(&region), held(&single));
        assert_eq!(region.objects(""), single.objects(""));
        assert_eq!(region.parcels().len(), 5, "nobody hears of it twice");
        assert_eq!(region.letters().len(), 0);
    });
}

#[test]
fn two_looks_for_two_events_at_a_time_come_to_one_state() {
    run(async {
        let region = region(&hub_only());
        scan(&region, flaws(0..5)).await;
        region.pass(DAY);
        region.scan(APP, ONE, flaws(2..8));
        let events = [scanned(APP, ONE, &["v1"], region.now()), told::deleted(APP, ONE, region.now() + 500)];
        region.pass(MINUTE);
        let (one, two) = (Duty::of(&region), Duty::of(&region));
        let (one, two) = tokio::join!(one.batch(&events[..1]), two.batch(&events[1..]));
        assert_eq!(one.failed.len() + two.failed.len(), 1, "{one:?} {two:?}");
        Duty { receives: 2, ..Duty::of(&region) }.well(&events).await;
        let gone = [0, 1].map(|number| (number, "ARCHIVED"));
        assert_eq!(region.states(), states((2..8).map(|number| (number, "ACTIVE")).chain(gone)));
    });
}
