//! `outputs`: what a fleet returns, for people, programs, shells, Docker and Kubernetes.
//!
//! Of what is deployed the outputs object in the state bucket is read, which holds everything whatever its size. Of a
//! file they are made here: all of them follow from the declaration and the account.

mod show;

use super::Verdict;
use super::args::Global;
use super::args_adopt::OutputsArgs;
use super::check::problem_lines;
use super::connect::{Whereabouts, clients};
use super::installation::oversee;
use super::output::talk;
use super::template::{self, FLEET};
use super::{owner, read};
use crate::aws::Overseer;
use crate::flow::drift::Book as _;
use crate::model::identity::{Identity, StackId};
use crate::model::place::Place;
use crate::spec::fleet::{Surroundings, check};
use crate::spec::outputs::{Source, document};
use anyhow::{Context as _, anyhow, bail};
use serde_json::Value;
use std::path::Path;

/// Below this lie the outputs of all stacks in the state bucket (`Identity::outputs_key`).
const BELOW: &str = "outputs/";

/// Runs `outputs`.
pub(super) async fn run(global: &Global, args: &OutputsArgs) -> anyhow::Result<Verdict> {
    let fleets = match (&args.file, &args.stack) {
        (Some(file), _) => match of_file(global, args, file).await? {
            Ok(fleets) => fleets,
            Err(problems) => {
                talk(&problems.join("\n"));
                return Ok(Verdict::Found);
            }
        },
        (None, Some(stack)) => of_stack(global, args, stack).await?,
        (None, None) => of_project(global, args).await?,
    };
    show::show(global.format, &fleets)?;
    Ok(Verdict::Clean)
}

/// The outputs of every fleet in a file, or what is wrong with one.
async fn of_file(global: &Global, args: &OutputsArgs, file: &Path) -> anyhow::Result<Result<Vec<Value>, Vec<String>>> {
    let file = read::file(file)?;
    let made = clients(global).await?;
    let partition = owner::partition_of(&made.region).to_owned();
    let place = Place { partition, region: made.region.clone(), account: made.aws.account().await? };
    let mut given = Whereabouts { place: place.clone(), stack: None }.names();
    given.extend(args.choice.parameters.iter().cloned());
    let mut all = template::declared(&file, &given)?;
    all.retain(|one| one.kind == FLEET);
    if let Some(id) = &args.choice.logical_id {
        all = vec![template::only(all, Some(id))?];
    }
    if all.is_empty() {
        bail!("{} declares no {FLEET}", file.name);
    }
    let around = Surroundings { partition: &place.partition, parameter_prefix: &global.parameter_prefix };
    let mut fleets = Vec::with_capacity(all.len());
    for one in all {
        let properties = one.properties.as_ref().map_err(|unknown| anyhow!("{}: {unknown}", one.place()))?;
        let fleet = match check(properties, &around) {
            Ok(fleet) => fleet,
            Err(problems) => return Ok(Err(problem_lines(&one.place(), &problems))),
        };
        let source =
            Source { fleet: &fleet, place: &place, parameter_prefix: &global.parameter_prefix, outputs_uri: "" };
        let mut outputs = document(source);
        if let Value::Object(members) = &mut outputs {
            // Nothing says that it was ever deployed.
            members.remove("OutputsUri");
        }
        fleets.push(outputs);
    }
    Ok(Ok(fleets))
}

/// The outputs of one resource of a stack, or of all it has.
async fn of_stack(global: &Global, args: &OutputsArgs, name_or_arn: &str) -> anyhow::Result<Vec<Value>> {
    let made = clients(global).await?;
    let Some((arn, _)) = made.aws.find_stack(name_or_arn).await? else {
        bail!("there is no stack {name_or_arn:?} in {}; check --stack, --region and --profile", made.region);
    };
    let stack = StackId::parse(&arn).map_err(|why| anyhow!(why))?;
    let overseer = oversee(global, &args.home).await?;
    let below = format!("{BELOW}{}/", stack.guid);
    let keys = match &args.choice.logical_id {
        Some(id) => vec![Identity { stack: stack.clone(), logical_id: id.clone() }.outputs_key()],
        None => listed(&overseer, &below).await?,
    };
    let mut fleets = Vec::with_capacity(keys.len());
    for key in &keys {
        fleets.extend(outputs_at(&overseer, key).await?);
    }
    if fleets.is_empty() {
        let which = args.choice.logical_id.as_ref().map_or_else(String::new, |id| format!(" {id}"));
        bail!(
            "the stack {} has no outputs of a {FLEET}{which} in the state bucket; they are written at the end of a successful Create or Update",
            stack.name
        );
    }
    Ok(fleets)
}

/// The outputs of every fleet of a project and an environment: where its parameters go tells both.
async fn of_project(global: &Global, args: &OutputsArgs) -> anyhow::Result<Vec<Value>> {
    let (Some(project), Some(environment)) = (&args.project, &args.environment) else {
        bail!("say whose outputs: a FILE, --stack, or --project and --environment");
    };
    let overseer = oversee(global, &args.home).await?;
    let wanted = format!("{}/{project}/{environment}", global.parameter_prefix);
    let mut fleets = Vec::new();
    for key in listed(&overseer, BELOW).await? {
        let found = outputs_at(&overseer, &key).await?;
        fleets.extend(found.filter(|outputs| outputs.get("ParameterPrefix").and_then(Value::as_str) == Some(&wanted)));
    }
    if fleets.is_empty() {
        bail!(
            "no fleet of project {project}, environment {environment} has outputs in the state bucket; check both, --parameter-prefix and --region"
        );
    }
    Ok(fleets)
}

async fn listed(overseer: &Overseer, below: &str) -> anyhow::Result<Vec<String>> {
    let mut keys = Vec::new();
    let mut token = None;
    loop {
        let (page, next) = overseer.list(below, token).await?;
        keys.extend(page.into_iter().map(|entry| entry.key));
        if next.is_none() {
            return Ok(keys);
        }
        token = next;
    }
}

/// What lies there; `None` where it was removed meanwhile.
async fn outputs_at(overseer: &Overseer, key: &str) -> anyhow::Result<Option<Value>> {
    let Some((bytes, _)) = overseer.read(key).await? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).with_context(|| format!("{key} in the state bucket cannot be read"))
}
