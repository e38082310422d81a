//! The bytes of an answer: CloudFormation reads 4,096 of them, so the reason gives way, and nothing else does.

#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use ecr_steward::event::reply::{MAX_REPLY_BYTES, Reply, Status};
use ecr_steward::event::request::ReplyTarget;
use ecr_steward::event::url::ResponseUrl;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What stands where the middle of a reason was.
const CUT: &str = " […cut…] ";
/// What is told where there is nothing to tell.
const NONE: &str = "no reason was given";

#[derive(Debug)]
struct Answer {
    reply: Reply,
    target: ReplyTarget,
}

impl<'a> Arbitrary<'a> for Answer {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let status = if u.arbitrary()? { Status::Success } else { Status::Failed };
        let stack = format!("arn:aws:cloudformation:eu-west-1:123456789012:stack/{}", id(u, 128 + 37)?);
        let target = ReplyTarget {
            url: ResponseUrl::new("https://example.com/"),
            stack_id: stack,
            request_id: id(u, 36)?,
            logical_id: id(u, 255)?,
            physical_id: None,
        };
        let physical_id = id(u, 1_024)?;
        let mut data = BTreeMap::new();
        for _ in 0..u.int_in_range(0..=3)? {
            data.insert(long_text(u)?, long_text(u)?);
        }
        let mut reason = String::new();
        while !u.is_empty() {
            reason += &long_text(u)?;
        }
        Ok(Self { reply: Reply { status, reason, physical_id, data }, target })
    }
}

/// A piece of text, perhaps repeated until it is thousands of bytes long.
fn long_text(u: &mut Unstructured<'_>) -> Result<String> {
    let times = if u.ratio(1, 2)? { 1 } else { u.int_in_range(1..=2_000)? };
    let piece = u.arbitrary::<&str>()?;
    Ok(piece.repeat(times).chars().take(12_000).collect())
}

/// An id CloudFormation could hold: so many bytes at most, nothing that is no character of a text.
fn id(u: &mut Unstructured<'_>, longest: usize) -> Result<String> {
    let mut id: String = long_text(u)?.chars().filter(|c| !c.is_control()).collect();
    while id.len() > longest {
        id.truncate(id.len() - id.chars().next_back().map_or(1, char::len_utf8));
    }
    Ok(if id.is_empty() { "id".to_owned() } else { id })
}

fuzz_target!(|answer: Answer| {
    let Answer { reply, target } = answer;
    let body = reply.body(&target);
    let told: Value = serde_json::from_slice(&body).expect("an answer is JSON");
    nothing_else_gave_way(&reply, &target, &told);
    let reason = told["Reason"].as_str().expect("a reason is text");
    is_printable(reason);
    // By the protocol's own words, not by the library's struct: what an answer with another reason would take.
    let length_with = |reason: &str| {
        let mut with = told.clone();
        with["Reason"] = json!(reason);
        with.to_string().len()
    };
    assert_eq!(body.len(), length_with(reason), "nothing is sent but the members");
    if length_with(".") <= MAX_REPLY_BYTES {
        assert!(body.len() <= MAX_REPLY_BYTES, "{} bytes", body.len());
    } else {
        assert_eq!(reason, ".", "data and ids alone are too much, and the reason makes it no worse");
    }
    let whole = words(&reply.reason);
    let whole = if whole.is_empty() { NONE.to_owned() } else { whole };
    if length_with(&whole) <= MAX_REPLY_BYTES {
        assert_eq!(reason, whole, "what fits is told whole");
    } else {
        is_cut_well(reason, &whole, body.len());
    }
});

fn nothing_else_gave_way(reply: &Reply, target: &ReplyTarget, told: &Value) {
    let status = if reply.status == Status::Success { "SUCCESS" } else { "FAILED" };
    let mut expected = json!({
        "Status": status,
        "Reason": told["Reason"],
        "PhysicalResourceId": reply.physical_id,
        "StackId": target.stack_id,
        "RequestId": target.request_id,
        "LogicalResourceId": target.logical_id,
    });
    if !reply.data.is_empty() {
        expected["Data"] = json!(reply.data);
    }
    assert_eq!(told, &expected, "every member is there as it was given, and none is null");
}

fn is_printable(reason: &str) {
    assert!(!reason.trim().is_empty());
    assert!(!reason.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')), "{reason:?}");
}

/// The words of a reason with one space between them, as a reader would copy them.
fn words(text: &str) -> String {
    let apart = |c: char| c.is_control() || c.is_whitespace();
    text.split(apart).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Beginning and end are the text's own, and the room is used.
fn is_cut_well(reason: &str, whole: &str, length: usize) {
    if reason == "." {
        return;
    }
    let fits = reason.match_indices(CUT).any(|(at, _)| {
        let (head, tail) = (&reason[..at], &reason[at + CUT.len()..]);
        !head.is_empty() && head.len() + tail.len() < whole.len() && whole.starts_with(head) && whole.ends_with(tail)
    });
    assert!(fits, "{reason:?} is not {whole:?} with its middle cut");
    // The mark takes the room of nine characters, which may have been of four bytes each.
    assert!(length > MAX_REPLY_BYTES - 32, "{length} bytes are used where more was to be told");
}
