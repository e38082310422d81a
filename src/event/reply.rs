//! The answer to a CloudFormation request, and the 4,096 bytes it must fit.
//!
//! Knows the protocol's limits (CloudFormation User Guide, "Custom resource response objects"); knows nothing
//! of what is answered.

use super::request::ReplyTarget;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest answer CloudFormation reads, in bytes, all fields together.
pub const MAX_REPLY_BYTES: usize = 4_096;

/// Did it work?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Yes.
    Success,
    /// No; the reason says why.
    Failed,
}

/// One answer, ready but for the ids of its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Did it work?
    pub status: Status,
    /// What CloudFormation shows in the stack's events.
    pub reason: String,
    /// The id CloudFormation shall hold from now on.
    pub physical_id: String,
    /// The return values (`Fn::GetAtt`).
    pub data: BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    status: Status,
    reason: &'a str,
    physical_resource_id: &'a str,
    stack_id: &'a str,
    request_id: &'a str,
    logical_resource_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a BTreeMap<String, String>>,
}

impl Reply {
    /// A FAILED answer. It carries the id CloudFormation already holds, or it would adopt another one.
    pub fn failed(physical_id: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { status: Status::Failed, reason: reason.into(), physical_id: physical_id.into(), data: BTreeMap::new() }
    }

    /// The JSON body for `target`, at most [`MAX_REPLY_BYTES`] long: a reason that does not fit is cut in its
    /// middle and says so. Return values are never cut; their size was settled before the first write.
    pub fn body(&self, target: &ReplyTarget) -> Vec<u8> {
        let reason = printable(&self.reason);
        let mut room = reason.chars().count();
        loop {
            let body = self.body_with(target, &shortened(&reason, room));
            if body.len() <= MAX_REPLY_BYTES || room == 0 {
                return body;
            }
            // Escapes and multi-byte characters make characters and bytes differ: approach from above.
            let excess = body.len().saturating_sub(MAX_REPLY_BYTES);
            room = room.saturating_sub((excess / 4).max(1));
        }
    }

    fn body_with(&self, target: &ReplyTarget, reason: &str) -> Vec<u8> {
        let body = Body {
            status: self.status,
            reason,
            physical_resource_id: &self.physical_id,
            stack_id: &target.stack_id,
            request_id: &target.request_id,
            logical_resource_id: &target.logical_id,
            data: (!self.data.is_empty()).then_some(&self.data),
        };
        // A struct of strings always serialises; the empty body would be refused by CloudFormation, not misread.
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

/// One printable paragraph, never empty: control characters make a stack's events unreadable.
fn printable(reason: &str) -> String {
    let cleaned: String =
        reason.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect();
    let text = cleaned.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() { "no reason was given".to_owned() } else { text }
}

/// At most `room` characters of `text`, head and tail kept: the tail of an error often names the cause.
fn shortened(text: &str, room: usize) -> String {
    const CUT: &str = " […cut…] ";
    let length = text.chars().count();
    if length <= room {
        return text.to_owned();
    }
    let kept = room.saturating_sub(CUT.chars().count());
    if kept == 0 {
        // Even the mark has no room left; a full stop is still a printable reason.
        return ".".to_owned();
    }
    let tail = kept / 4;
    let head = kept.saturating_sub(tail);
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length.saturating_sub(tail)).collect();
    format!("{start}{CUT}{end}")
}
