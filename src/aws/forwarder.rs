//! What the findings half works with: its clients, its way to Security Hub and to webhooks, and where everything lies.

use super::bucket::Bucket;
use super::connection::Connection;
use super::sdk::{self, client};
use super::security_hub::Hub;
use super::webhook::Web;
use crate::config::{Endpoints, FindingsSettings};
use crate::model::place::Place;
use aws_types::SdkConfig;
use std::sync::Arc;

/// What an installation's stack made, as far as findings need it. What is empty is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Installation {
    /// The state bucket.
    pub state_bucket: String,
    /// URL of the findings queue.
    pub queue_url: String,
    /// URL of its dead-letter queue.
    pub dead_letter_url: String,
    /// ARN of the notification topic.
    pub topic_arn: String,
    /// The event bus, by name or ARN.
    pub event_bus: String,
}

/// AWS and the webhooks, as the ports of the findings walk see them. Clones share the pace kept towards Security Hub
/// and the secrets already read.
#[derive(Clone, Debug)]
pub struct Forwarder {
    pub(super) ecr: aws_sdk_ecr::Client,
    pub(super) ssm: aws_sdk_ssm::Client,
    pub(super) sqs: aws_sdk_sqs::Client,
    pub(super) sns: aws_sdk_sns::Client,
    pub(super) events: aws_sdk_eventbridge::Client,
    pub(super) state: Bucket,
    pub(super) hub: Arc<Hub>,
    pub(super) web: Arc<Web>,
    pub(super) installation: Arc<Installation>,
    place: Place,
}

impl Forwarder {
    /// For the function, with Lambda's own credentials.
    pub fn for_function(settings: &FindingsSettings, connection: &Connection) -> Self {
        let shared = &settings.shared;
        let place = Place {
            partition: settings.partition.clone(),
            region: shared.region.clone(),
            account: settings.account.clone(),
        };
        let installation = Installation {
            state_bucket: shared.state_bucket.clone(),
            queue_url: shared.queue_url.clone(),
            dead_letter_url: settings.dead_letter_url.clone(),
            topic_arn: settings.topic_arn.clone(),
            event_bus: settings.event_bus.clone(),
        };
        let config = sdk::of_function(connection, &shared.region, &shared.credentials);
        Self::new(&config, connection, &shared.endpoints, place, installation)
    }

    /// For the command line, with whatever credentials the AWS CLI would use, in `place`.
    pub async fn for_terminal(
        connection: &Connection,
        profile: Option<&str>,
        endpoints: &Endpoints,
        place: Place,
        installation: Installation,
    ) -> Self {
        let config = sdk::of_terminal(connection, profile, Some(&place.region)).await;
        Self::new(&config, connection, endpoints, place, installation)
    }

    /// The registry it works for.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    fn new(
        config: &SdkConfig,
        connection: &Connection,
        endpoints: &Endpoints,
        place: Place,
        installation: Installation,
    ) -> Self {
        let hub = Hub::new(config, connection, endpoints, &place);
        let web = Web::new(config, connection, endpoints.are_local());
        Self {
            ecr: aws_sdk_ecr::Client::from_conf(client!(aws_sdk_ecr, "ECR", config, endpoints).build()),
            ssm: aws_sdk_ssm::Client::from_conf(client!(aws_sdk_ssm, "SSM", config, endpoints).build()),
            sqs: aws_sdk_sqs::Client::from_conf(client!(aws_sdk_sqs, "SQS", config, endpoints).build()),
            sns: aws_sdk_sns::Client::from_conf(client!(aws_sdk_sns, "SNS", config, endpoints).build()),
            events: aws_sdk_eventbridge::Client::from_conf(
                client!(aws_sdk_eventbridge, "EVENTBRIDGE", config, endpoints).build(),
            ),
            state: Bucket::new(config, endpoints, &installation.state_bucket),
            hub: Arc::new(hub),
            web: Arc::new(web),
            installation: Arc::new(installation),
            place,
        }
    }
}
