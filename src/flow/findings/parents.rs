//! Which index an image without tags belongs to.
//!
//! ECR cannot be asked that way round, so the indexes of the repository are read, the newest first. A multi-platform push
//! uploads its images shortly before their index, so few need reading; there is a bound all the same, and an image whose
//! index is not found is told without it.

use super::Scans;
use crate::fault::Fault;
use crate::model::image::{ImageDetail, ImageRef, ManifestKind, Parent};

/// Pages of images looked through, of a thousand each.
const PAGES: usize = 3;
/// Indexes read at most.
const INDEXES: usize = 10;
/// Media types of indexes (OCI image specification; Docker image manifest version 2, schema 2).
const INDEX_TYPES: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];

/// The index, where it can be found.
pub(super) async fn parent(world: &impl Scans, image: &ImageRef) -> Result<Option<Parent>, Fault> {
    let mut indexes: Vec<ImageDetail> = Vec::new();
    let mut token = None;
    for _ in 0..PAGES {
        let Some((page, next)) = world.image_page(&image.repository, token).await? else { return Ok(None) };
        indexes.extend(page.into_iter().filter(|detail| INDEX_TYPES.contains(&detail.media_type.as_str())));
        token = next;
        if token.is_none() {
            break;
        }
    }
    indexes.sort_by(|one, two| two.pushed_at.cmp(&one.pushed_at).then_with(|| one.digest.cmp(&two.digest)));
    for detail in indexes.into_iter().take(INDEXES) {
        let index = ImageRef { digest: detail.digest, ..image.clone() };
        let Some(ManifestKind::Index(children)) = world.manifest(&index).await? else { continue };
        if let Some(child) = children.into_iter().find(|child| child.digest == image.digest) {
            return Ok(Some(Parent { digest: index.digest, tags: detail.tags, platform: child.platform }));
        }
    }
    Ok(None)
}
