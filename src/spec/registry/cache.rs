//! `PullThroughCacheRules`: which upstream registries are cached under which prefix, and how ECR signs in there.

use super::check::Placed;
use super::upstreams::{self, Needs, Upstream};
use super::{Around, arns};
use crate::model::name::path_flaw;
use crate::model::registry::{CacheRule, Entry, ROOT};
use crate::spec::fields::Fields;
use std::ops::RangeInclusive;

/// Most rules of a registry (ECR service quotas).
const MAX_RULES: usize = 50;
/// Length of a prefix (ECR API model, `PullThroughCacheRuleRepositoryPrefix`).
pub(super) const PREFIX_LENGTH: RangeInclusive<usize> = 2..=30;

/// Reads the property.
pub(super) fn read(fields: &Fields<'_>, around: &Around<'_>) -> Vec<Placed> {
    let key = "PullThroughCacheRules";
    let Some(given) = fields.list(key) else { return Vec::new() };
    if !(1..=MAX_RULES).contains(&given.len()) {
        fields.problem(key, format!("has {} rules; ECR allows 1 to {MAX_RULES} in a registry", given.len()));
    }
    let items = fields.maps(key).into_iter().flatten();
    items.filter_map(|item| rule(&item, around).map(|rule| (item.path().to_owned(), Entry::CacheRule(rule)))).collect()
}

fn rule(item: &Fields<'_>, around: &Around<'_>) -> Option<CacheRule> {
    let key = "EcrRepositoryPrefix";
    if item.raw(key).is_none() {
        item.problem(key, "is required: what the names of cached repositories begin with, such as docker-hub");
    }
    let prefix = prefix(item, key, PREFIX_LENGTH);
    let upstream_prefix = prefix_of_upstream(item, prefix.as_deref());
    let source = upstream(item, around);
    let credential_arn = item.text("CredentialArn");
    if let Some(flaw) = credential_arn.as_deref().and_then(|arn| arns::secret_flaw(arn, around)) {
        item.problem("CredentialArn", flaw);
    }
    let custom_role_arn = arns::custom_role(item, around);
    if let Some((upstream, url)) = &source {
        sign_in(item, (upstream, url), around);
    }
    item.refuse_unknown();
    let (upstream, upstream_url) = source?;
    let upstream = Some(upstream.word.to_owned());
    Some(CacheRule { prefix: prefix?, upstream_url, upstream, upstream_prefix, credential_arn, custom_role_arn })
}

/// A prefix of repository names, or `ROOT`. ECR assumes a slash behind it, so one that is said makes no difference.
pub(super) fn prefix(item: &Fields<'_>, key: &'static str, length: RangeInclusive<usize>) -> Option<String> {
    let text = item.text(key)?;
    match prefix_flaw(&text, length) {
        Some(flaw) => {
            item.problem(key, flaw);
            None
        }
        None => Some(text.strip_suffix('/').unwrap_or(&text).to_owned()),
    }
}

/// Why a text is no prefix (ECR API model, `PullThroughCacheRuleRepositoryPrefix` and `Prefix`).
pub(super) fn prefix_flaw(text: &str, length: RangeInclusive<usize>) -> Option<String> {
    let bare = text.strip_suffix('/').unwrap_or(text);
    if bare == ROOT {
        return None;
    }
    if bare.eq_ignore_ascii_case(ROOT) {
        return Some(format!("{text:?} is written in capital letters where it means every repository: {ROOT}"));
    }
    if bare.contains('*') {
        return Some(format!(
            "{text:?} has a *; a prefix is the beginning of a name without wildcards, and {ROOT} is every repository \
             without a prefix of its own"
        ));
    }
    let characters = bare.chars().count();
    if !length.contains(&characters) {
        let (least, most) = (length.start(), length.end());
        return Some(format!(
            "{text:?} has {characters} characters; ECR allows {least} to {most} in a prefix, or {ROOT}"
        ));
    }
    path_flaw(bare).map(|flaw| format!("{text:?} is not a prefix of repository names: it {flaw}"))
}

fn prefix_of_upstream(item: &Fields<'_>, prefix_here: Option<&str>) -> Option<String> {
    let key = "UpstreamRepositoryPrefix";
    let there = prefix(item, key, PREFIX_LENGTH)?;
    if prefix_here == Some(ROOT) && there != ROOT {
        item.problem(
            key,
            "is only possible where EcrRepositoryPrefix is not ROOT; remove it, or cache under a prefix of its own",
        );
    }
    Some(there)
}

/// The upstream and its address. Either says the other, unless the upstream has many addresses.
fn upstream(item: &Fields<'_>, around: &Around<'_>) -> Option<(&'static Upstream, String)> {
    let (name_key, url_key) = ("UpstreamRegistry", "UpstreamRegistryUrl");
    let named = item.choice(name_key, &upstreams::choices());
    let url = item.text(url_key);
    if item.raw(name_key).is_some() && named.is_none() {
        return None;
    }
    match (named, url) {
        (Some(upstream), Some(url)) => {
            if !upstream.is_at(&url, around) {
                item.problem(url_key, upstreams::wrong_address(&url, Some(upstream), around));
                return None;
            }
            Some((upstream, url))
        }
        (None, Some(url)) => {
            let found = upstreams::at(&url, around);
            if found.is_none() {
                item.problem(url_key, upstreams::wrong_address(&url, None, around));
            }
            Some((found?, url))
        }
        (Some(upstream), None) => {
            let url = upstream.only_address();
            if url.is_none() && item.raw(url_key).is_none() {
                let (word, form) = (upstream.word, upstream.form(around));
                item.problem(url_key, format!("is required with {word}, which has many addresses: {form}"));
            }
            Some((upstream, url?.to_owned()))
        }
        (None, None) => {
            if item.raw(url_key).is_none() {
                item.problem(url_key, "is required: the address of the upstream, such as public.ecr.aws");
            }
            None
        }
    }
}

/// With what ECR signs in at the upstream (ECR user guide, "Sync an upstream registry with an Amazon ECR private
/// registry").
fn sign_in(item: &Fields<'_>, (upstream, url): (&Upstream, &str), around: &Around<'_>) {
    let word = upstream.word;
    let has_secret = item.raw("CredentialArn").is_some();
    let has_role = item.raw("CustomRoleArn").is_some();
    if upstream.needs == Needs::Secret && !has_secret {
        item.problem(
            "CredentialArn",
            format!(
                "is required with {word}: the ARN of a secret named ecr-pullthroughcache/… in this account and Region, \
                 with the keys username and accessToken"
            ),
        );
    }
    if upstream.needs != Needs::Secret && has_secret {
        let instead = if upstream.needs == Needs::Role { "with a role, CustomRoleArn" } else { "without credentials" };
        item.problem("CredentialArn", format!("is not for {word}, which ECR reads {instead}; remove it"));
    }
    if upstream.needs != Needs::Role && has_role {
        item.problem("CustomRoleArn", format!("is only for another account's ECR, and this is {word}; remove it"));
    }
    let other = upstreams::account_of(url, around);
    if upstream.needs != Needs::Role || around.account.is_none() || other.is_none() {
        return;
    }
    let is_own = other.map(|(account, _)| account) == around.account;
    if !is_own && !has_role {
        item.problem(
            "CustomRoleArn",
            "is required for another account's ECR: a role of this account that ECR may assume and that may pull there",
        );
    }
    if is_own && has_role {
        item.problem("CustomRoleArn", "is only for another account's ECR, and this is the registry's own; remove it");
    }
    if is_own && other.map(|(_, region)| region) == around.region {
        item.problem("UpstreamRegistryUrl", "is this very registry, which cannot cache itself; name another Region");
    }
}
