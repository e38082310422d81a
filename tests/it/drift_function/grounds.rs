//! What everything is judged by: the kill switch, the stored baseline, and the share that events may change.

use super::*;
use crate::support::{Trouble, When, run};
use ecr_steward::fault::FaultKind;
use ecr_steward::flow::drift::Switch;

#[test]
fn off_means_that_nothing_is_looked_at_and_the_messages_are_done() {
    run(async {
        let world = wrong(2);
        world.with(|state| state.overseen.switch = (Switch::Off, None));
        let came = Function::of(&world).well(&[call("r00", "e1", OTHER), push("r01")]).await;
        assert_eq!((world.calls_to("ecr"), came.metric("RepositoriesLooked")), (0, 0));
    });
}

#[test]
fn report_only_and_a_switch_that_cannot_be_read_write_nothing() {
    run(async {
        for switch in [(Switch::ReportOnly, None), (Switch::ReportOnly, Some("says \"of\"".to_owned()))] {
            let world = wrong(1);
            world.with(|state| state.overseen.switch = switch);
            let came = Function::of(&world).well(&[call("r00", "e1", OTHER)]).await;
            assert_eq!((world.writes().len(), came.metric("Withheld"), came.metric("Mended")), (0, 1, 0));
        }
    });
}

#[test]
fn without_a_baseline_there_is_nothing_to_hold_a_repository_to() {
    run(async {
        let world = wrong(1);
        world.with(|state| state.objects.remove(BASELINE));
        let came = Function::of(&world).well(&[call("r00", "e1", OTHER)]).await;
        assert_eq!((world.writes().len(), came.metric("RepositoriesLooked"), came.metric("Withheld")), (0, 1, 0));
    });
}

#[test]
fn a_stored_baseline_that_cannot_be_used_enforces_nothing_and_stops_no_message() {
    run(async {
        let unusable = [
            "not JSON".to_owned(),
            json!({"version": 99, "properties": {"Mode": "Enforce", "Rules": []}}).to_string(),
            json!({"version": 1, "properties": {"Mode": "Enforse"}}).to_string(),
        ];
        for text in unusable {
            let world = wrong(1);
            world.with(|state| state.objects.insert(BASELINE.to_owned(), (text.clone().into_bytes(), 0)));
            Function::of(&world).well(&[call("r00", "e1", OTHER)]).await;
            assert_eq!(world.writes().len(), 0, "{text}");
        }
    });
}

#[test]
fn a_baseline_that_cannot_be_read_now_lets_every_message_come_again() {
    run(async {
        let world = wrong(2);
        world.trouble_on("GetObject", 1, Trouble::Fail(When::Before, FaultKind::Unavailable));
        let came = Function::of(&world).batch(&[call("r00", "e1", OTHER), call("r01", "e2", OTHER)]).await;
        assert_eq!((came.failed, world.writes().len()), (vec![0, 1], 0), "judged by no baseline they would be fine");
        world.trouble_on("GetObject", 1, Trouble::Fail(When::Before, FaultKind::Denied));
        let last = Function { receives: 5, ..Function::of(&world) };
        last.well(&[call("r00", "e1", OTHER)]).await;
        let [(_, reason)] = world.with(|state| state.overseen.letters.clone()).try_into().unwrap();
        assert!(reason.contains("GetObject") && reason.contains("role"), "{reason}");
    });
}

#[test]
fn a_share_of_the_registry_is_counted_once_in_a_while_and_a_count_needs_no_counting() {
    run(async {
        let world = wrong(10);
        let rules = json!([{"Name": "everything", "Require": {"ImageTagMutability": "IMMUTABLE"}}]);
        declare_all(&world, &json!({"Mode": "Enforce", "MaxChangesPerRun": "20%", "Rules": rules}));
        world.with(|state| state.page_size = 4);
        let function = Function::of(&world);
        let messages: Vec<Value> = (0..3).map(|at| call(&format!("r{at:02}"), &format!("e{at}"), OTHER)).collect();
        let came = function.well(&messages).await;
        assert_eq!((came.metric("Mended"), came.metric("Withheld")), (2, 1), "a fifth of ten");
        assert_eq!(world.calls_of("DescribeRepositories"), 3 + 3, "three looks, three pages");
        world.start_counting();
        function.well(&messages[..1]).await;
        assert_eq!(world.calls_of("DescribeRepositories"), 1);
        let world = wrong(3);
        Function::of(&world).well(&messages).await;
        assert_eq!((world.calls_of("DescribeRepositories"), world.writes().len()), (3, 3));
    });
}

#[test]
fn scanning_that_cannot_be_read_is_unknown_and_the_rest_goes_on() {
    run(async {
        let world = wrong(1);
        declare(&world, "Enforce", &json!({"ScanOnPush": true, "ImageTagMutability": "IMMUTABLE"}));
        world.always("GetRegistryScanningConfiguration", Trouble::Fail(When::Before, FaultKind::Denied));
        let came = Function::of(&world).well(&[call("r00", "e1", OTHER)]).await;
        assert!(is_immutable(&world, "r00"));
        assert_eq!((came.metric("Mended"), came.metric("Unknown")), (1, 1));
    });
}
