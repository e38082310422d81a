//! What no event announced is found all the same, and nothing is looked at that need not be.

use super::*;
use crate::support::forwarding::events::tick;
use crate::support::forwarding::mishap::Mishap;
use ecr_steward::event::findings::{Job, ReconcileJob, VERSION};
use std::collections::BTreeSet;
use std::time::Duration;

/// Images that an undisturbed reconciliation looks at, by number.
async fn looked_at(region: &Region) -> BTreeSet<String> {
    Duty::of(region).well(&[tick(region.now())]).await;
    let mut images = BTreeSet::new();
    loop {
        let queue = region.with(|state| std::mem::take(&mut state.queue));
        if queue.is_empty() {
            return images;
        }
        for (job, _) in queue {
            if let Job::Image(job) = &job {
                images.insert(job.image.digest.short().to_owned() + job.image.digest.hex().get(60..).unwrap());
            }
            Duty::of(region).well(&[told::written(&job)]).await;
        }
    }
}

fn missed(done: &[Done]) -> u64 {
    done.iter().map(|done| done.metric("ScansMissed")).sum()
}

#[test]
fn the_first_run_begins_when_the_installation_did_and_the_next_where_the_last_one_began() {
    run(async {
        let region = region(&hub_only());
        region.with(|state| state.began_at = (BEGIN + HOUR) / 1_000);
        region.scan(APP, ONE, flaws([1]));
        region.push(APP, 2, &["v2"]);
        region.pass(2 * HOUR);
        region.scan(APP, 2, flaws([2]));
        region.pass(HOUR);
        // The past is not brought in; what has been scanned since is, though nobody told of it.
        let done = Duty::of(&region).reconcile().await;
        assert_eq!((region.states(), missed(&done)), (states([(2, "ACTIVE")]), 1));
        // A scan that ended shortly before the last run, and was not to be seen then.
        region.push(APP, 3, &["v3"]);
        region.scan(APP, 3, flaws([3]));
        region.nudge(APP, 3, |image| {
            let scan = image.scan.as_mut().unwrap();
            scan.completed_at = scan.completed_at.map(|at| at - 50 * MINUTE);
        });
        region.pass(6 * HOUR);
        let done = Duty::of(&region).reconcile().await;
        assert_eq!((region.active(), missed(&done)), (2, 1));
        region.pass(6 * HOUR);
        assert_eq!((looked_at(&region).await.len(), region.active()), (0, 2), "nothing is left to look at");
    });
}

#[test]
fn an_image_that_native_scanning_shows_no_time_of_counts_by_its_push() {
    run(async {
        let region = region(&hub_only());
        region.scan(APP, ONE, flaws([1]));
        region.nudge(APP, ONE, |image| image.summary = false);
        region.pass(MINUTE);
        Duty::of(&region).reconcile().await;
        assert_eq!(region.active(), 1);
    });
}

#[test]
fn what_events_have_brought_is_not_looked_at_again() {
    run(async {
        let region = region(&hub_only());
        scan(&region, flaws([1])).await;
        region.calls();
        let done = Duty::of(&region).reconcile().await;
        assert_eq!(missed(&done), 0);
        assert_eq!(count(&region.calls(), "DescribeImageScanFindings"), 0);
        assert_eq!(region.active(), 1);
    });
}

#[test]
fn a_past_that_is_asked_for_is_brought_in_without_a_word_and_moves_no_mark() {
    run(async {
        let region = region(&everywhere());
        region.scan(APP, ONE, flaws(0..4));
        region.pass(40 * DAY);
        region.with(|state| state.began_at = state.now / 1_000);
        let past = ReconcileJob { version: VERSION, since: Some(0), quiet: true, resume: None };
        Duty::of(&region).well(&[told::written(&Job::Reconcile(past))]).await;
        Duty::of(&region).settle().await;
        assert_eq!((region.active(), region.archive().len(), region.parcels().len()), (4, 4, 0));
        assert_eq!(region.objects("findings/reconciled").len(), 0);
    });
}

#[test]
fn records_that_were_not_written_for_long_are_looked_at_and_others_are_not() {
    run(async {
        let region = region(&hub_only());
        scan(&region, flaws([1])).await;
        // From here on no run reaches back to the scan.
        for _ in 0..2 {
            Duty::of(&region).reconcile().await;
            region.pass(2 * HOUR);
        }
        for (days, looks) in [(30, 0), (24, 0), (2, 1), (1, 1)] {
            region.pass(days * DAY);
            assert_eq!(looked_at(&region).await.len(), looks);
        }
        region.pass(5 * DAY);
        assert_eq!((looked_at(&region).await.len(), region.imported()), (1, 2), "its heartbeat");
        region.pass(DAY);
        assert_eq!(looked_at(&region).await.len(), 0);
    });
}

#[test]
fn a_new_policy_is_held_against_everything_that_is_remembered_once() {
    run(async {
        let region = region(&hub_only());
        for number in 1..=5 {
            region.push(APP, number, &["v"]);
            region.scan(APP, number, flaws([number * 5]));
            Duty::of(&region).well(&[told::scanned(APP, number, &["v"], region.now())]).await;
        }
        region.pass(DAY);
        Duty::of(&region).reconcile().await;
        region.declare(&json!({"Routes": [{"Sink": "SecurityHub", "MinimumSeverity": "HIGH"}]}));
        region.pass(6 * HOUR);
        assert_eq!((looked_at(&region).await.len(), region.active()), (5, 0));
        region.pass(6 * HOUR);
        assert_eq!(looked_at(&region).await.len(), 0);
    });
}

#[test]
fn a_run_that_is_short_of_time_hands_on_and_misses_nothing() {
    run(async {
        let region = region(&hub_only());
        let names: Vec<String> = (0..15).map(|number| format!("team/app-{number}")).collect();
        for (number, name) in (10..).zip(&names) {
            region.push(name, number, &["v1"]);
            region.scan(name, number, flaws([number]));
        }
        // Two whose repositories are gone by the time.
        for number in [50, 51] {
            let name = format!("gone/app-{number}");
            region.push(&name, number, &["v1"]);
            region.scan(&name, number, flaws([number]));
            Duty::of(&region).well(&[told::scanned(&name, number, &["v1"], region.now())]).await;
            region.delete_repository(&name);
        }
        region.pass(HOUR);
        region.with(|state| state.page_size = 2);
        region.always("DescribeRepositories", Mishap::Slow(Duration::from_secs(6)));
        region.always("ListObjectsV2", Mishap::Slow(Duration::from_secs(6)));
        let duty = Duty { left: Duration::from_mins(1), ..Duty::of(&region) };
        let mut parts = 0;
        let mut next = tick(region.now());
        loop {
            parts += 1;
            assert!(parts < 20, "it goes on for ever");
            duty.well(&[next]).await;
            let handed_on = region.with(|state| {
                let at = state.queue.iter().position(|(job, _)| matches!(job, Job::Reconcile(_)))?;
                Some(state.queue.remove(at).0)
            });
            let Some(job) = handed_on else { break };
            next = told::written(&job);
        }
        assert!(parts >= 2, "{parts} parts");
        region.calm();
        Duty::of(&region).settle().await;
        let there = (10..25).map(|number| (number, "ACTIVE"));
        assert_eq!(region.states(), states(there.chain([(50, "ARCHIVED"), (51, "ARCHIVED")])));
        assert_eq!(region.objects("findings/reconciled").len(), 1);
    });
}

#[test]
fn a_run_that_fails_leaves_the_mark_where_it_was() {
    run(async {
        let region = region(&hub_only());
        region.scan(APP, ONE, flaws([1]));
        region.pass(MINUTE);
        region.mishap_on("SendMessageBatch", 1, Mishap::Fail(When::Before, ecr_steward::fault::FaultKind::Unavailable));
        assert_eq!(Duty::of(&region).batch(&[tick(region.now())]).await.failed, [0]);
        assert_eq!(region.objects("findings/reconciled").len(), 0);
        region.calm();
        Duty::of(&region).reconcile().await;
        assert_eq!(region.active(), 1);
    });
}
