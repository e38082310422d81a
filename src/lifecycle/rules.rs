//! The laws the service applies beyond the grammar, and the limits they name.
//!
//! Works on what could be read of each rule, so that one malformed rule does not hide what is wrong with the others.
//! It may not know JSON, nor where a policy came from.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::btree_map::Entry;
use std::ops::RangeInclusive;

use super::grammar::Draft;
use super::tags::too_many_wildcards;
use super::{Action, CountKind, Flaw, LawId, StorageClass, TagSelection};

/// Rules in one policy, at most (ECR service quotas, "Rules per lifecycle policy"; not adjustable).
pub const MAX_RULES: usize = 50;

/// Length of a policy's text in characters (ECR API model, `LifecyclePolicyText`).
pub const TEXT_CHARS: RangeInclusive<usize> = 100..=30_720;

/// Days an archived image stays before a rule may expire it, at least (ECR user guide, lifecycle policy examples).
pub const MIN_ARCHIVE_DAYS: u32 = 90;

/// Applies every law to the rules as they were written.
pub(crate) fn check(drafts: &[Draft], flaws: &mut Vec<Flaw>) {
    if !(1..=MAX_RULES).contains(&drafts.len()) {
        let advice = if drafts.is_empty() { "Add one." } else { "Join or remove some." };
        let found = drafts.len();
        let message = format!("ECR wants 1 to {MAX_RULES} rules in a policy, and this has {found}. {advice}");
        flaws.push(Flaw::new("rules", LawId::RuleCount, message));
    }
    for (i, draft) in drafts.iter().enumerate() {
        tag_entries(i, draft, flaws);
        count_fits(i, draft, flaws);
    }
    unique_priorities(drafts, flaws);
    for class in [StorageClass::Standard, StorageClass::Archive] {
        let of_class: Vec<Placed<'_>> =
            drafts.iter().enumerate().filter(|(_, draft)| draft.storage == Some(class)).collect();
        any_is_alone_and_last(class, &of_class, flaws);
        one_untagged(class, &of_class, flaws);
        distinct_prefixes(class, &of_class, flaws);
    }
}

/// Holds the text that would be sent against [`TEXT_CHARS`].
pub(crate) fn check_size(text: &str, flaws: &mut Vec<Flaw>) {
    let chars = text.chars().count();
    if !TEXT_CHARS.contains(&chars) {
        let (min, max) = (TEXT_CHARS.start(), TEXT_CHARS.end());
        let message = format!(
            "ECR takes a policy of {min} to {max} characters, and this has {chars} without any white space. {}",
            if chars > *max { "Shorten descriptions and tag lists." } else { "Add a rule." }
        );
        flaws.push(Flaw::new("", LawId::TextSize, message));
    }
}

/// A rule and its number as written.
type Placed<'a> = (usize, &'a Draft);

/// L7, and entries that are empty.
///
/// An empty entry is most often a parameter nobody filled in, and as a prefix it would select every tagged image.
/// ECR is not known to refuse it; it is refused here because of what it would delete, and `*` says the same openly.
fn tag_entries(i: usize, draft: &Draft, flaws: &mut Vec<Flaw>) {
    let (name, list) = match &draft.tags {
        Some(TagSelection::Prefixes(list)) => ("tagPrefixList", list),
        Some(TagSelection::Patterns(list)) => ("tagPatternList", list),
        _ => return,
    };
    for (j, entry) in list.iter().enumerate() {
        let path = format!("rules[{i}].selection.{name}[{j}]");
        if entry.is_empty() {
            let message = "An empty text says nothing about a tag. Fill it in, or write the pattern `*` for every tag.";
            flaws.push(Flaw::new(path, LawId::EmptyTag, message));
        } else if name == "tagPatternList"
            && let Some(message) = too_many_wildcards(entry)
        {
            flaws.push(Flaw::new(path, LawId::Wildcards, message));
        }
    }
}

/// L10 to L12: what the kind of count demands of the rest of its rule.
fn count_fits(i: usize, draft: &Draft, flaws: &mut Vec<Flaw>) {
    let Some(kind) = draft.count_kind else { return };
    let word = kind.word();
    let archive = kind == CountKind::Transitioned;
    if let Some(class) = draft.storage
        && archive != (class == StorageClass::Archive)
    {
        let message = if archive {
            format!("ECR takes `{word}` only in the archive. Add `\"storageClass\": \"archive\"`.")
        } else {
            format!("ECR takes `{word}` only in standard storage. Remove `storageClass`.")
        };
        let path = format!("rules[{i}].selection.storageClass");
        flaws.push(Flaw::new(path, LawId::StorageOfCount, message));
    }
    let only = match (kind, draft.action) {
        (CountKind::Pulled, Some(Action::Expire)) => Some("transition"),
        (CountKind::Transitioned, Some(Action::TransitionToArchive)) => Some("expire"),
        _ => None,
    };
    if let Some(only) = only {
        let message = format!("ECR takes `{word}` only with the action `{only}`. Write that, or another countType.");
        flaws.push(Flaw::new(format!("rules[{i}].action.type"), LawId::ActionOfCount, message));
    }
    if archive && draft.count_number.is_some_and(|days| days < MIN_ARCHIVE_DAYS) {
        let message = format!(
            "ECR keeps an archived image for {MIN_ARCHIVE_DAYS} days at least. Write {MIN_ARCHIVE_DAYS} or more."
        );
        let path = format!("rules[{i}].selection.countNumber");
        flaws.push(Flaw::new(path, LawId::ArchiveDays, message));
    }
}

/// L1.
fn unique_priorities(drafts: &[Draft], flaws: &mut Vec<Flaw>) {
    let mut seen = BTreeMap::new();
    for (i, draft) in drafts.iter().enumerate() {
        let Some(priority) = draft.priority else {
            continue;
        };
        match seen.entry(priority) {
            Entry::Vacant(free) => {
                free.insert(i);
            }
            Entry::Occupied(taken) => {
                let message = format!(
                    "ECR wants every rulePriority once, and rules[{}] has {priority} already. Give this rule a number \
                     of its own.",
                    taken.get()
                );
                let path = format!("rules[{i}].rulePriority");
                flaws.push(Flaw::new(path, LawId::UniquePriority, message));
            }
        }
    }
}

/// L2 and L3.
fn any_is_alone_and_last(class: StorageClass, rules: &[Placed<'_>], flaws: &mut Vec<Flaw>) {
    let class = class.word();
    let any = |draft: &Draft| draft.tags == Some(TagSelection::Any);
    let highest_other = rules
        .iter()
        .filter(|(_, draft)| draft.tags.is_some() && !any(draft))
        .filter_map(|(i, draft)| Some((draft.priority?, *i)))
        .max();
    let mut first = None;
    for (i, draft) in rules.iter().filter(|(_, draft)| any(draft)) {
        if let Some(first) = first {
            let message = format!(
                "ECR takes one `any` rule per storage class, and rules[{first}] is that of {class} already. Remove \
                 one, or select tagged images with the pattern `*`."
            );
            let path = format!("rules[{i}].selection.tagStatus");
            flaws.push(Flaw::new(path, LawId::OneAny, message));
        }
        first = first.or(Some(*i));
        if let (Some(priority), Some((highest, other))) = (draft.priority, highest_other)
            && highest > priority
        {
            let message = format!(
                "ECR wants the `any` rule to be the last of its storage class, {class}, and rules[{other}] comes after \
                 it. Give this rule a number above {highest}."
            );
            let path = format!("rules[{i}].rulePriority");
            flaws.push(Flaw::new(path, LawId::AnyLast, message));
        }
    }
}

/// L4.
fn one_untagged(class: StorageClass, rules: &[Placed<'_>], flaws: &mut Vec<Flaw>) {
    let untagged = rules.iter().filter(|(_, draft)| draft.tags == Some(TagSelection::Untagged));
    let mut numbers = untagged.map(|(i, _)| i);
    let Some(first) = numbers.next() else { return };
    for i in numbers {
        let message = format!(
            "ECR takes one rule for untagged images per storage class, and rules[{first}] is that of {} already. \
             Remove one of the two.",
            class.word()
        );
        let path = format!("rules[{i}].selection.tagStatus");
        flaws.push(Flaw::new(path, LawId::OneUntagged, message));
    }
}

/// L5. Patterns are left alone: the service is only known to compare prefixes.
fn distinct_prefixes(class: StorageClass, rules: &[Placed<'_>], flaws: &mut Vec<Flaw>) {
    let mut seen: BTreeMap<BTreeSet<&str>, usize> = BTreeMap::new();
    for (i, draft) in rules {
        let Some(TagSelection::Prefixes(list)) = &draft.tags else {
            continue;
        };
        match seen.entry(list.iter().map(String::as_str).collect()) {
            Entry::Vacant(free) => {
                free.insert(*i);
            }
            Entry::Occupied(taken) => {
                let message = format!(
                    "ECR wants different prefixes in every rule of a storage class, and rules[{}] has the same ones in \
                     {}. The later rule could not act anyway; remove it or change its prefixes.",
                    taken.get(),
                    class.word()
                );
                let path = format!("rules[{i}].selection.tagPrefixList");
                flaws.push(Flaw::new(path, LawId::DistinctPrefixes, message));
            }
        }
    }
}
