//! The only room with SDK types: adapters for the ports of `flow`, one file per service role.
//!
//! Every failure leaves this room as a [`Fault`], translated in `fault`. Nothing is decided here.

mod account;
mod address;
mod bucket;
mod bus;
pub mod cfn_reply;
mod clients;
mod connection;
mod dead_letter;
mod ecr_findings;
mod ecr_images;
mod ecr_previews;
mod ecr_read;
mod ecr_scans;
mod ecr_write;
mod exchange;
mod fault;
mod forwarder;
mod gallery;
mod gallery_read;
mod gallery_write;
mod jobs;
mod letters;
mod overseer;
mod oversight;
mod pace;
mod parameters;
mod queue;
mod records;
mod registry_read;
mod registry_replication;
mod registry_template;
mod registry_write;
pub mod runtime_api;
mod sdk;
mod security_hub;
mod sinks;
mod stacks;
mod state;
mod tagged;
mod topic;
mod webhook;

pub use clients::Aws;
pub use connection::Connection;
pub use forwarder::{Forwarder, Installation};
pub use gallery::Gallery;
pub use letters::Letter;
pub use overseer::Overseer;
