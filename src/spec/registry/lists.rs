//! What needs few words: `SigningRules`, `PullTimeUpdateExclusions` and `BlobMounting`.

use super::check::Placed;
use super::{arns, filters};
use crate::model::registry::{Entry, SigningRule};
use crate::spec::fields::Fields;
use crate::spec::layer::checked_texts;

/// Most rules (ECR API model, `SigningRuleList`; the CloudFormation schema says 50, which the service does not take).
const MAX_SIGNING_RULES: usize = 10;
/// Longest ARN of an excluded principal (ECR API model, `PrincipalArn`).
const MAX_PRINCIPAL: usize = 200;

/// `SigningRules`
pub(super) fn signing(fields: &Fields<'_>) -> Vec<Placed> {
    let key = "SigningRules";
    let Some(given) = fields.list(key) else { return Vec::new() };
    if !(1..=MAX_SIGNING_RULES).contains(&given.len()) {
        fields.problem(key, format!("has {} rules; ECR allows 1 to {MAX_SIGNING_RULES}", given.len()));
    }
    let mut entries = Vec::new();
    for item in fields.maps(key).into_iter().flatten() {
        let arn = item.required("SigningProfileArn", "the ARN of the AWS Signer profile that signs");
        if let Some(flaw) = arn.as_deref().and_then(arns::signing_profile_flaw) {
            item.problem("SigningProfileArn", flaw);
        }
        let filters = filters::read(&item, &filters::SIGNING).unwrap_or_default();
        item.refuse_unknown();
        if let Some(signing_profile_arn) = arn {
            let rule = SigningRule { signing_profile_arn, filters: filters.into_keys().collect() };
            entries.push((item.path().to_owned(), Entry::Signing(rule)));
        }
    }
    entries
}

/// `PullTimeUpdateExclusions`: ARNs of IAM roles and users (ECR API model, `PrincipalArn`).
pub(super) fn exclusions(fields: &Fields<'_>) -> Vec<Placed> {
    let key = "PullTimeUpdateExclusions";
    if fields.raw(key).is_some_and(|given| given.as_array().is_some_and(Vec::is_empty)) {
        fields.problem(key, "is empty and excludes nobody; leave it out");
    }
    let principals = checked_texts(fields, key, |text| {
        let length = text.chars().count();
        if length > MAX_PRINCIPAL {
            return Err(format!("has {length} characters; ECR allows {MAX_PRINCIPAL}"));
        }
        arns::iam_flaw(text, &["role", "user"]).map_or(Ok(text.to_owned()), Err)
    });
    principals.into_iter().flatten().map(|arn| (fields.path_of(key), Entry::Exclusion(arn))).collect()
}

/// `BlobMounting`
pub(super) fn blob_mounting(fields: &Fields<'_>) -> Option<Placed> {
    let key = "BlobMounting";
    let is_on = fields.choice(key, &[("ENABLED", true), ("DISABLED", false)])?;
    Some((fields.path_of(key), Entry::BlobMounting(is_on)))
}
