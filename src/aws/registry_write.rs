//! Writing to the registry: the port `flow::registry::WriteRegistry`. One arm, one call.

use super::Aws;
use super::ecr_write::incomplete;
use super::fault::fault;
use super::registry_read::BLOB_MOUNTING;
use crate::fault::{Fault, FaultKind, absent_is_none};
use crate::flow::registry::WriteRegistry;
use crate::model::registry::{CacheRule, ScanFrequency, SigningRule};
use crate::model::repository::ScanType;
use crate::plan::registry::RegistryChange;
use aws_sdk_ecr::types::{
    self, RegistryScanningRule, ScanningRepositoryFilter, ScanningRepositoryFilterType, SigningConfiguration,
    SigningRepositoryFilter, SigningRepositoryFilterType, UpstreamRegistry,
};
use std::collections::{BTreeMap, BTreeSet};

impl WriteRegistry for Aws {
    /// What is to go and is gone already, or is to be registered and is so already, is done.
    async fn perform_on_registry(&self, change: &RegistryChange) -> Result<(), Fault> {
        match change {
            RegistryChange::PutScanning { scan_type, rules } => self.put_scanning(*scan_type, rules).await,
            RegistryChange::PutReplication(rules) => self.put_replication(rules).await,
            RegistryChange::PutPolicy(text) => {
                let call = self.ecr.put_registry_policy().policy_text(text).send().await;
                call.map(|_| ()).map_err(|error| fault("ecr", "PutRegistryPolicy", &error))
            }
            RegistryChange::DeletePolicy => {
                let call = self.ecr.delete_registry_policy().send().await;
                gone(call.map_err(|error| fault("ecr", "DeleteRegistryPolicy", &error)))
            }
            RegistryChange::CreateCacheRule(rule) => self.create_cache_rule(rule).await,
            RegistryChange::UpdateCacheRule(rule) => self.update_cache_rule(rule).await,
            RegistryChange::DeleteCacheRule(prefix) => self.delete_cache_rule(prefix).await,
            RegistryChange::CreateTemplate(template) => self.create_template(template).await,
            RegistryChange::UpdateTemplate(template) => self.update_template(template).await,
            RegistryChange::DeleteTemplate(prefix) => {
                let call = self.ecr.delete_repository_creation_template().prefix(prefix).send().await;
                gone(call.map_err(|error| fault("ecr", "DeleteRepositoryCreationTemplate", &error)))
            }
            RegistryChange::RegisterExclusion(principal) => {
                let call = self.ecr.register_pull_time_update_exclusion().principal_arn(principal).send().await;
                let made = call.map(|_| ());
                made.map_err(|error| fault("ecr", "RegisterPullTimeUpdateExclusion", &error))
                    .or_else(|fault| if fault.kind == FaultKind::Conflict { Ok(()) } else { Err(fault) })
            }
            RegistryChange::DeregisterExclusion(principal) => {
                let call = self.ecr.deregister_pull_time_update_exclusion().principal_arn(principal).send().await;
                gone(call.map_err(|error| fault("ecr", "DeregisterPullTimeUpdateExclusion", &error)))
            }
            RegistryChange::PutSigning(rules) => self.put_signing(rules).await,
            RegistryChange::DeleteSigning => {
                let call = self.ecr.delete_signing_configuration().send().await;
                gone(call.map_err(|error| fault("ecr", "DeleteSigningConfiguration", &error)))
            }
            RegistryChange::PutBlobMounting(on) => {
                let value = if *on { "ENABLED" } else { "DISABLED" };
                let call = self.ecr.put_account_setting().name(BLOB_MOUNTING).value(value).send().await;
                call.map(|_| ()).map_err(|error| fault("ecr", "PutAccountSetting", &error))
            }
        }
    }
}

impl Aws {
    async fn put_scanning(
        &self,
        scan_type: ScanType,
        rules: &BTreeMap<ScanFrequency, BTreeSet<String>>,
    ) -> Result<(), Fault> {
        let scan_type = match scan_type {
            ScanType::Basic => types::ScanType::Basic,
            ScanType::Enhanced => types::ScanType::Enhanced,
        };
        let rules = rules.iter().filter(|(_, filters)| !filters.is_empty());
        let rules = rules.map(|(frequency, filters)| scan_rule(*frequency, filters)).collect::<Result<_, _>>()?;
        let call = self.ecr.put_registry_scanning_configuration().scan_type(scan_type).set_rules(Some(rules));
        let put = call.send().await;
        put.map(|_| ()).map_err(|error| fault("ecr", "PutRegistryScanningConfiguration", &error))
    }

    async fn create_cache_rule(&self, rule: &CacheRule) -> Result<(), Fault> {
        let call = self
            .ecr
            .create_pull_through_cache_rule()
            .ecr_repository_prefix(&rule.prefix)
            .upstream_registry_url(&rule.upstream_url)
            .set_upstream_registry(rule.upstream.as_deref().map(UpstreamRegistry::from))
            .set_upstream_repository_prefix(rule.upstream_prefix.clone())
            .set_credential_arn(rule.credential_arn.clone())
            .set_custom_role_arn(rule.custom_role_arn.clone());
        call.send().await.map(|_| ()).map_err(|error| fault("ecr", "CreatePullThroughCacheRule", &error))
    }

    /// A rule has a credential, a role or neither, as its upstream wants it, and an update cannot take away: the API model
    /// knows no empty credential. A rule that is to have neither is deleted and made again. What it cached stays; a pull of
    /// something not cached yet fails in between. Interrupted there, the rule is missing and the next run makes it.
    async fn update_cache_rule(&self, rule: &CacheRule) -> Result<(), Fault> {
        if rule.credential_arn.is_none() && rule.custom_role_arn.is_none() {
            self.delete_cache_rule(&rule.prefix).await?;
            return self.create_cache_rule(rule).await;
        }
        let call = self
            .ecr
            .update_pull_through_cache_rule()
            .ecr_repository_prefix(&rule.prefix)
            .set_credential_arn(rule.credential_arn.clone())
            .set_custom_role_arn(rule.custom_role_arn.clone());
        call.send().await.map(|_| ()).map_err(|error| fault("ecr", "UpdatePullThroughCacheRule", &error))
    }

    async fn delete_cache_rule(&self, prefix: &str) -> Result<(), Fault> {
        let call = self.ecr.delete_pull_through_cache_rule().ecr_repository_prefix(prefix).send().await;
        gone(call.map_err(|error| fault("ecr", "DeletePullThroughCacheRule", &error)))
    }

    async fn put_signing(&self, rules: &[SigningRule]) -> Result<(), Fault> {
        let rules = rules.iter().map(signing_rule).collect::<Result<_, _>>()?;
        let configuration = SigningConfiguration::builder().set_rules(Some(rules));
        let configuration = configuration.build().map_err(|error| incomplete(&error))?;
        let call = self.ecr.put_signing_configuration().signing_configuration(configuration).send().await;
        call.map(|_| ()).map_err(|error| fault("ecr", "PutSigningConfiguration", &error))
    }
}

fn gone<T>(deleted: Result<T, Fault>) -> Result<(), Fault> {
    absent_is_none(deleted).map(|_| ())
}

fn scan_rule(frequency: ScanFrequency, filters: &BTreeSet<String>) -> Result<RegistryScanningRule, Fault> {
    let frequency = match frequency {
        ScanFrequency::ScanOnPush => types::ScanFrequency::ScanOnPush,
        ScanFrequency::ContinuousScan => types::ScanFrequency::ContinuousScan,
        ScanFrequency::Manual => types::ScanFrequency::Manual,
    };
    let filters = filters.iter().map(|filter| {
        let filter = ScanningRepositoryFilter::builder().filter(filter);
        filter.filter_type(ScanningRepositoryFilterType::Wildcard).build()
    });
    let filters = filters.collect::<Result<Vec<_>, _>>().map_err(|error| incomplete(&error))?;
    let rule = RegistryScanningRule::builder().scan_frequency(frequency).set_repository_filters(Some(filters));
    rule.build().map_err(|error| incomplete(&error))
}

/// What is not used is left out: an empty list of filters is refused.
fn signing_rule(rule: &SigningRule) -> Result<types::SigningRule, Fault> {
    let filters = rule.filters.iter().map(|filter| {
        let filter = SigningRepositoryFilter::builder().filter(filter);
        filter.filter_type(SigningRepositoryFilterType::WildcardMatch).build()
    });
    let filters = filters.collect::<Result<Vec<_>, _>>().map_err(|error| incomplete(&error))?;
    let built = types::SigningRule::builder()
        .signing_profile_arn(&rule.signing_profile_arn)
        .set_repository_filters((!filters.is_empty()).then_some(filters));
    built.build().map_err(|error| incomplete(&error))
}
