//! Repository policies: compared by meaning, merged by ownership, searched for public access.

use std::collections::BTreeSet;

use ecr_steward::model::policy::{
    Access, Document, Flaw, Kind, MAX_POLICY_CHARACTERS, Mode, Principal, Statement, access_statements,
    authorization_policy, desired, is_ours, needs_change, parse_lambda_arn, parse_organization_id, parse_principal,
    public_exposure, public_push_statement, user_statement, user_statements, version_conflict,
};
use proptest::prelude::*;
use serde_json::{Value, json};

mod access;
mod exposure;
mod meaning;
mod ownership;
mod properties;
mod statements;

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
