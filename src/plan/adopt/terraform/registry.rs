//! What a registry has once: the properties of a `Custom::EcrRegistry` that says it.

use super::Properties;
use super::resource::{Resource, blocks_in, text_in};
use super::site::Site;
use crate::spec::registry::check;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The kinds read here.
pub(super) const KINDS: [&str; 8] = [
    "aws_ecr_registry_scanning_configuration",
    "aws_ecr_replication_configuration",
    "aws_ecr_registry_policy",
    "aws_ecr_pull_through_cache_rule",
    "aws_ecr_repository_creation_template",
    "aws_ecr_pull_time_update_exclusion",
    "aws_ecr_signing_configuration",
    "aws_ecr_account_setting",
];

/// The properties in the order of the documentation.
const ORDER: [&str; 9] = [
    "ScanType",
    "ScanRules",
    "ReplicationRules",
    "RegistryPolicy",
    "PullThroughCacheRules",
    "CreationTemplates",
    "PullTimeUpdateExclusions",
    "SigningRules",
    "BlobMounting",
];

type Block = Map<String, Value>;

/// What is declared so far.
#[derive(Default)]
pub(super) struct Registry {
    /// What there is one of, by property.
    single: BTreeMap<&'static str, Value>,
    /// What there are several of, by property and what each is known by.
    several: BTreeMap<&'static str, BTreeMap<String, Value>>,
    /// Statements of the registry policy without a Sid.
    nameless: usize,
    /// How many resources may say the same thing here.
    claims: BTreeMap<(String, String), usize>,
}

impl Registry {
    /// Nothing yet of the settings of these resources.
    pub(super) fn of(resources: &[Resource<'_>], site: &Site) -> Self {
        let mut claims = BTreeMap::new();
        for resource in resources.iter().filter(|resource| KINDS.contains(&resource.kind)) {
            let of_another = resource.text("registry_id").is_ok() && site.holds_account(resource).is_err();
            let is_elsewhere =
                of_another || resource.text("region").is_ok_and(|region| site.holds_region(region).is_err());
            if !is_elsewhere {
                *claims.entry(claim(resource)).or_default() += 1;
            }
        }
        Self { claims, ..Self::default() }
    }

    /// Adds what a resource says, and tells in which properties.
    ///
    /// # Errors
    /// Why it cannot be declared.
    pub(super) fn take(&mut self, resource: &Resource<'_>) -> Result<&'static [&'static str], String> {
        // The one applied last won, if they are not of two Regions: nobody can tell.
        if self.claims.get(&claim(resource)).is_some_and(|count| *count > 1) {
            let reason = "another resource is about the same setting, of which a registry has one, and the state does not tell \
                          which of them holds here; keep one of them, or declare it by hand";
            return Err(reason.to_owned());
        }
        match resource.kind {
            "aws_ecr_registry_scanning_configuration" => {
                self.scanning(resource)?;
                Ok(&["ScanType", "ScanRules"])
            }
            "aws_ecr_replication_configuration" => {
                self.set("ReplicationRules", replication_rules(resource)?.into());
                Ok(&["ReplicationRules"])
            }
            "aws_ecr_registry_policy" => {
                self.policy(resource.needed("policy")?)?;
                Ok(&["RegistryPolicy"])
            }
            "aws_ecr_pull_through_cache_rule" => {
                let prefix = resource.needed("ecr_repository_prefix")?;
                self.add("PullThroughCacheRules", prefix, cache_rule(resource)?);
                Ok(&["PullThroughCacheRules"])
            }
            "aws_ecr_repository_creation_template" => {
                let prefix = resource.needed("prefix")?;
                self.add("CreationTemplates", prefix, template(resource)?);
                Ok(&["CreationTemplates"])
            }
            "aws_ecr_pull_time_update_exclusion" => {
                let principal = resource.needed("principal_arn")?;
                self.add("PullTimeUpdateExclusions", principal, principal.into());
                Ok(&["PullTimeUpdateExclusions"])
            }
            "aws_ecr_signing_configuration" => {
                self.set("SigningRules", signing_rules(resource)?.into());
                Ok(&["SigningRules"])
            }
            _ => {
                self.account_setting(resource)?;
                Ok(&["BlobMounting"])
            }
        }
    }

    /// The properties, as far as the check of such a declaration accepts them, and what it says of the others. Empty where
    /// nothing is declared.
    pub(super) fn sound(mut self, site: &Site) -> (Properties, BTreeMap<&'static str, String>) {
        // An empty list says nothing.
        self.single.retain(|_, value| value.as_array().is_none_or(|items| !items.is_empty()));
        let mut all: Map<String, Value> = self.single.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let lists =
            self.several.into_iter().map(|(key, items)| (key.to_owned(), items.into_values().collect::<Value>()));
        all.extend(lists);
        let mut unsound = BTreeMap::new();
        // What is left after one property is gone may be wrong in another way.
        while let Some(problem) = check(&all, &site.around()).err().and_then(|problems| problems.into_iter().next()) {
            let of = |key: &&str| {
                problem.path.strip_prefix(key).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
            };
            let Some(key) = ORDER.into_iter().find(of) else { break };
            if all.remove(key).is_none() {
                break;
            }
            unsound.insert(key, format!("what it says cannot be declared: {problem}"));
        }
        (ORDER.into_iter().filter_map(|key| Some((key, all.remove(key)?))).collect(), unsound)
    }

    /// What a reader should know.
    pub(super) fn notes(&self) -> Vec<String> {
        let note = format!(
            "{} of the registry policy without a Sid stay as they are and are not declared: they would be written once more \
             under a Sid",
            self.nameless
        );
        (self.nameless > 0).then_some(note).into_iter().collect()
    }

    /// Sets what there is one of.
    fn set(&mut self, key: &'static str, value: Value) {
        self.single.insert(key, value);
    }

    /// Adds one of what there are several of.
    fn add(&mut self, key: &'static str, name: &str, value: Value) {
        self.several.entry(key).or_default().insert(name.to_owned(), value);
    }

    /// The statements of the registry policy that have a Sid; the others stay as they are.
    fn policy(&mut self, text: &str) -> Result<(), String> {
        let (named, nameless): (Vec<Value>, Vec<Value>) =
            statements(text)?.into_iter().partition(|statement| statement.get("Sid").is_some());
        self.set("RegistryPolicy", named.into());
        self.nameless = nameless.len();
        Ok(())
    }

    fn scanning(&mut self, resource: &Resource<'_>) -> Result<(), String> {
        let kind = resource.needed("scan_type")?;
        let mut rules: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for block in resource.blocks("rule")? {
            let frequency = text_in(Some(block), "scan_frequency")?.unwrap_or_default();
            if frequency == "MANUAL" {
                return Err("it has a rule for MANUAL, which is what holds without a rule; remove that rule".to_owned());
            }
            rules.entry(frequency).or_default().extend(filters(block)?);
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = rules.values().flatten().find(|filter| !seen.insert(filter.as_str())) {
            return Err(format!("its filter {twice:?} stands under both frequencies; keep it under one"));
        }
        let rules: Vec<Value> = rules
            .into_iter()
            .map(|(frequency, filters)| {
                json!({"ScanFrequency": frequency, "RepositoryFilters": typed(filters, "WILDCARD")})
            })
            .collect();
        self.set("ScanType", kind.into());
        self.set("ScanRules", rules.into());
        Ok(())
    }

    fn account_setting(&mut self, resource: &Resource<'_>) -> Result<(), String> {
        match (resource.needed("name")?, resource.needed("value")?) {
            ("BLOB_MOUNTING", value) => {
                self.set("BlobMounting", value.into());
                Ok(())
            }
            (name, _) => Err(format!(
                "ecr-steward does not declare {name}: ECR has one value left for it. Terraform undoes nothing when the \
                 resource goes, so it may stay there or be removed"
            )),
        }
    }
}

/// What a resource is about: its kind, and what tells it from others of its kind where there may be several.
fn claim(resource: &Resource<'_>) -> (String, String) {
    let key = match resource.kind {
        "aws_ecr_pull_through_cache_rule" => "ecr_repository_prefix",
        "aws_ecr_repository_creation_template" => "prefix",
        "aws_ecr_pull_time_update_exclusion" => "principal_arn",
        "aws_ecr_account_setting" => "name",
        _ => return (resource.kind.to_owned(), String::new()),
    };
    let name = resource.text(key).ok().flatten().unwrap_or_default();
    (resource.kind.to_owned(), name.to_owned())
}

/// The filters of a rule.
fn filters(block: &Block) -> Result<BTreeSet<String>, String> {
    let mut found = BTreeSet::new();
    for filter in blocks_in(Some(block), "repository_filter")? {
        found.extend(text_in(Some(filter), "filter")?.map(str::to_owned));
    }
    Ok(found)
}

/// Filters as CloudFormation writes them.
fn typed(filters: BTreeSet<String>, kind: &str) -> Value {
    filters.into_iter().map(|filter| json!({"Filter": filter, "FilterType": kind})).collect()
}

/// A map of those members that there are.
fn item(members: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let there = members.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(there.collect())
}

fn some_filters(filters: BTreeSet<String>, kind: &str) -> Option<Value> {
    (!filters.is_empty()).then(|| typed(filters, kind))
}

fn replication_rules(resource: &Resource<'_>) -> Result<Vec<Value>, String> {
    let mut rules = Vec::new();
    for configuration in resource.blocks("replication_configuration")? {
        for rule in blocks_in(Some(configuration), "rule")? {
            let mut destinations = Vec::new();
            for place in blocks_in(Some(rule), "destination")? {
                let text = |key: &str| text_in(Some(place), key);
                destinations.push(json!({"Region": text("region")?, "RegistryId": text("registry_id")?}));
            }
            rules.push(item([
                ("Destinations", Some(destinations.into())),
                ("RepositoryFilters", some_filters(filters(rule)?, "PREFIX_MATCH")),
            ]));
        }
    }
    Ok(rules)
}

fn signing_rules(resource: &Resource<'_>) -> Result<Vec<Value>, String> {
    let mut rules = Vec::new();
    for rule in resource.blocks("rule")? {
        let profile = text_in(Some(rule), "signing_profile_arn")?;
        rules.push(item([
            ("SigningProfileArn", profile.map(Value::from)),
            ("RepositoryFilters", some_filters(filters(rule)?, "WILDCARD_MATCH")),
        ]));
    }
    Ok(rules)
}

/// The statements of a policy text.
fn statements(policy: &str) -> Result<Vec<Value>, String> {
    let value: Value = serde_json::from_str(policy).map_err(|error| format!("its policy is not JSON: {error}"))?;
    // In the newer version of the language, which is written, these would be variables.
    if value.get("Version").and_then(Value::as_str) != Some("2012-10-17") && policy.contains("${") {
        return Err("its policy holds ${ as plain text, which version 2012-10-17 takes for a variable".to_owned());
    }
    match value.get("Statement") {
        Some(Value::Array(statements)) => Ok(statements.clone()),
        Some(statement @ Value::Object(_)) => Ok(vec![statement.clone()]),
        _ => Err("its policy has no statement".to_owned()),
    }
}

fn cache_rule(resource: &Resource<'_>) -> Result<Value, String> {
    let text = |key: &str| resource.text(key).map(|text| text.map(Value::from));
    Ok(item([
        ("EcrRepositoryPrefix", text("ecr_repository_prefix")?),
        ("UpstreamRegistryUrl", text("upstream_registry_url")?),
        ("UpstreamRepositoryPrefix", text("upstream_repository_prefix")?),
        ("CredentialArn", text("credential_arn")?),
        ("CustomRoleArn", text("custom_role_arn")?),
    ]))
}

fn template(resource: &Resource<'_>) -> Result<Value, String> {
    let text = |key: &str| resource.text(key).map(|text| text.map(Value::from));
    let mut reasons = resource.texts("applied_for")?;
    reasons.sort_unstable();
    let encryption = match resource.blocks("encryption_configuration")?.first().copied() {
        Some(block) => Some(item([
            ("EncryptionType", text_in(Some(block), "encryption_type")?.map(Value::from)),
            ("KmsKey", text_in(Some(block), "kms_key")?.map(Value::from)),
        ])),
        None => None,
    };
    let mut exclusions = Vec::new();
    for block in resource.blocks("image_tag_mutability_exclusion_filter")? {
        exclusions.push(json!({
            "ImageTagMutabilityExclusionFilterType": "WILDCARD",
            "ImageTagMutabilityExclusionFilterValue": text_in(Some(block), "filter")?,
        }));
    }
    let tags: Vec<Value> =
        resource.map("resource_tags")?.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    let some = |items: Vec<Value>| (!items.is_empty()).then(|| Value::from(items));
    Ok(item([
        ("Prefix", text("prefix")?),
        ("Description", text("description")?),
        ("AppliedFor", Some(reasons.into())),
        ("ImageTagMutability", text("image_tag_mutability")?),
        ("ImageTagMutabilityExclusionFilters", some(exclusions)),
        ("EncryptionConfiguration", encryption),
        ("ResourceTags", some(tags)),
        ("LifecyclePolicy", text("lifecycle_policy")?),
        ("RepositoryPolicy", text("repository_policy")?),
        ("CustomRoleArn", text("custom_role_arn")?),
    ]))
}
