//! The state bucket: the ports `flow::Recall` and `flow::Keep`.

use super::Aws;
use super::fault::fault;
use crate::fault::absent_is_none;
use crate::fault::{Fault, FaultKind};
use crate::flow::{Answers, Keep, Recall, Version};
use crate::model::identity::Identity;
use crate::plan::ledger::{Claim, LEDGER_VERSION, Ledger};
use crate::plan::snapshot::Snapshot;
use aws_sdk_s3::primitives::ByteStream;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Which version of an object a write replaces.
enum Over {
    Anything,
    Nothing,
    Exactly(String),
}

impl Over {
    fn of(version: &Version) -> Self {
        match version {
            Version::New => Self::Nothing,
            Version::Tag(tag) => Self::Exactly(tag.clone()),
        }
    }
}

impl Recall for Aws {
    async fn ledger(&self, key: &str) -> Result<Option<(Ledger, Version)>, Fault> {
        let Some((ledger, tag)) = self.get::<Ledger>(key).await? else {
            return Ok(None);
        };
        if ledger.version > LEDGER_VERSION {
            let why = format!("{key}: written by a newer ecr-steward (version {}); deploy that one", ledger.version);
            return Err(Fault::ours("s3", "GetObject", FaultKind::Unexpected, why));
        }
        Ok(Some((ledger, Version::Tag(tag))))
    }

    async fn snapshot(&self, key: &str) -> Result<Option<Snapshot>, Fault> {
        Ok(self.get::<Snapshot>(key).await?.map(|(snapshot, _)| snapshot))
    }
}

impl Keep for Aws {
    async fn save_ledger(&self, ledger: &Ledger, over: &Version) -> Result<Version, Fault> {
        self.put(&ledger.identity.ledger_key(), ledger, Over::of(over)).await.map(Version::Tag)
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
            // Taken before by an earlier try of this request: that one is from before the first change.
            Err(fault) if fault.kind == FaultKind::Conflict => Ok(()),
            other => other.map(|_| ()),
        }
    }

    async fn lease(&self, key: &str) -> Result<Option<(Claim, Version)>, Fault> {
        Ok(self.get::<Claim>(key).await?.map(|(claim, tag)| (claim, Version::Tag(tag))))
    }

    async fn save_lease(&self, key: &str, claim: &Claim, over: &Version) -> Result<Version, Fault> {
        self.put(key, claim, Over::of(over)).await.map(Version::Tag)
    }
}

impl Answers for Aws {
    async fn answer(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.get_bytes(key).await?.map(|(answer, _)| answer))
    }

    async fn keep_answer(&self, key: &str, body: Vec<u8>) -> Result<Vec<u8>, Fault> {
        match self.put_bytes(key, body.clone(), Over::Nothing).await {
            // Decided by another delivery of the same request, or by a PUT of ours whose answer was lost.
            Err(fault) if fault.kind == FaultKind::Conflict => {
                self.answer(key).await?.ok_or(Fault { kind: FaultKind::Unavailable, ..fault })
            }
            other => other.map(|_| body),
        }
    }
}

impl Aws {
    async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<(T, String)>, Fault> {
        let Some((bytes, tag)) = self.get_bytes(key).await? else {
            return Ok(None);
        };
        let value = serde_json::from_slice(&bytes)
            .map_err(|error| broken(format!("{key}: the object cannot be read: {error}")))?;
        Ok(Some((value, tag)))
    }

    async fn get_bytes(&self, key: &str) -> Result<Option<(Vec<u8>, String)>, Fault> {
        let call = self.s3.get_object().bucket(&self.state_bucket).key(key).send().await;
        let Some(answer) = absent_is_none(call.map_err(|error| fault("s3", "GetObject", &error)))? else {
            return Ok(None);
        };
        let tag = answer.e_tag.ok_or_else(|| broken(format!("{key}: the object has no entity tag")))?;
        let bytes = answer
            .body
            .collect()
            .await
            .map_err(|error| Fault::ours("s3", "GetObject", FaultKind::Unavailable, format!("{key}: {error}")))?;
        Ok(Some((bytes.to_vec(), tag)))
    }

    async fn put(&self, key: &str, value: &impl Serialize, over: Over) -> Result<String, Fault> {
        let bytes = serde_json::to_vec(value)
            .map_err(|error| Fault::ours("s3", "PutObject", FaultKind::Unexpected, format!("{key}: {error}")))?;
        self.put_bytes(key, bytes, over).await
    }

    async fn put_bytes(&self, key: &str, bytes: Vec<u8>, over: Over) -> Result<String, Fault> {
        let mut call = self
            .s3
            .put_object()
            .bucket(&self.state_bucket)
            .key(key)
            .content_type("application/json")
            .body(ByteStream::from(bytes));
        match over {
            Over::Anything => {}
            Over::Nothing => call = call.if_none_match("*"),
            Over::Exactly(tag) => call = call.if_match(tag),
        }
        let answer = call.send().await.map_err(|error| fault("s3", "PutObject", &error))?;
        Ok(answer.e_tag.unwrap_or_default())
    }

    async fn remove(&self, key: &str) -> Result<(), Fault> {
        let call = self.s3.delete_object().bucket(&self.state_bucket).key(key).send().await;
        call.map(|_| ()).map_err(|error| fault("s3", "DeleteObject", &error))
    }
}

fn broken(what: String) -> Fault {
    Fault::ours("s3", "GetObject", FaultKind::Unexpected, what)
}
