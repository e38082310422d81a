//! What an account has once per Region, as ECR keeps it: whole documents where the last writer wins, and collections that
//! know their members by prefix. Refuses what ECR refuses.

use super::ports::Over;
use super::rules::{refusal, stored_policy};
use super::world::{State, World};
use ecr_steward::fault::{Fault, FaultKind};
use ecr_steward::flow::Version;
use ecr_steward::flow::registry::{KeepRegistryRecord, ReadRegistry, ReadRegistryRecord, WriteRegistry};
use ecr_steward::model::identity::fingerprint;
use ecr_steward::model::policy::Document;
use ecr_steward::model::registry::{Entry, PolicyEntry, ScanFrequency, Section};
use ecr_steward::model::repository::ScanType;
use ecr_steward::plan::registry::RegistryChange;
use ecr_steward::plan::registry::record::{REGISTRY_KEY, RegistryRecord};
use std::collections::BTreeMap;

/// The registry.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Registry {
    pub(crate) entries: BTreeMap<Section, Vec<Entry>>,
    /// Writes that took effect.
    pub(crate) journal: Vec<RegistryChange>,
}

impl Default for Registry {
    fn default() -> Self {
        let scanning = vec![Entry::ScanType(ScanType::Basic)];
        Self { entries: BTreeMap::from([(Section::Scanning, scanning)]), journal: Vec::new() }
    }
}

impl Registry {
    /// Puts an entry there as somebody would by hand.
    pub(crate) fn put_by_hand(&mut self, entry: Entry) {
        let list = self.entries.entry(entry.key().section).or_default();
        list.retain(|other| other.key() != entry.key());
        list.push(entry);
    }

    /// Takes what stands in an entry's place away.
    pub(crate) fn take_by_hand(&mut self, entry: &Entry) {
        self.entries.entry(entry.key().section).or_default().retain(|other| other.key() != entry.key());
    }

    /// Everything that stands.
    pub(crate) fn all(&self) -> Vec<Entry> {
        self.entries.values().flatten().cloned().collect()
    }
}

fn action(section: Section) -> &'static str {
    match section {
        Section::Scanning => "ecr:GetRegistryScanningConfiguration",
        Section::Replication => "ecr:DescribeRegistry",
        Section::Policy => "ecr:GetRegistryPolicy",
        Section::PullThroughCache => "ecr:DescribePullThroughCacheRules",
        Section::CreationTemplates => "ecr:DescribeRepositoryCreationTemplates",
        Section::PullTimeExclusions => "ecr:ListPullTimeUpdateExclusions",
        Section::Signing => "ecr:GetSigningConfiguration",
        Section::BlobMounting => "ecr:GetAccountSetting",
    }
}

impl ReadRegistry for World {
    async fn entries(&self, section: Section) -> Result<Vec<Entry>, Fault> {
        self.call(action(section), |state| Ok(state.registry.entries.get(&section).cloned().unwrap_or_default())).await
    }
}

impl WriteRegistry for World {
    async fn perform_on_registry(&self, change: &RegistryChange) -> Result<(), Fault> {
        self.call(change.action(), |state| {
            perform(state, change)?;
            state.registry.journal.push(change.clone());
            Ok(())
        })
        .await
    }
}

impl ReadRegistryRecord for World {
    async fn registry_record(&self) -> Result<Option<(RegistryRecord, Version)>, Fault> {
        let found = self.get::<RegistryRecord>(REGISTRY_KEY).await?;
        Ok(found.map(|(record, tag)| (record, Version::Tag(tag.to_string()))))
    }
}

impl KeepRegistryRecord for World {
    async fn save_registry_record(&self, record: &RegistryRecord, over: &Version) -> Result<Version, Fault> {
        Ok(Version::Tag(self.put(REGISTRY_KEY, record, Over::of(over)).await?.to_string()))
    }
}

fn perform(state: &mut State, change: &RegistryChange) -> Result<(), Fault> {
    let refuse = |kind, code: &str| Err(refusal(change.action(), kind, code));
    let invalid = |wrong: bool| if wrong { refuse(FaultKind::Invalid, "InvalidParameterException") } else { Ok(()) };
    let entries = &mut state.registry.entries;
    match change {
        RegistryChange::PutScanning { scan_type, rules } => {
            let continuous = rules.contains_key(&ScanFrequency::ContinuousScan);
            invalid(*scan_type == ScanType::Basic && continuous)?;
            invalid(rules.len() > 2 || rules.values().any(|filters| filters.is_empty() || filters.len() > 100))?;
            let filters = rules.iter().flat_map(|(frequency, filters)| {
                filters.iter().map(|filter| Entry::ScanFilter { frequency: *frequency, filter: filter.clone() })
            });
            let list = std::iter::once(Entry::ScanType(*scan_type)).chain(filters).collect();
            entries.insert(Section::Scanning, list);
        }
        RegistryChange::PutReplication(rules) => {
            invalid(rules.len() > 10)?;
            entries.insert(Section::Replication, rules.iter().cloned().map(Entry::Replication).collect());
        }
        RegistryChange::PutPolicy(text) => {
            let stored = stored_policy(text, change.action())?;
            let document = Document::parse_text(&stored).expect("a policy that can be read back");
            let statement = |statement: &ecr_steward::model::policy::Statement| {
                let text = statement.text().to_owned();
                let sid = statement.sid().map_or_else(|| fingerprint(text.as_bytes()), str::to_owned);
                Entry::Statement(PolicyEntry { sid, text })
            };
            entries.insert(Section::Policy, document.statements().iter().map(statement).collect());
        }
        RegistryChange::DeletePolicy => return clear(entries, Section::Policy, change),
        RegistryChange::DeleteSigning => return clear(entries, Section::Signing, change),
        RegistryChange::PutSigning(rules) => {
            invalid(rules.is_empty() || rules.len() > 10)?;
            entries.insert(Section::Signing, rules.iter().cloned().map(Entry::Signing).collect());
        }
        RegistryChange::PutBlobMounting(on) => {
            entries.insert(Section::BlobMounting, vec![Entry::BlobMounting(*on)]);
        }
        _ => return perform_on_member(entries, change),
    }
    Ok(())
}

fn clear(entries: &mut BTreeMap<Section, Vec<Entry>>, section: Section, change: &RegistryChange) -> Result<(), Fault> {
    let found = entries.remove(&section).is_some_and(|list| !list.is_empty());
    if found { Ok(()) } else { Err(refusal(change.action(), FaultKind::NotFound, "NotFoundException")) }
}

fn perform_on_member(entries: &mut BTreeMap<Section, Vec<Entry>>, change: &RegistryChange) -> Result<(), Fault> {
    let refuse = |kind, code: &str| Err(refusal(change.action(), kind, code));
    let (section, name, next) = match change {
        RegistryChange::CreateCacheRule(rule) | RegistryChange::UpdateCacheRule(rule) => {
            let mut rule = rule.clone();
            rule.upstream_prefix.get_or_insert_with(|| "ROOT".to_owned());
            (Section::PullThroughCache, rule.prefix.clone(), Some(Entry::CacheRule(rule)))
        }
        RegistryChange::DeleteCacheRule(prefix) => (Section::PullThroughCache, prefix.clone(), None),
        RegistryChange::CreateTemplate(template) | RegistryChange::UpdateTemplate(template) => {
            (Section::CreationTemplates, template.prefix.clone(), Some(Entry::Template(template.clone())))
        }
        RegistryChange::DeleteTemplate(prefix) => (Section::CreationTemplates, prefix.clone(), None),
        RegistryChange::RegisterExclusion(arn) => {
            (Section::PullTimeExclusions, arn.clone(), Some(Entry::Exclusion(arn.clone())))
        }
        RegistryChange::DeregisterExclusion(arn) => (Section::PullTimeExclusions, arn.clone(), None),
        other => panic!("{} is a whole document", other.action()),
    };
    let list = entries.entry(section).or_default();
    let place = list.iter().position(|entry| entry.key().name == name);
    let creates = change.action().starts_with("ecr:Create") || change.action().starts_with("ecr:Register");
    match (place, next) {
        (Some(_), Some(_)) if creates => return refuse(FaultKind::Conflict, "AlreadyExistsException"),
        (None, Some(entry)) if creates => list.push(entry),
        (Some(place), Some(Entry::CacheRule(rule))) => {
            // Credential and role are all that an update can say.
            let Entry::CacheRule(found) = &mut list[place] else { panic!("a cache rule") };
            (found.credential_arn, found.custom_role_arn) = (rule.credential_arn, rule.custom_role_arn);
        }
        (Some(place), Some(entry)) => list[place] = entry,
        (Some(place), None) => drop(list.remove(place)),
        (None, _) => return refuse(FaultKind::NotFound, "NotFoundException"),
    }
    Ok(())
}
