//! The image that bore a tag before: what is new in an image is counted against it.
//!
//! One small document per tag says which image was seen under it last. It is moved after the new image's record is
//! written, so that a second try still finds the image before.

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
pub(super) struct Tags(Vec<(String, Option<Version>)>);

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
        let digest = pointer.as_ref().and_then(|(document, _)| digest_in(document));
        moving.0.push((key, pointer.map(|(_, version)| version)));
        let Some(digest) = digest.filter(|digest| *digest != image.digest && found.is_none()) else { continue };
        let earlier = ImageRef { digest, ..image.clone() };
        found = world.record(&earlier).await?.map(|(record, _)| Before { record, tag: tag.clone() });
    }
    Ok((found, moving))
}

impl Tags {
    /// Lets the tags point to this image. Where somebody else has moved one meanwhile, that stands.
    pub(super) async fn move_to(self, world: &impl Records, image: &ImageRef) -> Result<(), Fault> {
        for (key, version) in self.0 {
            let over = version.unwrap_or(Version::New);
            match world.save_document(&key, &json!({"digest": image.digest}), Some(&over)).await {
                Err(fault) if fault.kind == FaultKind::Conflict => {}
                other => other.map(|_| ())?,
            }
        }
        Ok(())
    }
}

fn digest_in(document: &Value) -> Option<Digest> {
    Digest::parse(document.get("digest")?.as_str()?).ok()
}

/// Tags hold letters, digits and `_.-` only (OCI distribution specification), so they may stand in a key.
fn key(image: &ImageRef, tag: &str) -> String {
    let place = &image.place;
    format!("findings/tags/{}/{}/{}/{tag}.json", place.account, place.region, image.repository)
}
