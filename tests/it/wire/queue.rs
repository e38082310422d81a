//! The delayed queue.

use super::*;

/// Rows: 43.
#[test]
fn a_message_waits_for_as_long_as_its_look_says_and_a_request_not_at_all() {
    run(async {
        let answer = || (200, json!({"MessageId": "m"}));
        let tape = Tape::of(&[answer(), answer(), answer()]);
        let look = Settle {
            version: VERSION,
            stack_id: STACK.to_owned(),
            logical_id: "Fleet".to_owned(),
            request_id: "r".to_owned(),
            attempt: 0,
        };
        let request = json!({"RequestType": "Create", "ResponseURL": "https://bucket.example/key?Signature=secret"});
        let messages = [
            (Message::Settle(look.clone()), 10),
            (Message::Settle(Settle { attempt: 90, ..look }), 900),
            (Message::Continue(Continue { version: VERSION, request, begun: 1_795_000_000, part: 2 }), 0),
        ];
        let aws = tape.aws();
        for (message, _) in &messages {
            aws.send(message).await.unwrap();
            assert!(!format!("{message:?}").contains("secret"), "it never shows itself: {message:?}");
        }
        for ((message, delay), said) in messages.iter().zip(tape.said()) {
            assert_eq!(said.json()["DelaySeconds"], *delay);
            assert_eq!(Message::parse(said.json()["MessageBody"].as_str().unwrap()).as_ref(), Ok(message));
        }
    });
}
