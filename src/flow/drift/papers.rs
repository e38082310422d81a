//! Small JSON objects in the state bucket that several workers may change at the same time.

use super::Book;
use crate::fault::{Fault, FaultKind};
use crate::flow::Version;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::time::sleep;

/// What they are written as.
const JSON: &str = "application/json";
/// Tries of a write that others get in the way of.
const TRIES: u32 = 10;
/// Longest wait before the second of them; each further one may wait that much longer.
const WAIT: Duration = Duration::from_millis(60);

/// Reads an object.
pub(super) async fn read<T: DeserializeOwned>(world: &impl Book, key: &str) -> Result<Option<(T, Version)>, Fault> {
    let Some((bytes, version)) = world.read(key).await? else { return Ok(None) };
    let parsed = serde_json::from_slice(&bytes);
    let value = parsed.map_err(|error| {
        let why =
            format!("{key} in the state bucket cannot be read: {error}; remove it, or put an earlier version back");
        Fault::ours("s3", "GetObject", FaultKind::Invalid, why)
    })?;
    Ok(Some((value, version)))
}

/// Writes an object over exactly the version given, or whatever is there.
pub(super) async fn write<T: Serialize + Sync>(
    world: &impl Book,
    key: &str,
    value: &T,
    over: Option<&Version>,
) -> Result<(), Fault> {
    let bytes = serde_json::to_vec(value).map_err(|error| {
        Fault::ours("s3", "PutObject", FaultKind::Unexpected, format!("{key} cannot be written as JSON: {error}"))
    })?;
    world.write(key, bytes, JSON, over).await.map(|_| ())
}

/// Reads an object, changes it, and writes it over exactly what was read; from the beginning where somebody else wrote
/// meanwhile. `change` says what it came to, and whether there is something to write.
pub(super) async fn amend<T, R>(
    world: &impl Book,
    key: &str,
    mut change: impl FnMut(&mut T) -> (bool, R) + Send,
) -> Result<R, Fault>
where
    T: Default + Serialize + DeserializeOwned + Send + Sync,
    R: Send,
{
    let mut tries = 0;
    loop {
        let (mut value, version) = read::<T>(world, key).await?.unwrap_or((T::default(), Version::New));
        let (changed, came_to) = change(&mut value);
        if !changed {
            return Ok(came_to);
        }
        tries += 1;
        match write(world, key, &value, Some(&version)).await {
            Ok(()) => return Ok(came_to),
            // Removed meanwhile is changed meanwhile.
            Err(fault) if matches!(fault.kind, FaultKind::Conflict | FaultKind::NotFound) && tries < TRIES => {
                sleep((WAIT * tries).mul_f64(fastrand::f64())).await;
            }
            Err(fault) => return Err(fault),
        }
    }
}
