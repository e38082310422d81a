//! The lifecycle language: every law with a policy that breaks it and the nearest one that does not, and the
//! properties that hold for all policies.

use ecr_steward::lifecycle::*;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

/// A rule that is legal alone: keep the newest 10 images whose tags begin with the prefix.
fn release(priority: u32, prefix: &str) -> Value {
    rule(
        priority,
        json!({"tagStatus": "tagged", "tagPrefixList": [prefix], "countType": "imageCountMoreThan", "countNumber": 10}),
    )
}

/// A rule that expires by age whatever has the status.
fn aged(priority: u32, status: &str) -> Value {
    rule(priority, json!({"tagStatus": status, "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 7}))
}

/// A rule that expires from the archive whatever has the status.
fn archived(priority: u32, status: &str) -> Value {
    rule(
        priority,
        json!({"tagStatus": status, "storageClass": "archive", "countType": "sinceImageTransitioned",
            "countUnit": "days", "countNumber": 90}),
    )
}

fn rule(priority: u32, selection: Value) -> Value {
    let mut rule = json!({"rulePriority": priority, "action": {"type": "expire"}});
    rule["selection"] = selection;
    rule
}

/// The rule with one member, named by a JSON pointer, set or added.
fn with(rule: &Value, pointer: &str, value: Value) -> Value {
    let mut rule = rule.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    rule.pointer_mut(parent).unwrap()[name] = value;
    rule
}

/// The rule without one member.
fn without(rule: &Value, pointer: &str) -> Value {
    let mut rule = rule.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    rule.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
    rule
}

fn policy(rules: impl IntoIterator<Item = Value>) -> Value {
    json!({"rules": rules.into_iter().collect::<Vec<_>>()})
}

fn accepted(value: &Value) -> Policy {
    parse(value).unwrap_or_else(|flaws| panic!("{value} is legal, not {flaws:#?}"))
}

/// The flaws as `path: code`.
fn refused(result: Result<Policy, Vec<Flaw>>) -> Vec<String> {
    let flaws = result.expect_err("this is not legal");
    assert!(flaws.iter().all(|flaw| flaw.message.ends_with(['.', '?'])), "{flaws:#?}");
    flaws.iter().map(|flaw| format!("{}: {}", flaw.path, flaw.rule.code())).collect()
}

/// Each case breaks a law in exactly one place, and its neighbour does not.
fn law(cases: impl IntoIterator<Item = (&'static str, Vec<Value>, Vec<Value>)>) {
    for (flaw, illegal, neighbour) in cases {
        accepted(&policy(neighbour));
        assert_eq!(refused(parse(&policy(illegal))), [flaw]);
    }
}

#[test]
fn l1_priorities_are_unique() {
    law([(
        "rules[2].rulePriority: L1",
        vec![release(1, "a"), release(7, "b"), release(1, "c")],
        vec![release(1, "a"), release(7, "b"), release(2, "c")],
    )]);
}

#[test]
fn l2_any_is_last_of_its_storage_class() {
    law([
        ("rules[0].rulePriority: L2", vec![aged(1, "any"), release(2, "a")], vec![aged(3, "any"), release(2, "a")]),
        (
            "rules[0].rulePriority: L2",
            vec![archived(1, "any"), aged(2, "any"), archived(3, "untagged")],
            vec![archived(1, "any"), aged(4, "any"), aged(3, "untagged")],
        ),
    ]);
}

#[test]
fn l3_one_any_per_storage_class() {
    law([(
        "rules[1].selection.tagStatus: L3",
        vec![aged(1, "any"), aged(2, "any")],
        vec![aged(1, "any"), archived(2, "any")],
    )]);
}

#[test]
fn l4_one_untagged_per_storage_class() {
    let newest = rule(2, json!({"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 3}));
    law([
        (
            "rules[1].selection.tagStatus: L4",
            vec![aged(1, "untagged"), newest.clone()],
            vec![aged(1, "untagged"), with(&newest, "/selection/tagStatus", json!("any"))],
        ),
        (
            "rules[2].selection.tagStatus: L4",
            vec![aged(1, "untagged"), archived(2, "untagged"), archived(3, "untagged")],
            vec![aged(1, "untagged"), archived(2, "untagged"), archived(3, "any")],
        ),
    ]);
}

#[test]
fn l5_prefix_sets_are_distinct() {
    let list = |priority, list: Value| with(&release(priority, ""), "/selection/tagPrefixList", list);
    let pattern = |priority| {
        let rule = without(&release(priority, ""), "/selection/tagPrefixList");
        with(&rule, "/selection/tagPatternList", json!(["v*"]))
    };
    let archive = with(&archived(2, "tagged"), "/selection/tagPrefixList", json!(["v", "w"]));
    let both = list(1, json!(["v", "w"]));
    law([
        (
            "rules[1].selection.tagPrefixList: L5",
            vec![both.clone(), list(2, json!(["w", "v"]))],
            vec![both.clone(), list(2, json!(["w"]))],
        ),
        (
            "rules[2].selection.tagPrefixList: L5",
            vec![both.clone(), archive.clone(), with(&archive, "/rulePriority", json!(3))],
            vec![both, archive, pattern(3), pattern(4)],
        ),
    ]);
}

#[test]
fn l6_tagged_has_one_list_and_the_others_none() {
    let tagged = release(1, "v");
    let bare = without(&tagged, "/selection/tagPrefixList");
    let patterns = with(&bare, "/selection/tagPatternList", json!(["v*"]));
    let empty = with(&bare, "/selection/tagPrefixList", json!([]));
    let beside = |rule: &Value| with(rule, "/selection/tagPrefixList", json!(["v"]));
    law([
        ("rules[0].selection: L6", vec![bare], vec![patterns.clone()]),
        ("rules[0].selection: L6", vec![empty], vec![tagged]),
        (
            "rules[0].selection: L6",
            vec![beside(&patterns)],
            vec![with(&patterns, "/selection/tagPrefixList", json!([]))],
        ),
        ("rules[0].selection: L6", vec![beside(&aged(1, "untagged"))], vec![aged(1, "untagged")]),
        ("rules[0].selection: L6", vec![beside(&aged(1, "any"))], vec![aged(1, "any")]),
    ]);
}

#[test]
fn l7_four_wildcards_at_most() {
    let bare = without(&release(1, "v"), "/selection/tagPrefixList");
    let patterns = |second: &str| vec![with(&bare, "/selection/tagPatternList", json!(["a*b*c*d*", second]))];
    law([("rules[0].selection.tagPatternList[1]: L7", patterns("*b*c*d*e*"), patterns("*b*c*d*e"))]);
    law([("rules[0].selection.tagPatternList[1]: empty-tag", patterns(""), patterns("*"))]);
}

#[test]
fn l8_a_unit_with_days_only() {
    let images = release(1, "v");
    law([
        ("rules[0].selection.countUnit: L8", vec![with(&images, "/selection/countUnit", json!("days"))], vec![images]),
        (
            "rules[0].selection.countUnit: L8",
            vec![without(&aged(1, "any"), "/selection/countUnit")],
            vec![aged(1, "any")],
        ),
    ]);
}

#[test]
fn l9_null_is_not_absent() {
    let rule = release(1, "v");
    let nulls = [
        ("/description", "rules[0].description: L9"),
        ("/selection/countUnit", "rules[0].selection.countUnit: L9"),
        ("/selection/storageClass", "rules[0].selection.storageClass: L9"),
        ("/selection/tagPatternList", "rules[0].selection.tagPatternList: L9"),
        ("/action/targetStorageClass", "rules[0].action.targetStorageClass: L9"),
        ("/selection/tagPrefixList", "rules[0].selection.tagPrefixList: L9"),
        ("/rulePriority", "rules[0].rulePriority: L9"),
    ];
    law(nulls.map(|(pointer, flaw)| (flaw, vec![with(&rule, pointer, Value::Null)], vec![rule.clone()])));
    let entry = with(&rule, "/selection/tagPrefixList", json!(["v", null]));
    law([("rules[0].selection.tagPrefixList[1]: L9", vec![entry], vec![rule])]);
    assert_eq!(refused(parse(&Value::Null)), [": L9"]);
}

#[test]
fn l10_the_archive_only_for_what_was_moved_there() {
    let class = |rule: &Value, class: &str| vec![with(rule, "/selection/storageClass", json!(class))];
    let pulled = with(&aged(1, "any"), "/selection/countType", json!("sinceImagePulled"));
    let pulled = with(&pulled, "/action/type", json!("transition"));
    let gone = archived(1, "any");
    let flaw = "rules[0].selection.storageClass: L10";
    law([
        (flaw, class(&release(1, "v"), "archive"), class(&release(1, "v"), "standard")),
        (flaw, class(&aged(1, "any"), "archive"), class(&aged(1, "any"), "standard")),
        (flaw, class(&pulled, "archive"), class(&pulled, "standard")),
        (flaw, class(&gone, "standard"), vec![gone.clone()]),
        (flaw, vec![without(&gone, "/selection/storageClass")], vec![gone]),
    ]);
}

#[test]
fn l11_pulled_is_archived_and_archived_is_expired() {
    let verb = |rule: &Value, verb: &str| vec![with(rule, "/action/type", json!(verb))];
    let pulled = with(&aged(1, "any"), "/selection/countType", json!("sinceImagePulled"));
    let gone = archived(1, "any");
    let flaw = "rules[0].action.type: L11";
    law([
        (flaw, verb(&pulled, "expire"), verb(&pulled, "transition")),
        (flaw, verb(&gone, "transition"), verb(&gone, "expire")),
    ]);
    accepted(&policy(verb(&aged(1, "any"), "transition")));
}

#[test]
fn l12_ninety_days_in_the_archive() {
    let days = |days: u32| vec![with(&archived(1, "any"), "/selection/countNumber", json!(days))];
    law([("rules[0].selection.countNumber: L12", days(89), days(90))]);
}

#[test]
fn l13_the_schema_is_closed() {
    let rule = release(1, "v");
    let members = [
        ("/note", "rules[0].note: L13"),
        ("/selection/countNumer", "rules[0].selection.countNumer: L13"),
        ("/action/when", "rules[0].action.when: L13"),
    ];
    law(members.map(|(pointer, flaw)| (flaw, vec![with(&rule, pointer, json!(1))], vec![rule.clone()])));
    let mut top = policy([rule]);
    accepted(&top);
    top["Version"] = json!("1");
    assert_eq!(refused(parse(&top)), ["Version: L13"]);
}

#[test]
fn targets_are_for_transitions() {
    let target = |rule: &Value| vec![with(rule, "/action/targetStorageClass", json!("archive"))];
    let moved = with(&aged(1, "any"), "/action/type", json!("transition"));
    law([("rules[0].action.targetStorageClass: target-storage-class", target(&aged(1, "any")), target(&moved))]);
}

#[test]
fn types_and_values() {
    let rule = with(&release(1, "v"), "/description", json!("why"));
    let cases = [
        ("rules[0].rulePriority: value", "/rulePriority", json!(0)),
        ("rules[0].rulePriority: value", "/rulePriority", json!(-1)),
        ("rules[0].rulePriority: value", "/rulePriority", json!(4_294_967_296_u64)),
        ("rules[0].rulePriority: type", "/rulePriority", json!(10.0)),
        ("rules[0].rulePriority: type", "/rulePriority", json!("10")),
        ("rules[0].selection.countNumber: value", "/selection/countNumber", json!(0)),
        ("rules[0].selection.countNumber: type", "/selection/countNumber", json!(true)),
        ("rules[0].selection.countType: value", "/selection/countType", json!("imageCount")),
        ("rules[0].selection.tagStatus: value", "/selection/tagStatus", json!("Tagged")),
        ("rules[0].selection.tagPrefixList: type", "/selection/tagPrefixList", json!("v")),
        ("rules[0].selection.tagPrefixList[0]: type", "/selection/tagPrefixList", json!([1])),
        ("rules[0].selection: type", "/selection", json!([])),
        ("rules[0].action: type", "/action", json!("expire")),
        ("rules[0].action.type: value", "/action/type", json!("delete")),
        ("rules[0].description: type", "/description", json!(5)),
    ];
    law(cases.map(|(flaw, pointer, value)| (flaw, vec![with(&rule, pointer, value)], vec![rule.clone()])));
    for name in ["rulePriority", "selection", "action"] {
        let illegal = policy([without(&rule, &format!("/{name}"))]);
        assert_eq!(refused(parse(&illegal)), [format!("rules[0].{name}: missing")]);
    }
    assert_eq!(refused(parse(&json!({}))), ["rules: missing"]);
    assert_eq!(refused(parse(&json!({"rules": {}}))), ["rules: type"]);
    assert_eq!(refused(parse(&json!([]))), [": type"]);
}

#[test]
fn fifty_rules_and_no_more() {
    let rules = |count: u32| policy((1..=count).map(|i| release(i, &format!("p{i}"))));
    assert_eq!(accepted(&rules(50)).rules.len(), MAX_RULES);
    assert_eq!(refused(parse(&rules(51))), ["rules: rule-count"]);
    assert_eq!(refused(parse(&policy([]))), ["rules: rule-count", ": text-size"]);
}

#[test]
fn characters_are_counted_in_what_is_sent() {
    let described = |length: usize| policy([with(&aged(1, "any"), "/description", json!("é".repeat(length)))]);
    let room = 30_720 - accepted(&described(0)).to_text().chars().count();
    assert_eq!(accepted(&described(room)).to_text().chars().count(), 30_720);
    assert_eq!(refused(parse(&described(room + 1))), [": text-size"]);
    // White space is not sent, so it does not count.
    let spacious = format!("{}{}", " ".repeat(40_000), policy([aged(1, "any")]));
    parse_text(&spacious).unwrap();
}

#[test]
fn every_flaw_at_once_and_a_broken_rule_hides_no_other() {
    let broken = json!({"rulePriority": "x", "selection": {"tagStatus": "any", "countType": "sinceImagePulled"},
        "action": {"type": "expire"}});
    let illegal = policy([broken, aged(2, "untagged"), json!(7), aged(2, "untagged")]);
    let wanted = [
        "rules[0].rulePriority: type",
        "rules[0].selection.countUnit: L8",
        "rules[0].selection.countNumber: missing",
        "rules[2]: type",
        "rules[0].action.type: L11",
        "rules[3].rulePriority: L1",
        "rules[3].selection.tagStatus: L4",
    ];
    assert_eq!(refused(parse(&illegal)), wanted);
}

#[test]
fn slips_of_the_finger_get_a_suggestion() {
    let rule = release(1, "v");
    let cases = [
        (policy([with(&rule, "/selection/countNumer", json!(1))]), Some("`countNumber`?")),
        (policy([with(&rule, "/RulePriority", json!(1))]), Some("`rulePriority`?")),
        (policy([with(&rule, "/action/type", json!("expired"))]), Some("`expire`?")),
        (policy([with(&rule, "/colour", json!(1))]), None),
    ];
    for (illegal, suggestion) in cases {
        let flaws = parse(&illegal).unwrap_err();
        match suggestion {
            Some(suggestion) => assert!(flaws[0].message.ends_with(suggestion), "{flaws:?}"),
            None => assert!(!flaws[0].message.contains("mean"), "{flaws:?}"),
        }
    }
}

#[test]
fn lenient_numbers_are_digits_and_nothing_else() {
    let numbered = |number: &Value| policy([with(&aged(10, "any"), "/rulePriority", number.clone())]);
    let plain = accepted(&numbered(&json!(10)));
    for good in [json!(10), json!("10"), json!("010")] {
        assert_eq!(parse_lenient(&numbered(&good)).as_ref(), Ok(&plain), "{good}");
    }
    for bad in ["", " 10", "+10", "-1", "10.0", "1e1", "0", "4294967296", "\u{661}"] {
        let flaws = refused(parse_lenient(&numbered(&json!(bad))));
        assert_eq!(flaws.len(), 1, "{bad}: {flaws:?}");
        assert!(flaws[0].starts_with("rules[0].rulePriority: "), "{bad}: {flaws:?}");
    }
    refused(parse_lenient(&numbered(&json!(10.0))));
}

#[test]
fn text_is_json_with_every_member_once() {
    let rule = release(1, "v").to_string();
    parse_text(&format!(r#"{{"rules":[{rule}]}}"#)).unwrap();
    let cases = [
        (String::new(), ": json"),
        ("[".repeat(100_000), ": json"),
        (format!(r#"{{"rules":[{rule}]}} and more"#), ": json"),
        (format!(r#"{{"rules":[],"rules":[{rule}]}}"#), "rules: repeated-member"),
        (
            format!(r#"{{"rules":[{}]}}"#, rule.replace(r#""type":"#, r#""type":"expire","type":"#)),
            "rules[0].action.type: repeated-member",
        ),
    ];
    for (text, flaw) in cases {
        assert_eq!(refused(parse_text(&text)), [flaw]);
    }
}

#[test]
fn the_meaning_is_what_ecr_does() {
    let listed = |prefixes: Value| with(&release(1, "v"), "/selection/tagPrefixList", prefixes);
    let rule = listed(json!(["v", "w"]));
    let same = [
        listed(json!(["w", "v", "w"])),
        with(&rule, "/description", json!("for people")),
        with(&rule, "/selection/storageClass", json!("standard")),
        with(&rule, "/selection/tagPatternList", json!([])),
    ];
    let patterns = without(&rule, "/selection/tagPrefixList");
    let different = [
        listed(json!(["v"])),
        with(&rule, "/action/type", json!("transition")),
        with(&patterns, "/selection/tagPatternList", json!(["v", "w"])),
        aged(1, "any"),
        aged(1, "untagged"),
    ];
    let first = accepted(&policy([rule]));
    for rule in same {
        assert!(first.means_the_same(&accepted(&policy([rule.clone()]))), "{rule}");
    }
    for rule in different {
        assert!(!first.means_the_same(&accepted(&policy([rule.clone()]))), "{rule}");
    }
    let (any, untagged) = (accepted(&policy([aged(1, "any")])), accepted(&policy([aged(1, "untagged")])));
    assert!(!any.means_the_same(&untagged));
}

/// The retention the project started from.
fn seed() -> Retention {
    Retention {
        protected_tag_patterns: vec!["latest".to_owned()],
        tag_prefixes: vec!["v".to_owned()],
        max_image_count: 10,
        image_retention_days: 30,
        untagged_retention_days: 1,
    }
}

#[test]
fn the_seed_generates_this_policy() {
    let one_rule_a_line = generate(&seed()).to_text().replace("},{", "},\n{");
    insta::assert_snapshot!(one_rule_a_line, @r#"
    {"rules":[{"rulePriority":1,"description":"keep every image tagged latest","selection":{"tagStatus":"tagged","tagPatternList":["latest"],"countType":"imageCountMoreThan","countNumber":999999},"action":{"type":"expire"}},
    {"rulePriority":2,"description":"keep the newest 10 images tagged v*","selection":{"tagStatus":"tagged","tagPrefixList":["v"],"countType":"imageCountMoreThan","countNumber":10},"action":{"type":"expire"}},
    {"rulePriority":3,"description":"expire untagged images 1 day after their push","selection":{"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":1},"action":{"type":"expire"}},
    {"rulePriority":4,"description":"expire all other images 30 days after their push","selection":{"tagStatus":"any","countType":"sinceImagePushed","countUnit":"days","countNumber":30},"action":{"type":"expire"}}]}
    "#);
}

#[test]
fn a_list_is_several_rules_and_repetitions_are_one() {
    let strings = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let generated = generate(&Retention {
        protected_tag_patterns: strings(&["prod-*", "latest", "prod-*"]),
        tag_prefixes: strings(&["v", "release-", "v"]),
        ..seed()
    });
    let tags: Vec<TagSelection> = generated.rules.into_iter().map(|rule| rule.selection.tags).collect();
    let wanted = [
        TagSelection::Patterns(strings(&["prod-*"])),
        TagSelection::Patterns(strings(&["latest"])),
        TagSelection::Prefixes(strings(&["v"])),
        TagSelection::Prefixes(strings(&["release-"])),
        TagSelection::Untagged,
        TagSelection::Any,
    ];
    assert_eq!(tags, wanted);
}

#[test]
fn what_retention_refuses() {
    let many = |count: usize| (0..count).map(|i| format!("p{i}")).collect::<Vec<_>>();
    let one = |text: &str| vec!["ok".to_owned(), text.to_owned()];
    let cases = [
        (Retention { max_image_count: 0, ..seed() }, "MaxImageCount: value"),
        (Retention { image_retention_days: 0, ..seed() }, "ImageRetentionDays: value"),
        (Retention { untagged_retention_days: 0, ..seed() }, "UntaggedRetentionDays: value"),
        (Retention { tag_prefixes: many(48), ..seed() }, ": rule-count"),
        (Retention { tag_prefixes: one("v*"), ..seed() }, "TagPrefixes[1]: tag-text"),
        (Retention { tag_prefixes: one(""), ..seed() }, "TagPrefixes[1]: empty-tag"),
        (Retention { protected_tag_patterns: one("a/b"), ..seed() }, "ProtectedTagPatterns[1]: tag-text"),
        (Retention { protected_tag_patterns: one("*****"), ..seed() }, "ProtectedTagPatterns[1]: L7"),
    ];
    for (retention, flaw) in cases {
        assert_eq!(refused(Err(retention.flaws())), [flaw]);
    }
    let full = Retention { tag_prefixes: many(47), ..seed() };
    assert_eq!(full.flaws(), []);
    assert_eq!(accepted(&as_value(&generate(&full))).rules.len(), MAX_RULES);
    let repeated = Retention { tag_prefixes: vec!["v".to_owned(); 60], ..seed() };
    assert_eq!(repeated.flaws(), []);
}

#[test]
fn legal_patterns_and_prefixes() {
    let longest = "x".repeat(128);
    for good in ["v", "V1._-", "-", longest.as_str()] {
        assert_eq!((pattern_flaw(good), prefix_flaw(good)), (None, None), "{good}");
    }
    for bad in ["", "a b", "a/b", "a:b", "é", "a\n", &"x".repeat(129)] {
        assert!(pattern_flaw(bad).is_some() && prefix_flaw(bad).is_some(), "{bad:?}");
    }
    for pattern in ["*", "*a*b*c*"] {
        assert!(pattern_flaw(pattern).is_none() && prefix_flaw(pattern).is_some(), "{pattern}");
    }
    assert!(pattern_flaw("*a*b*c*d*").is_some());
}

fn as_value(policy: &Policy) -> Value {
    serde_json::from_str(&policy.to_text()).unwrap()
}

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
