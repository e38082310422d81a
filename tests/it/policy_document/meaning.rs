//! Comparing policies by what they mean.

use super::*;

/// Rows: 20.
#[test]
fn different_spellings_mean_the_same() {
    let table = [
        ("account id and root ARN", json!({"Principal": {"AWS": "111122223333"}}), json!({})),
        (
            "root ARN of another partition",
            json!({"Principal": {"AWS": "arn:aws-cn:iam::111122223333:root"}}),
            json!({"Principal": {"AWS": "111122223333"}}),
        ),
        ("single and list", json!({"Principal": {"AWS": [ROOT]}, "Action": ["ecr:BatchGetImage"]}), json!({})),
        (
            "order and repetition",
            json!({"Action": ["ecr:PutImage", "ecr:BatchGetImage", "ecr:PutImage"]}),
            json!({"Action": ["ecr:BatchGetImage", "ecr:PutImage"]}),
        ),
        ("the same principal in both writings", json!({"Principal": {"AWS": ["111122223333", ROOT]}}), json!({})),
        ("case of actions", json!({"Action": "ECR:batchgetimage"}), json!({})),
        ("star", json!({"Principal": "*"}), json!({"Principal": {"AWS": "*"}})),
        ("star in a list", json!({"Principal": {"AWS": ["*"]}}), json!({"Principal": "*"})),
        (
            "case of condition keys",
            json!({"Condition": {"StringLike": {"AWS:SOURCEARN": "a"}}}),
            json!({"Condition": {"StringLike": {"aws:SourceArn": ["a"]}}}),
        ),
        (
            "condition values as a set",
            json!({"Condition": {"StringEquals": {"aws:PrincipalOrgID": ["o-b", "o-a", "o-b"]}}}),
            json!({"Condition": {"StringEquals": {"aws:PrincipalOrgID": ["o-a", "o-b"]}}}),
        ),
        (
            "truth value and its text",
            json!({"Condition": {"Bool": {"aws:SecureTransport": false}}}),
            json!({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}),
        ),
        (
            "number and its text",
            json!({"Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": 3600}}}),
            json!({"Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": ["3600"]}}}),
        ),
        ("conditions that say nothing", json!({"Condition": {"StringEquals": {}}}), json!({})),
        ("empty Sid", json!({"Sid": ""}), json!({})),
        ("a member nobody knows", json!({"New": {"a": 1, "b": 2}}), json!({"New": {"b": 2, "a": 1}})),
    ];
    for (name, left, right) in table {
        let (left, right) = (held(&left), held(&right));
        assert!(left.means_the_same(&right), "{name}");
        assert!(right.means_the_same(&left), "{name}, the other way round");
        assert!(!needs_change(Some(&left), Some(&right)), "{name}");
    }
}

#[test]
fn different_meanings_differ() {
    let condition = |operator: &str, key: &str, value: &str| json!({"Condition": {operator: {key: value}}});
    let table = [
        ("another account", json!({"Principal": {"AWS": "444455556666"}}), json!({})),
        (
            "a role instead of its account",
            json!({"Principal": {"AWS": "arn:aws:iam::111122223333:role/root"}}),
            json!({}),
        ),
        ("a deleted role", json!({"Principal": {"AWS": "AROAIOSFODNN7EXAMPLE"}}), json!({})),
        ("more than the account", json!({"Principal": {"AWS": [ROOT, "*"]}}), json!({})),
        (
            "another type of principal",
            json!({"Principal": {"Service": "a.amazonaws.com"}}),
            json!({"Principal": {"Federated": "a.amazonaws.com"}}),
        ),
        ("NotPrincipal", json!({"Principal": null, "NotPrincipal": {"AWS": ROOT}}), json!({})),
        ("NotAction", json!({"Action": null, "NotAction": "ecr:BatchGetImage"}), json!({})),
        ("Deny", json!({"Effect": "Deny"}), json!({})),
        ("a Sid", json!({"Sid": "One"}), json!({})),
        ("case of a Sid", json!({"Sid": "One"}), json!({"Sid": "one"})),
        ("a wider action", json!({"Action": "ecr:Batch*"}), json!({})),
        ("a condition", condition("StringEquals", "aws:PrincipalOrgID", "o-a"), json!({})),
        (
            "another operator",
            condition("StringEquals", "aws:PrincipalOrgID", "o-a"),
            condition("StringLike", "aws:PrincipalOrgID", "o-a"),
        ),
        (
            "another key",
            condition("StringEquals", "aws:PrincipalOrgID", "o-a"),
            condition("StringEquals", "aws:SourceOrgID", "o-a"),
        ),
        (
            "case of a condition value",
            condition("StringEquals", "aws:PrincipalArn", "a"),
            condition("StringEquals", "aws:PrincipalArn", "A"),
        ),
        (
            "IfExists",
            condition("StringEquals", "aws:PrincipalOrgID", "o-a"),
            condition("StringEqualsIfExists", "aws:PrincipalOrgID", "o-a"),
        ),
        ("a member nobody knows", json!({"New": 1}), json!({})),
        ("a resource", json!({"Resource": "*"}), json!({})),
    ];
    for (name, left, right) in table {
        let (left, right) = (held(&left), held(&right));
        assert!(!left.means_the_same(&right), "{name}");
        assert!(!right.means_the_same(&left), "{name}, the other way round");
        assert!(needs_change(Some(&left), Some(&right)), "{name}");
    }
}

#[test]
fn the_envelope_counts_only_where_it_decides() {
    let plain = r#"{"Effect":"Allow","Principal":"*","Action":"ecr:*"}"#;
    let variable = r#"{"Effect":"Deny","Principal":"*","Action":"ecr:*","Condition":{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/${aws:username}"}}}"#;
    let envelope = |version: &str, statement: &str| document(&format!("{{{version}\"Statement\":[{statement}]}}"));
    let older = r#""Version":"2008-10-17","#;
    let newer = r#""Version":"2012-10-17","#;
    let named = r#""Version":"2012-10-17","Id":"x","#;

    assert!(envelope(older, plain).means_the_same(&envelope(newer, plain)));
    assert!(envelope("", plain).means_the_same(&envelope(newer, plain)));
    assert!(envelope(named, plain).means_the_same(&envelope(newer, plain)));
    assert!(!envelope(older, variable).means_the_same(&envelope(newer, variable)));
    assert!(!envelope("", variable).means_the_same(&envelope(newer, variable)));
    assert!(envelope("", variable).means_the_same(&envelope(older, variable)));

    let alone = document(&format!("{{\"Statement\":{plain}}}"));
    assert!(alone.means_the_same(&envelope(newer, plain)), "a statement without a list around it");
    let twice = envelope(newer, &format!("{plain},{plain}"));
    assert!(twice.means_the_same(&alone), "a statement said twice");
}

#[test]
fn text_is_minimal_and_keeps_what_the_older_version_says() {
    let loose = "{\n \"Statement\" : [ {\"Principal\" : \"*\",\t\"Effect\": \"Deny\" , \"Sid\": \"a { b \\\" c, d\", \"Action\": [ \"ecr:*\" ] } ],\n \"Version\": \"2008-10-17\", \"Id\": \"my policy\" }";
    let tight = r#"{"Version":"2012-10-17","Id":"my policy","Statement":[{"Principal":"*","Effect":"Deny","Sid":"a { b \" c, d","Action":["ecr:*"]}]}"#;
    assert_eq!(document(loose).to_text(), tight);
    assert_eq!(document(loose).len_in_characters(), tight.len());
    assert_eq!(document(r#"{"Statement":[]}"#).to_text(), r#"{"Version":"2012-10-17","Statement":[]}"#);
    assert!(document(r#"{"Statement":[]}"#).is_empty());

    let literal = r#"{"Version":"2008-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"ecr:*","Condition":{"StringEquals":{"aws:PrincipalTag/x":"${y}"}}}]}"#;
    assert_eq!(document(literal).to_text(), literal);
}

#[test]
fn length_is_counted_in_characters() {
    let text = r#"{"Version":"2012-10-17","Id":"äöü","Statement":[]}"#;
    assert_eq!(document(text).len_in_characters(), text.len() - 3);
    let many: Vec<Principal> = (0..400).map(|n| Principal::Account(format!("{n:012}"))).collect();
    let access = Access { pull_principals: many, ..Access::default() };
    assert!(Document::from_statements(access_statements(&access)).len_in_characters() > MAX_POLICY_CHARACTERS);
}

#[test]
fn texts_that_cannot_be_compared_are_refused() {
    let table = [
        ("", vec![""]),
        ("[]", vec![""]),
        ("{}", vec!["Statement"]),
        (r#"{"Statement":1}"#, vec!["Statement"]),
        (r#"{"Statement":[1]}"#, vec!["Statement[0]"]),
        (r#"{"Version":"2015-01-01","Id":3,"Statment":[],"Statement":[]}"#, vec!["Statment", "Version", "Id"]),
        (
            r#"{"Statement":[{"Principal":"*","Action":"ecr:*"},{"Effect":"allow","Principal":3,"Action":[4]}]}"#,
            vec!["Statement[0].Effect", "Statement[1].Effect", "Statement[1].Principal", "Statement[1].Action[0]"],
        ),
        (
            r#"{"Statement":[{"Effect":"Deny","Effect":"Allow","Principal":"*","Action":"ecr:*"}]}"#,
            vec!["Statement[0].Effect"],
        ),
        (
            r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"ecr:*","Condition":{"Bool":{"a:B":"x","A:b":"y"}}}}"#,
            vec!["Statement.Condition.Bool.a:B"],
        ),
    ];
    for (text, expected) in table {
        let flaws = Document::parse_text(text).unwrap_err();
        assert_eq!(paths(&flaws), expected, "{text}");
    }
    let flaws = Document::parse_text(r#"{"Statment":[],"Statement":[]}"#).unwrap_err();
    assert!(flaws[0].message.contains("did you mean Statement?"), "{flaws:?}");
}

#[test]
fn what_the_service_holds_is_read_leniently() {
    for principal in [json!({"AWS": "AROAIOSFODNN7EXAMPLE"}), json!({"AWS": []}), json!({"Later": "x"})] {
        held(&json!({"Principal": principal, "Action": "later:Thing", "Sid": "new statement", "Later": true}));
    }
}
