//! What the drift half works with: the declaring half's clients, a topic to tell people through, and where everything
//! lies. The ports it has in common with the declaring walks are those of [`Aws`]; its own are in `ecr_images`,
//! `ecr_previews` and `oversight`.

use super::connection::Connection;
use super::forwarder::Installation;
use super::sdk::{self, client};
use super::{Aws, clients};
use crate::config::{DriftSettings, Endpoints};
use crate::event::message::Message;
use crate::fault::Fault;
use crate::flow::{Page, Postpone, Read, Recall, Stack, Stacks, Version, Write};
use crate::model::name::RepositoryName;
use crate::model::place::Place;
use crate::model::repository::{FoundLifecycle, FoundPolicy, Repository, ScanType, Tags};
use crate::plan::Change;
use crate::plan::ledger::Ledger;
use crate::plan::snapshot::Snapshot;
use aws_types::SdkConfig;
use std::collections::BTreeMap;
use std::sync::Arc;

/// AWS, as the ports of the drift walk see it.
#[derive(Clone, Debug)]
pub struct Overseer {
    pub(super) aws: Aws,
    pub(super) sns: aws_sdk_sns::Client,
    pub(super) installation: Arc<Installation>,
    /// The SSM parameter of the kill switch.
    pub(super) switch_path: Arc<str>,
    place: Place,
}

/// Where it works, beside the installation.
struct Post<'a> {
    place: Place,
    parameter_prefix: &'a str,
    /// The custom-resource function's queue.
    settle_queue_url: &'a str,
}

impl Overseer {
    /// For the function, with Lambda's own credentials.
    pub fn for_function(settings: &DriftSettings, connection: &Connection) -> Self {
        let shared = &settings.shared;
        let installation = Installation {
            state_bucket: shared.state_bucket.clone(),
            queue_url: shared.queue_url.clone(),
            dead_letter_url: settings.dead_letter_url.clone(),
            topic_arn: settings.topic_arn.clone(),
            event_bus: String::new(),
        };
        let post = Post {
            place: Place {
                partition: settings.partition.clone(),
                region: shared.region.clone(),
                account: settings.account.clone(),
            },
            parameter_prefix: &shared.parameter_prefix,
            settle_queue_url: &settings.settle_queue_url,
        };
        let config = sdk::of_function(connection, &shared.region, &shared.credentials);
        Self::new(&config, &shared.endpoints, post, installation)
    }

    /// For the command line, with whatever credentials the AWS CLI would use, in `place`.
    pub async fn for_terminal(
        connection: &Connection,
        profile: Option<&str>,
        endpoints: &Endpoints,
        place: Place,
        parameter_prefix: &str,
        installation: Installation,
    ) -> Self {
        let config = sdk::of_terminal(connection, profile, Some(&place.region)).await;
        Self::new(&config, endpoints, Post { place, parameter_prefix, settle_queue_url: "" }, installation)
    }

    /// The registry it works in.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    fn new(config: &SdkConfig, endpoints: &Endpoints, post: Post<'_>, installation: Installation) -> Self {
        let mut aws = Aws::new(config, endpoints, &installation.state_bucket, post.settle_queue_url);
        // Several workers share what ECR allows the account. Nobody knows how much that is, so each finds its pace by
        // what is refused.
        aws.ecr = clients::paced_ecr(config, endpoints);
        Self {
            aws,
            sns: aws_sdk_sns::Client::from_conf(client!(aws_sdk_sns, "SNS", config, endpoints).build()),
            installation: Arc::new(installation),
            switch_path: format!("{}/enforcement", post.parameter_prefix).into(),
            place: post.place,
        }
    }
}

impl Read for Overseer {
    async fn describe(&self, names: &[RepositoryName]) -> Result<Vec<Repository>, Fault> {
        self.aws.describe(names).await
    }

    async fn page(&self, token: Option<String>) -> Result<Page, Fault> {
        self.aws.page(token).await
    }

    async fn tags(&self, arn: &str) -> Result<Option<Tags>, Fault> {
        self.aws.tags(arn).await
    }

    async fn lifecycle(&self, name: &RepositoryName) -> Result<Option<FoundLifecycle>, Fault> {
        self.aws.lifecycle(name).await
    }

    async fn policy(&self, name: &RepositoryName) -> Result<Option<FoundPolicy>, Fault> {
        self.aws.policy(name).await
    }

    async fn scan_type(&self) -> Result<Option<ScanType>, Fault> {
        self.aws.scan_type().await
    }

    async fn parameters(&self, paths: &[String]) -> Result<BTreeMap<String, String>, Fault> {
        self.aws.parameters(paths).await
    }

    async fn parameter_owner(&self, path: &str) -> Result<Option<String>, Fault> {
        self.aws.parameter_owner(path).await
    }
}

impl Write for Overseer {
    async fn perform(&self, change: &Change) -> Result<(), Fault> {
        self.aws.perform(change).await
    }
}

impl Recall for Overseer {
    async fn ledger(&self, key: &str) -> Result<Option<(Ledger, Version)>, Fault> {
        self.aws.ledger(key).await
    }

    async fn snapshot(&self, key: &str) -> Result<Option<Snapshot>, Fault> {
        self.aws.snapshot(key).await
    }
}

impl Stacks for Overseer {
    async fn stack(&self, arn: &str) -> Result<Option<Stack>, Fault> {
        self.aws.stack(arn).await
    }

    async fn has_resource(&self, arn: &str, logical_id: &str) -> Result<bool, Fault> {
        self.aws.has_resource(arn, logical_id).await
    }
}

/// To the queue of the custom-resource function, which settles what was released.
impl Postpone for Overseer {
    async fn send(&self, message: &Message) -> Result<(), Fault> {
        self.aws.send(message).await
    }
}
