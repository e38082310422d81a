//! Asking ECR how repositories are scanned and what they hold, and removing images: the ports `flow::drift::Scanning` and
//! `flow::drift::Images`.

use super::Overseer;
use super::fault::{fault, kind_of};
use crate::fault::{Fault, FaultKind, absent_is_none};
use crate::flow::drift::{Images, Listing, RegistryScanning, ScanFrequency, Scanning, StoredImage};
use crate::model::image::Digest;
use crate::model::manifest::MEDIA_TYPES;
use crate::model::name::RepositoryName;
use crate::model::repository::ScanType;
use aws_sdk_ecr::types;
use serde_json::Value;
use std::collections::BTreeMap;

/// Largest page of everything ECR lists (ECR API model, `MaxResults`).
const LARGEST_PAGE: i32 = 1_000;

impl Scanning for Overseer {
    async fn registry_scanning(&self) -> Result<RegistryScanning, Fault> {
        const OPERATION: &str = "GetRegistryScanningConfiguration";
        let call = self.aws.ecr.get_registry_scanning_configuration().send().await;
        let answer = call.map_err(|error| fault("ecr", OPERATION, &error))?;
        let found = answer.scanning_configuration().ok_or_else(|| strange(OPERATION, "the answer is empty"))?;
        let scan_type = match found.scan_type() {
            Some(types::ScanType::Enhanced) => ScanType::Enhanced,
            _ => ScanType::Basic,
        };
        Ok(RegistryScanning { scan_type, has_rules: !found.rules().is_empty() })
    }

    async fn scanning_of(&self, names: &[RepositoryName]) -> Result<BTreeMap<RepositoryName, ScanFrequency>, Fault> {
        let names = names.iter().map(ToString::to_string).collect();
        let call = self.aws.ecr.batch_get_repository_scanning_configuration().set_repository_names(Some(names));
        let answer = call.send().await;
        let answer = answer.map_err(|error| fault("ecr", "BatchGetRepositoryScanningConfiguration", &error))?;
        Ok(answer.scanning_configurations().iter().filter_map(frequency).collect())
    }
}

/// What is neither of the words known here is not known.
fn frequency(found: &types::RepositoryScanningConfiguration) -> Option<(RepositoryName, ScanFrequency)> {
    let name = RepositoryName::parse(found.repository_name()?).ok()?;
    let frequency = match found.scan_frequency()? {
        types::ScanFrequency::ScanOnPush => ScanFrequency::ScanOnPush,
        types::ScanFrequency::ContinuousScan => ScanFrequency::ContinuousScan,
        types::ScanFrequency::Manual => ScanFrequency::Manual,
        _ => return None,
    };
    Some((name, frequency))
}

impl Images for Overseer {
    async fn stored_page(
        &self,
        repository: &RepositoryName,
        untagged: bool,
        token: Option<String>,
    ) -> Result<Option<Listing<StoredImage>>, Fault> {
        let filter = types::DescribeImagesFilter::builder();
        // An archived index lists images too, and is shown only when it is asked for.
        let filter = if untagged {
            filter.tag_status(types::TagStatus::Untagged)
        } else {
            filter.tag_status(types::TagStatus::Any).image_status(types::ImageStatusFilter::Any)
        };
        let call = self
            .aws
            .ecr
            .describe_images()
            .repository_name(repository.as_str())
            .filter(filter.build())
            .max_results(LARGEST_PAGE)
            .set_next_token(token);
        let answer = call.send().await.map_err(|error| fault("ecr", "DescribeImages", &error));
        let Some(answer) = absent_is_none(answer)? else {
            return Ok(None);
        };
        let images = answer.image_details().iter().map(stored).collect::<Result<_, _>>()?;
        Ok(Some((images, answer.next_token)))
    }

    async fn holds_images(&self, repository: &RepositoryName) -> Result<bool, Fault> {
        // An archived image is one too, and is listed only when it is asked for.
        let any = types::ListImagesFilter::builder()
            .tag_status(types::TagStatus::Any)
            .image_status(types::ImageStatusFilter::Any)
            .build();
        let call = self.aws.ecr.list_images().repository_name(repository.as_str()).filter(any).max_results(1);
        let answer = absent_is_none(call.send().await.map_err(|error| fault("ecr", "ListImages", &error)))?;
        // A page may be empty and not the last.
        Ok(answer.is_some_and(|answer| !answer.image_ids().is_empty() || answer.next_token().is_some()))
    }

    async fn manifests(
        &self,
        repository: &RepositoryName,
        digests: &[Digest],
    ) -> Result<BTreeMap<Digest, Value>, Fault> {
        const OPERATION: &str = "BatchGetImage";
        let call = self
            .aws
            .ecr
            .batch_get_image()
            .repository_name(repository.as_str())
            .set_image_ids(Some(digests.iter().map(by_digest).collect()))
            .set_accepted_media_types(Some(MEDIA_TYPES.map(str::to_owned).to_vec()));
        let Some(answer) = absent_is_none(call.send().await.map_err(|error| fault("ecr", OPERATION, &error)))? else {
            return Ok(BTreeMap::new());
        };
        // Without a manifest nobody knows what it refers to; that must not look like "nothing".
        let unread = answer.failures().iter().find(|failure| code(failure) != "ImageNotFound");
        if let Some(failure) = unread {
            return Err(refusal(OPERATION, failure));
        }
        let manifest = |image: &types::Image| {
            let digest = image.image_id().and_then(|id| id.image_digest()).unwrap_or_default();
            let digest = Digest::parse(digest).map_err(|flaw| strange(OPERATION, &format!("a digest {flaw}")))?;
            let value = serde_json::from_str(image.image_manifest().unwrap_or_default())
                .map_err(|error| strange(OPERATION, &format!("the manifest of {digest} cannot be read: {error}")))?;
            Ok((digest, value))
        };
        answer.images().iter().map(manifest).collect()
    }

    async fn delete_images(
        &self,
        repository: &RepositoryName,
        digests: &[Digest],
    ) -> Result<BTreeMap<Digest, (String, String)>, Fault> {
        const OPERATION: &str = "BatchDeleteImage";
        let ids = digests.iter().map(by_digest).collect();
        let call = self.aws.ecr.batch_delete_image().repository_name(repository.as_str()).set_image_ids(Some(ids));
        let Some(answer) = absent_is_none(call.send().await.map_err(|error| fault("ecr", OPERATION, &error)))? else {
            return Ok(BTreeMap::new());
        };
        let mut refused = BTreeMap::new();
        // One that is gone is deleted.
        for failure in answer.failures().iter().filter(|failure| code(failure) != "ImageNotFound") {
            let digest = failure.image_id().and_then(|id| Digest::parse(id.image_digest()?).ok());
            let Some(digest) = digest else { return Err(refusal(OPERATION, failure)) };
            let words = failure.failure_reason().unwrap_or_default().to_owned();
            refused.insert(digest, (code(failure).to_owned(), words));
        }
        Ok(refused)
    }
}

/// By its digest, which never moves.
fn by_digest(digest: &Digest) -> types::ImageIdentifier {
    types::ImageIdentifier::builder().image_digest(digest.as_str()).build()
}

fn stored(found: &types::ImageDetail) -> Result<StoredImage, Fault> {
    let digest = Digest::parse(found.image_digest().unwrap_or_default())
        .map_err(|flaw| strange("DescribeImages", &format!("an image's digest {flaw}")))?;
    Ok(StoredImage {
        digest,
        tags: found.image_tags().to_vec(),
        pushed_at: found.image_pushed_at().map(aws_smithy_types::DateTime::secs),
        media_type: found.image_manifest_media_type().unwrap_or_default().to_owned(),
    })
}

fn code(failure: &types::ImageFailure) -> &str {
    failure.failure_code().map_or("", types::ImageFailureCode::as_str)
}

/// What an answer says of one image it did not do anything for.
fn refusal(operation: &'static str, failure: &types::ImageFailure) -> Fault {
    let code = code(failure);
    let words = failure.failure_reason().unwrap_or_default();
    Fault { code: code.to_owned(), ..Fault::ours("ecr", operation, kind_of(operation, code), words) }
}

fn strange(operation: &'static str, what: &str) -> Fault {
    Fault::ours("ecr", operation, FaultKind::Unexpected, what)
}
