//! Fleets in the public gallery: served as private ones are, in another world.

use super::serve::{Desk, Served, accepted, bring, erase as erase_fleet, mark_of};
use crate::event::reply::Reply;
use crate::event::request::{ReplyTarget, Request};
use crate::flow::delete::Asked;
use crate::flow::task::Task;
use crate::flow::{Galleries, World};
use crate::plan::ledger::Declaration;
use crate::spec::public::{check, with_pictures};
use crate::spec::{Fleet, Gallery};

/// Serves a Create or an Update. Where the gallery is is found out first, since the answer says so.
pub(super) async fn write<W: World + Galleries>(
    desk: &Desk<'_, W>,
    task: &Task,
    target: &ReplyTarget,
    request: &Request,
) -> Served {
    let mark = mark_of(&request.properties);
    let checked = check(&request.properties, partition(task));
    let fleet = match accepted(desk.world, task, (&mark, true), checked).await {
        Ok(fleet) => with_pictures(fleet, &request.properties),
        Err(unaccepted) => return unaccepted.told(target),
    };
    let fleet = match placed(desk.world, fleet).await {
        Ok(fleet) => fleet,
        Err(reason) => return Served::Decided(Reply::failed(target.resource_id(), reason)),
    };
    let declaration = Declaration { request_id: task.request_id.clone(), fingerprint: mark, fleet };
    bring(&desk.moved_to(&desk.world.gallery()), task, target, declaration).await
}

/// Serves a Delete. Which registry it works in is decided by the record.
pub(super) async fn erase<W: World + Galleries>(
    desk: &Desk<'_, W>,
    task: &Task,
    target: &ReplyTarget,
    request: &Request,
) -> Served {
    let own = check(&request.properties, partition(task)).ok();
    erase_fleet(desk, task, target, Asked { public: true, own: own.as_ref() }).await
}

fn partition(task: &Task) -> &str {
    &task.identity.stack.place.partition
}

/// The fleet where the account's gallery is; `Err` is the reason of the answer.
async fn placed(world: &impl Galleries, fleet: Fleet) -> Result<Fleet, String> {
    match world.gallery_uri().await {
        Ok(Some(uri)) => Ok(Fleet { gallery: Some(Gallery { uri }), ..fleet }),
        Ok(None) => Err("nothing was changed: this account has no alias in the public gallery yet, and every address there begins with one. AWS gives it with the first repository: create any (aws ecr-public create-repository --region us-east-1 --repository-name first), and try again".to_owned()),
        Err(fault) => Err(format!("nothing was changed: where the account's public gallery is could not be found out: {fault}")),
    }
}
