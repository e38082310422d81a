//! The event bus.

use super::*;
use ecr_steward::flow::findings::Sinks as _;

#[test]
fn each_event_has_an_answer_of_its_own() {
    run(async {
        let failed = |code: &str| json!({"ErrorCode": code, "ErrorMessage": "why"});
        let entries = [
            json!({"EventId": "1"}),
            failed("ThrottlingException"),
            failed("InternalFailure"),
            failed("MalformedDetail"),
            failed("AccessDeniedException"),
            json!({}),
        ];
        let tape = Tape::of(&[(200, json!({"FailedEntryCount": 5, "Entries": entries}))]);
        let parcels: Vec<Parcel> = (0..6).map(|at| parcel(Sink::EventBridge, &format!("{{\"n\":{at}}}"))).collect();
        let answers = tape.forwarder().put_events(&parcels).await.unwrap();
        let told: Vec<_> =
            answers.iter().map(|answer| answer.as_ref().map_err(|fault| (fault.kind, fault.code.as_str()))).collect();
        assert_eq!(
            told,
            [
                Ok(&()),
                Err((FaultKind::Throttled, "ThrottlingException")),
                Err((FaultKind::Unavailable, "InternalFailure")),
                Err((FaultKind::Invalid, "MalformedDetail")),
                Err((FaultKind::Denied, "AccessDeniedException")),
                Err((FaultKind::Unexpected, "")),
            ]
        );
        assert_eq!(answers[1].as_ref().unwrap_err().message, "why");
        let asked = tape.one().json();
        assert_eq!(
            asked["Entries"][2],
            json!({"Source": "ecr-steward", "DetailType": "ECR Finding Change", "Detail": "{\"n\":2}", "EventBusName": "ecr-steward"})
        );
    });
}

#[test]
fn answers_that_cannot_be_told_apart_fail_the_call_and_nothing_to_say_is_not_said() {
    run(async {
        let tape = Tape::of(&[(200, json!({"Entries": [{"EventId": "1"}]}))]);
        let forwarder = tape.forwarder();
        let two = [parcel(Sink::EventBridge, "{}"), parcel(Sink::EventBridge, "{}")];
        assert_eq!(forwarder.put_events(&two).await.unwrap_err().kind, FaultKind::Unavailable);
        assert_eq!(forwarder.put_events(&[]).await, Ok(Vec::new()));
        tape.one();
    });
}

#[test]
fn a_bus_that_throttles_the_whole_call_is_asked_again() {
    run(async {
        let tape = Tape::of(&[
            (400, refused("ThrottlingException", "slower")),
            (500, refused("InternalException", "oops")),
            (200, json!({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})),
        ]);
        assert_eq!(tape.forwarder().put_events(&[parcel(Sink::EventBridge, "{}")]).await, Ok(vec![Ok(())]));
        let said = tape.said();
        assert_eq!(said[0].json(), said[2].json());
    });
}
