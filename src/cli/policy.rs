//! What findings are judged by: the stored policy, or a file's.

use super::args::Global;
use super::args_findings::Judged;
use super::check::problem_lines;
use super::resolve::Names;
use super::template::{self, FINDINGS_POLICY};
use super::{owner, read};
use crate::aws::Forwarder;
use crate::flow::findings::policies::Policies;
use crate::spec::findings::{FindingsPolicy, check};
use anyhow::{anyhow, bail};
use jiff::civil::Date;
use std::path::Path;

/// A policy and where it is from.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub(super) policy: FindingsPolicy,
    pub(super) origin: String,
}

/// The policy to judge by today.
pub(super) async fn policy(
    global: &Global,
    judged: &Judged,
    forwarder: &Forwarder,
    today: Date,
) -> anyhow::Result<Policy> {
    if let Some(path) = &judged.policy {
        return of_file(global, judged, path, forwarder);
    }
    let in_force = Policies::default().current(forwarder, &global.parameter_prefix, today).await?;
    Ok(Policy { policy: in_force.policy.clone(), origin: "the policy in force".to_owned() })
}

fn of_file(global: &Global, judged: &Judged, path: &Path, forwarder: &Forwarder) -> anyhow::Result<Policy> {
    let place = forwarder.place();
    let mut given = Names::from([
        ("AWS::AccountId".to_owned(), place.account.clone()),
        ("AWS::Partition".to_owned(), owner::partition_of(&place.region).to_owned()),
        ("AWS::Region".to_owned(), place.region.clone()),
    ]);
    given.extend(judged.parameters.iter().cloned());
    let file = read::file(path)?;
    let mut all = template::declared(&file, &given)?;
    all.retain(|one| one.kind == FINDINGS_POLICY);
    if all.is_empty() {
        bail!("{} declares no {FINDINGS_POLICY}", file.name);
    }
    let one = template::only(all, judged.logical_id.as_deref())?;
    let properties = one.properties.as_ref().map_err(|unknown| anyhow!("{}: {unknown}", one.place()))?;
    let policy = check(properties, &global.parameter_prefix)
        .map_err(|problems| anyhow!(problem_lines(&one.place(), &problems).join("\n")))?;
    Ok(Policy { policy, origin: one.place() })
}
