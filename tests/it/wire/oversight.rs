//! The kill switch, the book in the state bucket, the drift function's queues and its notices.

use super::*;
use ecr_steward::event::drift::{Assemble, Cause, Job, Look, Part, SweepId, VERSION as JOBS};
use ecr_steward::event::findings::DeadLetter;
use ecr_steward::flow::drift::{Book as _, Entry, Jobs as _, Notices as _, Switch, Switches as _};

const ENFORCEMENT: &str = "/ecr-steward/enforcement";

#[test]
fn the_switch_is_on_where_there_is_none_and_report_only_where_nobody_can_tell() {
    let says = |word: &str| (200, json!({"Parameter": {"Name": ENFORCEMENT, "Type": "String", "Value": word}}));
    let cases = [
        ((400, refused("ParameterNotFound", "no")), Switch::On, false),
        (says("on"), Switch::On, false),
        (says(" On\n"), Switch::On, false),
        (says("report-only"), Switch::ReportOnly, false),
        (says("REPORT-ONLY"), Switch::ReportOnly, false),
        (says("off"), Switch::Off, false),
        (says("Off"), Switch::Off, false),
        (says("of"), Switch::ReportOnly, true),
        (says(""), Switch::ReportOnly, true),
        ((200, json!({})), Switch::ReportOnly, true),
        ((400, refused("AccessDeniedException", "no")), Switch::ReportOnly, true),
    ];
    for (answer, wished, explains) in cases {
        run(async {
            let tape = Tape::of(std::slice::from_ref(&answer));
            let (switch, why) = tape.overseer().switch().await;
            assert_eq!((switch, why.is_some()), (wished, explains), "{answer:?}");
            assert!(why.is_none_or(|why| why.contains(ENFORCEMENT)));
            assert_eq!(tape.one().json(), json!({"Name": ENFORCEMENT}));
        });
    }
}

#[test]
fn the_book_is_written_over_exactly_what_was_read_or_over_whatever_is_there() {
    run(async {
        let tape = Tape::default();
        tape.then(200, &[("ETag", "\"one\"")], "{}");
        tape.then(404, &[], "<Error><Code>NoSuchKey</Code></Error>");
        for tag in ["\"two\"", "\"three\"", "\"four\""] {
            tape.then(200, &[("ETag", tag)], "");
        }
        tape.then(412, &[], "<Error><Code>PreconditionFailed</Code></Error>");
        tape.then(204, &[], "");
        let overseer = tape.overseer();
        let (bytes, version) = overseer.read("drift/a.json").await.unwrap().unwrap();
        assert_eq!((bytes.as_slice(), &version), (&b"{}"[..], &Version::Tag("\"one\"".to_owned())));
        assert_eq!(overseer.read("drift/b.json").await, Ok(None));
        let write = async |over: Option<&Version>| {
            overseer.write("reports/latest.html", b"<p>".to_vec(), "text/html", over).await
        };
        assert_eq!(write(Some(&version)).await, Ok(Version::Tag("\"two\"".to_owned())));
        write(Some(&Version::New)).await.unwrap();
        write(None).await.unwrap();
        assert_eq!(write(Some(&Version::New)).await.unwrap_err().kind, FaultKind::Conflict);
        overseer.remove("drift/a.json").await.unwrap();
        let said = tape.said();
        let header = |at: usize, name: &str| said[at].headers.get(name).map(String::as_str);
        assert_eq!([header(2, "if-match"), header(2, "if-none-match")], [Some("\"one\""), None]);
        assert_eq!([header(3, "if-match"), header(3, "if-none-match")], [None, Some("*")]);
        assert_eq!([header(4, "if-match"), header(4, "if-none-match")], [None, None]);
        assert_eq!((header(2, "content-type"), said[2].body.as_str()), (Some("text/html"), "<p>"));
        assert!(said[6].method == "DELETE" && said[6].url.contains("drift/a.json"));
    });
}

#[test]
fn the_book_lists_everything_below_a_prefix_with_times() {
    run(async {
        let tape = Tape::default();
        tape.then(200, &[], "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>more</NextContinuationToken><Contents><Key>journal/a</Key><LastModified>2026-11-24T02:36:00Z</LastModified></Contents></ListBucketResult>");
        tape.then(200, &[], "<ListBucketResult></ListBucketResult>");
        let overseer = tape.overseer();
        let (entries, token) = overseer.list("journal/", None).await.unwrap();
        assert_eq!(entries, [Entry { key: "journal/a".to_owned(), modified: 1_795_487_760 }]);
        assert_eq!(overseer.list("journal/", token).await, Ok((Vec::new(), None)));
        let said = tape.said();
        assert!(said[0].url.contains("prefix=journal%2F") && !said[0].url.contains("delimiter"), "{}", said[0].url);
        assert!(said[1].url.contains("continuation-token=more"), "{}", said[1].url);
    });
}

fn part(part: u32) -> Job {
    Job::Part(Part { version: JOBS, sweep: SweepId("20261124T060000Z-0a0b0c0d".to_owned()), part })
}

fn taken(ids: &[usize]) -> (u16, Value) {
    let successful: Vec<Value> =
        ids.iter().map(|id| json!({"Id": id.to_string(), "MessageId": "m", "MD5OfMessageBody": "x"})).collect();
    (200, json!({"Successful": successful, "Failed": []}))
}

#[test]
fn jobs_go_to_the_functions_own_queue_ten_at_a_time_and_those_not_taken_again() {
    run(async {
        let failed = json!({"Successful": [{"Id": "1", "MessageId": "m", "MD5OfMessageBody": "x"}],
            "Failed": [{"Id": "0", "SenderFault": false, "Code": "InternalError"}]});
        let tape = Tape::of(&[taken(&(0..10).collect::<Vec<_>>()), (200, failed), taken(&[0])]);
        let jobs: Vec<Job> = (0..12).map(part).collect();
        tape.overseer().send_jobs(&jobs, 5).await.unwrap();
        let said = tape.said();
        let sent = |at: usize| {
            let entries = said[at].json()["Entries"].as_array().unwrap().clone();
            assert!(entries.iter().all(|entry| entry["DelaySeconds"] == 5));
            assert_eq!(said[at].json()["QueueUrl"], "https://sqs.eu-west-1.amazonaws.com/123456789012/own");
            let body = |entry: &Value| serde_json::from_str(entry["MessageBody"].as_str().unwrap()).unwrap();
            entries.iter().map(body).collect::<Vec<Job>>()
        };
        assert_eq!([sent(0), sent(1), sent(2)], [jobs[..10].to_vec(), jobs[10..].to_vec(), jobs[10..11].to_vec()]);
    });
}

#[test]
fn a_job_that_is_never_taken_is_a_fault() {
    run(async {
        let failed = json!({"Failed": [{"Id": "0", "SenderFault": true, "Code": "AccessDenied", "Message": "no"}]});
        let tape = Tape::of(&[(200, failed)]);
        let assemble = Job::Assemble(Assemble { version: JOBS, sweep: SweepId("s".to_owned()) });
        let fault = tape.overseer().send_jobs(&[assemble], 0).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Denied);
        tape.one();
    });
}

#[test]
fn a_dead_letter_says_why_and_holds_the_message() {
    run(async {
        let tape = Tape::of(&[(200, json!({"MessageId": "m"}))]);
        let event = serde_json::to_value(Job::Look(Look {
            version: JOBS,
            repository: name("shop/web"),
            cause: Cause::Call("PutLifecyclePolicy".to_owned()),
            event: "e".to_owned(),
            principal: None,
            occurred: None,
        }))
        .unwrap();
        tape.overseer().dead_letter(&event, "denied").await.unwrap();
        let asked = tape.one().json();
        assert_eq!(asked["QueueUrl"], "https://sqs.eu-west-1.amazonaws.com/123456789012/dead");
        let letter: DeadLetter = serde_json::from_str(asked["MessageBody"].as_str().unwrap()).unwrap();
        assert_eq!(letter, DeadLetter { finding: None, sink: None, reason: "denied".to_owned(), event });
    });
}

#[test]
fn releases_are_settled_by_the_queue_of_the_other_function() {
    run(async {
        let tape = Tape::of(&[(200, json!({"MessageId": "m"}))]);
        let settle = Message::Settle(Settle {
            version: VERSION,
            stack_id: STACK.to_owned(),
            logical_id: "Repositories".to_owned(),
            request_id: "r".to_owned(),
            attempt: 0,
        });
        tape.overseer().send(&settle).await.unwrap();
        assert_eq!(tape.one().json()["QueueUrl"], "https://sqs.eu-west-1.amazonaws.com/123456789012/settle");
    });
}

#[test]
fn a_notice_goes_to_the_topic_with_its_subject() {
    run(async {
        let tape = Tape::default();
        tape.then(
            200,
            &[],
            "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>",
        );
        tape.overseer().notify("Two hands at one setting", "shop/web").await.unwrap();
        let body = tape.one().body;
        for said in ["Subject=Two%20hands", "Message=shop%2Fweb", "TopicArn=arn%3Aaws%3Asns%3Aeu-west-1"] {
            assert!(body.contains(said), "{said}: {body}");
        }
    });
}
