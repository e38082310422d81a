//! Lifecycle policies: said by the few numbers they would be made from where those make the very same, else whole.

use super::settings::{Said, lines};
use crate::lifecycle::{Count, Policy, Retention, TagSelection, generate, parse_text};
use crate::spec::default_retention;
use serde_json::{Value, json};

/// The property that says a policy as a whole.
const PROPERTY: &str = "LifecyclePolicy";
/// Largest number the retention properties take (`spec::layer`).
const MAX_NUMBER: u32 = 2_147_483_647;

/// What a declaration says of a lifecycle policy.
#[derive(Clone, Debug)]
pub(super) enum Lifecycle {
    /// By the numbers it is made from.
    Generated(Retention, Whole),
    /// As it is.
    Whole(Policy, Whole),
    /// There is none.
    Absent,
}

/// A policy as a value, and how many lines it takes.
#[derive(Clone, Debug)]
pub(super) struct Whole {
    value: Value,
    lines: usize,
}

impl Whole {
    fn of(policy: &Policy) -> Self {
        let value = serde_json::from_str(&policy.to_text()).unwrap_or(Value::Null);
        Self { lines: lines(&value), value }
    }
}

impl PartialEq for Lifecycle {
    /// Two wordings of one meaning are one: planning sees no difference between them.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Generated(one, _), Self::Generated(two, _)) => one == two,
            (Self::Whole(one, _), Self::Whole(two, _)) => one.means_the_same(two),
            (Self::Absent, Self::Absent) => true,
            (Self::Generated(..) | Self::Whole(..) | Self::Absent, _) => false,
        }
    }
}

impl Lifecycle {
    /// What the contract says where nobody says anything.
    pub(super) fn contract() -> Self {
        Self::generated(default_retention())
    }

    fn generated(retention: Retention) -> Self {
        let whole = Whole::of(&generate(&retention));
        Self::Generated(retention, whole)
    }

    /// From the text ECR holds.
    pub(super) fn read(text: Option<&str>) -> Result<Self, String> {
        let Some(text) = text else { return Ok(Self::Absent) };
        let policy = parse_text(text).map_err(|flaws| {
            let first = flaws.first().map_or_else(String::new, |flaw| format!(" ({} {})", flaw.path, flaw.message));
            format!("its lifecycle policy is beyond this version of ecr-steward and cannot be declared{first}")
        })?;
        Ok(retention_of(&policy).map_or_else(|| Self::Whole(policy.clone(), Whole::of(&policy)), Self::generated))
    }

    /// What has to be said where `base` is said already.
    pub(super) fn over(&self, base: &Self) -> Said {
        match (self, base) {
            (one, other) if one == other => Said::new(),
            (Self::Generated(retention, _), Self::Generated(base, _)) => differing(retention, base),
            // Nothing in an override brings generation back where the fleet says a policy as a whole.
            (Self::Generated(_, whole) | Self::Whole(_, whole), _) => vec![(PROPERTY, whole.value.clone())],
            (Self::Absent, _) => vec![(PROPERTY, json!("None"))],
        }
    }

    /// The lines that takes.
    pub(super) fn lines_over(&self, base: &Self) -> usize {
        match (self, base) {
            (one, other) if one == other => 0,
            (Self::Generated(retention, _), Self::Generated(base, _)) => {
                differing(retention, base).iter().map(|(_, value)| lines(value)).sum()
            }
            (Self::Generated(_, whole) | Self::Whole(_, whole), _) => whole.lines,
            (Self::Absent, _) => 1,
        }
    }
}

fn differing(wanted: &Retention, base: &Retention) -> Said {
    let said = |retention: &Retention| {
        [
            ("ProtectedTagPatterns", json!(retention.protected_tag_patterns)),
            ("TagPrefixes", json!(retention.tag_prefixes)),
            ("MaxImageCount", json!(retention.max_image_count)),
            ("ImageRetentionDays", json!(retention.image_retention_days)),
            ("UntaggedRetentionDays", json!(retention.untagged_retention_days)),
        ]
    };
    said(wanted).into_iter().zip(said(base)).filter(|(one, two)| one != two).map(|(one, _)| one).collect()
}

/// The numbers a policy of the same meaning is generated from, where there are such numbers.
fn retention_of(policy: &Policy) -> Option<Retention> {
    let mut found = Retention { protected_tag_patterns: Vec::new(), tag_prefixes: Vec::new(), ..default_retention() };
    for rule in &policy.rules {
        match (&rule.selection.tags, rule.selection.count) {
            (TagSelection::Patterns(patterns), Count::ImageCountMoreThan(_)) => {
                found.protected_tag_patterns.extend(patterns.iter().cloned());
            }
            (TagSelection::Prefixes(prefixes), Count::ImageCountMoreThan(most)) => {
                found.tag_prefixes.extend(prefixes.iter().cloned());
                found.max_image_count = most;
            }
            (TagSelection::Untagged, Count::SinceImagePushed(days)) => found.untagged_retention_days = days,
            (TagSelection::Any, Count::SinceImagePushed(days)) => found.image_retention_days = days,
            _ => return None,
        }
    }
    let numbers = [found.max_image_count, found.image_retention_days, found.untagged_retention_days];
    let sayable = found.flaws().is_empty() && numbers.iter().all(|number| *number <= MAX_NUMBER);
    // What was picked out of the rules is a guess until it makes the same policy.
    (sayable && generate(&found).means_the_same(policy)).then_some(found)
}
