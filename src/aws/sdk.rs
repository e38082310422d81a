//! How every client of the SDK is set up: on the shared connections, with bounded patience, at the right endpoint.

use super::connection::{CONNECT_TIMEOUT, Connection, READ_TIMEOUT};
use crate::config::Keys;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

/// Tries of one call. Standard backoff with its jitter spreads them over half a minute to a minute; what is still
/// throttled then is tried again by the flow, and the deadline of the work is the true bound.
const MAX_ATTEMPTS: u32 = 9;

/// The builder of a client's configuration: `client!(aws_sdk_ecr, "ECR", &config, &endpoints)`.
macro_rules! client {
    ($sdk:ident, $service:literal, $config:expr, $endpoints:expr) => {{
        // The SDK's default allowance of retries is one per process and service, and a large fleet's throttling
        // would use it up; ours are bounded by the number of tries and by the deadline.
        let allowance = aws_sdk_ecr::config::retry::RetryPartition::custom(concat!("ecr-steward-", $service))
            .token_bucket(aws_sdk_ecr::config::retry::TokenBucket::unlimited())
            .build();
        let mut builder = $sdk::config::Builder::from($config).retry_partition(allowance);
        builder.set_endpoint_url(
            $endpoints.of($service).map(str::to_owned).or_else(|| $config.endpoint_url().map(str::to_owned)),
        );
        builder
    }};
}
pub(super) use client;

/// For a function, with Lambda's own credentials.
pub(super) fn of_function(connection: &Connection, region: &str, keys: &Keys) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(connection.http_client())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .retry_config(retries())
        .timeout_config(timeouts())
        .region(Region::new(region.to_owned()))
        .credentials_provider(provider(keys))
        .build()
}

/// For the command line, with whatever credentials and Region the AWS CLI would use.
pub(super) async fn of_terminal(connection: &Connection, profile: Option<&str>, region: Option<&str>) -> SdkConfig {
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
    loader.load().await
}

/// Once a call was throttled, it keeps to the pace that is left.
pub(super) fn paced() -> RetryConfig {
    RetryConfig::adaptive().with_max_attempts(MAX_ATTEMPTS)
}

fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS)
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
