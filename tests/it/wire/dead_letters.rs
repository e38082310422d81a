//! Dead letters, and what becomes of those that are too large.

use super::*;
use ecr_steward::event::findings::DeadLetter;
use ecr_steward::flow::findings::Jobs as _;

/// Bytes a message may have, and what older queues take of that.
const MOST: usize = 1_048_576;
const CUT: usize = 262_144;

/// The letter as it arrives in a queue that takes messages of `most` bytes, and how often it was sent.
fn arrived_in(most: usize, letter: &DeadLetter) -> (DeadLetter, usize) {
    run(async {
        let size = serde_json::to_string(letter).unwrap().len();
        let tape = Tape::default();
        if size > most && size <= MOST {
            tape.then(400, &[], &refused("InvalidParameterValue", "Message must be shorter").to_string());
        }
        tape.then(200, &[], "{\"MessageId\": \"m\"}");
        tape.forwarder().dead_letter(letter).await.unwrap();
        let said = tape.said();
        let asked = said.last().unwrap().json();
        assert_eq!(asked["QueueUrl"], "https://sqs.eu-west-1.amazonaws.com/123456789012/dead");
        let body = asked["MessageBody"].as_str().unwrap();
        assert!(body.len() <= most, "{}", body.len());
        (serde_json::from_str(body).unwrap(), said.len())
    })
}

/// The letter as it arrives in a queue with the smaller limit.
fn arrived(letter: &DeadLetter) -> DeadLetter {
    arrived_in(CUT, letter).0
}

fn letter(finding: Option<Value>, event: Value) -> DeadLetter {
    let (sink, reason) = (Some("SecurityHub".to_owned()), "refused".to_owned());
    DeadLetter { finding, sink, reason, event }
}

#[test]
fn a_letter_that_fits_arrives_as_it_is() {
    let small = letter(Some(json!({"id": 1})), json!({"job": "image", "tags": ["ä"]}));
    assert_eq!(arrived(&small), small);
    let event = json!("x".repeat(CUT - 200));
    let large = letter(None, event);
    assert_eq!(arrived_in(CUT, &large), (large, 1));
}

#[test]
fn a_letter_is_cut_only_where_the_queue_does_not_take_it_whole() {
    let large = letter(None, json!({"job": "deliver", "parcel": {"body": "x".repeat(500_000)}}));
    assert_eq!(arrived_in(MOST, &large), (large.clone(), 1), "only a whole one can be replayed");
    let (cut, times) = arrived_in(CUT, &large);
    assert!(times == 2 && cut.event.is_string(), "{times}");
    let (cut, times) = arrived_in(MOST, &letter(None, json!("x".repeat(MOST))));
    assert!(times == 1 && cut.event.as_str().unwrap().len() == 131_072, "{times}");
}

#[test]
fn a_dead_letter_that_cannot_be_sent_is_a_fault() {
    run(async {
        let tape = Tape::of(&[(400, refused("AccessDeniedException", "no"))]);
        let fault = tape.forwarder().dead_letter(&letter(None, json!("x"))).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Denied);
        tape.one();
    });
}

#[test]
fn an_event_that_is_too_large_is_cut_to_a_text_and_the_letter_says_so() {
    let event = json!({"text": "ä".repeat(200_000)});
    let bytes = event.to_string().len();
    let cut = arrived(&letter(Some(json!({"id": 1})), event.clone()));
    assert_eq!(cut.finding, Some(json!({"id": 1})));
    let head = cut.event.as_str().unwrap();
    assert!(event.to_string().starts_with(head) && head.len() > 100_000, "{}", head.len());
    assert_eq!(cut.reason, format!("refused (the event had {bytes} bytes; these are its first)"));
}

#[test]
fn a_finding_is_cut_only_where_cutting_the_event_is_not_enough() {
    let finding = json!({"description": "d".repeat(200_000)});
    let beside = arrived(&letter(Some(finding.clone()), json!("e".repeat(100_000))));
    assert_eq!(beside.finding, Some(finding), "the event gave way");
    assert!(beside.reason.contains("the event had 100000 bytes") && !beside.reason.contains("finding"));
    let huge = arrived(&letter(Some(json!({"description": "d".repeat(300_000)})), json!("e")));
    assert!(huge.finding.unwrap().as_str().unwrap().starts_with("{\"description\":\"ddd"));
    assert!(huge.reason.contains("the finding had 300018 bytes"), "{}", huge.reason);
}

#[test]
fn whatever_a_letter_holds_it_can_be_sent() {
    // Every byte of these takes six when written as JSON.
    let worst = "\u{1}".repeat(300_000);
    let cut =
        arrived(&DeadLetter { finding: Some(json!(worst)), sink: None, reason: worst.clone(), event: json!(worst) });
    assert!(cut.reason.contains("the event had 300000 bytes") && cut.reason.contains("the finding had 300000 bytes"));
    let illegal = arrived(&letter(None, json!("a\u{ffff}b\u{fffe}c")));
    assert_eq!(illegal.event, json!("a\u{fffd}b\u{fffd}c"), "SQS refuses messages with these characters");
}
