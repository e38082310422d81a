//! Statements that are ours and statements that are not.

use super::*;

/// Rows: 48.
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
