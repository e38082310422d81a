//! What one custom resource has declared, touched, adopted and released so far.
//!
//! CloudFormation tells a provider nothing about the past, so we keep it: one JSON object per resource in the
//! state bucket. A request writes the names it will touch *before* its first write; Delete and rollback work on
//! this record and never on a search by tag.

use crate::model::catalog::Catalog;
use crate::model::identity::Identity;
use crate::model::name::RepositoryName;
use crate::model::repository::Tags;
use crate::spec::{Fleet, Removal};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Declarations kept beside the committed one, for rollbacks that come after several attempts forward.
const KEPT_DECLARATIONS: usize = 5;
/// Requests remembered, to know one that comes again after a later one: more than CloudFormation sends in one stack
/// operation.
const KEPT_REQUESTS: usize = 16;

/// One declaration that was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Declaration {
    /// The request that brought it.
    pub request_id: String,
    /// Fingerprint of the properties as CloudFormation sent them.
    pub fingerprint: String,
    /// What it came to.
    pub fleet: Fleet,
}

/// Which way the stack was going.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Towards a new template.
    Forward,
    /// Back to the old one.
    Rollback,
}

/// A repository whose name left the declaration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// When (RFC 3339).
    pub at: String,
    /// What the stack was doing.
    pub direction: Direction,
    /// `OnRemove` of the declaration that dropped it.
    pub on_remove: Removal,
    /// `EmptyOnDelete` of the last declaration that listed it.
    pub empty_on_delete: bool,
    /// Was it adopted by the very operation that is being rolled back?
    pub undo_adoption: bool,
    /// Set once it was decided to keep it: why.
    pub kept: Option<String>,
}

/// A repository that existed before us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adoption {
    /// The request that adopted it.
    pub request_id: String,
    /// Where its snapshot lies.
    pub snapshot_key: String,
    /// Tag keys it had; they keep their values.
    pub tag_keys: BTreeSet<String>,
}

/// Who is working on the resource right now, and until when at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The request or message at work.
    pub holder: String,
    /// Seconds since 1970 after which the claim has lapsed.
    pub until: i64,
    /// Seconds since 1970 before which the holder does not look: whoever had the resource before may still be at work.
    #[serde(default)]
    pub after: i64,
}

/// How far a request has come that does not fit into one invocation. What it has brought to its declaration is not
/// looked at again by the invocations that go on with it; whatever else happens, the ordinary comparison decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The request.
    pub request_id: String,
    /// Repositories that are as it declares them.
    pub reached: BTreeSet<RepositoryName>,
    /// Writes done so far.
    pub writes: usize,
    /// Names it has released.
    pub released: BTreeSet<RepositoryName>,
    /// Names it has claimed back.
    pub claimed_back: BTreeSet<RepositoryName>,
}

/// Claims of a terminal begin with this.
pub const TERMINAL_HOLDER: &str = "terminal-";

/// Claims of our own delayed messages begin with this.
pub const MESSAGE_HOLDER: &str = "message:";

impl Claim {
    /// Does a delayed message hold it, rather than a request of CloudFormation?
    pub fn is_of_message(&self) -> bool {
        self.holder.starts_with(MESSAGE_HOLDER)
    }

    /// Does a person at a terminal hold it?
    pub fn is_of_terminal(&self) -> bool {
        self.holder.starts_with(TERMINAL_HOLDER)
    }
}

/// The shape of a [`Ledger`] this version writes, and the newest it reads.
pub const LEDGER_VERSION: u32 = 1;

/// The record of one custom resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// The shape of this record; see [`LEDGER_VERSION`].
    pub version: u32,
    /// Whose record it is.
    pub identity: Identity,
    /// Who is at work.
    pub claim: Option<Claim>,
    /// The declaration CloudFormation was last told SUCCESS for.
    pub committed: Option<Declaration>,
    /// The declaration a request is working on, or failed on.
    pub attempted: Option<Declaration>,
    /// Declarations committed before it, to which a rollback returns; newest last.
    pub earlier: Vec<Declaration>,
    /// The last request that tried to move forward; a rollback undoes it.
    pub last_forward: Option<String>,
    /// Every repository that may be ours.
    pub touched: BTreeSet<RepositoryName>,
    /// Repositories a cut-off request may have made and nobody has seen since.
    #[serde(default)]
    pub unseen: BTreeSet<RepositoryName>,
    /// SSM parameters we wrote, with the repository each belongs to.
    pub parameters: BTreeMap<String, RepositoryName>,
    /// SSM parameters a request that has not reached its goal may have written; their owner tag decides.
    #[serde(default)]
    pub pending_parameters: BTreeMap<String, RepositoryName>,
    /// Repositories that existed before us.
    pub adopted: BTreeMap<RepositoryName, Adoption>,
    /// Repositories whose name left the declaration.
    pub released: BTreeMap<RepositoryName, Release>,
    /// Releases that the last request forward took back by declaring the name again; its rollback finds them here.
    #[serde(default)]
    pub reclaimed: BTreeMap<RepositoryName, Release>,
    /// The stack's own tags as they were last propagated.
    pub stack_tags: Tags,
    /// The last requests of CloudFormation that were taken up, newest last.
    #[serde(default)]
    pub requests: Vec<String>,
    /// When the newest of them was issued, in seconds since 1970, where they say so.
    #[serde(default)]
    pub issued: Option<i64>,
    /// Fingerprints of the logos that stand in the public gallery, which shows them to nobody who asks. None while one is
    /// being written: what became of it is known once the request has reached its goal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub logos: BTreeMap<RepositoryName, String>,
    /// How far the request at work has come, where it needs several invocations.
    #[serde(default)]
    pub progress: Option<Progress>,
}

impl Ledger {
    /// The record of a resource that was never seen before.
    pub const fn new(identity: Identity) -> Self {
        Self {
            version: LEDGER_VERSION,
            identity,
            claim: None,
            committed: None,
            attempted: None,
            earlier: Vec::new(),
            last_forward: None,
            touched: BTreeSet::new(),
            unseen: BTreeSet::new(),
            parameters: BTreeMap::new(),
            pending_parameters: BTreeMap::new(),
            adopted: BTreeMap::new(),
            released: BTreeMap::new(),
            reclaimed: BTreeMap::new(),
            stack_tags: Tags::new(),
            requests: Vec::new(),
            issued: None,
            logos: BTreeMap::new(),
            progress: None,
        }
    }

    /// Remembers that a request was taken up, and when it was issued.
    pub fn take_up(&mut self, request_id: &str, issued: Option<i64>) {
        self.issued = self.issued.max(issued);
        if self.requests.last().is_none_or(|last| last != request_id) {
            self.requests.retain(|known| known != request_id);
            self.requests.push(request_id.to_owned());
            let surplus = self.requests.len().saturating_sub(KEPT_REQUESTS);
            self.requests.drain(..surplus);
        }
    }

    /// Was a later request taken up than this one?
    pub fn is_superseded(&self, request_id: &str, issued: Option<i64>) -> bool {
        let followed = self.requests.iter().rev().skip(1).any(|known| known == request_id);
        followed || self.issued.zip(issued).is_some_and(|(newest, own)| newest > own)
    }

    /// How far this request has come in earlier invocations.
    pub fn progress_of(&self, request_id: &str) -> Option<&Progress> {
        self.progress.as_ref().filter(|progress| progress.request_id == request_id)
    }

    /// All declarations kept, newest first.
    pub fn declarations(&self) -> impl Iterator<Item = &Declaration> {
        self.attempted.iter().chain(&self.committed).chain(self.earlier.iter().rev())
    }

    /// The fleet a declaration with this fingerprint came to, where it was accepted before and is still kept.
    pub fn accepted_fleet(&self, fingerprint: &str) -> Option<&Fleet> {
        self.declarations()
            .find(|declaration| declaration.fingerprint == fingerprint)
            .map(|declaration| &declaration.fleet)
    }

    /// Makes `declaration` the committed one and remembers the one before.
    pub fn commit(&mut self, declaration: Declaration) {
        self.attempted = None;
        let current = declaration.fingerprint.clone();
        let before = self.committed.replace(declaration);
        // A declaration that comes again must not push an older one out.
        if let Some(before) = before.filter(|before| before.fingerprint != current) {
            self.earlier.retain(|earlier| ![&before.fingerprint, &current].contains(&&earlier.fingerprint));
            self.earlier.push(before);
            let surplus = self.earlier.len().saturating_sub(KEPT_DECLARATIONS);
            self.earlier.drain(..surplus);
        }
    }

    /// Has every name that may still be ours.
    pub fn known_names(&self) -> BTreeSet<RepositoryName> {
        let live = self.committed.iter().chain(&self.attempted);
        let declared = live.flat_map(|declaration| &declaration.fleet.repositories);
        self.touched
            .iter()
            .cloned()
            .chain(self.released.keys().cloned())
            .chain(self.unseen.iter().cloned())
            .chain(declared.map(|repository| repository.name.clone()))
            .collect()
    }

    /// Tag keys that some declaration of ours put on this repository.
    pub fn declared_tag_keys(&self, name: &RepositoryName) -> BTreeSet<String> {
        let mut keys: BTreeSet<String> = self.stack_tags.keys().cloned().collect();
        for declaration in self.declarations() {
            if let Some(repository) = declaration.fleet.repository(name) {
                keys.extend(repository.tags.keys().cloned());
            }
        }
        keys
    }

    /// Do its repositories stand in the public gallery? All of them do or none, since it takes no fleet that does not
    /// [suit](Self::suits) it.
    pub fn is_public(&self) -> bool {
        self.is_known_public().unwrap_or(false)
    }

    /// May this fleet be entered? A name means another repository in the gallery than in the private registry, so a record
    /// is of one kind from its first declaration to its end.
    pub fn suits(&self, fleet: &Fleet) -> bool {
        self.is_known_public().is_none_or(|public| public == fleet.is_public())
    }

    fn is_known_public(&self) -> Option<bool> {
        let first = self.committed.as_ref().or(self.attempted.as_ref());
        first.map(|declaration| declaration.fleet.is_public())
    }

    /// Everything that declarations still kept said of what the gallery shows of this repository.
    pub fn catalog_once(&self, name: &RepositoryName) -> Catalog {
        let catalogs =
            self.declarations().filter_map(|declaration| declaration.fleet.repository(name)?.catalog.as_ref());
        catalogs.fold(Catalog::default(), Catalog::or)
    }

    /// Did any declaration still kept wish something about this repository's policy?
    pub fn ever_wished_policy(&self, name: &RepositoryName) -> bool {
        self.declarations()
            .filter_map(|declaration| declaration.fleet.repository(name))
            .any(crate::spec::RepositorySpec::wishes_policy)
    }

    /// Parameters of ours that `fleet` no longer publishes. A parameter goes with its repository: one that is released
    /// and kept keeps its parameter.
    pub fn stale_parameters(&self, fleet: &Fleet, prefix: &str) -> Vec<String> {
        let published = fleet.published_paths(prefix);
        let stale = self.parameters.iter().filter(|(path, _)| !published.contains(*path));
        stale.filter(|(_, name)| !self.released.contains_key(*name)).map(|(path, _)| path.clone()).collect()
    }
}
