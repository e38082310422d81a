//! What may be said on the command line.

use super::args_adopt::{AdoptArgs, OutputsArgs};
use super::args_findings::{FindingsArgs, GateArgs, ReplayArgs};
use super::args_oversight::{PreviewArgs, ReportArgs, RevertArgs};
use crate::config::prefix_flaw;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Declared fleets of Amazon ECR repositories, from a terminal.
///
/// Exit status: 0 clean, 1 something was found (problems, changes to make, obstacles), 2 could not tell.
#[derive(Debug, Parser)]
#[command(name = "ecr-steward", version)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// Profile of the AWS configuration to use
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// AWS Region; otherwise the environment's or the profile's
    #[arg(long, global = true, value_name = "REGION")]
    pub(super) region: Option<String>,
    /// Endpoint to use for every AWS service
    #[arg(long, global = true, value_name = "URL")]
    pub(super) endpoint_url: Option<String>,
    /// `ParameterPrefix` of the installation: where SSM parameters go
    #[arg(long, global = true, value_name = "PATH", default_value = "/ecr-steward", value_parser = prefix)]
    pub(super) parameter_prefix: String,
    /// How to write to stdout; markdown is for `findings` and `gate`, html and csv for `findings` and `report`, asff for
    /// `report`, sarif and ocsf for `findings`, template and spec for `adopt`, env, docker and kubernetes for `outputs`
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
}

/// How data is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Lines for people
    Table,
    /// JSON
    Json,
    /// YAML
    Yaml,
    /// A table for a pull request or a job's summary
    Markdown,
    /// A page to look at
    Html,
    /// Comma-separated values
    Csv,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// OCSF vulnerability findings, one a line
    Ocsf,
    /// Findings of Security Hub, for `report`
    Asff,
    /// A CloudFormation template, for `adopt`
    Template,
    /// Documents of Type and Properties, for `adopt`
    Spec,
    /// Variables for a shell, for `outputs`
    Env,
    /// Commands that build and push, for `outputs`
    Docker,
    /// A pull secret and how pods use it, for `outputs`
    Kubernetes,
}

impl Format {
    /// Those that every command has.
    const PLAIN: [Self; 3] = [Self::Table, Self::Json, Self::Yaml];
    /// Those that `findings` has besides.
    const OF_FINDINGS: [Self; 5] = [Self::Markdown, Self::Html, Self::Csv, Self::Sarif, Self::Ocsf];
    /// Those that `report` has besides.
    const OF_REPORT: [Self; 3] = [Self::Csv, Self::Html, Self::Asff];
    /// Those that `outputs` has besides.
    const OF_OUTPUTS: [Self; 3] = [Self::Env, Self::Docker, Self::Kubernetes];

    /// The word it is asked for by.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Csv => "csv",
            Self::Sarif => "sarif",
            Self::Ocsf => "ocsf",
            Self::Asff => "asff",
            Self::Template => "template",
            Self::Spec => "spec",
            Self::Env => "env",
            Self::Docker => "docker",
            Self::Kubernetes => "kubernetes",
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check declarations and print every problem; needs no AWS
    Check(CheckArgs),
    /// Show what would be changed, changing nothing
    Plan(PlanArgs),
    /// Make the changes and account for each
    Apply(ApplyArgs),
    /// Write the declaration of what exists: 0 all of it, 1 something is left out, 2 nobody can tell
    Adopt(AdoptArgs),
    /// Show what a lifecycle policy would expire, by ECR's own preview: 0 nothing, 1 something, 2 nobody can tell
    PreviewLifecycle(PreviewArgs),
    /// Show the compliance report of the last sweep: 0 nothing fails, 1 something does, 2 something is unknown
    Report(ReportArgs),
    /// Show what scans found: what is remembered of it, or what ECR says now
    Findings(Box<FindingsArgs>),
    /// Judge an image by what scans found: 0 it may pass, 1 it may not, 2 nobody can tell
    Gate(Box<GateArgs>),
    /// Try again what could not be delivered
    Replay(ReplayArgs),
    /// Put back what a change of the drift function made: 0 it was put back, 1 somebody changed it since, 2 nobody can tell
    Revert(RevertArgs),
    /// Show the outputs of a fleet
    Outputs(Box<OutputsArgs>),
}

impl Command {
    /// The word the command is called by.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Check(_) => "check",
            Self::Plan(_) => "plan",
            Self::Apply(_) => "apply",
            Self::Adopt(_) => "adopt",
            Self::PreviewLifecycle(_) => "preview-lifecycle",
            Self::Report(_) => "report",
            Self::Findings(_) => "findings",
            Self::Gate(_) => "gate",
            Self::Replay(_) => "replay",
            Self::Revert(_) => "revert",
            Self::Outputs(_) => "outputs",
        }
    }

    /// Says why a command cannot write in a format, where it cannot.
    pub(super) fn refuses(&self, format: Format) -> Option<String> {
        let (what, more, hint): (&str, &[Format], &str) = match self {
            // Its table is for whoever asks for nothing: the template.
            Self::Adopt(_) if [Format::Table, Format::Template, Format::Spec].contains(&format) => return None,
            Self::Adopt(_) => {
                return Some(format!(
                    "adopt does not write {}; ask for template or spec, and for JSON with --as json",
                    format.as_str()
                ));
            }
            Self::Findings(args) if args.import_since.is_some() => ("findings --import-since", &[], ""),
            Self::Findings(args) if args.explain => ("findings --explain", &[], ""),
            Self::Findings(_) => ("findings", &Format::OF_FINDINGS, ", markdown, html, csv, sarif or ocsf"),
            Self::Gate(_) => ("gate", &[Format::Markdown], " or markdown"),
            Self::Report(_) => ("report", &Format::OF_REPORT, ", csv, html or asff"),
            Self::Outputs(_) => ("outputs", &Format::OF_OUTPUTS, ", env, docker or kubernetes"),
            other => (other.name(), &[], ""),
        };
        let known = Format::PLAIN.contains(&format) || more.contains(&format);
        (!known).then(|| format!("{what} does not write {}; ask for table, json, yaml{hint}", format.as_str()))
    }
}

/// What is taken from a file.
#[derive(Debug, Args)]
pub(super) struct Choice {
    /// Value of a template parameter (or of a pseudo parameter such as `AWS::AccountId`); may be repeated
    #[arg(long = "parameter", value_name = "KEY=VALUE", value_parser = given)]
    pub(super) parameters: Vec<(String, String)>,
    /// Logical id of the resource meant, where a template declares several; with `--stack`, its id there
    #[arg(long, value_name = "ID")]
    pub(super) logical_id: Option<String>,
}

/// `check`
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// YAML or JSON documents of Type and Properties, or CloudFormation templates; - reads stdin
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) choice: Choice,
    /// Write the repository creation templates that baselines make, with the properties of
    /// `AWS::ECR::RepositoryCreationTemplate`
    #[arg(long)]
    pub(super) creation_templates: bool,
}

/// `plan`
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// YAML or JSON document of Type and Properties, or CloudFormation template; - reads stdin
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) choice: Choice,
    /// Stack (name or ARN) whose custom resource this is; otherwise the command line owns the repositories itself
    #[arg(long, value_name = "NAME_OR_ARN")]
    pub(super) stack: Option<String>,
    /// Name under which the command line owns the repositories [default: <project>:<environment>]
    #[arg(long, value_name = "NAME", conflicts_with = "stack", value_parser = owner_name)]
    pub(super) owner_name: Option<String>,
    /// State bucket of the installation (its output `StateBucketName`)
    #[arg(long, value_name = "NAME")]
    pub(super) state_bucket: Option<String>,
}

/// `apply`
#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    #[command(flatten)]
    pub(super) plan: PlanArgs,
    /// Refuse to change anything unless the plan still has this fingerprint
    #[arg(long, value_name = "FINGERPRINT")]
    pub(super) expect: Option<String>,
}

pub(super) fn given(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("must be Key=Value".to_owned()),
    }
}

fn prefix(text: &str) -> Result<String, String> {
    prefix_flaw(text).map_or_else(|| Ok(text.to_owned()), |flaw| Err(flaw.to_owned()))
}

/// Becomes part of a tag's value and of keys in the state bucket.
fn owner_name(text: &str) -> Result<String, String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':');
    if text.is_empty() || text.len() > 128 || !text.chars().all(legal) {
        return Err("must be 1 to 128 letters, digits and . _ - :".to_owned());
    }
    Ok(text.to_owned())
}
