//! The ports of `flow` over the world in memory. Every call yields once, so that what runs at the same time
//! really interleaves, and meets whatever trouble was armed for it.

use super::rules::{arn_of, perform, refusal};
use super::trouble::{Trouble, When};
use super::world::{Repo, State, World};
use ecr_steward::event::message::Message;
use ecr_steward::fault::{Fault, FaultKind};
use ecr_steward::flow::{
    Answers, Declarations, Keep, NAMES_PER_CALL, PARAMETERS_PER_CALL, Page, Postpone, Read, Recall, Stack, Stacks,
    Version, Write,
};
use ecr_steward::lifecycle;
use ecr_steward::model::Seen;
use ecr_steward::model::identity::Identity;
use ecr_steward::model::name::RepositoryName;
use ecr_steward::model::policy::Document;
use ecr_steward::model::repository::{FoundLifecycle, FoundPolicy, Repository, ScanType, Tags};
use ecr_steward::plan::Change;
use ecr_steward::plan::ledger::{Claim, Ledger};
use ecr_steward::plan::snapshot::Snapshot;
use ecr_steward::policy::declared::Declared;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::future::pending;

impl World {
    /// One call: counted, troubled, carried out.
    pub(super) async fn call<T>(
        &self,
        action: &'static str,
        effect: impl FnOnce(&mut State) -> Result<T, Fault> + Send,
    ) -> Result<T, Fault> {
        tokio::task::yield_now().await;
        let (service, operation) = action.split_once(':').expect("service:Operation");
        let Some(troubles) = self.enter(service, operation) else {
            return pending().await;
        };
        for trouble in &troubles {
            match trouble {
                Trouble::Slow(time) => tokio::time::sleep(*time).await,
                Trouble::Meanwhile(act) => self.with(|state| act(state)),
                Trouble::Fail(When::Before, kind) => return Err(refusal(action, *kind, "Injected")),
                Trouble::Kill(When::Before) => return self.killed().await,
                Trouble::Panic => panic!("the test wished for a panic at {action}"),
                Trouble::Fail(When::After, _) | Trouble::Kill(When::After) => {}
            }
        }
        let result = self.with(effect);
        for trouble in &troubles {
            match trouble {
                Trouble::Fail(When::After, kind) => return Err(refusal(action, *kind, "Injected")),
                Trouble::Kill(When::After) => return self.killed().await,
                _ => {}
            }
        }
        result
    }

    async fn killed<T>(&self) -> T {
        self.with(|state| state.dead = true);
        pending().await
    }
}

fn not_found(action: &'static str) -> Fault {
    refusal(action, FaultKind::NotFound, "RepositoryNotFoundException")
}

/// What `DescribeRepositories` tells.
fn described(name: &str, repo: &Repo) -> Repository {
    Repository {
        name: RepositoryName::parse(name).expect("a legal name"),
        arn: arn_of(name),
        mutability: repo.mutability.clone(),
        scan_on_push: repo.scan_on_push,
        encryption: repo.encryption.clone(),
        tags: Seen::Unasked,
        lifecycle: Seen::Unasked,
        policy: Seen::Unasked,
        catalog: Seen::Unasked,
    }
}

impl Read for World {
    async fn describe(&self, names: &[RepositoryName]) -> Result<Vec<Repository>, Fault> {
        let action = "ecr:DescribeRepositories";
        assert!((1..=NAMES_PER_CALL).contains(&names.len()), "ECR takes 1 to 100 names, not {}", names.len());
        self.call(action, |state| {
            let one = |name: &RepositoryName| {
                let repo = state.repositories.get(name.as_str()).ok_or_else(|| not_found(action))?;
                Ok(described(name.as_str(), repo))
            };
            names.iter().map(one).collect()
        })
        .await
    }

    async fn page(&self, token: Option<String>) -> Result<Page, Fault> {
        self.call("ecr:DescribeRepositories", |state| {
            let begin = token.map_or(0, |token| token.parse().expect("a token of ours"));
            let end = begin + state.page_size;
            let page = state.repositories.iter().skip(begin).take(state.page_size);
            let next = (end < state.repositories.len()).then(|| end.to_string());
            Ok((page.map(|(name, repo)| described(name, repo)).collect(), next))
        })
        .await
    }

    async fn tags(&self, arn: &str) -> Result<Option<Tags>, Fault> {
        let action = "ecr:ListTagsForResource";
        self.call(action, |state| {
            let found = state.repositories.iter().find(|(name, _)| arn_of(name) == arn);
            found.map(|(_, repo)| Some(repo.tags.clone())).ok_or_else(|| not_found(action))
        })
        .await
    }

    async fn lifecycle(&self, name: &RepositoryName) -> Result<Option<FoundLifecycle>, Fault> {
        self.call("ecr:GetLifecyclePolicy", |state| {
            let text = state.repositories.get(name.as_str()).and_then(|repo| repo.lifecycle.clone());
            Ok(text.map(|text| FoundLifecycle { policy: lifecycle::parse_text(&text).ok(), text }))
        })
        .await
    }

    async fn policy(&self, name: &RepositoryName) -> Result<Option<FoundPolicy>, Fault> {
        self.call("ecr:GetRepositoryPolicy", |state| {
            let text = state.repositories.get(name.as_str()).and_then(|repo| repo.policy.clone());
            Ok(text.map(|text| FoundPolicy { document: Document::parse_text(&text).ok(), text }))
        })
        .await
    }

    async fn scan_type(&self) -> Result<Option<ScanType>, Fault> {
        self.call("ecr:GetRegistryScanningConfiguration", |state| Ok(Some(state.scan_type))).await
    }

    async fn parameters(&self, paths: &[String]) -> Result<BTreeMap<String, String>, Fault> {
        assert!((1..=PARAMETERS_PER_CALL).contains(&paths.len()), "SSM takes 1 to 10 names, not {}", paths.len());
        self.call("ssm:GetParameters", |state| {
            let value = |path: &String| Some((path.clone(), state.parameters.get(path)?.value.clone()));
            Ok(paths.iter().filter_map(value).collect())
        })
        .await
    }

    async fn parameter_owner(&self, path: &str) -> Result<Option<String>, Fault> {
        self.call("ssm:ListTagsForResource", |state| {
            Ok(state.parameters.get(path).and_then(|parameter| parameter.owner.clone()))
        })
        .await
    }
}

impl Write for World {
    async fn perform(&self, change: &Change) -> Result<(), Fault> {
        self.call(change.action(), |state| {
            perform(state, change)?;
            let status = state.stacks.get(super::world::STACK).map(|stack| stack.status.clone());
            state.journal.push((change.clone(), status.unwrap_or_default()));
            Ok(())
        })
        .await
    }
}

/// Which version of an object a write replaces.
#[derive(Clone, Copy)]
pub(super) enum Over {
    Anything,
    Nothing,
    Exactly(u64),
}

impl Over {
    pub(super) fn of(version: &Version) -> Self {
        match version {
            Version::New => Self::Nothing,
            Version::Tag(tag) => Self::Exactly(tag.parse().expect("a tag of ours")),
        }
    }
}

impl World {
    pub(super) async fn get<T: DeserializeOwned + Send>(&self, key: &str) -> Result<Option<(T, u64)>, Fault> {
        self.call("s3:GetObject", |state| {
            let found = state.objects.get(key);
            Ok(found.map(|(bytes, tag)| (serde_json::from_slice(bytes).expect("it reads back"), *tag)))
        })
        .await
    }

    pub(super) async fn put(&self, key: &str, value: &(impl Serialize + Sync), over: Over) -> Result<u64, Fault> {
        let action = "s3:PutObject";
        let bytes = serde_json::to_vec(value).expect("it can be written");
        self.call(action, move |state| {
            match (over, state.objects.get(key)) {
                (Over::Nothing, Some(_)) => return Err(refusal(action, FaultKind::Conflict, "PreconditionFailed")),
                (Over::Exactly(tag), Some((_, found))) if tag != *found => {
                    return Err(refusal(action, FaultKind::Conflict, "PreconditionFailed"));
                }
                (Over::Exactly(_), None) => return Err(refusal(action, FaultKind::NotFound, "NoSuchKey")),
                _ => {}
            }
            state.etags += 1;
            let tag = state.etags;
            state.objects.insert(key.to_owned(), (bytes, tag));
            Ok(tag)
        })
        .await
    }

    async fn remove(&self, key: &str) -> Result<(), Fault> {
        self.call("s3:DeleteObject", |state| {
            state.objects.remove(key);
            Ok(())
        })
        .await
    }
}

impl Recall for World {
    async fn ledger(&self, key: &str) -> Result<Option<(Ledger, Version)>, Fault> {
        Ok(self.get::<Ledger>(key).await?.map(|(ledger, tag)| (ledger, Version::Tag(tag.to_string()))))
    }

    async fn snapshot(&self, key: &str) -> Result<Option<Snapshot>, Fault> {
        Ok(self.get::<Snapshot>(key).await?.map(|(snapshot, _)| snapshot))
    }
}

impl Keep for World {
    async fn save_ledger(&self, ledger: &Ledger, over: &Version) -> Result<Version, Fault> {
        let tag = self.put(&ledger.identity.ledger_key(), ledger, Over::of(over)).await?;
        Ok(Version::Tag(tag.to_string()))
    }

    async fn forget_ledger(&self, identity: &Identity) -> Result<(), Fault> {
        self.remove(&identity.ledger_key()).await
    }

    async fn put_outputs(&self, identity: &Identity, document: &Value) -> Result<(), Fault> {
        self.put(&identity.outputs_key(), document, Over::Anything).await.map(|_| ())
    }

    async fn forget_outputs(&self, identity: &Identity) -> Result<(), Fault> {
        self.remove(&identity.outputs_key()).await
    }

    async fn put_snapshot(&self, key: &str, snapshot: &Snapshot) -> Result<(), Fault> {
        match self.put(key, snapshot, Over::Nothing).await {
            Err(fault) if fault.kind == FaultKind::Conflict => Ok(()),
            other => other.map(|_| ()),
        }
    }

    async fn lease(&self, key: &str) -> Result<Option<(Claim, Version)>, Fault> {
        let found = self.call("s3:GetObject", |state| Ok(state.leases.get(key).cloned())).await?;
        Ok(found.map(|(claim, tag)| (claim, Version::Tag(tag.to_string()))))
    }

    async fn save_lease(&self, key: &str, claim: &Claim, over: &Version) -> Result<Version, Fault> {
        let action = "s3:PutObject";
        self.call(action, |state| {
            let found = state.leases.get(key).map_or(Version::New, |(_, tag)| Version::Tag(tag.to_string()));
            if found != *over {
                return Err(refusal(action, FaultKind::Conflict, "PreconditionFailed"));
            }
            state.etags += 1;
            state.leases.insert(key.to_owned(), (claim.clone(), state.etags));
            Ok(Version::Tag(state.etags.to_string()))
        })
        .await
    }
}

impl Declarations for World {
    async fn declared(&self, key: &str) -> Result<Option<(Declared, Version)>, Fault> {
        Ok(self.get::<Declared>(key).await?.map(|(declared, tag)| (declared, Version::Tag(tag.to_string()))))
    }

    async fn save_declared(&self, key: &str, declared: &Declared, over: &Version) -> Result<Version, Fault> {
        Ok(Version::Tag(self.put(key, declared, Over::of(over)).await?.to_string()))
    }

    async fn forget_declared(&self, key: &str) -> Result<(), Fault> {
        self.remove(key).await
    }
}

impl Answers for World {
    async fn answer(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.call("s3:GetObject", |state| Ok(state.answers.get(key).cloned())).await
    }

    async fn keep_answer(&self, key: &str, body: Vec<u8>) -> Result<Vec<u8>, Fault> {
        self.call("s3:PutObject", |state| Ok(state.answers.entry(key.to_owned()).or_insert(body).clone())).await
    }
}

impl Stacks for World {
    async fn stack(&self, arn: &str) -> Result<Option<Stack>, Fault> {
        self.call("cloudformation:DescribeStacks", |state| Ok(state.stacks.get(arn).cloned())).await
    }

    /// A stack of this world has every resource whose ledger is there, and what a test says it has.
    async fn has_resource(&self, arn: &str, logical_id: &str) -> Result<bool, Fault> {
        self.call("cloudformation:DescribeStackResource", |state| {
            let guid = arn.rsplit('/').next().unwrap_or_default();
            let listed = state.resources.contains(&(arn.to_owned(), logical_id.to_owned()));
            Ok(listed || state.objects.contains_key(&format!("ledgers/{guid}/{logical_id}.json")))
        })
        .await
    }
}

impl Postpone for World {
    async fn send(&self, message: &Message) -> Result<(), Fault> {
        self.call("sqs:SendMessage", |state| {
            state.queue.push(message.clone());
            Ok(())
        })
        .await
    }
}
