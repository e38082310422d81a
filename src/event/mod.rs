//! What knocks at the door, as data: CloudFormation requests, our own delayed messages, Lambda's reports of failure.
//!
//! Events are parsed leniently here and nowhere else: whoever sent one waits for an answer, so a damaged field
//! must cost a clear FAILED and never a silence.

pub mod api_call;
pub mod drift;
pub mod failure;
pub mod findings;
pub mod letters;
pub mod message;
pub mod reply;
pub mod request;
pub mod scan;
pub mod url;
