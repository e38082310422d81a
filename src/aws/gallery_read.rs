//! Looking at ECR Public: the port `flow::Read` of the gallery. Parameters are where they always are.

use super::fault::fault;
use super::gallery::Gallery;
use crate::fault::absent_is_none;
use crate::fault::{Fault, FaultKind};
use crate::flow::{Page, Read};
use crate::model::Seen;
use crate::model::catalog::Catalog;
use crate::model::name::RepositoryName;
use crate::model::policy::Document;
use crate::model::repository::{
    Encryption, EncryptionType, FoundLifecycle, FoundPolicy, Mutability, MutabilityMode, Repository, ScanType, Tags,
};
use aws_sdk_ecrpublic::types;
use std::collections::BTreeMap;

/// Largest page of `DescribeRepositories` (ECR Public API model, `MaxResults`).
const LARGEST_PAGE: i32 = 1_000;

impl Read for Gallery<'_> {
    async fn describe(&self, names: &[RepositoryName]) -> Result<Vec<Repository>, Fault> {
        let names = names.iter().map(ToString::to_string).collect();
        let call = self.public.describe_repositories().set_repository_names(Some(names)).send().await;
        let answer = call.map_err(|error| fault("ecr-public", "DescribeRepositories", &error))?;
        answer.repositories().iter().map(repository).collect()
    }

    async fn page(&self, token: Option<String>) -> Result<Page, Fault> {
        let call = self.public.describe_repositories().max_results(LARGEST_PAGE).set_next_token(token).send().await;
        let answer = call.map_err(|error| fault("ecr-public", "DescribeRepositories", &error))?;
        let repositories = answer.repositories().iter().map(repository).collect::<Result<_, _>>()?;
        Ok((repositories, answer.next_token))
    }

    async fn tags(&self, arn: &str) -> Result<Option<Tags>, Fault> {
        let call = self.public.list_tags_for_resource().resource_arn(arn).send().await;
        let answer = call.map_err(|error| fault("ecr-public", "ListTagsForResource", &error))?;
        let pair = |tag: &types::Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
        let tags: Option<Tags> = answer.tags().iter().map(pair).collect();
        let strange = "a tag came without a key";
        let strange = || Fault::ours("ecr-public", "ListTagsForResource", FaultKind::Unexpected, strange);
        tags.map(Some).ok_or_else(strange)
    }

    async fn lifecycle(&self, _name: &RepositoryName) -> Result<Option<FoundLifecycle>, Fault> {
        Ok(None)
    }

    async fn policy(&self, name: &RepositoryName) -> Result<Option<FoundPolicy>, Fault> {
        let call = self.public.get_repository_policy().repository_name(name.as_str()).send().await;
        let answer = absent_is_none(call.map_err(|error| fault("ecr-public", "GetRepositoryPolicy", &error)))?;
        let text = answer.and_then(|answer| answer.policy_text);
        Ok(text.map(|text| FoundPolicy { document: Document::parse_text(&text).ok(), text }))
    }

    async fn catalog(&self, name: &RepositoryName) -> Result<Option<Catalog>, Fault> {
        let call = self.public.get_repository_catalog_data().repository_name(name.as_str()).send().await;
        let answer = absent_is_none(call.map_err(|error| fault("ecr-public", "GetRepositoryCatalogData", &error)))?;
        Ok(answer.and_then(|answer| answer.catalog_data).map(|data| Catalog {
            architectures: sorted(data.architectures()),
            operating_systems: sorted(data.operating_systems()),
            description: data.description,
            about_text: data.about_text,
            usage_text: data.usage_text,
            logo_image: None,
        }))
    }

    async fn scan_type(&self) -> Result<Option<ScanType>, Fault> {
        Ok(None)
    }

    async fn parameters(&self, paths: &[String]) -> Result<BTreeMap<String, String>, Fault> {
        self.aws.parameters(paths).await
    }

    async fn parameter_owner(&self, path: &str) -> Result<Option<String>, Fault> {
        self.aws.parameter_owner(path).await
    }
}

fn sorted(items: &[String]) -> Option<Vec<String>> {
    let mut items = items.to_vec();
    items.sort();
    (!items.is_empty()).then_some(items)
}

/// ECR Public's description of a repository. It has nothing of what only private repositories have.
fn repository(found: &types::Repository) -> Result<Repository, Fault> {
    let strange = |what: &str| {
        let name = found.repository_name().unwrap_or("a repository");
        let why = format!("{name} was described with {what}");
        Fault::ours("ecr-public", "DescribeRepositories", FaultKind::Unexpected, why)
    };
    let name = found.repository_name().ok_or_else(|| strange("no name"))?;
    Ok(Repository {
        name: RepositoryName::parse(name).map_err(|flaw| strange(&format!("a name that {flaw}")))?,
        arn: found.repository_arn().ok_or_else(|| strange("no ARN"))?.to_owned(),
        mutability: Mutability { mode: MutabilityMode::Mutable, exclusions: Vec::new() },
        scan_on_push: false,
        encryption: Encryption { kind: EncryptionType::Aes256, kms_key: None },
        tags: Seen::Unasked,
        lifecycle: Seen::Missing,
        policy: Seen::Unasked,
        catalog: Seen::Unasked,
    })
}
