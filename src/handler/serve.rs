//! From a request to the reply it deserves. Never fails: everything becomes a [`Reply`], or is to be continued.

use super::serve_baseline::BASELINE;
use super::serve_policy::FINDINGS_POLICY;
use super::serve_public;
use super::serve_registry;
use super::serve_sole::{self, Sort};
use crate::event::reply::{MAX_REPLY_BYTES, Reply, Status};
use crate::event::request::{ReplyTarget, Request, RequestType};
use crate::flow::declare::declare;
use crate::flow::delete::{Asked, delete};
use crate::flow::registry::RegistryWorld;
use crate::flow::task::{Stopped, Task, Waiting};
use crate::flow::{Declarations, Galleries, Recall, World};
use crate::model::identity::{Identity, StackId, fingerprint};
use crate::plan::ledger::Declaration;
use crate::spec::fleet::{Surroundings, check};
use crate::spec::outputs::{self, Source};
use crate::spec::{Fleet, Problem, public};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use tokio::time::Instant;

/// The types this function serves.
const SERVED: [(&str, Kind); 5] = [
    ("Custom::EcrRepositories", Kind::Fleet),
    (public::TYPE, Kind::PublicFleet),
    ("Custom::EcrFindingsPolicy", Kind::Sole(FINDINGS_POLICY)),
    ("Custom::EcrBaseline", Kind::Sole(BASELINE)),
    ("Custom::EcrRegistry", Kind::Registry),
];
/// Bytes of the answer kept for its reason.
const REASON_ROOM: usize = 300;

/// What a resource is to us.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Fleet,
    PublicFleet,
    Sole(Sort),
    Registry,
}

fn kind_of(resource_type: &str) -> Option<Kind> {
    SERVED.iter().find(|(name, _)| *name == resource_type).map(|(_, kind)| *kind)
}

/// Does this function serve resources of this type?
pub fn is_served(resource_type: &str) -> bool {
    kind_of(resource_type).is_some()
}

/// What serving needs besides the request.
#[derive(Clone, Debug)]
pub struct Desk<'a, W> {
    /// The outside world.
    pub world: &'a W,
    /// The SSM prefix of this installation.
    pub parameter_prefix: &'a str,
    /// The state bucket.
    pub state_bucket: &'a str,
    /// Now, in seconds since 1970.
    pub now: i64,
    /// No step begins after this.
    pub steps_until: Instant,
    /// How CloudFormation waits.
    pub waiting: Waiting,
}

impl<W> Desk<'_, W> {
    /// The same desk in another world.
    pub(super) fn moved_to<'b, V>(&'b self, world: &'b V) -> Desk<'b, V> {
        Desk {
            world,
            parameter_prefix: self.parameter_prefix,
            state_bucket: self.state_bucket,
            now: self.now,
            steps_until: self.steps_until,
            waiting: self.waiting.clone(),
        }
    }
}

/// What serving came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Served {
    /// Refused for its form alone: the same request is refused in the same words whenever it comes.
    Refused(Reply),
    /// Decided by what the world was and became.
    Decided(Reply),
    /// It did not fit into this invocation; if it came some way, it can go on in another.
    Unfinished {
        /// Writes done.
        done: usize,
        /// Writes left.
        left: usize,
        /// The first of them, and what became of it.
        first: String,
    },
}

/// Serves one request.
pub async fn serve<W: World + Declarations + Galleries + RegistryWorld>(
    desk: &Desk<'_, W>,
    target: &ReplyTarget,
    request: Result<Request, String>,
) -> Served {
    let failed = |reason: String| Served::Refused(Reply::failed(target.resource_id(), reason));
    let request = match request {
        Ok(request) => request,
        Err(reason) => return failed(reason),
    };
    let Some(kind) = kind_of(&request.resource_type) else {
        // A Create of such a type was refused, so its clean-up has nothing to do and must not get stuck.
        if request.kind == RequestType::Delete {
            return Served::Refused(nothing_to_delete(target, "this type was never served here"));
        }
        return failed(format!(
            "the resource type {:?} is not served here; {} are. Check Type and ServiceToken",
            request.resource_type,
            SERVED.map(|(name, _)| name).join(", ")
        ));
    };
    let stack = match StackId::parse(&target.stack_id) {
        Ok(stack) => stack,
        Err(reason) => return failed(reason),
    };
    let identity = Identity { stack, logical_id: target.logical_id.clone() };
    let task = Task {
        request_id: target.request_id.clone(),
        parameter_prefix: desk.parameter_prefix.to_owned(),
        state_bucket: desk.state_bucket.to_owned(),
        now: desk.now,
        steps_until: desk.steps_until,
        claim_until: Task::lapse(desk.now, desk.steps_until),
        waiting: Some(desk.waiting.clone()),
        identity,
    };
    match (kind, request.kind) {
        (Kind::Fleet, RequestType::Create | RequestType::Update) => write(desk, &task, target, &request).await,
        (Kind::Fleet, RequestType::Delete) => {
            let around = surroundings(desk, &task);
            let own = check(&request.properties, &around).ok();
            erase(desk, &task, target, Asked { public: false, own: own.as_ref() }).await
        }
        (Kind::PublicFleet, RequestType::Create | RequestType::Update) => {
            serve_public::write(desk, &task, target, &request).await
        }
        (Kind::PublicFleet, RequestType::Delete) => serve_public::erase(desk, &task, target, &request).await,
        (Kind::Sole(sort), RequestType::Create | RequestType::Update) => {
            serve_sole::write(&sort, desk, &task, target, &request).await
        }
        (Kind::Sole(sort), RequestType::Delete) => serve_sole::erase(&sort, desk, &task, target).await,
        (Kind::Registry, RequestType::Create | RequestType::Update) => {
            serve_registry::write(desk, &task, target, &request).await
        }
        (Kind::Registry, RequestType::Delete) => serve_registry::erase(desk, &task, target).await,
    }
}

pub(super) fn stopped(physical_id: String, why: &Stopped) -> Served {
    match why {
        Stopped::Unfinished { done, left, first } => {
            Served::Unfinished { done: *done, left: *left, first: first.clone() }
        }
        _ => Served::Decided(Reply::failed(physical_id, why.reason())),
    }
}

async fn write<W: World>(desk: &Desk<'_, W>, task: &Task, target: &ReplyTarget, request: &Request) -> Served {
    let mark = mark_of(&request.properties);
    let checked = check(&request.properties, &surroundings(desk, task));
    match accepted(desk.world, task, (&mark, false), checked).await {
        Ok(fleet) => {
            bring(desk, task, target, Declaration { request_id: task.request_id.clone(), fingerprint: mark, fleet })
                .await
        }
        Err(unaccepted) => unaccepted.told(target),
    }
}

/// By what properties are known again.
pub(super) fn mark_of(properties: &Map<String, Value>) -> String {
    fingerprint(Value::Object(properties.clone()).to_string().as_bytes())
}

fn surroundings<'a, W>(desk: &Desk<'a, W>, task: &'a Task) -> Surroundings<'a> {
    Surroundings { partition: &task.identity.stack.place.partition, parameter_prefix: desk.parameter_prefix }
}

/// Brings a fleet that was accepted to its declaration.
pub(super) async fn bring<W: World>(
    desk: &Desk<'_, W>,
    task: &Task,
    target: &ReplyTarget,
    declaration: Declaration,
) -> Served {
    let physical_id = target.resource_id();
    let fleet = &declaration.fleet;
    let data = match settled_data(task, target, &physical_id, fleet) {
        Ok(data) => data,
        Err(reason) => return Served::Refused(Reply::failed(physical_id, reason)),
    };
    let count = fleet.repositories.len();
    match declare(desk.world, task, declaration).await {
        Ok(declared) => {
            for warning in &declared.warnings {
                tracing::warn!(request_id = task.request_id, "{warning}");
            }
            let mut parts = vec![format!("{count} repositories as declared, {} changes made", declared.writes)];
            parts.extend(declared.remarks);
            Served::Decided(Reply { status: Status::Success, reason: parts.join("; "), physical_id, data })
        }
        Err(why) => stopped(physical_id, &why),
    }
}

/// Why a declaration is not accepted.
pub(super) enum Unaccepted {
    /// For its form.
    Form(String),
    /// For its form, and whether it was accepted before could not be found out.
    Unknown(String),
}

impl Unaccepted {
    /// The answer that says so.
    pub(super) fn told(self, target: &ReplyTarget) -> Served {
        match self {
            Self::Form(reason) => Served::Refused(Reply::failed(target.resource_id(), reason)),
            Self::Unknown(reason) => Served::Decided(Reply::failed(target.resource_id(), reason)),
        }
    }
}

/// The fleet, checked; or one of its kind that was accepted before, since a rollback cannot be told from an Update.
pub(super) async fn accepted(
    world: &impl Recall,
    task: &Task,
    (mark, public): (&str, bool),
    checked: Result<Fleet, Vec<Problem>>,
) -> Result<Fleet, Unaccepted> {
    let problems = match checked {
        Ok(fleet) => return Ok(fleet),
        Err(problems) => problems,
    };
    let ledger = world.ledger(&task.identity.ledger_key()).await;
    let ledger = ledger.map_err(|fault| {
        let why = "Whether this was accepted before could not be found out";
        Unaccepted::Unknown(format!("{} {why}: {fault}", refusal(&problems)))
    })?;
    let ledger = ledger.map(|(ledger, _)| ledger).filter(|ledger| ledger.is_public() == public);
    let earlier = ledger.and_then(|ledger| ledger.accepted_fleet(mark).cloned());
    earlier.ok_or_else(|| Unaccepted::Form(refusal(&problems)))
}

/// Every problem in one reason.
pub fn refusal(problems: &[Problem]) -> String {
    let list: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let count = match problems.len() {
        1 => "1 problem".to_owned(),
        count => format!("{count} problems"),
    };
    format!("{count} in the properties; nothing was changed. {}", list.join(" | "))
}

/// The return values, settled before the first write.
fn settled_data(
    task: &Task,
    target: &ReplyTarget,
    physical_id: &str,
    fleet: &Fleet,
) -> Result<BTreeMap<String, String>, String> {
    let empty = Reply {
        status: Status::Success,
        reason: String::new(),
        physical_id: physical_id.to_owned(),
        data: BTreeMap::from([(String::new(), String::new())]),
    };
    let room = MAX_REPLY_BYTES.saturating_sub(empty.body(target).len()).saturating_sub(REASON_ROOM);
    let source = Source {
        fleet,
        place: &task.identity.stack.place,
        parameter_prefix: &task.parameter_prefix,
        outputs_uri: &task.outputs_uri(),
    };
    outputs::return_values(source, room).map_err(|too_large| {
        format!(
            "ReturnValues: the values listed take {} bytes and CloudFormation's answer of {MAX_REPLY_BYTES} bytes has room for {}; nothing was changed. List fewer (the rest is in {})",
            too_large.needed,
            too_large.room,
            task.outputs_uri()
        )
    })
}

pub(super) fn nothing_to_delete(target: &ReplyTarget, why: &str) -> Reply {
    Reply {
        status: Status::Success,
        reason: format!("nothing to delete: {why}"),
        physical_id: target.resource_id(),
        data: BTreeMap::new(),
    }
}

/// The physical id is not asked: a Create that never answered is deleted under an id CloudFormation made up, and
/// what it made is still ours by stack and logical id.
pub(super) async fn erase<W: World + Galleries>(
    desk: &Desk<'_, W>,
    task: &Task,
    target: &ReplyTarget,
    asked: Asked<'_>,
) -> Served {
    let physical_id = target.resource_id();
    let success = |reason: String| Reply {
        status: Status::Success,
        reason,
        physical_id: physical_id.clone(),
        data: BTreeMap::new(),
    };
    match delete(desk.world, task, asked).await {
        Ok(deleted) => {
            let mut parts = vec![format!("deleted, {} changes made", deleted.writes)];
            parts.extend(deleted.remarks);
            Served::Decided(success(parts.join("; ")))
        }
        Err(why) => stopped(physical_id, &why),
    }
}
