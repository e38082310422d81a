//! The second walk: what scans find, from ECR to whoever must know.
//!
//! Gather (a scan's pages, the image's record) → decide (`policy`) → deliver → remember. What follows are the ports it
//! needs; each has two implementors, `aws` and the tests' world.

pub mod account;
mod digests;
pub mod hub;
pub mod look;
pub mod outbox;
mod parents;
mod people;
pub mod policies;
mod previous;
pub mod reconcile;
pub mod tell;
pub mod walk;

use super::Version;
use crate::event::findings::{DeadLetter, Job};
use crate::fault::Fault;
use crate::model::image::{ImageDetail, ImageRef, ManifestKind};
use crate::model::name::RepositoryName;
use crate::model::place::Place;
use crate::model::repository::Tags;
use crate::model::scan::ScanAnswer;
use crate::policy::parcel::Parcel;
use crate::policy::record::ImageRecord;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde_json::Value;
use std::future::Future;

/// One page of a listing and, where there are more, the token of the next.
pub type Listing<T> = (Vec<T>, Option<String>);

/// Asking ECR.
pub trait Scans: Sync {
    /// One page of what a scan found, as large as ECR allows.
    fn scan_page(
        &self,
        image: &ImageRef,
        token: Option<String>,
    ) -> impl Future<Output = Result<ScanAnswer, Fault>> + Send;
    /// What kind of thing this is; `None` where it is gone.
    fn manifest(&self, image: &ImageRef) -> impl Future<Output = Result<Option<ManifestKind>, Fault>> + Send;
    /// One image's tags and times; `None` where it is gone.
    fn image_detail(&self, image: &ImageRef) -> impl Future<Output = Result<Option<ImageDetail>, Fault>> + Send;
    /// One page of a repository's images; `None` where the repository is gone.
    fn image_page(
        &self,
        repository: &RepositoryName,
        token: Option<String>,
    ) -> impl Future<Output = Result<Option<Listing<ImageDetail>>, Fault>> + Send;
    /// One page of the names of all repositories.
    fn repository_page(
        &self,
        token: Option<String>,
    ) -> impl Future<Output = Result<Listing<RepositoryName>, Fault>> + Send;
    /// A repository's tags; `None` where it is gone.
    fn repository_tags(
        &self,
        place: &Place,
        repository: &RepositoryName,
    ) -> impl Future<Output = Result<Option<Tags>, Fault>> + Send;
}

/// One object of a listing of the state bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// When it was written, in seconds since 1970.
    pub modified: i64,
}

/// The state bucket.
pub trait Records: Sync {
    /// An image's record.
    fn record(&self, image: &ImageRef) -> impl Future<Output = Result<Option<(ImageRecord, Version)>, Fault>> + Send;
    /// Writes a record over exactly the version read; `Conflict` where somebody wrote meanwhile.
    fn save_record(&self, record: &ImageRecord, over: &Version) -> impl Future<Output = Result<Version, Fault>> + Send;
    /// Removes a record.
    fn forget_record(&self, image: &ImageRef) -> impl Future<Output = Result<(), Fault>> + Send;
    /// A small JSON document.
    fn document(&self, key: &str) -> impl Future<Output = Result<Option<(Value, Version)>, Fault>> + Send;
    /// Writes one; over exactly the version given, or whatever is there.
    fn save_document(
        &self,
        key: &str,
        document: &Value,
        over: Option<&Version>,
    ) -> impl Future<Output = Result<Version, Fault>> + Send;
    /// Removes one.
    fn forget_document(&self, key: &str) -> impl Future<Output = Result<(), Fault>> + Send;
    /// One page of what lies directly below a prefix that ends with a slash; what lies deeper is not listed.
    fn entries(
        &self,
        prefix: &str,
        token: Option<String>,
    ) -> impl Future<Output = Result<Listing<Entry>, Fault>> + Send;
    /// One page of the images remembered of a registry, in the order of their keys.
    fn remembered(
        &self,
        place: &Place,
        token: Option<String>,
    ) -> impl Future<Output = Result<Listing<ImageRef>, Fault>> + Send;
    /// Writes an object of the archive: gzip of newline-delimited JSON.
    fn put_archive(
        &self,
        key: &str,
        lines: impl Iterator<Item = String> + Send,
    ) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// One finding that Security Hub did not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTaken {
    /// Its `Id`.
    pub id: String,
    /// The service's code and words.
    pub reason: String,
}

/// Telling the world.
pub trait Sinks: Sync {
    /// `BatchImportFindings`: findings as JSON texts, at most [`crate::policy::asff::BATCH_COUNT`] of them and
    /// [`crate::policy::asff::BATCH_BYTES`] together. Success lists those that were not taken. `Denied` with the code
    /// `InvalidAccessException` where Security Hub is not enabled.
    fn import(&self, findings: &[String]) -> impl Future<Output = Result<Vec<NotTaken>, Fault>> + Send;
    /// Publishes to the notification topic.
    fn publish(&self, parcel: &Parcel) -> impl Future<Output = Result<(), Fault>> + Send;
    /// `PutEvents`: at most ten entries, below 1 MB together. One answer for each.
    fn put_events(&self, parcels: &[Parcel]) -> impl Future<Output = Result<Vec<Result<(), Fault>>, Fault>> + Send;
    /// Posts to the address that the parcel's secret holds. Waits for as long as the receiver says, where that fits.
    fn post(&self, parcel: &Parcel) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// The function's own queue, and its dead letters.
pub trait Jobs: Sync {
    /// Sends jobs that arrive after a delay of at most 900 seconds.
    fn enqueue(&self, jobs: &[Job], delay_seconds: u32) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Sends a dead letter.
    fn dead_letter(&self, letter: &DeadLetter) -> impl Future<Output = Result<(), Fault>> + Send;
    /// When the queue was made, which is when this installation began to forward, in seconds since 1970.
    fn began_at(&self) -> impl Future<Output = Result<i64, Fault>> + Send;
}

/// All of it.
pub trait Forwarding: Scans + Records + Sinks + Jobs {}
impl<T: Scans + Records + Sinks + Jobs> Forwarding for T {}

/// The day of an instant in milliseconds since 1970, in UTC.
pub fn day_of(milliseconds: i64) -> Date {
    let instant = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH);
    Offset::UTC.to_datetime(instant).date()
}
