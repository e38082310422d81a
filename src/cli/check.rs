//! `check`: every problem of every declaration, without AWS.

use super::Verdict;
use super::args::{CheckArgs, Format, Global};
use super::output::{counted, data, talk};
use super::resolve::Names;
use super::template::{self, BASELINE, Declared, FINDINGS_POLICY, PUBLIC_FLEET, REGISTRY};
use super::{owner, read};
use crate::plan::posture::creation_templates;
use crate::spec::fleet::Surroundings;
use crate::spec::{Fleet, Problem, baseline, findings, fleet, public, registry};
use serde_json::{Map, Value, json};

/// The member of the JSON that holds creation templates.
const TEMPLATES: &str = "creationTemplates";

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
            let (found, line, item) = judge(global, args, &one);
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
fn judge(global: &Global, args: &CheckArgs, one: &Declared) -> (Verdict, Vec<String>, Value) {
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
    let judged = match one.kind {
        FINDINGS_POLICY => policy(global, properties),
        PUBLIC_FLEET => public_fleet(global, properties),
        REGISTRY => registry(global, args, properties),
        BASELINE => posture(properties, args.creation_templates.then_some(&*place)),
        _ => fleet(global, properties),
    };
    match judged {
        Ok((what, mut rest)) => {
            rest.insert("type".to_owned(), one.kind.into());
            let line = format!("{place}: no problems, {what}");
            let lines = if args.creation_templates { as_data(&line, rest.get(TEMPLATES)) } else { vec![line] };
            (Verdict::Clean, lines, item(&[], rest.into()))
        }
        Err(problems) => (Verdict::Found, problem_lines(&place, &problems), item(&problems, json!({"type": one.kind}))),
    }
}

/// What a declaration is of, for people and as JSON, or what is wrong with it.
type Judged = Result<(String, Map<String, Value>), Vec<Problem>>;

/// Checks a fleet's properties as the function would.
fn fleet(global: &Global, properties: &Map<String, Value>) -> Judged {
    let around = Surroundings { partition: partition(global), parameter_prefix: &global.parameter_prefix };
    Ok(listed(&fleet::check(properties, &around)?))
}

/// Checks a public fleet's properties as the function would.
fn public_fleet(global: &Global, properties: &Map<String, Value>) -> Judged {
    Ok(listed(&public::check(properties, partition(global))?))
}

fn listed(fleet: &Fleet) -> (String, Map<String, Value>) {
    let names: Vec<&str> = fleet.repositories.iter().map(|repository| repository.name.as_str()).collect();
    let what = counted(names.len(), "repository", "repositories");
    (what, Map::from_iter([("repositories".to_owned(), names.into())]))
}

/// Checks a findings policy's properties as the function would.
fn policy(global: &Global, properties: &Map<String, Value>) -> Judged {
    let policy = findings::check(properties, &global.parameter_prefix)?;
    let sinks: Vec<&str> = policy.routes.iter().map(|route| route.sink.as_str()).collect();
    let waivers = policy.waivers.len();
    let what = format!("{}, {}", counted(sinks.len(), "route", "routes"), counted(waivers, "waiver", "waivers"));
    Ok((what, Map::from_iter([("routes".to_owned(), sinks.into()), ("waivers".to_owned(), waivers.into())])))
}

/// Checks a registry's properties as the function would, as far as its place is known here.
fn registry(global: &Global, args: &CheckArgs, properties: &Map<String, Value>) -> Judged {
    let given = |name: &str| {
        let found = args.choice.parameters.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    };
    let around = registry::Around {
        partition: partition(global),
        region: global.region.as_deref().or_else(|| given("AWS::Region")),
        account: given("AWS::AccountId"),
    };
    let wish = registry::check(properties, &around)?;
    let entries: Vec<Value> =
        wish.entries.keys().map(|key| json!({"section": key.section, "name": key.name})).collect();
    let mut what = counted(entries.len(), "entry", "entries");
    let mut rest = Map::from_iter([("entries".to_owned(), entries.into())]);
    let (scan_type, rules) = registry::scan_rules(wish.entries.values());
    if let Some(scan_type) = scan_type {
        let scanned = registry::scanned_in_words(scan_type, &rules);
        what = format!("{what}. By itself, {scanned}");
        rest.insert("scanned".to_owned(), scanned.into());
    }
    Ok((what, rest))
}

/// Checks a baseline's properties as the function would; with its creation templates, where they are wanted, for the
/// declaration at that place.
fn posture(properties: &Map<String, Value>, templates_for: Option<&str>) -> Judged {
    let baseline = baseline::check(properties)?;
    let rules: Vec<&str> = baseline.rules.iter().map(|rule| rule.name.as_str()).collect();
    let exemptions = baseline.exemptions.len();
    let counts = (counted(rules.len(), "rule", "rules"), counted(exemptions, "exemption", "exemptions"));
    let what = format!("{}, {}", counts.0, counts.1);
    let mut rest = Map::from_iter([("rules".to_owned(), rules.into()), ("exemptions".to_owned(), exemptions.into())]);
    if let Some(place) = templates_for {
        let made = creation_templates(&baseline);
        for note in made.notes {
            talk(&format!("ecr-steward: {place}: {note}"));
        }
        rest.insert(TEMPLATES.to_owned(), made.templates.into());
    }
    Ok((what, rest))
}

/// Templates are to be copied, so nothing else goes where they do.
fn as_data(line: &str, templates: Option<&Value>) -> Vec<String> {
    talk(line);
    let text = templates.filter(|templates| templates.as_array().is_some_and(|list| !list.is_empty()));
    text.and_then(|templates| serde_norway::to_string(templates).ok()).into_iter().collect()
}

/// A headline and one line per problem.
pub(super) fn problem_lines(place: &str, problems: &[Problem]) -> Vec<String> {
    let headline = format!("{place}: {}", counted(problems.len(), "problem", "problems"));
    std::iter::once(headline).chain(problems.iter().map(|problem| format!("  {problem}"))).collect()
}
