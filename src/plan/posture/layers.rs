//! Which rules hold for one repository, and which of them says what is required.
//!
//! Rules hold in the order of their layers and then of their declaration; the last one that mentions a requirement says
//! it, within the bounds of those before. A rule the repository is exempt from is judged all the same, so that the report
//! can tell what is let pass, and the rule below it holds instead.

use super::{Leave, Requirement};
use crate::model::repository::Tags;
use crate::spec::baseline::{Baseline, Exemption, Require, Rule};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// A rule that is for the repository, its place in the baseline, and the leave from it, where there is one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Applied<'b> {
    pub(super) place: usize,
    pub(super) rule: &'b Rule,
    exemption: Option<&'b Exemption>,
}

impl Applied<'_> {
    /// Under which leave it need not be kept to.
    pub(super) fn leave(&self) -> Option<Leave> {
        self.exemption.map(|exemption| Leave {
            path: exemption.path.clone(),
            reason: exemption.reason.clone(),
            until: exemption.until.to_string(),
        })
    }
}

/// What a rule asks for, where it is the one that says it.
#[derive(Clone, Debug)]
pub(super) struct Held<'b, T: ?Sized> {
    pub(super) applied: Applied<'b>,
    pub(super) wish: &'b T,
    /// Rules that would have said something else, and why they do not.
    pub(super) ignored: Vec<String>,
}

/// The rules for one repository.
#[derive(Clone, Debug)]
pub(super) struct Rules<'b> {
    /// In the order in which they hold.
    sure: Vec<Applied<'b>>,
    /// Nobody can say whether these are for it.
    unsure: Vec<Applied<'b>>,
}

impl<'b> Rules<'b> {
    /// Those of a baseline for a repository. Without `tags`, nobody can say whether a rule for tags is.
    pub(super) fn of(baseline: &'b Baseline, name: &str, tags: Option<&Tags>, today: Date) -> Self {
        let (mut sure, mut unsure) = (Vec::new(), Vec::new());
        let exemptions: Vec<&Exemption> = baseline
            .exemptions
            .iter()
            .filter(|exemption| exemption.holds_on(today) && exemption.matching.matches(name, tags) == Some(true))
            .collect();
        for (place, rule) in baseline.rules.iter().enumerate() {
            let of_rule =
                |exemption: &&Exemption| exemption.rules.as_ref().is_none_or(|rules| rules.contains(&rule.name));
            let exemption = exemptions.iter().copied().find(of_rule);
            let applied = Applied { place, rule, exemption };
            match rule.matching.matches(name, tags) {
                Some(true) => sure.push(applied),
                Some(false) => {}
                None => unsure.push(applied),
            }
        }
        sure.sort_by_key(|applied| (applied.rule.matching.layer(), applied.place));
        Self { sure, unsure }
    }

    /// Those that are for whatever repository is meant.
    pub(super) fn all(rules: impl Iterator<Item = (usize, &'b Rule)>) -> Self {
        let applied = rules.map(|(place, rule)| Applied { place, rule, exemption: None });
        let mut sure: Vec<Applied<'b>> = applied.collect();
        sure.sort_by_key(|applied| (applied.rule.matching.layer(), applied.place));
        Self { sure, unsure: Vec::new() }
    }

    /// What is required, by the rule that says it. From that one there may be leave; then the one below is second.
    pub(super) fn held<T: ?Sized>(
        &self,
        requirement: Requirement,
        wish: impl Fn(&'b Require) -> Option<&'b T>,
        flaw: impl Fn(&T, &T) -> Option<String>,
    ) -> Vec<Held<'b, T>> {
        if self.is_unsure(requirement) {
            return Vec::new();
        }
        let all = last_within(self.sure.iter(), &wish, &flaw);
        let is_exempt = all.as_ref().is_some_and(|held| held.applied.exemption.is_some());
        let without = self.sure.iter().filter(|applied| applied.exemption.is_none());
        let below = if is_exempt { last_within(without, &wish, &flaw) } else { None };
        all.into_iter().chain(below).collect()
    }

    /// The tags each rule asks for. They add up: of two rules for one key the later says the value, where it has one.
    pub(super) fn tags(&self) -> Vec<(Applied<'b>, BTreeMap<&'b str, Option<&'b str>>)> {
        if self.is_unsure(Requirement::RequiredTags) {
            return Vec::new();
        }
        let own = |applied: &Applied<'b>| {
            let tags = applied.rule.require.required_tags.iter();
            tags.map(|(key, value)| (key.as_str(), value.as_deref())).collect::<BTreeMap<_, _>>()
        };
        let mut said: BTreeMap<&str, (usize, Option<&str>)> = BTreeMap::new();
        for applied in self.sure.iter().filter(|applied| applied.exemption.is_none()) {
            for (key, value) in own(applied) {
                let before = said.get(key).and_then(|(_, value)| *value);
                if value.is_some() || before.is_none() {
                    said.insert(key, (applied.place, value));
                }
            }
        }
        let of_rule = |applied: &Applied<'b>| {
            let mut tags = own(applied);
            if applied.exemption.is_none() {
                tags.retain(|key, _| said.get(key).is_some_and(|(place, _)| *place == applied.place));
            }
            (*applied, tags)
        };
        self.sure.iter().map(of_rule).filter(|(_, tags)| !tags.is_empty()).collect()
    }

    /// The rules that may be for it, with what they mention.
    pub(super) fn unsure(&self) -> impl Iterator<Item = (Applied<'b>, Requirement)> {
        self.unsure.iter().flat_map(|applied| {
            let mentioned = Requirement::ALL.into_iter().filter(|one| mentions(&applied.rule.require, *one));
            mentioned.map(|requirement| (*applied, requirement))
        })
    }

    fn is_unsure(&self, requirement: Requirement) -> bool {
        self.unsure.iter().any(|applied| mentions(&applied.rule.require, requirement))
    }
}

fn last_within<'a, 'b: 'a, T: ?Sized>(
    rules: impl Iterator<Item = &'a Applied<'b>>,
    wish: &impl Fn(&'b Require) -> Option<&'b T>,
    flaw: &impl Fn(&T, &T) -> Option<String>,
) -> Option<Held<'b, T>> {
    let mut last: Option<Held<'b, T>> = None;
    for applied in rules {
        let Some(special) = wish(&applied.rule.require) else { continue };
        let Some(held) = &mut last else {
            last = Some(Held { applied: *applied, wish: special, ignored: Vec::new() });
            continue;
        };
        if let Some(flaw) = flaw(held.wish, special) {
            held.ignored.push(format!(
                "the rule {:?} is ignored here, since it leaves the bounds of the rule {:?}: {flaw}",
                applied.rule.name, held.applied.rule.name
            ));
        } else {
            (held.applied, held.wish) = (*applied, special);
        }
    }
    last
}

fn mentions(require: &Require, requirement: Requirement) -> bool {
    match requirement {
        Requirement::ScanOnPush => require.scan_on_push,
        Requirement::ImageTagMutability => require.mutability.is_some(),
        Requirement::LifecyclePolicy => require.lifecycle.is_some(),
        Requirement::EncryptionType => require.encryption.is_some(),
        Requirement::RequiredTags => !require.required_tags.is_empty(),
        Requirement::NoPublicPrincipals => require.no_public_principals,
        Requirement::AllowedAccounts => require.allowed_accounts.is_some(),
        Requirement::Exists | Requirement::RepositoryPolicy => false,
    }
}
