//! Letters read back: what each of them asks for.

use super::*;
use ecr_steward::event::letters::{Again, reread};

fn again(letter: &Value) -> Again {
    reread(&letter.to_string(), &place()).again
}

#[test]
fn a_letter_of_a_sink_about_an_image_asks_for_a_replay_of_the_image() {
    let job = json!({"job": "image", "version": 1, "image": image("a/b", 'a'), "cause": "reconcile", "quiet": true});
    let wished = Again::Image { image: image("a/b", 'a'), quiet: true };
    // The same event again would be taken for seen, and what the sink refused would stay refused.
    assert_eq!(again(&json!({"sink": "SecurityHub", "reason": "off", "event": job})), wished);
    let finding = json!({"image": image("a/b", 'a')});
    assert_eq!(again(&json!({"finding": finding, "sink": "SecurityHub", "reason": "no", "event": job})), wished);
    let cut = json!({"finding": finding, "sink": "SecurityHub", "reason": "no", "event": "{\"job\": \"im"});
    assert_eq!(again(&cut), Again::Image { image: image("a/b", 'a'), quiet: false });
    let no_finding = json!({"finding": "{\"image\": {", "sink": "SecurityHub", "reason": "no", "event": job});
    assert_eq!(again(&no_finding), wished, "the event tells what the cut finding does not");
}

#[test]
fn a_letter_without_a_sink_asks_for_its_event_again() {
    let job = json!({"job": "image", "version": 1, "image": image("a/b", 'a'), "cause": "scan"});
    assert_eq!(again(&json!({"reason": "out of time", "event": job})), Again::Message(job.to_string()));
    let raw = Again::Message(job.to_string());
    assert_eq!(again(&job), raw, "as SQS itself moves it");
}

#[test]
fn what_would_come_back_at_once_is_not_sent() {
    let newer = json!({"job": "image", "version": 9});
    for letter in [json!({"reason": "x", "event": newer}), newer, json!({"reason": "x", "event": null}), json!([1])] {
        assert!(matches!(again(&letter), Again::Nothing(_)), "{letter}");
    }
}
