//! Settings from the environment: strict, total, and the only reader of it.

use std::collections::BTreeMap;
use std::fmt;

/// Endpoints that local set-ups may override, by the suffix of their variable (AWS SDK and tools reference,
/// "service-specific endpoints").
const SERVICES: [&str; 5] = ["ECR", "SSM", "S3", "SQS", "CLOUDFORMATION"];

/// What the environment says a function should do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The Region, from `AWS_REGION`.
    pub region: String,
    /// The state bucket, from `STATE_BUCKET`.
    pub state_bucket: String,
    /// The function's own queue, from `QUEUE_URL`.
    pub queue_url: String,
    /// Where SSM parameters go, from `PARAMETER_PREFIX`; begins with a slash and does not end with one.
    pub parameter_prefix: String,
    /// Lambda's own credentials.
    pub credentials: Keys,
    /// Endpoints to use instead of AWS's own.
    pub endpoints: Endpoints,
    /// Open the first connection while the function starts, from `WARM_UP` (`on`, `off`).
    pub warm_up: bool,
}

/// Credentials; they never show themselves.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// `AWS_ACCESS_KEY_ID`
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`
    pub session_token: Option<String>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Keys(…)")
    }
}

/// Endpoint overrides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// For every service, from `AWS_ENDPOINT_URL`.
    pub all: Option<String>,
    /// For one service, from `AWS_ENDPOINT_URL_<SERVICE>`.
    pub of: BTreeMap<&'static str, String>,
}

impl Endpoints {
    /// The override for a service (`ECR`, `S3`, …), if any.
    pub fn of(&self, service: &str) -> Option<&str> {
        self.of.get(service).or(self.all.as_ref()).map(String::as_str)
    }

    /// Is this a local set-up? Only there may a response URL be plain http.
    pub const fn are_local(&self) -> bool {
        self.all.is_some()
    }
}

/// Everything wrong with the environment, at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadEnvironment(pub Vec<String>);

impl fmt::Display for BadEnvironment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the function's environment is not as template.yaml sets it: {}", self.0.join("; "))
    }
}

impl std::error::Error for BadEnvironment {}

impl Settings {
    /// Reads the process's environment.
    pub fn from_environment() -> Result<Self, BadEnvironment> {
        Self::read(&variable)
    }

    /// Reads settings through `lookup`, which returns `None` for what is not set.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, BadEnvironment> {
        let mut wrong = Vec::new();
        let mut required = |name: &str| {
            lookup(name).filter(|value| !value.is_empty()).unwrap_or_else(|| {
                wrong.push(format!("{name} is not set"));
                String::new()
            })
        };
        let settings = Self {
            region: required("AWS_REGION"),
            state_bucket: required("STATE_BUCKET"),
            queue_url: required("QUEUE_URL"),
            parameter_prefix: required("PARAMETER_PREFIX"),
            credentials: Keys {
                access_key_id: required("AWS_ACCESS_KEY_ID"),
                secret_access_key: required("AWS_SECRET_ACCESS_KEY"),
                session_token: lookup("AWS_SESSION_TOKEN").filter(|token| !token.is_empty()),
            },
            endpoints: endpoints(lookup),
            warm_up: lookup("WARM_UP").is_none_or(|value| value == "on"),
        };
        let mut check = |name: &str, value: &str, flaw: fn(&str) -> Option<&'static str>| {
            // What is not set at all was told already.
            if let Some(flaw) = flaw(value).filter(|_| !value.is_empty()) {
                wrong.push(format!("{name} {flaw}, not {value:?}"));
            }
        };
        check("AWS_REGION", &settings.region, region_flaw);
        check("STATE_BUCKET", &settings.state_bucket, bucket_flaw);
        check("QUEUE_URL", &settings.queue_url, queue_flaw);
        check("PARAMETER_PREFIX", &settings.parameter_prefix, prefix_flaw);
        if let Some(value) = lookup("WARM_UP").filter(|value| value != "on" && value != "off") {
            wrong.push(format!("WARM_UP is {value:?}; on and off are known"));
        }
        if wrong.is_empty() { Ok(settings) } else { Err(BadEnvironment(wrong)) }
    }
}

/// Endpoint overrides, for those who need nothing else of the environment.
pub fn endpoints_from_environment() -> Endpoints {
    endpoints(&variable)
}

/// Where Lambda's Runtime API listens, from `AWS_LAMBDA_RUNTIME_API`.
pub fn runtime_api_from_environment() -> Option<String> {
    variable("AWS_LAMBDA_RUNTIME_API")
}

/// Which log level is wished: `LOG_LEVEL`, else Lambda's own `AWS_LAMBDA_LOG_LEVEL`.
pub fn log_level_from_environment() -> Option<String> {
    variable("LOG_LEVEL").or_else(|| variable("AWS_LAMBDA_LOG_LEVEL"))
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn endpoints(lookup: &dyn Fn(&str) -> Option<String>) -> Endpoints {
    let set = |name: String| lookup(&name).filter(|value| !value.is_empty());
    Endpoints {
        all: set("AWS_ENDPOINT_URL".to_owned()),
        of: SERVICES
            .into_iter()
            .filter_map(|service| Some((service, set(format!("AWS_ENDPOINT_URL_{service}"))?)))
            .collect(),
    }
}

/// A Region's form; whether there is such a Region, only AWS knows.
fn region_flaw(region: &str) -> Option<&'static str> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let parts = region.split('-').count();
    (parts < 3 || !region.chars().all(legal)).then_some("must be the name of a Region, such as eu-west-1")
}

/// The rules of S3 for bucket names (S3 User Guide, "General purpose bucket naming rules").
fn bucket_flaw(bucket: &str) -> Option<&'static str> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let long = (3..=63).contains(&bucket.len());
    (!long || !bucket.chars().all(legal)).then_some("must be the name of a bucket: 3 to 63 of a-z 0-9 - .")
}

fn queue_flaw(url: &str) -> Option<&'static str> {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let whole =
        host.and_then(|rest| rest.split_once('/')).is_some_and(|(host, path)| !host.is_empty() && !path.is_empty());
    (!whole).then_some("must be the URL of a queue")
}

/// What is wrong with a parameter prefix, if anything.
pub fn prefix_flaw(prefix: &str) -> Option<&'static str> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '.' | '-');
    if !prefix.starts_with('/') || prefix.ends_with('/') {
        Some("must begin with a slash and not end with one")
    } else if prefix.contains("//") || !prefix.chars().all(legal) {
        Some("must be a path of letters, digits and _ . -")
    } else if ["/aws", "/ssm"].iter().any(|own| prefix.to_ascii_lowercase().starts_with(own)) {
        Some("must not begin with aws or ssm, which SSM keeps to itself")
    } else {
        None
    }
}
