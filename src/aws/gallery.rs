//! The public gallery of an account: a world whose repositories are those of ECR Public, and everything else as
//! before. Its client is made when a public fleet is at work, and never otherwise.

use super::Aws;
use super::fault::fault;
use super::sdk::client;
use crate::event::message::Message;
use crate::fault::Fault;
use crate::flow::{Galleries, Keep, Postpone, Recall, Stack, Stacks, Version};
use crate::model::identity::Identity;
use crate::plan::ledger::{Claim, Ledger};
use crate::plan::snapshot::Snapshot;
use aws_types::region::Region;
use serde_json::Value;

/// The one Region in which repositories of the gallery are made and changed, wherever the stack is.
const REGION: &str = "us-east-1";

/// AWS, with ECR Public in place of ECR.
#[derive(Clone, Debug)]
pub struct Gallery<'a> {
    pub(super) aws: &'a Aws,
    pub(super) public: aws_sdk_ecrpublic::Client,
}

impl Galleries for Aws {
    type Gallery<'a> = Gallery<'a>;

    fn gallery(&self) -> Gallery<'_> {
        Gallery { aws: self, public: self.public() }
    }

    async fn gallery_uri(&self) -> Result<Option<String>, Fault> {
        let call = self.public().describe_registries().send().await;
        let answer = call.map_err(|error| fault("ecr-public", "DescribeRegistries", &error))?;
        let uris = answer.registries().iter().map(|registry| registry.registry_uri().to_owned());
        // One without an alias ends in the slash that the alias would follow.
        Ok(uris.into_iter().find(|uri| uri.rsplit_once('/').is_some_and(|(_, alias)| !alias.is_empty())))
    }
}

impl Aws {
    fn public(&self) -> aws_sdk_ecrpublic::Client {
        let (config, endpoints) = &self.setup;
        let builder = client!(aws_sdk_ecrpublic, "ECR_PUBLIC", config, endpoints).region(Region::from_static(REGION));
        aws_sdk_ecrpublic::Client::from_conf(builder.build())
    }
}

impl Recall for Gallery<'_> {
    async fn ledger(&self, key: &str) -> Result<Option<(Ledger, Version)>, Fault> {
        self.aws.ledger(key).await
    }

    async fn snapshot(&self, key: &str) -> Result<Option<Snapshot>, Fault> {
        self.aws.snapshot(key).await
    }
}

impl Keep for Gallery<'_> {
    async fn save_ledger(&self, ledger: &Ledger, over: &Version) -> Result<Version, Fault> {
        self.aws.save_ledger(ledger, over).await
    }

    async fn forget_ledger(&self, identity: &Identity) -> Result<(), Fault> {
        self.aws.forget_ledger(identity).await
    }

    async fn put_outputs(&self, identity: &Identity, document: &Value) -> Result<(), Fault> {
        self.aws.put_outputs(identity, document).await
    }

    async fn forget_outputs(&self, identity: &Identity) -> Result<(), Fault> {
        self.aws.forget_outputs(identity).await
    }

    async fn put_snapshot(&self, key: &str, snapshot: &Snapshot) -> Result<(), Fault> {
        self.aws.put_snapshot(key, snapshot).await
    }

    async fn lease(&self, key: &str) -> Result<Option<(Claim, Version)>, Fault> {
        self.aws.lease(key).await
    }

    async fn save_lease(&self, key: &str, claim: &Claim, over: &Version) -> Result<Version, Fault> {
        self.aws.save_lease(key, claim, over).await
    }
}

impl Stacks for Gallery<'_> {
    async fn stack(&self, arn: &str) -> Result<Option<Stack>, Fault> {
        self.aws.stack(arn).await
    }

    async fn has_resource(&self, arn: &str, logical_id: &str) -> Result<bool, Fault> {
        self.aws.has_resource(arn, logical_id).await
    }
}

impl Postpone for Gallery<'_> {
    async fn send(&self, message: &Message) -> Result<(), Fault> {
        self.aws.send(message).await
    }
}
