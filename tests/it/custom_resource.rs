//! The answer to CloudFormation: exactly one, whatever happens on the way, under the ids that were asked with.

use crate::support::lines;
use crate::support::scene::{PHYSICAL_ID, URL};
use crate::support::{Mailbox, Scene, Trouble, When, fleet, run, with};
use ecr_steward::event::request::NoTarget;
use ecr_steward::fault::FaultKind;
use ecr_steward::handler::custom_resource::{Answered, Delivery, Unanswered, answer};
use ecr_steward::handler::time::left_until;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

const LEFT: Duration = Duration::from_mins(15);

/// A request as the first invocation gets it.
fn first<'a>(scene: &Scene, event: &'a Value) -> Delivery<'a> {
    Delivery { event, begun: scene.now(), part: 1, invocation: "invocation", returns: "null", left: LEFT }
}

/// The answer while the stack does what the request belongs to.
async fn answered(scene: &Scene, event: &Value) -> Value {
    let kind = event["RequestType"].as_str().unwrap_or("Update").to_uppercase();
    scene.ends_as(&format!("{kind}_IN_PROGRESS"));
    let mailbox = Mailbox::default();
    let done = answer(&scene.office(), &mailbox, first(scene, event)).await.expect("it was answered");
    assert_eq!(done, Answered::Yes);
    assert_eq!(mailbox.letters()[0].url, URL, "the URL is used as it came");
    mailbox.one()
}

/// Rows: 1, 5, 12, 21, 25, 28.
#[test]
fn every_request_gets_one_answer_with_its_own_ids_whatever_happens() {
    run(async {
        type Nudge = fn(&Scene, &mut Value);
        let troubles: [(&str, Nudge, &str, &str); 6] = [
            ("done", |_, _| {}, "SUCCESS", "changes made"),
            ("unreadable", |_, event| event["RequestType"] = json!("Explode"), "FAILED", "Explode"),
            ("failed", |scene, _| deny_all(scene), "FAILED", "DescribeRepositories failed"),
            ("panicked", |scene, _| scene.world.trouble_at(2, Trouble::Panic), "FAILED", "internally"),
            ("late", |scene, _| stall(scene), "FAILED", "out of time"),
            ("no stack", |_, event| event["StackId"] = json!("nonsense"), "FAILED", "not the ARN"),
        ];
        for kind in ["Create", "Update", "Delete"] {
            for (trouble, nudge, status, word) in troubles {
                let scene = Scene::converged(&fleet(&["a"])).await;
                let mut event = scene.event(kind, &with(fleet(&["a"]), json!({"MaxImageCount": 3})));
                nudge(&scene, &mut event);
                let body = answered(&scene, &event).await;
                let story = format!("{kind} {trouble}: {body}");
                assert_eq!(body["Status"], status, "{story}");
                assert!(body["Reason"].as_str().unwrap().contains(word), "{story}");
                for id in ["StackId", "RequestId", "LogicalResourceId"] {
                    assert_eq!(body[id], event[id], "{story}");
                }
                let id = body["PhysicalResourceId"].as_str().unwrap();
                assert!(!id.is_empty() && (trouble == "no stack" || id == PHYSICAL_ID), "{story}");
            }
        }
    });
}

fn deny_all(scene: &Scene) {
    scene.world.always("DescribeRepositories", Trouble::Fail(When::Before, FaultKind::Denied));
}

fn stall(scene: &Scene) {
    scene.world.trouble_at(1, Trouble::Slow(Duration::from_secs(10_000)));
}

/// Rows: 8, 10.
#[test]
fn a_refusal_of_the_declaration_fails_create_and_update_and_never_a_delete() {
    run(async {
        for (kind, status) in [("Create", "FAILED"), ("Update", "FAILED"), ("Delete", "SUCCESS")] {
            for broken in [json!({"RepositoryNames": "a"}), json!([]), json!(7), Value::Null] {
                let scene = Scene::converged(&fleet(&["a"])).await;
                let body = answered(&scene, &scene.event(kind, &broken)).await;
                assert_eq!(body["Status"], status, "{kind} {broken}: {body}");
                assert_eq!(scene.world.names().is_empty(), kind == "Delete", "{kind} {broken}");
            }
        }
    });
}

/// Rows: 5, 53, 59.
#[test]
fn an_answer_comes_before_the_deadline_of_the_function_and_of_cloudformation() {
    run(async {
        for (properties, seconds) in [(json!({}), 900), (json!({"ServiceTimeout": "60"}), 60)] {
            let scene = Scene::new();
            stall(&scene);
            let mailbox = Mailbox::default();
            let begun = Instant::now();
            let event = scene.event("Create", &with(fleet(&["a"]), properties));
            answer(&scene.office(), &mailbox, first(&scene, &event)).await.unwrap();
            let decided = begun.elapsed();
            assert!(decided < Duration::from_secs(seconds), "{decided:?} of {seconds} s");
            assert!(decided > Duration::from_secs(seconds / 2), "the time there is, is used: {decided:?}");
            let until = mailbox.letters()[0].until;
            assert!(until < begun + Duration::from_secs(seconds), "delivering ends in time");
            assert!(until > Instant::now(), "there is time left to deliver");
        }
    });
}

/// Rows: 59.
#[test]
fn a_deadline_that_is_over_is_answered_and_nothing_is_done() {
    assert_eq!(left_until(0), Duration::ZERO, "as a wall clock that is ahead makes of any deadline");
    run(async {
        for kind in ["Create", "Update", "Delete"] {
            let scene = Scene::converged(&fleet(&["a"])).await;
            scene.ends_as(&format!("{}_IN_PROGRESS", kind.to_uppercase()));
            let event = scene.event(kind, &with(fleet(&["a"]), json!({"MaxImageCount": 3})));
            let mailbox = Mailbox::default();
            let delivery = Delivery { left: Duration::ZERO, ..first(&scene, &event) };
            answer(&scene.office(), &mailbox, delivery).await.unwrap();
            let body = mailbox.one();
            assert_eq!(body["Status"], "FAILED", "{kind}: {body}");
            assert!(body["Reason"].as_str().unwrap().contains("out of time"), "{kind}: {body}");
            assert!(scene.world.writes().is_empty(), "{kind}: {:?}", scene.world.writes());
        }
    });
}

/// Rows: 39.
#[test]
fn nothing_is_written_before_the_host_of_the_answer_is_reached() {
    run(async {
        for kind in ["Create", "Update", "Delete"] {
            let scene = if kind == "Create" { Scene::new() } else { Scene::converged(&fleet(&["a"])).await };
            scene.world.start_counting();
            scene.ends_as(&format!("{}_IN_PROGRESS", kind.to_uppercase()));
            let mailbox = Mailbox::unreachable();
            let began = Instant::now();
            let event = scene.event(kind, &with(fleet(&["a"]), json!({"MaxImageCount": 2})));
            answer(&scene.office(), &mailbox, first(&scene, &event)).await.unwrap();
            let body = mailbox.one();
            let reason = body["Reason"].as_str().unwrap();
            assert!(reason.contains("nothing was changed") && reason.contains("cannot be reached"), "{reason}");
            assert!(scene.world.writes().is_empty(), "{:?}", scene.world.writes());
            assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
        }
    });
}

/// Rows: 16.
#[test]
fn a_request_whose_url_has_expired_is_left_alone() {
    run(async {
        for (query, late) in [
            ("AWSAccessKeyId=A&Expires=1795000000&Signature=s", true),
            ("AWSAccessKeyId=A&Expires=1795007200&Signature=s", false),
            ("X-Amz-Date=20200101T000000Z&X-Amz-Expires=7200&X-Amz-Signature=s", true),
            ("X-Amz-Date=20300101T000000Z&X-Amz-Expires=7200&X-Amz-Signature=s", false),
            ("X-Amz-Signature=s", false),
        ] {
            let scene = Scene::new();
            let mut event = scene.event("Create", &fleet(&["a"]));
            event["ResponseURL"] = json!(format!("https://bucket.s3.eu-west-1.amazonaws.com/key?{query}"));
            let mailbox = Mailbox::default();
            let done = answer(&scene.office(), &mailbox, first(&scene, &event)).await;
            assert_eq!(done == Ok(Answered::TooLate), late, "{query}: {done:?}");
            assert_eq!((scene.world.calls() == 0, mailbox.letters().is_empty()), (late, late), "{query}");
        }
    });
}

/// Rows: 14, 58.
#[test]
fn a_request_that_comes_again_is_answered_with_the_same_bytes_and_asks_nothing_more() {
    run(async {
        type Nudge = fn(&Scene);
        let panic: Nudge = |scene| scene.world.trouble_at(4, Trouble::Panic);
        let troubles: [(&str, Nudge); 3] = [("done", |_| {}), ("failed", deny_all), ("panicked", panic)];
        for kind in ["Create", "Update", "Delete"] {
            for (name, trouble) in troubles {
                let scene = Scene::converged(&fleet(&["a"])).await;
                scene.ends_as(&format!("{}_IN_PROGRESS", kind.to_uppercase()));
                let event = scene.event(kind, &with(fleet(&["a"]), json!({"MaxImageCount": 3})));
                trouble(&scene);
                let mailbox = Mailbox::default();
                answer(&scene.office(), &mailbox, first(&scene, &event)).await.unwrap();
                scene.world.calm();
                let before = scene.world.picture();
                scene.world.start_counting();
                answer(&scene.office(), &mailbox, first(&scene, &event)).await.unwrap();
                let letters = mailbox.letters();
                assert_eq!(letters[0].body, letters[1].body, "{kind} {name}: {}", letters[0].json());
                assert_eq!(scene.world.calls(), 1, "the kept answer and nothing else: {kind} {name}");
                assert_eq!(scene.world.picture().differences(&before), Vec::<String>::new());
            }
        }
    });
}

/// Rows: 4.
#[test]
fn a_bad_environment_is_told_to_every_request() {
    run(async {
        let scene = Scene::new();
        for kind in ["Create", "Update", "Delete"] {
            let mailbox = Mailbox::default();
            let mut office = scene.office();
            office.world = Err("STATE_BUCKET is not set");
            let event = scene.event(kind, &fleet(&["a"]));
            answer(&office, &mailbox, first(&scene, &event)).await.unwrap();
            let body = mailbox.one();
            assert_eq!(body["Status"], "FAILED");
            assert!(body["Reason"].as_str().unwrap().contains("STATE_BUCKET is not set"), "{body}");
        }
        assert_eq!(scene.world.calls(), 0);
    });
}

/// Rows: 35.
#[test]
fn an_answer_that_could_not_be_delivered_is_the_only_error() {
    run(async {
        let scene = Scene::new();
        let mailbox = Mailbox::closed();
        let event = scene.event("Create", &fleet(&["a"]));
        let result = answer(&scene.office(), &mailbox, first(&scene, &event)).await;
        let error = result.unwrap_err();
        assert!(matches!(error, Unanswered::Undelivered(_)), "{error:?}");
        // Whoever answers in our place sends exactly what was decided, and needs no URL from us.
        let told: Value = serde_json::from_str(&error.to_string()).expect("the body");
        assert_eq!(told, mailbox.one());
        assert_eq!(told["Status"], "SUCCESS");
        assert!(!error.to_string().contains("X-Amz-Signature"), "{error}");
    });
}

/// Rows: 40, 60.
#[test]
fn what_is_no_request_is_an_error_of_its_own_and_touches_nothing() {
    run(async {
        let scene = Scene::new();
        let http = with(scene.event("Create", &fleet(&["a"])), json!({"ResponseURL": "http://localhost/x"}));
        let events = [
            (json!([]), NoTarget::NotCloudFormation),
            (json!(null), NoTarget::NotCloudFormation),
            (json!({"source": "aws.ecr"}), NoTarget::NotCloudFormation),
            (json!({"RequestType": "Create"}), NoTarget::Damaged("it has no ResponseURL".to_owned())),
            (http.clone(), NoTarget::Damaged("its ResponseURL is not an https URL with a host".to_owned())),
        ];
        for (event, wished) in events {
            let mailbox = Mailbox::default();
            let result = answer(&scene.office(), &mailbox, first(&scene, &event)).await;
            assert_eq!(result, Err(Unanswered::NoTarget(wished)), "{event}");
            assert!(mailbox.letters().is_empty());
        }
        assert_eq!(scene.world.calls(), 0);
        let mut local = scene.office();
        local.accept_http = true;
        let mailbox = Mailbox::default();
        answer(&local, &mailbox, first(&scene, &http)).await.expect("plain http is good enough for a local set-up");
        assert_eq!(mailbox.letters()[0].url, "http://localhost/x");
    });
}

/// Rows: 13.
#[test]
fn other_resource_types_are_refused_by_name_and_their_delete_gets_through() {
    run(async {
        let scene = Scene::converged(&fleet(&["a"])).await;
        for (kind, status) in [("Create", "FAILED"), ("Update", "FAILED"), ("Delete", "SUCCESS")] {
            let mut event = scene.event(kind, &fleet(&["a"]));
            event["ResourceType"] = json!("Custom::EcrRepository");
            event["LogicalResourceId"] = json!("Other");
            let body = answered(&scene, &event).await;
            assert_eq!(body["Status"], status, "{kind}");
            assert_eq!(
                kind == "Delete",
                !body["Reason"].as_str().unwrap().contains("Custom::EcrRepositories"),
                "{body}"
            );
        }
        assert_eq!(scene.world.names(), ["shop-dev-a"]);
        assert!(scene.world.attempted_writes().is_empty());
    });
}

/// Rows: 24, 25.
#[test]
fn the_physical_id_that_cloudformation_holds_is_given_back() {
    run(async {
        let scene = Scene::converged(&fleet(&["a"])).await;
        for kind in ["Update", "Delete"] {
            let mut event = scene.event(kind, &fleet(&["a"]));
            event["PhysicalResourceId"] = json!("shop_Repositories_ABC123");
            assert_eq!(answered(&scene, &event).await["PhysicalResourceId"], "shop_Repositories_ABC123", "{kind}");
        }
        // A Create that never answered is cleaned up under an id CloudFormation made up.
        assert!(scene.world.names().is_empty());
    });
}

/// Rows: 10, 11, 26.
#[test]
fn an_update_to_a_declaration_accepted_before_is_not_refused_for_its_form() {
    run(async {
        let scene = Scene::converged(&fleet(&["a"])).await;
        // An earlier version accepted what this one does not.
        let old = with(fleet(&["a"]), json!({"RetiredProperty": "yes"}));
        let mut ledger = scene.world.ledger().unwrap();
        let mark = ecr_steward::model::identity::fingerprint(old.to_string().as_bytes());
        ledger.committed.as_mut().unwrap().fingerprint = mark;
        scene.world.put_ledger(&ledger);
        assert_eq!(answered(&scene, &scene.event("Update", &old)).await["Status"], "SUCCESS");
        let other = with(fleet(&["a"]), json!({"RetiredProperty": "no"}));
        assert_eq!(answered(&scene, &scene.event("Update", &other)).await["Status"], "FAILED");
    });
}

/// Rows: 43, 57.
#[test]
fn no_log_line_holds_the_response_url() {
    lines::listen();
    run(async {
        for kind in ["Create", "Delete", "Explode"] {
            let scene = Scene::new();
            let event = scene.event(kind, &fleet(&["a"]));
            let _ = answer(&scene.office(), &Mailbox::closed(), first(&scene, &event)).await;
            scene.world.trouble_at(1, Trouble::Panic);
            let event = scene.event(kind, &fleet(&["b"]));
            answered(&scene, &event).await;
        }
    });
    let lines = lines::heard();
    for word in ["request-1", "Repositories", "was not delivered", "panicked"] {
        assert!(lines.contains(word), "{word} was to be logged: {lines}");
    }
    for secret in ["https://", "X-Amz-Signature", "5ec2e7"] {
        assert!(!lines.contains(secret), "{secret} in {lines}");
    }
}
