//! SSM parameters: one String parameter per published URL.

use super::Aws;
use super::fault::fault;
use crate::fault::Fault;
use crate::fault::absent_is_none;
use crate::model::repository::{MANAGED_BY, MANAGED_BY_TAG, OWNER_TAG};
use aws_sdk_ssm::types::{ParameterType, ResourceTypeForTagging, Tag};
use std::collections::BTreeMap;

impl Aws {
    pub(super) async fn read_parameters(&self, paths: &[String]) -> Result<BTreeMap<String, String>, Fault> {
        let call = self.ssm.get_parameters().set_names(Some(paths.to_vec())).send().await;
        let answer = call.map_err(|error| fault("ssm", "GetParameters", &error))?;
        let parameters = answer.parameters.unwrap_or_default().into_iter();
        Ok(parameters.filter_map(|parameter| Some((parameter.name?, parameter.value.unwrap_or_default()))).collect())
    }

    pub(super) async fn read_parameter_owner(&self, path: &str) -> Result<Option<String>, Fault> {
        let call = self
            .ssm
            .list_tags_for_resource()
            .resource_type(ResourceTypeForTagging::Parameter)
            .resource_id(path)
            .send()
            .await;
        let answer = absent_is_none(call.map_err(|error| fault("ssm", "ListTagsForResource", &error)))?;
        let tags = answer.and_then(|answer| answer.tag_list).unwrap_or_default();
        Ok(tags.into_iter().find(|tag| tag.key == OWNER_TAG).map(|tag| tag.value))
    }

    pub(super) async fn put_parameter(&self, path: &str, value: &str, owner: &str, new: bool) -> Result<(), Fault> {
        let mut call = self
            .ssm
            .put_parameter()
            .name(path)
            .value(value)
            .r#type(ParameterType::String)
            .description("The URL of a repository, published by ecr-steward");
        if new {
            // Tags and Overwrite exclude each other; without Overwrite a parameter that appeared meanwhile is refused.
            call = call.tags(tag(OWNER_TAG, owner)?).tags(tag(MANAGED_BY_TAG, MANAGED_BY)?);
        } else {
            call = call.overwrite(true);
        }
        call.send().await.map(|_| ()).map_err(|error| fault("ssm", "PutParameter", &error))
    }

    pub(super) async fn delete_parameter(&self, path: &str) -> Result<(), Fault> {
        let call = self.ssm.delete_parameter().name(path).send().await;
        call.map(|_| ()).map_err(|error| fault("ssm", "DeleteParameter", &error))
    }
}

fn tag(key: &str, value: &str) -> Result<Tag, Fault> {
    Tag::builder()
        .key(key)
        .value(value)
        .build()
        .map_err(|error| Fault::ours("ssm", "PutParameter", crate::fault::FaultKind::Unexpected, error.to_string()))
}
