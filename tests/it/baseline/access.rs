//! Whom the repository policy lets in.

use super::{Case, OWN, baseline, denied, policy, requires};
use ecr_steward::model::Seen;
use ecr_steward::plan::Change;
use ecr_steward::plan::posture::Status;
use serde_json::{Value, json};

const FRIEND: &str = "111122223333";
const STRANGER: &str = "444455556666";

fn allow(sid: &str, principal: impl Into<Value>) -> Value {
    let principal: Value = principal.into();
    json!({"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": ["ecr:BatchGetImage"]})
}

fn root(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

/// The statements after the only change, in their text; none where the policy is deleted.
fn left(changes: &[Change]) -> Option<String> {
    match changes {
        [Change::SetRepositoryPolicy { text, .. }] => {
            let (_, statements) = text.split_once("\"Statement\":[").unwrap();
            Some(statements.strip_suffix("]}").unwrap().to_owned())
        }
        [Change::DeleteRepositoryPolicy { .. }] => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_offending_statements_go_and_the_others_stay_byte_for_byte() {
    let public = r#"{"Effect":"Allow","Principal":"*","Action":"ecr:*"}"#;
    // Spellings and order nobody would write out again like that.
    let odd = r#"{"Action":"ecr:batchGetImage","Effect":"Allow","Principal":{"AWS":"\u0031\u0031\u0031122223333"},"Sid":"o"}"#;
    let bounded = r#"{"Sid":"org","Effect":"Allow","Principal":"*","Action":["ecr:BatchGetImage"],"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-abcdefghij"}}}"#;
    let deny = r#"{"Sid":"d","Effect":"Deny","Principal":"*","Action":"ecr:DeleteRepository"}"#;
    let text = format!(r#"{{"Version":"2008-10-17","Id":"mine","Statement":[{odd},{public},{bounded},{deny}]}}"#);
    let case = Case::new("aa").with(|case| case.repository.policy = policy(&text));
    let baseline = requires(&json!({"NoPublicPrincipals": true}));
    let (check, changes) = case.only(&baseline);
    assert_eq!(
        (check.status, check.found.as_str()),
        (Status::Fail, "statement 2: it allows the principal \"*\" without a condition")
    );
    assert_eq!(left(&changes), Some(format!("{odd},{bounded},{deny}")));
    assert_eq!(case.mended(&case.judged(&baseline)).only(&baseline).0.status, Status::Pass);

    let alone = Case::new("aa").with_policy(&json!([allow("x", json!("*"))]));
    assert_eq!(left(&alone.only(&baseline).1), None);
    for (seen, status) in [
        (Seen::Missing, Status::Pass),
        (Seen::Unasked, Status::Unknown),
        (Seen::Unreadable(denied("GetRepositoryPolicy")), Status::Unknown),
        (policy("{\"Version\": \"2031-01-01\", \"Statement\": []}"), Status::Unknown),
    ] {
        for require in [json!({"NoPublicPrincipals": true}), json!({"AllowedAccounts": [FRIEND]})] {
            let case = Case::new("aa").with(|case| case.repository.policy = seen.clone());
            let (check, changes) = case.only(&requires(&require));
            assert_eq!((check.status, changes.len()), (status, 0), "{check:?}");
            assert!((status == Status::Pass) == check.note.is_empty(), "{check:?}");
        }
    }
}

#[test]
fn accounts_outside_the_list_are_taken_out_and_nobody_else() {
    let by = |accounts: &[&str]| json!({"AWS": accounts.iter().map(|account| root(account)).collect::<Vec<_>>()});
    let limited = |key: &str, value: &str| {
        let mut statement = allow("l", json!("*"));
        statement["Condition"] = json!({"StringEquals": {key: value}});
        statement
    };
    let mixed = limited("aws:PrincipalAccount", "");
    let mixed = {
        let mut statement = mixed;
        statement["Condition"]["StringEquals"]["aws:PrincipalAccount"] = json!([FRIEND, STRANGER]);
        statement
    };
    let service = allow("s", json!({"Service": "lambda.amazonaws.com"}));
    let both = json!({"AWS": [root(STRANGER), FRIEND], "Service": "lambda.amazonaws.com"});
    let kept = json!({"AWS": [FRIEND], "Service": "lambda.amazonaws.com"});
    let user = json!({"AWS": format!("arn:aws:iam::{STRANGER}:user/x")});
    let deny = json!({"Sid": "n", "Effect": "Deny", "Principal": {"AWS": root(STRANGER)}, "Action": "ecr:*"});
    // What becomes of a statement beside one that is fine: unchanged and met, unknown, or this.
    let cases = [
        (allow("f", by(&[FRIEND, OWN])), Status::Pass, None),
        (service.clone(), Status::Pass, None),
        (deny, Status::Pass, None),
        (allow("gone", json!({"AWS": "AROAEXAMPLEEXAMPLE12"})), Status::Pass, None),
        (limited("aws:PrincipalAccount", FRIEND), Status::Pass, None),
        (limited("aws:PrincipalOrgID", "o-abcdefghij"), Status::Unknown, None),
        (allow("c", json!({"CanonicalUser": "79a59df900b949e55d96a1e698fb"})), Status::Unknown, None),
        (allow("m", both), Status::Fail, Some(vec![allow("m", kept)])),
        (allow("u", user), Status::Fail, Some(vec![])),
        (allow("w", json!("*")), Status::Fail, Some(vec![])),
        (limited("aws:PrincipalAccount", STRANGER), Status::Fail, Some(vec![])),
        (mixed, Status::Fail, None),
    ];
    let fine = allow("fine", by(&[FRIEND]));
    for (statement, status, wanted) in cases {
        let case = Case::new("aa").with_policy(&json!([fine, statement]));
        let (check, changes) = case.only(&requires(&json!({"AllowedAccounts": [FRIEND]})));
        assert_eq!(check.status, status, "{statement} {check:?}");
        let Some(mut rest) = wanted else {
            assert!(changes.is_empty(), "{statement} {changes:?}");
            assert_eq!(check.note.is_empty(), status == Status::Pass, "{check:?}");
            continue;
        };
        rest.insert(0, fine.clone());
        let texts: Vec<String> = rest.iter().map(Value::to_string).collect();
        assert_eq!(left(&changes), Some(texts.join(",")), "{statement}");
    }
    let nobody = requires(&json!({"AllowedAccounts": []}));
    assert_eq!(Case::new("aa").with_policy(&json!([allow("x", by(&[OWN]))])).only(&nobody).0.status, Status::Pass);
    let (check, changes) = Case::new("aa").with_policy(&json!([fine])).only(&nobody);
    assert_eq!((check.wished.as_str(), left(&changes)), ("only this account and no other", None));
}

#[test]
fn what_two_enforced_rules_want_of_a_policy_is_one_write() {
    let rule = |name: &str, mode: &str, require: Value| json!({"Name": name, "Mode": mode, "Require": require});
    let of = |first: &str, second: &str| {
        baseline(&json!({"Rules": [
            rule("open", first, json!({"NoPublicPrincipals": true})),
            rule("accounts", second, json!({"AllowedAccounts": [FRIEND]})),
        ]}))
    };
    let (public, strange) = (allow("p", json!("*")), allow("s", json!({"AWS": root(STRANGER)})));
    let friendly = allow("f", json!({"AWS": root(FRIEND)}));
    let case = Case::new("aa").with_policy(&json!([public, strange, friendly]));
    let each = |first: &str, second: &str| -> Vec<String> {
        let judged = case.judged(&of(first, second));
        judged.remedies.iter().map(|remedy| left(&[remedy.steps[0].change.clone()]).unwrap()).collect()
    };
    let texts = |statements: &[&Value]| statements.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    // A `*` lets in every account, so it is for the second rule to remove as well.
    assert_eq!(each("Enforce", "Enforce"), [texts(&[&friendly]), texts(&[&friendly])]);
    assert_eq!(each("Enforce", "ReportOnly"), [texts(&[&strange, &friendly]), texts(&[&friendly])]);
    assert_eq!(each("ReportOnly", "Enforce"), [texts(&[&strange, &friendly]), texts(&[&friendly])]);
}
