//! `report`: the compliance report of the last sweep, in whatever format is asked for.

use super::Verdict;
use super::args::{Format, Global};
use super::args_oversight::ReportArgs;
use super::installation::oversee;
use super::output::{data, written};
use crate::flow::drift::Book as _;
use crate::report::compliance::Report;
use anyhow::{Context as _, anyhow, bail};
use serde_json::Value;

/// Where the report of the last sweep lies in the state bucket.
const LATEST: &str = "reports/latest.json";

/// Runs the command.
pub(super) async fn run(global: &Global, args: &ReportArgs) -> anyhow::Result<Verdict> {
    let overseer = oversee(global, &args.home).await?;
    let Some((bytes, _)) = overseer.read(LATEST).await? else {
        bail!("there is no {LATEST} in the state bucket yet; the first sweep writes one (SweepSchedule says when)");
    };
    let report = Report::read(&bytes).map_err(|flaw| anyhow!("{LATEST} {flaw}"))?;
    show(global.format, &bytes, &report)?;
    let checks = report.head.summary.checks;
    Ok(if checks.failing > 0 {
        Verdict::Found
    } else if checks.unknown > 0 {
        Verdict::CannotTell
    } else {
        Verdict::Clean
    })
}

fn show(format: Format, bytes: &[u8], report: &Report) -> anyhow::Result<()> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).context("the report is not text");
    match format {
        Format::Csv => written(&text(report.csv())?),
        Format::Html => written(&text(report.html())?),
        Format::Asff => written(&serde_json::to_string_pretty(&report.asff())?),
        // Whatever a later version of this program would find in it is shown, too.
        Format::Json => written(&text(bytes.to_vec())?),
        Format::Yaml => {
            let value: Value = serde_json::from_slice(bytes)?;
            data(format, "", &value)
        }
        _ => written(&report.table()),
    }
}
