//! An AWS in memory: registry, parameters, state bucket, stacks and queue. Plain data that tests may look at and
//! nudge; how calls act on it is in `ports`.

use super::overseeing::Overseen;
use super::registry::Registry;
use super::trouble::Armed;
use ecr_steward::event::message::Message;
use ecr_steward::flow::Stack;
use ecr_steward::model::catalog::Catalog;
use ecr_steward::model::identity::{Identity, StackId};
use ecr_steward::model::repository::{
    Encryption, EncryptionType, Mutability, MutabilityMode, OWNER_TAG, RELEASED_TAG, STACK_TAG, ScanType, Tags,
};
use ecr_steward::plan::Change;
use ecr_steward::plan::ledger::{Claim, Ledger};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

pub(crate) const STACK: &str =
    "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/11111111-2222-3333-4444-555555555555";
pub(crate) const OWNER: &str = "11111111-2222-3333-4444-555555555555/Repositories";
pub(crate) const LEDGER: &str = "ledgers/11111111-2222-3333-4444-555555555555/Repositories.json";
pub(crate) const HOST: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

/// The owner tag of a resource of another stack.
pub(crate) const NEIGHBOUR: &str = "aaaaaaaa-0000-0000-0000-000000000000/Images";

/// A repository as ECR holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repo {
    pub(crate) mutability: Mutability,
    pub(crate) scan_on_push: bool,
    pub(crate) encryption: Encryption,
    pub(crate) tags: Tags,
    pub(crate) lifecycle: Option<String>,
    pub(crate) policy: Option<String>,
    pub(crate) images: u32,
}

/// A repository as the public gallery holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) tags: Tags,
    pub(crate) policy: Option<String>,
    /// `None` where nobody ever wrote any.
    pub(crate) catalog: Option<Catalog>,
    /// The picture, which the gallery tells to nobody.
    pub(crate) logo: Option<Vec<u8>>,
    pub(crate) images: u32,
}

/// An SSM parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Param {
    pub(crate) value: String,
    pub(crate) owner: Option<String>,
}

/// Everything.
pub(crate) struct State {
    pub(crate) repositories: BTreeMap<String, Repo>,
    /// The public gallery of the account.
    pub(crate) gallery: BTreeMap<String, Shown>,
    pub(crate) gallery_uri: Option<String>,
    pub(crate) parameters: BTreeMap<String, Param>,
    /// The state bucket: bytes and entity tag.
    pub(crate) objects: BTreeMap<String, (Vec<u8>, u64)>,
    /// The leases in the state bucket, with entity tags.
    pub(crate) leases: BTreeMap<String, (Claim, u64)>,
    /// The answers kept in the state bucket.
    pub(crate) answers: BTreeMap<String, Vec<u8>>,
    pub(crate) stacks: BTreeMap<String, Stack>,
    /// What stacks other than ours still have, by ARN and logical id.
    pub(crate) resources: BTreeSet<(String, String)>,
    pub(crate) queue: Vec<Message>,
    pub(crate) scan_type: ScanType,
    pub(crate) page_size: usize,
    /// Writes that took effect, each with the stack's status at that moment.
    pub(crate) journal: Vec<(Change, String)>,
    /// What only the drift walk looks at.
    pub(crate) overseen: Overseen,
    /// What there is once per account and Region.
    pub(crate) registry: Registry,
    pub(super) etags: u64,
    pub(super) calls: Vec<(&'static str, &'static str)>,
    pub(super) armed: Vec<Armed>,
    pub(super) dead: bool,
}

/// The state, shared by calls that are under way at the same time.
pub(crate) struct World(Mutex<State>);

/// What must be the same whichever way a world was reached.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    pub(crate) repositories: BTreeMap<String, Repo>,
    pub(crate) parameters: BTreeMap<String, Param>,
    pub(crate) objects: BTreeMap<String, Value>,
}

impl Picture {
    /// What differs, one line each; compared with an empty list, a failure can be read.
    pub(crate) fn differences(&self, wished: &Self) -> Vec<String> {
        let mut found = Vec::new();
        differ(&self.repositories, &wished.repositories, &mut found);
        differ(&self.parameters, &wished.parameters, &mut found);
        for (key, value) in &wished.objects {
            let (left, right) = (self.objects.get(key).and_then(Value::as_object), value.as_object());
            if let (Some(left), Some(right)) = (left, right) {
                let members = |map: &serde_json::Map<String, Value>| -> BTreeMap<String, Value> {
                    map.iter().map(|(member, value)| (format!("{key} {member}"), value.clone())).collect()
                };
                differ(&members(left), &members(right), &mut found);
            }
        }
        let keys = |picture: &Self| -> BTreeMap<String, bool> {
            picture.objects.keys().map(|key| (key.clone(), true)).collect()
        };
        differ(&keys(self), &keys(wished), &mut found);
        found
    }
}

fn differ<T: PartialEq + std::fmt::Debug>(
    found: &BTreeMap<String, T>,
    wished: &BTreeMap<String, T>,
    lines: &mut Vec<String>,
) {
    let keys: BTreeSet<&String> = found.keys().chain(wished.keys()).collect();
    for key in keys {
        let (left, right) = (found.get(key), wished.get(key));
        if left != right {
            lines.push(format!("{key}: {left:?}, not {right:?}"));
        }
    }
}

/// Objects are JSON, but for reports.
fn read_back(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

impl World {
    /// An empty account, scanning in BASIC mode, with the largest pages.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State {
            repositories: BTreeMap::new(),
            gallery: BTreeMap::new(),
            gallery_uri: Some("public.ecr.aws/a1b2c3d4".to_owned()),
            parameters: BTreeMap::new(),
            objects: BTreeMap::new(),
            leases: BTreeMap::new(),
            answers: BTreeMap::new(),
            stacks: BTreeMap::new(),
            resources: BTreeSet::new(),
            queue: Vec::new(),
            scan_type: ScanType::Basic,
            page_size: 1_000,
            journal: Vec::new(),
            overseen: Overseen::default(),
            registry: Registry::default(),
            etags: 0,
            calls: Vec::new(),
            armed: Vec::new(),
            dead: false,
        }))
    }

    /// Looks at the state, or nudges it.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        // A panic that a test wished for poisons nothing worth protecting.
        look(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// A repository somebody made by hand: nobody's, and unlike ours in every setting.
    pub(crate) fn put_strange(&self, name: &str, images: u32) {
        let repo = Repo {
            mutability: Mutability { mode: MutabilityMode::Immutable, exclusions: Vec::new() },
            scan_on_push: false,
            encryption: Encryption { kind: EncryptionType::Aes256, kms_key: None },
            tags: Tags::from([("team".to_owned(), "payments".to_owned())]),
            lifecycle: None,
            policy: None,
            images,
        };
        self.with(|state| state.repositories.insert(name.to_owned(), repo));
    }

    /// The same, owned by another stack.
    pub(crate) fn put_foreign(&self, name: &str, owner: &str, stack: &str) {
        self.put_strange(name, 2);
        self.nudge(name, |repo| {
            repo.tags.insert(OWNER_TAG.to_owned(), owner.to_owned());
            repo.tags.insert(STACK_TAG.to_owned(), stack.to_owned());
        });
    }

    /// The same, and that stack is alive and has the resource.
    pub(crate) fn put_neighbour(&self, name: &str) {
        self.put_foreign(name, NEIGHBOUR, "billing");
        let arn = "arn:aws:cloudformation:eu-west-1:123456789012:stack/billing/aaaaaaaa-0000-0000-0000-000000000000";
        self.stack_is(arn, "UPDATE_COMPLETE");
        self.with(|state| state.resources.insert((arn.to_owned(), "Images".to_owned())));
        let stack = StackId::parse(arn).expect("an ARN");
        let ledger = Ledger::new(Identity { stack, logical_id: "Images".to_owned() });
        let bytes = serde_json::to_vec(&ledger).expect("a ledger can be written");
        self.with(|state| state.objects.insert(ledger.identity.ledger_key(), (bytes, 0)));
    }

    /// Changes one repository behind everybody's back.
    pub(crate) fn nudge(&self, name: &str, change: impl FnOnce(&mut Repo)) {
        self.with(|state| change(state.repositories.get_mut(name).expect("the repository exists")));
    }

    /// Pushes images.
    pub(crate) fn push_images(&self, name: &str, images: u32) {
        self.nudge(name, |repo| repo.images = images);
    }

    pub(crate) fn repo(&self, name: &str) -> Option<Repo> {
        self.with(|state| state.repositories.get(name).cloned())
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.with(|state| state.repositories.keys().cloned().collect())
    }

    pub(crate) fn is_ours(&self, name: &str) -> bool {
        self.repo(name).is_some_and(|repo| repo.tags.get(OWNER_TAG).is_some_and(|owner| owner == OWNER))
    }

    pub(crate) fn is_released(&self, name: &str) -> bool {
        self.repo(name).is_some_and(|repo| repo.tags.contains_key(RELEASED_TAG))
    }

    /// A stack's status; the stack is made where it is new.
    pub(crate) fn stack_is(&self, arn: &str, status: &str) {
        self.with(|state| status.clone_into(&mut state.stacks.entry(arn.to_owned()).or_default().status));
    }

    /// The ledger of the resource under test, where there is one.
    pub(crate) fn ledger(&self) -> Option<Ledger> {
        self.with(|state| {
            state.objects.get(LEDGER).map(|(bytes, _)| serde_json::from_slice(bytes).expect("a ledger reads back"))
        })
    }

    /// Writes the ledger of the resource under test, as if an earlier version of us had.
    pub(crate) fn put_ledger(&self, ledger: &Ledger) {
        let bytes = serde_json::to_vec(ledger).expect("a ledger can be written");
        self.with(|state| {
            state.etags += 1;
            let tag = state.etags;
            state.objects.insert(LEDGER.to_owned(), (bytes, tag))
        });
    }

    pub(crate) fn picture(&self) -> Picture {
        self.with(|state| Picture {
            repositories: state.repositories.clone(),
            parameters: state.parameters.clone(),
            objects: state.objects.iter().map(|(key, (bytes, _))| (key.clone(), read_back(bytes))).collect(),
        })
    }

    /// Forgets the calls and writes made so far.
    pub(crate) fn start_counting(&self) {
        self.with(|state| {
            state.calls.clear();
            state.journal.clear();
        });
    }

    /// Every call, in order: service and operation.
    pub(crate) fn all_calls(&self) -> Vec<(&'static str, &'static str)> {
        self.with(|state| state.calls.clone())
    }

    /// Calls made to a service.
    pub(crate) fn calls_to(&self, service: &str) -> usize {
        self.with(|state| state.calls.iter().filter(|(called, _)| *called == service).count())
    }

    /// Calls of one operation.
    pub(crate) fn calls_of(&self, operation: &str) -> usize {
        self.with(|state| state.calls.iter().filter(|(_, called)| *called == operation).count())
    }

    /// All calls.
    pub(crate) fn calls(&self) -> usize {
        self.with(|state| state.calls.len())
    }

    /// Writes to the registry and to parameters that took effect, by action.
    pub(crate) fn writes(&self) -> Vec<&'static str> {
        self.with(|state| state.journal.iter().map(|(change, _)| change.action()).collect())
    }

    /// Any call that writes anywhere: registry, parameters, state bucket, queue.
    pub(crate) fn attempted_writes(&self) -> Vec<&'static str> {
        let reads = ["Describe", "List", "Get", "BatchGet"];
        self.with(|state| {
            let calls = state.calls.iter().map(|(_, operation)| *operation);
            calls.filter(|operation| !reads.iter().any(|read| operation.starts_with(read))).collect()
        })
    }
}
