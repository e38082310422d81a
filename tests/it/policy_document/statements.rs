//! Further statements of users.

use super::*;

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
