//! Looking at the registry: the port `flow::registry::ReadRegistry`.
//!
//! An entry stands for what a later write may replace, so what this version would not write back as it stands (a word
//! it does not know, a policy beyond it) is a fault that names it, never a shorter list.

use super::Aws;
use super::fault::fault;
use crate::fault::{Fault, FaultKind, absent_is_none};
use crate::flow::registry::ReadRegistry;
use crate::model::identity::fingerprint;
use crate::model::policy::Document;
use crate::model::registry::{CacheRule, Entry, PolicyEntry, ScanFrequency, Section, SigningRule};
use crate::model::repository::ScanType;
use aws_sdk_ecr::types;
use std::collections::BTreeMap;

/// Largest page of everything ECR lists (ECR API model, `MaxResults`).
pub(super) const LARGEST_PAGE: i32 = 1_000;
/// The same of exclusions, whose list holds no more (ECR API model, `PullTimeUpdateExclusionList`).
const LARGEST_PAGE_OF_EXCLUSIONS: i32 = 100;
/// The account setting behind `BlobMounting`.
pub(super) const BLOB_MOUNTING: &str = "BLOB_MOUNTING";

impl ReadRegistry for Aws {
    async fn entries(&self, section: Section) -> Result<Vec<Entry>, Fault> {
        match section {
            Section::Scanning => self.scanning_entries().await,
            Section::Replication => self.replication_entries().await,
            Section::Policy => self.policy_entries().await,
            Section::PullThroughCache => self.cache_entries().await,
            Section::CreationTemplates => self.template_entries().await,
            Section::PullTimeExclusions => self.exclusion_entries().await,
            Section::Signing => self.signing_entries().await,
            Section::BlobMounting => self.blob_mounting_entry().await,
        }
    }
}

impl Aws {
    /// A registry nobody configured is `BASIC`, as ECR's documentation has it.
    async fn scanning_entries(&self) -> Result<Vec<Entry>, Fault> {
        const OPERATION: &str = "GetRegistryScanningConfiguration";
        let call = self.ecr.get_registry_scanning_configuration().send().await;
        let answer = call.map_err(|error| fault("ecr", OPERATION, &error))?;
        let found = answer.scanning_configuration();
        let scan_type = match found.and_then(|found| found.scan_type()) {
            None | Some(types::ScanType::Basic) => ScanType::Basic,
            Some(types::ScanType::Enhanced) => ScanType::Enhanced,
            Some(other) => return Err(strange(OPERATION, format!("the scan type {other} is unknown"))),
        };
        let mut filters: BTreeMap<String, ScanFrequency> = BTreeMap::new();
        for rule in found.map(types::RegistryScanningConfiguration::rules).unwrap_or_default() {
            let frequency = frequency(rule.scan_frequency()).ok_or_else(|| {
                strange(OPERATION, format!("the scan frequency {} is unknown", rule.scan_frequency()))
            })?;
            // ENHANCED without rules scans everything, with a rule that matches nothing it scans nothing.
            if scan_type == ScanType::Enhanced && rule.repository_filters().is_empty() {
                return Err(strange(OPERATION, format!("the rule of {} has no filter", rule.scan_frequency())));
            }
            for filter in rule.repository_filters() {
                if *filter.filter_type() != types::ScanningRepositoryFilterType::Wildcard {
                    return Err(unknown_filter(OPERATION, filter.filter_type(), filter.filter()));
                }
                // In both rules, the more frequent one counts.
                let counts = filters.entry(filter.filter().to_owned()).or_insert(frequency);
                if often(frequency) > often(*counts) {
                    *counts = frequency;
                }
            }
        }
        let filters = filters.into_iter().map(|(filter, frequency)| Entry::ScanFilter { frequency, filter });
        Ok(std::iter::once(Entry::ScanType(scan_type)).chain(filters).collect())
    }

    /// Statements keep their text, white space between tokens aside. The policy's `Id`, which grants nothing, is no
    /// entry.
    async fn policy_entries(&self) -> Result<Vec<Entry>, Fault> {
        const OPERATION: &str = "GetRegistryPolicy";
        let call = self.ecr.get_registry_policy().send().await;
        let answer = absent_is_none(call.map_err(|error| fault("ecr", OPERATION, &error)))?;
        let Some(text) = answer.and_then(|answer| answer.policy_text).filter(|text| !text.is_empty()) else {
            return Ok(Vec::new());
        };
        let document = Document::parse_text(&text).map_err(|flaws| {
            let flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
            strange(OPERATION, format!("the policy is beyond this version: {}", flaws.join("; ")))
        })?;
        if document.has_literal_variables() {
            let why = "the policy is of version 2008-10-17 and holds \"${\" as plain text, which the version it would be \
                       written in takes for a variable";
            return Err(strange(OPERATION, why.to_owned()));
        }
        let entries = document.statements().iter().map(|statement| {
            let text = statement.text().to_owned();
            let sid = statement.sid().map_or_else(|| fingerprint(text.as_bytes()), str::to_owned);
            Entry::Statement(PolicyEntry { sid, text })
        });
        Ok(entries.collect())
    }

    async fn cache_entries(&self) -> Result<Vec<Entry>, Fault> {
        const OPERATION: &str = "DescribePullThroughCacheRules";
        let (mut entries, mut token) = (Vec::new(), None);
        loop {
            let call = self.ecr.describe_pull_through_cache_rules().max_results(LARGEST_PAGE).set_next_token(token);
            let answer = call.send().await.map_err(|error| fault("ecr", OPERATION, &error))?;
            for rule in answer.pull_through_cache_rules() {
                let missing = |what: &str| strange(OPERATION, format!("a rule was described without its {what}"));
                entries.push(Entry::CacheRule(CacheRule {
                    prefix: bare(rule.ecr_repository_prefix().ok_or_else(|| missing("prefix"))?).to_owned(),
                    upstream_url: rule.upstream_registry_url().ok_or_else(|| missing("upstream"))?.to_owned(),
                    upstream: rule.upstream_registry().map(|upstream| upstream.as_str().to_owned()),
                    upstream_prefix: said(rule.upstream_repository_prefix().map(bare)),
                    credential_arn: said(rule.credential_arn()),
                    custom_role_arn: said(rule.custom_role_arn()),
                }));
            }
            token = answer.next_token;
            if token.is_none() {
                return Ok(entries);
            }
        }
    }

    async fn exclusion_entries(&self) -> Result<Vec<Entry>, Fault> {
        const OPERATION: &str = "ListPullTimeUpdateExclusions";
        let (mut entries, mut token) = (Vec::new(), None);
        loop {
            let call = self.ecr.list_pull_time_update_exclusions();
            let call = call.max_results(LARGEST_PAGE_OF_EXCLUSIONS).set_next_token(token);
            let answer = call.send().await.map_err(|error| fault("ecr", OPERATION, &error))?;
            entries.extend(answer.pull_time_update_exclusions().iter().cloned().map(Entry::Exclusion));
            token = answer.next_token;
            if token.is_none() {
                return Ok(entries);
            }
        }
    }

    async fn signing_entries(&self) -> Result<Vec<Entry>, Fault> {
        const OPERATION: &str = "GetSigningConfiguration";
        let call = self.ecr.get_signing_configuration().send().await;
        let answer = absent_is_none(call.map_err(|error| fault("ecr", OPERATION, &error)))?;
        let rules = answer.and_then(|answer| answer.signing_configuration).map(|found| found.rules).unwrap_or_default();
        let entry = |rule: &types::SigningRule| {
            let wildcard = types::SigningRepositoryFilterType::WildcardMatch;
            let filters = rule.repository_filters().iter().map(|filter| {
                let known = *filter.filter_type() == wildcard;
                let unknown = || unknown_filter(OPERATION, filter.filter_type(), filter.filter());
                known.then(|| filter.filter().to_owned()).ok_or_else(unknown)
            });
            Ok(Entry::Signing(SigningRule {
                signing_profile_arn: rule.signing_profile_arn().to_owned(),
                filters: filters.collect::<Result<_, Fault>>()?,
            }))
        };
        rules.iter().map(entry).collect()
    }

    async fn blob_mounting_entry(&self) -> Result<Vec<Entry>, Fault> {
        const OPERATION: &str = "GetAccountSetting";
        let call = self.ecr.get_account_setting().name(BLOB_MOUNTING).send().await;
        let answer = absent_is_none(call.map_err(|error| fault("ecr", OPERATION, &error)))?;
        match answer.and_then(|answer| answer.value).as_deref() {
            None | Some("") => Ok(Vec::new()),
            Some("ENABLED") => Ok(vec![Entry::BlobMounting(true)]),
            Some("DISABLED") => Ok(vec![Entry::BlobMounting(false)]),
            Some(other) => Err(strange(OPERATION, format!("{BLOB_MOUNTING} is {other}, which is unknown"))),
        }
    }
}

fn frequency(word: &types::ScanFrequency) -> Option<ScanFrequency> {
    match word {
        types::ScanFrequency::ScanOnPush => Some(ScanFrequency::ScanOnPush),
        types::ScanFrequency::ContinuousScan => Some(ScanFrequency::ContinuousScan),
        types::ScanFrequency::Manual => Some(ScanFrequency::Manual),
        _ => None,
    }
}

const fn often(frequency: ScanFrequency) -> u8 {
    match frequency {
        ScanFrequency::Manual => 0,
        ScanFrequency::ScanOnPush => 1,
        ScanFrequency::ContinuousScan => 2,
    }
}

/// A member that was cleared may come back as an empty text.
pub(super) fn said(member: Option<&str>) -> Option<String> {
    member.filter(|text| !text.is_empty()).map(str::to_owned)
}

/// ECR assumes a slash at the end of a prefix: one that is said makes no difference.
pub(super) fn bare(prefix: &str) -> &str {
    prefix.strip_suffix('/').unwrap_or(prefix)
}

/// An answer that cannot be read whole.
pub(super) fn strange(operation: &'static str, what: String) -> Fault {
    Fault::ours("ecr", operation, FaultKind::Unexpected, what)
}

/// A filter of a kind that did not exist when this was written.
pub(super) fn unknown_filter(operation: &'static str, kind: impl std::fmt::Display, filter: &str) -> Fault {
    strange(operation, format!("the filter {filter} is of the unknown type {kind}"))
}
