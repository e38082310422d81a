//! Messages: read or buried, put together or kept apart, brought again or put back.

use super::*;
use crate::support::{Trouble, When, run};
use ecr_steward::event::drift::Job;
use ecr_steward::fault::FaultKind;

#[test]
fn one_event_mends_a_repository_and_the_events_of_our_own_writes_write_nothing() {
    run(async {
        let world = World::new();
        let all = json!({"ScanOnPush": true, "ImageTagMutability": "IMMUTABLE", "LifecyclePolicy": "Generated",
            "RequiredTags": {"owner": "platform"}, "NoPublicPrincipals": true});
        declare(&world, "Enforce", &all);
        put_mutable(&world, "app");
        world.nudge("app", |repo| {
            repo.policy = Some(
                json!({"Version": "2012-10-17", "Statement": [
                    {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]})
                .to_string(),
            );
        });
        world.start_counting();
        let function = Function::of(&world);
        let came = function.well(&[call("app", "e1", OTHER)]).await;
        // Without an image nothing could expire, so there is no preview.
        assert!(world.calls_to("ecr") <= 10 + world.calls_of("ListImages"), "{} calls", world.calls_to("ecr"));
        assert_eq!(world.writes().len(), 5, "{:?}", world.writes());
        assert_eq!((came.metric("RepositoriesLooked"), came.metric("Mended"), came.metric("Withheld")), (1, 5, 0));
        world.start_counting();
        let own: Vec<Value> = (2..7).map(|event| call("app", &format!("e{event}"), OWN)).collect();
        let came = function.well(&own).await;
        assert_eq!((world.writes().len(), came.metric("RepositoriesLooked"), came.metric("Mended")), (0, 1, 0));
    });
}

#[test]
fn what_cannot_be_read_is_a_letter_at_once_and_what_is_not_ours_is_counted() {
    run(async {
        let world = wrong(1);
        let mut elsewhere = call("r00", "e1", OTHER);
        elsewhere["account"] = json!("999999999999");
        let nameless =
            json!({"source": "aws.ecr", "detail-type": "ECR Image Action", "detail": {"action-type": "PUSH"}});
        let newer = json!({"job": "part", "version": 99, "sweep": "s", "part": 0});
        let bodies = [
            "not JSON".to_owned(),
            nameless.to_string(),
            newer.to_string(),
            elsewhere.to_string(),
            call("other/app", "e2", OTHER).to_string(),
            call("r00", "e3", OTHER).to_string(),
        ];
        let function = Function { pattern: Glob("r*".to_owned()), ..Function::of(&world) };
        let came = function.texts(&bodies).await;
        assert_eq!(came.failed, Vec::<usize>::new());
        assert_eq!((came.metric("DriftNotOurs"), came.metric("DriftDeadLettered"), came.metric("Mended")), (2, 3, 1));
        let letters = world.with(|state| state.overseen.letters.clone());
        let events: Vec<&Value> = letters.iter().map(|(event, _)| event).collect();
        assert_eq!(events, [&json!("not JSON"), &nameless, &newer], "each with the message as it was");
        assert!(letters.iter().all(|(_, reason)| !reason.is_empty()), "{letters:?}");
    });
}

#[test]
fn a_letter_that_cannot_be_sent_lets_the_message_come_again() {
    run(async {
        let world = wrong(0);
        world.trouble_on("SendMessage", 1, Trouble::Fail(When::Before, FaultKind::Unavailable));
        let function = Function::of(&world);
        assert_eq!(function.texts(&["not JSON".to_owned()]).await.failed, [0]);
        assert!(function.texts(&["not JSON".to_owned()]).await.failed.is_empty());
        assert_eq!(world.with(|state| state.overseen.letters.len()), 1);
    });
}

#[test]
fn one_that_fails_fails_alone_and_the_last_time_it_is_a_letter() {
    run(async {
        for trouble in [Trouble::Fail(When::Before, FaultKind::Unavailable), Trouble::Panic] {
            let world = wrong(10);
            let messages: Vec<Value> = (0..10).map(|at| call(&format!("r{at:02}"), &format!("e{at}"), OTHER)).collect();
            world.trouble_on("DescribeRepositories", 3, trouble.clone());
            let came = Function::of(&world).batch(&messages).await;
            let [failed] = came.failed.as_slice() else { panic!("{came:?}") };
            assert_eq!((came.metric("Mended"), came.metric("DriftFailed")), (9, 1));
            world.calm();
            world.always("DescribeRepositories", trouble);
            let last = Function { receives: 5, ..Function::of(&world) };
            let came = last.well(&[messages[*failed].clone()]).await;
            assert_eq!((came.metric("DriftFailed"), came.metric("DriftDeadLettered")), (1, 1));
            let [(event, reason)] = world.with(|state| state.overseen.letters.clone()).try_into().unwrap();
            assert_eq!(event, messages[*failed]);
            assert!(["DescribeRepositories", "panic"].iter().any(|why| reason.contains(why)), "{reason}");
            // Which a replay of the letter brings.
            world.calm();
            Function::of(&world).well(&[event]).await;
            assert!((0..10).all(|at| is_immutable(&world, &format!("r{at:02}"))));
        }
    });
}

#[test]
fn a_message_whose_runs_all_died_is_a_dead_letter_and_is_not_tried_again() {
    run(async {
        let world = wrong(2);
        let after = Function { receives: 6, ..Function::of(&world) };
        let came = after.well(&[call("r00", "e1", OTHER)]).await;
        assert_eq!((came.metric("RepositoriesLooked"), came.metric("DriftDeadLettered")), (0, 1));
        let [(_, reason)] = world.with(|state| state.overseen.letters.clone()).try_into().unwrap();
        assert!(reason.contains("no run of it came to an end"), "{reason}");
        assert_eq!(world.calls_of("DescribeRepositories"), 0);
    });
}

#[test]
fn everything_about_one_repository_is_one_look_and_fails_together() {
    run(async {
        let world = wrong(2);
        let calls = (0..5).map(|at| call("r00", &format!("e{at}"), OTHER));
        let batch: Vec<Value> = calls.chain([push("r00"), push("r01")]).collect();
        world.always("DescribeRepositories", Trouble::Fail(When::Before, FaultKind::Throttled));
        assert_eq!(Function::of(&world).batch(&batch).await.failed, [0, 1, 2, 3, 4, 5, 6]);
        world.calm();
        world.start_counting();
        let came = Function::of(&world).well(&batch).await;
        assert_eq!((world.calls_of("DescribeRepositories"), came.metric("RepositoriesLooked")), (2, 2));
        assert_eq!(world.calls_of("GetRegistryScanningConfiguration"), 1, "asked once an invocation");
    });
}

#[test]
fn a_push_that_comes_with_a_call_does_not_swallow_it() {
    run(async {
        for batch in [[push("r00"), call("r00", "e1", OTHER)], [call("r00", "e1", OTHER), push("r00")]] {
            let world = wrong(1);
            Function::of(&world).well(&batch).await;
            // The sweep will know that the change was announced, and by whom.
            let heard = world.object("drift/heard/r00").expect("the call was heard");
            assert_eq!((heard["event"].as_str(), heard["principal"].as_str()), (Some("e1"), Some(OTHER)));
        }
        let world = wrong(1);
        Function::of(&world).well(&[push("r00")]).await;
        assert_eq!(world.object("drift/heard/r00"), None, "a push announces no setting");
    });
}

#[test]
fn of_several_calls_somebody_elses_is_the_one_that_is_named() {
    run(async {
        let world = wrong(1);
        let mut own = call("r00", "ours", OWN);
        own["detail"]["eventTime"] = json!("2027-01-10T07:59:59Z");
        Function::of(&world).well(&[call("r00", "theirs", OTHER), own]).await;
        let heard = world.object("drift/heard/r00").unwrap();
        assert_eq!(heard["event"], "theirs");
        let journal = world.keys("journal/");
        let [entry] = journal.as_slice() else { panic!("{journal:?}") };
        assert_eq!(world.object(entry).unwrap()["principal"], OTHER);
    });
}

#[test]
fn what_is_not_begun_for_want_of_time_is_put_back_and_is_no_failure() {
    run(async {
        let world = wrong(10);
        let messages: Vec<Value> = (0..10).map(|at| call(&format!("r{at:02}"), &format!("e{at}"), OTHER)).collect();
        world.always("DescribeRepositories", Trouble::Slow(Duration::from_secs(50)));
        let short = Function { left: Duration::from_mins(1), ..Function::of(&world) };
        let came = short.batch(&messages).await;
        let back = world.with(|state| state.overseen.jobs.clone());
        // Four at a time: the first four are done or dropped, the others put back.
        let done = (0..10).filter(|at| is_immutable(&world, &format!("r{at:02}"))).count();
        assert_eq!(back.len() + came.failed.len() + done, 10, "{came:?}");
        assert!(back.len() >= 6 && back.iter().all(|(job, delay)| matches!(job, Job::Look(_)) && *delay == 0));
        world.calm();
        Function::of(&world).settle().await;
        let again: Vec<Value> = came.failed.iter().map(|at| messages[*at].clone()).collect();
        Function::of(&world).well(&again).await;
        assert!((0..10).all(|at| is_immutable(&world, &format!("r{at:02}"))));
        assert_eq!(world.with(|state| state.overseen.letters.len()), 0);
    });
}

#[test]
fn an_event_by_hand_is_handled_and_its_failure_is_the_invocations() {
    run(async {
        let world = wrong(1);
        let function = Function::of(&world);
        world.trouble_on("DescribeRepositories", 1, Trouble::Fail(When::Before, FaultKind::Denied));
        let why = function.invoke(call("r00", "e1", OTHER)).await.unwrap_err();
        assert!(why.contains("DescribeRepositories"), "{why}");
        assert!(function.invoke(call("r00", "e1", OTHER)).await.unwrap().failed.is_empty());
        assert!(is_immutable(&world, "r00"));
    });
}

#[test]
fn where_start_up_failed_every_batch_is_told_so() {
    run(async {
        let (place, pattern, census) = (place(), Glob("*".to_owned()), Census::default());
        let watch: Watch<'_, World> = Watch {
            world: Err("start-up failed"),
            place: &place,
            parameter_prefix: "/ecr-steward",
            pattern: &pattern,
            stack_name: "ecr-steward",
            max_receives: 5,
            own_principal: OWN,
            census: &census,
            now: 0,
        };
        let why = Box::pin(handle(&watch, json!({"Records": []}), Duration::from_mins(1))).await.unwrap_err();
        assert_eq!(why, "start-up failed");
    });
}

#[test]
fn metrics_are_one_line_of_the_embedded_format_with_the_stack_as_dimension() {
    run(async {
        let world = wrong(1);
        let line = Function::of(&world).well(&[call("r00", "e1", OTHER)]).await.metrics;
        let [directive] = line["_aws"]["CloudWatchMetrics"].as_array().unwrap().as_slice() else { panic!("{line}") };
        assert_eq!((&directive["Namespace"], &directive["Dimensions"]), (&json!("EcrSteward"), &json!([["Stack"]])));
        assert_eq!(line["Stack"], "ecr-steward");
        let metrics = directive["Metrics"].as_array().unwrap();
        assert!((1..=100).contains(&metrics.len()), "{line}");
        // The findings function counts under the same dimension: no name may be one of its.
        let theirs = ["NotOurs", "DeadLettered", "Failed", "ScansSeen", "ScansMissed"];
        for metric in metrics {
            let name = metric["Name"].as_str().unwrap();
            assert!(line[name].is_u64() && metric["Unit"] == "Count" && !theirs.contains(&name), "{line}");
        }
    });
}
