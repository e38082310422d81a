//! Delete of a registry's declaration.
//!
//! Works on the record alone; neither the request's properties nor its physical id are asked. Retained entries are only
//! taken out of the record. A creation that is undone leaves nothing behind, whatever it declared.

use super::RegistryWorld;
use super::hold::recall;
use super::merge::{Goal, Merged, merge};
use crate::flow::delete::is_undone;
use crate::flow::task::{Stopped, Task};
use tokio::time::Instant;

/// What a Delete came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withdrawn {
    /// Nothing was in the resource's name.
    Absent,
    /// What was in its name stays; so many entries.
    Retained(usize),
    /// What was in its name went, as far as it was still as declared.
    Restored(Merged),
}

/// Takes a resource out of the registry.
pub async fn withdraw(world: &impl RegistryWorld, task: &Task) -> Result<Withdrawn, Stopped> {
    let (record, _) = recall(world, task, Instant::now()).await?;
    let Some(owner) = record.owner(&task.identity) else { return Ok(Withdrawn::Absent) };
    let declared = owner.accepted.last().is_some_and(|accepted| accepted.restores);
    if declared || !owner.reached || is_undone(world, task).await? {
        return merge(world, task, Goal::Withdraw).await.map(Withdrawn::Restored);
    }
    let own = record.of(&task.identity).count();
    merge(world, task, Goal::Retain).await.map(|_| Withdrawn::Retained(own))
}
