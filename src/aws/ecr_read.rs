//! Looking at ECR and SSM: the port `flow::Read`.

use super::Aws;
use super::fault::fault;
use crate::fault::absent_is_none;
use crate::fault::{Fault, FaultKind};
use crate::flow::{Page, Read};
use crate::lifecycle;
use crate::model::Seen;
use crate::model::name::RepositoryName;
use crate::model::policy::Document;
use crate::model::repository::{
    Encryption, EncryptionType, FoundLifecycle, FoundPolicy, Mutability, MutabilityMode, Repository, ScanType, Tags,
};
use aws_sdk_ecr::types;
use std::collections::BTreeMap;

/// Largest page of `DescribeRepositories` (ECR API model, `MaxResults`).
const LARGEST_PAGE: i32 = 1_000;

impl Read for Aws {
    async fn describe(&self, names: &[RepositoryName]) -> Result<Vec<Repository>, Fault> {
        let names = names.iter().map(ToString::to_string).collect();
        let call = self.ecr.describe_repositories().set_repository_names(Some(names)).send().await;
        let answer = call.map_err(|error| fault("ecr", "DescribeRepositories", &error))?;
        answer.repositories().iter().map(repository).collect()
    }

    async fn page(&self, token: Option<String>) -> Result<Page, Fault> {
        let call = self.ecr.describe_repositories().max_results(LARGEST_PAGE).set_next_token(token).send().await;
        let answer = call.map_err(|error| fault("ecr", "DescribeRepositories", &error))?;
        let repositories = answer.repositories().iter().map(repository).collect::<Result<_, _>>()?;
        Ok((repositories, answer.next_token))
    }

    async fn tags(&self, arn: &str) -> Result<Option<Tags>, Fault> {
        let call = self.ecr.list_tags_for_resource().resource_arn(arn).send().await;
        let answer = call.map_err(|error| fault("ecr", "ListTagsForResource", &error))?;
        let tags = answer.tags().iter();
        Ok(Some(tags.map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()))
    }

    async fn lifecycle(&self, name: &RepositoryName) -> Result<Option<FoundLifecycle>, Fault> {
        let call = self.ecr.get_lifecycle_policy().repository_name(name.as_str()).send().await;
        let answer = absent_is_none(call.map_err(|error| fault("ecr", "GetLifecyclePolicy", &error)))?;
        Ok(answer
            .and_then(|answer| answer.lifecycle_policy_text)
            .map(|text| FoundLifecycle { policy: lifecycle::parse_text(&text).ok(), text }))
    }

    async fn policy(&self, name: &RepositoryName) -> Result<Option<FoundPolicy>, Fault> {
        let call = self.ecr.get_repository_policy().repository_name(name.as_str()).send().await;
        let answer = absent_is_none(call.map_err(|error| fault("ecr", "GetRepositoryPolicy", &error)))?;
        Ok(answer
            .and_then(|answer| answer.policy_text)
            .map(|text| FoundPolicy { document: Document::parse_text(&text).ok(), text }))
    }

    async fn scan_type(&self) -> Result<Option<ScanType>, Fault> {
        let call = self.ecr.get_registry_scanning_configuration().send().await;
        let answer = call.map_err(|error| fault("ecr", "GetRegistryScanningConfiguration", &error))?;
        let scan_type = answer.scanning_configuration().and_then(|configuration| configuration.scan_type());
        Ok(scan_type.map(|scan_type| match scan_type {
            types::ScanType::Enhanced => ScanType::Enhanced,
            _ => ScanType::Basic,
        }))
    }

    async fn parameters(&self, paths: &[String]) -> Result<BTreeMap<String, String>, Fault> {
        self.read_parameters(paths).await
    }

    async fn parameter_owner(&self, path: &str) -> Result<Option<String>, Fault> {
        self.read_parameter_owner(path).await
    }
}

/// ECR's description of a repository, without what only other calls tell.
fn repository(found: &types::Repository) -> Result<Repository, Fault> {
    let strange = |what: &str| {
        let name = found.repository_name().unwrap_or("a repository");
        Fault::ours("ecr", "DescribeRepositories", FaultKind::Unexpected, format!("{name} was described with {what}"))
    };
    let name = found.repository_name().ok_or_else(|| strange("no name"))?;
    let name = RepositoryName::parse(name).map_err(|flaw| strange(&format!("a name that {flaw}")))?;
    let arn = found.repository_arn().ok_or_else(|| strange("no ARN"))?.to_owned();
    let mode = found.image_tag_mutability().map_or(Ok(MutabilityMode::Mutable), |mode| {
        let known = MutabilityMode::ALL.into_iter().find(|known| known.as_str() == mode.as_str());
        known.ok_or_else(|| strange("an unknown tag mutability"))
    })?;
    let mut exclusions: Vec<String> =
        found.image_tag_mutability_exclusion_filters().iter().map(|filter| filter.filter().to_owned()).collect();
    exclusions.sort();
    let encryption = found.encryption_configuration();
    let kind = encryption.map_or(Ok(EncryptionType::Aes256), |encryption| {
        let word = encryption.encryption_type().as_str();
        let known = EncryptionType::ALL.into_iter().find(|known| known.as_str() == word);
        known.ok_or_else(|| strange("an unknown encryption type"))
    })?;
    Ok(Repository {
        name,
        arn,
        mutability: Mutability { mode, exclusions },
        scan_on_push: found
            .image_scanning_configuration()
            .is_some_and(aws_sdk_ecr::types::ImageScanningConfiguration::scan_on_push),
        encryption: Encryption { kind, kms_key: encryption.and_then(|e| e.kms_key()).map(str::to_owned) },
        tags: Seen::Unasked,
        lifecycle: Seen::Unasked,
        policy: Seen::Unasked,
        catalog: Seen::Unasked,
    })
}
