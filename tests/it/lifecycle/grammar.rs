//! Types, sizes, suggestions and the text itself.

use super::*;

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
