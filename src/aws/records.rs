//! What is remembered of findings, in the state bucket: the port `flow::findings::Records`.

use super::Forwarder;
use super::bucket::{Over, broken};
use crate::fault::{Fault, FaultKind};
use crate::flow::Version;
use crate::flow::findings::{Entry, Listing, Records};
use crate::model::image::{ImageRef, of_state_key, registry_prefix};
use crate::model::place::Place;
use crate::policy::record::{ImageRecord, RECORD_VERSION};
use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};

/// What gzipped objects are. Not a content encoding: that would be undone by some of those who read, and not by others.
const GZIP: &str = "application/gzip";
/// A record is written at every change and read at every look: fast goes before small.
const EFFORT: Compression = Compression::new(2);
/// Bytes of a record when unpacked: many times what the most findings ECR keeps of an image take, and a bound for what a
/// few packed bytes may ask of a small function.
const MOST_BYTES: u64 = 256 << 20;

/// Bytes handed to the packer at a time.
const WRITTEN_AT_ONCE: usize = 64 << 10;
/// Bytes taken from the unpacker at a time.
const READ_AT_ONCE: usize = 64 << 10;
/// Bytes of a record, unpacked, up to which it is unpacked as a whole.
const READ_WHOLE: usize = 4 << 20;
/// How many times its length a packed text can be; a claim of more is not believed.
const MOST_RATIO: usize = 32;

/// The part of a record that every version has.
#[derive(Deserialize)]
struct Stamp {
    version: u32,
}

impl Records for Forwarder {
    async fn record(&self, image: &ImageRef) -> Result<Option<(ImageRecord, Version)>, Fault> {
        let key = image.state_key();
        let Some((packed, tag)) = self.state.get_bytes(&key).await? else {
            return Ok(None);
        };
        if GzDecoder::new(packed.as_slice()).header().is_none() {
            return Err(broken(format!("{key}: the object is not gzip")));
        }
        let read = read_record::<ImageRecord>(&packed);
        // A newer form may be none of ours; its version is told apart from that.
        let version = read
            .as_ref()
            .map_or_else(|_| read_record::<Stamp>(&packed).map_or(0, |stamp| stamp.version), |record| record.version);
        if version > RECORD_VERSION {
            return Err(broken(format!("{key}: written by a newer ecr-steward (version {version}); deploy that one")));
        }
        let record = read.map_err(|error| broken(format!("{key}: the record cannot be read: {error}")))?;
        Ok(Some((record, Version::Tag(tag))))
    }

    async fn save_record(&self, record: &ImageRecord, over: &Version) -> Result<Version, Fault> {
        let key = record.image.state_key();
        let bytes = packed_record(record).map_err(|error| unwritten(&key, &error))?;
        self.state.put_bytes(&key, bytes, GZIP, Over::of(over)).await.map(Version::Tag)
    }

    async fn forget_record(&self, image: &ImageRef) -> Result<(), Fault> {
        self.state.remove(&image.state_key()).await
    }

    async fn document(&self, key: &str) -> Result<Option<(Value, Version)>, Fault> {
        Ok(self.state.get(key).await?.map(|(document, tag)| (document, Version::Tag(tag))))
    }

    async fn save_document(&self, key: &str, document: &Value, over: Option<&Version>) -> Result<Version, Fault> {
        self.state.put(key, document, over.map_or(Over::Anything, Over::of)).await.map(Version::Tag)
    }

    async fn forget_document(&self, key: &str) -> Result<(), Fault> {
        self.state.remove(key).await
    }

    async fn entries(&self, prefix: &str, token: Option<String>) -> Result<Listing<Entry>, Fault> {
        self.state.list(prefix, Some("/"), token).await
    }

    async fn remembered(&self, place: &Place, token: Option<String>) -> Result<Listing<ImageRef>, Fault> {
        let (entries, next) = self.state.list(&registry_prefix(place), None, token).await?;
        // What is no record is not ours to judge.
        Ok((entries.iter().filter_map(|entry| of_state_key(place, &entry.key)).collect(), next))
    }

    async fn put_archive(&self, key: &str, lines: impl Iterator<Item = String> + Send) -> Result<(), Fault> {
        let bytes = packed(lines).map_err(|error| unwritten(key, &error))?;
        self.state.put_bytes(key, bytes, GZIP, Over::Anything).await.map(|_| ())
    }
}

/// The same bytes for the same lines: the header holds no time (flate2 writes none unless it is told one). Packed while
/// they are made: all lines of many findings are not in memory at a time.
fn packed(lines: impl Iterator<Item = String>) -> io::Result<Vec<u8>> {
    let mut packer = BufWriter::with_capacity(WRITTEN_AT_ONCE, GzEncoder::new(Vec::new(), EFFORT));
    for line in lines {
        packer.write_all(line.as_bytes())?;
    }
    packer.into_inner()?.finish()
}

/// Packed while it is written: a record of many findings is not in memory as text too.
fn packed_record(record: &ImageRecord) -> io::Result<Vec<u8>> {
    let mut packer = BufWriter::with_capacity(WRITTEN_AT_ONCE, GzEncoder::new(Vec::new(), EFFORT));
    serde_json::to_writer(&mut packer, record)?;
    packer.into_inner()?.finish()
}

/// Unpacks and reads. A large one is read while it is unpacked: that takes longer, and is never in memory as text.
fn read_record<T: DeserializeOwned>(packed: &[u8]) -> io::Result<T> {
    let mut unpacker = GzDecoder::new(packed).take(MOST_BYTES);
    let length = length(packed);
    if length > READ_WHOLE {
        return Ok(serde_json::from_reader(BufReader::with_capacity(READ_AT_ONCE, unpacker))?);
    }
    let mut bytes = Vec::with_capacity(length);
    unpacker.read_to_end(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes)?)
}

/// What the last four bytes say of the length, as far as that may be believed (RFC 1952, `ISIZE`).
fn length(packed: &[u8]) -> usize {
    let last = packed.last_chunk::<4>().map_or(0, |last| u32::from_le_bytes(*last));
    let most = packed.len().saturating_mul(MOST_RATIO);
    usize::try_from(last).unwrap_or_default().min(most)
}

fn unwritten(key: &str, error: &io::Error) -> Fault {
    Fault::ours("s3", "PutObject", FaultKind::Unexpected, format!("{key}: {error}"))
}
