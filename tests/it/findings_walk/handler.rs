//! The function itself: each message answered for itself, whatever the others come to.

use super::*;
use crate::support::forwarding::mishap::Mishap;
use ecr_steward::event::findings::Job;
use ecr_steward::fault::FaultKind;
use std::time::Duration;

const MANY: u32 = 10;

/// Ten images that have just been scanned, and the messages about them.
fn many() -> (Region, Vec<Value>) {
    let region = Region::new();
    region.declare(&hub_only());
    for number in 1..=MANY {
        region.push(APP, number, &["v"]);
        region.scan(APP, number, flaws([number * 5]));
    }
    let messages = (1..=MANY).map(|number| told::scanned(APP, number, &["v"], region.now())).collect();
    region.pass(MINUTE);
    (region, messages)
}

#[test]
fn what_cannot_be_read_is_a_letter_at_once_and_what_is_not_ours_is_counted() {
    run(async {
        let region = region(&hub_only());
        region.scan(APP, ONE, flaws([1]));
        let mut elsewhere = told::scanned(APP, ONE, &["v1"], region.now());
        elsewhere["account"] = json!("999999999999");
        let mut push = told::deleted(APP, ONE, region.now());
        push["detail"]["action-type"] = json!("PUSH");
        let nameless = json!({"source": "aws.ecr", "detail-type": "ECR Image Scan", "detail": {}});
        let newer = json!({"job": "image", "version": 99});
        let bodies = [
            "not JSON".to_owned(),
            nameless.to_string(),
            newer.to_string(),
            elsewhere.to_string(),
            push.to_string(),
            told::scanned(APP, ONE, &["v1"], region.now()).to_string(),
        ];
        let done = Duty::of(&region).texts(&bodies).await;
        assert_eq!(done.failed, Vec::<usize>::new());
        assert_eq!((done.metric("NotOurs"), done.metric("DeadLettered"), done.metric("ScansSeen")), (2, 3, 1));
        assert_eq!(region.active(), 1);
        let letters = region.letters();
        let events: Vec<&Value> = letters.iter().map(|letter| &letter.event).collect();
        assert_eq!(events, [&json!("not JSON"), &nameless, &newer], "each with the message as it was");
        assert!(letters.iter().all(|letter| !letter.reason.is_empty() && letter.sink.is_none()), "{letters:?}");
    });
}

#[test]
fn a_letter_that_cannot_be_sent_lets_the_message_come_again() {
    run(async {
        let region = region(&hub_only());
        region.mishap_on("SendMessage", 1, Mishap::Fail(When::Before, FaultKind::Unavailable));
        assert_eq!(Duty::of(&region).texts(&["not JSON".to_owned()]).await.failed, [0]);
        assert!(Duty::of(&region).texts(&["not JSON".to_owned()]).await.failed.is_empty());
        assert_eq!(region.letters().len(), 1);
    });
}

#[test]
fn one_that_fails_fails_alone_and_the_last_time_it_is_a_letter() {
    run(async {
        let mishaps = [Mishap::Fail(When::Before, FaultKind::Unavailable), Mishap::Panic];
        for mishap in mishaps {
            let (region, messages) = many();
            region.mishap_on("DescribeImageScanFindings", 3, mishap.clone());
            let done = Duty::of(&region).batch(&messages).await;
            let [failed] = done.failed.as_slice() else { panic!("{done:?}") };
            assert_eq!((region.active(), done.metric("Failed")), (9, 1));
            region.calm();
            region.always("DescribeImageScanFindings", mishap);
            let last = Duty { receives: 5, ..Duty::of(&region) };
            let done = last.well(&[messages[*failed].clone()]).await;
            assert_eq!((done.metric("Failed"), done.metric("DeadLettered")), (1, 1));
            let [letter] = region.letters().try_into().unwrap();
            assert_eq!(letter.event, messages[*failed]);
            let why = ["DescribeImageScanFindings", "panic"];
            assert!(why.iter().any(|why| letter.reason.contains(why)), "{}", letter.reason);
            // Which a replay brings.
            region.calm();
            Duty::of(&region).well(&[letter.event]).await;
            assert_eq!(region.active(), 10);
        }
    });
}

#[test]
fn messages_about_one_image_fail_together() {
    run(async {
        let (region, messages) = many();
        let batch = [&messages[..2], &messages[..1]].concat();
        region.always("BatchImportFindings", Mishap::Fail(When::Before, FaultKind::Throttled));
        assert_eq!(Duty::of(&region).batch(&batch).await.failed, [0, 1, 2]);
    });
}

#[test]
fn what_is_not_begun_for_want_of_time_is_put_back_and_is_no_failure() {
    run(async {
        let (region, messages) = many();
        region.always("DescribeImageScanFindings", Mishap::Slow(Duration::from_secs(50)));
        let short = Duty { left: Duration::from_mins(1), ..Duty::of(&region) };
        let done = short.batch(&messages).await;
        // Four at a time: the first four are done or dropped, the others put back.
        let back = region.with(|state| state.queue.clone());
        assert_eq!(back.len() + done.failed.len() + region.active(), 10, "{done:?}");
        assert!(back.len() >= 6 && back.iter().all(|(job, delay)| matches!(job, Job::Image(_)) && *delay == 0));
        region.calm();
        Duty::of(&region).settle().await;
        let again: Vec<Value> = done.failed.iter().map(|at| messages[*at].clone()).collect();
        Duty::of(&region).well(&again).await;
        assert_eq!((region.active(), region.letters().len()), (10, 0));
    });
}

#[test]
fn what_was_sent_when_time_ran_out_is_remembered() {
    run(async {
        let region = region(&hub_only());
        region.scan(APP, ONE, flaws(0..900));
        let event = [told::scanned(APP, ONE, &["v1"], region.now())];
        region.pass(MINUTE);
        // Four at a time, each taking half of what there is.
        region.always("BatchImportFindings", Mishap::Slow(Duration::from_secs(24)));
        let short = Duty { left: Duration::from_mins(1), ..Duty::of(&region) };
        assert_eq!(short.batch(&event).await.failed, [0]);
        assert_eq!(region.imported(), 800);
        Duty::of(&region).well(&event).await;
        assert_eq!((region.imported(), region.active()), (100, 900), "only what is missing");
    });
}

#[test]
fn an_event_by_hand_is_handled_and_its_failure_is_the_invocations() {
    run(async {
        use ecr_steward::flow::findings::policies::Policies;
        use ecr_steward::handler::findings::{Counter, handle};
        let region = region(&hub_only());
        region.scan(APP, ONE, flaws([1]));
        let (policies, place) = (Policies::default(), crate::support::forwarding::place());
        let counter = |world| Counter {
            world,
            place: &place,
            parameter_prefix: "/ecr-steward",
            repository_pattern: "*",
            stack_name: "ecr-steward",
            max_receives: 5,
            policies: &policies,
            now: region.now(),
        };
        let event = told::scanned(APP, ONE, &["v1"], region.now());
        let minute = Duration::from_mins(1);
        region.mishap_on("DescribeImageScanFindings", 1, Mishap::Fail(When::Before, FaultKind::Denied));
        let why = handle(&counter(Ok(&region)), event.clone(), minute).await.unwrap_err();
        assert!(why.contains("DescribeImageScanFindings"), "{why}");
        let handled = handle(&counter(Ok(&region)), event.clone(), minute).await.unwrap();
        assert!(handled.response.batch_item_failures.is_empty() && region.active() == 1);
        let why = handle::<Region>(&counter(Err("start-up failed")), event, minute).await.unwrap_err();
        assert_eq!(why, "start-up failed");
    });
}

#[test]
fn metrics_are_lines_of_the_embedded_format_with_few_dimensions() {
    run(async {
        let region = region(&everywhere());
        scan(&region, flaws(0..3)).await;
        region.pass(DAY);
        let done = scan(&region, flaws(1..6)).await;
        assert_eq!((done.metric("FindingsNew"), done.metric("FindingsFixed"), done.metric("ScansSeen")), (3, 1, 1));
        assert_eq!((done.metric("FindingsChanged"), done.metric("Failed"), done.metric("NotOurs")), (0, 0, 0));
        assert_eq!(done.of_sink("SecurityHub", "Delivered"), 4);
        for sink in ["S3", "EventBridge", "Sns", "Slack", "Teams", "Webhook"] {
            assert_eq!(done.of_sink(sink, "Delivered"), 1, "{sink}");
        }
        assert_eq!(done.metrics.len(), 8);
        for line in &done.metrics {
            let about = &line["_aws"];
            assert_eq!(about["Timestamp"], region.now());
            let [directive] = about["CloudWatchMetrics"].as_array().unwrap().as_slice() else { panic!("{line}") };
            assert_eq!(directive["Namespace"], "EcrSteward");
            let [dimensions] = directive["Dimensions"].as_array().unwrap().as_slice() else { panic!("{line}") };
            for dimension in dimensions.as_array().unwrap() {
                assert!(
                    ["Stack", "Sink"].contains(&dimension.as_str().unwrap())
                        && line[dimension.as_str().unwrap()].is_string()
                );
            }
            let metrics = directive["Metrics"].as_array().unwrap();
            assert!((1..=100).contains(&metrics.len()), "{line}");
            for metric in metrics {
                assert!(line[metric["Name"].as_str().unwrap()].is_u64() && metric["Unit"] == "Count", "{line}");
            }
        }
    });
}
