//! Meaning, and the policy that is generated.

use super::*;

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
