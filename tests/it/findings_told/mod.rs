//! Findings written down for machines: Security Hub, the event bus, the archive.

mod archive;
mod asff;
mod asff_limits;
mod batches;
mod bus;
mod hostile;
mod keys;
mod scene;
pub(crate) mod schema;
mod texts;
