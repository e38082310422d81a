//! Accounts and ARNs as ECR's registry settings want them: of the right service, and where it matters of the own account.

use super::Around;
use crate::spec::fields::Fields;

/// An ARN, taken apart.
pub(super) struct Arn<'t> {
    partition: &'t str,
    service: &'t str,
    region: &'t str,
    account: &'t str,
    resource: &'t str,
}

impl<'t> Arn<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next();
        let (Some("arn"), Some(partition), Some(service), Some(region), Some(account), Some(resource)) =
            (next(), next(), next(), next(), next(), next())
        else {
            return None;
        };
        let is_partition = partition == "aws" || partition.starts_with("aws-");
        is_partition.then_some(Self { partition, service, region, account, resource })
    }
}

/// 12 digits?
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit())
}

/// An account id, or why it is none.
pub(super) fn account(text: &str) -> Result<String, String> {
    if is_account(text) {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} is not an account id of 12 digits; in YAML it has to stand in quotation marks"))
}

/// 2 to 25 lower-case letters, digits and hyphens (ECR API model, `Region`)?
pub(super) fn is_region(text: &str) -> bool {
    (2..=25).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The characters of an IAM name or path (ECR API model, `PrincipalArn`).
fn is_iam_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
}

/// A role or user of IAM: `arn:…:iam::<account>:role/<path and name>`.
pub(super) fn iam_flaw(text: &str, sorts: &[&str]) -> Option<String> {
    let names = || sorts.join(" or ");
    let wanted = || {
        let sort = sorts.first().copied().unwrap_or_default();
        format!("{text:?} is not the ARN of an IAM {}; expected arn:<partition>:iam::<account>:{sort}/<name>", names())
    };
    let Some(arn) = Arn::parse(text).filter(|arn| (arn.service, arn.region) == ("iam", "")) else {
        return Some(wanted());
    };
    let Some((sort, name)) = arn.resource.split_once('/') else { return Some(wanted()) };
    let is_sound = is_account(arn.account) && sorts.contains(&sort) && name.split('/').all(is_iam_name);
    (!is_sound).then(wanted)
}

/// `CustomRoleArn`: a role of the registry's own account, at most 2,048 characters (ECR API model, `CustomRoleArn`).
pub(super) fn custom_role(fields: &Fields<'_>, around: &Around<'_>) -> Option<String> {
    let key = "CustomRoleArn";
    let text = fields.text(key)?;
    let length = text.chars().count();
    if length > 2_048 {
        fields.problem(key, format!("has {length} characters; ECR allows 2048"));
    } else if let Some(flaw) = iam_flaw(&text, &["role"]) {
        fields.problem(key, flaw);
    } else if let Some(flaw) = Arn::parse(&text).and_then(|arn| foreign(&arn, around, "a role", false)) {
        fields.problem(key, flaw);
    }
    Some(text)
}

/// A secret that ECR reads an upstream's credentials from: named `ecr-pullthroughcache/…`, in the registry's own account
/// and Region (ECR user guide, "Creating a pull through cache rule"); 50 to 612 characters (ECR API model,
/// `CredentialArn`).
pub(super) fn secret_flaw(text: &str, around: &Around<'_>) -> Option<String> {
    let Some(arn) = Arn::parse(text).filter(|arn| arn.service == "secretsmanager" && is_account(arn.account)) else {
        return Some(format!(
            "{text:?} is not the ARN of a secret; expected \
             arn:<partition>:secretsmanager:<region>:<account>:secret:ecr-pullthroughcache/<name>"
        ));
    };
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte);
    let name = arn.resource.strip_prefix("secret:ecr-pullthroughcache/");
    if !name.is_some_and(|name| !name.is_empty() && name.bytes().all(legal)) {
        return Some(format!(
            "{text:?} names a secret that ECR does not read; its name has to begin with ecr-pullthroughcache/"
        ));
    }
    let length = text.chars().count();
    if !(50..=612).contains(&length) {
        return Some(format!("has {length} characters; ECR allows 50 to 612"));
    }
    foreign(&arn, around, "a secret", true)
}

/// A signing profile: at most 200 characters,
/// `^arn:aws(-[a-z]+)*:signer:[a-z0-9-]+:[0-9]{12}:/signing-profiles/[a-zA-Z0-9_]{2,}$` (ECR API model,
/// `SigningProfileArn`).
pub(super) fn signing_profile_flaw(text: &str) -> Option<String> {
    let length = text.chars().count();
    if length > 200 {
        return Some(format!("has {length} characters; ECR allows 200"));
    }
    let arn =
        Arn::parse(text).filter(|arn| arn.service == "signer" && is_region(arn.region) && is_account(arn.account));
    let name = arn.and_then(|arn| arn.resource.strip_prefix("/signing-profiles/"));
    let is_sound = name
        .is_some_and(|name| name.len() >= 2 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    (!is_sound).then(|| {
        format!(
            "{text:?} is not the ARN of a signing profile without a version; expected \
             arn:<partition>:signer:<region>:<account>:/signing-profiles/<name>"
        )
    })
}

/// A KMS key of the registry's own Region, by its full ARN: templates take no alias and no id (ECR API model,
/// `KmsKeyForRepositoryCreationTemplate`).
pub(super) fn kms_key_flaw(text: &str, around: &Around<'_>) -> Option<String> {
    let arn = Arn::parse(text).filter(|arn| arn.service == "kms" && is_account(arn.account));
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_key =
        |arn: &Arn<'_>| arn.resource.strip_prefix("key/").is_some_and(|id| !id.is_empty() && id.bytes().all(legal));
    let Some(arn) = arn.filter(|arn| is_key(arn) && text.chars().count() <= 2_048) else {
        return Some(format!(
            "{text:?} is not the full ARN of a key; a creation template takes no alias and no id, only \
             arn:<partition>:kms:<region>:<account>:key/<id>"
        ));
    };
    let region = around.region.filter(|region| *region != arn.region)?;
    Some(format!("{text:?} is a key of {}; it has to be in the registry's own Region, {region}", arn.region))
}

/// Why something is not in the registry's own account, or Region where `in_region`.
fn foreign(arn: &Arn<'_>, around: &Around<'_>, what: &str, in_region: bool) -> Option<String> {
    if arn.partition != around.partition {
        let own = around.partition;
        return Some(format!("is of the partition {}; {what} of {own}, the registry's own, is needed", arn.partition));
    }
    if let Some(account) = around.account.filter(|account| *account != arn.account) {
        return Some(format!(
            "is of the account {}; {what} of {account}, the registry's own account, is needed",
            arn.account
        ));
    }
    let region = around.region.filter(|region| in_region && *region != arn.region)?;
    Some(format!("is in {}; {what} in {region}, the registry's own Region, is needed", arn.region))
}
