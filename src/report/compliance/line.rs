//! One repository in the report: made of a standing, written to every document, and read back.

use crate::plan::posture::{Action, Check, Leave, Owner, Requirement, Standing, Status};
use crate::spec::DriftMode;
use crate::spec::baseline::Mode;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One repository.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerTold<'a>>,
    /// What does not pass, or passes since it was mended, or has a note: in full.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckTold<'a>>,
    /// What passes, by rule.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub passed: BTreeMap<Cow<'a, str>, Vec<Requirement>>,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub notes: Cow<'a, [String]>,
    /// Differs whenever a setting that was read does.
    #[serde(default)]
    pub fingerprint: Cow<'a, str>,
}

/// Whose a repository is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnerTold<'a> {
    /// The stack.
    pub stack: Cow<'a, str>,
    /// The resource in it.
    pub resource: Cow<'a, str>,
    /// What is done about differences.
    pub drift_mode: DriftMode,
    /// Is stack or resource gone?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_orphan: bool,
}

/// One check in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckTold<'a> {
    /// The rule.
    pub rule: Cow<'a, str>,
    /// What is required.
    pub requirement: Requirement,
    /// How it stands after what was done.
    #[serde(with = "StatusWord")]
    pub status: Status,
    /// What the rule's mode says is done.
    pub mode: Mode,
    /// What was found.
    pub found: Cow<'a, str>,
    /// What is wished.
    pub wished: Cow<'a, str>,
    /// What else a person should know.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub note: Cow<'a, str>,
    /// What was done.
    pub action: ActionWord,
    /// The change's id, or why nothing was done.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub detail: Cow<'a, str>,
    /// Under which leave it is exempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exemption: Option<Cow<'a, Leave>>,
}

/// [`Status`] as the report spells it.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Status", rename_all = "lowercase")]
pub(super) enum StatusWord {
    Pass,
    Fail,
    Exempt,
    Unknown,
}

/// `pass`, `fail`, `exempt`, `unknown`
pub(super) const fn word(status: Status) -> &'static str {
    match status {
        Status::Pass => "pass",
        Status::Fail => "fail",
        Status::Exempt => "exempt",
        Status::Unknown => "unknown",
    }
}

/// [`Action`] in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActionWord {
    /// Nothing needed doing.
    None,
    /// It is reported.
    Reported,
    /// It was mended.
    Mended,
    /// A guard kept it from being mended.
    Withheld,
    /// Mending failed.
    Failed,
}

impl ActionWord {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Reported => "reported",
            Self::Mended => "mended",
            Self::Withheld => "withheld",
            Self::Failed => "failed",
        }
    }
}

/// How a check stands now: what was mended is met, whatever it was before.
const fn status_now(check: &Check) -> Status {
    if matches!(check.action, Action::Mended(_)) { Status::Pass } else { check.status }
}

impl Line<'_> {
    /// Every check by rule, requirement and status: those in full, then those that pass.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, Requirement, Status)> {
        let full = self.checks.iter().map(|check| (&*check.rule, check.requirement, check.status));
        let passed = self.passed.iter().flat_map(|(rule, requirements)| {
            requirements.iter().map(move |requirement| (&**rule, *requirement, Status::Pass))
        });
        full.chain(passed)
    }
}

impl<'a> From<&'a Standing> for Line<'a> {
    fn from(standing: &'a Standing) -> Self {
        let mut line = Self {
            name: Cow::Borrowed(standing.name.as_str()),
            owner: standing.owner.as_ref().map(OwnerTold::from),
            checks: Vec::new(),
            passed: BTreeMap::new(),
            notes: Cow::Borrowed(&standing.notes),
            fingerprint: Cow::Borrowed(&standing.fingerprint),
        };
        for check in &standing.checks {
            let plain = check.status == Status::Pass && check.action == Action::None && check.note.is_empty();
            if plain {
                line.passed.entry(Cow::Borrowed(&check.rule)).or_default().push(check.requirement);
            } else {
                line.checks.push(CheckTold::from(check));
            }
        }
        line
    }
}

impl<'a> From<&'a Owner> for OwnerTold<'a> {
    fn from(owner: &'a Owner) -> Self {
        Self {
            stack: Cow::Borrowed(&owner.stack),
            resource: Cow::Borrowed(&owner.resource),
            drift_mode: owner.drift_mode,
            is_orphan: owner.is_orphan,
        }
    }
}

impl<'a> From<&'a Check> for CheckTold<'a> {
    fn from(check: &'a Check) -> Self {
        let (action, detail) = match &check.action {
            Action::None => (ActionWord::None, ""),
            Action::Reported => (ActionWord::Reported, ""),
            Action::Mended(change) => (ActionWord::Mended, change.as_str()),
            Action::Withheld(why) => (ActionWord::Withheld, why.as_str()),
            Action::Failed(why) => (ActionWord::Failed, why.as_str()),
        };
        Self {
            rule: Cow::Borrowed(&check.rule),
            requirement: check.requirement,
            status: status_now(check),
            mode: check.mode,
            found: Cow::Borrowed(&check.found),
            wished: Cow::Borrowed(&check.wished),
            note: Cow::Borrowed(&check.note),
            action,
            detail: Cow::Borrowed(detail),
            exemption: check.leave.as_ref().map(Cow::Borrowed),
        }
    }
}
