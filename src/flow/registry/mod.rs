//! What a registry has once per account and Region: looked at, merged with what others declared, and written.

use crate::fault::Fault;
use crate::model::registry::{Entry, Section};
use crate::plan::registry::RegistryChange;
use std::future::Future;

/// Looking at the registry. All entries of a section; none where ECR says that there is nothing. What this version cannot
/// read whole (an unknown frequency, a policy beyond it) is a fault of kind `Unreadable`, never a shorter list.
pub trait ReadRegistry: Sync {
    /// The entries of a section, every page of them.
    fn entries(&self, section: Section) -> impl Future<Output = Result<Vec<Entry>, Fault>> + Send;
}

/// Writing to it.
pub trait WriteRegistry: Sync {
    /// Performs one write.
    fn perform_on_registry(&self, change: &RegistryChange) -> impl Future<Output = Result<(), Fault>> + Send;
}
