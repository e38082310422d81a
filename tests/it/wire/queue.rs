//! The delayed queue.

use super::*;

#[test]
fn a_message_waits_for_as_long_as_its_look_says() {
    run(async {
        let tape = Tape::of(&[(200, json!({"MessageId": "m"})), (200, json!({"MessageId": "m"}))]);
        let message = Settle {
            version: 1,
            kind: Kind::Settle,
            stack_id: STACK.to_owned(),
            logical_id: "Fleet".to_owned(),
            request_id: "r".to_owned(),
            attempt: 0,
        };
        let aws = tape.aws();
        aws.send(&message).await.unwrap();
        aws.send(&Settle { attempt: 90, ..message.clone() }).await.unwrap();
        let said = tape.said();
        assert_eq!(said[0].json()["DelaySeconds"], 10);
        assert_eq!(said[1].json()["DelaySeconds"], 900);
        assert_eq!(Settle::parse(said[0].json()["MessageBody"].as_str().unwrap()), Ok(message));
    });
}
