//! From repositories that exist to declarations that change nothing about them: the pure half of adoption.
//!
//! It does not matter where a repository was read, in the account or in somebody's state file: it comes in as
//! [`Found`], and goes out in exactly one [`Declared`] or as one [`LeftOut`] with the reason.
//!
//! `settings` says one repository in the words of a declaration, `lifecycle` and `access` its two policies; `sort` asks the
//! planner which ones such words are true of; `naming` takes names apart; `group` finds the fewest lines; `write` writes
//! them.

mod access;
mod group;
mod lifecycle;
mod naming;
mod settings;
mod sort;
mod write;

pub mod terraform;

use crate::model::Seen;
use crate::model::name::RepositoryName;
use crate::model::repository::{Encryption, FoundLifecycle, FoundPolicy, Mutability, Repository, Tags};
use serde_json::{Map, Value};
use sort::Sayable;
use std::collections::BTreeSet;

/// One existing repository, as far as a declaration can be about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub name: RepositoryName,
    /// Tag mutability, exclusions sorted.
    pub mutability: Mutability,
    /// The repository's own scan flag.
    pub scan_on_push: bool,
    /// Encryption, with the key as ECR tells it.
    pub encryption: Encryption,
    /// Tags.
    pub tags: Seen<Tags>,
    /// The text of its lifecycle policy; `Missing` = it has none.
    pub lifecycle: Seen<String>,
    /// The text of its repository policy; `Missing` = it has none.
    pub policy: Seen<String>,
}

impl Found {
    /// From what was seen of a repository.
    pub fn of(seen: &Repository) -> Self {
        Self {
            name: seen.name.clone(),
            mutability: seen.mutability.clone(),
            scan_on_push: seen.scan_on_push,
            encryption: seen.encryption.clone(),
            tags: seen.tags.clone(),
            lifecycle: text_of(&seen.lifecycle, |found: &FoundLifecycle| &found.text),
            policy: text_of(&seen.policy, |found: &FoundPolicy| &found.text),
        }
    }
}

fn text_of<T>(seen: &Seen<T>, text: impl Fn(&T) -> &String) -> Seen<String> {
    match seen {
        Seen::Present(found) => Seen::Present(text(found).clone()),
        Seen::Missing => Seen::Missing,
        Seen::Unreadable(fault) => Seen::Unreadable(fault.clone()),
        Seen::Unasked => Seen::Unasked,
    }
}

/// What names and tags do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options<'a> {
    /// `ProjectName` where neither names nor tags say one.
    pub project: &'a str,
    /// `Environment` where neither names nor tags say one.
    pub environment: &'a str,
    /// `aws`, `aws-cn`, …: account ids stand for ARNs of this partition.
    pub partition: &'a str,
}

/// One `Custom::EcrRepositories`.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// A logical id for it, unique among the declarations made together: letters and digits.
    pub logical_id: String,
    /// Its properties in the order they are to be read, without `ServiceToken`.
    pub properties: Vec<(&'static str, Value)>,
    /// The repositories it declares, in the order of `RepositoryNames`.
    pub repositories: Vec<RepositoryName>,
}

impl Declared {
    /// The properties as CloudFormation hands them over.
    pub fn as_map(&self) -> Map<String, Value> {
        self.properties.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    }

    /// How many repositories differ from what is said at the top.
    pub fn overrides(&self) -> usize {
        let said = self.properties.iter().find(|(key, _)| *key == "Overrides");
        said.and_then(|(_, value)| value.as_object()).map_or(0, Map::len)
    }
}

/// A repository that no declaration is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Which.
    pub name: RepositoryName,
    /// Why, and what to do about it.
    pub reason: String,
    /// Could it not be read? Then nobody knows whether it could be declared.
    pub unread: bool,
}

/// All that came out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Adoption {
    /// The declarations, by logical id.
    pub declared: Vec<Declared>,
    /// What is in none of them, by name.
    pub left_out: Vec<LeftOut>,
}

/// Declares what exists in as few lines as the settings allow. Every repository is in exactly one declaration, or
/// left out with the reason; planning a declaration on the very repositories it was made from shows our own tags and
/// nothing else.
pub fn declarations(found: &[Found], options: Options<'_>) -> Adoption {
    let (sayable, left_out) = sort::sorted(found, options);
    let mut taken = BTreeSet::new();
    let mut declared = Vec::new();
    for (family, members) in naming::families(&sayable, options) {
        let all: Vec<&Sayable<'_>> = members.iter().map(|(_, one)| *one).collect();
        for group in group::groups(&all) {
            let of_group = group.members.iter().filter_map(|place| members.get(*place).cloned());
            let of_group: Vec<(String, &Sayable<'_>)> = of_group.collect();
            let parts = of_group.chunks(write::MOST);
            declared.extend(parts.map(|part| write::declared(&family, &group, part, &mut taken)));
        }
    }
    Adoption { declared, left_out }
}
