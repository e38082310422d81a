//! The image that bore a tag before: what is new in an image is counted against it.
//!
//! One small document per tag says which image was seen under it last, and which one before that. It is moved before the
//! new image's record is written: a second try, which finds the tag pointing here already, still finds the image before.

use super::Records;
use crate::fault::{Fault, FaultKind};
use crate::flow::Version;
use crate::model::image::{Digest, ImageRef};
use crate::policy::record::ImageRecord;
use serde_json::{Value, json};

/// Tags looked up for one image at most; one is enough to find what it replaces.
const TAGS: usize = 3;

/// The image before, and the tag both bore.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Before {
    /// What is remembered of it.
    pub(super) record: ImageRecord,
    /// The tag.
    pub(super) tag: String,
}

/// The tags of an image that are to point to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tags(Vec<Pointer>);

/// One of them: its document, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pointer {
    key: String,
    version: Version,
    /// Where it points.
    digest: Option<Digest>,
}

/// Finds the image that bore one of an image's tags before it.
pub(super) async fn before(
    world: &impl Records,
    image: &ImageRef,
    tags: &[String],
) -> Result<(Option<Before>, Tags), Fault> {
    let mut found = None;
    let mut moving = Tags::default();
    for tag in tags.iter().take(TAGS) {
        let key = key(image, tag);
        let pointer = world.document(&key).await?;
        let digest = |member| pointer.as_ref().and_then(|(document, _)| digest_in(document, member));
        let (last, earlier) = (digest("digest"), digest("before"));
        for digest in [&last, &earlier].into_iter().flatten().filter(|digest| **digest != image.digest) {
            if found.is_none() {
                let other = ImageRef { digest: digest.clone(), ..image.clone() };
                found = world.record(&other).await?.map(|(record, _)| Before { record, tag: tag.clone() });
            }
        }
        if last.as_ref() != Some(&image.digest) {
            let version = pointer.map_or(Version::New, |(_, version)| version);
            moving.0.push(Pointer { key, version, digest: last });
        }
    }
    Ok((found, moving))
}

impl Tags {
    /// Lets the tags point to this image. Where somebody else has moved one meanwhile, that stands.
    pub(super) async fn move_to(self, world: &impl Records, image: &ImageRef) -> Result<(), Fault> {
        for Pointer { key, version, digest } in self.0 {
            let document = json!({"digest": image.digest, "before": digest});
            match world.save_document(&key, &document, Some(&version)).await {
                Err(fault) if fault.kind == FaultKind::Conflict => {}
                other => other.map(|_| ())?,
            }
        }
        Ok(())
    }
}

fn digest_in(document: &Value, member: &str) -> Option<Digest> {
    Digest::parse(document.get(member)?.as_str()?).ok()
}

/// Tags hold letters, digits and `_.-` only (OCI distribution specification), so they may stand in a key.
fn key(image: &ImageRef, tag: &str) -> String {
    let place = &image.place;
    format!("findings/tags/{}/{}/{}/{tag}.json", place.account, place.region, image.repository)
}
