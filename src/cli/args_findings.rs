//! What may be said to `findings`, `gate` and `replay`.

use super::args::given;
use crate::model::finding::Severity;
use crate::spec::findings::{Glob, Sink};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Where the installation's things are: the outputs of its stack, each of which may be given instead.
#[derive(Debug, Args)]
#[command(next_help_heading = "Installation")]
pub(super) struct Where {
    /// The installation's stack, whose outputs say where things are
    #[arg(long, value_name = "NAME_OR_ARN", default_value = "ecr-steward")]
    pub(super) installation_stack: String,
    /// State bucket (output `StateBucketName`)
    #[arg(long, value_name = "NAME")]
    pub(super) state_bucket: Option<String>,
    /// Findings queue (output `FindingsQueueUrl`)
    #[arg(long, value_name = "URL")]
    pub(super) queue_url: Option<String>,
    /// Its dead-letter queue (output `FindingsDeadLetterQueueUrl`)
    #[arg(long, value_name = "URL")]
    pub(super) dead_letter_url: Option<String>,
}

/// What findings are judged by.
#[derive(Debug, Args)]
#[command(next_help_heading = "Policy")]
pub(super) struct Judged {
    /// Findings policy to judge by instead of the stored one: a document or a template; - reads stdin
    #[arg(long, value_name = "FILE")]
    pub(super) policy: Option<PathBuf>,
    /// Value of a parameter of the policy's template; may be repeated
    #[arg(long = "parameter", value_name = "KEY=VALUE", value_parser = given, requires = "policy")]
    pub(super) parameters: Vec<(String, String)>,
    /// Logical id of the policy in the template, where it declares several
    #[arg(long, value_name = "ID", requires = "policy")]
    pub(super) logical_id: Option<String>,
}

/// `findings`
#[derive(Debug, Args)]
pub(super) struct FindingsArgs {
    /// Only repositories whose names match (`*` and `?` are wildcards); may be repeated
    #[arg(long = "repository", value_name = "GLOB", value_parser = glob, conflicts_with = "image")]
    pub(super) repositories: Vec<Glob>,
    /// Only this image: app@sha256:…, app:v1, or its whole URI
    #[arg(long, value_name = "IMAGE")]
    pub(super) image: Option<String>,
    /// Only this vulnerability (`*` and `?` are wildcards)
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub(super) vulnerability: Option<Glob>,
    /// Only findings at least this bad
    #[arg(long, value_name = "SEVERITY", value_parser = severity, default_value = "INFORMATIONAL")]
    pub(super) minimum_severity: Severity,
    /// Leave out what is known to have no fix
    #[arg(long)]
    pub(super) only_fixable: bool,
    /// Show also what does not count
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub(super) include: Vec<Include>,
    /// Ask ECR instead of reading what is remembered; for one --image, or one --repository without wildcards
    #[arg(long)]
    pub(super) live: bool,
    /// Say which waivers and routes apply to the --vulnerability in the --image, and which do not
    #[arg(long, requires = "image", requires = "vulnerability")]
    pub(super) explain: bool,
    /// Bring in what was scanned or pushed since then, alerting nobody; YYYY-MM-DD (in UTC) or RFC 3339
    #[arg(long, value_name = "DATE", conflicts_with_all = ["repositories", "image", "vulnerability", "include", "live", "explain", "policy"])]
    pub(super) import_since: Option<String>,
    #[command(flatten)]
    pub(super) judged: Judged,
    #[command(flatten)]
    pub(super) place: Where,
}

impl FindingsArgs {
    /// Is this to be shown too?
    pub(super) fn includes(&self, what: Include) -> bool {
        self.include.contains(&what)
    }
}

/// What does not count and may be shown all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Include {
    /// What a waiver covers
    Waived,
    /// What was there and is no more
    Gone,
}

/// `gate`
#[derive(Debug, Args)]
pub(super) struct GateArgs {
    /// The image: app@sha256:…, app:v1, or its whole URI
    #[arg(value_name = "IMAGE")]
    pub(super) image: String,
    /// Findings at least this bad block, whatever the policy says
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub(super) minimum_severity: Option<Severity>,
    /// Does only what has a fix, or may have one, block? Whatever the policy says
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) only_fixable: Option<bool>,
    /// Wait at most so long for a scan that has not ended
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(super) wait: u64,
    #[command(flatten)]
    pub(super) judged: Judged,
    #[command(flatten)]
    pub(super) place: Where,
}

/// `replay`
#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// Show what waits there, and leave it
    #[arg(long)]
    pub(super) list: bool,
    /// Only what this sink refused
    #[arg(long, value_name = "SINK", value_parser = sink)]
    pub(super) sink: Option<Sink>,
    /// Only what is about this vulnerability (`*` and `?` are wildcards)
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub(super) vulnerability: Option<Glob>,
    /// Take at most so many letters
    #[arg(long, value_name = "NUMBER", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) max: u32,
    #[command(flatten)]
    pub(super) place: Where,
}

fn severity(text: &str) -> Result<Severity, String> {
    let known = Severity::ALL.into_iter().find(|severity| severity.as_str().eq_ignore_ascii_case(text));
    known.ok_or_else(|| format!("must be one of {}", Severity::ALL.map(Severity::as_str).join(", ")))
}

fn sink(text: &str) -> Result<Sink, String> {
    let known = Sink::ALL.into_iter().find(|sink| sink.as_str().eq_ignore_ascii_case(text));
    known.ok_or_else(|| format!("must be one of {}", Sink::ALL.map(Sink::as_str).join(", ")))
}

#[expect(clippy::unnecessary_wraps, reason = "the shape clap asks for")]
fn glob(text: &str) -> Result<Glob, String> {
    Ok(Glob(text.to_owned()))
}
