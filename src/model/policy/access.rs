//! The statements that a declaration's own words stand for: who pulls, who pushes.
//!
//! Knows the least set of actions for each and the shapes of what may be named. May not know whether a principal, a
//! function or an organisation exists.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::OWN_SID_PREFIX;
use super::principal::{Principal, is_account, is_partition};
use super::statement::Statement;

const PULL: [&str; 3] = ["BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"];
const PUSH: [&str; 4] = ["PutImage", "InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload"];
/// Lambda fetches by digest and never asks which layers it lacks.
const LAMBDA_PULL: [&str; 2] = ["BatchGetImage", "GetDownloadUrlForLayer"];

/// Who may do what with a private repository, in the words of a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// May pull.
    pub pull_principals: Vec<Principal>,
    /// May pull and push.
    pub push_principals: Vec<Principal>,
    /// Functions the Lambda service may pull for, as [`parse_lambda_arn`] returns them.
    pub lambda_pull_arns: Vec<String>,
    /// Organisations whose principals may pull, as [`parse_organization_id`] returns them.
    pub pull_organizations: Vec<String>,
    /// The partition the repository is in, e.g. `aws` or `aws-cn`; account ids become ARNs in it.
    pub partition: String,
}

impl Default for Access {
    /// Nobody, in the partition `aws`.
    fn default() -> Access {
        Access {
            pull_principals: Vec::new(),
            push_principals: Vec::new(),
            lambda_pull_arns: Vec::new(),
            pull_organizations: Vec::new(),
            partition: "aws".to_owned(),
        }
    }
}

/// The statements that grant this access, one per list that is not empty: `EcrStewardPull`, `EcrStewardPush`,
/// `EcrStewardLambdaPull` and `EcrStewardPullOrganization`, in this order. Lists are sorted and without repetition.
///
/// None of them grants `ecr:GetAuthorizationToken`, which has no resource: see [`authorization_policy`]. Principals
/// of another account need the same actions from a policy of their own account as well.
#[must_use]
pub fn access_statements(access: &Access) -> Vec<Statement> {
    let named = |sid, principals: &[Principal], actions: &[&str]| {
        let written: BTreeSet<String> = principals.iter().map(|p| p.written(&access.partition)).collect();
        if written.is_empty() {
            return None;
        }
        allow(sid, &json!({ "AWS": written }), &actions_of("ecr", actions), None)
    };
    let functions: BTreeSet<String> = access.lambda_pull_arns.iter().flat_map(|arn| with_versions(arn)).collect();
    let organizations: BTreeSet<&String> = access.pull_organizations.iter().collect();
    let pull_and_push = [PULL.as_slice(), PUSH.as_slice()].concat();
    let for_lambda = || {
        let condition = json!({ "ArnLike": { "aws:SourceArn": functions } });
        let lambda = json!({ "Service": "lambda.amazonaws.com" });
        allow("LambdaPull", &lambda, &actions_of("ecr", &LAMBDA_PULL), Some(&condition))
    };
    let for_organizations = || {
        let condition = json!({ "StringEquals": { "aws:PrincipalOrgID": organizations } });
        allow("PullOrganization", &json!("*"), &actions_of("ecr", &PULL), Some(&condition))
    };
    [
        named("Pull", &access.pull_principals, &PULL),
        named("Push", &access.push_principals, &pull_and_push),
        if functions.is_empty() { None } else { for_lambda() },
        if organizations.is_empty() { None } else { for_organizations() },
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// `EcrStewardPush` for a repository in the public gallery, or `None` without principals. Everybody may pull from
/// there, so there is nothing else to grant.
#[must_use]
pub fn public_push_statement(principals: &[Principal], partition: &str) -> Option<Statement> {
    let written: BTreeSet<String> = principals.iter().map(|p| p.written(partition)).collect();
    let actions = [&["BatchCheckLayerAvailability"], PUSH.as_slice()].concat();
    if written.is_empty() {
        return None;
    }
    allow("Push", &json!({ "AWS": written }), &actions_of("ecr-public", &actions), None)
}

/// The identity policy that whoever pulls or pushes still needs, as JSON text: logging in to a registry is a right of
/// the user or role, not of a repository.
#[must_use]
pub fn authorization_policy() -> String {
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}]}"#
        .to_owned()
}

/// Reads the ARN of a Lambda function, in any partition. The name may hold wildcards (`function:*` is every function
/// of the account), nothing else may. A version or an alias after the name is dropped: an image is fetched for the
/// function as a whole, and a template's `Ref` to a version yields an ARN with one.
///
/// # Errors
/// Says what is wrong with the text and what is allowed.
pub fn parse_lambda_arn(text: &str) -> Result<String, String> {
    let wrong = |what: &str| {
        Err(format!("{text:?} {what}; expected arn:<partition>:lambda:<region>:<account>:function:<name>"))
    };
    let parts: Vec<&str> = text.split(':').collect();
    let (head, qualifier) = parts.split_at(parts.len().min(7));
    let &["arn", partition, "lambda", region, account, "function", name] = head else {
        return wrong("is not the ARN of a Lambda function");
    };
    let in_name = |b: u8| b.is_ascii_alphanumeric() || b"-_*?".contains(&b);
    let in_qualifier = |b: u8| in_name(b) || b == b'$';
    if !is_partition(partition) {
        return wrong("has an unknown partition");
    }
    if region.is_empty() || !region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return wrong("has no Region, or a wildcard in it");
    }
    if !is_account(account) {
        return wrong("lacks an account id of 12 digits, in which a wildcard is not allowed");
    }
    if !(1..=64).contains(&name.len()) || !name.bytes().all(in_name) {
        return wrong("has no valid function name (1 to 64 letters, digits and -_, with * and ? as wildcards)");
    }
    match qualifier {
        [] => {}
        [one] if !one.is_empty() && one.bytes().all(in_qualifier) => {}
        _ => return wrong("has more after the function name than a version or an alias"),
    }
    Ok(head.join(":"))
}

/// Reads the id of an organisation: `o-` and 10 to 32 lower-case letters or digits.
///
/// # Errors
/// Says what is allowed.
pub fn parse_organization_id(text: &str) -> Result<String, String> {
    let valid = text.strip_prefix("o-").is_some_and(|id| {
        (10..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    });
    if valid {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} is no organisation id; expected o- and 10 to 32 lower-case letters or digits"))
}

/// A function's ARN and the pattern of its versions and aliases: a request made for a published version carries an
/// ARN that ends in it. A name that ends in `*` covers both already.
fn with_versions(arn: &str) -> Vec<String> {
    if arn.ends_with('*') { vec![arn.to_owned()] } else { vec![arn.to_owned(), format!("{arn}:*")] }
}

fn actions_of(service: &str, names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| format!("{service}:{name}")).collect()
}

/// An Allow of ours. The members stand in the order people write them in.
fn allow(sid: &str, principal: &Value, actions: &BTreeSet<String>, condition: Option<&Value>) -> Option<Statement> {
    let sid = Value::from(format!("{OWN_SID_PREFIX}{sid}"));
    let actions = json!(actions);
    let condition = condition.map(|condition| format!(",\"Condition\":{condition}")).unwrap_or_default();
    Statement::built(&format!(
        "{{\"Sid\":{sid},\"Effect\":\"Allow\",\"Principal\":{principal},\"Action\":{actions}{condition}}}"
    ))
}
