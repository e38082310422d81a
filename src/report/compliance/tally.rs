//! The numbers of a report.

use super::line::{ActionWord, Line};
use super::told::{Counts, ExemptionTold, LeaveState, RequirementSum, RuleSum, Summary};
use crate::plan::posture::{DECLARATION, Leave, Requirement, Status};
use crate::spec::baseline::{Baseline, Exemption};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Counts repository by repository.
#[derive(Debug, Default)]
pub(super) struct Tally {
    summary: Summary,
    requirements: BTreeMap<Requirement, Counts>,
    leaves: BTreeMap<Leave, u32>,
}

impl Tally {
    /// Every rule of the baseline is in the numbers, also one that nothing matches.
    pub(super) fn new(baseline: Option<&Baseline>) -> Self {
        let mut tally = Self::default();
        for rule in baseline.into_iter().flat_map(|baseline| &baseline.rules) {
            tally.rule(&rule.name, |sum| sum.mode = Some(rule.mode));
        }
        tally
    }

    pub(super) fn add(&mut self, line: &Line<'_>) {
        self.summary.repositories += 1;
        self.summary.orphans += u32::from(line.owner.as_ref().is_some_and(|owner| owner.is_orphan));
        let mut failing: Vec<&str> = Vec::new();
        let mut unknown = false;
        for (rule, requirement, status) in line.all() {
            self.summary.checks.add(status);
            self.requirements.entry(requirement).or_default().add(status);
            self.rule(rule, |sum| sum.checks.add(status));
            unknown |= status == Status::Unknown;
            if status == Status::Fail && !failing.contains(&rule) {
                failing.push(rule);
            }
        }
        self.summary.failing_repositories += u32::from(!failing.is_empty());
        self.summary.unknown_repositories += u32::from(unknown);
        for rule in failing {
            self.rule(rule, |sum| sum.failing_repositories += 1);
        }
        for check in &line.checks {
            match check.action {
                ActionWord::Mended => self.summary.mended += 1,
                ActionWord::Withheld => self.summary.withheld += 1,
                ActionWord::Failed => self.summary.mending_failed += 1,
                ActionWord::None | ActionWord::Reported => {}
            }
            if let Some(leave) = check.exemption.as_deref().filter(|_| check.status == Status::Exempt) {
                if let Some(number) = self.leaves.get_mut(leave) {
                    *number += 1;
                } else {
                    self.leaves.insert(leave.clone(), 1);
                }
            }
        }
    }

    /// Does something to a rule's numbers. There are few rules.
    fn rule(&mut self, name: &str, what: impl FnOnce(&mut RuleSum)) {
        let rules = &mut self.summary.rules;
        let place = rules.iter().position(|sum| sum.rule == name).unwrap_or_else(|| {
            let sum = RuleSum { rule: name.to_owned(), mode: None, failing_repositories: 0, checks: Counts::default() };
            // What fleets declare stands before the baseline.
            let place = if name == DECLARATION { 0 } else { rules.len() };
            rules.insert(place, sum);
            place
        });
        if let Some(sum) = rules.get_mut(place) {
            what(sum);
        }
    }

    /// The numbers, and what became of leave.
    pub(super) fn finish(self, baseline: Option<&Baseline>, today: Date) -> (Summary, Vec<ExemptionTold>) {
        let Self { mut summary, requirements, mut leaves } = self;
        summary.score = summary.checks.score();
        summary.requirements =
            requirements.into_iter().map(|(requirement, checks)| RequirementSum { requirement, checks }).collect();
        let declared = baseline.into_iter().flat_map(|baseline| &baseline.exemptions);
        let mut told: Vec<ExemptionTold> = declared.map(|exemption| told(exemption, &mut leaves, today)).collect();
        // Of a baseline that was replaced while the sweep was going on.
        told.extend(leaves.into_iter().map(|(leave, checks)| ExemptionTold {
            path: leave.path,
            names: Vec::new(),
            tags: BTreeMap::new(),
            rules: None,
            reason: leave.reason,
            until: leave.until,
            state: LeaveState::Used,
            checks,
        }));
        // Days are written so that they sort; ties keep the order in which they were declared.
        told.sort_by(|one, two| one.until.cmp(&two.until));
        (summary, told)
    }
}

fn told(exemption: &Exemption, leaves: &mut BTreeMap<Leave, u32>, today: Date) -> ExemptionTold {
    let leave =
        Leave { path: exemption.path.clone(), reason: exemption.reason.clone(), until: exemption.until.to_string() };
    let checks = leaves.remove(&leave).unwrap_or_default();
    let state = match (exemption.holds_on(today), checks) {
        (false, _) => LeaveState::Expired,
        (true, 0) => LeaveState::Unused,
        (true, _) => LeaveState::Used,
    };
    ExemptionTold {
        path: leave.path,
        names: exemption.matching.names.iter().map(|glob| glob.0.clone()).collect(),
        tags: exemption.matching.tags.iter().map(|(key, glob)| (key.clone(), glob.0.clone())).collect(),
        rules: exemption.rules.clone(),
        reason: leave.reason,
        until: leave.until,
        state,
        checks,
    }
}
