//! A Region in memory for the findings walk: ECR with what its scans found (`registry`), the state bucket (`bucket`), a
//! Security Hub that keeps findings as the real one does (`hub`), topic, bus, webhooks, queue and dead letters (`sinks`),
//! what can go wrong at a call (`mishap`), and the queue that delivers to the function (`duty`). `events` has what AWS
//! sends. It may not know what any test expects.

mod bucket;
pub(crate) mod duty;
pub(crate) mod events;
pub(crate) mod hub;
pub(crate) mod mishap;
pub(crate) mod registry;
pub(crate) mod sinks;

use ecr_steward::event::findings::{DeadLetter, Job};
use ecr_steward::model::image::{Digest, ImageRef};
use ecr_steward::model::name::RepositoryName;
use ecr_steward::model::place::Place;
use ecr_steward::policy::declared::POLICY_KEY;
use ecr_steward::policy::parcel::Parcel;
use ecr_steward::policy::record::ImageRecord;
use hub::Hub;
use mishap::Armed;
use registry::Repo;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The day on which everything here begins: 2027-01-10T08:00:00Z, in milliseconds since 1970.
pub(crate) const BEGIN: i64 = 1_799_568_000_000;
pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// An object of the state bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) bytes: Vec<u8>,
    pub(crate) tag: u64,
    /// When it was written, in seconds since 1970.
    pub(crate) modified: i64,
}

/// Everything.
pub(crate) struct State {
    /// Milliseconds since 1970.
    pub(crate) now: i64,
    pub(crate) registry: BTreeMap<String, Repo>,
    pub(crate) bucket: BTreeMap<String, Object>,
    pub(crate) hub: Hub,
    pub(crate) topic: Vec<Parcel>,
    pub(crate) bus: Vec<Parcel>,
    pub(crate) posts: Vec<Parcel>,
    /// Jobs with their delays in seconds.
    pub(crate) queue: Vec<(Job, u32)>,
    pub(crate) letters: Vec<DeadLetter>,
    /// When the queue was made, in seconds since 1970.
    pub(crate) began_at: i64,
    /// The largest page of everything that is listed.
    pub(crate) page_size: usize,
    etags: u64,
    pub(crate) calls: Vec<&'static str>,
    armed: Vec<Armed>,
    dead: bool,
}

/// The state, shared by calls that are under way at the same time.
pub(crate) struct Region(Mutex<State>);

impl Region {
    /// An empty Region, with Security Hub enabled.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State {
            now: BEGIN,
            registry: BTreeMap::new(),
            bucket: BTreeMap::new(),
            hub: Hub::default(),
            topic: Vec::new(),
            bus: Vec::new(),
            posts: Vec::new(),
            queue: Vec::new(),
            letters: Vec::new(),
            began_at: (BEGIN - HOUR) / 1_000,
            page_size: 1_000,
            etags: 0,
            calls: Vec::new(),
            armed: Vec::new(),
            dead: false,
        }))
    }

    /// Looks at the state, or nudges it.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        // A panic that a test wished for poisons nothing worth protecting.
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn now(&self) -> i64 {
        self.with(|state| state.now)
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, milliseconds: i64) {
        self.with(|state| state.now += milliseconds);
    }

    /// Declares a findings policy, as the custom resource would.
    pub(crate) fn declare(&self, properties: &Value) {
        let document = json!({"version": 1, "properties": properties});
        self.with(|state| state.put(POLICY_KEY, document.to_string().into_bytes()));
    }

    /// What is remembered of an image.
    pub(crate) fn remembered(&self, image: &ImageRef) -> Option<ImageRecord> {
        self.with(|state| {
            let object = state.bucket.get(&image.state_key())?;
            Some(serde_json::from_slice(&object.bytes).expect("a record reads back"))
        })
    }

    /// Objects below a prefix, as text.
    pub(crate) fn objects(&self, prefix: &str) -> BTreeMap<String, String> {
        self.with(|state| {
            let below = state.bucket.iter().filter(|(key, _)| key.starts_with(prefix));
            below.map(|(key, object)| (key.clone(), String::from_utf8_lossy(&object.bytes).into_owned())).collect()
        })
    }

    /// The lines of the archive, in no particular order of images.
    pub(crate) fn archive(&self) -> Vec<Value> {
        let objects = self.objects("findings/archive/");
        let lines = objects.values().flat_map(|text| text.lines());
        lines.map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }

    /// Calls since the last time it was asked.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.with(|state| std::mem::take(&mut state.calls))
    }

    /// Every message a sink took that keeps no state.
    pub(crate) fn parcels(&self) -> Vec<Parcel> {
        self.with(|state| [&state.topic, &state.bus, &state.posts].into_iter().flatten().cloned().collect())
    }

    pub(crate) fn letters(&self) -> Vec<DeadLetter> {
        self.with(|state| state.letters.clone())
    }
}

impl State {
    fn put(&mut self, key: &str, bytes: Vec<u8>) -> u64 {
        self.etags += 1;
        let object = Object { bytes, tag: self.etags, modified: self.now / 1_000 };
        self.bucket.insert(key.to_owned(), object);
        self.etags
    }
}

/// The calls of one kind.
pub(crate) fn count(calls: &[&str], operation: &str) -> usize {
    calls.iter().filter(|call| **call == operation).count()
}

pub(crate) fn place() -> Place {
    Place { partition: "aws".into(), region: "eu-west-1".into(), account: "123456789012".into() }
}

/// The n-th digest there is.
pub(crate) fn digest(number: u32) -> Digest {
    Digest::parse(&format!("sha256:{number:08x}{number:056x}")).expect("a digest")
}

pub(crate) fn repository(name: &str) -> RepositoryName {
    RepositoryName::parse(name).expect("a name")
}

pub(crate) fn image(name: &str, number: u32) -> ImageRef {
    ImageRef { place: place(), repository: repository(name), digest: digest(number) }
}
