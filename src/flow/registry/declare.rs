//! Create and Update of a registry's declaration.
//!
//! Expected flow: hold the record, look, decide; where nothing stands in the way, remember what is to stand and what stood
//! there before, write, look again, settle the record. Guarantees: a refusal writes nothing; what is in nobody's name is
//! written back as it was read; running it again after a crash at any call ends in the same world.

use super::merge::{Goal, Merged, merge};
use super::{ReadRegistryRecord, RegistryWorld};
use crate::fault::Fault;
use crate::flow::task::{Stopped, Task};
use crate::plan::registry::record::Accepted;
use crate::spec::registry::RegistryWish;

/// The wish with these properties' fingerprint, where it was accepted of this resource before.
pub async fn accepted_before(
    world: &impl ReadRegistryRecord,
    task: &Task,
    fingerprint: &str,
) -> Result<Option<RegistryWish>, Fault> {
    let found = world.registry_record().await?;
    let owner = found.as_ref().and_then(|(record, _)| record.owner(&task.identity));
    Ok(owner.and_then(|owner| owner.accepted(fingerprint)).map(Accepted::wish))
}

/// Brings the registry to a wish.
pub async fn declare(
    world: &impl RegistryWorld,
    task: &Task,
    wish: &RegistryWish,
    fingerprint: &str,
) -> Result<Merged, Stopped> {
    merge(world, task, Goal::Declare { wish, fingerprint }).await
}
