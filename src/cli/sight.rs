//! What ECR says of an image now; of an index, what it says of each image in it.

use crate::event::findings::Cause;
use crate::fault::Fault;
use crate::flow::findings::Scans;
use crate::flow::findings::look::{Looked, look};
use crate::model::image::{Child, ImageRef, Parent};
use crate::model::scan::ScanStatus;
use crate::policy::gate::readable;
use futures_util::{StreamExt as _, stream};

/// Images of an index looked at at a time.
const AT_ONCE: usize = 8;

/// One image, looked at.
#[derive(Debug)]
pub(super) struct Sight {
    /// Which.
    pub(super) image: ImageRef,
    /// The index it was reached by.
    pub(super) parent: Option<Parent>,
    /// What it turned out to be.
    pub(super) looked: Result<Looked, Fault>,
}

impl Sight {
    /// Why nobody can tell what is in it; `None` where it was read.
    pub(super) fn doubt(&self) -> Option<String> {
        let looked = match &self.looked {
            Ok(looked) => looked,
            Err(fault) => return Some(fault.to_string()),
        };
        match looked {
            Looked::Read(_) => None,
            Looked::NotScanned { status, description } => {
                let why = state(status);
                Some(if description.is_empty() { why } else { format!("{why}. ECR says: {description}") })
            }
            Looked::Unfinished(status) => Some(state(status)),
            Looked::Index(_) if self.parent.is_some() => {
                Some("it is an index within an index, which is not looked into".to_owned())
            }
            Looked::Index(_) => Some("it is an index without images".to_owned()),
            Looked::Artifact(kind) => {
                Some(format!("it is no image but an artefact of type {kind}, in which nothing is scanned"))
            }
            Looked::Archived => Some(state(&ScanStatus::ImageArchived)),
            Looked::Gone => Some("there is no such image".to_owned()),
            Looked::NeverScanned => Some(
                "the image was never scanned; switch scanning on push on, or start a scan (aws ecr start-image-scan)"
                    .to_owned(),
            ),
        }
    }

    /// May waiting help?
    pub(super) const fn is_unfinished(&self) -> bool {
        matches!(self.looked, Ok(Looked::Unfinished(_) | Looked::NeverScanned))
    }
}

fn state(status: &ScanStatus) -> String {
    readable(status).err().unwrap_or_default()
}

/// Looks at an image with these tags; at each image in it, where it is an index.
pub(super) async fn sights(world: &impl Scans, image: &ImageRef, tags: &[String]) -> Vec<Sight> {
    // Nobody announced a scan, so none is expected.
    let looked = look(world, image, Cause::Reconcile).await;
    match looked {
        Ok(Looked::Index(children)) if !children.is_empty() => {
            let seen = stream::iter(children.into_iter().map(|child| of_index(image, tags, child)))
                .map(|(image, parent)| async move {
                    let looked = look(world, &image, Cause::Reconcile).await;
                    Sight { image, parent: Some(parent), looked }
                })
                .buffered(AT_ONCE);
            seen.collect().await
        }
        looked => vec![Sight { image: image.clone(), parent: None, looked }],
    }
}

/// An image of an index, and how it hangs together with it.
pub(super) fn of_index(index: &ImageRef, tags: &[String], child: Child) -> (ImageRef, Parent) {
    let image = ImageRef { digest: child.digest, ..index.clone() };
    (image, Parent { digest: index.digest.clone(), tags: tags.to_vec(), platform: child.platform })
}
