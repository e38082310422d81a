//! The dead-letter queue, as the command line handles it.

use super::*;
use ecr_steward::aws::Letter;

const DEAD: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/dead";

fn done(ids: std::ops::Range<usize>, failed: &[Value]) -> (u16, Value) {
    let successful: Vec<Value> = ids.map(|id| json!({"Id": id.to_string()})).collect();
    (200, json!({"Successful": successful, "Failed": failed}))
}

#[test]
fn letters_are_taken_ten_at_a_time_and_hidden() {
    run(async {
        let message =
            json!({"MessageId": "m", "ReceiptHandle": "r", "Body": "b", "Attributes": {"SentTimestamp": "5"}});
        let tape =
            Tape::of(&[(200, json!({"Messages": [message]})), (200, json!({})), (200, json!({"Messages": [{}]}))]);
        let forwarder = tape.forwarder();
        let letter = Letter { id: "m".to_owned(), receipt: "r".to_owned(), body: "b".to_owned(), sent_at: Some(5) };
        assert_eq!(forwarder.take_letters(50, 600).await, Ok(vec![letter]));
        assert_eq!(forwarder.take_letters(0, 0).await, Ok(vec![]));
        assert_eq!(forwarder.take_letters(1, 0).await.unwrap_err().kind, FaultKind::Unexpected);
        let asked: Vec<Value> = tape.said().iter().map(Said::json).collect();
        let first = json!({"QueueUrl": DEAD, "MaxNumberOfMessages": 10, "VisibilityTimeout": 600,
            "WaitTimeSeconds": 2, "MessageSystemAttributeNames": ["SentTimestamp"]});
        assert_eq!(asked[0], first);
        assert_eq!((&asked[1]["MaxNumberOfMessages"], &asked[1]["VisibilityTimeout"]), (&json!(1), &json!(0)));
    });
}

#[test]
fn letters_are_removed_and_put_back_ten_at_a_time_and_one_that_was_not_is_a_fault() {
    run(async {
        let receipts: Vec<String> = (0..12).map(|at| format!("r{at}")).collect();
        let refused = json!({"Id": "1", "Code": "ReceiptHandleIsInvalid", "SenderFault": true, "Message": "old"});
        let answers = [
            done(0..10, &[]),
            done(0..2, &[]),
            done(0..10, &[]),
            done(0..1, std::slice::from_ref(&refused)),
            done(0..0, &[]),
        ];
        let tape = Tape::of(&answers);
        let forwarder = tape.forwarder();
        assert_eq!(forwarder.remove_letters(&receipts).await, Ok(()));
        let fault = forwarder.put_letters_back(&receipts).await.unwrap_err();
        assert_eq!(
            (fault.operation, fault.kind, fault.message.as_str()),
            ("ChangeMessageVisibilityBatch", FaultKind::Invalid, "old")
        );
        let silent = forwarder.remove_letters(&receipts[..1]).await.unwrap_err();
        assert_eq!((silent.operation, silent.kind), ("DeleteMessageBatch", FaultKind::Unavailable));
        assert_eq!(forwarder.remove_letters(&[]).await, Ok(()));
        let said = tape.said();
        assert_eq!(
            said[1].json(),
            json!({"QueueUrl": DEAD, "Entries": [
            {"Id": "0", "ReceiptHandle": "r10"}, {"Id": "1", "ReceiptHandle": "r11"}]})
        );
        assert_eq!(said[2].json()["Entries"][9], json!({"Id": "9", "ReceiptHandle": "r9", "VisibilityTimeout": 0}));
    });
}

#[test]
fn messages_go_to_the_findings_queue_as_they_are() {
    run(async {
        let taken = json!({"Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": "x"}], "Failed": []});
        let tape = Tape::of(&[(200, taken)]);
        tape.forwarder().send_again(&["{\"a\":  1}".to_owned()]).await.unwrap();
        let entry = &tape.one().json()["Entries"][0];
        assert_eq!((&entry["MessageBody"], &entry["DelaySeconds"]), (&json!("{\"a\":  1}"), &json!(0)));
    });
}

#[test]
fn a_tag_leads_to_an_image_or_to_none() {
    run(async {
        let detail = json!({"imageDigest": digest('a').as_str(), "imageTags": ["v2", "v1"]});
        let tape = Tape::of(&[
            (200, json!({"imageDetails": [detail]})),
            (400, json!({"__type": "ImageNotFoundException"})),
            (400, json!({"__type": "RepositoryNotFoundException"})),
        ]);
        let forwarder = tape.forwarder();
        let found = forwarder.tagged(&name("shop/web"), "v1").await.unwrap().unwrap();
        assert_eq!((found.digest, found.tags), (digest('a'), vec!["v1".to_owned(), "v2".to_owned()]));
        assert_eq!(forwarder.tagged(&name("shop/web"), "v3").await, Ok(None));
        assert_eq!(forwarder.tagged(&name("shop/none"), "v1").await, Ok(None));
        assert_eq!(tape.said()[0].json()["imageIds"], json!([{"imageTag": "v1"}]));
    });
}
