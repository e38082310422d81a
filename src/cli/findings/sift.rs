//! Judging what was gathered, and keeping of it what is asked for.

use crate::cli::args_findings::{FindingsArgs, Include};
use crate::policy::judge::{Verdict, judge, may_be_fixable};
use crate::policy::record::{ImageRecord, Kept};
use crate::policy::waivers::{Subject, covers};
use crate::report::{Row, RowState, WaiverNote};
use crate::spec::findings::FindingsPolicy;
use jiff::civil::Date;
use std::collections::BTreeSet;

/// What lets rows through, and those that came through.
pub(super) struct Sieve<'a> {
    args: &'a FindingsArgs,
    policy: &'a FindingsPolicy,
    today: Date,
    /// Waivers that match something, by their place in the policy.
    used: BTreeSet<usize>,
    /// What is shown.
    pub(super) rows: Vec<Row>,
    /// Waived findings that would be shown if waived ones were asked for.
    pub(super) hidden: usize,
}

impl<'a> Sieve<'a> {
    pub(super) const fn new(args: &'a FindingsArgs, policy: &'a FindingsPolicy, today: Date) -> Self {
        Self { args, policy, today, used: BTreeSet::new(), rows: Vec::new(), hidden: 0 }
    }

    /// Takes what is known of one image.
    pub(super) fn take(&mut self, record: ImageRecord) {
        let (image, parent) = (record.image.clone(), record.parent.clone());
        let subject = Subject { image: &image, index: parent.as_ref().map(|parent| &parent.digest) };
        let tags = match &parent {
            // People know an index's image by the index's tag.
            Some(parent) if record.tags.is_empty() => &parent.tags,
            _ => &record.tags,
        };
        for (id, kept) in record.findings {
            let state = self.state(subject, &kept);
            if !self.wants(&kept) {
                continue;
            }
            let shown = match &state {
                RowState::Active => true,
                RowState::Waived(_) => self.args.includes(Include::Waived),
                RowState::Gone => self.args.includes(Include::Gone),
            };
            if !shown {
                self.hidden += usize::from(matches!(state, RowState::Waived(_)));
                continue;
            }
            let first_seen = (kept.created > 0).then_some(kept.created);
            let finding = kept.finding;
            self.rows.push(Row { image: image.clone(), tags: tags.clone(), finding, id, state, first_seen });
        }
    }

    /// Waivers in force that match nothing of what was taken.
    pub(super) fn unused(&self) -> Vec<WaiverNote> {
        let unused = |at: &usize| !self.used.contains(at);
        let all = self.policy.waivers.iter().enumerate();
        all.filter(|(at, waiver)| unused(at) && waiver.holds_on(self.today)).map(|(_, waiver)| waiver.into()).collect()
    }

    fn state(&mut self, subject: Subject<'_>, kept: &Kept) -> RowState {
        if kept.gone.is_some() {
            return RowState::Gone;
        }
        for (at, waiver) in self.policy.waivers.iter().enumerate() {
            if !self.used.contains(&at) && covers(waiver, subject, &kept.finding) {
                self.used.insert(at);
            }
        }
        match judge(self.policy, subject, &kept.finding, self.today) {
            Verdict::Waived(by) => RowState::Waived(by),
            Verdict::Report => RowState::Active,
        }
    }

    fn wants(&self, kept: &Kept) -> bool {
        let (args, finding) = (self.args, &kept.finding);
        finding.severity >= args.minimum_severity
            && (!args.only_fixable || may_be_fixable(finding))
            && args.vulnerability.as_ref().is_none_or(|glob| glob.matches_any_case(&finding.vulnerability))
    }
}
