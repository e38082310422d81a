//! Asking ECR about images and what scans found in them: the port `flow::findings::Scans`.

use super::Forwarder;
use super::ecr_findings::{basic, enhanced, milliseconds};
use super::fault::{fault, kind_of};
use crate::fault::{Fault, FaultKind, absent_is_none};
use crate::flow::findings::{Listing, Scans};
use crate::model::image::{Digest, ImageDetail, ImageRef, ManifestKind};
use crate::model::manifest;
use crate::model::name::RepositoryName;
use crate::model::place::Place;
use crate::model::repository::Tags;
use crate::model::scan::{ScanAnswer, ScanPage, ScanStatus};
use aws_sdk_ecr::operation::describe_image_scan_findings::DescribeImageScanFindingsOutput;
use aws_sdk_ecr::types;

/// Largest page of everything ECR lists (ECR API model, `MaxResults`).
const LARGEST_PAGE: i32 = 1_000;

impl Scans for Forwarder {
    async fn scan_page(&self, image: &ImageRef, token: Option<String>) -> Result<ScanAnswer, Fault> {
        let call = self
            .ecr
            .describe_image_scan_findings()
            .repository_name(image.repository.as_str())
            .image_id(id(image))
            .max_results(LARGEST_PAGE)
            .set_next_token(token);
        match call.send().await {
            Ok(answer) => Ok(ScanAnswer::Page(page(answer))),
            Err(error) => {
                let fault = fault("ecr", "DescribeImageScanFindings", &error);
                match fault.code.as_str() {
                    "ScanNotFoundException" => Ok(ScanAnswer::NoScan),
                    "ImageNotFoundException" | "RepositoryNotFoundException" => Ok(ScanAnswer::NoImage),
                    _ => Err(fault),
                }
            }
        }
    }

    async fn manifest(&self, image: &ImageRef) -> Result<Option<ManifestKind>, Fault> {
        let call = self
            .ecr
            .batch_get_image()
            .repository_name(image.repository.as_str())
            .image_ids(id(image))
            .set_accepted_media_types(Some(manifest::MEDIA_TYPES.map(str::to_owned).to_vec()));
        let answer = call.send().await.map_err(|error| fault("ecr", "BatchGetImage", &error));
        let Some(answer) = absent_is_none(answer)? else {
            return Ok(None);
        };
        if let Some(text) = answer.images().iter().find_map(|image| image.image_manifest()) {
            let kind = manifest::parse(text).map_err(|flaw| strange("BatchGetImage", format!("{image}: {flaw}")))?;
            return Ok(Some(kind));
        }
        let failure = answer.failures().first();
        let code = failure.and_then(|failure| failure.failure_code()).map_or("", types::ImageFailureCode::as_str);
        match code {
            "ImageNotFound" => Ok(None),
            "" => Err(strange("BatchGetImage", format!("{image}: neither a manifest nor a failure came"))),
            code => Err(Fault {
                code: code.to_owned(),
                message: failure.and_then(|failure| failure.failure_reason()).unwrap_or_default().to_owned(),
                ..Fault::ours("ecr", "BatchGetImage", kind_of("BatchGetImage", code), "")
            }),
        }
    }

    async fn image_detail(&self, image: &ImageRef) -> Result<Option<ImageDetail>, Fault> {
        let call = self.ecr.describe_images().repository_name(image.repository.as_str()).image_ids(id(image));
        let answer = call.send().await.map_err(|error| fault("ecr", "DescribeImages", &error));
        let answer = absent_is_none(answer)?;
        answer.as_ref().and_then(|answer| answer.image_details().first()).map(detail).transpose()
    }

    async fn image_page(
        &self,
        repository: &RepositoryName,
        token: Option<String>,
    ) -> Result<Option<Listing<ImageDetail>>, Fault> {
        let any = types::DescribeImagesFilter::builder().tag_status(types::TagStatus::Any).build();
        let call = self
            .ecr
            .describe_images()
            .repository_name(repository.as_str())
            .filter(any)
            .max_results(LARGEST_PAGE)
            .set_next_token(token);
        let answer = call.send().await.map_err(|error| fault("ecr", "DescribeImages", &error));
        let Some(answer) = absent_is_none(answer)? else {
            return Ok(None);
        };
        let images = answer.image_details().iter().map(detail).collect::<Result<_, _>>()?;
        Ok(Some((images, answer.next_token)))
    }

    async fn repository_page(&self, token: Option<String>) -> Result<Listing<RepositoryName>, Fault> {
        let call = self.ecr.describe_repositories().max_results(LARGEST_PAGE).set_next_token(token);
        let answer = call.send().await.map_err(|error| fault("ecr", "DescribeRepositories", &error))?;
        let name = |found: &types::Repository| {
            RepositoryName::parse(found.repository_name().unwrap_or_default())
                .map_err(|flaw| strange("DescribeRepositories", format!("a repository's name {flaw}")))
        };
        let names = answer.repositories().iter().map(name).collect::<Result<_, _>>()?;
        Ok((names, answer.next_token))
    }

    async fn repository_tags(&self, place: &Place, repository: &RepositoryName) -> Result<Option<Tags>, Fault> {
        let call = self.ecr.list_tags_for_resource().resource_arn(place.repository_arn(repository)).send().await;
        let answer = absent_is_none(call.map_err(|error| fault("ecr", "ListTagsForResource", &error)))?;
        Ok(answer.map(|answer| {
            let tags = answer.tags().iter();
            tags.map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()
        }))
    }
}

/// By its digest, which never moves.
fn id(image: &ImageRef) -> types::ImageIdentifier {
    types::ImageIdentifier::builder().image_digest(image.digest.as_str()).build()
}

fn page(answer: DescribeImageScanFindingsOutput) -> ScanPage {
    let status = answer.image_scan_status();
    let word = status.and_then(|status| status.status()).map_or("", types::ScanStatus::as_str);
    let found = answer.image_scan_findings();
    let of_inspector = found.map_or(&[][..], |found| found.enhanced_findings());
    let of_ecr = found.map_or(&[][..], |found| found.findings());
    ScanPage {
        status: ScanStatus::from(word.to_owned()),
        description: status.and_then(|status| status.description()).unwrap_or_default().to_owned(),
        completed_at: found.and_then(|found| found.image_scan_completed_at()).and_then(milliseconds),
        findings: of_ecr.iter().map(basic).chain(of_inspector.iter().flat_map(enhanced)).collect(),
        enhanced: !of_inspector.is_empty(),
        next: answer.next_token,
    }
}

pub(super) fn detail(found: &types::ImageDetail) -> Result<ImageDetail, Fault> {
    let digest = Digest::parse(found.image_digest().unwrap_or_default())
        .map_err(|flaw| strange("DescribeImages", format!("an image's digest {flaw}")))?;
    let mut tags = found.image_tags().to_vec();
    tags.sort();
    let summary = found.image_scan_findings_summary();
    Ok(ImageDetail {
        digest,
        tags,
        pushed_at: found.image_pushed_at().map(aws_smithy_types::DateTime::secs),
        scanned_at: summary.and_then(|summary| summary.image_scan_completed_at()).map(aws_smithy_types::DateTime::secs),
        media_type: found.image_manifest_media_type().unwrap_or_default().to_owned(),
        artifact_type: found
            .artifact_media_type()
            .filter(|artifact| !manifest::is_container(artifact))
            .map(str::to_owned),
    })
}

fn strange(operation: &'static str, what: String) -> Fault {
    Fault::ours("ecr", operation, FaultKind::Unexpected, what)
}
