//! The findings queue.

use super::*;
use ecr_steward::event::findings::{Cause, ImageJob, Job, ReconcileJob, VERSION as JOBS};
use ecr_steward::flow::findings::Jobs as _;

fn job(occurred: i64, tags: Option<Vec<String>>) -> Job {
    let (image, cause) = (image(), Cause::Scan);
    Job::Image(ImageJob {
        version: JOBS,
        image,
        tags,
        parent: None,
        cause,
        occurred: Some(occurred),
        attempt: 0,
        quiet: false,
    })
}

/// An answer that takes these entries.
fn taken(ids: std::ops::Range<usize>, failed: &[Value]) -> (u16, Value) {
    let successful: Vec<Value> =
        ids.map(|id| json!({"Id": id.to_string(), "MessageId": "m", "MD5OfMessageBody": "x"})).collect();
    (200, json!({"Successful": successful, "Failed": failed}))
}

/// The jobs of a request.
fn sent(said: &Said) -> Vec<Value> {
    let entries = said.json()["Entries"].as_array().unwrap().clone();
    entries.iter().map(|entry| serde_json::from_str(entry["MessageBody"].as_str().unwrap()).unwrap()).collect()
}

#[test]
fn jobs_go_out_ten_at_a_time_with_their_delay() {
    run(async {
        let jobs: Vec<Job> = (0..23).map(|at| job(at, None)).collect();
        let tape = Tape::of(&[taken(0..10, &[]), taken(0..10, &[]), taken(0..3, &[]), taken(0..1, &[])]);
        let forwarder = tape.forwarder();
        forwarder.enqueue(&jobs, 60).await.unwrap();
        let reconcile = Job::Reconcile(ReconcileJob { version: JOBS, ..ReconcileJob::default() });
        forwarder.enqueue(&[reconcile], 5_000).await.unwrap();
        forwarder.enqueue(&[], 0).await.unwrap();
        let said = tape.said();
        let all: Vec<Value> = said[..3].iter().flat_map(sent).collect();
        let expected: Vec<Value> = jobs.iter().map(|job| serde_json::to_value(job).unwrap()).collect();
        assert_eq!(all, expected);
        assert!(said[0].json()["Entries"].as_array().unwrap().iter().all(|entry| entry["DelaySeconds"] == 60));
        assert_eq!(said[3].json()["Entries"][0]["DelaySeconds"], 900, "the longest that SQS knows");
        assert_eq!(said[0].json()["QueueUrl"], "https://sqs.eu-west-1.amazonaws.com/123456789012/own");
    });
}

#[test]
fn large_jobs_go_out_in_more_calls_so_that_none_is_too_large() {
    run(async {
        let jobs: Vec<Job> = (0..4).map(|at| job(at, Some(vec!["x".repeat(100_000)]))).collect();
        let tape = Tape::of(&[taken(0..2, &[]), taken(0..2, &[])]);
        tape.forwarder().enqueue(&jobs, 0).await.unwrap();
        assert_eq!(tape.said().iter().map(|said| sent(said).len()).collect::<Vec<_>>(), [2, 2]);
    });
}

#[test]
fn jobs_that_were_not_taken_are_sent_again_and_only_those() {
    run(async {
        let busy = json!({"Id": "1", "Code": "InternalError", "SenderFault": false});
        // The second answer is silent about one of the two.
        let tape = Tape::of(&[taken(0..1, &[busy]), taken(1..2, &[]), taken(0..1, &[])]);
        let jobs: Vec<Job> = (0..3).map(|at| job(at, None)).collect();
        tape.forwarder().enqueue(&jobs, 0).await.unwrap();
        let occurred: Vec<Vec<i64>> = tape
            .said()
            .iter()
            .map(|said| sent(said).iter().map(|job| job["occurred"].as_i64().unwrap()).collect())
            .collect();
        assert_eq!(occurred, [vec![0, 1, 2], vec![1, 2], vec![1]]);
    });
}

#[test]
fn jobs_that_are_never_taken_are_a_fault_that_says_whether_it_may_pass() {
    for (code, sender, kind, tries) in [
        ("InvalidMessageContents", true, FaultKind::Invalid, 1),
        ("SomethingNew", true, FaultKind::Invalid, 1),
        ("SomethingNew", false, FaultKind::Unavailable, 4),
        ("AWS.SimpleQueueService.RequestThrottled", true, FaultKind::Throttled, 4),
    ] {
        run(async {
            let failed = json!({"Id": "0", "Code": code, "SenderFault": sender, "Message": "why"});
            let tape = Tape::of(&vec![taken(0..0, &[failed]); tries]);
            let fault = tape.forwarder().enqueue(&[job(0, None)], 0).await.unwrap_err();
            assert_eq!((fault.kind, fault.code.as_str(), fault.message.as_str()), (kind, code, "why"));
            assert_eq!(tape.said().len(), tries, "{code}");
        });
    }
}

#[test]
fn the_queue_says_since_when_there_is_forwarding() {
    run(async {
        let tape = Tape::of(&[
            (200, json!({"Attributes": {"CreatedTimestamp": "1795000000"}})),
            (200, json!({"Attributes": {"CreatedTimestamp": "yesterday"}})),
            (200, json!({})),
        ]);
        let forwarder = tape.forwarder();
        assert_eq!(forwarder.began_at().await, Ok(1_795_000_000));
        assert_eq!(forwarder.began_at().await.unwrap_err().kind, FaultKind::Unexpected);
        assert_eq!(forwarder.began_at().await.unwrap_err().kind, FaultKind::Unexpected);
        assert_eq!(tape.said()[0].json()["AttributeNames"], json!(["CreatedTimestamp"]));
    });
}
