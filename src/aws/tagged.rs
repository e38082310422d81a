//! What only the command line asks of images: which one a tag points to.

use super::Forwarder;
use super::ecr_scans::detail;
use super::fault::fault;
use crate::fault::{Fault, absent_is_none};
use crate::model::image::ImageDetail;
use crate::model::name::RepositoryName;
use aws_sdk_ecr::types::ImageIdentifier;

impl Forwarder {
    /// The image a tag points to; `None` where there is no such tag, or no such repository.
    pub async fn tagged(&self, repository: &RepositoryName, tag: &str) -> Result<Option<ImageDetail>, Fault> {
        let id = ImageIdentifier::builder().image_tag(tag).build();
        let call = self.ecr.describe_images().repository_name(repository.as_str()).image_ids(id).send().await;
        let answer = absent_is_none(call.map_err(|error| fault("ecr", "DescribeImages", &error)))?;
        answer.as_ref().and_then(|answer| answer.image_details().first()).map(detail).transpose()
    }
}
