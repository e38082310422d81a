//! Accounting: what one look at an image came to, for the summary line, the metrics and whoever decides about a retry.

use super::hub::Told;
use super::outbox::Delivered;
use crate::fault::Fault;
use crate::policy::change::ChangeKind;
use crate::policy::compare::Changed;
use crate::spec::findings::Sink;
use std::collections::BTreeMap;

/// How a look ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// A later read has seen what this was about.
    #[default]
    Covered,
    /// The findings were read.
    Read,
    /// The image could not be scanned, which is told as a finding.
    NotScanned,
    /// Its scan has not finished; it is looked at again later.
    Unfinished,
    /// It is a list of images; each is looked at.
    Index,
    /// It is no image.
    Artifact,
    /// It is gone, or can no longer be pulled.
    Gone,
    /// It was never scanned.
    NeverScanned,
}

impl Outcome {
    /// One word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Covered => "covered",
            Self::Read => "read",
            Self::NotScanned => "not-scanned",
            Self::Unfinished => "unfinished",
            Self::Index => "index",
            Self::Artifact => "artifact",
            Self::Gone => "gone",
            Self::NeverScanned => "never-scanned",
        }
    }
}

/// What one look came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// How it ended.
    pub outcome: Outcome,
    /// Changes by kind.
    pub changes: BTreeMap<&'static str, usize>,
    /// Findings that are there and not waived.
    pub active: usize,
    /// Findings or messages each sink took.
    pub delivered: BTreeMap<Sink, usize>,
    /// What was refused for good, and is a dead letter now: by sink.
    pub refused: BTreeMap<Sink, usize>,
    /// What may go through later, by sink: calls to Security Hub, messages to the others.
    pub failed: BTreeMap<Sink, usize>,
    /// Security Hub is not enabled, and only a default route leads there.
    pub hub_is_off: bool,
    /// What must be done again: the message comes back.
    pub troubles: Vec<Fault>,
}

impl Account {
    /// One that ended so.
    pub fn of(outcome: Outcome) -> Self {
        Self { outcome, ..Self::default() }
    }

    /// Counts changes.
    pub fn changed(&mut self, changes: &[Changed]) {
        for (kind, _) in changes {
            *self.changes.entry(kind.as_str()).or_default() += 1;
        }
    }

    /// How many changes of a kind there were.
    pub fn count(&self, kind: ChangeKind) -> usize {
        self.changes.get(kind.as_str()).copied().unwrap_or_default()
    }

    /// Counts what Security Hub was told.
    pub fn told(&mut self, told: &Told) {
        if told.taken > 0 {
            *self.delivered.entry(Sink::SecurityHub).or_default() += told.taken;
        }
        if !told.refused.is_empty() {
            *self.refused.entry(Sink::SecurityHub).or_default() += told.refused.len();
        }
        if !told.troubles.is_empty() {
            *self.failed.entry(Sink::SecurityHub).or_default() += told.troubles.len();
        }
        self.troubles.extend(told.troubles.iter().cloned());
    }

    /// Counts messages.
    pub fn sent(&mut self, delivered: Delivered) {
        for sink in delivered.sinks {
            *self.delivered.entry(sink).or_default() += 1;
        }
        for (sink, _) in delivered.refused {
            *self.refused.entry(sink).or_default() += 1;
        }
        for sink in delivered.failed {
            *self.failed.entry(sink).or_default() += 1;
        }
        self.troubles.extend(delivered.troubles);
    }
}
