//! The notification topic.

use super::*;
use ecr_steward::flow::findings::Sinks as _;

const TAKEN: &str = "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>";

#[test]
fn a_message_goes_out_with_its_subject_and_those_attributes_that_say_something() {
    run(async {
        let tape = Tape::default();
        tape.then(200, &[], TAKEN);
        tape.then(200, &[], TAKEN);
        let forwarder = tape.forwarder();
        let mut parcel = parcel(Sink::Sns, "3 new findings");
        forwarder.publish(&parcel).await.unwrap();
        parcel.subject = "New".to_owned();
        parcel.attributes = [("severity", "HIGH"), ("owner", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        forwarder.publish(&parcel).await.unwrap();
        let said = tape.said();
        assert!(!said[0].body.contains("Subject") && !said[0].body.contains("MessageAttributes"), "{}", said[0].body);
        assert!(said[0].body.contains("TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A123456789012%3Atopic"));
        for part in [
            "Message=3%20new%20findings",
            "Subject=New",
            "MessageAttributes.entry.1.Name=severity",
            "MessageAttributes.entry.1.Value.DataType=String",
            "MessageAttributes.entry.1.Value.StringValue=HIGH",
        ] {
            assert!(said[1].body.contains(part), "{part}: {}", said[1].body);
        }
        assert!(!said[1].body.contains("owner"), "SNS refuses empty attributes: {}", said[1].body);
    });
}

#[test]
fn what_a_topic_never_takes_is_not_sent_and_the_limit_counts_attributes() {
    run(async {
        let tape = Tape::default();
        tape.then(200, &[], TAKEN);
        let forwarder = tape.forwarder();
        let mut parcel = parcel(Sink::Sns, &"x".repeat(262_144));
        forwarder.publish(&parcel).await.unwrap();
        parcel.attributes = [("a".to_owned(), "b".to_owned())].into();
        let fault = forwarder.publish(&parcel).await.unwrap_err();
        assert_eq!((fault.kind, fault.retryable()), (FaultKind::Invalid, false));
        assert!(fault.message.contains("262152"), "{fault}");
        tape.one();
    });
}

#[test]
fn what_sns_says_is_worth_another_try_or_not() {
    for (status, code, kind) in [
        (403, "AuthorizationError", FaultKind::Denied),
        (404, "NotFound", FaultKind::NotFound),
        (400, "InvalidParameter", FaultKind::Invalid),
        (400, "KMSAccessDenied", FaultKind::Denied),
        (400, "KMSThrottling", FaultKind::Throttled),
    ] {
        run(async {
            let tape = Tape::default();
            let error =
                format!("<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>");
            tape.then(status, &[], &error);
            assert_eq!(tape.forwarder().publish(&parcel(Sink::Sns, "x")).await.unwrap_err().kind, kind, "{code}");
            tape.one();
        });
    }
}
