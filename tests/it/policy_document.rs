//! Repository policies: compared by meaning, merged by ownership, searched for public access.

use std::collections::BTreeSet;

use ecr_steward::model::policy::{
    Access, Document, Flaw, Kind, MAX_POLICY_CHARACTERS, Mode, Principal, Statement, access_statements,
    authorization_policy, desired, is_ours, needs_change, parse_lambda_arn, parse_organization_id, parse_principal,
    public_exposure, public_push_statement, user_statement, user_statements, version_conflict,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const ROOT: &str = "arn:aws:iam::111122223333:root";
const LAMBDAS_OWN: &str = r#"{"Sid":"LambdaECRImageRetrievalPolicy","Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],"Condition":{"StringLike":{"aws:sourceArn":"arn:aws:lambda:eu-central-1:111122223333:function:*"}}}"#;

fn document(text: &str) -> Document {
    Document::parse_text(text).unwrap_or_else(|flaws| panic!("{flaws:?} in {text}"))
}

/// A policy of one statement that the service holds, with the given parts put over a plain Allow.
fn held(parts: &Value) -> Document {
    let mut statement = json!({"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "ecr:BatchGetImage"});
    for (name, value) in parts.as_object().unwrap() {
        if value.is_null() {
            statement.as_object_mut().unwrap().remove(name);
        } else {
            statement[name] = value.clone();
        }
    }
    document(&json!({"Version": "2012-10-17", "Statement": [statement]}).to_string())
}

fn paths(flaws: &[Flaw]) -> Vec<&str> {
    flaws.iter().map(|flaw| flaw.path.as_str()).collect()
}

// ---- meaning ----

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

// ---- ownership ----

#[test]
fn statements_of_others_survive_byte_for_byte() {
    let foreign = r#"{"Action":"ecr:*","Effect":"Deny","Principal":"*","Sid":"new statement \u00e4\/","Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#;
    let stale =
        r#"{"Sid":"EcrStewardPull","Effect":"Allow","Principal":{"AWS":"999988887777"},"Action":"ecr:BatchGetImage"}"#;
    let stored =
        document(&format!(r#"{{"Version":"2008-10-17","Id":"theirs","Statement":[{LAMBDAS_OWN},{stale},{foreign}]}}"#));
    let ours = access_statements(&Access {
        pull_principals: vec![Principal::Account("111122223333".into())],
        ..Access::default()
    });

    let merged = desired(Some(&stored), &ours, Mode::Merge).unwrap();
    let expected =
        format!(r#"{{"Version":"2012-10-17","Id":"theirs","Statement":[{LAMBDAS_OWN},{foreign},{}]}}"#, ours[0].text());
    assert_eq!(merged.to_text(), expected);
    assert!(needs_change(Some(&stored), Some(&merged)));
    let owned: Vec<bool> = merged.statements().iter().map(is_ours).collect();
    assert_eq!(owned, [false, false, true]);

    let cleared = desired(Some(&stored), &[], Mode::Merge).unwrap();
    assert_eq!(cleared.statements().len(), 2, "only ours went");

    let alone = desired(Some(&stored), &ours, Mode::Exclusive).unwrap();
    assert!(alone.means_the_same(&Document::from_statements(ours)));
}

#[test]
fn white_space_of_the_stored_text_is_no_part_of_a_statement() {
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(LAMBDAS_OWN).unwrap()).unwrap();
    let stored = document(&format!("{{ \"Statement\" : [ {pretty} ] }}"));
    let kept = desired(Some(&stored), &[], Mode::Merge).unwrap();
    assert_eq!(kept.statements()[0].text().len(), LAMBDAS_OWN.len());
    assert!(!needs_change(Some(&stored), Some(&kept)));
}

#[test]
fn no_policy_remains_when_nothing_is_left_to_say() {
    let ours_only = document(
        r#"{"Id":"x","Statement":[{"Sid":"EcrStewardUser1","Effect":"Deny","Principal":"*","Action":"ecr:*"}]}"#,
    );
    let foreign = document(&format!("{{\"Statement\":[{LAMBDAS_OWN}]}}"));
    let empty = document(r#"{"Statement":[]}"#);
    assert!(desired(None, &[], Mode::Merge).is_none());
    assert!(desired(None, &[], Mode::Exclusive).is_none());
    assert!(desired(Some(&ours_only), &[], Mode::Merge).is_none());
    assert!(desired(Some(&foreign), &[], Mode::Exclusive).is_none());
    assert!(desired(Some(&foreign), &[], Mode::Merge).is_some());

    assert!(!needs_change(None, None));
    assert!(!needs_change(Some(&empty), None), "a policy without statements is as good as none");
    assert!(needs_change(Some(&foreign), None));
    assert!(needs_change(None, Some(&foreign)));
}

#[test]
fn only_the_sid_says_whose_a_statement_is() {
    let sids = [
        (json!("EcrStewardPull"), true),
        (json!("EcrSteward"), true),
        (json!("EcrStewardUserAnything"), true),
        (json!("ecrstewardPull"), false),
        (json!("MyEcrSteward"), false),
        (json!(""), false),
        (Value::Null, false),
    ];
    for (sid, expected) in sids {
        assert_eq!(is_ours(&held(&json!({"Sid": sid})).statements()[0]), expected, "{sid}");
    }
}

#[test]
fn plain_text_of_the_older_version_is_not_turned_into_variables() {
    let condition = json!({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:user/${aws:username}"}});
    let raw = json!({"Effect": "Deny", "Principal": "*", "Action": "ecr:*", "Condition": condition});
    let with_variable = user_statement(&raw, 0).unwrap();
    let literal = |sid: &str| {
        let mut statement = raw.clone();
        statement["Sid"] = json!(sid);
        document(&json!({"Version": "2008-10-17", "Statement": [statement]}).to_string())
    };

    assert!(version_conflict(Some(&literal("Theirs")), std::slice::from_ref(&with_variable)).is_some());
    assert!(version_conflict(Some(&literal("Theirs")), &[]).is_none());
    assert!(version_conflict(Some(&literal("EcrStewardUser1")), std::slice::from_ref(&with_variable)).is_none());
    assert!(version_conflict(None, std::slice::from_ref(&with_variable)).is_none());

    let kept = desired(Some(&literal("Theirs")), &[], Mode::Merge).unwrap();
    assert!(kept.to_text().starts_with(r#"{"Version":"2008-10-17""#));
    let replaced = desired(Some(&literal("EcrStewardUser1")), &[with_variable], Mode::Merge).unwrap();
    assert!(replaced.to_text().starts_with(r#"{"Version":"2012-10-17""#));
    assert!(needs_change(Some(&literal("EcrStewardUser1")), Some(&replaced)));
}

// ---- statements of users ----

#[test]
fn a_users_statement_becomes_ours_by_name() {
    let raw =
        |sid: Value| json!({"Sid": sid, "Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "ecr:ListImages"});
    let named = |raw: &Value, index| user_statement(raw, index).unwrap().sid().unwrap().to_owned();
    assert_eq!(named(&raw(json!("Listers")), 4), "EcrStewardUserListers");
    assert_eq!(named(&raw(json!("")), 4), "EcrStewardUser5");
    assert_eq!(named(&raw(json!("EcrStewardUserListers")), 0), "EcrStewardUserListers");
    let mut without = raw(json!(""));
    without.as_object_mut().unwrap().remove("Sid");
    assert_eq!(named(&without, 0), "EcrStewardUser1");

    let statement = user_statement(&raw(json!("Listers")), 0).unwrap();
    let back = Document::parse_text(&Document::from_statements(vec![statement.clone()]).to_text()).unwrap();
    assert!(back.statements()[0].means_the_same(&statement));
    assert!(is_ours(&back.statements()[0]));

    let both = [raw(json!("2")), without];
    assert_eq!(paths(&user_statements(Kind::Repository, &both).unwrap_err()), ["[1].Sid"]);
    let flaws = user_statements(Kind::Repository, &[raw(json!("a b")), json!([])]).unwrap_err();
    assert_eq!(paths(&flaws), ["[0].Sid", "[1]"]);
}

#[test]
fn every_mistake_in_a_statement_is_told_at_once() {
    let raw = json!({
        "Sid": "a-b", "Efect": "Allow", "Principal": {"Aws": "111122223333"},
        "Action": ["ecr:PutImage", "s3:GetObject", "ecr:GetAuthorizationToken", 3],
        "Resource": "*",
        "Condition": {"StringEqual": {"aws:PrincipalOrgID": "o-a"}, "StringLike": {"SourceArn": [null]}, "Bool": 1},
    });
    let flaws = Statement::parse(&raw).unwrap_err();
    let mut found = paths(&flaws);
    found.sort_unstable();
    let expected = [
        "Action[1]",
        "Action[2]",
        "Action[3]",
        "Condition.Bool",
        "Condition.StringEqual",
        "Condition.StringLike.SourceArn",
        "Condition.StringLike.SourceArn",
        "Effect",
        "Efect",
        "Principal.Aws",
        "Resource",
        "Sid",
    ];
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected);
    let told = |path: &str| flaws.iter().find(|flaw| flaw.path == path).unwrap().to_string();
    assert!(told("Efect").contains("did you mean Effect?"));
    assert!(told("Principal.Aws").contains("did you mean AWS?"));
    assert!(told("Condition.StringEqual").contains("did you mean StringEquals?"));
    assert!(told("Action[2]").contains("identity permission"));
}

#[test]
fn single_mistakes_are_told_where_they_are() {
    let table = [
        (json!({"Effect": null}), "Effect"),
        (json!({"Principal": null}), "Principal"),
        (json!({"Action": null}), "Action"),
        (json!({"NotPrincipal": {"AWS": ROOT}}), "NotPrincipal"),
        (json!({"NotAction": "ecr:PutImage"}), "NotAction"),
        (json!({"NotResource": "*"}), "NotResource"),
        (json!({"Sid": 7}), "Sid"),
        (json!({"Action": []}), "Action"),
        (json!({"Action": "ecr:getauthorizationtoken"}), "Action"),
        (json!({"Action": "ecr:"}), "Action"),
        (json!({"Action": "ecr-public:PutImage"}), "Action"),
        (json!({"Principal": {}}), "Principal"),
        (json!({"Principal": "somebody"}), "Principal"),
        (json!({"Principal": {"AWS": [ROOT, "11112222333"]}}), "Principal.AWS[1]"),
        (json!({"Principal": {"AWS": "AROAIOSFODNN7EXAMPLE"}}), "Principal.AWS"),
        (json!({"Principal": {"AWS": "arn:aws:iam::*:root"}}), "Principal.AWS"),
        (json!({"Principal": {"Service": "*"}}), "Principal.Service"),
        (json!({"Principal": {"Federated": ""}}), "Principal.Federated"),
        (json!({"Principal": ["*"]}), "Principal"),
        (json!({"Condition": []}), "Condition"),
        (
            json!({"Condition": {"StringEquals": {"aws:PrincipalOrgID": {}}}}),
            "Condition.StringEquals.aws:PrincipalOrgID",
        ),
        (json!({"Condition": {"NullIfExists": {"aws:PrincipalOrgID": "true"}}}), "Condition.NullIfExists"),
    ];
    for (parts, expected) in table {
        let mut raw = json!({"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "ecr:BatchGetImage"});
        for (name, value) in parts.as_object().unwrap() {
            raw[name] = value.clone();
        }
        raw.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let flaws = Statement::parse(&raw).unwrap_err();
        assert_eq!(paths(&flaws), [expected], "{parts}");
    }
}

#[test]
fn good_statements_are_taken() {
    let table = [
        json!({"Effect": "Deny", "Principal": "*", "NotAction": "*", "Condition": {"ForAnyValue:StringNotLikeIfExists": {"aws:PrincipalOrgPaths": ["o-a/*"]}}}),
        json!({"Effect": "Allow", "NotPrincipal": {"AWS": ["111122223333", "*"]}, "Action": ["*", "ECR:Get*", "ecr:?utImage"]}),
        json!({"Effect": "Allow", "Principal": {"CanonicalUser": "79a5", "Federated": "cognito-identity.amazonaws.com", "Service": ["lambda.amazonaws.com"]}, "Action": "ecr:PutImage"}),
    ];
    for raw in table {
        assert!(Statement::parse(&raw).is_ok(), "{raw} {:?}", Statement::parse(&raw));
    }
    let bare = json!({"Effect": "Allow", "Principal": "111122223333", "Action": "ecr:PutImage"});
    let written: Value = serde_json::from_str(Statement::parse(&bare).unwrap().text()).unwrap();
    assert_eq!(written["Principal"], json!({"AWS": "111122223333"}), "only a star may stand alone");
}

#[test]
fn each_kind_of_policy_has_its_own_rules() {
    let raw = |action: &str| json!({"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": action});
    assert!(Statement::parse_for(Kind::PublicRepository, &raw("ecr-public:PutImage")).is_ok());
    assert!(Statement::parse_for(Kind::PublicRepository, &raw("ecr:PutImage")).is_err());
    let flaws = Statement::parse_for(Kind::Registry, &raw("ecr:ReplicateImage")).unwrap_err();
    assert_eq!(paths(&flaws), ["Resource"]);
    let mut complete = raw("ecr:ReplicateImage");
    complete["Resource"] = json!(["arn:aws:ecr:eu-central-1:111122223333:repository/*"]);
    assert!(Statement::parse_for(Kind::Registry, &complete).is_ok());
}

// ---- access in words ----

#[test]
fn access_becomes_the_least_statements() {
    let access = Access {
        pull_principals: vec![
            Principal::Arn("arn:aws-cn:iam::111122223333:role/puller".into()),
            Principal::Account("111122223333".into()),
            Principal::Account("111122223333".into()),
        ],
        push_principals: vec![Principal::Account("444455556666".into())],
        lambda_pull_arns: vec![
            "arn:aws-cn:lambda:cn-north-1:111122223333:function:one".into(),
            "arn:aws-cn:lambda:cn-north-1:111122223333:function:all-*".into(),
        ],
        pull_organizations: vec!["o-bbbbbbbbbb".into(), "o-aaaaaaaaaa".into()],
        partition: "aws-cn".into(),
    };
    let statements: Vec<Value> =
        access_statements(&access).iter().map(|s| serde_json::from_str(s.text()).unwrap()).collect();
    let expected = [
        json!({
            "Sid": "EcrStewardPull", "Effect": "Allow",
            "Principal": {"AWS": ["arn:aws-cn:iam::111122223333:role/puller", "arn:aws-cn:iam::111122223333:root"]},
            "Action": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        }),
        json!({
            "Sid": "EcrStewardPush", "Effect": "Allow",
            "Principal": {"AWS": ["arn:aws-cn:iam::444455556666:root"]},
            "Action": [
                "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload",
                "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
            ],
        }),
        json!({
            "Sid": "EcrStewardLambdaPull", "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            "Condition": {"ArnLike": {"aws:SourceArn": [
                "arn:aws-cn:lambda:cn-north-1:111122223333:function:all-*",
                "arn:aws-cn:lambda:cn-north-1:111122223333:function:one",
                "arn:aws-cn:lambda:cn-north-1:111122223333:function:one:*",
            ]}},
        }),
        json!({
            "Sid": "EcrStewardPullOrganization", "Effect": "Allow", "Principal": "*",
            "Action": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": ["o-aaaaaaaaaa", "o-bbbbbbbbbb"]}},
        }),
    ];
    assert_eq!(statements, expected);
    assert!(access_statements(&access).iter().all(|s| is_ours(s) && public_exposure(s).is_none()));
    assert!(access_statements(&Access::default()).is_empty());
}

#[test]
fn nothing_we_write_grants_the_login() {
    let everything = Access {
        pull_principals: vec![Principal::Anyone],
        push_principals: vec![Principal::Anyone],
        lambda_pull_arns: vec!["arn:aws:lambda:eu-west-1:111122223333:function:*".into()],
        pull_organizations: vec!["o-aaaaaaaaaa".into()],
        ..Access::default()
    };
    let written = Document::from_statements(access_statements(&everything)).to_text();
    assert!(!written.contains("GetAuthorizationToken"));
    let login: Value = serde_json::from_str(&authorization_policy()).unwrap();
    assert_eq!(login["Statement"][0]["Action"], "ecr:GetAuthorizationToken");
    assert_eq!(login["Statement"][0]["Resource"], "*");

    let gallery = public_push_statement(&[Principal::Account("111122223333".into())], "aws").unwrap();
    let value: Value = serde_json::from_str(gallery.text()).unwrap();
    assert!(Statement::parse_for(Kind::PublicRepository, &value).is_ok(), "{value}");
    assert!(public_push_statement(&[], "aws").is_none());
}

#[test]
fn principals_are_read() {
    let good = [
        ROOT,
        "111122223333",
        "*",
        "arn:aws-us-gov:iam::111122223333:user/division/anna.b+c@example",
        "arn:aws-cn:iam::111122223333:role/service-role/builder",
        "arn:aws:sts::111122223333:assumed-role/builder/session",
        "arn:aws:sts::111122223333:federated-user/anna",
    ];
    for text in good {
        assert_eq!(parse_principal(text).unwrap().written("aws").ends_with(text), text != "111122223333", "{text}");
    }
    let bad = [
        ("", "expected an account id"),
        ("1111222233334", "expected an account id"),
        ("role/builder", "expected an account id"),
        ("arn:aws:iam::111122223333:role/", "name"),
        ("arn:aws:iam::111122223333:role/a*", "wildcard"),
        ("arn:aws:iam::111122223333:group/devs", "group"),
        ("arn:aws:iam::111122223333:instance-profile/x", "name the role"),
        ("arn:aws:iam::111122223333:oidc-provider/token.example.com", "name the role"),
        ("arn:aws:sts::111122223333:assumed-role/builder", "session"),
        ("arn:aws:iam:eu-west-1:111122223333:role/x", "no principal"),
        ("arn:amazon:iam::111122223333:root", "partition"),
        ("arn:aws:iam::11112222333:root", "12 digits"),
        ("arn:aws:iam::111122223333:root/x", "no principal"),
        ("arn:aws:lambda:eu-west-1:111122223333:function:x", "no principal"),
        ("AROAIOSFODNN7EXAMPLE", "deleted"),
    ];
    for (text, hint) in bad {
        let message = parse_principal(text).unwrap_err();
        assert!(message.contains(hint) && message.contains(text), "{message}");
    }
}

#[test]
fn functions_and_organisations_are_read() {
    let one = "arn:aws:lambda:eu-west-1:111122223333:function:one";
    for text in [one, &format!("{one}:3"), &format!("{one}:$LATEST"), &format!("{one}:live"), &format!("{one}:*")] {
        assert_eq!(parse_lambda_arn(text).unwrap(), one, "{text}");
    }
    assert!(parse_lambda_arn("arn:aws-cn:lambda:cn-north-1:111122223333:function:*").is_ok());
    let bad = [
        "one",
        "arn:aws:lambda:eu-west-1:*:function:one",
        "arn:aws:lambda:eu-west-1:11112222333?:function:one",
        "arn:aws:lambda:*:111122223333:function:one",
        "arn:*:lambda:eu-west-1:111122223333:function:one",
        "arn:aws:lambda:eu-west-1:111122223333:function:",
        "arn:aws:lambda:eu-west-1:111122223333:function",
        "arn:aws:lambda:eu-west-1:111122223333:layer:one:1",
        "arn:aws:lambda:eu-west-1:111122223333:function:one:1:2",
        "arn:aws:lambda:eu-west-1:111122223333:function:one:",
        "arn:aws:lambda:eu-west-1:111122223333:function:o ne",
    ];
    for text in bad {
        assert!(parse_lambda_arn(text).is_err(), "{text}");
    }
    for (id, good) in [
        ("o-a1b2c3d4e5", true),
        (&*format!("o-{}", "a".repeat(32)), true),
        (&*format!("o-{}", "a".repeat(33)), false),
        ("o-a1b2c3d4e", false),
        ("o-A1b2c3d4e5", false),
        ("o-a1b2c3d4e*", false),
        ("r-a1b2c3d4e5", false),
    ] {
        assert_eq!(parse_organization_id(id).is_ok(), good, "{id}");
    }
}

#[test]
fn the_accounts_a_statement_names_are_found() {
    let role = "arn:aws:iam::444455556666:role/x";
    let named = |parts: &Value| held(parts).statements()[0].accounts().into_iter().collect::<Vec<_>>();
    assert_eq!(
        named(&json!({"Principal": {"AWS": [ROOT, role, "*", "AROAIOSFODNN7EXAMPLE"]}})),
        ["111122223333", "444455556666"]
    );
    assert!(named(&json!({"Principal": null, "NotPrincipal": {"AWS": ROOT}})).is_empty());
    assert!(named(&json!({"Principal": {"Service": "lambda.amazonaws.com"}})).is_empty());
}

// ---- public access ----

fn exposure(parts: &Value) -> Option<String> {
    public_exposure(&held(parts).statements()[0])
}

#[test]
fn everybody_is_found_however_written() {
    let table = [
        (json!({"Principal": "*"}), true),
        (json!({"Principal": {"AWS": "*"}}), true),
        (json!({"Principal": {"AWS": [ROOT, "*"]}}), true),
        (json!({"Principal": {"Service": "lambda.amazonaws.com", "AWS": "*"}}), true),
        (json!({"Principal": {"Federated": "*"}}), true),
        (json!({"Principal": {"AWS": "arn:aws:iam::*:root"}}), true),
        (json!({"Principal": null, "NotPrincipal": {"AWS": ROOT}}), true),
        (json!({"Principal": "*", "Action": null, "NotAction": "ecr:PutImage"}), true),
        (json!({"Principal": "*", "Effect": "Deny"}), false),
        (json!({"Principal": {"AWS": ROOT}}), false),
        (json!({"Principal": {"AWS": "arn:aws:iam::111122223333:user/*"}}), false),
        (json!({"Principal": {"AWS": []}}), false),
        (json!({"Principal": {"Service": "lambda.amazonaws.com"}}), false),
    ];
    for (parts, public) in table {
        assert_eq!(exposure(&parts).is_some(), public, "{parts}");
    }
    assert!(exposure(&json!({"Principal": "*"})).unwrap().contains("\"*\""));
}

#[test]
fn conditions_bound_the_caller_or_do_not() {
    let org = json!("o-a1b2c3d4e5");
    let role = json!("arn:aws:iam::111122223333:role/x");
    let table = [
        // Every operator that has to hold for a key that is there.
        ("StringEquals", "aws:PrincipalOrgID", org.clone(), false),
        ("stringequals", "AWS:principalorgid", org.clone(), false),
        ("StringEqualsIgnoreCase", "aws:SourceOrgID", org.clone(), false),
        ("StringLike", "aws:PrincipalArn", role.clone(), false),
        ("ArnLike", "aws:PrincipalArn", json!("arn:aws:iam::111122223333:role/*"), false),
        ("ArnEquals", "aws:SourceArn", json!("arn:*:lambda:*:111122223333:function:*"), false),
        ("IpAddress", "aws:SourceIp", json!(["203.0.113.0/24", "2001:db8::/32", "198.51.100.7"]), false),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", json!("o-a1b2c3d4e5/r-ab12/*"), false),
        ("StringEquals", "aws:SourceVpce", json!("vpce-0123456789abcdef0"), false),
        ("StringEquals", "aws:PrincipalAccount", json!(["111122223333", "444455556666"]), false),
        ("StringEquals", "aws:SourceAccount", json!("111122223333"), false),
        ("ArnLike", "aws:SourceArn", json!("arn:aws:s3:::one-bucket"), false),
        ("StringLike", "aws:userid", json!("AROAIOSFODNN7EXAMPLE:*"), false),
        // Operators that hold for strangers.
        ("StringNotEquals", "aws:PrincipalOrgID", org.clone(), true),
        ("StringEqualsIfExists", "aws:PrincipalOrgID", org.clone(), true),
        ("ForAllValues:StringEquals", "aws:PrincipalOrgPaths", json!("o-a1b2c3d4e5/"), true),
        ("ForAnyValue:StringLikeIfExists", "aws:PrincipalOrgPaths", json!("o-a1b2c3d4e5/"), true),
        ("ArnNotLike", "aws:PrincipalArn", role.clone(), true),
        ("NotIpAddress", "aws:SourceIp", json!("203.0.113.0/24"), true),
        ("Null", "aws:PrincipalOrgID", json!("false"), true),
        // Keys that strangers can satisfy.
        ("StringEquals", "aws:PrincipalTag/team", json!("blue"), true),
        ("StringEquals", "aws:username", json!("anna"), true),
        ("Bool", "aws:SecureTransport", json!("true"), true),
        ("StringEquals", "aws:RequestedRegion", json!("eu-west-1"), true),
        ("StringEquals", "aws:ResourceAccount", json!("111122223333"), true),
        ("IpAddress", "aws:VpcSourceIp", json!("10.0.0.0/8"), true),
        // Values that strangers match.
        ("StringLike", "aws:PrincipalOrgID", json!("*"), true),
        ("StringLike", "aws:PrincipalOrgID", json!("o-*"), true),
        ("StringLike", "aws:PrincipalOrgID", json!(["o-a1b2c3d4e5", "o-?1b2c3d4e5"]), true),
        ("StringEquals", "aws:PrincipalOrgID", json!("${aws:PrincipalOrgID}"), true),
        ("ArnLike", "aws:PrincipalArn", json!("arn:aws:iam::*:role/x"), true),
        ("ArnLike", "aws:PrincipalArn", json!("*"), true),
        ("ArnLike", "aws:SourceArn", json!("arn:aws:s3:::*"), true),
        ("StringLike", "aws:PrincipalArn", json!("arn:*:iam::111122223333:role/x"), true),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", json!("*/r-ab12/*"), true),
        ("StringLike", "aws:userid", json!("*:session"), true),
        ("StringLike", "aws:PrincipalAccount", json!("1111*"), true),
        ("StringEquals", "aws:PrincipalOrgID", json!([]), true),
        ("IpAddress", "aws:SourceIp", json!("0.0.0.0/0"), true),
        ("IpAddress", "aws:SourceIp", json!("::/0"), true),
        ("IpAddress", "aws:SourceIp", json!(["0.0.0.0/1", "128.0.0.0/1"]), true),
        ("IpAddress", "aws:SourceIp", json!(["203.0.113.0/24", "128.0.0.0/2"]), true),
        ("IpAddress", "aws:SourceIp", json!("::ffff:0.0.0.0/96"), true),
        ("IpAddress", "aws:SourceIp", json!("2000::/3"), true),
        ("IpAddress", "aws:SourceIp", json!("anywhere"), true),
        ("StringLike", "aws:SourceIp", json!("203.0.113.*"), true),
    ];
    for (operator, key, value, public) in table {
        let parts = json!({"Principal": "*", "Condition": {operator: {key: value}}});
        let found = exposure(&parts);
        assert_eq!(found.is_some(), public, "{parts} {found:?}");
    }
}

#[test]
fn one_bounding_condition_is_enough_and_all_reasons_are_told() {
    let bounded = json!({"Principal": "*", "Condition": {
        "Bool": {"aws:SecureTransport": "true"},
        "StringLike": {"aws:PrincipalArn": "*", "aws:PrincipalOrgID": "o-a1b2c3d4e5"},
    }});
    assert_eq!(exposure(&bounded), None);
    let open = json!({"Principal": "*", "Condition": {
        "Bool": {"aws:SecureTransport": "true"}, "IpAddress": {"aws:SourceIp": "0.0.0.0/0"},
    }});
    let reason = exposure(&open).unwrap();
    assert!(reason.contains("aws:securetransport") && reason.contains("0.0.0.0/0"), "{reason}");
}

// ---- properties ----

/// A statement as a set of facts, to be written down in more than one way.
#[derive(Clone, Debug)]
struct Facts {
    sid: String,
    allows: bool,
    accounts: BTreeSet<u8>,
    roles: BTreeSet<u8>,
    actions: BTreeSet<u8>,
    organizations: BTreeSet<u8>,
}

const ACTIONS: [&str; 6] =
    ["ecr:PutImage", "ecr:BatchGetImage", "ecr:ListImages", "ecr:Describe*", "ecr:TagResource", "ecr:UntagResource"];

fn facts() -> impl Strategy<Value = Facts> {
    let few = |highest: u8, least: usize| prop::collection::btree_set(0..highest, least..4);
    ("(Theirs|EcrSteward)[ -~äß\\u{1F600}]{0,6}", any::<bool>(), few(9, 1), few(9, 0), few(5, 1), few(9, 0)).prop_map(
        |(sid, allows, accounts, roles, actions, organizations)| Facts {
            sid,
            allows,
            accounts,
            roles,
            actions,
            organizations,
        },
    )
}

/// A run of decisions about spelling, repeated when it is used up.
#[derive(Debug)]
struct Style(Vec<u8>, usize);

impl Style {
    fn below(&mut self, limit: usize) -> usize {
        self.1 += 1;
        usize::from(self.0[self.1 % self.0.len()]) % limit
    }

    fn shuffled<T>(&mut self, mut items: Vec<T>) -> Vec<T> {
        for last in (1..items.len()).rev() {
            let other = self.below(last + 1);
            items.swap(last, other);
        }
        items
    }

    fn space(&mut self) -> &'static str {
        ["", " ", "\n  ", "\t"][self.below(4)]
    }

    fn case(&mut self, name: &str) -> String {
        [name.to_owned(), name.to_uppercase(), name.to_lowercase()][self.below(3)].clone()
    }

    /// One value alone or in a list; more in any order, with one said twice at times.
    fn list(&mut self, mut values: Vec<String>) -> String {
        if values.len() == 1 && self.below(2) == 0 {
            return Value::from(values.remove(0)).to_string();
        }
        if self.below(2) == 0 {
            values.extend(values.first().cloned());
        }
        let texts: Vec<String> = values.into_iter().map(|value| Value::from(value).to_string()).collect();
        let space = self.space();
        format!("[{space}{}]", self.shuffled(texts).join(&format!("{space},{space}")))
    }

    fn statement(&mut self, facts: &Facts) -> String {
        let mut principals = Vec::new();
        for account in &facts.accounts {
            let id = format!("{account:012}");
            principals.push(if self.below(2) == 0 { id } else { format!("arn:aws:iam::{id}:root") });
        }
        principals.extend(facts.roles.iter().map(|role| format!("arn:aws:iam::111122223333:role/r{role}")));
        let actions = facts.actions.iter().map(|n| self.case(ACTIONS[usize::from(*n)])).collect();
        let effect = if facts.allows { "Allow" } else { "Deny" };
        let mut members = vec![
            format!("\"Sid\":{}", Value::from(facts.sid.as_str())),
            format!("\"Effect\":{}\"{effect}\"", self.space()),
            format!("\"Principal\":{{\"AWS\":{}}}", self.list(principals)),
            format!("\"Action\":{}", self.list(actions)),
        ];
        if !facts.organizations.is_empty() {
            let key = self.case("aws:PrincipalOrgID");
            let ids = facts.organizations.iter().map(|n| format!("o-{n:010}")).collect();
            members.push(format!("\"Condition\":{{\"StringEquals\":{{\"{key}\":{}}}}}", self.list(ids)));
        }
        let space = self.space();
        format!("{{{space}{}{space}}}", self.shuffled(members).join(","))
    }

    fn policy(&mut self, facts: &[Facts]) -> String {
        let statements = facts.iter().map(|facts| self.statement(facts)).collect();
        let statements = self.shuffled(statements).join(",");
        let version = ["\"Version\":\"2012-10-17\",", "\"Version\":\"2008-10-17\",", ""][self.below(3)];
        format!("{{{version}\"Statement\":{}[{statements}]}}", self.space())
    }
}

fn style() -> impl Strategy<Value = Style> {
    prop::collection::vec(any::<u8>(), 1..40).prop_map(|choices| Style(choices, 0))
}

fn access() -> impl Strategy<Value = Access> {
    let accounts = || prop::collection::vec("[0-9]{12}".prop_map(Principal::Account), 0..3);
    (accounts(), accounts(), prop::collection::vec("o-[a-z0-9]{10}", 0..3)).prop_map(
        |(pull_principals, push_principals, pull_organizations)| Access {
            pull_principals,
            push_principals,
            pull_organizations,
            ..Access::default()
        },
    )
}

proptest! {
    #[test]
    fn spelling_never_changes_the_meaning(
        facts in prop::collection::vec(facts(), 0..4), mut one in style(), mut other in style(),
    ) {
        let (left, right) = (document(&one.policy(&facts)), document(&other.policy(&facts)));
        prop_assert!(left.means_the_same(&right), "{} / {}", left.to_text(), right.to_text());
    }

    #[test]
    fn one_more_of_anything_changes_the_meaning(
        facts in prop::collection::vec(facts(), 1..4), which in any::<prop::sample::Index>(), what in 0..5_u8,
        mut one in style(), mut other in style(),
    ) {
        let mut more = facts.clone();
        let changed = which.get(&facts).clone();
        let at = which.index(facts.len());
        match what {
            0 => more[at].accounts.extend([9]),
            1 => more[at].roles.extend([9]),
            2 => more[at].actions.extend([5]),
            3 => more[at].organizations.extend([9]),
            _ => more.push(Facts { sid: "Another one".into(), ..changed }),
        }
        let (left, right) = (document(&one.policy(&facts)), document(&other.policy(&more)));
        prop_assert!(!left.means_the_same(&right));
        prop_assert!(needs_change(Some(&left), Some(&right)));
    }

    #[test]
    fn what_is_written_reads_back(facts in prop::collection::vec(facts(), 0..4), mut style in style()) {
        let before = document(&style.policy(&facts));
        let text = before.to_text();
        let after = document(&text);
        prop_assert!(before.means_the_same(&after));
        prop_assert_eq!(after.to_text(), text);
    }

    #[test]
    fn merging_twice_is_merging_once(
        facts in prop::collection::vec(facts(), 0..4), access in access(), mut style in style(), exclusive in any::<bool>(),
    ) {
        let stored = document(&style.policy(&facts));
        let ours = access_statements(&access);
        let mode = if exclusive { Mode::Exclusive } else { Mode::Merge };
        let once = desired(Some(&stored), &ours, mode);
        // What the service answers afterwards.
        let answered = once.as_ref().map(|document| Document::parse_text(&document.to_text()).unwrap());
        let twice = desired(answered.as_ref(), &ours, mode);
        prop_assert_eq!(once.as_ref().map(Document::to_text), twice.as_ref().map(Document::to_text));
        prop_assert!(!needs_change(answered.as_ref(), twice.as_ref()));
    }

    #[test]
    fn merging_touches_nobody_elses_statement(
        facts in prop::collection::vec(facts(), 0..4), access in access(), mut style in style(),
    ) {
        let theirs: Vec<Facts> = facts.iter().filter(|facts| facts.sid.starts_with("Theirs")).cloned().collect();
        let stored = document(&style.policy(&facts));
        let merged = desired(Some(&stored), &access_statements(&access), Mode::Merge);
        let kept = merged.unwrap_or_else(|| Document::from_statements(Vec::new())).retaining(|s| !is_ours(s));
        let before: Vec<&str> = stored.statements().iter().filter(|s| !is_ours(s)).map(Statement::text).collect();
        let after: Vec<&str> = kept.statements().iter().map(Statement::text).collect();
        prop_assert_eq!(after.len(), theirs.len());
        prop_assert_eq!(after, before);
    }

    #[test]
    fn no_text_makes_the_reader_fall(text in "[\\[\\]{}:,\"\\\\ a*0-9]{0,40}") {
        if let Ok(read) = Document::parse_text(&text) {
            document(&read.to_text());
        }
    }
}
