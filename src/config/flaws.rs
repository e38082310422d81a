//! What is wrong with a setting, if anything: its form, never whether the thing exists.

/// A Region's form; whether there is such a Region, only AWS knows.
pub(super) fn region_flaw(region: &str) -> Option<&'static str> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let parts = region.split('-').count();
    (parts < 3 || !region.chars().all(legal)).then_some("must be the name of a Region, such as eu-west-1")
}

/// The rules of S3 for bucket names (S3 User Guide, "General purpose bucket naming rules").
pub(super) fn bucket_flaw(bucket: &str) -> Option<&'static str> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let long = (3..=63).contains(&bucket.len());
    (!long || !bucket.chars().all(legal)).then_some("must be the name of a bucket: 3 to 63 of a-z 0-9 - .")
}

pub(super) fn queue_flaw(url: &str) -> Option<&'static str> {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let whole =
        host.and_then(|rest| rest.split_once('/')).is_some_and(|(host, path)| !host.is_empty() && !path.is_empty());
    (!whole).then_some("must be the URL of a queue")
}

/// What is wrong with a parameter prefix, if anything.
pub fn prefix_flaw(prefix: &str) -> Option<&'static str> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '.' | '-');
    if !prefix.starts_with('/') || prefix.ends_with('/') {
        Some("must begin with a slash and not end with one")
    } else if prefix.contains("//") || !prefix.chars().all(legal) {
        Some("must be a path of letters, digits and _ . -")
    } else if ["/aws", "/ssm"].iter().any(|own| prefix.to_ascii_lowercase().starts_with(own)) {
        Some("must not begin with aws or ssm, which SSM keeps to itself")
    } else {
        None
    }
}

/// An account's id is twelve digits (Account Management reference, `AccountId`).
pub(super) fn account_flaw(account: &str) -> Option<&'static str> {
    let legal = account.len() == 12 && account.chars().all(|c| c.is_ascii_digit());
    (!legal).then_some("must be an account's twelve digits")
}

/// A partition's form; whether there is such a one, only AWS knows.
pub(super) fn partition_flaw(partition: &str) -> Option<&'static str> {
    let legal = |c: char| c.is_ascii_lowercase() || c == '-';
    let ours = partition == "aws" || partition.starts_with("aws-");
    (!ours || !partition.chars().all(legal)).then_some("must be a partition, such as aws")
}

/// `arn:<partition>:sns:<region>:<account>:<name>`
pub(super) fn topic_flaw(arn: &str) -> Option<&'static str> {
    let parts: Vec<&str> = arn.split(':').collect();
    let whole = matches!(parts.as_slice(), ["arn", _, "sns", ..]);
    (!whole || parts.len() != 6 || parts.iter().any(|part| part.is_empty())).then_some("must be the ARN of a topic")
}

/// A bus's name or ARN (EventBridge API model, `NonPartnerEventBusNameOrArn`).
pub(super) fn bus_flaw(bus: &str) -> Option<&'static str> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name = match bus.rsplit_once(":event-bus/") {
        Some((arn, name)) if arn.starts_with("arn:") => name,
        _ => bus,
    };
    (name.is_empty() || !name.chars().all(legal)).then_some("must be the name or ARN of an event bus")
}

/// A stack's name (CloudFormation API reference, `CreateStack`).
pub(super) fn stack_flaw(name: &str) -> Option<&'static str> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic());
    (!begins || name.len() > 128 || !name.chars().all(legal)).then_some("must be the name of a stack")
}

/// `arn:<partition>:iam::<account>:role/<path and name>`
pub(super) fn role_flaw(arn: &str) -> Option<&'static str> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let whole = match parts.as_slice() {
        ["arn", partition, "iam", "", account, rest] => {
            !partition.is_empty()
                && account_flaw(account).is_none()
                && rest.strip_prefix("role/").is_some_and(|name| !name.is_empty())
        }
        _ => false,
    };
    (!whole).then_some("must be the ARN of a role")
}
