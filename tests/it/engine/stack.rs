//! One stack with one custom resource, as CloudFormation drives it.

use super::delivery::{Bed, Faults};
use super::{Sibling, retired};
use ecr_steward::model::identity::fingerprint;
use ecr_steward::model::repository::{OWNER_TAG, RELEASED_TAG};
use ecr_steward::plan::ledger::Ledger;
use serde_json::Value;
use std::time::Duration;
use tokio::time::sleep;

/// The owner tags of the two stacks' resources, but for the generation of the stack.
pub(super) const OWNERS: [&str; 2] = ["10000000-", "20000000-"];

/// A stack.
pub(super) struct Stack {
    index: usize,
    /// A stack that is deleted and made again has another ARN.
    generation: u32,
    /// What the template in force declares; `None` where there is no stack.
    committed: Option<Value>,
}

/// A template on its way, and what goes wrong with it.
#[derive(Clone, Debug)]
pub(super) struct Deployment {
    pub(super) properties: Value,
    pub(super) sibling: Sibling,
    /// Of the request forward.
    pub(super) faults: Faults,
    /// Of the request that undoes it, where one is sent.
    pub(super) back: Faults,
}

impl Deployment {
    /// Nothing goes wrong.
    pub(super) fn calm(properties: Value) -> Self {
        Self { properties, sibling: Sibling::Fine, faults: Faults::default(), back: Faults::default() }
    }
}

impl Stack {
    pub(super) const fn new(index: usize) -> Self {
        Self { index, generation: 0, committed: None }
    }

    fn guid(&self) -> String {
        format!("{}0000-0000-0000-{:012}", OWNERS[self.index], self.generation)
    }

    fn arn(&self) -> String {
        format!("arn:aws:cloudformation:eu-west-1:123456789012:stack/stack{}/{}", self.index, self.guid())
    }

    fn physical_id(&self) -> String {
        format!("ecr-steward/{}/Repositories", self.guid())
    }

    fn is(&self, bed: &Bed<'_>, status: &str) {
        bed.world.stack_is(&self.arn(), status);
    }

    async fn ask(&self, bed: &Bed<'_>, kind: &str, properties: &Value, faults: &Faults) -> bool {
        let id = self.physical_id();
        let held = (kind != "Create").then_some(id.as_str());
        let answer = bed.request(kind, &self.arn(), held, properties, faults).await;
        assert_eq!(answer["PhysicalResourceId"], id, "the id never changes");
        answer["Status"] == "SUCCESS"
    }

    /// A template is deployed.
    pub(super) async fn deploy(&mut self, bed: &Bed<'_>, deployment: &Deployment) {
        match self.committed.clone() {
            None => self.create(bed, deployment).await,
            // CloudFormation sends nothing where nothing has changed.
            Some(before) if before == deployment.properties => {}
            Some(before) => self.update(bed, &before, deployment).await,
        }
    }

    async fn create(&mut self, bed: &Bed<'_>, deployment: &Deployment) {
        let properties = &deployment.properties;
        self.generation += 1;
        self.is(bed, "CREATE_IN_PROGRESS");
        match self.forward(bed, "Create", deployment, ("ROLLBACK_IN_PROGRESS", "Delete", properties)).await {
            None => {
                self.is(bed, "CREATE_COMPLETE");
                self.committed = Some(properties.clone());
            }
            Some(undone) => self.rid_of(bed, properties, undone, "ROLLBACK").await,
        }
    }

    /// Sends a request, and the one that undoes it where something fails; whether that succeeded, where it was sent.
    async fn forward(
        &self,
        bed: &Bed<'_>,
        kind: &str,
        deployment: &Deployment,
        (status, way_back, before): (&str, &str, &Value),
    ) -> Option<bool> {
        let Deployment { properties, sibling, faults, back } = deployment;
        let goes = self.ask(bed, kind, properties, faults);
        let undone = async {
            self.is(bed, status);
            self.ask(bed, way_back, before, back).await
        };
        let Sibling::FailsMeanwhile(seconds) = *sibling else {
            let fine = goes.await && *sibling == Sibling::Fine;
            return if fine { None } else { Some(undone.await) };
        };
        let later = async {
            sleep(Duration::from_secs(seconds)).await;
            undone.await
        };
        Some(tokio::join!(goes, later).1)
    }

    /// The resource goes; what could not be deleted at once can be when it is tried again.
    async fn rid_of(&mut self, bed: &Bed<'_>, properties: &Value, gone: bool, operation: &str) {
        if !gone {
            self.is(bed, &format!("{operation}_FAILED"));
            bed.empty_all_of(&self.guid());
            self.is(bed, "DELETE_IN_PROGRESS");
            assert!(self.ask(bed, "Delete", properties, &Faults::default()).await, "a Delete that nothing disturbs");
        }
        self.is(bed, "DELETE_COMPLETE");
        self.committed = None;
        assert!(bed.of_owner(&self.guid()).is_empty(), "left behind by {operation}: {:?}", bed.of_owner(&self.guid()));
        assert!(
            bed.world
                .with(|state| state.objects.keys().all(|key| !key.starts_with(&format!("ledgers/{}", self.guid()))))
        );
    }

    async fn update(&mut self, bed: &Bed<'_>, before: &Value, deployment: &Deployment) {
        self.is(bed, "UPDATE_IN_PROGRESS");
        let way_back = ("UPDATE_ROLLBACK_IN_PROGRESS", "Update", before);
        let Some(undone) = self.forward(bed, "Update", deployment, way_back).await else {
            self.is(bed, "UPDATE_COMPLETE");
            self.committed = Some(deployment.properties.clone());
            return;
        };
        if !undone {
            self.is(bed, "UPDATE_ROLLBACK_FAILED");
            // A person continues the rollback once the cause is mended.
            self.is(bed, "UPDATE_ROLLBACK_IN_PROGRESS");
            assert!(self.ask(bed, "Update", before, &Faults::default()).await, "a way back that nothing disturbs");
        }
        self.is(bed, "UPDATE_ROLLBACK_COMPLETE");
    }

    /// The stack is deleted.
    pub(super) async fn delete(&mut self, bed: &Bed<'_>, faults: &Faults) {
        let Some(properties) = self.committed.clone() else { return };
        self.is(bed, "DELETE_IN_PROGRESS");
        let gone = self.ask(bed, "Delete", &properties, faults).await;
        self.rid_of(bed, &properties, gone, "DELETE").await;
    }

    /// The template has a property that was accepted once and is unknown to us now.
    pub(super) fn upgrade(&mut self, bed: &Bed<'_>) {
        let Some(properties) = self.committed.clone() else { return };
        let properties = retired(properties);
        let key = format!("ledgers/{}/Repositories.json", self.guid());
        bed.world.with(|state| {
            let Some((bytes, tag)) = state.objects.get_mut(&key) else { return };
            let mut ledger: Ledger = serde_json::from_slice(bytes).expect("a ledger reads back");
            if let Some(committed) = &mut ledger.committed {
                committed.fingerprint = fingerprint(properties.to_string().as_bytes());
            }
            *bytes = serde_json::to_vec(&ledger).expect("a ledger can be written");
            *tag += 1_000_000;
        });
        self.committed = Some(properties);
    }

    /// What CloudFormation believes to be declared exists, is ours, and is not on its way out.
    pub(super) fn declared_is_there(&self, bed: &Bed<'_>) {
        let Some(committed) = &self.committed else { return };
        let owner = format!("{}/Repositories", self.guid());
        for name in committed["RepositoryNames"].as_array().expect("a list") {
            let name = format!("shop-dev-{}", name.as_str().expect("a name"));
            let repo = bed.world.repo(&name).unwrap_or_else(|| panic!("{name} is declared and not there"));
            assert_eq!(repo.tags.get(OWNER_TAG), Some(&owner), "{name} is declared");
            assert!(!repo.tags.contains_key(RELEASED_TAG), "{name} is declared and marked as released");
        }
    }

    /// Once everybody has stopped: the declaration is what is there, and the stack can be deleted.
    pub(super) async fn comes_to_peace(&mut self, bed: &Bed<'_>) {
        bed.settle().await;
        let Some(properties) = self.committed.clone() else { return };
        let calm = Faults::default();
        self.is(bed, "UPDATE_IN_PROGRESS");
        let writes = bed.world.writes().len();
        assert!(self.ask(bed, "Update", &properties, &calm).await, "an Update that nothing disturbs");
        let more = bed.world.writes().split_off(writes);
        assert!(more.is_empty(), "nothing had changed, and yet {more:?}");
        self.is(bed, "UPDATE_COMPLETE");
        self.delete(bed, &calm).await;
    }
}
