//! Whether two policies ask for the same thing.
//!
//! Pure comparison of two legal policies: it may not know which of them is declared and which was found.

use std::collections::BTreeSet;

use super::{Action, Count, Policy, StorageClass, TagSelection};

/// A tag test without the order of its list, which a conjunction does not have.
#[derive(PartialEq, Eq)]
enum Tags<'a> {
    Prefixes(BTreeSet<&'a str>),
    Patterns(BTreeSet<&'a str>),
    Untagged,
    Any,
}

impl Policy {
    /// Whether ECR would behave the same under `other`, as far as anyone can observe.
    ///
    /// Not compared: the order in which rules and tags are written, how often a list repeats an entry, an explicit
    /// `standard` against none, and descriptions. A description changes nothing ECR does, so a policy that
    /// differs only there is not drift and costs no write; use `==` where the wording matters.
    ///
    /// Compared: priority numbers, even where renumbering keeps the order, because previews and the service's own
    /// execution records name rules by them. A prefix and the pattern with the same reach (`v`, `v*`) count as
    /// different, at worst one write too many.
    #[must_use]
    pub fn means_the_same(&self, other: &Policy) -> bool {
        meaning(self) == meaning(other)
    }
}

type Meaning<'a> = (u32, Tags<'a>, Count, StorageClass, Action);

fn meaning(policy: &Policy) -> Vec<Meaning<'_>> {
    let mut rules: Vec<Meaning<'_>> = policy
        .rules
        .iter()
        .map(|rule| {
            let selection = &rule.selection;
            let tags = tags(&selection.tags);
            (rule.priority, tags, selection.count, selection.storage, rule.action)
        })
        .collect();
    rules.sort_by_key(|rule| rule.0);
    rules
}

fn tags(selection: &TagSelection) -> Tags<'_> {
    match selection {
        TagSelection::Prefixes(list) => Tags::Prefixes(set(list)),
        TagSelection::Patterns(list) => Tags::Patterns(set(list)),
        TagSelection::Untagged => Tags::Untagged,
        TagSelection::Any => Tags::Any,
    }
}

fn set(list: &[String]) -> BTreeSet<&str> {
    list.iter().map(String::as_str).collect()
}
