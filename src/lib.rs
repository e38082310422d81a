//! ecr-steward: declared fleets of Amazon ECR repositories, held to policy.
//!
//! # One idea
//!
//! Gather → decide → carry out → account. Gathering reads the world and returns plain data; deciding is a pure
//! function of that data; carrying out performs the decision step by step and chooses nothing; accounting says
//! what happened, in the tongue of whoever asked. There is no dry-run flag: a previewer holds no writer.
//!
//! # Rooms, in walking order
//!
//! | room | what it is |
//! |---|---|
//! | [`config`] | settings from the environment; its only reader |
//! | [`fault`] | a failure of the outside world, as a value |
//! | [`model`] | the nouns: names, places, owners, policies, repositories |
//! | [`event`] | what knocks: CloudFormation requests and answers, our own messages |
//! | [`lifecycle`] | ECR's lifecycle language: grammar, the service's rules, generator |
//! | [`spec`] | what is wished: properties in, a checked fleet or all problems out |
//! | [`plan`] | what must change: steps, obstacles, what is kept on purpose |
//! | [`policy`] | what findings mean: compared, judged, written down for each sink |
//! | [`report`] | findings for people and other programs: CSV, SARIF, OCSF, HTML, Markdown |
//! | [`flow`] | the walks, and the ports they need |
//! | [`aws`] | the only room with SDK types |
//! | [`cli`] | the command line: files in, the same walks, data out |
//! | [`handler`] | functions: start-up, deadlines, panic net, the single answer |
//!
//! # Import law
//!
//! `bin → handler, cli → flow → report → plan, policy → spec, event → model → lifecycle`; `aws` implements the ports of `flow` and is
//! constructed only by `handler`, `cli` and `bin`. Nothing below `flow` knows tokio, the clock, the environment or an
//! SDK type. `tests/it/house_rules.rs` holds us to it.
//!
//! # To add a repository setting
//!
//! `model::repository` (the noun) → `spec::layer` and `spec::effective` (how it is said, its default) →
//! `plan::change` and `plan::repository` (the write, the comparison) → `aws::ecr_write` (the call) →
//! `template.yaml` (the permission). The compiler and `tests/it/template.rs` ask for each in turn.

pub mod aws;
pub mod cli;
pub mod config;
pub mod event;
pub mod fault;
pub mod flow;
pub mod handler;
pub mod lifecycle;
pub mod model;
pub mod plan;
pub mod policy;
pub mod report;
pub mod spec;
