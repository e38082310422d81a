//! One bucket: objects read whole, and written over exactly what was read.

use super::fault::fault;
use super::sdk::client;
use crate::config::Endpoints;
use crate::fault::{Fault, FaultKind, absent_is_none};
use crate::flow::Version;
use crate::flow::findings::{Entry, Listing};
use aws_sdk_s3::primitives::ByteStream;
use aws_types::SdkConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The type of JSON documents.
pub(super) const JSON: &str = "application/json";

/// Which version of an object a write replaces.
pub(super) enum Over {
    Anything,
    Nothing,
    Exactly(String),
}

impl Over {
    pub(super) fn of(version: &Version) -> Self {
        match version {
            Version::New => Self::Nothing,
            Version::Tag(tag) => Self::Exactly(tag.clone()),
        }
    }
}

/// A bucket.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) name: String,
}

impl Bucket {
    pub(super) fn new(config: &SdkConfig, endpoints: &Endpoints, name: &str) -> Self {
        let builder = client!(aws_sdk_s3, "S3", config, endpoints).force_path_style(endpoints.of("S3").is_some());
        Self { s3: aws_sdk_s3::Client::from_conf(builder.build()), name: name.to_owned() }
    }

    /// A JSON document and its entity tag.
    pub(super) async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<(T, String)>, Fault> {
        let Some((bytes, tag)) = self.get_bytes(key).await? else {
            return Ok(None);
        };
        let value = serde_json::from_slice(&bytes)
            .map_err(|error| broken(format!("{key}: the object cannot be read: {error}")))?;
        Ok(Some((value, tag)))
    }

    /// An object's bytes and its entity tag.
    pub(super) async fn get_bytes(&self, key: &str) -> Result<Option<(Vec<u8>, String)>, Fault> {
        let call = self.s3.get_object().bucket(&self.name).key(key).send().await;
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

    /// Writes a JSON document; returns its entity tag.
    pub(super) async fn put(&self, key: &str, value: &impl Serialize, over: Over) -> Result<String, Fault> {
        let bytes = serde_json::to_vec(value)
            .map_err(|error| Fault::ours("s3", "PutObject", FaultKind::Unexpected, format!("{key}: {error}")))?;
        self.put_bytes(key, bytes, JSON, over).await
    }

    /// Writes an object; returns its entity tag.
    pub(super) async fn put_bytes(
        &self,
        key: &str,
        bytes: Vec<u8>,
        content_type: &str,
        over: Over,
    ) -> Result<String, Fault> {
        let mut call =
            self.s3.put_object().bucket(&self.name).key(key).content_type(content_type).body(ByteStream::from(bytes));
        match over {
            Over::Anything => {}
            Over::Nothing => call = call.if_none_match("*"),
            Over::Exactly(tag) => call = call.if_match(tag),
        }
        let answer = call.send().await.map_err(|error| fault("s3", "PutObject", &error))?;
        Ok(answer.e_tag.unwrap_or_default())
    }

    /// One page of what lies below a prefix, in the order of the keys; with a delimiter, up to its next occurrence only.
    pub(super) async fn list(
        &self,
        prefix: &str,
        delimiter: Option<&str>,
        token: Option<String>,
    ) -> Result<Listing<Entry>, Fault> {
        let call = self
            .s3
            .list_objects_v2()
            .bucket(&self.name)
            .prefix(prefix)
            .set_delimiter(delimiter.map(str::to_owned))
            .set_continuation_token(token);
        let answer = call.send().await.map_err(|error| fault("s3", "ListObjectsV2", &error))?;
        let entries = answer.contents.unwrap_or_default().into_iter().filter_map(|object| {
            let modified = object.last_modified.map_or(0, |at| at.secs());
            Some(Entry { key: object.key?, modified })
        });
        Ok((entries.collect(), answer.next_continuation_token))
    }

    /// Removes an object; one that is not there is no fault.
    pub(super) async fn remove(&self, key: &str) -> Result<(), Fault> {
        let call = self.s3.delete_object().bucket(&self.name).key(key).send().await;
        call.map(|_| ()).map_err(|error| fault("s3", "DeleteObject", &error))
    }
}

/// An object that is there and cannot be used.
pub(super) fn broken(what: String) -> Fault {
    Fault::ours("s3", "GetObject", FaultKind::Unexpected, what)
}
