//! The policy in force: read from the state bucket, kept for a minute.

use super::Records;
use crate::fault::{Fault, FaultKind};
use crate::policy::declared::{DECLARED_VERSION, Declared, POLICY_KEY};
use crate::spec::findings::{FindingsPolicy, check};
use jiff::civil::Date;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A policy is read again after this long; a burst of scans reads it once.
const KEPT: Duration = Duration::from_mins(1);

/// The policy that is judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The policy.
    pub policy: FindingsPolicy,
    /// Changes whenever what it means changes, be it only that a waiver runs out.
    pub fingerprint: String,
}

/// The policy as it was read last.
#[derive(Debug, Default)]
pub struct Policies(Mutex<Option<(Instant, Arc<InForce>)>>);

impl Policies {
    /// The policy in force today. A stored one that cannot be read, or that this version does not accept, is a fault:
    /// nobody's findings are to be forwarded by a policy they did not declare.
    pub async fn current(&self, world: &impl Records, prefix: &str, today: Date) -> Result<Arc<InForce>, Fault> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, in_force)) = known.filter(|(read, _)| read.elapsed() < KEPT) {
            return Ok(in_force);
        }
        let policy = match world.document(POLICY_KEY).await? {
            None => FindingsPolicy::default(),
            Some((document, _)) => {
                let declared: Declared =
                    serde_json::from_value(document).map_err(|error| unusable(&error.to_string()))?;
                if declared.version > DECLARED_VERSION {
                    return Err(unusable("it was written by a newer ecr-steward; deploy that one"));
                }
                check(&declared.properties, prefix).map_err(|problems| {
                    let list: Vec<String> = problems.iter().map(ToString::to_string).collect();
                    unusable(&list.join(" | "))
                })?
            }
        };
        let in_force = Arc::new(InForce { fingerprint: policy.fingerprint(today), policy });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), Arc::clone(&in_force)));
        Ok(in_force)
    }
}

fn unusable(why: &str) -> Fault {
    Fault::ours(
        "s3",
        "GetObject",
        FaultKind::Unexpected,
        format!("the findings policy ({POLICY_KEY}) cannot be used: {why}"),
    )
}
