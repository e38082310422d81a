//! Importing into Security Hub.

use super::*;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use ecr_steward::flow::findings::{NotTaken, Sinks as _};
use sha2::{Digest as _, Sha256};
use std::time::UNIX_EPOCH;

fn taken() -> (u16, Value) {
    (200, json!({"FailedCount": 0, "SuccessCount": 1, "FailedFindings": []}))
}

fn findings() -> Vec<String> {
    vec!["{\"Id\":\"a\"}".to_owned(), "{\"Id\":\"ä\"}".to_owned()]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
}

/// The signature a service would expect of this request, made from what was really sent (AWS IAM User Guide, "Create a
/// signed AWS API request").
fn expected_signature(said: &Said, host: &str, path: &str, secret: &str) -> String {
    let authorization = &said.headers["authorization"];
    let between = |from: &str| authorization.split(from).nth(1).unwrap().split(',').next().unwrap().to_owned();
    let signed = between("SignedHeaders=");
    let scope = between("Credential=").split_once('/').unwrap().1.to_owned();
    let value = |name: &str| if name == "host" { host } else { said.headers[name].as_str() };
    let headers = signed.split(';').fold(String::new(), |lines, name| lines + &format!("{name}:{}\n", value(name)));
    let payload = hex(&Sha256::digest(&said.bytes));
    let canonical = format!("POST\n{path}\n\n{headers}\n{signed}\n{payload}");
    let date = &said.headers["x-amz-date"];
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let time = jiff::fmt::strtime::parse("%Y%m%dT%H%M%SZ", date).unwrap().to_datetime().unwrap();
    let time = jiff::tz::TimeZone::UTC.to_timestamp(time).unwrap();
    let time = UNIX_EPOCH + Duration::from_secs(time.as_second().unsigned_abs());
    calculate_signature(generate_signing_key(secret, time, "eu-west-1", "securityhub"), text.as_bytes())
}

#[test]
fn findings_go_out_as_they_are_signed_over_body_and_session() {
    run(async {
        let tape = Tape::of(&[taken()]);
        let forwarder = tape.forwarder_with(|settings| {
            settings.shared.credentials.session_token = Some("session".to_owned());
        });
        assert_eq!(forwarder.import(&findings()).await, Ok(Vec::new()));
        let said = tape.one();
        assert_eq!(said.method, "POST");
        assert_eq!(said.url, "https://securityhub.eu-west-1.amazonaws.com/findings/import");
        assert_eq!(said.body, "{\"Findings\":[{\"Id\":\"a\"},{\"Id\":\"ä\"}]}");
        assert_eq!(said.headers["content-type"], "application/json");
        assert_eq!(said.headers["x-amz-security-token"], "session");
        let authorization = &said.headers["authorization"];
        assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{authorization}");
        for covered in ["content-type", "host", "x-amz-date", "x-amz-security-token"] {
            assert!(authorization.contains(covered), "{covered} is signed: {authorization}");
        }
        let host = "securityhub.eu-west-1.amazonaws.com";
        let expected = expected_signature(&said, host, "/findings/import", "not-a-secret");
        assert!(authorization.ends_with(&format!("Signature={expected}")), "{authorization}");
        let another = expected_signature(&said, host, "/findings/import", "another-secret");
        assert!(!authorization.contains(&another), "the check can fail");
    });
}

#[test]
fn it_goes_to_the_partition_or_to_the_endpoint_that_is_set() {
    run(async {
        let tape = Tape::of(&[taken(), taken(), taken()]);
        let china = tape.forwarder_with(|settings| {
            settings.partition = "aws-cn".to_owned();
            settings.shared.region = "cn-north-1".to_owned();
        });
        china.import(&findings()).await.unwrap();
        let local = tape.forwarder_with(|settings| {
            settings.shared.endpoints.all = Some("http://127.0.0.1:1".to_owned());
            settings.shared.endpoints.of.insert("SECURITYHUB", "http://127.0.0.1:2/".to_owned());
        });
        local.import(&findings()).await.unwrap();
        let all = tape.forwarder_with(|settings| settings.shared.endpoints.all = Some("http://127.0.0.1:1".to_owned()));
        all.import(&findings()).await.unwrap();
        let urls: Vec<String> = tape.said().into_iter().map(|said| said.url).collect();
        assert_eq!(
            urls,
            [
                "https://securityhub.cn-north-1.amazonaws.com.cn/findings/import",
                "http://127.0.0.1:2/findings/import",
                "http://127.0.0.1:1/findings/import",
            ]
        );
    });
}

#[test]
fn what_was_not_taken_is_told_one_by_one() {
    run(async {
        let failed = json!([
            {"Id": "a", "ErrorCode": "InvalidInput", "ErrorMessage": "Title is too long"},
            {"Id": "ä", "ErrorCode": "InternalFailure"},
        ]);
        let tape = Tape::of(&[
            (200, json!({"FailedCount": 2, "SuccessCount": 98, "FailedFindings": failed})),
            (200, json!({"FailedCount": 0, "SuccessCount": 1})),
        ]);
        let forwarder = tape.forwarder();
        let told = |id: &str, reason: &str| NotTaken { id: id.to_owned(), reason: reason.to_owned() };
        let not_taken = forwarder.import(&findings()).await;
        assert_eq!(not_taken, Ok(vec![told("a", "InvalidInput: Title is too long"), told("ä", "InternalFailure")]));
        assert_eq!(forwarder.import(&findings()).await, Ok(Vec::new()));
        assert_eq!(forwarder.import(&[]).await, Ok(Vec::new()), "nothing is not sent");
        tape.said();
    });
}

#[test]
fn haste_and_outages_are_tried_again_with_the_same_findings() {
    run(async {
        let tape = Tape::default();
        tape.then(429, &[("x-amzn-errortype", "LimitExceededException:")], "{}");
        tape.then(400, &[], &refused("ThrottlingException", "slower").to_string());
        tape.then(0, &[], "");
        tape.then(500, &[], &refused("InternalException", "oops").to_string());
        tape.then(503, &[], "<html>");
        tape.then(200, &[], "half an ans");
        tape.then(200, &[], "{\"FailedCount\": 1, \"FailedFindings\": []}");
        tape.then(200, &[], &taken().1.to_string());
        assert_eq!(tape.forwarder().import(&findings()).await, Ok(Vec::new()));
        let said = tape.said();
        assert!(said.iter().all(|one| one.body == said[0].body && one.headers.contains_key("authorization")));
    });
}

#[test]
fn an_outage_that_lasts_is_a_fault_within_bounds() {
    for (status, headers, kind) in [
        (429, &[("x-amzn-errortype", "TooManyRequestsException")][..], FaultKind::Throttled),
        (500, &[], FaultKind::Unavailable),
        (0, &[], FaultKind::Unavailable),
    ] {
        run(async {
            let tape = Tape::default();
            for _ in 0..100 {
                tape.then(status, headers, "{}");
            }
            let began = Instant::now();
            let fault = tape.forwarder().import(&findings()).await.unwrap_err();
            assert_eq!((fault.kind, fault.retryable()), (kind, true));
            let tries = tape.said.lock().unwrap().len();
            assert!((3..=10).contains(&tries) && began.elapsed() < Duration::from_secs(30), "{tries} tries");
            assert!(!fault.to_string().contains("amazonaws"), "the connector's words are not repeated: {fault}");
        });
    }
}

#[test]
fn a_refusal_is_told_with_its_code_and_not_tried_again() {
    let table = [
        (
            401,
            &[("x-amzn-errortype", "InvalidAccessException:http://internal.amazon.com/coral/")][..],
            r#"{"Message": "not subscribed"}"#,
            FaultKind::Denied,
            "InvalidAccessException",
        ),
        (
            401,
            &[],
            r#"{"__type": "com.amazonaws#InvalidAccessException"}"#,
            FaultKind::Denied,
            "InvalidAccessException",
        ),
        (
            400,
            &[],
            r#"{"Code": "InvalidInputException", "Message": "no"}"#,
            FaultKind::Invalid,
            "InvalidInputException",
        ),
        (403, &[], r#"{"code": "AccessDeniedException", "message": "no"}"#, FaultKind::Denied, "AccessDeniedException"),
        (403, &[("x-amzn-errortype", "InvalidSignatureException")], "", FaultKind::Denied, "InvalidSignatureException"),
        (418, &[], "{}", FaultKind::Unexpected, ""),
    ];
    for (status, headers, body, kind, code) in table {
        run(async {
            let tape = Tape::default();
            let headers: Vec<(&'static str, &str)> =
                headers.iter().chain(&[("x-amzn-requestid", "1-2")]).copied().collect();
            tape.then(status, &headers, body);
            let fault = tape.forwarder().import(&findings()).await.unwrap_err();
            assert_eq!((fault.kind, fault.code.as_str(), fault.retryable()), (kind, code, false), "{body}");
            assert_eq!((fault.service, fault.operation), ("securityhub", "BatchImportFindings"));
            assert_eq!(fault.request_id.as_deref(), Some("1-2"));
            tape.one();
        });
    }
}

#[test]
fn a_process_keeps_to_what_an_account_may_ask_whoever_of_it_asks() {
    run(async {
        let tape = Tape::of(&vec![taken(); 60]);
        let forwarder = tape.forwarder();
        let began = Instant::now();
        let one = ["{}".to_owned()];
        let (left, right) = (forwarder.clone(), forwarder);
        let half = |forwarder: Forwarder| async move {
            for _ in 0..15 {
                forwarder.import(&["{}".to_owned()]).await.unwrap();
            }
        };
        tokio::join!(half(left.clone()), half(right.clone()));
        assert_eq!(began.elapsed(), Duration::ZERO, "thirty at once");
        for _ in 0..20 {
            left.import(&one).await.unwrap();
        }
        let gone = began.elapsed();
        assert!((Duration::from_millis(1_990)..Duration::from_millis(2_100)).contains(&gone), "ten a second: {gone:?}");
        tokio::time::sleep(Duration::from_mins(1)).await;
        let rested = Instant::now();
        for _ in 0..10 {
            right.import(&one).await.unwrap();
        }
        assert_eq!(rested.elapsed(), Duration::ZERO, "a rest fills the bucket");
        tape.said();
    });
}
