//! A Security Hub that keeps findings by `Id` as the real one does: a limit broken refuses the finding, an `UpdatedAt` that
//! is not later changes nothing, and what a user says of a finding stays.

use super::{DAY, Region};
use ecr_steward::fault::{Fault, FaultKind};
use ecr_steward::flow::findings::NotTaken;
use ecr_steward::policy::asff::flaws;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Findings one call takes, and its bytes (user guide, "Guidelines for using `BatchImportFindings`").
const MOST: usize = 100;
const MOST_BYTES: usize = 6 << 20;

/// One finding as it is held.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Held {
    pub(crate) text: Value,
    /// The user's.
    pub(crate) workflow: String,
    /// When it was last taken, in milliseconds since 1970.
    pub(crate) processed: i64,
    pub(crate) updated: i64,
}

impl Held {
    pub(crate) fn is_active(&self) -> bool {
        self.text["RecordState"] == "ACTIVE"
    }
}

/// The hub.
pub(crate) struct Hub {
    pub(crate) enabled: bool,
    pub(crate) held: BTreeMap<String, Held>,
    /// A finding whose text has one of these words is refused, and says so in the answer.
    pub(crate) poison: BTreeSet<String>,
    /// A finding whose text has one of these words fails the whole call.
    pub(crate) venom: BTreeSet<String>,
    /// Findings of each call.
    pub(crate) sizes: Vec<usize>,
    /// Every finding that was taken: its `Id` and `UpdatedAt`.
    pub(crate) taken: Vec<(String, String)>,
    /// Active findings that lapsed, because nobody had updated them for 90 days.
    pub(crate) lapsed: Vec<String>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            enabled: true,
            held: BTreeMap::new(),
            poison: BTreeSet::new(),
            venom: BTreeSet::new(),
            sizes: Vec::new(),
            taken: Vec::new(),
            lapsed: Vec::new(),
        }
    }
}

impl Hub {
    pub(super) fn import(&mut self, texts: &[String], now: i64) -> Result<Vec<NotTaken>, Fault> {
        let refuse = |kind, code: &str, message: &str| Fault {
            code: code.to_owned(),
            ..Fault::ours("securityhub", "BatchImportFindings", kind, message)
        };
        if !self.enabled {
            let why = "Account 123456789012 is not subscribed to AWS Security Hub";
            return Err(refuse(FaultKind::Denied, "InvalidAccessException", why));
        }
        self.sizes.push(texts.len());
        let bytes: usize = texts.iter().map(|text| text.len() + 1).sum();
        let has = |words: &BTreeSet<String>, text: &str| words.iter().any(|word| text.contains(word.as_str()));
        if texts.is_empty()
            || texts.len() > MOST
            || bytes > MOST_BYTES
            || texts.iter().any(|text| has(&self.venom, text))
        {
            return Err(refuse(FaultKind::Invalid, "InvalidInputException", "the request is not valid"));
        }
        let mut not_taken = Vec::new();
        for text in texts {
            let finding: Value = serde_json::from_str(text).expect("findings are JSON");
            let id = finding["Id"].as_str().unwrap_or_default().to_owned();
            let flaws = flaws(&finding);
            if !flaws.is_empty() || has(&self.poison, text) {
                not_taken.push(NotTaken { id, reason: format!("InvalidInput: {flaws:?}") });
                continue;
            }
            self.keep(id, finding, now);
        }
        Ok(not_taken)
    }

    fn keep(&mut self, id: String, text: Value, now: i64) {
        let updated: jiff::Timestamp = text["UpdatedAt"].as_str().expect("a time").parse().expect("a time");
        let updated = updated.as_millisecond();
        let mut workflow = "NEW".to_owned();
        if let Some(held) = self.held.get(&id) {
            if updated <= held.updated {
                return;
            }
            workflow.clone_from(&held.workflow);
            let returns = !held.is_active() && text["RecordState"] == "ACTIVE";
            if returns && ["NOTIFIED", "RESOLVED"].contains(&workflow.as_str()) {
                "NEW".clone_into(&mut workflow);
            }
        }
        self.taken.push((id.clone(), text["UpdatedAt"].as_str().unwrap_or_default().to_owned()));
        self.held.insert(id, Held { text, workflow, processed: now, updated });
    }

    /// What nobody has updated for long is deleted: active findings after 90 days, archived ones after 30.
    pub(crate) fn forget(&mut self, now: i64) {
        let lapsed = &mut self.lapsed;
        self.held.retain(|id, held| {
            let days = if held.is_active() { 90 } else { 30 };
            let keep = now - held.processed.min(held.updated) <= days * DAY;
            if !keep && held.is_active() {
                lapsed.push(id.clone());
            }
            keep
        });
    }
}

impl Region {
    /// What Security Hub holds, by vulnerability: `ACTIVE` or `ARCHIVED`. Only where each is there once.
    pub(crate) fn states(&self) -> BTreeMap<String, String> {
        self.with(|state| {
            let mut states = BTreeMap::new();
            for held in state.hub.held.values() {
                let text = &held.text;
                let name = text["Vulnerabilities"][0]["Id"].as_str().or(text["Title"].as_str()).expect("a name");
                let before =
                    states.insert(name.to_owned(), text["RecordState"].as_str().unwrap_or_default().to_owned());
                assert_eq!(before, None, "{name} is there twice");
            }
            states
        })
    }

    /// How many findings Security Hub holds as active.
    pub(crate) fn active(&self) -> usize {
        self.with(|state| state.hub.held.values().filter(|held| held.is_active()).count())
    }

    /// How many findings Security Hub took since the last time it was asked.
    pub(crate) fn imported(&self) -> usize {
        self.with(|state| std::mem::take(&mut state.hub.taken).len())
    }

    /// A user says what is to become of everything there is.
    pub(crate) fn triage(&self, workflow: &str) {
        self.with(|state| state.hub.held.values_mut().for_each(|held| workflow.clone_into(&mut held.workflow)));
    }

    /// What users have said, all of it.
    pub(crate) fn workflows(&self) -> BTreeSet<String> {
        self.with(|state| state.hub.held.values().map(|held| held.workflow.clone()).collect())
    }
}
