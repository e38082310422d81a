//! What serving `Custom::EcrBaseline` knows beside `serve_sole`.

use super::serve_sole::{Sort, counted, endings, first_few};
use crate::flow::declaration::Sole;
use crate::policy::declared::BASELINE_KEY;
use crate::spec::Problem;
use crate::spec::baseline::{Cap, Mode, check};
use jiff::civil::Date;
use serde_json::{Map, Value};

pub(super) const BASELINE: Sort = Sort {
    sole: Sole { key: BASELINE_KEY, noun: "baseline" },
    summary,
    without: "only fleets are held to anything, each to its declaration",
    unusable: "no repository is held to it",
};

fn summary(properties: &Map<String, Value>, _prefix: &str, today: Date) -> Result<String, Vec<Problem>> {
    let baseline = check(properties)?;
    let named = |wanted: Mode| -> Vec<String> {
        baseline.rules.iter().filter(|rule| rule.mode == wanted).map(|rule| rule.name.clone()).collect()
    };
    let (enforced, reported) = (named(Mode::Enforce), named(Mode::ReportOnly));
    let rules = counted(baseline.rules.len(), "rule");
    let changes = match (enforced.is_empty(), baseline.cap) {
        (true, _) => String::new(),
        (false, Cap::Count(count)) => format!(", at most {count} repositories changed per run"),
        (false, Cap::Percent(percent)) => format!(", at most {percent}% of the repositories changed per run"),
    };
    let modes: Vec<String> = [("enforced", enforced), ("reported", reported)]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(how, names)| format!("{} {how}: {}", names.len(), first_few(names)))
        .collect();
    let dates: Vec<(String, Date)> =
        baseline.exemptions.iter().map(|exemption| (exemption.path.clone(), exemption.until)).collect();
    let exemptions = counted(dates.len(), "exemption");
    let notes = endings(&dates, today);
    Ok(format!("{rules} ({}), {exemptions}{notes}{changes}", modes.join("; ")))
}
