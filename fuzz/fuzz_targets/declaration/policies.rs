//! The two policy languages: lifecycle policies and statements, nearly right.

use super::{Make, junk, list, number, text, texts};
use arbitrary::{Result, Unstructured};
use serde_json::{Map, Value, json};

pub(crate) const PRINCIPALS: [&str; 7] = [
    "111122223333",
    "*",
    "arn:aws:iam::444455556666:role/ci",
    "arn:aws:iam::444455556666:root",
    "arn:aws:sts::444455556666:assumed-role/ci/me",
    "arn:aws:iam::444455556666:group/all",
    "012345678901",
];

pub(crate) fn lifecycle(u: &mut Unstructured<'_>) -> Result<Value> {
    if u.ratio(1, 8)? {
        return Ok(json!("None"));
    }
    let policy = object(u, &[("rules", |u| list(u, rule))])?;
    Ok(if u.ratio(1, 4)? { json!(policy.to_string()) } else { policy })
}

fn rule(u: &mut Unstructured<'_>) -> Result<Value> {
    let expires = u.ratio(3, 4)?;
    let action = if expires {
        object(u, &[("type", |_| Ok(json!("expire")))])?
    } else {
        object(u, &[("type", |_| Ok(json!("transition"))), ("targetStorageClass", |_| Ok(json!("archive")))])?
    };
    let mut rule = object(u, &[("rulePriority", number), ("selection", selection)])?;
    rule["action"] = action;
    if u.arbitrary()? {
        rule["description"] = text(u, &["keep", "2"])?;
    }
    Ok(rule)
}

fn selection(u: &mut Unstructured<'_>) -> Result<Value> {
    let tags: &[(&str, Make)] = match u.int_in_range(0..=3_u8)? {
        0 => &[("tagStatus", |_| Ok(json!("any")))],
        1 => &[("tagStatus", |_| Ok(json!("untagged")))],
        2 => &[("tagStatus", |_| Ok(json!("tagged"))), ("tagPrefixList", |u| texts(u, &["v", "2"]))],
        _ => &[("tagStatus", |_| Ok(json!("tagged"))), ("tagPatternList", |u| texts(u, &["v*", "*", "3"]))],
    };
    let count: &[(&str, Make)] = if u.arbitrary()? {
        &[("countType", |_| Ok(json!("imageCountMoreThan"))), ("countNumber", number)]
    } else {
        &[
            ("countType", |u| text(u, &["sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned"])),
            ("countUnit", |u| text(u, &["days"])),
            ("countNumber", number),
        ]
    };
    let mut selection = object(u, &[tags, count].concat())?;
    if u.ratio(1, 4)? {
        selection["storageClass"] = text(u, &["standard", "archive"])?;
    }
    Ok(selection)
}

pub(crate) fn statement(u: &mut Unstructured<'_>) -> Result<Value> {
    let whom = if u.ratio(1, 8)? { "NotPrincipal" } else { "Principal" };
    let what = if u.ratio(1, 8)? { "NotAction" } else { "Action" };
    let actions: Make = |u| one_or_more(u, &["ecr:DescribeImages", "ecr:*", "ecr:BatchGetImage", "*"]);
    let effect: Make = |u| text(u, &["Allow", "Deny"]);
    let mut statement = object(u, &[("Effect", effect), (whom, principal), (what, actions)])?;
    if u.arbitrary()? {
        statement["Sid"] = text(u, &["Audit", "7", "EcrStewardPull"])?;
    }
    if u.arbitrary()? {
        statement["Condition"] = condition(u)?;
    }
    Ok(statement)
}

fn principal(u: &mut Unstructured<'_>) -> Result<Value> {
    if u.ratio(1, 4)? {
        return text(u, &PRINCIPALS);
    }
    let mut principal = object(u, &[("AWS", |u| one_or_more(u, &PRINCIPALS))])?;
    if u.ratio(1, 4)? {
        principal["Service"] = one_or_more(u, &["lambda.amazonaws.com", "1.5"])?;
    }
    Ok(principal)
}

fn condition(u: &mut Unstructured<'_>) -> Result<Value> {
    const OPERATORS: [&str; 6] =
        ["Bool", "StringEquals", "NumericLessThan", "ArnLike", "ForAnyValue:StringLike", "Null"];
    const KEYS: [&str; 4] = ["aws:SecureTransport", "aws:PrincipalOrgID", "aws:SourceAccount", "aws:PrincipalArn"];
    const VALUES: [&str; 4] = ["true", "o-a1b2c3d4e5", "111122223333", "arn:aws:iam::444455556666:role/*"];
    let (operator, key) = (*u.choose(&OPERATORS)?, *u.choose(&KEYS)?);
    Ok(json!({operator: {key: one_or_more(u, &VALUES)?}}))
}

fn one_or_more(u: &mut Unstructured<'_>, words: &[&str]) -> Result<Value> {
    if u.arbitrary()? { text(u, words) } else { texts(u, words) }
}

/// An object with these members; now and then one is missing, is something else or has another name.
fn object(u: &mut Unstructured<'_>, members: &[(&str, Make)]) -> Result<Value> {
    let wrong = if u.ratio(1, 8)? { u.choose_index(members.len())? } else { members.len() };
    let mut all = Map::new();
    for (index, (name, make)) in members.iter().enumerate() {
        let (name, value) = match if index == wrong { u.int_in_range(0..=2_u8)? } else { 3 } {
            0 => continue,
            1 => ((*name).to_owned(), junk(u, 1)?),
            2 => (u.arbitrary()?, make(u)?),
            _ => ((*name).to_owned(), make(u)?),
        };
        all.insert(name, value);
    }
    Ok(all.into())
}
