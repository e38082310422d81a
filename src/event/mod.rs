//! What knocks at the door, as data: CloudFormation requests and our own delayed messages.
//!
//! Events are parsed leniently here and nowhere else: whoever sent one waits for an answer, so a damaged field
//! must cost a clear FAILED and never a silence.

pub mod reply;
pub mod request;
pub mod settle;
