//! What events told of: each one of an API call touches a mark of its repository. A change without a mark is one that no
//! event announced.

use super::store::list_all;
use crate::fault::Fault;
use crate::flow::drift::{Book, Entry};
use crate::model::name::RepositoryName;
use std::collections::BTreeSet;

/// The marks lie below this, one for each repository.
pub(super) const HEARD: &str = "drift/heard/";

/// The repositories an event told of at or after a time, in seconds since 1970.
pub(super) async fn since(world: &impl Book, seconds: i64) -> Result<BTreeSet<RepositoryName>, Fault> {
    let entries = list_all(world, HEARD).await?;
    let told = entries.iter().filter(|entry| entry.modified >= seconds);
    Ok(told.filter_map(|entry| repository_of(&entry.key)).collect())
}

/// The marks written before a time.
pub(super) async fn before(world: &impl Book, seconds: i64) -> Result<Vec<Entry>, Fault> {
    let entries = list_all(world, HEARD).await?;
    Ok(entries.into_iter().filter(|entry| entry.modified < seconds).collect())
}

fn repository_of(key: &str) -> Option<RepositoryName> {
    RepositoryName::parse(key.strip_prefix(HEARD)?).ok()
}
