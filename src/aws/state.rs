//! The state bucket: the ports `flow::Recall`, `flow::Keep`, `flow::Declarations`, `flow::Answers` and the registry's record.

use super::Aws;
use super::bucket::{JSON, Over, broken};
use crate::fault::{Fault, FaultKind};
use crate::flow::registry::{KeepRegistryRecord, ReadRegistryRecord};
use crate::flow::{Answers, Declarations, Keep, Recall, Version};
use crate::model::identity::Identity;
use crate::plan::ledger::{Claim, LEDGER_VERSION, Ledger};
use crate::plan::registry::record::{RECORD_VERSION, REGISTRY_KEY, RegistryRecord};
use crate::plan::snapshot::Snapshot;
use crate::policy::declared::{DECLARED_VERSION, Declared};
use serde_json::Value;

impl Recall for Aws {
    async fn ledger(&self, key: &str) -> Result<Option<(Ledger, Version)>, Fault> {
        let Some((ledger, tag)) = self.state.get::<Ledger>(key).await? else {
            return Ok(None);
        };
        if ledger.version > LEDGER_VERSION {
            return Err(newer(key, ledger.version));
        }
        Ok(Some((ledger, Version::Tag(tag))))
    }

    async fn snapshot(&self, key: &str) -> Result<Option<Snapshot>, Fault> {
        Ok(self.state.get::<Snapshot>(key).await?.map(|(snapshot, _)| snapshot))
    }
}

impl Keep for Aws {
    async fn save_ledger(&self, ledger: &Ledger, over: &Version) -> Result<Version, Fault> {
        self.state.put(&ledger.identity.ledger_key(), ledger, Over::of(over)).await.map(Version::Tag)
    }

    async fn forget_ledger(&self, identity: &Identity) -> Result<(), Fault> {
        self.state.remove(&identity.ledger_key()).await
    }

    async fn put_outputs(&self, identity: &Identity, document: &Value) -> Result<(), Fault> {
        self.state.put(&identity.outputs_key(), document, Over::Anything).await.map(|_| ())
    }

    async fn forget_outputs(&self, identity: &Identity) -> Result<(), Fault> {
        self.state.remove(&identity.outputs_key()).await
    }

    async fn put_snapshot(&self, key: &str, snapshot: &Snapshot) -> Result<(), Fault> {
        match self.state.put(key, snapshot, Over::Nothing).await {
            // Taken before by an earlier try of this request: that one is from before the first change.
            Err(fault) if fault.kind == FaultKind::Conflict => Ok(()),
            other => other.map(|_| ()),
        }
    }

    async fn lease(&self, key: &str) -> Result<Option<(Claim, Version)>, Fault> {
        Ok(self.state.get::<Claim>(key).await?.map(|(claim, tag)| (claim, Version::Tag(tag))))
    }

    async fn save_lease(&self, key: &str, claim: &Claim, over: &Version) -> Result<Version, Fault> {
        self.state.put(key, claim, Over::of(over)).await.map(Version::Tag)
    }
}

impl Declarations for Aws {
    async fn declared(&self, key: &str) -> Result<Option<(Declared, Version)>, Fault> {
        let Some((declared, tag)) = self.state.get::<Declared>(key).await? else {
            return Ok(None);
        };
        if declared.version > DECLARED_VERSION {
            return Err(newer(key, declared.version));
        }
        Ok(Some((declared, Version::Tag(tag))))
    }

    async fn save_declared(&self, key: &str, declared: &Declared, over: &Version) -> Result<Version, Fault> {
        self.state.put(key, declared, Over::of(over)).await.map(Version::Tag)
    }

    async fn forget_declared(&self, key: &str) -> Result<(), Fault> {
        self.state.remove(key).await
    }
}

impl ReadRegistryRecord for Aws {
    async fn registry_record(&self) -> Result<Option<(RegistryRecord, Version)>, Fault> {
        let Some((record, tag)) = self.state.get::<RegistryRecord>(REGISTRY_KEY).await? else {
            return Ok(None);
        };
        if record.version > RECORD_VERSION {
            return Err(newer(REGISTRY_KEY, record.version));
        }
        Ok(Some((record, Version::Tag(tag))))
    }
}

impl KeepRegistryRecord for Aws {
    async fn save_registry_record(&self, record: &RegistryRecord, over: &Version) -> Result<Version, Fault> {
        self.state.put(REGISTRY_KEY, record, Over::of(over)).await.map(Version::Tag)
    }
}

/// Something this version would only damage.
fn newer(key: &str, version: u32) -> Fault {
    broken(format!("{key}: written by a newer ecr-steward (version {version}); deploy that one"))
}

impl Answers for Aws {
    async fn answer(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.state.get_bytes(key).await?.map(|(answer, _)| answer))
    }

    async fn keep_answer(&self, key: &str, body: Vec<u8>) -> Result<Vec<u8>, Fault> {
        match self.state.put_bytes(key, body.clone(), JSON, Over::Nothing).await {
            // Decided by another delivery of the same request, or by a PUT of ours whose answer was lost.
            Err(fault) if fault.kind == FaultKind::Conflict => {
                self.answer(key).await?.ok_or(Fault { kind: FaultKind::Unavailable, ..fault })
            }
            other => other.map(|_| body),
        }
    }
}
