//! What findings mean and where they go: `Custom::EcrFindingsPolicy`, checked.
//!
//! `check` puts a declaration together, `routes` and `waivers` read its lists, `openvex` makes waivers of what an OpenVEX
//! document says, `statement` reads one statement of it, `target` what that is about, and `purl` the package URLs in it.

mod check;
mod openvex;
mod purl;
mod routes;
mod statement;
mod target;
mod waivers;

pub use check::check;

use crate::model::finding::Severity;
use crate::model::identity;
use crate::model::image::Digest;
use jiff::civil::Date;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use wildmatch::WildMatch;

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Glob(pub String);

impl Glob {
    /// Does it match the whole of a text?
    pub fn matches(&self, text: &str) -> bool {
        if self.is_literal() { self.0 == text } else { WildMatch::new(&self.0).matches(text) }
    }

    /// Does it match the whole of a text, however either is spelt?
    pub fn matches_any_case(&self, text: &str) -> bool {
        if self.is_literal() {
            self.0.eq_ignore_ascii_case(text)
        } else {
            WildMatch::new_case_insensitive(&self.0).matches(text)
        }
    }

    /// A thousand waivers meet thousands of findings, and nearly all of them are plain names.
    fn is_literal(&self) -> bool {
        !self.0.contains(['*', '?'])
    }
}

/// One way findings go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiver {
    /// Which vulnerability.
    pub vulnerability: Glob,
    /// Which package; any where absent.
    pub package: Option<Glob>,
    /// Which version of it; any where absent. Only OpenVEX documents name one.
    pub version: Option<String>,
    /// Which image; any where absent. Only OpenVEX documents name one.
    pub digest: Option<Digest>,
    /// In which repositories.
    pub repositories: Vec<Glob>,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub owner: Option<String>,
    /// The last day on which it holds, in UTC.
    #[serde(serialize_with = "as_text")]
    pub until: Date,
    /// Where it was written: `Waivers[2]`, `VexDocuments[0].Document.statements[3]`. Not part of what it means.
    #[serde(skip)]
    pub path: String,
}

impl Waiver {
    /// Does it still hold on that day? Its last day is one of them.
    pub fn holds_on(&self, today: Date) -> bool {
        today <= self.until
    }
}

/// What lets an image through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Gate {
    /// Findings at least this bad block.
    pub minimum_severity: Severity,
    /// Only findings that an update mends block.
    pub only_fixable: bool,
}

/// A checked policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

impl FindingsPolicy {
    /// What is in force on a day, in 16 hexadecimal digits: findings judged under another one must be judged again. An
    /// expired waiver is no part of it, so it changes on the day after a waiver's last.
    pub fn fingerprint(&self, today: Date) -> String {
        let mut in_force = self.clone();
        in_force.waivers.retain(|waiver| waiver.holds_on(today));
        // Of every member, so that a new one cannot be forgotten here.
        identity::fingerprint(&serde_json::to_vec(&in_force).unwrap_or_default())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn as_text<S: Serializer>(date: &Date, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(date)
}
