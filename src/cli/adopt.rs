//! `adopt`: what exists, as declarations that change nothing about it. It reads, and has nothing to write with.

use super::Verdict;
use super::args::{Format, Global};
use super::args_adopt::AdoptArgs;
use super::declarations::{Resource, spec, template};
use super::installation::oversee_registry;
use super::moving;
use super::output::{counted, progress, progress_of, talk, written};
use crate::flow::census::census;
use crate::model::name::RepositoryName;
use crate::model::place::Place;
use crate::plan::adopt::{Adoption, Declared, Found, Options, declarations};
use crate::spec::findings::Glob;
use anyhow::bail;

/// Largest template that may go along with a request (CloudFormation quotas); a larger one goes through a bucket.
const TEMPLATE_IN_REQUEST: usize = 51_200;

/// Runs `adopt`.
pub(super) async fn run(global: &Global, args: &AdoptArgs) -> anyhow::Result<Verdict> {
    if let Some(path) = &args.from_terraform {
        return moving::run(global, args, path);
    }
    let overseer = oversee_registry(global).await?;
    let place = overseer.place().clone();
    progress(&format!("listing the repositories of {} in {} …", place.account, place.region));
    let names = wanted(args);
    let wanted = |name: &RepositoryName| names(name.as_str());
    let told = |done, all| progress_of(done, all, "repositories looked at");
    let seen = census(&overseer, wanted, told).await?;
    if seen.is_empty() {
        bail!(
            "there is no such repository in {}, {}; check --pattern, --region and --profile",
            place.account,
            place.region
        );
    }
    let found: Vec<Found> = seen.iter().map(Found::of).collect();
    let options = Options { project: &args.project, environment: &args.environment, partition: &place.partition };
    let adoption = declarations(&found, options);
    show(global, args, &place, &adoption)?;
    Ok(verdict(&adoption))
}

/// Are only some repositories asked for?
pub(super) const fn picked(args: &AdoptArgs) -> bool {
    !args.patterns.is_empty() || !args.excluded.is_empty()
}

/// Is a repository of this name asked for?
pub(super) fn wanted(args: &AdoptArgs) -> impl Fn(&str) -> bool {
    let globs = |texts: &[String]| texts.iter().cloned().map(Glob).collect::<Vec<_>>();
    let (patterns, excluded) = (globs(&args.patterns), globs(&args.excluded));
    move |name| {
        let matches = |glob: &Glob| glob.matches(name);
        (patterns.is_empty() || patterns.iter().any(matches)) && !excluded.iter().any(matches)
    }
}

fn show(global: &Global, args: &AdoptArgs, place: &Place, adoption: &Adoption) -> anyhow::Result<()> {
    let repositories: usize = adoption.declared.iter().map(|one| one.repositories.len()).sum();
    let taken = counted(repositories, "repository", "repositories");
    let mut lines = 0;
    if repositories > 0 {
        let resources: Vec<Resource<'_>> = adoption.declared.iter().map(Resource::of).collect();
        let text = if global.format == Format::Spec {
            spec(&resources, args.spelling)?
        } else {
            let description = format!(
                "{taken} as found in {} ({}), taken over by ecr-steward, which adds its own tags and changes nothing else.",
                place.account, place.region
            );
            let text = template(&resources, &description, args.spelling)?;
            if text.len() > TEMPLATE_IN_REQUEST {
                talk(
                    "ecr-steward: the template is larger than a request to CloudFormation; deploy it with aws cloudformation deploy --s3-bucket",
                );
            }
            text
        };
        lines = text.trim_end().lines().count();
        written(&text)?;
    }
    let overrides: usize = adoption.declared.iter().map(Declared::overrides).sum();
    talk(&format!(
        "ecr-steward: {taken} in {}, {}, {}; {} left out",
        counted(adoption.declared.len(), "declaration", "declarations"),
        counted(overrides, "override", "overrides"),
        counted(lines, "line", "lines"),
        adoption.left_out.len()
    ));
    for one in &adoption.left_out {
        talk(&format!("ecr-steward: left out: {}: {}", one.name, one.reason));
    }
    Ok(())
}

/// What there are no words for was found; what could not be read could not be told.
fn verdict(adoption: &Adoption) -> Verdict {
    let left_out = adoption.left_out.iter();
    left_out.map(|one| if one.unread { Verdict::CannotTell } else { Verdict::Found }).max().unwrap_or(Verdict::Clean)
}
