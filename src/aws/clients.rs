//! The clients, built once per process on one shared connection pool.

use super::connection::{CONNECT_TIMEOUT, Connection, READ_TIMEOUT};
use crate::config::{Endpoints, Keys, Settings};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ecr::config::retry::{RetryPartition, TokenBucket};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

/// Tries of one call. Standard backoff with its jitter spreads them over half a minute to a minute; what is still
/// throttled then is tried again by the flow, and the deadline of the work is the true bound.
const MAX_ATTEMPTS: u32 = 9;

/// AWS, as the flows' ports see it.
#[derive(Clone, Debug)]
pub struct Aws {
    pub(super) ecr: aws_sdk_ecr::Client,
    pub(super) ssm: aws_sdk_ssm::Client,
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) sqs: aws_sdk_sqs::Client,
    pub(super) cloudformation: aws_sdk_cloudformation::Client,
    pub(super) state_bucket: String,
    pub(super) queue_url: String,
}

impl Aws {
    /// Clients for a function, with Lambda's own credentials.
    pub fn for_function(settings: &Settings, connection: &Connection) -> Self {
        let config = base(connection)
            .region(Region::new(settings.region.clone()))
            .credentials_provider(provider(&settings.credentials))
            .build();
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
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(connection.http_client())
            .retry_config(retries())
            .timeout_config(timeouts());
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = region {
            loader = loader.region(Region::new(region.to_owned()));
        }
        let config = loader.load().await;
        let region = config
            .region()
            .map(ToString::to_string)
            .ok_or("no Region is set; give --region, or set AWS_REGION or a profile's region")?;
        Ok((Self::new(&config, endpoints, "", ""), region))
    }

    fn new(config: &SdkConfig, endpoints: &Endpoints, state_bucket: &str, queue_url: &str) -> Self {
        macro_rules! client {
            ($sdk:ident, $service:literal) => {{
                // The SDK's default allowance of retries is one per process and service, and a large fleet's throttling
                // would use it up; ours are bounded by the number of tries and by the deadline.
                let allowance = RetryPartition::custom(concat!("ecr-steward-", $service))
                    .token_bucket(TokenBucket::unlimited())
                    .build();
                let mut builder = $sdk::config::Builder::from(config).retry_partition(allowance);
                builder.set_endpoint_url(
                    endpoints.of($service).map(str::to_owned).or_else(|| config.endpoint_url().map(str::to_owned)),
                );
                builder
            }};
        }
        let s3 = client!(aws_sdk_s3, "S3").force_path_style(endpoints.of("S3").is_some());
        Self {
            ecr: aws_sdk_ecr::Client::from_conf(client!(aws_sdk_ecr, "ECR").build()),
            // PutParameter runs at about three a second per account: once it was throttled, the adaptive mode keeps to that.
            ssm: aws_sdk_ssm::Client::from_conf(client!(aws_sdk_ssm, "SSM").retry_config(paced()).build()),
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            sqs: aws_sdk_sqs::Client::from_conf(client!(aws_sdk_sqs, "SQS").build()),
            cloudformation: aws_sdk_cloudformation::Client::from_conf(
                client!(aws_sdk_cloudformation, "CLOUDFORMATION").build(),
            ),
            state_bucket: state_bucket.to_owned(),
            queue_url: queue_url.to_owned(),
        }
    }
}

fn base(connection: &Connection) -> aws_types::sdk_config::Builder {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(connection.http_client())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .retry_config(retries())
        .timeout_config(timeouts())
}

fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS)
}

fn paced() -> RetryConfig {
    RetryConfig::adaptive().with_max_attempts(MAX_ATTEMPTS)
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build()
}

fn provider(keys: &Keys) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new(
        keys.access_key_id.clone(),
        keys.secret_access_key.clone(),
        keys.session_token.clone(),
        None,
        "Lambda",
    ))
}
