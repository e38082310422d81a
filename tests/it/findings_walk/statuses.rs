//! Every state a scan can be in, and one that ECR has yet to learn, comes to something.

use super::*;
use crate::support::forwarding::events::scan_ended;
use ecr_steward::event::findings::{Job, LOOK_AGAIN_SECONDS, MOST_LOOKS};
use ecr_steward::model::scan::ScanStatus;

const TOLD: &str = "Image could not be scanned";

/// How often Security Hub says, as active, that an image could not be scanned.
fn told_unscanned(region: &Region) -> usize {
    let is_told = |(title, state): (&String, &String)| title.starts_with(TOLD) && state == "ACTIVE";
    region.states().iter().filter(|pair| is_told(*pair)).count()
}

async fn announce(region: &Region, word: &str, findings: Vec<Finding>) -> Done {
    region.scan_is(APP, ONE, ScanStatus::from(word.to_owned()), findings);
    let event = scan_ended(APP, ONE, &["v1"], region.now(), "FAILED");
    region.pass(MINUTE);
    Duty::of(region).well(&[event]).await
}

#[test]
fn what_could_not_be_scanned_is_a_finding_that_resolves_by_itself() {
    run(async {
        let words = [
            "FAILED",
            "UNSUPPORTED_IMAGE",
            "FINDINGS_UNAVAILABLE",
            "LIMIT_EXCEEDED",
            "IMAGE_SIZE_EXCEEDED",
            "SCAN_ELIGIBILITY_EXPIRED",
            "SOMETHING_NEW",
            "",
        ];
        for word in words {
            let region = region(&programs());
            let done = announce(&region, word, Vec::new()).await;
            assert_eq!(told_unscanned(&region), 1, "{word}");
            assert_eq!(done.metric("ImagesNotScanned"), 1, "{word}");
            assert_eq!(region.archive().len(), 1, "{word}");
            // Again: nothing new.
            region.pass(HOUR);
            region.imported();
            announce(&region, word, Vec::new()).await;
            assert_eq!((told_unscanned(&region), region.imported()), (1, 0), "{word}");
            // Another reason: the same finding.
            region.pass(HOUR);
            announce(&region, "ANOTHER_WORD", Vec::new()).await;
            assert_eq!(
                (told_unscanned(&region), region.imported()),
                (1, usize::from(word != "ANOTHER_WORD")),
                "{word}"
            );
            region.pass(HOUR);
            scan(&region, flaws(0..2)).await;
            assert_eq!((told_unscanned(&region), region.active()), (0, 2), "{word}");
        }
    });
}

#[test]
fn what_was_known_before_stays_while_an_image_cannot_be_scanned() {
    run(async {
        let region = region(&hub_only());
        scan(&region, flaws(0..3)).await;
        region.pass(DAY);
        announce(&region, "FAILED", Vec::new()).await;
        assert_eq!((region.active(), told_unscanned(&region)), (4, 1));
        region.pass(DAY);
        scan(&region, flaws(0..3)).await;
        assert_eq!((region.active(), told_unscanned(&region)), (3, 0));
    });
}

#[test]
fn both_states_of_a_scan_that_has_ended_are_read() {
    run(async {
        for word in ["COMPLETE", "ACTIVE"] {
            let region = region(&hub_only());
            announce(&region, word, flaws(0..3)).await;
            assert_eq!((region.active(), told_unscanned(&region)), (3, 0), "{word}");
        }
    });
}

#[test]
fn an_archived_image_that_was_never_seen_is_nothing() {
    run(async {
        let region = region(&everywhere());
        announce(&region, "IMAGE_ARCHIVED", Vec::new()).await;
        assert_eq!(region.states().len(), 0);
        assert_eq!(region.remembered(&image(APP, ONE)), None);
    });
}

#[test]
fn a_scan_that_is_not_finished_is_looked_at_four_times_more_and_then_told() {
    run(async {
        for word in ["IN_PROGRESS", "PENDING"] {
            let region = region(&hub_only());
            announce(&region, word, Vec::new()).await;
            for attempt in 1..=MOST_LOOKS {
                let queue = region.with(|state| std::mem::take(&mut state.queue));
                let [(Job::Image(job), delay)] = queue.as_slice() else { panic!("{queue:?}") };
                assert_eq!((job.attempt, *delay), (attempt, LOOK_AGAIN_SECONDS), "{word}");
                assert_eq!(told_unscanned(&region), 0, "{word}");
                region.pass(15 * MINUTE);
                Duty::of(&region).well(&[told::written(&Job::Image(job.clone()))]).await;
            }
            assert_eq!(MOST_LOOKS, 4);
            assert_eq!((told_unscanned(&region), region.with(|state| state.queue.len())), (1, 0), "{word}");
            scan(&region, flaws(0..2)).await;
            assert_eq!((region.active(), told_unscanned(&region)), (2, 0), "{word}");
        }
    });
}

#[test]
fn a_scan_that_finishes_between_two_looks_is_read_once() {
    run(async {
        let region = region(&hub_only());
        announce(&region, "IN_PROGRESS", Vec::new()).await;
        region.pass(15 * MINUTE);
        region.scan(APP, ONE, flaws(0..3));
        region.calls();
        Duty::of(&region).settle().await;
        assert_eq!((region.active(), told_unscanned(&region)), (3, 0));
        assert_eq!(count(&region.calls(), "DescribeImageScanFindings"), 1);
    });
}
