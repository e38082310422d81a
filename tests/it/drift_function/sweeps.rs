//! A schedule, and the queue that the function sends to itself until the report is written.

use super::*;
use crate::support::{Trouble, When, run};
use ecr_steward::event::drift::Job;
use ecr_steward::fault::FaultKind;
use ecr_steward::flow::drift::Switch;

fn schedule() -> Value {
    json!({"id": "638a6d92", "source": "aws.events", "detail-type": "Scheduled Event", "account": "123456789012",
        "region": "eu-west-1", "time": "2027-01-10T08:00:00Z", "detail": {}})
}

fn sum(all: &[Came], metric: &str) -> u64 {
    all.iter().map(|came| came.metric(metric)).sum()
}

#[test]
fn a_schedule_comes_to_a_report_and_everything_is_mended_on_the_way() {
    run(async {
        let world = wrong(99);
        for number in 99..250 {
            put_mutable(&world, &format!("r{number}"));
        }
        let function = Function::of(&world);
        function.well(&[schedule(), schedule()]).await;
        let all = function.settle().await;
        assert_eq!((sum(&all, "SweepParts"), sum(&all, "SweepReports")), (3, 1));
        assert_eq!(sum(&all, "RepositoriesLooked"), 250);
        // The cap is a hundred.
        assert_eq!((sum(&all, "Mended"), sum(&all, "Withheld"), world.writes().len()), (100, 150, 100));
        for ending in ["json", "csv", "html"] {
            assert_eq!(world.keys(&format!("reports/latest.{ending}")).len(), 1, "{ending}");
        }
    });
}

#[test]
fn the_same_schedule_again_begins_nothing() {
    run(async {
        let world = wrong(3);
        let function = Function::of(&world);
        function.well(&[schedule()]).await;
        function.settle().await;
        world.start_counting();
        function.well(&[schedule()]).await;
        function.settle().await;
        assert_eq!((world.calls_to("ecr"), world.writes().len()), (0, 0));
    });
}

#[test]
fn a_part_that_always_fails_is_given_up_with_a_letter_and_the_report_comes() {
    run(async {
        for trouble in [Trouble::Panic, Trouble::Fail(When::Before, FaultKind::Unavailable)] {
            let world = wrong(3);
            let function = Function::of(&world);
            function.well(&[schedule()]).await;
            let [part] = world.take_jobs().try_into().unwrap();
            let body = serde_json::to_value(&part).unwrap();
            // Before it can even say what is in it.
            world.always("GetObject", trouble);
            assert_eq!(function.batch(std::slice::from_ref(&body)).await.failed, [0]);
            world.calm();
            // On its last delivery it fails where its result would be written down.
            world.trouble_on("GetObject", 2, Trouble::Fail(When::Before, FaultKind::Unavailable));
            let last = Function { receives: 5, ..Function::of(&world) };
            let came = last.well(std::slice::from_ref(&body)).await;
            assert_eq!(came.metric("DriftDeadLettered"), 1);
            let [(event, reason)] = world.with(|state| state.overseen.letters.clone()).try_into().unwrap();
            assert!(event == body && reason.contains("GetObject"), "{event} {reason}");
            world.calm();
            let all = function.settle().await;
            assert_eq!(sum(&all, "SweepReports"), 1);
            let report = world.with(|state| state.objects.get("reports/latest.json").cloned()).expect("a report");
            let report = String::from_utf8(report.0).unwrap();
            assert!(["r00", "r01", "r02"].iter().all(|name| report.contains(name)), "nobody is forgotten: {report}");
        }
    });
}

#[test]
fn a_part_that_cannot_even_be_given_up_comes_again() {
    run(async {
        let world = wrong(3);
        let function = Function::of(&world);
        function.well(&[schedule()]).await;
        let [part] = world.take_jobs().try_into().unwrap();
        world.always("PutObject", Trouble::Fail(When::Before, FaultKind::Unavailable));
        let last = Function { receives: 5, ..Function::of(&world) };
        let came = last.batch(&[serde_json::to_value(&part).unwrap()]).await;
        assert_eq!((came.failed, world.with(|state| state.overseen.letters.len())), (vec![0], 0));
    });
}

#[test]
fn parts_that_do_not_fit_into_the_time_are_put_back() {
    run(async {
        let world = wrong(3);
        let function = Function::of(&world);
        function.well(&[schedule()]).await;
        let [part] = world.take_jobs().try_into().unwrap();
        let late = Function { left: Duration::ZERO, ..Function::of(&world) };
        late.well(&[serde_json::to_value(&part).unwrap()]).await;
        assert_eq!(world.with(|state| state.overseen.jobs.clone()), [(part, 0)]);
        let all = function.settle().await;
        assert_eq!((sum(&all, "SweepReports"), sum(&all, "Mended")), (1, 3));
    });
}

#[test]
fn a_baseline_that_cannot_be_used_is_told_of_by_notice_and_report() {
    run(async {
        let world = wrong(3);
        let damaged = br#"{"version": 1, "properties": {"Mode": "Enforse"}}"#;
        world.with(|state| state.objects.insert(BASELINE.to_owned(), (damaged.to_vec(), 0)));
        let function = Function::of(&world);
        function.well(&[schedule()]).await;
        let all = function.settle().await;
        assert_eq!((sum(&all, "SweepReports"), world.writes().len()), (1, 0));
        let [(_, told)] = world.with(|state| state.overseen.notices.clone()).try_into().unwrap();
        let report = world.object("reports/latest.json").expect("a report");
        for words in [told, report["notes"].to_string()] {
            assert!(words.contains("declared baseline cannot be used") && words.contains("Mode"), "{words}");
        }
    });
}

#[test]
fn while_the_switch_is_off_no_sweep_begins() {
    run(async {
        let world = wrong(3);
        world.with(|state| state.overseen.switch = (Switch::Off, None));
        Function::of(&world).well(&[schedule()]).await;
        assert_eq!((world.take_jobs(), world.calls_to("ecr")), (Vec::<Job>::new(), 0));
    });
}
