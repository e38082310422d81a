//! Where things are: partition, account and Region, and the addresses that follow from them.

use super::name::RepositoryName;
use serde::{Deserialize, Serialize};

/// One account's registry in one Region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: String,
    /// `eu-west-1`
    pub region: String,
    /// Twelve digits; ECR calls it the registry id.
    pub account: String,
}

impl Place {
    /// The domain under which the partition's services live (botocore's partition table).
    pub fn dns_suffix(&self) -> &'static str {
        match self.partition.as_str() {
            "aws-cn" => "amazonaws.com.cn",
            "aws-iso" => "c2s.ic.gov",
            "aws-iso-b" => "sc2s.sgov.gov",
            "aws-iso-e" => "cloud.adc-e.uk",
            "aws-iso-f" => "csp.hci.ic.gov",
            "aws-eusc" => "amazonaws.eu",
            _ => "amazonaws.com",
        }
    }

    /// The registry's host, without a scheme: what `docker login` wants.
    pub fn registry_host(&self) -> String {
        format!("{}.dkr.ecr.{}.{}", self.account, self.region, self.dns_suffix())
    }

    /// The repository's URI, as ECR's `repositoryUri`.
    pub fn repository_uri(&self, name: &RepositoryName) -> String {
        format!("{}/{name}", self.registry_host())
    }

    /// The ARN of a repository in the account's public gallery, which has no Region.
    pub fn public_repository_arn(&self, name: &RepositoryName) -> String {
        format!("arn:{}:ecr-public::{}:repository/{name}", self.partition, self.account)
    }

    /// The repository's ARN.
    pub fn repository_arn(&self, name: &RepositoryName) -> String {
        format!("arn:{}:ecr:{}:{}:repository/{name}", self.partition, self.region, self.account)
    }
}
