//! Performing writes: the port `flow::Write`. One arm, one call.

use super::Aws;
use super::fault::fault;
use crate::fault::{Fault, FaultKind};
use crate::flow::Write;
use crate::model::repository::{Encryption, Mutability, Tags};
use crate::plan::Change;
use aws_sdk_ecr::types::{
    EncryptionConfiguration, EncryptionType, ImageScanningConfiguration, ImageTagMutability,
    ImageTagMutabilityExclusionFilter, ImageTagMutabilityExclusionFilterType, Tag,
};

impl Write for Aws {
    async fn perform(&self, change: &Change) -> Result<(), Fault> {
        match change {
            Change::CreateRepository { .. } => self.create_repository(change).await,
            Change::PutImageTagMutability { name, mutability } => {
                let call = self
                    .ecr
                    .put_image_tag_mutability()
                    .repository_name(name.as_str())
                    .image_tag_mutability(ImageTagMutability::from(mutability.mode.as_str()))
                    .set_image_tag_mutability_exclusion_filters(filters(mutability)?);
                call.send().await.map(|_| ()).map_err(|error| fault("ecr", "PutImageTagMutability", &error))
            }
            Change::PutImageScanningConfiguration { name, scan_on_push } => {
                let call = self
                    .ecr
                    .put_image_scanning_configuration()
                    .repository_name(name.as_str())
                    .image_scanning_configuration(scanning(*scan_on_push));
                call.send().await.map(|_| ()).map_err(|error| fault("ecr", "PutImageScanningConfiguration", &error))
            }
            Change::PutLifecyclePolicy { name, text } => {
                let call = self.ecr.put_lifecycle_policy().repository_name(name.as_str()).lifecycle_policy_text(text);
                call.send().await.map(|_| ()).map_err(|error| fault("ecr", "PutLifecyclePolicy", &error))
            }
            Change::DeleteLifecyclePolicy { name } => {
                let call = self.ecr.delete_lifecycle_policy().repository_name(name.as_str());
                call.send().await.map(|_| ()).map_err(|error| fault("ecr", "DeleteLifecyclePolicy", &error))
            }
            Change::SetRepositoryPolicy { name, text } => {
                let call = self.ecr.set_repository_policy().repository_name(name.as_str()).policy_text(text);
                call.send().await.map(|_| ()).map_err(|error| fault("ecr", "SetRepositoryPolicy", &error))
            }
            Change::DeleteRepositoryPolicy { name } => {
                let call = self.ecr.delete_repository_policy().repository_name(name.as_str());
                call.send().await.map(|_| ()).map_err(|error| fault("ecr", "DeleteRepositoryPolicy", &error))
            }
            Change::TagResource { arn, tags } => {
                let call = self.ecr.tag_resource().resource_arn(arn).set_tags(Some(tag_list(tags)?));
                call.send().await.map(|_| ()).map_err(|error| fault("ecr", "TagResource", &error))
            }
            Change::UntagResource { arn, keys } => {
                let call = self.ecr.untag_resource().resource_arn(arn).set_tag_keys(Some(keys.clone()));
                call.send().await.map(|_| ()).map_err(|error| fault("ecr", "UntagResource", &error))
            }
            Change::DeleteRepository { name, force, .. } => {
                let call = self.ecr.delete_repository().repository_name(name.as_str()).force(*force);
                call.send().await.map(|_| ()).map_err(|error| fault("ecr", "DeleteRepository", &error))
            }
            // Never planned for a private repository.
            Change::CreatePublicRepository { .. } | Change::PutRepositoryCatalogData { .. } => {
                let why = format!("{} is a call of the public gallery", change.action());
                Err(Fault::ours("ecr", "request", FaultKind::Invalid, why))
            }
            Change::PutParameter { path, value, owner, new } => self.put_parameter(path, value, owner, *new).await,
            Change::DeleteParameter { path } => self.delete_parameter(path).await,
        }
    }
}

impl Aws {
    async fn create_repository(&self, change: &Change) -> Result<(), Fault> {
        let Change::CreateRepository { name, mutability, scan_on_push, encryption, tags } = change else {
            return Ok(());
        };
        let call = self
            .ecr
            .create_repository()
            .repository_name(name.as_str())
            .image_tag_mutability(ImageTagMutability::from(mutability.mode.as_str()))
            .set_image_tag_mutability_exclusion_filters(filters(mutability)?)
            .image_scanning_configuration(scanning(*scan_on_push))
            .encryption_configuration(encryption_configuration(encryption)?)
            .set_tags(Some(tag_list(tags)?));
        let made = call.send().await.map(|_| ()).map_err(|error| fault("ecr", "CreateRepository", &error));
        made.map_err(|fault| with_hint(fault, encryption))
    }
}

/// KMS_DSSE is not offered everywhere; ECR's refusal does not say so.
fn with_hint(mut fault: Fault, encryption: &Encryption) -> Fault {
    use crate::model::repository::EncryptionType as Kind;
    if encryption.kind == Kind::KmsDsse && fault.kind == FaultKind::Invalid {
        fault.message.push_str(" (KMS_DSSE is not offered in every Region; KMS is)");
    }
    fault
}

fn scanning(scan_on_push: bool) -> ImageScanningConfiguration {
    ImageScanningConfiguration::builder().scan_on_push(scan_on_push).build()
}

pub(super) fn filters(mutability: &Mutability) -> Result<Option<Vec<ImageTagMutabilityExclusionFilter>>, Fault> {
    let filters = mutability.exclusions.iter().map(|filter| {
        ImageTagMutabilityExclusionFilter::builder()
            .filter_type(ImageTagMutabilityExclusionFilterType::Wildcard)
            .filter(filter)
            .build()
            .map_err(|error| incomplete(&error))
    });
    let filters: Vec<_> = filters.collect::<Result<_, _>>()?;
    Ok((!filters.is_empty()).then_some(filters))
}

fn encryption_configuration(encryption: &Encryption) -> Result<EncryptionConfiguration, Fault> {
    EncryptionConfiguration::builder()
        .encryption_type(EncryptionType::from(encryption.kind.as_str()))
        .set_kms_key(encryption.kms_key.clone())
        .build()
        .map_err(|error| incomplete(&error))
}

pub(super) fn tag_list(tags: &Tags) -> Result<Vec<Tag>, Fault> {
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    tags.map(|tag| tag.map_err(|error| incomplete(&error))).collect()
}

pub(super) fn incomplete(error: &impl std::fmt::Display) -> Fault {
    Fault::ours("ecr", "request", FaultKind::Unexpected, error.to_string())
}
