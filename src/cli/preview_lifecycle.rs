//! `preview-lifecycle`: ECR's own preview of a lifecycle policy, which changes nothing.

use super::Verdict;
use super::args::Global;
use super::args_oversight::PreviewArgs;
use super::check::problem_lines;
use super::installation::oversee_registry;
use super::output::{counted, data, progress};
use super::resolve::Names;
use super::template::{self, FLEET};
use super::{owner, read};
use crate::flow::drift::Expiring;
use crate::flow::drift::preview::{Forecast, count, forecast};
use crate::lifecycle::{self, Policy};
use crate::model::Wish;
use crate::spec::fleet::{Surroundings, check};
use anyhow::{anyhow, bail};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// Runs `preview-lifecycle`.
pub(super) async fn run(global: &Global, args: &PreviewArgs) -> anyhow::Result<Verdict> {
    let policy = match (&args.policy, &args.spec) {
        (Some(path), _) => Some(of_file(path)?),
        (None, Some(path)) => Some(of_spec(global, args, path)?),
        (None, None) => None,
    };
    let policy = match policy {
        Some(Ok(policy)) => Some(policy.to_text()),
        Some(Err(problems)) => {
            data(global.format, &problems.join("\n"), &json!({"problems": problems}))?;
            return Ok(Verdict::Found);
        }
        None => None,
    };
    let overseer = oversee_registry(global).await?;
    let until = Instant::now() + Duration::from_secs(args.wait);
    progress("waiting for ECR's preview");
    let name = &args.repository;
    let unknown = |why: String| anyhow!("{name}: what the policy would expire could not be found out: {why}");
    let found = forecast(&overseer, name, policy.as_deref(), until).await.map_err(unknown)?;
    let images = count(&overseer, name, until).await.map_err(unknown)?;
    data(global.format, &text(args, &found, images), &value(args, &found, images))?;
    Ok(if found.images.is_empty() { Verdict::Clean } else { Verdict::Found })
}

/// A policy, or every problem of it.
type Read = Result<Policy, Vec<String>>;

fn of_file(path: &Path) -> anyhow::Result<Read> {
    let file = read::file(path)?;
    let parsed = lifecycle::parse_text(&file.content.to_string());
    Ok(parsed
        .map_err(|flaws| flaws.iter().map(|flaw| format!("{}: {} {}", file.name, flaw.path, flaw.message)).collect()))
}

fn of_spec(global: &Global, args: &PreviewArgs, path: &Path) -> anyhow::Result<Read> {
    let region = global.region.as_deref().unwrap_or_default();
    let mut given = Names::from([("AWS::Partition".to_owned(), owner::partition_of(region).to_owned())]);
    given.extend(args.choice.parameters.iter().cloned());
    let file = read::file(path)?;
    let mut all = template::declared(&file, &given)?;
    all.retain(|one| one.kind == FLEET);
    if all.is_empty() {
        bail!("{} declares no {FLEET}", file.name);
    }
    let one = template::only(all, args.choice.logical_id.as_deref())?;
    let properties = one.properties.as_ref().map_err(|unknown| anyhow!("{}: {unknown}", one.place()))?;
    let around = Surroundings { partition: owner::partition_of(region), parameter_prefix: &global.parameter_prefix };
    let fleet = match check(properties, &around) {
        Ok(fleet) => fleet,
        Err(problems) => return Ok(Err(problem_lines(&one.place(), &problems))),
    };
    let Some(spec) = fleet.repository(&args.repository) else {
        bail!("{} does not declare the repository {}", one.place(), args.repository);
    };
    match &spec.lifecycle {
        Wish::Is(policy) => Ok(Ok(policy.clone())),
        Wish::Absent | Wish::Leave => bail!("{} declares {} without a lifecycle policy", one.place(), args.repository),
    }
}

fn text(args: &PreviewArgs, found: &Forecast, images: usize) -> String {
    let mut lines: Vec<String> = found.images.iter().map(line).collect();
    let archived = found.images.iter().filter(|image| image.action != "EXPIRE").count();
    let mut sum = format!(
        "{}: {} of {} would expire ({} %)",
        args.repository,
        found.expiring,
        counted(images, "image", "images"),
        share(found.expiring, images)
    );
    if archived > 0 {
        sum = format!("{sum}, {archived} would be archived");
    }
    lines.push(sum);
    lines.join("\n")
}

fn line(image: &Expiring) -> String {
    let tags = if image.tags.is_empty() { "untagged".to_owned() } else { image.tags.join(", ") };
    let what = if image.action == "EXPIRE" { "expires" } else { "is archived" };
    format!("{} ({tags}), pushed {}: {what} by rule {}", image.digest.short(), pushed(image), image.priority)
}

fn pushed(image: &Expiring) -> String {
    let at = image.pushed_at.and_then(|at| Timestamp::from_second(at).ok());
    at.map_or_else(|| "at a time ECR does not say".to_owned(), |at| at.to_string())
}

fn share(part: usize, all: usize) -> usize {
    part.saturating_mul(100).checked_div(all).unwrap_or(0)
}

fn value(args: &PreviewArgs, found: &Forecast, images: usize) -> Value {
    let one = |image: &Expiring| {
        json!({"digest": image.digest.as_str(), "tags": image.tags, "pushedAt": image.pushed_at.map(|_| pushed(image)),
            "rule": image.priority, "action": image.action})
    };
    json!({
        "repository": args.repository.as_str(),
        "images": images,
        "expiring": found.expiring,
        "sharePercent": share(found.expiring, images),
        "affected": found.images.iter().map(one).collect::<Vec<_>>(),
    })
}
