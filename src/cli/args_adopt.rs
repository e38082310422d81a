//! What may be said to `adopt` and `outputs`.

use super::args::Choice;
use super::args_oversight::Home;
use crate::model::name::RepositoryName;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// How documents and templates are spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Spelling {
    /// YAML
    Yaml,
    /// JSON
    Json,
}

/// `adopt`
#[derive(Debug, Args)]
pub(super) struct AdoptArgs {
    /// Take in repositories of these names; * and ? stand for any characters; may be repeated [default: all]
    #[arg(long = "pattern", value_name = "GLOB")]
    pub(super) patterns: Vec<String>,
    /// But none of these names; may be repeated
    #[arg(long = "exclude", value_name = "GLOB")]
    pub(super) excluded: Vec<String>,
    /// Read what Terraform manages instead of the account: the output of `terraform show -json`, of a state or of a plan,
    /// or - for stdin. Public repositories and registry settings are declared as well; where the file does not tell the
    /// Region of a setting, only with --region
    #[arg(long, value_name = "FILE")]
    pub(super) from_terraform: Option<PathBuf>,
    /// Write the `removed` blocks with which Terraform (1.7 or later) forgets what is declared, and destroys nothing
    #[arg(long, value_name = "FILE", requires = "from_terraform")]
    pub(super) removed_blocks: Option<PathBuf>,
    /// Account meant (12 digits), where the state is about several; the Region is said by --region
    #[arg(long, value_name = "ID", requires = "from_terraform")]
    pub(super) account: Option<String>,
    /// `ProjectName` where neither names nor tags tell one
    #[arg(long, value_name = "NAME", default_value = "adopted", value_parser = word)]
    pub(super) project: String,
    /// `Environment` where neither names nor tags tell one
    #[arg(long, value_name = "NAME", default_value = "unspecified", value_parser = word)]
    pub(super) environment: String,
    /// How to spell the template (`--format template`, the default) or the documents (`--format spec`)
    #[arg(long = "as", value_name = "SPELLING", value_enum, default_value_t = Spelling::Yaml)]
    pub(super) spelling: Spelling,
}

/// `outputs`
#[derive(Debug, Args)]
pub(super) struct OutputsArgs {
    /// Declaration whose outputs are wanted, deployed or not; - reads stdin
    #[arg(value_name = "FILE", conflicts_with_all = ["stack", "project", "environment"], required_unless_present_any = ["stack", "project"])]
    pub(super) file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) choice: Choice,
    /// Stack (name or ARN) whose fleets' outputs are wanted
    #[arg(long, value_name = "NAME_OR_ARN")]
    pub(super) stack: Option<String>,
    /// `ProjectName` of the fleets
    #[arg(long, value_name = "NAME", conflicts_with = "stack", requires = "environment")]
    pub(super) project: Option<String>,
    /// `Environment` of the fleets
    #[arg(long, value_name = "NAME", requires = "project")]
    pub(super) environment: Option<String>,
    #[command(flatten)]
    pub(super) home: Home,
}

/// Part of a repository's name, and no more of a mistake than that.
fn word(text: &str) -> Result<String, String> {
    RepositoryName::parse(text).map(|_| text.to_owned()).map_err(|flaw| format!("it {flaw}"))
}
