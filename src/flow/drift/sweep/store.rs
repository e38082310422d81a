//! The sweep's objects: read, and written once.

use super::super::{Book, Entry, Listing};
use crate::fault::{Fault, FaultKind};
use crate::flow::Version;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The type of the objects.
pub(super) const JSON: &str = "application/json";

/// A JSON object; `None` where there is none.
pub(super) async fn load<T: DeserializeOwned>(world: &impl Book, key: &str) -> Result<Option<T>, Fault> {
    let Some((bytes, _)) = world.read(key).await? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        let why = format!("{key}: the object cannot be read: {error}; remove it, and the next sweep writes its own");
        Fault::ours("s3", "GetObject", FaultKind::Invalid, why)
    })
}

/// A value's JSON.
pub(super) fn json<T: Serialize>(key: &str, value: &T) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(value).map_err(|error| {
        Fault::ours("s3", "PutObject", FaultKind::Unexpected, format!("{key}: it cannot be written as JSON: {error}"))
    })
}

/// Writes over whatever is there.
pub(super) async fn save<T: Serialize + Sync>(world: &impl Book, key: &str, value: &T) -> Result<(), Fault> {
    world.write(key, json(key, value)?, JSON, None).await.map(|_| ())
}

/// Writes where there is nothing; false where there is.
pub(super) async fn save_first<T: Serialize + Sync>(world: &impl Book, key: &str, value: &T) -> Result<bool, Fault> {
    match world.write(key, json(key, value)?, JSON, Some(&Version::New)).await {
        Ok(_) => Ok(true),
        Err(fault) if fault.kind == FaultKind::Conflict => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// Everything below a prefix.
pub(super) async fn list_all(world: &impl Book, prefix: &str) -> Result<Vec<Entry>, Fault> {
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let (page, next): Listing<Entry> = world.list(prefix, token).await?;
        all.extend(page);
        token = next;
        if token.is_none() {
            return Ok(all);
        }
    }
}
