//! The only room with SDK types: adapters for the ports of `flow`, one file per service role.
//!
//! Every failure leaves this room as a [`Fault`], translated in `fault`. Nothing is decided here.

mod account;
mod bucket;
pub mod cfn_reply;
mod clients;
mod connection;
mod ecr_read;
mod ecr_write;
mod fault;
mod parameters;
mod queue;
pub mod runtime_api;
mod sdk;
mod stacks;
mod state;

pub use clients::Aws;
pub use connection::Connection;
