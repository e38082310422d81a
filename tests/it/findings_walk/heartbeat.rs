//! Security Hub deletes an active finding that nobody has updated for 90 days. None of ours lapses, and few are sent again.

use super::*;

/// Days simulated.
const DAYS: i64 = 400;

#[test]
fn nothing_lapses_in_four_hundred_days_and_nothing_is_sent_again_before_its_time() {
    run(async {
        let region = region(&hub_only());
        region.push(APP, 2, &["v2"]);
        region.push(APP, 3, &["v3"]);
        scan(&region, flaws(0..6)).await;
        for number in [2, 3] {
            region.scan(APP, number, flaws(number * 100..number * 100 + 6));
            Duty::of(&region).well(&[told::scanned(APP, number, &["v"], region.now())]).await;
        }
        let mut sent = Vec::new();
        region.imported();
        for day in 1..=DAYS {
            region.pass(DAY);
            match day {
                // The second image is scanned once more, when half of it is otherwise.
                25 => {
                    let mut findings = flaws(200..206);
                    findings[..3].iter_mut().for_each(|finding| "Again.".clone_into(&mut finding.description));
                    region.scan(APP, 2, findings);
                    Duty::of(&region).well(&[told::scanned(APP, 2, &["v2"], region.now())]).await;
                    assert_eq!(region.imported(), 3, "only what changed");
                }
                // The third loses one now and then, which has to be remembered and is not told.
                50 | 104 | 158 => {
                    region.reads(APP, 3, flaws(300..305));
                    Duty::of(&region).well(&[told::deleted(APP, 3, region.now())]).await;
                    region.reads(APP, 3, flaws(300..306));
                    sent.push((day, region.imported()));
                }
                _ => {}
            }
            Duty::of(&region).reconcile().await;
            region.with(|state| {
                let now = state.now;
                state.hub.forget(now);
                assert_eq!(state.hub.lapsed, Vec::<String>::new(), "day {day}");
            });
            sent.push((day, region.imported()));
        }
        assert_eq!(region.active(), 18);
        let first = sent.iter().find(|(_, number)| *number > 0).unwrap();
        assert!(first.0 >= 30, "{first:?}");
        let all: usize = sent.iter().map(|(_, number)| number).sum();
        // Eighteen findings, each once in 30 to 60 days.
        assert!((18 * 6..=18 * 13).contains(&all), "{all} in {DAYS} days");
    });
}

#[test]
fn what_has_not_changed_is_sent_after_sixty_days_or_thirty_if_the_record_is_written() {
    run(async {
        for (days, more, sent) in [(29, true, 1), (31, true, 6), (54, false, 0), (59, false, 0), (61, false, 5)] {
            let region = region(&hub_only());
            scan(&region, flaws(0..5)).await;
            region.imported();
            region.pass(days * DAY);
            scan(&region, flaws(0..if more { 6 } else { 5 })).await;
            assert_eq!(region.imported(), sent, "after {days} days");
        }
    });
}

#[test]
fn what_is_brought_in_late_does_not_arrive_old() {
    run(async {
        let region = region(&hub_only());
        region.scan(APP, ONE, flaws(0..5));
        let event = told::scanned(APP, ONE, &["v1"], region.now());
        region.pass(100 * DAY);
        Duty::of(&region).well(&[event]).await;
        region.with(|state| {
            let now = state.now;
            state.hub.forget(now);
        });
        assert_eq!(region.active(), 5);
        let created = region.with(|state| state.hub.held.values().next().unwrap().text["CreatedAt"].clone());
        assert_eq!(created, "2027-01-10T08:00:00.000Z", "it is as old as it is");
    });
}
