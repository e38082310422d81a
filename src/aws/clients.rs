//! What the declaring half works with: its clients, built once per process on one shared connection pool.

use super::bucket::Bucket;
use super::connection::Connection;
use super::sdk::{self, client};
use crate::config::{Endpoints, Settings};
use aws_types::SdkConfig;

/// AWS, as the ports of the declaring walks see it.
#[derive(Clone, Debug)]
pub struct Aws {
    pub(super) ecr: aws_sdk_ecr::Client,
    pub(super) ssm: aws_sdk_ssm::Client,
    pub(super) sqs: aws_sdk_sqs::Client,
    pub(super) cloudformation: aws_sdk_cloudformation::Client,
    pub(super) state: Bucket,
    pub(super) queue_url: String,
    /// What a client of the public gallery is made from, by whoever needs one.
    pub(super) setup: (SdkConfig, Endpoints),
}

impl Aws {
    /// Clients for a function, with Lambda's own credentials.
    pub fn for_function(settings: &Settings, connection: &Connection) -> Self {
        let config = sdk::of_function(connection, &settings.region, &settings.credentials);
        Self::new(&config, &settings.endpoints, &settings.state_bucket, &settings.queue_url)
    }

    /// Clients for the command line, with whatever credentials the AWS CLI would use. `Err` says what is
    /// missing.
    pub async fn for_terminal(
        connection: &Connection,
        profile: Option<&str>,
        region: Option<&str>,
        endpoints: &Endpoints,
    ) -> Result<(Self, String), String> {
        let config = sdk::of_terminal(connection, profile, region).await;
        let region = config
            .region()
            .map(ToString::to_string)
            .ok_or("no Region is set; give --region, or set AWS_REGION or a profile's region")?;
        Ok((Self::new(&config, endpoints, "", ""), region))
    }

    pub(super) fn new(config: &SdkConfig, endpoints: &Endpoints, state_bucket: &str, queue_url: &str) -> Self {
        // PutParameter runs at about three a second per account: once it was throttled, the adaptive mode keeps to that.
        let ssm = client!(aws_sdk_ssm, "SSM", config, endpoints).retry_config(sdk::paced());
        Self {
            ecr: aws_sdk_ecr::Client::from_conf(client!(aws_sdk_ecr, "ECR", config, endpoints).build()),
            ssm: aws_sdk_ssm::Client::from_conf(ssm.build()),
            sqs: aws_sdk_sqs::Client::from_conf(client!(aws_sdk_sqs, "SQS", config, endpoints).build()),
            cloudformation: aws_sdk_cloudformation::Client::from_conf(
                client!(aws_sdk_cloudformation, "CLOUDFORMATION", config, endpoints).build(),
            ),
            state: Bucket::new(config, endpoints, state_bucket),
            queue_url: queue_url.to_owned(),
            setup: (config.clone(), endpoints.clone()),
        }
    }
}

/// A client of ECR that keeps to the pace it was last allowed.
pub(super) fn paced_ecr(config: &SdkConfig, endpoints: &Endpoints) -> aws_sdk_ecr::Client {
    let builder = client!(aws_sdk_ecr, "ECR", config, endpoints).retry_config(sdk::paced());
    aws_sdk_ecr::Client::from_conf(builder.build())
}
