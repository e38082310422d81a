//! What may be said to `report`.

use clap::Args;

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
