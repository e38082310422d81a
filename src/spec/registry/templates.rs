//! `CreationTemplates`: how repositories are made that nobody creates by a call of their own.

use super::check::Placed;
use super::{Around, arns, cache, statements};
use crate::model::policy::{Document, Kind, MAX_POLICY_CHARACTERS};
use crate::model::registry::{AppliedFor, CreationTemplate, Entry};
use crate::model::repository::{Encryption, EncryptionType, MAX_TAGS, Mutability, MutabilityMode, Tags};
use crate::spec::fields::Fields;
use crate::spec::layer::{MAX_EXCLUSIONS, exclusion_flaw, whole_policy};
use crate::spec::tags;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Length of a prefix (ECR API model, `Prefix`).
const PREFIX_LENGTH: RangeInclusive<usize> = 1..=256;
/// Longest description, in characters (ECR API model, `RepositoryTemplateDescription`).
const MAX_DESCRIPTION: usize = 256;

/// Reads the property.
pub(super) fn read(fields: &Fields<'_>, around: &Around<'_>, allows_public: bool) -> Vec<Placed> {
    let key = "CreationTemplates";
    if fields.list(key).is_some_and(Vec::is_empty) {
        fields.problem(key, "is empty and declares nothing; leave it out");
    }
    let items = if fields.raw(key).is_some_and(serde_json::Value::is_array) { fields.maps(key) } else { None };
    let templates = items.into_iter().flatten().filter_map(|item| {
        let template = template(&item, around, allows_public)?;
        Some((item.path().to_owned(), Entry::Template(template)))
    });
    templates.collect()
}

fn template(item: &Fields<'_>, around: &Around<'_>, allows_public: bool) -> Option<CreationTemplate> {
    if item.raw("Prefix").is_none() {
        item.problem("Prefix", "is required: what the names of these repositories begin with, or ROOT for all others");
    }
    let prefix = cache::prefix(item, "Prefix", PREFIX_LENGTH);
    let template = CreationTemplate {
        prefix: prefix.clone().unwrap_or_default(),
        description: description(item),
        applied_for: applied_for(item),
        mutability: mutability(item),
        encryption: encryption(item, around),
        tags: resource_tags(item),
        lifecycle_policy: item
            .raw("LifecyclePolicy")
            .and_then(|raw| whole_policy(item, "LifecyclePolicy", raw))
            .map(|policy| policy.to_text()),
        repository_policy: repository_policy(item, allows_public),
        custom_role_arn: arns::custom_role(item, around),
    };
    // ECR's own role for templates may neither tag nor use keys (ECR user guide, "IAM permissions for creating
    // repository creation templates").
    let needs_role = !template.tags.is_empty() || template.encryption.kind != EncryptionType::Aes256;
    if needs_role && item.raw("CustomRoleArn").is_none() {
        item.problem(
            "CustomRoleArn",
            "is required with ResourceTags and with KMS encryption: a role of this account that ECR may assume",
        );
    }
    item.refuse_unknown();
    prefix.map(|_| template)
}

fn description(item: &Fields<'_>) -> Option<String> {
    let text = item.text("Description")?;
    let length = text.chars().count();
    if length > MAX_DESCRIPTION {
        item.problem("Description", format!("has {length} characters; ECR allows {MAX_DESCRIPTION}"));
    }
    Some(text)
}

fn applied_for(item: &Fields<'_>) -> BTreeSet<AppliedFor> {
    let key = "AppliedFor";
    let known = AppliedFor::ALL.map(|one| (one.as_str(), one));
    if item.raw(key).is_none() {
        let words = known.map(|(word, _)| word).join(", ");
        item.problem(key, format!("is required: a list of at least one of {words}"));
    }
    item.choices(key, &known).into_iter().flatten().collect()
}

fn mutability(item: &Fields<'_>) -> Mutability {
    let key = "ImageTagMutabilityExclusionFilters";
    let mode = item.choice("ImageTagMutability", &MutabilityMode::ALL.map(|mode| (mode.as_str(), mode)));
    let mut exclusions = BTreeSet::new();
    let given = item.list(key).map(Vec::len);
    for filter in given.and_then(|_| item.maps(key)).into_iter().flatten() {
        let value_key = "ImageTagMutabilityExclusionFilterValue";
        let kind_key = "ImageTagMutabilityExclusionFilterType";
        let value = filter.required(value_key, "such as latest or dev-*");
        let _ = filter.required(kind_key, "WILDCARD").and_then(|_| filter.choice(kind_key, &[("WILDCARD", ())]));
        filter.refuse_unknown();
        let Some(value) = value else { continue };
        if let Some(flaw) = exclusion_flaw(&value) {
            filter.problem(value_key, flaw);
        } else if !exclusions.insert(value.clone()) {
            filter.problem(value_key, format!("repeats {value:?}; remove one"));
        }
    }
    let is_said = item.raw("ImageTagMutability").is_some();
    let takes = mode.is_some_and(MutabilityMode::takes_exclusions);
    match given {
        Some(count) if takes && !(1..=MAX_EXCLUSIONS).contains(&count) => {
            item.problem(key, format!("has {count} filters; ECR allows 1 to {MAX_EXCLUSIONS}"));
        }
        Some(_) if !takes && (mode.is_some() || !is_said) => item
            .problem(key, "is only allowed with ImageTagMutability IMMUTABLE_WITH_EXCLUSION or MUTABLE_WITH_EXCLUSION"),
        None if takes => item.problem(key, format!("is required with that mode: 1 to {MAX_EXCLUSIONS} filters")),
        _ => {}
    }
    Mutability { mode: mode.unwrap_or(MutabilityMode::Mutable), exclusions: exclusions.into_iter().collect() }
}

fn encryption(item: &Fields<'_>, around: &Around<'_>) -> Encryption {
    let none = Encryption { kind: EncryptionType::Aes256, kms_key: None };
    let Some(own) = item.map("EncryptionConfiguration") else { return none };
    let key = "EncryptionType";
    let kind = own.choice(key, &EncryptionType::ALL.map(|kind| (kind.as_str(), kind)));
    if own.raw(key).is_none() {
        own.problem(key, "is required: AES256, KMS or KMS_DSSE");
    }
    let kms_key = own.text("KmsKey").filter(|kms_key| !kms_key.is_empty());
    if let Some(kms_key) = &kms_key {
        if kind == Some(EncryptionType::Aes256) {
            own.problem("KmsKey", "is only allowed with EncryptionType KMS or KMS_DSSE");
        }
        if let Some(flaw) = arns::kms_key_flaw(kms_key, around) {
            own.problem("KmsKey", flaw);
        }
    }
    own.refuse_unknown();
    Encryption { kind: kind.unwrap_or(none.kind), kms_key }
}

fn resource_tags(item: &Fields<'_>) -> Tags {
    let key = "ResourceTags";
    let tags = tags::read_at(item, key).unwrap_or_default();
    if tags.len() > MAX_TAGS {
        item.problem(key, format!("has {} tags; a repository may carry {MAX_TAGS}", tags.len()));
    }
    tags
}

/// Checked as a repository policy is that a fleet declares.
fn repository_policy(item: &Fields<'_>, allows_public: bool) -> Option<String> {
    let key = "RepositoryPolicy";
    let found = statements::read(item, key, Kind::Repository);
    let mut sids = BTreeSet::new();
    for (path, statement) in &found {
        statements::refuse_public(item, path, statement, allows_public);
        if let Some(sid) = statement.sid().filter(|sid| !sids.insert((*sid).to_owned())) {
            item.problem(&format!("{path}.Sid"), format!("repeats {sid:?}; a Sid is unique in a policy"));
        }
    }
    if found.is_empty() {
        return None;
    }
    let document = Document::from_statements(found.into_iter().map(|(_, statement)| statement).collect());
    let length = document.len_in_characters();
    if length > MAX_POLICY_CHARACTERS {
        item.problem(key, format!("has {length} characters; ECR allows {MAX_POLICY_CHARACTERS}"));
    }
    Some(document.to_text())
}
