//! Settings from the environment: strict, total, and the only reader of it.

use std::collections::BTreeMap;
use std::fmt;

mod flaws;

pub use flaws::prefix_flaw;

use flaws::{
    account_flaw, bucket_flaw, bus_flaw, partition_flaw, queue_flaw, region_flaw, role_flaw, stack_flaw, topic_flaw,
};

/// Endpoints that local set-ups may override, by the suffix of their variable (AWS SDK and tools reference,
/// "service-specific endpoints": the service's id in capitals).
const SERVICES: [&str; 9] =
    ["ECR", "ECR_PUBLIC", "SSM", "S3", "SQS", "CLOUDFORMATION", "SECURITYHUB", "SNS", "EVENTBRIDGE"];
/// Most times a queue hands a message out before it is a dead letter (SQS API reference, `maxReceiveCount`).
const MOST_RECEIVES: u32 = 1_000;

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

/// What the environment says the findings function should do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingsSettings {
    /// What it has in common with the others; `QUEUE_URL` is the findings queue.
    pub shared: Settings,
    /// The account it works in, from `ACCOUNT_ID`: twelve digits.
    pub account: String,
    /// `aws`, `aws-cn`, …, from `PARTITION`.
    pub partition: String,
    /// The dead-letter queue of the findings queue, from `DEAD_LETTER_URL`.
    pub dead_letter_url: String,
    /// The notification topic, from `TOPIC_ARN`.
    pub topic_arn: String,
    /// The event bus, by name or ARN, from `EVENT_BUS_NAME`.
    pub event_bus: String,
    /// How often the findings queue hands a message out before it is to be a dead letter, from `MAX_RECEIVES`: 1 to 1000.
    pub max_receives: u32,
    /// The installation's stack, from `STACK_NAME`: the dimension of its metrics.
    pub stack_name: String,
    /// Which repositories the function may read, from `REPOSITORY_NAME_PATTERN` (`*` and `?` are wildcards).
    pub repository_pattern: String,
}

/// What the environment says the drift function should do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriftSettings {
    /// What it has in common with the others; `QUEUE_URL` is the drift queue.
    pub shared: Settings,
    /// The account it works in, from `ACCOUNT_ID`: twelve digits.
    pub account: String,
    /// `aws`, `aws-cn`, …, from `PARTITION`.
    pub partition: String,
    /// The dead-letter queue of the drift queue, from `DEAD_LETTER_URL`.
    pub dead_letter_url: String,
    /// The notification topic, from `TOPIC_ARN`.
    pub topic_arn: String,
    /// The custom-resource function's queue, from `SETTLE_QUEUE_URL`: where releases are settled.
    pub settle_queue_url: String,
    /// How often the drift queue hands a message out before it is to be a dead letter, from `MAX_RECEIVES`: 1 to 1000.
    pub max_receives: u32,
    /// The installation's stack, from `STACK_NAME`: the dimension of its metrics.
    pub stack_name: String,
    /// Which repositories the function may read and write, from `REPOSITORY_NAME_PATTERN` (`*` and `?` are wildcards).
    pub repository_pattern: String,
    /// The role it runs in, from `FUNCTION_ROLE_ARN`: by it its own calls are told from those of others.
    pub role_arn: String,
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
        let mut reader = Reader::new(lookup);
        let settings = Self::part(&mut reader);
        reader.end(settings)
    }

    fn part(reader: &mut Reader<'_>) -> Self {
        let warm_up = (reader.lookup)("WARM_UP");
        let settings = Self {
            region: reader.required("AWS_REGION", region_flaw),
            state_bucket: reader.required("STATE_BUCKET", bucket_flaw),
            queue_url: reader.required("QUEUE_URL", queue_flaw),
            parameter_prefix: reader.required("PARAMETER_PREFIX", prefix_flaw),
            credentials: Keys {
                access_key_id: reader.required("AWS_ACCESS_KEY_ID", |_| None),
                secret_access_key: reader.required("AWS_SECRET_ACCESS_KEY", |_| None),
                session_token: (reader.lookup)("AWS_SESSION_TOKEN").filter(|token| !token.is_empty()),
            },
            endpoints: endpoints(reader.lookup),
            warm_up: warm_up.as_ref().is_none_or(|value| value == "on"),
        };
        if let Some(value) = warm_up.filter(|value| value != "on" && value != "off") {
            reader.wrong.push(format!("WARM_UP is {value:?}; on and off are known"));
        }
        settings
    }
}

impl FindingsSettings {
    /// Reads the process's environment.
    pub fn from_environment() -> Result<Self, BadEnvironment> {
        Self::read(&variable)
    }

    /// Reads settings through `lookup`, which returns `None` for what is not set.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, BadEnvironment> {
        let mut reader = Reader::new(lookup);
        let settings = Self {
            shared: Settings::part(&mut reader),
            account: reader.required("ACCOUNT_ID", account_flaw),
            partition: reader.required("PARTITION", partition_flaw),
            dead_letter_url: reader.required("DEAD_LETTER_URL", queue_flaw),
            topic_arn: reader.required("TOPIC_ARN", topic_flaw),
            event_bus: reader.required("EVENT_BUS_NAME", bus_flaw),
            max_receives: reader.count("MAX_RECEIVES", MOST_RECEIVES),
            stack_name: reader.required("STACK_NAME", stack_flaw),
            repository_pattern: reader.required("REPOSITORY_NAME_PATTERN", |_| None),
        };
        reader.end(settings)
    }
}

impl DriftSettings {
    /// Reads the process's environment.
    pub fn from_environment() -> Result<Self, BadEnvironment> {
        Self::read(&variable)
    }

    /// Reads settings through `lookup`, which returns `None` for what is not set.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, BadEnvironment> {
        let mut reader = Reader::new(lookup);
        let settings = Self {
            shared: Settings::part(&mut reader),
            account: reader.required("ACCOUNT_ID", account_flaw),
            partition: reader.required("PARTITION", partition_flaw),
            dead_letter_url: reader.required("DEAD_LETTER_URL", queue_flaw),
            topic_arn: reader.required("TOPIC_ARN", topic_flaw),
            settle_queue_url: reader.required("SETTLE_QUEUE_URL", queue_flaw),
            max_receives: reader.count("MAX_RECEIVES", MOST_RECEIVES),
            stack_name: reader.required("STACK_NAME", stack_flaw),
            repository_pattern: reader.required("REPOSITORY_NAME_PATTERN", |_| None),
            role_arn: reader.required("FUNCTION_ROLE_ARN", role_flaw),
        };
        reader.end(settings)
    }
}

/// Reads variables and collects what is wrong with them.
struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    wrong: Vec<String>,
}

impl<'a> Reader<'a> {
    const fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, wrong: Vec::new() }
    }

    /// A variable that must be set, and must not have the flaw.
    fn required(&mut self, name: &str, flaw: fn(&str) -> Option<&'static str>) -> String {
        let value = (self.lookup)(name).unwrap_or_default();
        if value.is_empty() {
            self.wrong.push(format!("{name} is not set"));
        } else if let Some(flaw) = flaw(&value) {
            self.wrong.push(format!("{name} {flaw}, not {value:?}"));
        }
        value
    }

    /// A whole number from 1 to `most`.
    fn count(&mut self, name: &str, most: u32) -> u32 {
        let value = self.required(name, |_| None);
        let number = value.parse().ok().filter(|number| (1..=most).contains(number));
        if number.is_none() && !value.is_empty() {
            self.wrong.push(format!("{name} must be a whole number from 1 to {most}, not {value:?}"));
        }
        number.unwrap_or(1)
    }

    fn end<T>(self, settings: T) -> Result<T, BadEnvironment> {
        if self.wrong.is_empty() { Ok(settings) } else { Err(BadEnvironment(self.wrong)) }
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
