//! The command line: the same engine from a terminal or a pipeline.
//!
//! `args` is what may be said; `read`, `resolve` and `template` turn a file into properties the way
//! CloudFormation would hand them over; `connect` and `owner` say where and as whom; `preview` looks and plans with
//! nothing that can write; `witness` is the world `apply` writes through, which performs only what was previewed.
//! `findings`, `gate` and `replay` are about what scans found: `installation` says where its records and queues are,
//! `policy` what judges them, `image` which image is meant and `sight` what ECR says of it. `revert` and `preview_lifecycle`
//! are about what the drift function does. `adopt` turns what exists into `declarations`, `moving` what Terraform manages; `outputs` says what a fleet returns.
//! stdout is data, stderr is talk. The one room with `anyhow`; it knows no SDK type.

mod adopt;
mod apply;
mod args;
mod args_adopt;
mod args_findings;
mod args_oversight;
mod check;
mod conditions;
mod connect;
mod declarations;
mod findings;
mod gate;
mod image;
mod installation;
mod moving;
mod output;
mod outputs;
mod owner;
mod plan;
mod policy;
mod preview;
mod preview_lifecycle;
mod read;
mod replay;
mod report;
mod resolve;
mod revert;
mod sight;
mod template;
mod witness;
mod yaml;

use args::{Cli, Command};
use clap::Parser as _;
use std::process::ExitCode;

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// Nothing to object to.
    Clean,
    /// It could not be found out.
    CannotTell,
    /// Something was found: problems, drift, an obstacle. What was found outweighs what could not be told.
    Found,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        Self::from(match verdict {
            Verdict::Clean => 0,
            Verdict::Found => 1,
            Verdict::CannotTell => 2,
        })
    }
}

/// Runs the command the process was started with.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    // Boxed: the walks inside are far larger than a stack frame should be.
    match Box::pin(dispatch(&cli)).await {
        Ok(verdict) => verdict.into(),
        Err(error) => {
            output::talk(&format!("ecr-steward: {error:#}"));
            Verdict::CannotTell.into()
        }
    }
}

async fn dispatch(cli: &Cli) -> anyhow::Result<Verdict> {
    if let Some(why) = cli.command.refuses(cli.global.format) {
        anyhow::bail!("{why}");
    }
    match &cli.command {
        Command::Check(args) => check::run(&cli.global, args),
        Command::Plan(args) => plan::run(&cli.global, args).await,
        Command::Apply(args) => Box::pin(apply::run(&cli.global, args)).await,
        Command::Findings(args) => findings::run(&cli.global, args).await,
        Command::Gate(args) => gate::run(&cli.global, args).await,
        Command::Replay(args) => replay::run(&cli.global, args).await,
        Command::Revert(args) => revert::run(&cli.global, args).await,
        Command::PreviewLifecycle(args) => preview_lifecycle::run(&cli.global, args).await,
        Command::Report(args) => report::run(&cli.global, args).await,
        Command::Adopt(args) => adopt::run(&cli.global, args).await,
        Command::Outputs(args) => outputs::run(&cli.global, args).await,
    }
}
