//! Names taken apart: which project and environment a repository is of, and what is left for `RepositoryNames`.
//!
//! Tags say it best. Otherwise a word that everybody uses for an environment stands in the middle of the name, between
//! the project and the rest. A guess that only a few names share is none.

use super::Options;
use super::sort::Sayable;
use crate::spec::fleet::RESERVED_PROJECTS;
use std::collections::BTreeMap;

/// What is used for environments, as a part of a name.
const ENVIRONMENTS: [&str; 29] = [
    "dev",
    "devel",
    "develop",
    "development",
    "test",
    "tst",
    "testing",
    "qa",
    "uat",
    "int",
    "integration",
    "sit",
    "stage",
    "stg",
    "staging",
    "preprod",
    "prod",
    "prd",
    "production",
    "live",
    "nonprod",
    "sandbox",
    "sbx",
    "demo",
    "perf",
    "preview",
    "acc",
    "acceptance",
    "canary",
];
/// What stands between the parts of a name.
const SEPARATORS: [char; 4] = ['/', '-', '_', '.'];
/// Names that must share a guess before it is believed.
const ENOUGH: usize = 3;

/// What repositories of one declaration have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Family {
    /// `ProjectName`
    pub(super) project: String,
    /// `Environment`
    pub(super) environment: String,
    /// `NamePattern`
    pub(super) pattern: String,
}

impl Family {
    fn short<'n>(&self, name: &'n str) -> Option<&'n str> {
        let filled = self.pattern.replace("{project}", &self.project).replace("{environment}", &self.environment);
        let (before, after) = filled.split_once("{name}")?;
        name.strip_prefix(before)?.strip_suffix(after).filter(|short| !short.is_empty())
    }
}

/// A family and its members with their short names, in the order of these.
pub(super) type Named<'s, 'f> = (Family, Vec<(String, &'s Sayable<'f>)>);

/// Sorts repositories into families; every one is in exactly one of them.
pub(super) fn families<'s, 'f>(all: &'s [Sayable<'f>], options: Options<'_>) -> Vec<Named<'s, 'f>> {
    let mut guessed: BTreeMap<Family, Vec<&Sayable<'f>>> = BTreeMap::new();
    let mut rest: Vec<&Sayable<'f>> = Vec::new();
    for one in all {
        match guess(one, options) {
            Some(family) => guessed.entry(family).or_default().push(one),
            None => rest.push(one),
        }
    }
    let mut families = Vec::new();
    for (family, members) in guessed {
        if members.len() < ENOUGH {
            rest.extend(members);
        } else {
            families.push(named(family, members));
        }
    }
    if !rest.is_empty() {
        families.push(named(of_the_rest(&rest, options), rest));
    }
    families
}

fn named<'s, 'f>(family: Family, members: Vec<&'s Sayable<'f>>) -> Named<'s, 'f> {
    let short = |one: &Sayable<'f>| {
        let name = one.found.name.as_str();
        family.short(name).unwrap_or(name).to_owned()
    };
    let mut members: Vec<(String, &Sayable<'f>)> = members.into_iter().map(|one| (short(one), one)).collect();
    members.sort_by(|one, two| one.0.cmp(&two.0));
    (family, members)
}

fn guess(one: &Sayable<'_>, options: Options<'_>) -> Option<Family> {
    let name = one.found.name.as_str();
    let tag = |key: &str| one.tags.get(key).map(String::as_str);
    let tagged = tag("Project").zip(tag("Environment")).filter(|(project, environment)| fits(project, environment));
    let by_tags = tagged.and_then(|(project, environment)| of_tags(name, project, environment));
    let by_tags_alone = || {
        let (project, environment) = tagged?;
        Some(family(project, environment, "{name}".to_owned()))
    };
    by_tags.or_else(|| of_words(name, options)).or_else(by_tags_alone)
}

fn family(project: &str, environment: &str, pattern: String) -> Family {
    Family { project: project.to_owned(), environment: environment.to_owned(), pattern }
}

/// May these be `ProjectName` and `Environment`? Tags may hold anything.
fn fits(project: &str, environment: &str) -> bool {
    let legal = |word: &str| {
        !word.is_empty() && word.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9') || SEPARATORS.contains(&c))
    };
    legal(environment) && legal(project) && !is_reserved(project)
}

fn is_reserved(project: &str) -> bool {
    project.split('/').next().is_some_and(|first| RESERVED_PROJECTS.contains(&first))
}

/// The name begins with what the tags say.
fn of_tags(name: &str, project: &str, environment: &str) -> Option<Family> {
    let (first, rest) = separated(name.strip_prefix(project)?)?;
    let (second, rest) = separated(rest.strip_prefix(environment)?)?;
    let pattern = format!("{{project}}{first}{{environment}}{second}{{name}}");
    (!rest.is_empty()).then(|| family(project, environment, pattern))
}

fn separated(rest: &str) -> Option<(char, &str)> {
    let first = rest.chars().next().filter(|c| SEPARATORS.contains(c))?;
    Some((first, rest.strip_prefix(first)?))
}

/// The first word for an environment in the name, and what stands around it.
fn of_words(name: &str, options: Options<'_>) -> Option<Family> {
    let mut start = 0;
    for word in name.split(SEPARATORS) {
        let end = start + word.len();
        if ENVIRONMENTS.contains(&word) {
            return around(name.get(..start)?, word, name.get(end..)?, options);
        }
        start = end + 1;
    }
    None
}

fn around(before: &str, word: &str, after: &str, options: Options<'_>) -> Option<Family> {
    let project = before.strip_suffix(SEPARATORS).unwrap_or_default();
    let first = before.get(project.len()..)?;
    match separated(after) {
        Some((second, _)) if !project.is_empty() => {
            let pattern = format!("{{project}}{first}{{environment}}{second}{{name}}");
            fits(project, word).then(|| family(project, word, pattern))
        }
        Some((second, _)) => Some(family(options.project, word, format!("{{environment}}{second}{{name}}"))),
        None if !project.is_empty() => Some(family(options.project, word, format!("{{name}}{first}{{environment}}"))),
        None => None,
    }
}

/// Names that have nothing else in common may still share how they begin.
fn of_the_rest(rest: &[&Sayable<'_>], options: Options<'_>) -> Family {
    let names: Vec<&str> = rest.iter().map(|one| one.found.name.as_str()).collect();
    let shared = shared_start(&names);
    let cut = |separator: char| shared.rsplit_once(separator).map(|(project, _)| (project, separator));
    let by_hyphen = || cut('-').filter(|_| names.len() >= ENOUGH);
    let found = cut('/').or_else(by_hyphen).filter(|(project, _)| fits(project, options.environment));
    match found {
        Some((project, separator)) => family(project, options.environment, format!("{{project}}{separator}{{name}}")),
        None => family(options.project, options.environment, "{name}".to_owned()),
    }
}

/// The longest text all begin with. Names are ASCII.
fn shared_start<'n>(names: &[&'n str]) -> &'n str {
    let Some((first, others)) = names.split_first() else { return "" };
    let mut length = first.len();
    for other in others {
        length = first.bytes().zip(other.bytes()).take(length).take_while(|(one, two)| one == two).count();
    }
    first.get(..length).unwrap_or_default()
}
