//! `Custom::EcrRegistry`: several stacks declare parts of what an account has once. `laws` has what always holds, `life` one
//! request after the other, `limits` what ECR refuses of the whole, `races` what comes late or at the same time, `crashes`
//! processes that die, `scan_type` what hangs on ENHANCED, `answers` what CloudFormation is told.

use crate::support::registry::Registry;
use crate::support::scene::{BUCKET, PREFIX, at_once};
use crate::support::world::{STACK, World};
use ecr_steward::flow::registry::Merged;
use ecr_steward::flow::registry::declare::declare;
use ecr_steward::flow::registry::withdraw::{Withdrawn, withdraw};
use ecr_steward::flow::task::{Stopped, Task, Waiting};
use ecr_steward::model::identity::{Identity, StackId, fingerprint};
use ecr_steward::model::registry::{
    AppliedFor, CacheRule, CreationTemplate, Destination, Entry, PolicyEntry, ReplicationRule, ScanFrequency,
    SigningRule,
};
use ecr_steward::model::repository::{Encryption, EncryptionType, Mutability, MutabilityMode, ScanType, Tags};
use ecr_steward::plan::registry::record::{REGISTRY_KEY, RegistryRecord};
use ecr_steward::spec::registry::{OnDelete, RegistryWish};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

mod answers;
mod crashes;
mod laws;
mod life;
mod limits;
mod races;
mod scan_type;

const BILLING: &str =
    "arn:aws:cloudformation:eu-west-1:123456789012:stack/billing/aaaaaaaa-0000-0000-0000-000000000000";
const SEARCH: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/search/bbbbbbbb-0000-0000-0000-000000000000";

fn identity(arn: &str) -> Identity {
    Identity { stack: StackId::parse(arn).unwrap(), logical_id: "Registry".to_owned() }
}

fn shop() -> Identity {
    identity(STACK)
}

fn billing() -> Identity {
    identity(BILLING)
}

fn search() -> Identity {
    identity(SEARCH)
}

fn wish(entries: &[Entry]) -> RegistryWish {
    let entries = entries.iter().map(|entry| (entry.key(), entry.clone())).collect();
    RegistryWish { entries, on_delete: OnDelete::Retain }
}

fn restoring(entries: &[Entry]) -> RegistryWish {
    RegistryWish { on_delete: OnDelete::Restore, ..wish(entries) }
}

const BASIC: Entry = Entry::ScanType(ScanType::Basic);
const ENHANCED: Entry = Entry::ScanType(ScanType::Enhanced);

fn on_push(filter: &str) -> Entry {
    Entry::ScanFilter { frequency: ScanFrequency::ScanOnPush, filter: filter.to_owned() }
}

fn continuous(filter: &str) -> Entry {
    Entry::ScanFilter { frequency: ScanFrequency::ContinuousScan, filter: filter.to_owned() }
}

fn replication(prefix: &str, delete_replication: bool) -> Entry {
    let to = Destination { region: "us-east-1".to_owned(), registry_id: "123456789012".to_owned() };
    let (destinations, prefixes) = (BTreeSet::from([to]), BTreeSet::from([prefix.to_owned()]));
    Entry::Replication(ReplicationRule { destinations, prefixes, delete_replication })
}

fn statement(sid: &str, account: &str) -> Entry {
    let text = format!(
        r#"{{"Sid":"{sid}","Effect":"Allow","Principal":{{"AWS":"{account}"}},"Action":["ecr:ReplicateImage"],"Resource":"arn:aws:ecr:eu-west-1:123456789012:repository/*"}}"#
    );
    Entry::Statement(PolicyEntry { sid: sid.to_owned(), text })
}

fn cache(prefix: &str, upstream_url: &str, secret: Option<&str>) -> Entry {
    Entry::CacheRule(CacheRule {
        prefix: prefix.to_owned(),
        upstream_url: upstream_url.to_owned(),
        upstream: None,
        upstream_prefix: None,
        credential_arn: secret
            .map(|name| format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:ecr-pullthroughcache/{name}")),
        custom_role_arn: None,
    })
}

fn template(prefix: &str, description: &str) -> Entry {
    Entry::Template(CreationTemplate {
        prefix: prefix.to_owned(),
        description: Some(description.to_owned()),
        applied_for: BTreeSet::from([AppliedFor::PullThroughCache]),
        mutability: Mutability { mode: MutabilityMode::Mutable, exclusions: Vec::new() },
        encryption: Encryption { kind: EncryptionType::Aes256, kms_key: None },
        tags: Tags::new(),
        lifecycle_policy: None,
        repository_policy: None,
        custom_role_arn: None,
    })
}

fn exclusion(role: &str) -> Entry {
    Entry::Exclusion(format!("arn:aws:iam::123456789012:role/{role}"))
}

fn signing(filter: &str) -> Entry {
    Entry::Signing(SigningRule {
        signing_profile_arn: "arn:aws:signer:eu-west-1:123456789012:/signing-profiles/release".to_owned(),
        filters: BTreeSet::from([filter.to_owned()]),
    })
}

/// An account in which stacks come and go.
struct Account {
    world: World,
    requests: Cell<u32>,
}

impl Account {
    /// One in which this stands, put there by hand.
    fn with(by_hand: &[Entry]) -> Self {
        let account = Self { world: World::new(), requests: Cell::new(0) };
        account.by_hand(by_hand);
        account
    }

    fn by_hand(&self, entries: &[Entry]) {
        self.world.with(|state| entries.iter().for_each(|entry| state.registry.put_by_hand(entry.clone())));
    }

    fn task_issued(&self, who: &Identity, issued: Option<i64>) -> Task {
        self.requests.set(self.requests.get() + 1);
        let (now, steps_until) = (1_795_000_000, Instant::now() + Duration::from_secs(880));
        Task {
            identity: who.clone(),
            request_id: format!("request-{}", self.requests.get()),
            parameter_prefix: PREFIX.to_owned(),
            state_bucket: BUCKET.to_owned(),
            now,
            steps_until,
            claim_until: Task::lapse(now, steps_until),
            waiting: Some(Waiting { part: 1, issued, go: at_once() }),
        }
    }

    /// The next request for a stack's resource.
    fn task(&self, who: &Identity) -> Task {
        self.task_issued(who, None)
    }

    fn stack_is(&self, who: &Identity, status: &str) {
        self.world.stack_is(&who.stack.arn, status);
    }

    /// Serves a Create or Update.
    async fn serve(&self, task: &Task, wish: &RegistryWish) -> Result<Merged, Stopped> {
        let mark = fingerprint(format!("{wish:?}").as_bytes());
        Box::pin(declare(&self.world, task, wish, &mark)).await
    }

    /// A Create or an Update that is sent while the stack has this status, and comes to rest.
    async fn declares(&self, who: &Identity, status: &str, wish: &RegistryWish) -> Result<Merged, Stopped> {
        self.stack_is(who, status);
        let came = self.serve(&self.task(who), wish).await;
        self.stack_is(who, "UPDATE_COMPLETE");
        let resource = (who.stack.arn.clone(), who.logical_id.clone());
        self.world.with(|state| state.resources.insert(resource));
        came
    }

    async fn create(&self, who: &Identity, wish: &RegistryWish) -> Merged {
        self.declares(who, "CREATE_IN_PROGRESS", wish).await.unwrap()
    }

    async fn update(&self, who: &Identity, wish: &RegistryWish) -> Merged {
        self.declares(who, "UPDATE_IN_PROGRESS", wish).await.unwrap()
    }

    /// A Create or Update that is refused; its reason. Nothing was written anywhere.
    async fn refused(&self, who: &Identity, wish: &RegistryWish) -> String {
        let before = self.picture();
        let reason = self.declares(who, "UPDATE_IN_PROGRESS", wish).await.unwrap_err().reason();
        assert_eq!(self.picture(), before, "{reason}");
        assert!(reason.starts_with("nothing was changed"), "{reason}");
        reason
    }

    /// A Delete that is sent while the stack has this status.
    async fn withdraws(&self, who: &Identity, status: &str) -> Result<Withdrawn, Stopped> {
        self.stack_is(who, status);
        let came = Box::pin(withdraw(&self.world, &self.task(who))).await;
        self.is_gone(who);
        came
    }

    async fn delete(&self, who: &Identity) -> Withdrawn {
        self.withdraws(who, "DELETE_IN_PROGRESS").await.unwrap()
    }

    /// The stack is no more.
    fn is_gone(&self, who: &Identity) {
        self.world.with(|state| {
            state.stacks.remove(&who.stack.arn);
            state.resources.retain(|(arn, _)| *arn != who.stack.arn);
        });
    }

    /// Everything that stands, in a fixed order.
    fn standing(&self) -> Vec<Entry> {
        let mut all = self.world.with(|state| state.registry.all());
        all.sort_by_key(Entry::key);
        all
    }

    fn record(&self) -> Option<RegistryRecord> {
        self.world.with(|state| {
            let (bytes, _) = state.objects.get(REGISTRY_KEY)?;
            Some(serde_json::from_slice(bytes).expect("what is stored reads back"))
        })
    }

    /// What stands and who owns it.
    fn picture(&self) -> (Registry, Option<RegistryRecord>) {
        (self.world.with(|state| state.registry.clone()), self.record())
    }

    /// Writes to ECR that took effect so far.
    fn writes(&self) -> usize {
        self.world.with(|state| state.registry.journal.len())
    }
}

/// Entries in the order of [`Account::standing`].
fn sorted(entries: &[Entry]) -> Vec<Entry> {
    let mut entries = entries.to_vec();
    entries.sort_by_key(Entry::key);
    entries
}

/// Does the same stand? ECR writes policies in its own words, and can say of an account setting only what holds without it.
#[track_caller]
fn same(found: &[Entry], wished: &[Entry], story: &str) {
    let known = |entries: &[Entry]| -> Vec<Entry> {
        entries.iter().filter(|entry| **entry != Entry::BlobMounting(false)).cloned().collect()
    };
    let (found, wished) = (known(found), known(wished));
    let agree = found.iter().zip(&wished).all(|(one, two)| one.agrees_with(two));
    assert!(agree && found.len() == wished.len(), "{story}: {found:#?}, not {wished:#?}");
}

#[track_caller]
fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
}
