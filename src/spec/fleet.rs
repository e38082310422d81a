//! From the properties of `Custom::EcrRepositories` to a [`Fleet`], or to every problem at once.

use super::effective::Effective;
use super::fields::{Fields, Problem, nearest};
use super::layer::Layer;
use super::outputs;
use super::{DriftMode, Fleet, Origin, Removal, RepositorySpec};
use crate::lifecycle;
use crate::model::Wish;
use crate::model::name::RepositoryName;
use crate::model::repository::{MANAGED_BY, MANAGED_BY_TAG, MAX_TAGS, OWN_TAGS, Tags};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Most repositories of one fleet (contract of `RepositoryNames`).
const MAX_REPOSITORIES: usize = 1_000;
/// Names directly under the parameter prefix that are ours.
pub const RESERVED_PROJECTS: [&str; 4] = ["owners", "secrets", "enforcement", "service-token"];
/// Longest SSM parameter name (SSM `PutParameter`: 1,011 characters including the ARN in front of it).
const MAX_PARAMETER_NAME: usize = 900;
/// Deepest SSM hierarchy (SSM `PutParameter`).
const MAX_PARAMETER_LEVELS: usize = 15;

/// Mistakes of one kind that are compared with every name. A thousand of them against a thousand names would take
/// longer than there is time to answer, and nobody reads so many hints.
const MAX_HINTS: usize = 5;

/// What a declaration is checked against, besides itself.
#[derive(Clone, Debug)]
pub struct Surroundings<'a> {
    /// `aws`, `aws-cn`, …: account ids become ARNs of this partition.
    pub partition: &'a str,
    /// The SSM prefix of this installation.
    pub parameter_prefix: &'a str,
}

/// What is said once for the fleet.
struct Head {
    project: String,
    environment: String,
    pattern: String,
    names: Vec<String>,
    publish_parameters: bool,
}

/// Checks a declaration. On refusal the list holds *all* problems, in the order of the properties.
pub fn check(properties: &Map<String, Value>, around: &Surroundings<'_>) -> Result<Fleet, Vec<Problem>> {
    let problems = RefCell::new(Vec::new());
    let fields = Fields::new(properties, String::new(), &problems);
    let head = head(&fields);
    let base = Layer::read(&fields);
    let overrides = overrides(&fields, &head.names, &problems);
    let mut fleet = Fleet {
        repositories: Vec::new(),
        empty_on_delete: fields.flag("EmptyOnDelete").unwrap_or(false),
        on_remove: removal(&fields, "OnRemove"),
        on_delete: removal(&fields, "OnDelete"),
        adopt_existing: fields.flag("AdoptExisting").unwrap_or(false),
        drift_mode: drift_mode(&fields),
        publish_parameters: head.publish_parameters,
        propagate_stack_tags: fields.flag("PropagateStackTags").unwrap_or(false),
        return_values: return_values(&fields, &outputs::known_keys(&head.names)),
        service_timeout: fields.number("ServiceTimeout", 1..=3_600).unwrap_or(3_600),
        project: head.project.clone(),
        environment: head.environment.clone(),
        gallery: None,
    };
    fields.refuse_unknown();
    check_together(&fields, &base, &overrides, around);
    check_parameters(&fields, &head, around);
    let names = full_names(&fields, &head);
    let found = problems.take();
    if !found.is_empty() {
        return Err(found);
    }
    let said = |short: &str, property: &str| origin(properties, short, property);
    fleet.repositories = names
        .into_iter()
        .map(|(short, name)| {
            let layer = overrides.get(&short).map_or_else(|| base.clone(), |over| base.under(over));
            let effective = Effective::from_layer(&layer, around.partition);
            repository(&head, short.clone(), name, &effective, |property| said(&short, property))
        })
        .collect();
    Ok(fleet)
}

fn head(fields: &Fields<'_>) -> Head {
    Head {
        project: path_word(fields, "ProjectName"),
        environment: path_word(fields, "Environment"),
        pattern: pattern(fields),
        names: names(fields, "short names"),
        publish_parameters: fields.flag("PublishParameters").unwrap_or(true),
    }
}

/// A required word that becomes part of repository and parameter names.
fn path_word(fields: &Fields<'_>, key: &'static str) -> String {
    let Some(word) = fields.text(key) else {
        if fields.raw(key).is_none() {
            fields.problem(key, "is required");
        }
        return String::new();
    };
    let legal = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-' | '/');
    if word.is_empty() {
        fields.problem(key, "must not be empty");
    } else if let Some(bad) = word.chars().find(|c| !legal(*c)) {
        fields.problem(key, format!("contains {bad:?}; repository names hold lower-case letters, digits and . _ - /"));
        return String::new();
    } else if key == "ProjectName" && RESERVED_PROJECTS.contains(&word.split('/').next().unwrap_or_default()) {
        fields.problem(key, format!("must not be {word:?}: that name is ecr-steward's own below the parameter prefix"));
    }
    word
}

fn pattern(fields: &Fields<'_>) -> String {
    let key = "NamePattern";
    let pattern = fields.text(key).unwrap_or_else(|| "{project}-{environment}-{name}".to_owned());
    if !pattern.contains("{name}") {
        fields.problem(key, "must contain {name}, or every repository would have the same name");
    }
    let bare =
        ["{project}", "{environment}", "{name}"].iter().fold(pattern.clone(), |rest, word| rest.replace(word, ""));
    if bare.contains(['{', '}']) {
        fields.problem(key, "knows the placeholders {project}, {environment} and {name}; another brace is left");
        return String::new();
    }
    pattern
}

/// `RepositoryNames`; `what` says what they are.
pub(super) fn names(fields: &Fields<'_>, what: &str) -> Vec<String> {
    let key = "RepositoryNames";
    let Some(names) = fields.texts(key) else {
        if fields.raw(key).is_none() {
            fields.problem(key, format!("is required: a list of 1 to {MAX_REPOSITORIES} {what}"));
        }
        return Vec::new();
    };
    if names.is_empty() || names.len() > MAX_REPOSITORIES {
        fields.problem(key, format!("has {} names; 1 to {MAX_REPOSITORIES} are allowed", names.len()));
    }
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, name) in names.iter().enumerate() {
        if let Some(earlier) = first.get(name.as_str()) {
            fields.problem(&format!("{key}[{index}]"), format!("repeats {key}[{earlier}], {name:?}; remove one"));
        } else {
            first.insert(name, index);
        }
    }
    names
}

/// What becomes of a repository that is no longer declared.
pub(super) fn removal(fields: &Fields<'_>, key: &'static str) -> Removal {
    let choices = [("Delete", Removal::Delete), ("Retain", Removal::Retain)];
    fields.choice(key, &choices).unwrap_or_default()
}

fn drift_mode(fields: &Fields<'_>) -> DriftMode {
    let choices = [("Enforce", DriftMode::Enforce), ("ReportOnly", DriftMode::ReportOnly), ("Off", DriftMode::Off)];
    fields.choice("DriftMode", &choices).unwrap_or_default()
}

/// `ReturnValues`, of those there are.
pub(super) fn return_values(fields: &Fields<'_>, known: &[String]) -> Option<Vec<String>> {
    let key = "ReturnValues";
    let wanted = fields.texts(key)?;
    let legal: BTreeSet<&str> = known.iter().map(String::as_str).chain(["Url.*", "Arn.*"]).collect();
    let unknown = wanted.iter().enumerate().filter(|(_, value)| !legal.contains(value.as_str()));
    for (told, (index, value)) in unknown.enumerate() {
        let hint = hint(told, value, legal.iter().copied());
        fields.problem(&format!("{key}[{index}]"), format!("{value:?} is not a return value{hint}"));
    }
    Some(wanted)
}

/// What was meant instead of a name nobody knows, for the first few of them.
pub(super) fn hint<'w>(told: usize, word: &str, known: impl Iterator<Item = &'w str>) -> String {
    if told >= MAX_HINTS {
        return String::new();
    }
    nearest(word, known).map_or_else(String::new, |word| format!("; did you mean {word}?"))
}

fn overrides<'a>(
    fields: &Fields<'a>,
    names: &[String],
    problems: &'a RefCell<Vec<Problem>>,
) -> BTreeMap<String, Layer> {
    let key = "Overrides";
    let mut layers = BTreeMap::new();
    let mut told = 0;
    for (short, value) in fields.object(key).into_iter().flatten() {
        let path = fields.path_of(&format!("{key}.{short}"));
        if !names.contains(short) {
            let hint = hint(told, short, names.iter().map(String::as_str));
            told += 1;
            problems.borrow_mut().push(Problem::new(&path, format!("is not in RepositoryNames{hint}")));
        }
        let Some(members) = value.as_object() else {
            problems.borrow_mut().push(Problem::new(path, "must be a map of properties"));
            continue;
        };
        let own = Fields::new(members, path, problems);
        layers.insert(short.clone(), Layer::read(&own));
        own.refuse_unknown();
    }
    layers
}

/// Values that are fine one by one may not go together: once for the fleet, then for each override what is
/// wrong only there.
fn check_together(fields: &Fields<'_>, base: &Layer, overrides: &BTreeMap<String, Layer>, around: &Surroundings<'_>) {
    let fleet = Effective::from_layer(base, around.partition);
    let fleet_problems = fleet.problems();
    for (property, message) in &fleet_problems {
        fields.problem(property, message.clone());
    }
    check_tag_count(fields, "Tags", &fleet.tags);
    for (short, over) in overrides {
        let effective = Effective::from_layer(&base.under(over), around.partition);
        for problem in effective.problems() {
            if !fleet_problems.contains(&problem) {
                fields.problem(&format!("Overrides.{short}.{}", problem.0), problem.1);
            }
        }
        if over.lifecycle_policy.is_none() && base.lifecycle_policy.is_some() {
            for property in over.generator_inputs() {
                fields.problem(
                    &format!("Overrides.{short}.{property}"),
                    "has no effect, since the fleet's LifecyclePolicy is not generated; give this repository a LifecyclePolicy of its own, or remove one of the two",
                );
            }
        }
        if over.tags.is_some() {
            check_tag_count(fields, &format!("Overrides.{short}.Tags"), &effective.tags);
        }
    }
}

fn check_tag_count(fields: &Fields<'_>, path: &str, tags: &Tags) {
    let room = MAX_TAGS.saturating_sub(OWN_TAGS);
    let additional =
        tags.keys().filter(|key| !["Project", "Environment", MANAGED_BY_TAG].contains(&key.as_str())).count();
    if additional > room {
        fields.problem(
            path,
            format!("has {additional} keys; ECR allows {MAX_TAGS} tags and ecr-steward needs {OWN_TAGS}, which leaves {room}"),
        );
    }
}

fn check_parameters(fields: &Fields<'_>, head: &Head, around: &Surroundings<'_>) {
    if !head.publish_parameters {
        return;
    }
    for (index, short) in head.names.iter().enumerate() {
        let path = format!("{}/{}/{}/{short}/url", around.parameter_prefix, head.project, head.environment);
        let levels = path.matches('/').count();
        if path.chars().count() > MAX_PARAMETER_NAME || levels > MAX_PARAMETER_LEVELS {
            fields.problem(
                &format!("RepositoryNames[{index}]"),
                format!(
                    "gives the SSM parameter {path:?} of {levels} levels; SSM allows {MAX_PARAMETER_LEVELS} levels and about {MAX_PARAMETER_NAME} characters (or set PublishParameters to false)"
                ),
            );
        }
    }
}

fn full_names(fields: &Fields<'_>, head: &Head) -> Vec<(String, RepositoryName)> {
    if head.project.is_empty() || head.environment.is_empty() || head.pattern.is_empty() {
        // The reason is reported already; filling in a pattern with nothing would only add noise.
        return Vec::new();
    }
    let mut names = Vec::with_capacity(head.names.len());
    for (index, short) in head.names.iter().enumerate() {
        let filled = head
            .pattern
            .replace("{project}", &head.project)
            .replace("{environment}", &head.environment)
            .replace("{name}", short);
        match RepositoryName::parse(&filled) {
            Ok(name) => names.push((short.clone(), name)),
            Err(flaw) => fields.problem(
                &format!("RepositoryNames[{index}]"),
                format!("gives the repository name {filled:?}, which {flaw}"),
            ),
        }
    }
    names
}

fn origin(properties: &Map<String, Value>, short: &str, property: &str) -> Origin {
    let said_in = |value: Option<&Value>| value.and_then(|map| map.get(property)).is_some_and(|v| !v.is_null());
    if said_in(properties.get("Overrides").and_then(|overrides| overrides.get(short))) {
        Origin::Override
    } else if properties.get(property).is_some_and(|value| !value.is_null()) {
        Origin::Property
    } else {
        Origin::Default
    }
}

fn repository(
    head: &Head,
    short: String,
    name: RepositoryName,
    effective: &Effective,
    said: impl Fn(&str) -> Origin,
) -> RepositorySpec {
    let mut tags = Tags::from([
        ("Project".to_owned(), head.project.clone()),
        ("Environment".to_owned(), head.environment.clone()),
        (MANAGED_BY_TAG.to_owned(), MANAGED_BY.to_owned()),
    ]);
    tags.extend(effective.tags.clone());
    RepositorySpec {
        short,
        name,
        mutability: effective.mutability.clone(),
        scan_on_push: effective.scan_on_push,
        encryption: effective.encryption.clone(),
        lifecycle: effective
            .lifecycle_policy
            .clone()
            .unwrap_or_else(|| Wish::Is(lifecycle::generate(&effective.retention))),
        max_untagged_images: effective.max_untagged_images,
        statements: effective.statements(),
        policy_mode: effective.policy_mode,
        tags,
        settings: effective.settings(said),
        catalog: None,
    }
}
