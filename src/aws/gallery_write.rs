//! Performing writes in ECR Public: the port `flow::Write` of the gallery. One arm, one call.

use super::fault::fault;
use super::gallery::Gallery;
use crate::fault::{Fault, FaultKind};
use crate::flow::Write;
use crate::flow::lease::still_ours;
use crate::model::catalog::Catalog;
use crate::model::name::RepositoryName;
use crate::model::repository::Tags;
use crate::plan::Change;
use aws_sdk_ecrpublic::primitives::Blob;
use aws_sdk_ecrpublic::types::{RepositoryCatalogDataInput, Tag};

impl Write for Gallery<'_> {
    async fn perform(&self, change: &Change) -> Result<(), Fault> {
        match change {
            Change::CreatePublicRepository { name, catalog, tags } => self.create(name, catalog, tags).await,
            Change::PutRepositoryCatalogData { name, catalog } => {
                let call = self.public.put_repository_catalog_data().repository_name(name.as_str());
                let sent = call.catalog_data(catalog_data(catalog)).send().await;
                sent.map(|_| ()).map_err(|error| fault("ecr-public", "PutRepositoryCatalogData", &error))
            }
            Change::SetRepositoryPolicy { name, text } => {
                let call = self.public.set_repository_policy().repository_name(name.as_str()).policy_text(text);
                call.send().await.map(|_| ()).map_err(|error| fault("ecr-public", "SetRepositoryPolicy", &error))
            }
            Change::DeleteRepositoryPolicy { name } => {
                let call = self.public.delete_repository_policy().repository_name(name.as_str());
                call.send().await.map(|_| ()).map_err(|error| fault("ecr-public", "DeleteRepositoryPolicy", &error))
            }
            Change::TagResource { arn, tags } => {
                let call = self.public.tag_resource().resource_arn(arn).set_tags(Some(tag_list(tags)));
                call.send().await.map(|_| ()).map_err(|error| fault("ecr-public", "TagResource", &error))
            }
            Change::UntagResource { arn, keys } => {
                let call = self.public.untag_resource().resource_arn(arn).set_tag_keys(Some(keys.clone()));
                call.send().await.map(|_| ()).map_err(|error| fault("ecr-public", "UntagResource", &error))
            }
            Change::DeleteRepository { name, force, .. } => {
                let call = self.public.delete_repository().repository_name(name.as_str()).force(*force);
                call.send().await.map(|_| ()).map_err(|error| fault("ecr-public", "DeleteRepository", &error))
            }
            Change::PutParameter { .. } | Change::DeleteParameter { .. } => self.aws.perform(change).await,
            Change::CreateRepository { .. }
            | Change::PutImageTagMutability { .. }
            | Change::PutImageScanningConfiguration { .. }
            | Change::PutLifecyclePolicy { .. }
            | Change::DeleteLifecyclePolicy { .. } => Err(no_such_call(change)),
        }
    }

    async fn confirm(&self, change: &Change) -> Result<(), Fault> {
        still_ours(self, change).await
    }

    fn action(&self, change: &Change) -> &'static str {
        change.public_action()
    }
}

impl Gallery<'_> {
    async fn create(&self, name: &RepositoryName, catalog: &Catalog, tags: &Tags) -> Result<(), Fault> {
        let data = (!catalog.is_empty()).then(|| catalog_data(catalog));
        let call = self
            .public
            .create_repository()
            .repository_name(name.as_str())
            .set_catalog_data(data)
            .set_tags(Some(tag_list(tags)));
        call.send().await.map(|_| ()).map_err(|error| fault("ecr-public", "CreateRepository", &error))
    }
}

/// What only private repositories have is never planned for the gallery.
fn no_such_call(change: &Change) -> Fault {
    Fault::ours("ecr-public", "request", FaultKind::Invalid, format!("ECR Public has no {}", change.action()))
}

fn catalog_data(catalog: &Catalog) -> RepositoryCatalogDataInput {
    let logo = catalog.logo_image.as_ref().and_then(|logo| logo.bytes.clone()).map(Blob::new);
    RepositoryCatalogDataInput::builder()
        .set_description(catalog.description.clone())
        .set_about_text(catalog.about_text.clone())
        .set_usage_text(catalog.usage_text.clone())
        .set_architectures(catalog.architectures.clone())
        .set_operating_systems(catalog.operating_systems.clone())
        .set_logo_image_blob(logo)
        .build()
}

fn tag_list(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}
