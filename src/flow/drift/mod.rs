//! The third walk: every repository is held to its declaration, and the account to its baseline.
//!
//! Gather (one repository, or a sweep's part of them) → decide (`plan::posture`, `plan::repository`) → guards →
//! journal → carry out → account. Reading and writing repositories goes through the ports of `flow`; what follows are the
//! ports this walk needs beside them. Each has two implementors, `aws` and the tests' world.

mod breaker;
pub mod budget;
pub mod housekeeping;
pub mod journal;
pub mod keep;
pub mod look;
mod mend;
pub mod owner;
mod papers;
pub mod preview;
pub mod revert;
pub mod sweep;
pub mod whose;

use super::{Postpone, Read, Recall, Stacks, Version, Write};
use crate::event::drift::Job;
use crate::fault::Fault;
use crate::model::image::Digest;
use crate::model::name::RepositoryName;
use crate::model::repository::ScanType;
use serde_json::Value;
use std::collections::BTreeMap;
use std::future::Future;

/// Names one `BatchGetRepositoryScanningConfiguration` may carry (ECR API model).
pub const SCANNING_PER_CALL: usize = 25;
/// Images one `BatchGetImage` or `BatchDeleteImage` may carry (ECR API model).
pub const IMAGES_PER_CALL: usize = 100;

/// One page of a listing and, where there are more, the token of the next.
pub type Listing<T> = (Vec<T>, Option<String>);

/// How the registry scans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistryScanning {
    /// Who scans.
    pub scan_type: ScanType,
    /// Are there rules? Without, only the repositories' own flags count.
    pub has_rules: bool,
}

/// How often the registry's rules have a repository scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScanFrequency {
    /// When an image is pushed.
    ScanOnPush,
    /// All the time.
    ContinuousScan,
    /// When somebody asks.
    Manual,
}

/// Asking how repositories are scanned.
pub trait Scanning: Sync {
    /// `GetRegistryScanningConfiguration`
    fn registry_scanning(&self) -> impl Future<Output = Result<RegistryScanning, Fault>> + Send;
    /// `BatchGetRepositoryScanningConfiguration` of up to [`SCANNING_PER_CALL`]; what it says it failed for is absent.
    fn scanning_of(
        &self,
        names: &[RepositoryName],
    ) -> impl Future<Output = Result<BTreeMap<RepositoryName, ScanFrequency>, Fault>> + Send;
}

/// One image, as far as housekeeping must know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredImage {
    /// Its digest.
    pub digest: Digest,
    /// Its tags.
    pub tags: Vec<String>,
    /// When it was pushed, in seconds since 1970; `None` where ECR does not say, which is no leave to delete it.
    pub pushed_at: Option<i64>,
    /// The media type of its manifest.
    pub media_type: String,
}

/// What a repository holds.
pub trait Images: Sync {
    /// One page of images (`DescribeImages`, 1,000 at most), or only the untagged ones; `None` where the repository is
    /// gone.
    fn stored_page(
        &self,
        repository: &RepositoryName,
        untagged: bool,
        token: Option<String>,
    ) -> impl Future<Output = Result<Option<Listing<StoredImage>>, Fault>> + Send;
    /// Does it hold any image? One call for one.
    fn holds_images(&self, repository: &RepositoryName) -> impl Future<Output = Result<bool, Fault>> + Send;
    /// The manifests of up to [`IMAGES_PER_CALL`] images, as they were pushed; of those that are gone, none.
    fn manifests(
        &self,
        repository: &RepositoryName,
        digests: &[Digest],
    ) -> impl Future<Output = Result<BTreeMap<Digest, Value>, Fault>> + Send;
    /// `BatchDeleteImage` of up to [`IMAGES_PER_CALL`]; those it refused, with its code and words.
    fn delete_images(
        &self,
        repository: &RepositoryName,
        digests: &[Digest],
    ) -> impl Future<Output = Result<BTreeMap<Digest, (String, String)>, Fault>> + Send;
}

/// One image a lifecycle policy would expire or archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiring {
    /// Its digest.
    pub digest: Digest,
    /// Its tags.
    pub tags: Vec<String>,
    /// When it was pushed, in seconds since 1970.
    pub pushed_at: Option<i64>,
    /// The rule's priority.
    pub priority: u32,
    /// `EXPIRE` or `TRANSITION`.
    pub action: String,
}

/// How far a preview has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreviewState {
    /// `IN_PROGRESS`
    Going,
    /// `COMPLETE`: a page of what it would do, the token of the next, and how many images would expire in all.
    Ended {
        /// The page.
        page: Listing<Expiring>,
        /// `expiringImageTotalCount`
        expiring: u64,
        /// `lifecyclePolicyText`: which policy it is of, where ECR says so.
        of: Option<String>,
    },
    /// `EXPIRED` or `FAILED`, in ECR's word.
    Failed(String),
    /// There is none.
    Absent,
}

/// ECR's own preview of lifecycle policies. It changes nothing.
pub trait Previews: Sync {
    /// `StartLifecyclePolicyPreview` of a policy, or of the one in force. `Conflict` where one is under way.
    fn start_preview(
        &self,
        repository: &RepositoryName,
        text: Option<&str>,
    ) -> impl Future<Output = Result<(), Fault>> + Send;
    /// `GetLifecyclePolicyPreview`: its state, or one page of its results.
    fn preview(
        &self,
        repository: &RepositoryName,
        token: Option<String>,
    ) -> impl Future<Output = Result<PreviewState, Fault>> + Send;
}

/// The kill switch: the SSM parameter `<prefix>/enforcement`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    /// Everything as declared.
    On,
    /// Nothing is written to ECR; everything is reported.
    ReportOnly,
    /// Nothing is even looked at.
    Off,
}

/// Reading the kill switch.
pub trait Switches: Sync {
    /// What it says; absent = [`Switch::On`], unreadable or unknown = [`Switch::ReportOnly`] and why.
    fn switch(&self) -> impl Future<Output = (Switch, Option<String>)> + Send;
}

/// One object of a listing of the state bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// When it was written, in seconds since 1970.
    pub modified: i64,
}

/// Objects in the state bucket: parts and results of sweeps, the journal, reports.
pub trait Book: Sync {
    /// An object's bytes; `None` where there is none.
    fn read(&self, key: &str) -> impl Future<Output = Result<Option<(Vec<u8>, Version)>, Fault>> + Send;
    /// Writes an object, over exactly the version given (`Conflict` where somebody wrote meanwhile) or whatever is there.
    fn write(
        &self,
        key: &str,
        bytes: Vec<u8>,
        content_type: &str,
        over: Option<&Version>,
    ) -> impl Future<Output = Result<Version, Fault>> + Send;
    /// Removes an object; one that is gone is removed.
    fn remove(&self, key: &str) -> impl Future<Output = Result<(), Fault>> + Send;
    /// One page of everything below a prefix, in the order of keys.
    fn list(&self, prefix: &str, token: Option<String>) -> impl Future<Output = Result<Listing<Entry>, Fault>> + Send;
}

/// The drift function's own queue.
pub trait Jobs: Sync {
    /// Sends jobs, in as few calls as SQS allows.
    fn send_jobs(&self, jobs: &[Job], delay_seconds: u32) -> impl Future<Output = Result<(), Fault>> + Send;
    /// A letter for the dead-letter queue: what was to be done and why it could not.
    fn dead_letter(&self, event: &Value, reason: &str) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// Telling people through the notification topic.
pub trait Notices: Sync {
    /// Publishes one notice. The subject is one line of at most 99 characters (SNS API model).
    fn notify(&self, subject: &str, body: &str) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// All the drift function needs of the outside world.
pub trait Overseeing:
    Read + Write + Recall + Stacks + Postpone + Scanning + Images + Previews + Switches + Book + Jobs + Notices
{
}
impl<T> Overseeing for T where
    T: Read + Write + Recall + Stacks + Postpone + Scanning + Images + Previews + Switches + Book + Jobs + Notices
{
}
