//! What a registry has once per account and Region: looked at, merged with what others declared, and written.
//!
//! `declare` and `withdraw` are the two walks; `merge` is what they share: hold the record, look, decide, write, look again.
//! `hold` takes turns, `perform` makes the calls.

pub mod declare;
mod hold;
mod merge;
mod perform;
pub mod withdraw;

pub use merge::Merged;

use super::{Stacks, Version};
use crate::fault::Fault;
use crate::model::registry::{Entry, Section};
use crate::plan::registry::RegistryChange;
use crate::plan::registry::record::RegistryRecord;
use std::future::Future;

/// Looking at the registry. All entries of a section; none where ECR says that there is nothing. What this version cannot
/// read whole (an unknown frequency, a policy beyond it) is a fault of kind `Unexpected`, never a shorter list.
pub trait ReadRegistry: Sync {
    /// The entries of a section, every page of them.
    fn entries(&self, section: Section) -> impl Future<Output = Result<Vec<Entry>, Fault>> + Send;
}

/// Writing to it.
pub trait WriteRegistry: Sync {
    /// Performs one write.
    fn perform_on_registry(&self, change: &RegistryChange) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// Reading who owns what.
pub trait ReadRegistryRecord: Sync {
    /// The record, where there is one.
    fn registry_record(&self) -> impl Future<Output = Result<Option<(RegistryRecord, Version)>, Fault>> + Send;
}

/// Writing who owns what.
pub trait KeepRegistryRecord: ReadRegistryRecord {
    /// Writes the record over exactly the version read; `Conflict` where somebody wrote meanwhile.
    fn save_registry_record(
        &self,
        record: &RegistryRecord,
        over: &Version,
    ) -> impl Future<Output = Result<Version, Fault>> + Send;
}

/// All that a registry's resource needs of the outside world.
pub trait RegistryWorld: ReadRegistry + WriteRegistry + KeepRegistryRecord + Stacks {}
impl<T: ReadRegistry + WriteRegistry + KeepRegistryRecord + Stacks> RegistryWorld for T {}
