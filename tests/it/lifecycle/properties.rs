//! What holds for all policies.

use super::*;

fn count_storage_action() -> impl Strategy<Value = (Count, StorageClass, Action)> {
    use StorageClass::{Archive, Standard};
    let number = || prop_oneof![1..200_u32, Just(u32::MAX)];
    let verb = || prop_oneof![Just(Action::Expire), Just(Action::TransitionToArchive)];
    prop_oneof![
        (number(), verb()).prop_map(|(n, verb)| (Count::ImageCountMoreThan(n), Standard, verb)),
        (number(), verb()).prop_map(|(n, verb)| (Count::SinceImagePushed(n), Standard, verb)),
        number().prop_map(|n| (Count::SinceImagePulled(n), Standard, Action::TransitionToArchive)),
        (90..=u32::MAX).prop_map(|n| (Count::SinceImageTransitioned(n), Archive, Action::Expire)),
    ]
}

/// A tag test and where it may stand: `any` at the end of its storage class, the others before it.
fn tag_selection() -> impl Strategy<Value = TagSelection> {
    let list = || proptest::collection::vec("[a-z\"\\\\é*]{1,4}", 1..4);
    prop_oneof![
        4 => list().prop_map(TagSelection::Prefixes),
        4 => list().prop_map(TagSelection::Patterns),
        1 => Just(TagSelection::Untagged),
        1 => Just(TagSelection::Any),
    ]
}

/// Legal policies, made legal here by leaving out what would clash rather than by asking the code under test.
fn legal_policy() -> impl Strategy<Value = Policy> {
    let description = proptest::option::of(proptest::collection::vec(any::<char>(), 0..12));
    let rule = (tag_selection(), count_storage_action(), description, 1..1000_u32);
    proptest::collection::vec(rule, 1..12).prop_map(|mut drafts| {
        drafts.sort_by_key(|draft| draft.0 == TagSelection::Any);
        let mut taken = Vec::new();
        let mut priority = 0;
        let mut rules = Vec::new();
        for (tags, (count, storage, action), description, gap) in drafts {
            let key = match &tags {
                TagSelection::Prefixes(list) => Some(list.iter().cloned().collect::<std::collections::BTreeSet<_>>()),
                TagSelection::Patterns(_) => None,
                TagSelection::Untagged => Some(["untagged tests have no list".to_owned()].into()),
                TagSelection::Any => Some(["any has none either".to_owned()].into()),
            };
            if key.is_some() && taken.contains(&(storage, key.clone())) {
                continue;
            }
            taken.push((storage, key));
            priority += gap;
            let description = description.map(String::from_iter);
            let selection = Selection { tags, count, storage };
            rules.push(Rule { priority, description, selection, action });
        }
        Policy { rules }
    })
}

fn retention() -> impl Strategy<Value = Retention> {
    let patterns = proptest::collection::vec("[A-Za-z0-9._-]{0,124}\\*{0,4}", 0..=24);
    let prefixes = proptest::collection::vec("[A-Za-z0-9._-]{1,128}|v", 0..=24);
    let number = || prop_oneof![1..=3_u32, 1..=u32::MAX];
    (patterns, prefixes, number(), number(), number()).prop_map(|(mut patterns, prefixes, count, age, untagged)| {
        patterns.retain(|pattern| !pattern.is_empty());
        Retention {
            protected_tag_patterns: patterns,
            tag_prefixes: prefixes,
            max_image_count: count,
            image_retention_days: age,
            untagged_retention_days: untagged,
        }
    })
}

fn renumbered(count: Count) -> Count {
    // Legal numbers are at least 1.
    let other = |n: u32| n - 1;
    match count {
        Count::ImageCountMoreThan(n) => Count::ImageCountMoreThan(other(n)),
        Count::SinceImagePushed(n) => Count::SinceImagePushed(other(n)),
        Count::SinceImagePulled(n) => Count::SinceImagePulled(other(n)),
        Count::SinceImageTransitioned(n) => Count::SinceImageTransitioned(other(n)),
    }
}

proptest! {
    #[test]
    fn a_written_policy_reads_as_itself(policy in legal_policy()) {
        prop_assert_eq!(parse_text(&policy.to_text()), Ok(policy.clone()));
        prop_assert_eq!(parse(&as_value(&policy)), Ok(policy));
    }

    #[test]
    fn numbers_as_text_are_the_same_policy_when_lenient_and_refused_when_strict(policy in legal_policy()) {
        let mut value = as_value(&policy);
        for rule in value["rules"].as_array_mut().unwrap() {
            rule["rulePriority"] = rule["rulePriority"].to_string().into();
            rule["selection"]["countNumber"] = rule["selection"]["countNumber"].to_string().into();
        }
        prop_assert_eq!(refused(parse(&value)).len(), 2 * policy.rules.len());
        prop_assert_eq!(parse_lenient(&value), Ok(policy));
    }

    #[test]
    fn the_order_of_writing_means_nothing(
        (policy, shuffled) in legal_policy().prop_flat_map(|policy| {
            let rules = Just(policy.rules.clone()).prop_shuffle();
            (Just(policy), rules)
        })
    ) {
        let mut shuffled = Policy { rules: shuffled };
        prop_assert_eq!(policy.to_text(), shuffled.to_text());
        for rule in &mut shuffled.rules {
            if let TagSelection::Prefixes(list) | TagSelection::Patterns(list) = &mut rule.selection.tags {
                list.reverse();
            }
        }
        prop_assert!(policy.means_the_same(&shuffled) && shuffled.means_the_same(&policy));
        // As a document in that order, not only as a value.
        let rules: Vec<Value> = shuffled.rules.iter().map(|rule| {
            as_value(&Policy { rules: vec![rule.clone()] })["rules"][0].take()
        }).collect();
        let read = parse(&json!({"rules": rules})).unwrap();
        prop_assert!(read.rules.is_sorted_by_key(|rule| rule.priority));
        prop_assert!(policy.means_the_same(&read));
    }

    #[test]
    fn another_number_is_another_meaning(policy in legal_policy()) {
        for i in 0..policy.rules.len() {
            let mut other = policy.clone();
            other.rules[i].selection.count = renumbered(other.rules[i].selection.count);
            prop_assert!(!policy.means_the_same(&other) && !other.means_the_same(&policy));
            let mut other = policy.clone();
            other.rules[i].priority += 1;
            prop_assert!(!policy.means_the_same(&other) && !other.means_the_same(&policy));
            let mut fewer = policy.clone();
            fewer.rules.remove(i);
            prop_assert!(!policy.means_the_same(&fewer) && !fewer.means_the_same(&policy));
        }
    }

    #[test]
    fn what_is_generated_is_legal_and_protects_first(retention in retention()) {
        prop_assert_eq!(retention.flaws(), []);
        let generated = generate(&retention);
        prop_assert_eq!(parse_text(&generated.to_text()), Ok(generated.clone()));
        // Whatever the lists, no rule that can delete comes before the keeper of a protected pattern.
        let keeps = |rule: &Rule| rule.selection.count == Count::ImageCountMoreThan(KEEP_ALL);
        let first_deleting = generated.rules.iter().position(|rule| !keeps(rule)).unwrap();
        for pattern in retention.protected_tag_patterns {
            let keeper = TagSelection::Patterns(vec![pattern]);
            let place = generated.rules.iter().position(|rule| rule.selection.tags == keeper);
            prop_assert!(place.is_some_and(|place| place < first_deleting));
        }
    }

    #[test]
    fn damaged_text_is_refused_or_read_but_never_a_panic(policy in legal_policy(), at in any::<Index>(), with in any::<Option<char>>()) {
        let mut chars: Vec<char> = policy.to_text().chars().collect();
        let at = at.index(chars.len());
        chars.splice(at..=at, with);
        if let Ok(read) = parse_text(&String::from_iter(chars)) {
            prop_assert_eq!(parse_text(&read.to_text()), Ok(read));
        }
    }
}
