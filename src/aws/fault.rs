//! One translation of SDK errors. What a code means is in the services' own error tables.

use crate::fault::{Fault, FaultKind};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId as _;

/// Translates an SDK error.
pub(super) fn fault<E>(service: &'static str, operation: &'static str, error: &SdkError<E, HttpResponse>) -> Fault
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let code = error.code().unwrap_or_default().to_owned();
    let status = error.raw_response().map(|response| response.status().as_u16());
    let said = error.message().unwrap_or_default().to_owned();
    let kind = match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) => FaultKind::Unavailable,
        _ => kind(operation, &code, &said, status),
    };
    let message = if said.is_empty() && code.is_empty() {
        status.map_or_else(|| connection_trouble(error), |status| format!("HTTP status {status}"))
    } else {
        said
    };
    Fault { service, operation, kind, code, message, request_id: error.request_id().map(str::to_owned) }
}

/// What a failed connection says, without its nest of type names.
fn connection_trouble<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: std::error::Error + 'static,
{
    let text = DisplayErrorContext(error).to_string();
    let end = text.find(" (").unwrap_or(text.len());
    text.get(..end).unwrap_or(&text).to_owned()
}

/// What an error code means that came inside of an answer, without a status of its own.
pub(super) fn kind_of(operation: &str, code: &str) -> FaultKind {
    kind(operation, code, "", None)
}

/// What an error means. `message` decides where a service has one code for several troubles.
pub(super) fn kind(operation: &str, code: &str, message: &str, status: Option<u16>) -> FaultKind {
    match code {
        "RepositoryNotEmptyException" => FaultKind::NotEmpty,
        // What SSM says of a parameter that vanished since it was read.
        "InvalidResourceId" if operation == "ListTagsForResource" => FaultKind::NotFound,
        // The last three: of what a pull-through cache rule names.
        "NoSuchBucket"
        | "MalformedDetail"
        | "UnsupportedCommandException"
        | "UnableToAccessSecretException"
        | "UnableToDecryptSecretValueException"
        | "UnsupportedUpstreamRegistryException" => FaultKind::Invalid,
        "ParameterNotFound" | "NoSuchKey" | "NotFound" | "ImageNotFound" => FaultKind::NotFound,
        "ValidationError" if operation == "DescribeStacks" && message.contains("does not exist") => FaultKind::NotFound,
        "ParameterAlreadyExists"
        | "PreconditionFailed"
        | "ConditionalRequestConflict"
        | "LifecyclePolicyPreviewInProgressException" => FaultKind::Conflict,
        "InvalidParameterException"
            if operation == "SetRepositoryPolicy" && message.contains("Invalid repository policy provided") =>
        {
            FaultKind::Unsettled
        }
        "InvalidParameterException"
            if operation == "PutRegistryPolicy" && message.contains("Invalid registry policy provided") =>
        {
            FaultKind::Unsettled
        }
        // ECR looks for a secret that a stack has only just made, and does not see it yet.
        "TooManyUpdates" | "SecretNotFoundException" => FaultKind::Unsettled,
        // Security Hub's word for more than ten calls a second; everywhere else it is a quota.
        "LimitExceededException" if operation == "BatchImportFindings" => FaultKind::Throttled,
        "LimitExceededException" | "ParameterLimitExceeded" | "ParameterMaxVersionLimitExceeded" => FaultKind::Quota,
        // Security Hub is not enabled here, or this account may not use it; somebody above this account governs a setting.
        "InvalidAccessException" | "BlockedByOrganizationPolicyException" => FaultKind::Denied,
        _ if is_trouble_of_theirs(code) => FaultKind::Unavailable,
        _ if is_haste(code) => FaultKind::Throttled,
        _ if is_denial(code) => FaultKind::Denied,
        _ if code.ends_with("NotFoundException") => FaultKind::NotFound,
        _ if code.ends_with("AlreadyExistsException") => FaultKind::Conflict,
        _ if code.starts_with("Invalid") || code.starts_with("Validation") || code.starts_with("TooManyTags") => {
            FaultKind::Invalid
        }
        _ => by_status(status),
    }
}

fn is_trouble_of_theirs(code: &str) -> bool {
    let words = [
        "ServerException",
        "InternalServerError",
        "InternalFailure",
        "InternalError",
        "InternalException",
        "ServiceUnavailable",
        "UpstreamUnavailable",
    ];
    words.contains(&code)
}

fn is_haste(code: &str) -> bool {
    let words = [
        "Throttling",
        "ThrottlingException",
        "Throttled",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestThrottled",
        "RequestLimitExceeded",
        "KMSThrottling",
        "KMSThrottlingException",
        "KmsThrottled",
        "UpstreamTooManyRequests",
        "SlowDown",
    ];
    // SQS writes its codes with a prefix to some clients.
    words.contains(&code.rsplit('.').next().unwrap_or(code))
}

fn is_denial(code: &str) -> bool {
    let words = [
        "AuthorizationError",
        "AuthorizationErrorException",
        "UnauthorizedOperation",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "KMSAccessDenied",
        "KMSAccessDeniedException",
        "KmsAccessDenied",
        "MissingAuthenticationTokenException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
        "UpstreamAccessDenied",
    ];
    words.contains(&code.rsplit('.').next().unwrap_or(code)) || code.starts_with("AccessDenied")
}

const fn by_status(status: Option<u16>) -> FaultKind {
    match status {
        Some(404) => FaultKind::NotFound,
        Some(409 | 412) => FaultKind::Conflict,
        Some(413) => FaultKind::Invalid,
        Some(401 | 403) => FaultKind::Denied,
        Some(429) => FaultKind::Throttled,
        Some(500..=599) => FaultKind::Unavailable,
        _ => FaultKind::Unexpected,
    }
}
