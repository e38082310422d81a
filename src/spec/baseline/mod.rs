//! The posture every repository is held to: `Custom::EcrBaseline`, checked.
//!
//! `check` puts a declaration together and reports every problem at once, `require` reads what a rule asks for, `bounds`
//! says whether a rule stays within what an earlier one accepts. What several rules say of one repository is put
//! together in `plan::posture`, where the repository is known.

pub mod bounds;
mod check;
mod require;

pub use check::check;

use super::findings::Glob;
use crate::lifecycle::Policy;
use crate::model::repository::{EncryptionType, MutabilityMode, Tags};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// What is done about a repository that is not as it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Mode {
    /// It is reported.
    #[default]
    ReportOnly,
    /// It is mended.
    Enforce,
}

/// A checked baseline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The rules, in the order they were declared. Each has its own mode by now.
    pub rules: Vec<Rule>,
    /// Who need not keep to them, and until when.
    pub exemptions: Vec<Exemption>,
    /// Repositories changed per sweep, over all workers, and by events within any 24 hours.
    pub cap: Cap,
}

/// What some repositories are held to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, unique in the baseline.
    pub name: String,
    /// Which repositories.
    pub matching: Match,
    /// What is done.
    pub mode: Mode,
    /// What they must be.
    pub require: Require,
}

/// Which repositories: all of it must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// The name matches one of these; never empty once checked.
    pub names: Vec<Glob>,
    /// The repository bears all of these tags.
    pub tags: BTreeMap<String, Glob>,
}

impl Match {
    /// Does it match a repository? Where tags are asked for and not known, nobody can say.
    pub fn matches(&self, name: &str, tags: Option<&Tags>) -> Option<bool> {
        if !self.names.iter().any(|glob| glob.matches(name)) {
            return Some(false);
        }
        if self.tags.is_empty() {
            return Some(true);
        }
        let tags = tags?;
        Some(self.tags.iter().all(|(key, glob)| tags.get(key).is_some_and(|value| glob.matches(value))))
    }

    /// How special it is: a rule for all, for names, or for tags. Of two rules, the more special one says what holds.
    pub fn layer(&self) -> Layer {
        if !self.tags.is_empty() {
            Layer::Tags
        } else if self.names.iter().any(|glob| glob.0 == "*") {
            Layer::Everything
        } else {
            Layer::Names
        }
    }
}

/// How special a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// It is for all repositories.
    Everything,
    /// It is for some names.
    Names,
    /// It is for those that bear some tags.
    Tags,
}

/// What repositories must be; what is not mentioned is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Require {
    /// Images are scanned when they are pushed: by the flag, or by the registry's rules.
    pub scan_on_push: bool,
    /// Tag mutability.
    pub mutability: Option<MutabilityWish>,
    /// The lifecycle policy.
    pub lifecycle: Option<LifecycleWish>,
    /// Acceptable encryption types.
    pub encryption: Option<Vec<EncryptionType>>,
    /// Tags that must be there: with a value, a missing one is set to it; without, it is reported.
    pub required_tags: BTreeMap<String, Option<String>>,
    /// Nobody outside is let in without a restricting condition.
    pub no_public_principals: bool,
    /// Accounts, beside the registry's own, that the repository policy may let in.
    pub allowed_accounts: Option<BTreeSet<String>>,
}

/// Acceptable tag mutability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MutabilityWish {
    /// Acceptable modes; the first is the one to set. Never empty.
    pub modes: Vec<MutabilityMode>,
    /// With a mode that takes exclusions, the acceptable filters, all of which are set; empty: any are acceptable.
    pub exclusions: Vec<String>,
}

/// What is wished of the lifecycle policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LifecycleWish {
    /// There is one, whatever it says. Reported.
    Present,
    /// Where there is none, this one is written; another one is reported. With the tag patterns it protects.
    Generated(Policy, Vec<String>),
    /// Exactly this one.
    Whole(Policy),
}

/// Leave to be otherwise for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    /// Which repositories.
    pub matching: Match,
    /// From which rules, by name; `None` means from all.
    pub rules: Option<Vec<String>>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds, in UTC.
    pub until: Date,
    /// Where it was written: `Exemptions[2]`.
    pub path: String,
}

impl Exemption {
    /// Does it still hold on that day? Its last day is one of them.
    pub fn holds_on(&self, today: Date) -> bool {
        today <= self.until
    }
}

/// How many repositories may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cap {
    /// So many.
    Count(u32),
    /// So many of a hundred that there are, rounded up.
    Percent(u32),
}

impl Default for Cap {
    fn default() -> Self {
        Self::Count(100)
    }
}

impl Cap {
    /// How many of `repositories` that is.
    pub fn of(self, repositories: usize) -> usize {
        match self {
            Self::Count(count) => usize::try_from(count).unwrap_or(usize::MAX),
            Self::Percent(percent) => {
                let share = usize::try_from(percent).unwrap_or(usize::MAX);
                repositories.saturating_mul(share).div_ceil(100)
            }
        }
    }
}

impl Baseline {
    /// Must a repository's tags be known? Reading them is a call per repository.
    pub fn looks_at_tags(&self) -> bool {
        let rules =
            self.rules.iter().any(|rule| !rule.matching.tags.is_empty() || !rule.require.required_tags.is_empty());
        rules || self.exemptions.iter().any(|exemption| !exemption.matching.tags.is_empty())
    }
}
