//! The ports of the drift walk over the world in memory.

use super::super::rules::refusal;
use super::super::world::{State, World};
use super::{End, Held, Script, Started};
use ecr_steward::event::drift::Job;
use ecr_steward::fault::{Fault, FaultKind};
use ecr_steward::flow::Version;
use ecr_steward::flow::drift::{
    Book, Entry, Expiring, IMAGES_PER_CALL, Images, Jobs, Listing, Notices, PreviewState, Previews, RegistryScanning,
    SCANNING_PER_CALL, ScanFrequency, Scanning, StoredImage, Switch, Switches,
};
use ecr_steward::model::image::Digest;
use ecr_steward::model::name::RepositoryName;
use ecr_steward::spec::findings::Glob;
use serde_json::Value;
use std::collections::BTreeMap;

/// One page of a list.
fn paged<T: Clone>(all: &[T], token: Option<&String>, size: usize) -> Listing<T> {
    let begin = token.map_or(0, |token| token.parse().expect("a token of ours"));
    let page = all.iter().skip(begin).take(size).cloned().collect();
    (page, (begin + size < all.len()).then(|| (begin + size).to_string()))
}

fn exists(state: &State, name: &RepositoryName, action: &'static str) -> Result<(), Fault> {
    let found = state.repositories.contains_key(name.as_str());
    if found { Ok(()) } else { Err(refusal(action, FaultKind::NotFound, "RepositoryNotFoundException")) }
}

impl Scanning for World {
    async fn registry_scanning(&self) -> Result<RegistryScanning, Fault> {
        self.call("ecr:GetRegistryScanningConfiguration", |state| {
            Ok(RegistryScanning { scan_type: state.scan_type, has_rules: !state.overseen.scan_rules.is_empty() })
        })
        .await
    }

    async fn scanning_of(&self, names: &[RepositoryName]) -> Result<BTreeMap<RepositoryName, ScanFrequency>, Fault> {
        assert!((1..=SCANNING_PER_CALL).contains(&names.len()), "ECR takes 1 to 25 names, not {}", names.len());
        self.call("ecr:BatchGetRepositoryScanningConfiguration", |state| {
            let of = |name: &RepositoryName| {
                let mut rules = state.overseen.scan_rules.iter();
                let rule = rules.find(|(glob, _)| Glob((*glob).to_owned()).matches(name.as_str()));
                rule.map_or(ScanFrequency::Manual, |(_, frequency)| *frequency)
            };
            let known = names.iter().filter(|name| state.repositories.contains_key(name.as_str()));
            Ok(known.map(|name| (name.clone(), of(name))).collect())
        })
        .await
    }
}

impl Images for World {
    async fn stored_page(
        &self,
        repository: &RepositoryName,
        untagged: bool,
        token: Option<String>,
    ) -> Result<Option<Listing<StoredImage>>, Fault> {
        self.call("ecr:DescribeImages", |state| {
            if !state.repositories.contains_key(repository.as_str()) {
                return Ok(None);
            }
            let none = BTreeMap::new();
            let images = state.overseen.images.get(repository.as_str()).unwrap_or(&none);
            let wanted = images.iter().filter(|(_, held)| !untagged || held.tags.is_empty());
            let all: Vec<StoredImage> = wanted.map(|(digest, held)| stored(digest, held)).collect();
            Ok(Some(paged(&all, token.as_ref(), state.page_size)))
        })
        .await
    }

    async fn holds_images(&self, repository: &RepositoryName) -> Result<bool, Fault> {
        let action = "ecr:ListImages";
        self.call(action, |state| {
            exists(state, repository, action)?;
            let counted = state.repositories.get(repository.as_str()).is_some_and(|repo| repo.images > 0);
            let held = state.overseen.images.get(repository.as_str()).is_some_and(|images| !images.is_empty());
            Ok(counted || held)
        })
        .await
    }

    async fn manifests(
        &self,
        repository: &RepositoryName,
        digests: &[Digest],
    ) -> Result<BTreeMap<Digest, Value>, Fault> {
        assert!((1..=IMAGES_PER_CALL).contains(&digests.len()), "ECR takes 1 to 100 images, not {}", digests.len());
        self.call("ecr:BatchGetImage", |state| {
            let images = state.overseen.images.get(repository.as_str());
            let one = |digest: &Digest| Some((digest.clone(), images?.get(digest)?.manifest.clone()));
            Ok(digests.iter().filter_map(one).collect())
        })
        .await
    }

    async fn delete_images(
        &self,
        repository: &RepositoryName,
        digests: &[Digest],
    ) -> Result<BTreeMap<Digest, (String, String)>, Fault> {
        assert!((1..=IMAGES_PER_CALL).contains(&digests.len()), "ECR takes 1 to 100 images, not {}", digests.len());
        let action = "ecr:BatchDeleteImage";
        self.call(action, |state| {
            exists(state, repository, action)?;
            Ok(digests.iter().filter_map(|digest| Some((digest.clone(), delete(state, repository, digest)?))).collect())
        })
        .await
    }
}

fn stored(digest: &Digest, held: &Held) -> StoredImage {
    let media_type = held.manifest["mediaType"].as_str().unwrap_or_default().to_owned();
    StoredImage { digest: digest.clone(), tags: held.tags.clone(), pushed_at: held.pushed_at, media_type }
}

/// Deletes an image, or says why it stays.
fn delete(state: &mut State, repository: &RepositoryName, digest: &Digest) -> Option<(String, String)> {
    let refused = |code: &str| Some((code.to_owned(), format!("refused as {code}")));
    if let Some(refusal) = state.overseen.undeletable.get(digest) {
        return Some(refusal.clone());
    }
    let Some(images) = state.overseen.images.get_mut(repository.as_str()) else { return refused("ImageNotFound") };
    let lists = |held: &Held| {
        let entries = held.manifest["manifests"].as_array();
        entries.is_some_and(|entries| entries.iter().any(|entry| entry["digest"] == digest.as_str()))
    };
    if images.values().any(lists) {
        return refused("ImageReferencedByManifestList");
    }
    if images.remove(digest).is_none() {
        return refused("ImageNotFound");
    }
    state.overseen.deleted.push((repository.to_string(), digest.clone()));
    None
}

impl Previews for World {
    async fn start_preview(&self, repository: &RepositoryName, text: Option<&str>) -> Result<(), Fault> {
        let action = "ecr:StartLifecyclePolicyPreview";
        self.call(action, |state| {
            exists(state, repository, action)?;
            let in_force = state.repositories.get(repository.as_str()).and_then(|repo| repo.lifecycle.clone());
            if text.is_none() && in_force.is_none() {
                return Err(refusal(action, FaultKind::NotFound, "LifecyclePolicyNotFoundException"));
            }
            let overseen = &mut state.overseen;
            // One that nobody looks at ends too.
            let running = overseen.previews.get_mut(repository.as_str()).filter(|started| started.left > 0);
            if let Some(started) = running {
                started.left -= 1;
                return Err(refusal(action, FaultKind::Conflict, "LifecyclePolicyPreviewInProgressException"));
            }
            let left = overseen.scripts.get(repository.as_str()).map_or(0, |script| script.going);
            overseen.previews.insert(repository.to_string(), Started { text: text.map(str::to_owned), left });
            Ok(())
        })
        .await
    }

    async fn preview(&self, repository: &RepositoryName, token: Option<String>) -> Result<PreviewState, Fault> {
        self.call("ecr:GetLifecyclePolicyPreview", |state| {
            let overseen = &mut state.overseen;
            let Some(started) = overseen.previews.get_mut(repository.as_str()) else {
                return Ok(PreviewState::Absent);
            };
            if started.left > 0 {
                started.left -= 1;
                return Ok(PreviewState::Going);
            }
            let none: Vec<Expiring> = Vec::new();
            let found = match overseen.scripts.get(repository.as_str()) {
                Some(Script { end: End::Failed(word), .. }) => return Ok(PreviewState::Failed((*word).to_owned())),
                Some(Script { end: End::Complete(found), .. }) => found,
                None => &none,
            };
            let expiring = found.iter().filter(|image| image.action == "EXPIRE").count() as u64;
            let of = overseen.preview_of.clone().or_else(|| started.text.clone());
            Ok(PreviewState::Ended { page: paged(found, token.as_ref(), state.page_size), expiring, of })
        })
        .await
    }
}

impl Switches for World {
    async fn switch(&self) -> (Switch, Option<String>) {
        let read = self.call("ssm:GetParameter", |state| Ok(state.overseen.switch.clone())).await;
        read.unwrap_or_else(|fault| (Switch::ReportOnly, Some(fault.to_string())))
    }
}

impl Book for World {
    async fn read(&self, key: &str) -> Result<Option<(Vec<u8>, Version)>, Fault> {
        self.call("s3:GetObject", |state| {
            let found = state.objects.get(key);
            Ok(found.map(|(bytes, tag)| (bytes.clone(), Version::Tag(tag.to_string()))))
        })
        .await
    }

    async fn write(
        &self,
        key: &str,
        bytes: Vec<u8>,
        content_type: &str,
        over: Option<&Version>,
    ) -> Result<Version, Fault> {
        assert!(content_type.contains('/'), "{content_type} is no content type");
        let action = "s3:PutObject";
        self.call(action, move |state| {
            let found = state.objects.get(key).map(|(_, tag)| Version::Tag(tag.to_string()));
            match (over, found) {
                (Some(Version::Tag(_)), None) => return Err(refusal(action, FaultKind::NotFound, "NoSuchKey")),
                (Some(over), found) if *over != found.clone().unwrap_or(Version::New) => {
                    return Err(refusal(action, FaultKind::Conflict, "PreconditionFailed"));
                }
                _ => {}
            }
            state.etags += 1;
            let tag = state.etags;
            state.overseen.modified.insert(key.to_owned(), state.overseen.now);
            state.objects.insert(key.to_owned(), (bytes, tag));
            Ok(Version::Tag(tag.to_string()))
        })
        .await
    }

    async fn remove(&self, key: &str) -> Result<(), Fault> {
        self.call("s3:DeleteObject", |state| {
            state.objects.remove(key);
            Ok(())
        })
        .await
    }

    async fn list(&self, prefix: &str, token: Option<String>) -> Result<Listing<Entry>, Fault> {
        self.call("s3:ListObjectsV2", |state| {
            // A token is the key after which to go on, so that what is removed meanwhile hides nothing.
            let after = |key: &&String| token.as_ref().is_none_or(|token| *key > token);
            let keys = state.objects.keys().filter(|key| key.starts_with(prefix)).filter(after);
            let rest: Vec<&String> = keys.collect();
            let page: Vec<&String> = rest.iter().take(state.page_size).copied().collect();
            let next = page.last().filter(|_| rest.len() > page.len()).map(|key| (*key).clone());
            let modified = |key: &String| state.overseen.modified.get(key).copied().unwrap_or(super::BEGIN);
            let entry = |key: &String| Entry { key: key.clone(), modified: modified(key) };
            Ok((page.into_iter().map(entry).collect(), next))
        })
        .await
    }
}

impl Jobs for World {
    async fn send_jobs(&self, jobs: &[Job], delay_seconds: u32) -> Result<(), Fault> {
        assert!(delay_seconds <= 900, "SQS delays by at most 900 seconds");
        self.call("sqs:SendMessageBatch", |state| {
            state.overseen.jobs.extend(jobs.iter().map(|job| (job.clone(), delay_seconds)));
            Ok(())
        })
        .await
    }

    async fn dead_letter(&self, event: &Value, reason: &str) -> Result<(), Fault> {
        self.call("sqs:SendMessage", |state| {
            state.overseen.letters.push((event.clone(), reason.to_owned()));
            Ok(())
        })
        .await
    }
}

impl Notices for World {
    async fn notify(&self, subject: &str, body: &str) -> Result<(), Fault> {
        assert!(subject.chars().count() <= 99 && !subject.contains('\n'), "SNS refuses this subject: {subject}");
        self.call("sns:Publish", |state| {
            state.overseen.notices.push((subject.to_owned(), body.to_owned()));
            Ok(())
        })
        .await
    }
}
