//! Whatever reaches the function as a payload: reading it never panics, and where an answer can be sent, it goes to
//! an https URL under the ids CloudFormation gave.
//!
//! Besides reading the fuzzer's own event, each id of one that could be read is taken away in turn and has to come
//! back from the object key of the response URL.

#![no_main]

use ecr_steward::event::request::{ReplyTarget, Request, RequestType};
use libfuzzer_sys::fuzz_target;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value, json};

/// The envelope's ids, in the order in which the URL's key has them.
const IDS: [&str; 3] = ["StackId", "LogicalResourceId", "RequestId"];

fuzz_target!(|bytes: &[u8]| {
    let Ok(event) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    request_is_read_whole(&event);
    for accept_http in [false, true] {
        match ReplyTarget::read(&event, accept_http) {
            Ok(target) => {
                target_is_right(&event, &target, accept_http);
                lost_ids_come_back(&target);
            }
            Err(reason) => {
                assert!(!reason.to_string().is_empty());
                assert!(!is_complete(&event), "{reason} of {event}");
            }
        }
    }
    if let Ok(target) = ReplyTarget::read(&event, false) {
        assert_eq!(ReplyTarget::read(&event, true), Ok(target), "http is accepted besides https, not instead");
    }
});

fn given<'e>(event: &'e Value, key: &str) -> Option<&'e str> {
    event.get(key)?.as_str().filter(|text| !text.is_empty())
}

fn ids_of(target: &ReplyTarget) -> [&str; 3] {
    [&target.stack_id, &target.logical_id, &target.request_id]
}

/// Plainly a request that can be answered: nothing lost, an https URL with an ordinary host.
fn is_complete(event: &Value) -> bool {
    let host = given(event, "ResponseURL")
        .and_then(|url| url.strip_prefix("https://"))
        .map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
    let ordinary = |host: &str| !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    host.is_some_and(ordinary) && IDS.iter().all(|key| given(event, key).is_some())
}

fn target_is_right(event: &Value, target: &ReplyTarget, accept_http: bool) {
    let url = target.url.expose();
    assert_eq!(event["ResponseURL"], json!(url), "the URL is kept byte for byte");
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://").filter(|_| accept_http));
    assert!(rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', ':'])), "{url}");
    assert!(!format!("{:?}", target.url).contains("://"), "a log line would show the URL");
    for (place, (key, id)) in IDS.into_iter().zip(ids_of(target)).enumerate() {
        assert!(!id.is_empty(), "{key}");
        match given(event, key) {
            Some(given) => assert_eq!(id, given, "{key} is kept byte for byte"),
            None => assert_eq!(in_key(url, place).as_deref(), Some(id), "{key} is what the URL's key has"),
        }
    }
    assert_eq!(target.physical_id.as_deref(), given(event, "PhysicalResourceId"));
}

/// One part of the object key, read by somebody else's decoder.
fn in_key(url: &str, place: usize) -> Option<String> {
    let (_, path) = url.split('?').next()?.split_once("://")?.1.split_once('/')?;
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    let (_, key) = decoded.split_once("arn:")?;
    assert_eq!(key.matches('|').count(), 2, "a key of other than three parts names nobody: {key}");
    format!("arn:{key}").split('|').nth(place).map(str::to_owned)
}

fn lost_ids_come_back(target: &ReplyTarget) {
    let ids = ids_of(target);
    if !target.stack_id.starts_with("arn:") || ids.iter().any(|id| id.contains('|')) {
        return;
    }
    let key = ids.map(|id| utf8_percent_encode(id, NON_ALPHANUMERIC).to_string()).join("%7C");
    for host in ["bucket.s3-eu-west-1.amazonaws.com", "s3.eu-west-1.amazonaws.com/bucket"] {
        let url = format!("https://{host}/{key}?Expires=1&Signature=a%7Cb%7C");
        // One bit per id: those left in the envelope.
        for left in 0..8_u8 {
            let mut event = Map::from_iter([("ResponseURL".to_owned(), json!(url))]);
            for (place, (name, id)) in IDS.into_iter().zip(ids).enumerate() {
                let lost = [Value::Null, json!(""), json!(7)][place].clone();
                event.insert(name.to_owned(), if left & (1 << place) == 0 { lost } else { json!(id) });
            }
            let read = ReplyTarget::read(&event.into(), false).expect("everything is in the URL");
            assert_eq!(ids_of(&read), ids, "{url} with {left:03b}");
        }
    }
}

fn request_is_read_whole(event: &Value) {
    let wanted = event.get("RequestType").and_then(Value::as_str);
    let properties = event.get("ResourceProperties").filter(|value| !value.is_null());
    match Request::read(event) {
        Ok(request) => {
            assert_eq!(Some(request.kind.as_str()), wanted);
            assert!(!request.properties.contains_key("ServiceToken"));
            let mut expected = properties.and_then(Value::as_object).cloned().unwrap_or_default();
            expected.remove("ServiceToken");
            assert_eq!(request.properties, expected);
            assert_eq!(request.resource_type, event.get("ResourceType").and_then(Value::as_str).unwrap_or_default());
        }
        Err(reason) => {
            assert!(!reason.is_empty());
            assert_ne!(wanted, Some(RequestType::Delete.as_str()), "a Delete gets through whatever it holds: {reason}");
            let known = wanted.is_some_and(|kind| ["Create", "Update"].contains(&kind));
            assert!(!known || properties.is_some_and(|value| !value.is_object()), "{reason} of {event}");
        }
    }
}
