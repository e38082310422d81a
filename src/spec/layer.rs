//! The properties that may be said for the whole fleet and again, per short name, in `Overrides`.
//!
//! A [`Layer`] is what one of these two places says; laying one over the other gives the effective values.

use super::fields::{Fields, as_delivered};
use super::tags;
use crate::lifecycle::{self, Policy};
use crate::model::Wish;
use crate::model::policy::{
    self, Kind, Mode, Principal, Statement, parse_lambda_arn, parse_organization_id, parse_principal,
};
use crate::model::repository::{EncryptionType, MutabilityMode, Tags};
use std::ops::RangeInclusive;

/// Counts and days: ECR asks for a positive integer and names no other bound; its models carry it as an
/// `Integer` of 32 bits.
const POSITIVE: RangeInclusive<u32> = 1..=2_147_483_647;
/// Exclusion filters of one repository (ECR API model, `ImageTagMutabilityExclusionFilters`).
pub const MAX_EXCLUSIONS: usize = 5;
/// Longest exclusion filter (ECR API model, `ImageTagMutabilityExclusionFilterValue`).
const MAX_EXCLUSION_LENGTH: usize = 128;
/// Longest KMS key reference (ECR API model, `KmsKey`).
const MAX_KMS_KEY: usize = 2_048;

/// What one place of a declaration says. `None` = it says nothing about this.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layer {
    /// `ImageTagMutability`
    pub mutability: Option<MutabilityMode>,
    /// `ImageTagMutabilityExclusions`, sorted.
    pub exclusions: Option<Vec<String>>,
    /// `ScanOnPush`
    pub scan_on_push: Option<bool>,
    /// `EncryptionType`
    pub encryption_type: Option<EncryptionType>,
    /// `KmsKey`
    pub kms_key: Option<String>,
    /// `ProtectedTagPatterns`
    pub protected_tag_patterns: Option<Vec<String>>,
    /// `TagPrefixes`
    pub tag_prefixes: Option<Vec<String>>,
    /// `MaxImageCount`
    pub max_image_count: Option<u32>,
    /// `ImageRetentionDays`
    pub image_retention_days: Option<u32>,
    /// `UntaggedRetentionDays`
    pub untagged_retention_days: Option<u32>,
    /// `MaxUntaggedImages`
    pub max_untagged_images: Option<u32>,
    /// `LifecyclePolicy`: a whole policy, or none at all.
    pub lifecycle_policy: Option<Wish<Policy>>,
    /// `PullPrincipals`
    pub pull_principals: Option<Vec<Principal>>,
    /// `PushPrincipals`
    pub push_principals: Option<Vec<Principal>>,
    /// `LambdaPullArns`
    pub lambda_pull_arns: Option<Vec<String>>,
    /// `PullOrganizations`
    pub pull_organizations: Option<Vec<String>>,
    /// `PolicyStatements`, under our Sids.
    pub policy_statements: Option<Vec<Statement>>,
    /// `PolicyMode`
    pub policy_mode: Option<Mode>,
    /// `AllowPublicPrincipals`
    pub allow_public_principals: Option<bool>,
    /// `Tags`
    pub tags: Option<Tags>,
}

impl Layer {
    /// Reads one place. Problems go where the fields put them.
    pub fn read(fields: &Fields<'_>) -> Self {
        let modes = MutabilityMode::ALL.map(|mode| (mode.as_str(), mode));
        let types = EncryptionType::ALL.map(|kind| (kind.as_str(), kind));
        let policy_modes = [("Merge", Mode::Merge), ("Exclusive", Mode::Exclusive)];
        Self {
            mutability: fields.choice("ImageTagMutability", &modes),
            exclusions: exclusions(fields),
            scan_on_push: fields.flag("ScanOnPush"),
            encryption_type: fields.choice("EncryptionType", &types),
            kms_key: kms_key(fields),
            protected_tag_patterns: protected_tag_patterns(fields),
            tag_prefixes: tag_prefixes(fields),
            max_image_count: fields.number("MaxImageCount", POSITIVE),
            image_retention_days: fields.number("ImageRetentionDays", POSITIVE),
            untagged_retention_days: fields.number("UntaggedRetentionDays", POSITIVE),
            max_untagged_images: fields.number("MaxUntaggedImages", POSITIVE),
            lifecycle_policy: lifecycle_policy(fields),
            pull_principals: checked_texts(fields, "PullPrincipals", parse_principal),
            push_principals: checked_texts(fields, "PushPrincipals", parse_principal),
            lambda_pull_arns: checked_texts(fields, "LambdaPullArns", |text| {
                parse_lambda_arn(text).map(|_| text.to_owned())
            }),
            pull_organizations: checked_texts(fields, "PullOrganizations", |text| {
                parse_organization_id(text).map(|_| text.to_owned())
            }),
            policy_statements: policy_statements(fields, Kind::Repository),
            policy_mode: fields.choice("PolicyMode", &policy_modes),
            allow_public_principals: fields.flag("AllowPublicPrincipals"),
            tags: tags::read(fields),
        }
    }

    /// Reads only what a generated lifecycle policy is made from.
    pub(super) fn read_generator(fields: &Fields<'_>) -> Self {
        Self {
            protected_tag_patterns: protected_tag_patterns(fields),
            tag_prefixes: tag_prefixes(fields),
            max_image_count: fields.number("MaxImageCount", POSITIVE),
            image_retention_days: fields.number("ImageRetentionDays", POSITIVE),
            untagged_retention_days: fields.number("UntaggedRetentionDays", POSITIVE),
            ..Self::default()
        }
    }

    /// The properties said here that only a generated lifecycle policy is made from.
    pub fn generator_inputs(&self) -> Vec<&'static str> {
        [
            ("ProtectedTagPatterns", self.protected_tag_patterns.is_some()),
            ("TagPrefixes", self.tag_prefixes.is_some()),
            ("MaxImageCount", self.max_image_count.is_some()),
            ("ImageRetentionDays", self.image_retention_days.is_some()),
            ("UntaggedRetentionDays", self.untagged_retention_days.is_some()),
        ]
        .into_iter()
        .filter_map(|(property, said)| said.then_some(property))
        .collect()
    }

    /// This layer with `over` on top: a value replaces, tags merge.
    ///
    /// A key and exclusion filters belong to the mode they were said with: an override that chooses another
    /// mode does not inherit them.
    #[must_use]
    pub fn under(&self, over: &Self) -> Self {
        let drops_key = over.encryption_type == Some(EncryptionType::Aes256);
        let drops_exclusions = over.mutability.is_some_and(|mode| Some(mode) != self.mutability);
        let inherited_key = self.kms_key.clone().filter(|_| !drops_key);
        let inherited_exclusions = self.exclusions.clone().filter(|_| !drops_exclusions);
        Self {
            mutability: over.mutability.or(self.mutability),
            exclusions: over.exclusions.clone().or(inherited_exclusions),
            scan_on_push: over.scan_on_push.or(self.scan_on_push),
            encryption_type: over.encryption_type.or(self.encryption_type),
            kms_key: over.kms_key.clone().or(inherited_key),
            protected_tag_patterns: laid(over, self, |layer| &layer.protected_tag_patterns),
            tag_prefixes: laid(over, self, |layer| &layer.tag_prefixes),
            max_image_count: over.max_image_count.or(self.max_image_count),
            image_retention_days: over.image_retention_days.or(self.image_retention_days),
            untagged_retention_days: over.untagged_retention_days.or(self.untagged_retention_days),
            max_untagged_images: over.max_untagged_images.or(self.max_untagged_images),
            lifecycle_policy: laid(over, self, |layer| &layer.lifecycle_policy),
            pull_principals: laid(over, self, |layer| &layer.pull_principals),
            push_principals: laid(over, self, |layer| &layer.push_principals),
            lambda_pull_arns: laid(over, self, |layer| &layer.lambda_pull_arns),
            pull_organizations: laid(over, self, |layer| &layer.pull_organizations),
            policy_statements: laid(over, self, |layer| &layer.policy_statements),
            policy_mode: over.policy_mode.or(self.policy_mode),
            allow_public_principals: over.allow_public_principals.or(self.allow_public_principals),
            tags: merged(self.tags.as_ref(), over.tags.as_ref()),
        }
    }
}

fn laid<T: Clone>(over: &Layer, under: &Layer, part: impl Fn(&Layer) -> &Option<T>) -> Option<T> {
    part(over).clone().or_else(|| part(under).clone())
}

fn merged(under: Option<&Tags>, over: Option<&Tags>) -> Option<Tags> {
    let mut tags = under.cloned();
    if let Some(over) = over {
        tags.get_or_insert_default().extend(over.clone());
    }
    tags
}

/// A list of texts, each parsed; problems at `key[index]`, repeated entries included.
pub(super) fn checked_texts<T>(
    fields: &Fields<'_>,
    key: &'static str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Option<Vec<T>> {
    let texts = fields.texts(key)?;
    let mut parsed = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let item = format!("{key}[{index}]");
        if let Some(first) = texts.iter().position(|other| other == text).filter(|first| *first < index) {
            fields.problem(&item, format!("repeats {key}[{first}], {text:?}; remove one"));
            continue;
        }
        match parse(text) {
            Ok(value) => parsed.push(value),
            Err(flaw) => fields.problem(&item, flaw),
        }
    }
    Some(parsed)
}

fn protected_tag_patterns(fields: &Fields<'_>) -> Option<Vec<String>> {
    checked_texts(fields, "ProtectedTagPatterns", |text| lifecycle::pattern_flaw(text).map_or(Ok(text.to_owned()), Err))
}

fn tag_prefixes(fields: &Fields<'_>) -> Option<Vec<String>> {
    checked_texts(fields, "TagPrefixes", |text| lifecycle::prefix_flaw(text).map_or(Ok(text.to_owned()), Err))
}

/// `ImageTagMutabilityExclusions`, sorted.
pub(super) fn exclusions(fields: &Fields<'_>) -> Option<Vec<String>> {
    let key = "ImageTagMutabilityExclusions";
    let mut filters = checked_texts(fields, key, |filter| exclusion_flaw(filter).map_or(Ok(filter.to_owned()), Err))?;
    // What was given, not what could be read of it: a bad filter is told at its own place.
    let given = fields.raw(key).and_then(serde_json::Value::as_array).map_or(0, Vec::len);
    if !(1..=MAX_EXCLUSIONS).contains(&given) {
        fields.problem(key, format!("has {given} filters; ECR allows 1 to {MAX_EXCLUSIONS}"));
    }
    filters.sort();
    Some(filters)
}

/// Why ECR would refuse a filter of tags that mutability makes an exception of.
pub(super) fn exclusion_flaw(filter: &str) -> Option<String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '*' | '-');
    if filter.is_empty() || filter.len() > MAX_EXCLUSION_LENGTH || !filter.chars().all(legal) {
        return Some(format!(
            "{filter:?} is not a wildcard filter; ECR allows 1 to {MAX_EXCLUSION_LENGTH} letters, digits and . _ - *"
        ));
    }
    (filter.matches('*').count() > 2).then(|| format!("{filter:?} has more than two *; ECR allows two in one filter"))
}

fn kms_key(fields: &Fields<'_>) -> Option<String> {
    let key = fields.text("KmsKey")?;
    if key.is_empty() || key.len() > MAX_KMS_KEY {
        fields.problem(
            "KmsKey",
            format!("must be a key id, key ARN, alias or alias ARN of 1 to {MAX_KMS_KEY} characters"),
        );
        return None;
    }
    Some(key)
}

fn lifecycle_policy(fields: &Fields<'_>) -> Option<Wish<Policy>> {
    let key = "LifecyclePolicy";
    let raw = fields.raw(key)?;
    if raw.as_str() == Some("None") {
        return Some(Wish::Absent);
    }
    whole_policy(fields, key, raw).map(Wish::Is)
}

/// A whole lifecycle policy, as a map or as JSON text.
pub(super) fn whole_policy(fields: &Fields<'_>, key: &'static str, raw: &serde_json::Value) -> Option<Policy> {
    let parsed = match raw.as_str() {
        Some(text) => lifecycle::parse_text(text),
        // A file's own numbers are read as CloudFormation will deliver them: what is checked here is accepted there.
        None => lifecycle::parse_lenient(&as_delivered(raw)),
    };
    match parsed {
        Ok(policy) => Some(policy),
        Err(flaws) => {
            for flaw in flaws {
                let separator = if flaw.path.is_empty() { "" } else { "." };
                fields.problem(&format!("{key}{separator}{}", flaw.path), flaw.message);
            }
            None
        }
    }
}

/// `PolicyStatements`, for policies of a kind.
pub(super) fn policy_statements(fields: &Fields<'_>, kind: Kind) -> Option<Vec<Statement>> {
    let key = "PolicyStatements";
    let declared: Vec<serde_json::Value> = fields.list(key)?.iter().map(as_delivered).collect();
    match policy::user_statements(kind, &declared) {
        Ok(statements) => Some(statements),
        Err(flaws) => {
            for flaw in flaws {
                fields.problem(&format!("{key}{}", flaw.path), flaw.message);
            }
            None
        }
    }
}
