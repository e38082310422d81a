//! Principals: how they are written, and which writings name the same one.
//!
//! Knows the shape of account ids and IAM ARNs. May not know whether a principal exists.

/// Somebody a declaration names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// `*`. Kept rather than refused here, so that the check for public access can name it and a declaration
    /// that allows public principals can have it.
    Anyone,
    /// An account by its id of 12 digits: whatever that account lets through.
    Account(String),
    /// A user, a role, a session or an account's root by ARN, as given.
    Arn(String),
}

impl Principal {
    /// The text that stands in a policy. An account is written as its root ARN, because that is what ECR answers
    /// when asked later.
    #[must_use]
    pub fn written(&self, partition: &str) -> String {
        match self {
            Principal::Anyone => "*".to_owned(),
            Principal::Account(id) => format!("arn:{partition}:iam::{id}:root"),
            Principal::Arn(arn) => arn.clone(),
        }
    }
}

/// Reads a principal as a declaration gives it: `*`, an account id, or the ARN (any partition) of an account's
/// root, an IAM user or role, an assumed role's session or a federated user's session.
///
/// # Errors
/// Says what is wrong with the text and what is allowed.
pub fn parse_principal(text: &str) -> Result<Principal, String> {
    if text == "*" {
        return Ok(Principal::Anyone);
    }
    if is_account(text) {
        return Ok(Principal::Account(text.to_owned()));
    }
    if !text.starts_with("arn:") {
        return Err(not_a_principal(text));
    }
    if text.contains(['*', '?']) {
        return Err(format!(
            "{text:?} has a wildcard, which a principal's ARN cannot have; name the principals, or use \"*\" with a \
             condition on aws:PrincipalArn"
        ));
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let &[_, partition, service, "", account, resource] = parts.as_slice() else {
        return Err(not_a_principal(text));
    };
    if !is_partition(partition) {
        return Err(format!("{text:?} has an unknown partition; expected aws, aws-cn, aws-us-gov or the like"));
    }
    if !is_account(account) {
        return Err(format!("{text:?} lacks an account id of 12 digits"));
    }
    check_resource(text, service, resource).map(|()| Principal::Arn(text.to_owned()))
}

fn check_resource(text: &str, service: &str, resource: &str) -> Result<(), String> {
    let (sort, name) = resource.split_once('/').unwrap_or((resource, ""));
    match (service, sort) {
        ("iam", "root") if resource == "root" => Ok(()),
        ("iam", "user" | "role") if is_name_with_path(name) => Ok(()),
        ("sts", "federated-user") if is_name(name) => Ok(()),
        ("sts", "assumed-role") => match name.split_once('/') {
            Some((role, session)) if is_name(role) && is_name(session) => Ok(()),
            _ => Err(format!(
                "{text:?} must end in assumed-role/<role>/<session>; name the role to let every session in"
            )),
        },
        ("iam", "user" | "role") | ("sts", "federated-user") => {
            Err(format!("{text:?} lacks a valid name (letters, digits and _+=,.@-)"))
        }
        ("iam", "group") => Err(format!("{text:?} is a group, which cannot be a principal; name its users or a role")),
        ("iam", "instance-profile") => Err(format!("{text:?} is an instance profile; name the role in it")),
        ("iam", "oidc-provider" | "saml-provider") => {
            Err(format!("{text:?} is an identity provider, which never calls ECR itself; name the role it signs in to"))
        }
        _ => Err(not_a_principal(text)),
    }
}

fn not_a_principal(text: &str) -> String {
    if is_unique_id(text) {
        return format!(
            "{text:?} is the unique id of a deleted user or role; name an account id or an ARN that exists"
        );
    }
    format!("{text:?} is no principal; expected an account id of 12 digits, the ARN of a user, role or root, or \"*\"")
}

/// What stays behind in a stored policy when the user or role behind an ARN is deleted, e.g. `AROA…`.
pub(super) fn is_unique_id(text: &str) -> bool {
    (16..=128).contains(&text.len())
        && text.starts_with('A')
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// 12 digits.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// `aws`, or `aws-` and more, as in `aws-us-gov` or `aws-iso-b`.
pub(super) fn is_partition(text: &str) -> bool {
    text == "aws"
        || text
            .strip_prefix("aws-")
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
}

/// The characters and the longest length (64) of a name of a user, role or session.
fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
}

fn is_name_with_path(text: &str) -> bool {
    let (path, name) = text.rsplit_once('/').unwrap_or(("", text));
    is_name(name) && path.bytes().all(|b| b.is_ascii_graphic())
}

/// The account behind a principal: the id itself, or the fifth part of an ARN.
pub(super) fn account_of(principal: &str) -> Option<&str> {
    let account = if principal.starts_with("arn:") { principal.split(':').nth(4)? } else { principal };
    is_account(account).then_some(account)
}

/// One writing for all writings of the same principal: an account's root ARN becomes its id. The partition falls
/// away with it: a repository and everybody its policy can name live in one partition.
pub(super) fn same_writing(principal: &str) -> &str {
    let parts: Vec<&str> = principal.splitn(6, ':').collect();
    match parts.as_slice() {
        &["arn", _, "iam", "", account, "root"] if is_account(account) => account,
        _ => principal,
    }
}
