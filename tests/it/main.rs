//! One linked test binary: pure logic, properties, wire replays and the rules of the house.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where its assumption does; clippy.toml allows these in test functions, not in what they call"
)]

mod adopt;
mod api_calls;
mod bad_input;
mod baseline;
mod baseline_resource;
mod cli;
mod cli_findings;
mod compliance;
mod config;
mod continued;
mod converge;
mod crashes;
mod custom_resource;
mod drift;
mod drift_function;
mod engine;
mod events;
mod farewell;
mod findings_policy;
mod findings_resource;
mod findings_shown;
mod findings_told;
mod findings_walk;
mod fleet;
mod handover;
mod house_rules;
mod interrupted;
mod lifecycle;
mod manifest;
mod overlap;
mod ownership;
mod policy_document;
mod public;
mod registry;
mod registry_spec;
mod reply;
mod responder;
mod robustness;
mod sequences;
mod settings;
mod support;
mod sweep;
mod template;
mod template_drift;
mod template_findings;
mod template_registry;
mod terraform;
mod wire;
