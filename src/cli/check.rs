//! `check`: every problem of every declaration, without AWS.

use super::Verdict;
use super::args::{CheckArgs, Format, Global};
use super::output::{counted, data, talk};
use super::resolve::Names;
use super::template::{self, Declared, FINDINGS_POLICY};
use super::{owner, read};
use crate::spec::fleet::Surroundings;
use crate::spec::{Problem, findings, fleet};
use serde_json::{Map, Value, json};

/// Runs `check`.
pub(super) fn run(global: &Global, args: &CheckArgs) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::Clean;
    let mut lines = Vec::new();
    let mut items = Vec::new();
    for path in &args.files {
        let declared = match declared(global, args, path) {
            Ok(declared) => declared,
            Err(error) => {
                talk(&format!("ecr-steward: {error:#}"));
                verdict = verdict.max(Verdict::CannotTell);
                continue;
            }
        };
        for one in declared {
            let (found, line, item) = judge(global, &one);
            verdict = verdict.max(found);
            lines.extend(line);
            items.push(item);
        }
    }
    // What could not be told was said on stderr; people need no empty line on stdout for it.
    if !items.is_empty() && (global.format != Format::Table || !lines.is_empty()) {
        data(global.format, &lines.join("\n"), &json!({"declarations": items}))?;
    }
    Ok(verdict)
}

fn declared(global: &Global, args: &CheckArgs, path: &std::path::Path) -> anyhow::Result<Vec<Declared>> {
    let mut given: Names = Names::new();
    if let Some(region) = &global.region {
        given.insert("AWS::Region".to_owned(), region.clone());
    }
    given.insert("AWS::Partition".to_owned(), partition(global).to_owned());
    given.extend(args.choice.parameters.iter().cloned());
    let file = read::file(path)?;
    let all = template::declared(&file, &given)?;
    match args.choice.logical_id.as_deref() {
        Some(id) => Ok(vec![template::only(all, Some(id))?]),
        None => Ok(all),
    }
}

fn partition(global: &Global) -> &'static str {
    owner::partition_of(global.region.as_deref().unwrap_or_default())
}

/// One declaration: what it comes to, in lines for people and as JSON.
fn judge(global: &Global, one: &Declared) -> (Verdict, Vec<String>, Value) {
    let place = one.place();
    let item = |problems: &[Problem], rest: Value| {
        let problems: Vec<Value> =
            problems.iter().map(|problem| json!({"path": problem.path, "message": problem.message})).collect();
        let mut item = json!({"file": one.file, "logicalId": one.logical_id, "problems": problems});
        if let (Value::Object(item), Value::Object(rest)) = (&mut item, rest) {
            item.extend(rest);
        }
        item
    };
    let properties = match &one.properties {
        Ok(properties) => properties,
        Err(unknown) => {
            talk(&format!("ecr-steward: {place}: {unknown}"));
            return (Verdict::CannotTell, Vec::new(), item(&[], json!({"unknown": unknown.to_string()})));
        }
    };
    let judged = if one.kind == FINDINGS_POLICY { policy(global, properties) } else { fleet(global, properties) };
    match judged {
        Ok((what, mut rest)) => {
            rest.insert("type".to_owned(), one.kind.into());
            (Verdict::Clean, vec![format!("{place}: no problems, {what}")], item(&[], rest.into()))
        }
        Err(problems) => (Verdict::Found, problem_lines(&place, &problems), item(&problems, json!({"type": one.kind}))),
    }
}

/// What a declaration is of, for people and as JSON, or what is wrong with it.
type Judged = Result<(String, Map<String, Value>), Vec<Problem>>;

/// Checks a fleet's properties as the function would.
fn fleet(global: &Global, properties: &Map<String, Value>) -> Judged {
    let around = Surroundings { partition: partition(global), parameter_prefix: &global.parameter_prefix };
    let fleet = fleet::check(properties, &around)?;
    let names: Vec<&str> = fleet.repositories.iter().map(|repository| repository.name.as_str()).collect();
    let what = counted(names.len(), "repository", "repositories");
    Ok((what, Map::from_iter([("repositories".to_owned(), names.into())])))
}

/// Checks a findings policy's properties as the function would.
fn policy(global: &Global, properties: &Map<String, Value>) -> Judged {
    let policy = findings::check(properties, &global.parameter_prefix)?;
    let sinks: Vec<&str> = policy.routes.iter().map(|route| route.sink.as_str()).collect();
    let waivers = policy.waivers.len();
    let what = format!("{}, {}", counted(sinks.len(), "route", "routes"), counted(waivers, "waiver", "waivers"));
    Ok((what, Map::from_iter([("routes".to_owned(), sinks.into()), ("waivers".to_owned(), waivers.into())])))
}

/// A headline and one line per problem.
pub(super) fn problem_lines(place: &str, problems: &[Problem]) -> Vec<String> {
    let headline = format!("{place}: {}", counted(problems.len(), "problem", "problems"));
    std::iter::once(headline).chain(problems.iter().map(|problem| format!("  {problem}"))).collect()
}
