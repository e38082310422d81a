//! The preventive lever: ECR makes repositories of creation templates as the baseline wishes them.
//!
//! A template is for one prefix or for all (`ROOT`), and of several ECR takes the one of the longest prefix alone; so each
//! says all that the rules for its prefix say together. Repositories made by `CreateRepository` know no template.

use super::Requirement;
use super::layers::Rules;
use crate::model::name::RepositoryName;
use crate::model::repository::{EncryptionType, MutabilityMode};
use crate::spec::baseline::{Baseline, LifecycleWish, MutabilityWish, Rule, bounds};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// For every repository.
const ROOT: &str = "ROOT";
/// When a template is used (ECR API model, `RCTAppliedFor`).
const APPLIED_FOR: [&str; 3] = ["CREATE_ON_PUSH", "PULL_THROUGH_CACHE", "REPLICATION"];

/// Creation templates, and what they leave out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreationTemplates {
    /// Items in the property names of `AWS::ECR::RepositoryCreationTemplate`.
    pub templates: Vec<Value>,
    /// What of the baseline no template can express, and what the templates need.
    pub notes: Vec<String>,
}

/// The templates that have repositories made as the baseline wishes them, whatever the modes of its rules.
pub fn creation_templates(baseline: &Baseline) -> CreationTemplates {
    let mut notes = BTreeSet::new();
    for rule in &baseline.rules {
        notes.extend(left_out(rule));
    }
    if !baseline.exemptions.is_empty() {
        notes.insert("exemptions are for repositories that exist; templates know none".to_owned());
    }
    let mut prefixes: BTreeSet<Option<&str>> = BTreeSet::new();
    for rule in &baseline.rules {
        prefixes.extend(spaces(rule).into_iter().map(|space| if space == ROOT { None } else { Some(space) }));
    }
    let mut templates = Vec::new();
    for prefix in prefixes {
        let covering = baseline.rules.iter().enumerate().filter(|(_, rule)| covers(rule, prefix));
        let mut body = body(&Rules::all(covering), &mut notes);
        if !body.is_empty() {
            body.insert("Prefix".to_owned(), prefix.unwrap_or(ROOT).into());
            body.insert("AppliedFor".to_owned(), json!(APPLIED_FOR));
            templates.push(Value::Object(body));
        }
    }
    CreationTemplates { templates, notes: notes.into_iter().collect() }
}

/// The prefixes a rule is for, `ROOT` among them where it is for all.
fn spaces(rule: &Rule) -> Vec<&str> {
    if !rule.matching.tags.is_empty() {
        return Vec::new();
    }
    let names = rule.matching.names.iter();
    names.filter_map(|glob| if glob.0 == "*" { Some(ROOT) } else { prefix(&glob.0) }).collect()
}

/// `team` of `team/*`: ECR puts the slash there itself.
fn prefix(glob: &str) -> Option<&str> {
    let prefix = glob.strip_suffix("/*")?;
    RepositoryName::parse(prefix).is_ok().then_some(prefix)
}

/// Is a rule for every repository below a prefix?
fn covers(rule: &Rule, wanted: Option<&str>) -> bool {
    spaces(rule).into_iter().any(|space| {
        space == ROOT
            || wanted.is_some_and(|wanted| {
                wanted.strip_prefix(space).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
    })
}

/// What of a rule becomes no template.
fn left_out(rule: &Rule) -> Vec<String> {
    let name = &rule.name;
    if !rule.matching.tags.is_empty() {
        return vec![format!("the rule {name:?} is for tags, which a repository has only once it is made")];
    }
    let mut notes = Vec::new();
    let odd: Vec<&str> = rule
        .matching
        .names
        .iter()
        .map(|glob| glob.0.as_str())
        .filter(|glob| *glob != "*" && prefix(glob).is_none())
        .collect();
    if !odd.is_empty() {
        notes.push(format!(
            "the rule {name:?} is for {}, and a template is for a prefix such as team/*",
            odd.join(", ")
        ));
    }
    if rule.require.scan_on_push {
        notes.push(format!(
            "the rule {name:?} asks for ScanOnPush, which no template has: let the registry's scan rules have it"
        ));
    }
    if rule.require.lifecycle == Some(LifecycleWish::Present) {
        notes.push(format!("the rule {name:?} asks for a LifecyclePolicy and does not say which"));
    }
    let open: Vec<&str> =
        rule.require.required_tags.iter().filter(|(_, value)| value.is_none()).map(|(key, _)| key.as_str()).collect();
    if !open.is_empty() {
        notes.push(format!("the rule {name:?} asks for the tags {} and does not say their values", open.join(", ")));
    }
    notes
}

/// The settings of one template.
fn body(rules: &Rules<'_>, notes: &mut BTreeSet<String>) -> Map<String, Value> {
    let mut body = Map::new();
    let mutability =
        rules.held(Requirement::ImageTagMutability, |require| require.mutability.as_ref(), bounds::mutability);
    if let Some((wish, mode)) = mutability.first().and_then(|held| Some((held.wish, *held.wish.modes.first()?))) {
        put_mutability(&mut body, wish, mode);
    }
    let lifecycle = rules.held(Requirement::LifecyclePolicy, |require| require.lifecycle.as_ref(), bounds::lifecycle);
    if let Some(LifecycleWish::Generated(policy, _) | LifecycleWish::Whole(policy)) =
        lifecycle.first().map(|held| held.wish)
    {
        body.insert("LifecyclePolicy".to_owned(), policy.to_text().into());
    }
    let encryption =
        rules.held(Requirement::EncryptionType, |require| require.encryption.as_deref(), bounds::encryption);
    let mut needs_role = false;
    if let Some(kind) = encryption.first().and_then(|held| held.wish.first()) {
        needs_role = *kind != EncryptionType::Aes256;
        body.insert("EncryptionConfiguration".to_owned(), json!({"EncryptionType": kind.as_str()}));
    }
    let asked = rules.tags();
    let tags: Vec<Value> = asked
        .iter()
        .flat_map(|(_, tags)| tags)
        .filter_map(|(key, value)| value.map(|value| json!({"Key": key, "Value": value})))
        .collect();
    if !tags.is_empty() {
        needs_role = true;
        body.insert("ResourceTags".to_owned(), tags.into());
    }
    if needs_role {
        notes.insert("a template with KMS keys or tags needs a CustomRoleArn, a role that ECR may assume".to_owned());
    }
    body
}

fn put_mutability(body: &mut Map<String, Value>, wish: &MutabilityWish, mode: MutabilityMode) {
    body.insert("ImageTagMutability".to_owned(), mode.as_str().into());
    if mode.takes_exclusions() {
        let filter = |value: &String| {
            json!({
                "ImageTagMutabilityExclusionFilterType": "WILDCARD",
                "ImageTagMutabilityExclusionFilterValue": value,
            })
        };
        let filters: Vec<Value> = wish.exclusions.iter().map(filter).collect();
        body.insert("ImageTagMutabilityExclusionFilters".to_owned(), filters.into());
    }
}
