//! Every law of the service: a policy that breaks it and the nearest one that does not.

use super::*;

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
