//! Answering in place of an invocation that died.

use crate::support::scene::{PHYSICAL_ID, URL};
use crate::support::{Mailbox, Scene, fleet, run};
use ecr_steward::aws::cfn_reply::Undelivered;
use ecr_steward::event::failure::NOT_DELIVERED;
use ecr_steward::event::message::{Continue, Message, Settle, VERSION};
use ecr_steward::event::reply::Reply;
use ecr_steward::event::request::ReplyTarget;
use ecr_steward::handler::respond::{Unanswered, respond};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// The record Lambda makes of a failed invocation.
fn record(request: &Value, condition: &str, kind: &str, message: &str) -> Value {
    json!({
        "version": "1.0", "timestamp": "2026-11-24T12:00:00.000Z",
        "requestContext": {"requestId": "r", "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST",
            "condition": condition, "approximateInvokeCount": 1},
        "requestPayload": request,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorType": kind, "errorMessage": message},
    })
}

async fn responded(mailbox: &Mailbox, event: Value) -> Result<Value, Unanswered> {
    respond(mailbox, event, false, Instant::now() + Duration::from_mins(1)).await
}

/// Rows: 2, 4, 21, 25.
#[test]
fn each_end_of_an_invocation_is_answered_with_what_lambda_said_of_it() {
    run(async {
        let ends = [
            ("Runtime.ExitError", "RequestId: r Error: Runtime exited with error: signal: killed", "signal: killed"),
            ("Runtime.OutOfMemory", "RequestId: r Error: Runtime exited with error: signal: killed", "OutOfMemory"),
            ("Sandbox.Timedout", "RequestId: r Error: Task timed out after 900.00 seconds", "timed out after 900.00"),
            ("", "", "did not say why"),
        ];
        for kind in ["Create", "Update", "Delete"] {
            for (error, message, words) in ends {
                let event = Scene::new().event(kind, &fleet(&["a"]));
                let mailbox = Mailbox::default();
                let record = record(&event, "RetriesExhausted", error, message);
                assert_eq!(responded(&mailbox, record).await, Ok(Value::Null));
                assert_eq!(mailbox.letters()[0].url, URL);
                let body = mailbox.one();
                assert_eq!(body["Status"], "FAILED");
                assert_eq!(body["PhysicalResourceId"], PHYSICAL_ID, "so that a Delete names the same resource");
                for id in ["StackId", "RequestId", "LogicalResourceId"] {
                    assert_eq!(body[id], event[id]);
                }
                assert!(body["Reason"].as_str().unwrap().contains(words), "{body}");
            }
        }
    });
}

/// Rows: 46.
#[test]
fn an_event_that_waited_too_long_says_that_nothing_was_run() {
    run(async {
        let event = Scene::new().event("Create", &fleet(&["a"]));
        let mailbox = Mailbox::default();
        responded(&mailbox, record(&event, "EventAgeExceeded", "", "")).await.unwrap();
        let reason = mailbox.one()["Reason"].as_str().unwrap().to_owned();
        assert!(reason.contains("never run") && reason.contains("nothing was changed"), "{reason}");
    });
}

/// Rows: 35.
#[test]
fn an_answer_that_was_decided_is_sent_as_it_is_and_never_replaced() {
    run(async {
        let event = Scene::new().event("Update", &fleet(&["a"]));
        let target = ReplyTarget::read(&event, false).unwrap();
        let decided = Reply::failed(PHYSICAL_ID, "decided: ünïcode \\ \"quotes\"").body(&target);
        let text = String::from_utf8(decided.clone()).unwrap();
        let mailbox = Mailbox::default();
        responded(&mailbox, record(&event, "RetriesExhausted", NOT_DELIVERED, &text)).await.unwrap();
        assert_eq!(mailbox.letters()[0].body, decided, "byte for byte");
        // What is no answer to this very request is not passed on as one.
        let foreign = text.replace("request-1", "request-2");
        for message in [foreign.as_str(), "{}", "nonsense", "{\"Status\":\"SUCCESS\"}"] {
            let mailbox = Mailbox::default();
            responded(&mailbox, record(&event, "RetriesExhausted", NOT_DELIVERED, message)).await.unwrap();
            let body = mailbox.one();
            assert_eq!((&body["Status"], &body["RequestId"]), (&json!("FAILED"), &event["RequestId"]));
            assert!(body["Reason"].as_str().unwrap().contains("ended before it could answer"), "{body}");
        }
    });
}

/// Rows: 41.
#[test]
fn an_answer_that_stands_stays() {
    run(async {
        let event = Scene::new().event("Create", &fleet(&["a"]));
        let mailbox = Mailbox::default();
        responded(&mailbox, record(&event, "RetriesExhausted", "Sandbox.Timedout", "first")).await.unwrap();
        responded(&mailbox, record(&event, "RetriesExhausted", "Sandbox.Timedout", "second")).await.unwrap();
        let standing = mailbox.standing();
        assert!(String::from_utf8_lossy(&standing[URL]).contains("first"));
    });
}

/// Rows: 35, 36.
#[test]
fn what_may_be_delivered_later_fails_the_invocation_and_what_never_will_does_not() {
    run(async {
        let event = Scene::new().event("Create", &fleet(&["a"]));
        let outcomes = [
            (Undelivered::OutOfTime("status 503".to_owned()), true),
            (Undelivered::Refused(403), true),
            (Undelivered::Expired, false),
            (Undelivered::BadUrl, false),
        ];
        for (why, again) in outcomes {
            let mailbox = Mailbox::refusing(why.clone());
            let done = responded(&mailbox, record(&event, "RetriesExhausted", "e", "m")).await;
            assert_eq!(done.is_err(), again, "{why:?}");
            assert!(!format!("{done:?}").contains("X-Amz-Signature"), "{done:?}");
        }
    });
}

/// Rows: 51.
#[test]
fn dead_letters_are_answered_one_by_one_and_what_nobody_waits_for_is_let_go() {
    run(async {
        let scene = Scene::new();
        let request = scene.event("Create", &fleet(&["a"]));
        let owed =
            Message::Continue(Continue { version: VERSION, request: request.clone(), begun: scene.now(), part: 3 });
        let look = Message::Settle(Settle {
            version: VERSION,
            stack_id: request["StackId"].as_str().unwrap().to_owned(),
            logical_id: "Repositories".to_owned(),
            request_id: "request-0".to_owned(),
            attempt: 4,
        });
        let record = |id: &str, body: String| json!({"messageId": id, "eventSource": "aws:sqs", "body": body});
        let batch = json!({"Records": [
            record("look", serde_json::to_string(&look).unwrap()),
            record("owed", serde_json::to_string(&owed).unwrap()),
            record("nonsense", "nonsense".to_owned()),
        ]});
        let mailbox = Mailbox::default();
        assert_eq!(responded(&mailbox, batch.clone()).await, Ok(json!({"batchItemFailures": []})));
        let body = mailbox.one();
        assert_eq!(body["RequestId"], request["RequestId"]);
        assert!(body["Reason"].as_str().unwrap().contains("several invocations"), "{body}");
        // Only what could not be delivered comes again.
        let failed = responded(&Mailbox::closed(), batch).await.unwrap();
        assert_eq!(failed, json!({"batchItemFailures": [{"itemIdentifier": "owed"}]}));
    });
}

/// Rows: 7, 60.
#[test]
fn what_was_no_request_is_answered_to_nobody() {
    run(async {
        for event in [
            json!({}),
            json!([]),
            json!(null),
            json!({"source": "aws.ecr"}),
            record(&json!({"hello": "world"}), "RetriesExhausted", "NotARequest", "no request"),
            record(&json!({"RequestType": "Create"}), "RetriesExhausted", "DamagedRequest", "no URL"),
        ] {
            let mailbox = Mailbox::default();
            assert_eq!(responded(&mailbox, event.clone()).await, Ok(Value::Null), "{event}");
            assert!(mailbox.letters().is_empty(), "{event}");
        }
    });
}
