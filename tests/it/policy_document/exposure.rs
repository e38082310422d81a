//! Policies that let everybody in.

use super::*;

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
