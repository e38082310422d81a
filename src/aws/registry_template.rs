//! Repository creation templates, read and written.

use super::Aws;
use super::ecr_write::{filters, incomplete, tag_list};
use super::fault::fault;
use super::registry_read::{LARGEST_PAGE, bare, said, strange, unknown_filter};
use crate::fault::Fault;
use crate::model::registry::{AppliedFor, CreationTemplate, Entry};
use crate::model::repository::{Encryption, EncryptionType, Mutability, MutabilityMode};
use aws_sdk_ecr::types::{
    self, EncryptionConfigurationForRepositoryCreationTemplate as TemplateEncryption, ImageTagMutability,
    RctAppliedFor, RepositoryCreationTemplate,
};

const READ: &str = "DescribeRepositoryCreationTemplates";

impl Aws {
    pub(super) async fn template_entries(&self) -> Result<Vec<Entry>, Fault> {
        let (mut entries, mut token) = (Vec::new(), None);
        loop {
            let call = self.ecr.describe_repository_creation_templates();
            let call = call.max_results(LARGEST_PAGE).set_next_token(token);
            let answer = call.send().await.map_err(|error| fault("ecr", READ, &error))?;
            for template in answer.repository_creation_templates() {
                entries.push(Entry::Template(read(template)?));
            }
            token = answer.next_token;
            if token.is_none() {
                return Ok(entries);
            }
        }
    }

    pub(super) async fn create_template(&self, template: &CreationTemplate) -> Result<(), Fault> {
        let tags = tag_list(&template.tags)?;
        let call = self
            .ecr
            .create_repository_creation_template()
            .prefix(&template.prefix)
            .set_description(template.description.clone())
            .encryption_configuration(encryption(&template.encryption, None)?)
            .set_resource_tags((!tags.is_empty()).then_some(tags))
            .image_tag_mutability(ImageTagMutability::from(template.mutability.mode.as_str()))
            .set_image_tag_mutability_exclusion_filters(filters(&template.mutability)?)
            .set_repository_policy(template.repository_policy.clone())
            .set_lifecycle_policy(template.lifecycle_policy.clone())
            .set_applied_for(Some(applied_for(template)))
            .set_custom_role_arn(template.custom_role_arn.clone());
        call.send().await.map(|_| ()).map_err(|error| fault("ecr", "CreateRepositoryCreationTemplate", &error))
    }

    /// ECR leaves a member as it is that an update does not mention. A text goes by being written empty, which the API
    /// model allows for each of them (the key's pattern says so outright), and tags by an empty list. Exclusion filters
    /// cannot go (one to five, says the model): a template that is to have none any more is deleted and made again,
    /// which is for whoever knows what stands there.
    pub(super) async fn update_template(&self, template: &CreationTemplate) -> Result<(), Fault> {
        let text = |member: &Option<String>| member.clone().unwrap_or_default();
        let call = self
            .ecr
            .update_repository_creation_template()
            .prefix(&template.prefix)
            .description(text(&template.description))
            .encryption_configuration(encryption(&template.encryption, Some(String::new()))?)
            .set_resource_tags(Some(tag_list(&template.tags)?))
            .image_tag_mutability(ImageTagMutability::from(template.mutability.mode.as_str()))
            .set_image_tag_mutability_exclusion_filters(filters(&template.mutability)?)
            .repository_policy(text(&template.repository_policy))
            .lifecycle_policy(text(&template.lifecycle_policy))
            .set_applied_for(Some(applied_for(template)))
            .custom_role_arn(text(&template.custom_role_arn));
        call.send().await.map(|_| ()).map_err(|error| fault("ecr", "UpdateRepositoryCreationTemplate", &error))
    }
}

fn read(found: &RepositoryCreationTemplate) -> Result<CreationTemplate, Fault> {
    let prefix = found.prefix().map(bare);
    let prefix = prefix.ok_or_else(|| strange(READ, "a template was described without its prefix".to_owned()))?;
    let unknown =
        |what: &str, word: &str| strange(READ, format!("the template {prefix} has the unknown {what} {word}"));
    let applied_for = found.applied_for().iter().map(|word| match word {
        RctAppliedFor::Replication => Ok(AppliedFor::Replication),
        RctAppliedFor::PullThroughCache => Ok(AppliedFor::PullThroughCache),
        RctAppliedFor::CreateOnPush => Ok(AppliedFor::CreateOnPush),
        other => Err(unknown("occasion", other.as_str())),
    });
    let mode = found.image_tag_mutability().map_or(Ok(MutabilityMode::Mutable), |word| {
        let known = MutabilityMode::ALL.into_iter().find(|known| known.as_str() == word.as_str());
        known.ok_or_else(|| unknown("tag mutability", word.as_str()))
    })?;
    let exclusions = found.image_tag_mutability_exclusion_filters().iter().map(|filter| match filter.filter_type() {
        types::ImageTagMutabilityExclusionFilterType::Wildcard => Ok(filter.filter().to_owned()),
        other => Err(unknown_filter(READ, other, filter.filter())),
    });
    let mut exclusions: Vec<String> = exclusions.collect::<Result<_, _>>()?;
    exclusions.sort();
    let encryption = found.encryption_configuration();
    let kind = encryption.map_or(Ok(EncryptionType::Aes256), |encryption| {
        let word = encryption.encryption_type().as_str();
        let known = EncryptionType::ALL.into_iter().find(|known| known.as_str() == word);
        known.ok_or_else(|| unknown("encryption type", word))
    })?;
    Ok(CreationTemplate {
        prefix: prefix.to_owned(),
        description: said(found.description()),
        applied_for: applied_for.collect::<Result<_, _>>()?,
        mutability: Mutability { mode, exclusions },
        encryption: Encryption { kind, kms_key: said(encryption.and_then(TemplateEncryption::kms_key)) },
        tags: found.resource_tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect(),
        lifecycle_policy: said(found.lifecycle_policy()),
        repository_policy: said(found.repository_policy()),
        custom_role_arn: said(found.custom_role_arn()),
    })
}

/// `no_key` is what says that KMS takes the account's own key; AES256 takes none at all.
fn encryption(encryption: &Encryption, no_key: Option<String>) -> Result<TemplateEncryption, Fault> {
    let no_key = no_key.filter(|_| encryption.kind != EncryptionType::Aes256);
    TemplateEncryption::builder()
        .encryption_type(types::EncryptionType::from(encryption.kind.as_str()))
        .set_kms_key(encryption.kms_key.clone().or(no_key))
        .build()
        .map_err(|error| incomplete(&error))
}

fn applied_for(template: &CreationTemplate) -> Vec<RctAppliedFor> {
    let word = |occasion: &AppliedFor| match occasion {
        AppliedFor::Replication => RctAppliedFor::Replication,
        AppliedFor::PullThroughCache => RctAppliedFor::PullThroughCache,
        AppliedFor::CreateOnPush => RctAppliedFor::CreateOnPush,
    };
    template.applied_for.iter().map(word).collect()
}
