//! What may be said to `report`, `revert` and `preview-lifecycle`.

use super::args::Choice;
use crate::model::name::RepositoryName;
use clap::Args;
use std::path::PathBuf;

/// Where the state bucket is: an output of the installation's stack, or given instead.
#[derive(Debug, Args)]
#[command(next_help_heading = "Installation")]
pub(super) struct Home {
    /// The installation's stack, whose outputs say where things are
    #[arg(long, value_name = "NAME_OR_ARN", default_value = "ecr-steward")]
    pub(super) installation_stack: String,
    /// State bucket (output `StateBucketName`)
    #[arg(long, value_name = "NAME")]
    pub(super) state_bucket: Option<String>,
}

/// `report`
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    pub(super) home: Home,
}

/// `revert`
#[derive(Debug, Args)]
pub(super) struct RevertArgs {
    /// The change's id, as the report and the journal have it: 16 hexadecimal digits
    #[arg(value_name = "CHANGE", value_parser = change)]
    pub(super) change: String,
    #[command(flatten)]
    pub(super) home: Home,
}

/// `preview-lifecycle`
#[derive(Debug, Args)]
pub(super) struct PreviewArgs {
    /// The repository
    #[arg(long, value_name = "NAME", value_parser = repository)]
    pub(super) repository: RepositoryName,
    /// Lifecycle policy, as YAML or JSON; - reads stdin. Without it and without --spec: the policy in force
    #[arg(long, value_name = "FILE", conflicts_with = "spec")]
    pub(super) policy: Option<PathBuf>,
    /// Declaration of a fleet that lists the repository, whose policy is previewed; - reads stdin
    #[arg(long, value_name = "FILE")]
    pub(super) spec: Option<PathBuf>,
    #[command(flatten)]
    pub(super) choice: Choice,
    /// Wait at most so long for ECR
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(super) wait: u64,
}

fn change(text: &str) -> Result<String, String> {
    let legal = text.len() == 16 && text.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
    if legal { Ok(text.to_owned()) } else { Err("must be 16 hexadecimal digits, as the report has them".to_owned()) }
}

fn repository(text: &str) -> Result<RepositoryName, String> {
    RepositoryName::parse(text).map_err(|flaw| format!("the name {flaw}"))
}
