//! `replay`: every letter becomes its job, and goes only when that was sent.

use super::*;

/// What the function wrote about a finding of an image.
fn refused(of: char, vulnerability: &str) -> Value {
    json!({
        "finding": {"id": "ecr-steward/1", "image": image("shop/web", of), "vulnerability": vulnerability},
        "sink": "SecurityHub",
        "reason": "it was not taken",
        "event": {"source": "aws.ecr", "detail-type": "ECR Image Scan", "account": ACCOUNT, "region": REGION,
            "detail": {"repository-name": "shop/web", "image-digest": digest(of)}},
    })
}

fn event() -> Value {
    json!({"source": "aws.ecr", "detail-type": "ECR Image Scan", "account": ACCOUNT, "region": REGION,
        "time": "2026-11-20T10:00:00Z", "detail": {"repository-name": "shop/api", "image-digest": digest('e')}})
}

fn look(of: char) -> Value {
    json!({"job": "image", "version": 1, "image": image("shop/web", of), "cause": "replay", "attempt": 0, "quiet": false})
}

fn deliver() -> Value {
    json!({"job": "deliver", "version": 1, "parcel": {"key": "k", "sink": "Slack", "body": "{}"}})
}

#[test]
fn letters_become_jobs_and_those_of_one_image_become_one() {
    let cloud = Cloud::start();
    cloud.letter(&refused('a', "CVE-1"));
    cloud.letter(&refused('a', "CVE-2"));
    cloud.letter(&refused('b', "CVE-1"));
    cloud.letter(&json!({"sink": "Slack", "reason": "404", "event": deliver()}));
    cloud.letter(&event());
    let run = cloud.run(&["replay"]);
    assert_eq!(run.code, 0, "{}{}", run.data, run.talk);
    assert!(run.data.ends_with("5 letters replayed as 4 jobs\n"), "{}", run.data);
    assert!(run.data.contains(&format!("sent: shop/web@{} (2 letters: CVE-1, CVE-2)\n", digest('a'))), "{}", run.data);
    assert!(cloud.letters().is_empty());
    let sent = cloud.state().sent.clone();
    assert_eq!(sent.len(), 4);
    for job in [look('a'), look('b'), deliver(), event()] {
        assert!(sent.contains(&job), "{job} is missing in {sent:?}");
    }
    let again = cloud.run(&["replay"]);
    assert_eq!((again.code, again.data.as_str()), (0, "0 letters replayed as 0 jobs\n"));
}

#[test]
fn a_letter_goes_only_after_its_job_was_sent() {
    let cloud = Cloud::start();
    cloud.letter(&refused('a', "CVE-1"));
    cloud.letter(&event());
    cloud.state().refused.insert("SendMessageBatch", "AccessDeniedException");
    let run = cloud.run(&["replay", "--format", "json"]);
    assert_eq!(run.code, 2, "{}", run.data);
    assert!(run.talk.contains("sqs:SendMessageBatch failed with AccessDeniedException"), "{}", run.talk);
    assert_eq!(run.json()["notSent"], 2);
    assert_eq!((cloud.letters().len(), cloud.asked("DeleteMessageBatch")), (2, 0));
    // Interrupted between sending and removing: it is done again, which does no harm.
    cloud.state().refused = [("DeleteMessageBatch", "AccessDeniedException")].into();
    let run = cloud.run(&["replay"]);
    assert!(run.code == 2 && run.talk.contains("does no harm"), "{}", run.talk);
    for letter in &mut cloud.state().letters {
        letter.hidden = false;
    }
    cloud.state().refused.clear();
    assert_eq!(cloud.run(&["replay"]).code, 0);
    assert_eq!(cloud.state().sent.len(), 4);
    assert!(cloud.letters().is_empty());
}

#[test]
fn what_nobody_can_read_stays_and_is_reported() {
    let cloud = Cloud::start();
    cloud.letter(&json!("hello"));
    cloud.letter(&json!({"reason": "the message is not JSON", "event": "hello again"}));
    let mut elsewhere = refused('a', "CVE-1");
    elsewhere["finding"]["image"]["place"]["account"] = json!("999999999999");
    cloud.letter(&elsewhere);
    cloud.letter(&event());
    let run = cloud.run(&["replay"]);
    assert_eq!(run.code, 1, "{}", run.talk);
    assert!(run.data.contains("1 letter replayed as 1 job; 3 unreadable"), "{}", run.data);
    for part in ["cannot be replayed: the message is not JSON", "it is about 999999999999 in eu-west-1"] {
        assert!(run.data.contains(part), "{}", run.data);
    }
    assert_eq!(cloud.letters(), ["letter-0", "letter-1", "letter-2"]);
}

#[test]
fn a_list_shows_and_leaves_everything() {
    let cloud = Cloud::start();
    let none = cloud.run(&["replay", "--list"]);
    assert_eq!((none.code, none.data.as_str()), (0, "0 letters\n"));
    cloud.letter(&refused('a', "CVE-1"));
    cloud.letter(&event());
    cloud.letter(&json!("hello"));
    let run = cloud.run(&["replay", "--list"]);
    assert_eq!(run.code, 1);
    for part in [
        "SecurityHub CVE-1 in shop/web@sha256:aaa",
        ": it was not taken",
        "(ECR Image Scan): the function died with it",
        "3 letters, to be replayed as 2 jobs; 1 unreadable",
    ] {
        assert!(run.data.contains(part), "{part:?} is missing in {}", run.data);
    }
    let value = cloud.run(&["replay", "--list", "--format", "json"]).json();
    assert_eq!(value["letters"][0]["sentAt"], "2026-11-18T11:06:40Z");
    assert_eq!((cloud.letters().len(), cloud.state().sent.len()), (3, 0));
}

#[test]
fn what_was_not_asked_for_stays() {
    let cloud = Cloud::start();
    cloud.letter(&refused('a', "CVE-2026-1"));
    cloud.letter(&refused('b', "CVE-2026-2"));
    cloud.letter(&json!({"sink": "Slack", "reason": "404", "event": deliver()}));
    let run = cloud.run(&["replay", "--vulnerability", "cve-*-1"]);
    assert!(run.code == 1 && run.data.ends_with("1 letter replayed as 1 job; 2 not asked for\n"), "{}", run.data);
    assert_eq!(cloud.letters(), ["letter-1", "letter-2"]);
    assert_eq!(cloud.run(&["replay", "--sink", "slack"]).code, 1);
    assert_eq!(cloud.letters(), ["letter-1"]);
    assert_eq!(cloud.state().sent, [look('a'), deliver()]);
    let wrong = cloud.run(&["replay", "--sink", "Fax"]);
    assert!(wrong.code == 2 && wrong.talk.contains("SecurityHub, Sns, EventBridge"), "{}", wrong.talk);
}

#[test]
fn at_most_so_many_are_taken_and_the_rest_is_told_of() {
    let cloud = Cloud::start();
    for at in 0..25 {
        cloud.letter(&json!({"reason": "late", "event": {"job": "reconcile", "version": 1, "since": at}}));
    }
    let run = cloud.run(&["replay", "--max", "12"]);
    assert_eq!(run.code, 1, "{}", run.data);
    assert!(run.data.contains("12 letters replayed as 12 jobs\nthere are more; --max"), "{}", run.data);
    assert_eq!(cloud.letters().len(), 13);
    assert_eq!(cloud.run(&["replay", "--max", "13"]).code, 0);
    assert_eq!(cloud.state().sent.len(), 25);
    let unreadable = cloud.run(&["replay", "--max", "0"]);
    assert_eq!(unreadable.code, 2);
}

#[test]
fn a_queue_that_cannot_be_read_leaves_it_untold() {
    let cloud = Cloud::start();
    cloud.state().refused.insert("ReceiveMessage", "AccessDeniedException");
    let run = cloud.run(&["replay", "--list"]);
    assert_eq!((run.code, run.data.as_str()), (2, ""));
    assert!(run.talk.contains("sqs:ReceiveMessage failed with AccessDeniedException"), "{}", run.talk);
}
