//! What the drift walk needs beside the world of fleets: images, ECR's previews, how the registry scans, the kill switch,
//! a queue of jobs, dead letters and a topic. `ports` acts on it; the registry itself, the state bucket, call counting
//! and trouble are those of `world`. It may not know what any test expects.

mod ports;

use super::world::World;
use ecr_steward::event::drift::Job;
use ecr_steward::flow::drift::{Expiring, ScanFrequency, Switch};
use ecr_steward::model::image::Digest;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The hour at which everything here begins: 2027-01-10T08:00:00Z, in seconds since 1970.
pub(crate) const BEGIN: i64 = 1_799_568_000;

/// An image as it lies in a repository.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Held {
    pub(crate) tags: Vec<String>,
    /// In seconds since 1970.
    pub(crate) pushed_at: Option<i64>,
    pub(crate) manifest: Value,
}

/// How a preview ends.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// These would expire.
    Complete(Vec<Expiring>),
    /// In ECR's word.
    Failed(&'static str),
}

/// What ECR's previews of a repository come to.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    /// How often it says that it is still at work.
    pub(crate) going: usize,
    pub(crate) end: End,
}

/// A preview that was started.
#[derive(Clone, Debug)]
pub(crate) struct Started {
    /// The policy it is of; `None` for the one in force.
    pub(crate) text: Option<String>,
    /// Looks until it ends.
    pub(crate) left: usize,
}

/// All of that.
pub(crate) struct Overseen {
    /// In seconds since 1970: when objects are written from now on.
    pub(crate) now: i64,
    pub(crate) modified: BTreeMap<String, i64>,
    /// By repository and digest.
    pub(crate) images: BTreeMap<String, BTreeMap<Digest, Held>>,
    /// Images that were deleted, in that order.
    pub(crate) deleted: Vec<(String, Digest)>,
    /// Images ECR will not delete: its code and words.
    pub(crate) undeletable: BTreeMap<Digest, (String, String)>,
    /// What previews come to, by repository; without one, nothing would expire.
    pub(crate) scripts: BTreeMap<String, Script>,
    pub(crate) previews: BTreeMap<String, Started>,
    /// Which policy every preview says it is of, where somebody else has started another meanwhile.
    pub(crate) preview_of: Option<String>,
    /// The registry's scan rules: a name with wildcards, and how often.
    pub(crate) scan_rules: Vec<(&'static str, ScanFrequency)>,
    pub(crate) switch: (Switch, Option<String>),
    /// Jobs with their delays in seconds.
    pub(crate) jobs: Vec<(Job, u32)>,
    /// Dead letters: what was to be done, and why it could not.
    pub(crate) letters: Vec<(Value, String)>,
    /// Subject and body.
    pub(crate) notices: Vec<(String, String)>,
}

impl Default for Overseen {
    fn default() -> Self {
        Self {
            now: BEGIN,
            modified: BTreeMap::new(),
            images: BTreeMap::new(),
            deleted: Vec::new(),
            undeletable: BTreeMap::new(),
            scripts: BTreeMap::new(),
            previews: BTreeMap::new(),
            preview_of: None,
            scan_rules: Vec::new(),
            switch: (Switch::On, None),
            jobs: Vec::new(),
            letters: Vec::new(),
            notices: Vec::new(),
        }
    }
}

/// The digest of the n-th image there is.
pub(crate) fn digest(number: u32) -> Digest {
    Digest::parse(&format!("sha256:{number:064x}")).expect("a digest")
}

/// The manifest of an image that can be run.
pub(crate) fn image_manifest() -> Value {
    json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json"},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"}]})
}

/// The manifest of an index of these images.
pub(crate) fn index_manifest(children: &[u32]) -> Value {
    let child = |number: &u32| {
        json!({"digest": digest(*number).as_str(), "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "platform": {"os": "linux", "architecture": "arm64"}})
    };
    json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": children.iter().map(child).collect::<Vec<_>>()})
}

/// The manifest of a signature, an SBOM or an attestation of an image.
pub(crate) fn referrer_manifest(kind: &str, subject: u32) -> Value {
    json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "artifactType": kind,
        "config": {"mediaType": "application/vnd.oci.empty.v1+json"}, "layers": [],
        "subject": {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest(subject).as_str()}})
}

impl World {
    /// Puts an image into a repository, pushed so many seconds ago; tags move to it.
    pub(crate) fn hold(&self, name: &str, number: u32, tags: &[&str], seconds_ago: i64, manifest: Value) {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        self.with(|state| {
            let pushed_at = Some(state.overseen.now - seconds_ago);
            let images = state.overseen.images.entry(name.to_owned()).or_default();
            for image in images.values_mut() {
                image.tags.retain(|tag| !tags.contains(tag));
            }
            images.insert(digest(number), Held { tags, pushed_at, manifest });
        });
    }

    /// The numbers of the images a repository holds.
    pub(crate) fn held(&self, name: &str) -> Vec<u32> {
        let number = |digest: &Digest| u32::from_str_radix(&digest.hex()[56..], 16).expect("a digest of ours");
        self.with(|state| state.overseen.images.get(name).into_iter().flat_map(BTreeMap::keys).map(number).collect())
    }

    /// Time passes.
    pub(crate) fn pass(&self, seconds: i64) {
        self.with(|state| state.overseen.now += seconds);
    }

    /// Takes the jobs that were sent.
    pub(crate) fn take_jobs(&self) -> Vec<Job> {
        self.with(|state| std::mem::take(&mut state.overseen.jobs)).into_iter().map(|(job, _)| job).collect()
    }

    /// An object of the state bucket, as JSON.
    pub(crate) fn object(&self, key: &str) -> Option<Value> {
        let bytes = self.with(|state| state.objects.get(key).map(|(bytes, _)| bytes.clone()))?;
        Some(serde_json::from_slice(&bytes).expect("it is JSON"))
    }

    /// The keys of the state bucket below a prefix.
    pub(crate) fn keys(&self, prefix: &str) -> Vec<String> {
        self.with(|state| state.objects.keys().filter(|key| key.starts_with(prefix)).cloned().collect())
    }
}
