//! Access in words: principals, functions, organisations.

use super::*;

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
