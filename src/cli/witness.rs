//! The world `apply` writes through.
//!
//! It performs only writes of the plan that was shown: if the registry changes between looking and writing, the
//! new writes are refused instead of done unseen. It remembers what became of each. And it speaks for the stack
//! where there is none.

use super::connect::Looker;
use super::output::progress;
use super::owner;
use crate::aws::Aws;
use crate::event::message::Message;
use crate::fault::{Fault, FaultKind};
use crate::flow::{Keep, Page, Postpone, Read, Recall, Stack, Stacks, Version, Write};
use crate::model::identity::Identity;
use crate::model::name::RepositoryName;
use crate::model::repository::{FoundLifecycle, FoundPolicy, Repository, ScanType, Tags};
use crate::plan::ledger::{Claim, Ledger};
use crate::plan::snapshot::Snapshot;
use crate::plan::{Change, Plan};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What became of one write.
#[derive(Clone, Debug)]
pub(super) enum Became {
    /// It was performed, or was so already.
    Done,
    /// It failed.
    Failed(Fault),
    /// It was not begun.
    NotReached,
}

/// AWS, watched.
#[derive(Debug)]
pub(super) struct Witness {
    aws: Aws,
    looker: Looker,
    planned: BTreeSet<String>,
    seen: Mutex<BTreeMap<String, Result<(), Fault>>>,
}

impl Witness {
    /// A world in which exactly `plan` can be performed.
    pub(super) fn new(aws: Aws, looker: Looker, plan: &Plan) -> Self {
        let steps = plan.chains.iter().flat_map(|chain| &chain.steps);
        let planned = steps.map(|step| key(&step.change)).collect();
        Self { aws, looker, planned, seen: Mutex::default() }
    }

    /// What became of a planned write.
    pub(super) fn became(&self, change: &Change) -> Became {
        match self.seen().get(&key(change)) {
            None => Became::NotReached,
            Some(Ok(())) => Became::Done,
            Some(Err(fault)) if fault.kind == FaultKind::NotFound && removes(change) => Became::Done,
            Some(Err(fault)) => Became::Failed(fault.clone()),
        }
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<String, Result<(), Fault>>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Every argument of a write is in its debug form, as in the plan's fingerprint.
fn key(change: &Change) -> String {
    format!("{change:?}")
}

/// What removes something is done when that is gone already.
fn removes(change: &Change) -> bool {
    ["ecr:Delete", "ecr:Untag", "ssm:Delete"].iter().any(|verb| change.action().starts_with(verb))
}

fn parts(change: &Change) -> (&'static str, &'static str) {
    change.action().split_once(':').unwrap_or(("aws", change.action()))
}

impl Write for Witness {
    async fn perform(&self, change: &Change) -> Result<(), Fault> {
        let (service, operation) = parts(change);
        let key = key(change);
        if !self.planned.contains(&key) {
            let why = "the registry changed after the plan was made and this write was not in it; plan again";
            return Err(Fault::ours(service, operation, FaultKind::Unexpected, why));
        }
        let unanswered = Fault::ours(service, operation, FaultKind::Late, "no answer came in time");
        let begun = {
            let mut seen = self.seen();
            seen.insert(key.clone(), Err(unanswered));
            seen.len()
        };
        let result = self.aws.perform(change).await;
        progress(&match &result {
            Ok(()) => format!("{begun}/{} {}", self.planned.len(), change.action()),
            Err(fault) => format!("{begun}/{} {fault}", self.planned.len()),
        });
        self.seen().insert(key, result.clone());
        result
    }
}

impl Recall for Witness {
    async fn ledger(&self, key: &str) -> Result<Option<(Ledger, Version)>, Fault> {
        self.looker.ledger(key).await
    }

    async fn snapshot(&self, key: &str) -> Result<Option<Snapshot>, Fault> {
        self.looker.snapshot(key).await
    }
}

impl Keep for Witness {
    /// A flow that lost a race looks again and goes on; here somebody must see the new plan first.
    async fn save_ledger(&self, ledger: &Ledger, over: &Version) -> Result<Version, Fault> {
        let saved = self.aws.save_ledger(ledger, over).await;
        saved.map_err(|fault| match fault.kind {
            FaultKind::Conflict => Fault {
                kind: FaultKind::Unexpected,
                message: "somebody else works on this resource and changed its record meanwhile; plan again".to_owned(),
                ..fault
            },
            _ => fault,
        })
    }

    async fn forget_ledger(&self, identity: &Identity) -> Result<(), Fault> {
        self.aws.forget_ledger(identity).await
    }

    async fn put_outputs(&self, identity: &Identity, document: &Value) -> Result<(), Fault> {
        self.aws.put_outputs(identity, document).await
    }

    async fn forget_outputs(&self, identity: &Identity) -> Result<(), Fault> {
        self.aws.forget_outputs(identity).await
    }

    async fn put_snapshot(&self, key: &str, snapshot: &Snapshot) -> Result<(), Fault> {
        self.aws.put_snapshot(key, snapshot).await
    }

    async fn lease(&self, key: &str) -> Result<Option<(Claim, Version)>, Fault> {
        self.aws.lease(key).await
    }

    async fn save_lease(&self, key: &str, claim: &Claim, over: &Version) -> Result<Version, Fault> {
        self.aws.save_lease(key, claim, over).await
    }
}

impl Postpone for Witness {
    /// The queue is the function's own. What was released stays tagged, and the sweep or the stack's next update
    /// finds it; where there is no stack, nothing is ever removed.
    async fn send(&self, message: &Message) -> Result<(), Fault> {
        if let Message::Settle(look) = message
            && owner::stand_in(&look.stack_id).is_some()
        {
            return Ok(());
        }
        let why = "the command line does not know the function's queue";
        Err(Fault::ours("sqs", "SendMessage", FaultKind::Unexpected, why))
    }
}

impl Stacks for Witness {
    async fn stack(&self, arn: &str) -> Result<Option<Stack>, Fault> {
        self.looker.stack(arn).await
    }

    async fn has_resource(&self, arn: &str, logical_id: &str) -> Result<bool, Fault> {
        self.looker.has_resource(arn, logical_id).await
    }
}

impl Read for Witness {
    async fn describe(&self, names: &[RepositoryName]) -> Result<Vec<Repository>, Fault> {
        self.looker.describe(names).await
    }

    async fn page(&self, token: Option<String>) -> Result<Page, Fault> {
        self.looker.page(token).await
    }

    async fn tags(&self, arn: &str) -> Result<Option<Tags>, Fault> {
        self.looker.tags(arn).await
    }

    async fn lifecycle(&self, name: &RepositoryName) -> Result<Option<FoundLifecycle>, Fault> {
        self.looker.lifecycle(name).await
    }

    async fn policy(&self, name: &RepositoryName) -> Result<Option<FoundPolicy>, Fault> {
        self.looker.policy(name).await
    }

    async fn scan_type(&self) -> Result<Option<ScanType>, Fault> {
        self.looker.scan_type().await
    }

    async fn parameters(&self, paths: &[String]) -> Result<BTreeMap<String, String>, Fault> {
        self.looker.parameters(paths).await
    }

    async fn parameter_owner(&self, path: &str) -> Result<Option<String>, Fault> {
        self.looker.parameter_owner(path).await
    }
}
