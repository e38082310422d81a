//! What serving `Custom::EcrFindingsPolicy` knows beside `serve_sole`.

use super::serve_sole::{Sort, counted, endings};
use crate::flow::declaration::Sole;
use crate::policy::declared::POLICY_KEY;
use crate::spec::Problem;
use crate::spec::findings::check;
use jiff::civil::Date;
use serde_json::{Map, Value};

pub(super) const FINDINGS_POLICY: Sort = Sort {
    sole: Sole { key: POLICY_KEY, noun: "findings policy" },
    summary,
    without: "the default routes hold and nothing is waived",
    unusable: "findings wait",
};

fn summary(properties: &Map<String, Value>, prefix: &str, today: Date) -> Result<String, Vec<Problem>> {
    let policy = check(properties, prefix)?;
    let routes = counted(policy.routes.len(), "route");
    let defaults = if policy.routes.iter().any(|route| route.explicit) { "" } else { " (the default ones)" };
    let waivers = counted(policy.waivers.len(), "waiver");
    let dates =
        policy.waivers.iter().map(|waiver| (format!("{} {}", waiver.path, waiver.vulnerability.0), waiver.until));
    let notes = endings(&dates.collect::<Vec<_>>(), today);
    Ok(format!("{routes}{defaults}, {waivers}{notes}"))
}
