//! Serving `Custom::EcrRegistry`: checked as a whole, merged with what other stacks declared, told with what it means.

use super::serve::{Desk, Served, nothing_to_delete, refusal, stopped};
use super::serve_sole::counted;
use crate::event::reply::{Reply, Status};
use crate::event::request::{ReplyTarget, Request};
use crate::flow::registry::declare::{accepted_before, declare};
use crate::flow::registry::withdraw::{Withdrawn, withdraw};
use crate::flow::registry::{Merged, RegistryWorld};
use crate::flow::task::Task;
use crate::model::identity::fingerprint;
use crate::plan::registry::record::REGISTRY_KEY;
use crate::spec::registry::{Around, check};
use serde_json::Value;
use std::collections::BTreeMap;

/// Create and Update.
pub(super) async fn write<W: RegistryWorld>(
    desk: &Desk<'_, W>,
    task: &Task,
    target: &ReplyTarget,
    request: &Request,
) -> Served {
    let physical_id = target.resource_id();
    let mark = fingerprint(Value::Object(request.properties.clone()).to_string().as_bytes());
    let wish = match check(&request.properties, &Around::of(&task.identity.stack.place)) {
        Ok(wish) => wish,
        // A rollback cannot be told from an Update, and must get through.
        Err(problems) => match accepted_before(desk.world, task, &mark).await {
            Ok(Some(wish)) => wish,
            Ok(None) => return Served::Refused(Reply::failed(physical_id, refusal(&problems))),
            Err(fault) => {
                let why = "Whether this was accepted before could not be found out";
                let reason = format!("{} {why}: {fault}", refusal(&problems));
                return Served::Decided(Reply::failed(physical_id, reason));
            }
        },
    };
    match declare(desk.world, task, &wish, &mark).await {
        Ok(merged) => {
            let count = wish.entries.len();
            let entries = if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") };
            let reason =
                told(format!("registry as declared: {entries}, {} made", counted(merged.writes, "change")), merged);
            let data = BTreeMap::from([
                ("RegistryId".to_owned(), task.identity.stack.place.account.clone()),
                ("DeclarationUri".to_owned(), format!("s3://{}/{REGISTRY_KEY}", desk.state_bucket)),
            ]);
            Served::Decided(Reply { status: Status::Success, reason, physical_id, data })
        }
        Err(why) => stopped(physical_id, &why),
    }
}

/// Delete. Neither the properties nor the physical id are asked: what is ours is known by stack and logical id.
pub(super) async fn erase<W: RegistryWorld>(desk: &Desk<'_, W>, task: &Task, target: &ReplyTarget) -> Served {
    let reason = match withdraw(desk.world, task).await {
        Ok(Withdrawn::Absent) => {
            return Served::Decided(nothing_to_delete(target, "nothing in the registry is declared by this resource"));
        }
        Ok(Withdrawn::Retained(1)) => "deleted; the entry it declared stays and belongs to nobody".to_owned(),
        Ok(Withdrawn::Retained(count)) => {
            format!("deleted; the {count} entries it declared stay, and belong to nobody but who else declares them")
        }
        Ok(Withdrawn::Restored(merged)) => {
            told(format!("deleted and restored, {} made", counted(merged.writes, "change")), merged)
        }
        Err(why) => return stopped(target.resource_id(), &why),
    };
    let physical_id = target.resource_id();
    Served::Decided(Reply { status: Status::Success, reason, physical_id, data: BTreeMap::new() })
}

/// Remarks first: where the reason is cut, what was written can still be read in CloudTrail.
fn told(summary: String, merged: Merged) -> String {
    let mut parts = vec![summary];
    parts.extend(merged.remarks);
    parts.extend(merged.changes);
    parts.join("; ")
}
