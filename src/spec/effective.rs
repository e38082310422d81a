//! One repository's effective values: layers laid over the defaults, checked together, each with its origin.

use super::layer::Layer;
use super::{Origin, Setting};
use crate::lifecycle::{self, Retention};
use crate::model::Wish;
use crate::model::policy::{self, Access, Document, MAX_POLICY_CHARACTERS, Mode, Statement};
use crate::model::repository::{Encryption, EncryptionType, Mutability, MutabilityMode, Tags};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// All properties a layer may hold, each with a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Effective {
    pub mutability: Mutability,
    pub scan_on_push: bool,
    pub encryption: Encryption,
    pub retention: Retention,
    pub max_untagged_images: u32,
    pub lifecycle_policy: Option<Wish<lifecycle::Policy>>,
    pub access: Access,
    pub user_statements: Vec<Statement>,
    pub policy_mode: Mode,
    pub allow_public: bool,
    pub tags: Tags,
}

impl Effective {
    /// Fills in the defaults of the contract.
    pub(super) fn from_layer(layer: &Layer, partition: &str) -> Self {
        Self {
            mutability: Mutability {
                mode: layer.mutability.unwrap_or(MutabilityMode::Mutable),
                exclusions: layer.exclusions.clone().unwrap_or_default(),
            },
            scan_on_push: layer.scan_on_push.unwrap_or(true),
            encryption: Encryption {
                kind: layer.encryption_type.unwrap_or(EncryptionType::Aes256),
                kms_key: layer.kms_key.clone(),
            },
            retention: retention(layer),
            max_untagged_images: layer.max_untagged_images.unwrap_or(3),
            lifecycle_policy: layer.lifecycle_policy.clone(),
            access: Access {
                pull_principals: layer.pull_principals.clone().unwrap_or_default(),
                push_principals: layer.push_principals.clone().unwrap_or_default(),
                lambda_pull_arns: layer.lambda_pull_arns.clone().unwrap_or_default(),
                pull_organizations: layer.pull_organizations.clone().unwrap_or_default(),
                partition: partition.to_owned(),
            },
            user_statements: layer.policy_statements.clone().unwrap_or_default(),
            policy_mode: layer.policy_mode.unwrap_or(Mode::Merge),
            allow_public: layer.allow_public_principals.unwrap_or(false),
            tags: layer.tags.clone().unwrap_or_default(),
        }
    }

    /// Everything that is wrong with values that are fine one by one: property and message.
    pub(super) fn problems(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        self.check_mutability(&mut found);
        if self.encryption.kms_key.is_some() && self.encryption.kind == EncryptionType::Aes256 {
            found.push((
                "KmsKey".to_owned(),
                "is only allowed with EncryptionType KMS or KMS_DSSE; AES256 uses keys that Amazon S3 manages"
                    .to_owned(),
            ));
        }
        if self.lifecycle_policy.is_none() {
            found.extend(retention_problems(&self.retention));
        }
        self.check_policy(&mut found);
        found
    }

    fn check_mutability(&self, found: &mut Vec<(String, String)>) {
        let Mutability { mode, exclusions } = &self.mutability;
        if mode.takes_exclusions() && exclusions.is_empty() {
            found.push((
                "ImageTagMutabilityExclusions".to_owned(),
                format!("is required with ImageTagMutability {}: 1 to 5 wildcard filters", mode.as_str()),
            ));
        } else if !mode.takes_exclusions() && !exclusions.is_empty() {
            found.push((
                "ImageTagMutabilityExclusions".to_owned(),
                format!(
                    "is only allowed with IMMUTABLE_WITH_EXCLUSION or MUTABLE_WITH_EXCLUSION; ImageTagMutability is {}",
                    mode.as_str()
                ),
            ));
        }
    }

    fn check_policy(&self, found: &mut Vec<(String, String)>) {
        let statements = self.statements();
        if !self.allow_public {
            for statement in &statements {
                if let Some(exposure) = policy::public_exposure(statement) {
                    found.push((
                        self.source_of(statement),
                        format!(
                            "{exposure}; restrict it by a condition such as aws:PrincipalOrgID, or set AllowPublicPrincipals to true if the world shall have this access"
                        ),
                    ));
                }
            }
        }
        let length = Document::from_statements(statements).len_in_characters();
        if length > MAX_POLICY_CHARACTERS {
            found.push((
                "PolicyStatements".to_owned(),
                format!("together with the principals makes a repository policy of {length} characters; ECR allows {MAX_POLICY_CHARACTERS}"),
            ));
        }
    }

    /// The statements of the repository policy that are ours.
    pub(super) fn statements(&self) -> Vec<Statement> {
        let mut statements = policy::access_statements(&self.access);
        statements.extend(self.user_statements.iter().cloned());
        statements
    }

    /// The property a statement of ours was made from; one of the user's own with its place in the list.
    fn source_of(&self, statement: &Statement) -> String {
        let property = match statement.sid() {
            Some("EcrStewardPull") => "PullPrincipals",
            Some("EcrStewardPush") => "PushPrincipals",
            Some("EcrStewardLambdaPull") => "LambdaPullArns",
            Some("EcrStewardPullOrganization") => "PullOrganizations",
            _ => "PolicyStatements",
        };
        let index = self.user_statements.iter().position(|own| own.sid() == statement.sid());
        index.map_or_else(|| property.to_owned(), |index| format!("{property}[{index}]"))
    }

    /// Every value with its origin, by property name; `said` tells who said a property.
    pub(super) fn settings(&self, said: impl Fn(&str) -> Origin) -> BTreeMap<String, Setting> {
        let lifecycle = match &self.lifecycle_policy {
            None => json!("Generated"),
            Some(Wish::Is(policy)) => serde_json::from_str(&policy.to_text()).unwrap_or(Value::Null),
            Some(Wish::Absent | Wish::Leave) => json!("None"),
        };
        let principals = |list: &[policy::Principal]| -> Vec<String> {
            list.iter().map(|principal| principal.written(&self.access.partition)).collect()
        };
        let sids: Vec<&str> = self.user_statements.iter().filter_map(Statement::sid).collect();
        let mode = match self.policy_mode {
            Mode::Merge => "Merge",
            Mode::Exclusive => "Exclusive",
        };
        let retention = &self.retention;
        [
            ("ImageTagMutability", json!(self.mutability.mode.as_str())),
            ("ImageTagMutabilityExclusions", json!(self.mutability.exclusions)),
            ("ScanOnPush", json!(self.scan_on_push)),
            ("EncryptionType", json!(self.encryption.kind.as_str())),
            ("KmsKey", json!(self.encryption.kms_key)),
            ("ProtectedTagPatterns", json!(retention.protected_tag_patterns)),
            ("TagPrefixes", json!(retention.tag_prefixes)),
            ("MaxImageCount", json!(retention.max_image_count)),
            ("ImageRetentionDays", json!(retention.image_retention_days)),
            ("UntaggedRetentionDays", json!(retention.untagged_retention_days)),
            ("MaxUntaggedImages", json!(self.max_untagged_images)),
            ("LifecyclePolicy", lifecycle),
            ("PullPrincipals", json!(principals(&self.access.pull_principals))),
            ("PushPrincipals", json!(principals(&self.access.push_principals))),
            ("LambdaPullArns", json!(self.access.lambda_pull_arns)),
            ("PullOrganizations", json!(self.access.pull_organizations)),
            ("PolicyStatements", json!(sids)),
            ("PolicyMode", json!(mode)),
            ("AllowPublicPrincipals", json!(self.allow_public)),
            ("Tags", json!(self.tags)),
        ]
        .into_iter()
        .map(|(property, value)| (property.to_owned(), Setting { value, origin: said(property) }))
        .collect()
    }
}

/// What a lifecycle policy is generated from where nobody says anything.
pub fn default_retention() -> Retention {
    retention(&Layer::default())
}

/// What a generated lifecycle policy is made of, the defaults of the contract filled in.
pub(super) fn retention(layer: &Layer) -> Retention {
    let texts = |list: &Option<Vec<String>>, default: &str| list.clone().unwrap_or_else(|| vec![default.to_owned()]);
    Retention {
        protected_tag_patterns: texts(&layer.protected_tag_patterns, "latest"),
        tag_prefixes: texts(&layer.tag_prefixes, "v"),
        max_image_count: layer.max_image_count.unwrap_or(10),
        image_retention_days: layer.image_retention_days.unwrap_or(30),
        untagged_retention_days: layer.untagged_retention_days.unwrap_or(1),
    }
}

/// Everything that keeps a policy from being generated: property and message.
pub(super) fn retention_problems(retention: &Retention) -> Vec<(String, String)> {
    let place = |path: String| if path.is_empty() { "TagPrefixes".to_owned() } else { path };
    retention.flaws().into_iter().map(|flaw| (place(flaw.path), flaw.message)).collect()
}
