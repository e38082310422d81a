//! Posts to addresses that are secrets.

use super::*;
use ecr_steward::fault::Fault;
use ecr_steward::flow::findings::Sinks as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

const SECRET_URL: &str = "https://hooks.example/services/T0/B0/very-secret?token=hidden";

fn held(value: &str) -> Value {
    json!({"Parameter": {"Name": "/ecr-steward/secrets/hook", "Type": "SecureString", "Value": value}})
}

fn post_of(sink: Sink) -> Parcel {
    Parcel { secret: Some("/ecr-steward/secrets/hook".to_owned()), ..parcel(sink, "{\"ä\":1}") }
}

/// Says nothing that lets anybody post.
fn is_discreet(fault: &Fault) -> bool {
    let texts = [fault.to_string(), format!("{fault:?}")];
    ["very-secret", "hidden", "services", "signing", "header-secret"]
        .iter()
        .all(|secret| texts.iter().all(|text| !text.contains(secret)))
}

/// What comes of one post, its address in the secret, and these answers of the receiver.
fn posted(tape: &Tape, sink: Sink, value: &str) -> (Result<(), Fault>, Duration) {
    run(async {
        tape.answers.lock().unwrap().push_front((200, Vec::new(), held(value).to_string().into_bytes()));
        let began = Instant::now();
        let ended = tape.forwarder().post(&post_of(sink)).await;
        if let Err(fault) = &ended {
            assert!(is_discreet(fault), "{fault:?}");
        }
        (ended, began.elapsed())
    })
}

#[test]
fn a_chat_gets_the_body_as_it_is_at_the_address_the_secret_holds() {
    for (sink, value) in [(Sink::Slack, SECRET_URL.to_owned()), (Sink::Teams, format!(" {SECRET_URL}\n"))] {
        let tape = Tape::default();
        tape.then(200, &[], "ok");
        assert_eq!(posted(&tape, sink, &value).0, Ok(()));
        let said = tape.said();
        assert_eq!(said[0].headers["x-amz-target"], "AmazonSSM.GetParameter");
        assert_eq!(said[0].json(), json!({"Name": "/ecr-steward/secrets/hook", "WithDecryption": true}));
        assert_eq!((said[1].method.as_str(), said[1].url.as_str()), ("POST", SECRET_URL));
        assert_eq!(said[1].body, "{\"ä\":1}");
        assert_eq!(said[1].headers["content-type"], "application/json");
        assert!(!said[1].headers.keys().any(|name| name.contains("key") || name.contains("signature")));
    }
}

#[test]
fn a_webhook_is_signed_over_time_and_body_and_has_the_key_of_its_parcel() {
    let value = json!({"url": SECRET_URL, "key": "signing", "headers": {"X-Team": "header-secret", "Content-Type": "text/plain"}});
    let tape = Tape::default();
    tape.then(500, &[], "");
    tape.then(204, &[], "");
    assert_eq!(posted(&tape, Sink::Webhook, &value.to_string()).0, Ok(()));
    let said = tape.said();
    for said in &said[1..] {
        assert_eq!(said.headers["idempotency-key"], "0123456789abcdef0123456789abcdef", "the same at every try");
        assert_eq!(
            (said.headers["x-team"].as_str(), said.headers["content-type"].as_str()),
            ("header-secret", "application/json")
        );
        let signature = &said.headers["x-ecr-steward-signature"];
        let (time, digits) = signature.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")).unwrap();
        let bytes: Vec<u8> =
            (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect();
        let mac = |key: &[u8]| {
            Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(format!("{time}.")).chain_update(&said.bytes)
        };
        mac(b"signing").verify_slice(&bytes).unwrap();
        assert!(mac(b"another").verify_slice(&bytes).is_err(), "the check can fail");
        let now = jiff::Timestamp::now().as_second();
        assert!((now - 60..=now).contains(&time.parse().unwrap()), "{signature}");
    }
    // Without a key there is nothing to sign with.
    let tape = Tape::default();
    tape.then(200, &[], "");
    assert_eq!(posted(&tape, Sink::Webhook, SECRET_URL).0, Ok(()));
    let said = tape.said();
    assert!(said[1].headers.contains_key("idempotency-key"));
    assert!(!said[1].headers.contains_key("x-ecr-steward-signature"));
}

#[test]
fn a_receiver_that_asks_to_wait_is_waited_for_and_told_again() {
    let in_twenty = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(20);
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&in_twenty).unwrap();
    for (status, after, seconds) in
        [(429, "7", 7..=8), (503, "12", 12..=13), (429, date.as_str(), 18..=21), (429, "0", 0..=1)]
    {
        let tape = Tape::default();
        tape.then(status, &[("retry-after", after)], "");
        tape.then(200, &[], "");
        let (ended, gone) = posted(&tape, Sink::Slack, SECRET_URL);
        assert_eq!(ended, Ok(()));
        assert!(seconds.contains(&gone.as_secs()), "{after}: {gone:?}");
        let said = tape.said();
        assert_eq!(said[1].body, said[2].body);
    }
}

#[test]
fn a_wait_that_does_not_fit_is_left_to_the_queue_at_once() {
    for (status, after) in
        [(429, "31"), (503, "86400"), (429, "9999999999999999"), (503, "Fri, 31 Dec 2100 23:59:59 GMT")]
    {
        let tape = Tape::default();
        tape.then(status, &[("retry-after", after)], "");
        let (ended, gone) = posted(&tape, Sink::Slack, SECRET_URL);
        let fault = ended.unwrap_err();
        assert_eq!((fault.kind, fault.retryable()), (FaultKind::Throttled, true), "{after}");
        assert!(gone < Duration::from_secs(1), "{after}: {gone:?}");
        assert_eq!(tape.said().len(), 2, "{after}");
    }
}

#[test]
fn two_waits_that_fit_only_apart_are_not_both_waited() {
    let tape = Tape::default();
    for _ in 0..2 {
        tape.then(429, &[("retry-after", "20")], "");
    }
    let (ended, gone) = posted(&tape, Sink::Teams, SECRET_URL);
    assert_eq!(ended.unwrap_err().kind, FaultKind::Throttled);
    assert!((20..22).contains(&gone.as_secs()), "{gone:?}");
    assert_eq!(tape.said().len(), 3);
}

#[test]
fn outages_are_tried_a_few_times_and_then_left_to_the_queue() {
    for status in [500, 502, 503, 504, 408, 0, 429] {
        let tape = Tape::default();
        for _ in 0..20 {
            tape.then(status, &[], "");
        }
        let (ended, gone) = posted(&tape, Sink::Webhook, SECRET_URL);
        let fault = ended.unwrap_err();
        let kind = if status == 429 { FaultKind::Throttled } else { FaultKind::Unavailable };
        assert_eq!((fault.kind, fault.service), (kind, "webhook"), "{status}");
        assert!(fault.message.starts_with("hooks.example"), "the host may be told: {fault}");
        let tries = tape.said.lock().unwrap().len() - 1;
        assert!((2..=6).contains(&tries) && gone < Duration::from_secs(30), "{status}: {tries} tries in {gone:?}");
    }
}

#[test]
fn a_refusal_is_final_and_a_redirect_is_one() {
    for status in [400, 401, 403, 404, 410, 413, 301, 307] {
        let tape = Tape::default();
        tape.then(status, &[("location", "https://elsewhere.example/")], "token=hidden");
        let (ended, _) = posted(&tape, Sink::Slack, SECRET_URL);
        let fault = ended.unwrap_err();
        assert_eq!((fault.kind, fault.service, fault.retryable()), (FaultKind::Invalid, "slack", false), "{status}");
        assert!(fault.message.contains(&status.to_string()), "{fault}");
        assert_eq!(tape.said().len(), 2, "once, and nowhere else");
    }
}

#[test]
fn a_secret_is_read_once_in_five_minutes_and_again_after_a_refusal() {
    run(async {
        let tape = Tape::default();
        let read = || tape.then(200, &[], &held(SECRET_URL).to_string());
        read();
        tape.then(200, &[], "");
        tape.then(200, &[], "");
        let forwarder = tape.forwarder();
        forwarder.post(&post_of(Sink::Slack)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(299)).await;
        forwarder.clone().post(&post_of(Sink::Slack)).await.unwrap();
        assert_eq!(tape.said().len(), 3, "one read, two posts");
        tokio::time::sleep(Duration::from_secs(2)).await;
        read();
        tape.then(404, &[], "");
        assert!(forwarder.post(&post_of(Sink::Slack)).await.is_err());
        read();
        tape.then(200, &[], "");
        forwarder.post(&post_of(Sink::Slack)).await.unwrap();
        assert_eq!(tape.said().len(), 7);
    });
}

#[test]
fn a_secret_that_holds_no_address_is_refused_without_a_word_of_it() {
    for value in [
        "",
        "very-secret",
        "http://hooks.example/very-secret",
        "ftp://hooks.example/very-secret",
        "https://user:very-secret@hooks.example/",
        "https:///very-secret",
        "https://hooks.example/very secret hidden",
        r#"{"url": "http://hooks.example/very-secret"}"#,
        r#"{"url": "https://hooks.example/very-secret", "password": "hidden"}"#,
        r#"{"url": 7, "key": "very-secret"}"#,
        r#"{"uri": "https://hooks.example/very-secret"}"#,
        r#"{"url": "https://hooks.example/very-secret", "headers": {"Host": "hidden"}}"#,
        r#"{"url": "https://hooks.example/very-secret", "headers": {"x": "hid\nden"}}"#,
        r#"{"url": "https://hooks.example/very-secret", "headers": {"a b": "hidden"}}"#,
    ] {
        let tape = Tape::default();
        let (ended, _) = posted(&tape, Sink::Webhook, value);
        assert_eq!(ended.unwrap_err().kind, FaultKind::Invalid, "{value}");
        assert_eq!(tape.said().len(), 1, "nothing was posted: {value}");
    }
}

#[test]
fn plain_http_is_accepted_only_where_everything_is_local() {
    run(async {
        let tape = Tape::default();
        tape.then(200, &[], &held("http://127.0.0.1:9/hook").to_string());
        tape.then(200, &[], "");
        let local =
            tape.forwarder_with(|settings| settings.shared.endpoints.all = Some("http://127.0.0.1:1".to_owned()));
        local.post(&post_of(Sink::Webhook)).await.unwrap();
        assert_eq!(tape.said()[1].url, "http://127.0.0.1:9/hook");
    });
}

#[test]
fn a_secret_that_cannot_be_read_is_named_and_a_parcel_without_one_goes_nowhere() {
    run(async {
        let tape = Tape::of(&[(400, refused("ParameterNotFound", "")), (400, refused("AccessDeniedException", "no"))]);
        let forwarder = tape.forwarder();
        let missing = forwarder.post(&post_of(Sink::Slack)).await.unwrap_err();
        assert_eq!((missing.kind, missing.retryable()), (FaultKind::NotFound, false));
        assert!(missing.message.contains("/ecr-steward/secrets/hook"), "{missing}");
        assert_eq!(forwarder.post(&post_of(Sink::Slack)).await.unwrap_err().kind, FaultKind::Denied);
        let nowhere = forwarder.post(&parcel(Sink::Slack, "{}")).await.unwrap_err();
        assert_eq!(nowhere.kind, FaultKind::Invalid);
        assert_eq!(tape.said().len(), 2);
    });
}
