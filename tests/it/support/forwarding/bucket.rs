//! The state bucket: conditional writes, listings in pages, and what S3 says when nothing is there.

use super::mishap::refusal;
use super::{Region, State};
use ecr_steward::fault::{Fault, FaultKind};
use ecr_steward::flow::Version;
use ecr_steward::flow::findings::{Entry, Listing, Records};
use ecr_steward::model::image::{ImageRef, of_state_key, registry_prefix};
use ecr_steward::model::place::Place;
use ecr_steward::policy::record::ImageRecord;
use serde::de::DeserializeOwned;
use serde_json::Value;

impl Region {
    async fn get<T: DeserializeOwned + Send>(&self, key: &str) -> Result<Option<(T, Version)>, Fault> {
        self.call("s3:GetObject", |state| {
            let found = state.bucket.get(key);
            Ok(found.map(|object| {
                let value = serde_json::from_slice(&object.bytes).expect("it reads back");
                (value, Version::Tag(object.tag.to_string()))
            }))
        })
        .await
    }

    async fn store(&self, key: &str, bytes: Vec<u8>, over: Option<&Version>) -> Result<Version, Fault> {
        let action = "s3:PutObject";
        self.call(action, move |state| {
            let found = state.bucket.get(key).map(|object| object.tag.to_string());
            match (over, found) {
                (Some(Version::New), Some(_)) => {
                    return Err(refusal(action, FaultKind::Conflict, "PreconditionFailed"));
                }
                (Some(Version::Tag(tag)), Some(found)) if *tag != found => {
                    return Err(refusal(action, FaultKind::Conflict, "PreconditionFailed"));
                }
                (Some(Version::Tag(_)), None) => return Err(refusal(action, FaultKind::NotFound, "NoSuchKey")),
                _ => {}
            }
            Ok(Version::Tag(state.put(key, bytes).to_string()))
        })
        .await
    }

    async fn remove(&self, key: &str) -> Result<(), Fault> {
        self.call("s3:DeleteObject", |state| {
            state.bucket.remove(key);
            Ok(())
        })
        .await
    }

    async fn list<T: Send>(
        &self,
        prefix: &str,
        token: Option<String>,
        pick: impl Fn(&str, &State) -> Option<T> + Send + Sync,
    ) -> Result<Listing<T>, Fault> {
        self.call("s3:ListObjectsV2", |state| {
            let keys: Vec<&String> = state.bucket.keys().filter(|key| key.starts_with(prefix)).collect();
            // A token is the key after which to go on, so that what is removed meanwhile hides nothing.
            let rest = keys.into_iter().filter(|key| token.as_ref().is_none_or(|token| *key > token));
            let rest: Vec<&String> = rest.collect();
            let page: Vec<&String> = rest.iter().take(state.page_size).copied().collect();
            let next = page.last().filter(|_| rest.len() > page.len()).map(|key| (*key).clone());
            Ok((page.into_iter().filter_map(|key| pick(key, state)).collect(), next))
        })
        .await
    }
}

impl Records for Region {
    async fn record(&self, image: &ImageRef) -> Result<Option<(ImageRecord, Version)>, Fault> {
        self.get(&image.state_key()).await
    }

    async fn save_record(&self, record: &ImageRecord, over: &Version) -> Result<Version, Fault> {
        let bytes = serde_json::to_vec(record).expect("it can be written");
        self.store(&record.image.state_key(), bytes, Some(over)).await
    }

    async fn forget_record(&self, image: &ImageRef) -> Result<(), Fault> {
        self.remove(&image.state_key()).await
    }

    async fn document(&self, key: &str) -> Result<Option<(Value, Version)>, Fault> {
        self.get(key).await
    }

    async fn save_document(&self, key: &str, document: &Value, over: Option<&Version>) -> Result<Version, Fault> {
        self.store(key, document.to_string().into_bytes(), over).await
    }

    async fn forget_document(&self, key: &str) -> Result<(), Fault> {
        self.remove(key).await
    }

    async fn entries(&self, prefix: &str, token: Option<String>) -> Result<Listing<Entry>, Fault> {
        assert!(prefix.ends_with('/'), "{prefix}");
        let pick = |key: &str, state: &State| {
            let below = key.strip_prefix(prefix)?;
            let modified = state.bucket.get(key)?.modified;
            (!below.contains('/')).then(|| Entry { key: key.to_owned(), modified })
        };
        self.list(prefix, token, pick).await
    }

    async fn remembered(&self, place: &Place, token: Option<String>) -> Result<Listing<ImageRef>, Fault> {
        self.list(&registry_prefix(place), token, |key, _| of_state_key(place, key)).await
    }

    async fn put_archive(&self, key: &str, lines: impl Iterator<Item = String> + Send) -> Result<(), Fault> {
        let bytes = lines.collect::<String>().into_bytes();
        // An operation of its own, so that a test can trouble the archive and leave the records alone.
        self.call("s3:PutArchive", move |state| {
            state.put(key, bytes);
            Ok(())
        })
        .await
    }
}
