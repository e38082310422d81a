//! One file per function: start-up, deadlines, the panic net, the single answer.

mod batch;
mod case;
pub mod custom_resource;
pub mod drift;
mod embedded;
pub mod findings;
pub mod logs;
pub mod messages;
pub mod respond;
pub mod serve;
mod serve_baseline;
mod serve_policy;
mod serve_public;
mod serve_registry;
mod serve_sole;
pub mod start;
pub mod start_drift;
pub mod start_findings;
pub mod time;
pub mod watchdog;
