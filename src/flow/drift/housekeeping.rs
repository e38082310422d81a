//! Housekeeping: of the untagged images of a fleet's repository, only the newest are kept (`MaxUntaggedImages`).
//!
//! Real ECR refuses a second rule for untagged images in one lifecycle policy, so a count beside an age is kept here. Never
//! deleted: what an index lists, what has a subject (signatures, SBOMs), what is younger than an hour (a multi-platform
//! push uploads its children untagged first), and whatever cannot be read.

use super::keep::Round;
use super::owner::{Claimed, Hold};
use super::{IMAGES_PER_CALL, Images, Overseeing, StoredImage, Switch, whose};
use crate::fault::Fault;
use crate::model::Seen;
use crate::model::image::Digest;
use crate::model::manifest;
use crate::model::name::RepositoryName;
use crate::model::repository::{OWNER_TAG, Repository};
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// Seconds for which a new image is left alone (contract).
const YOUNG: i64 = 3_600;
/// What ECR answers where an image is listed by an index that came meanwhile, or is gone: as good as kept, and deleted.
const FINE: [&str; 2] = ["ImageReferencedByManifestList", "ImageNotFound"];
/// Images named in a note.
const NAMED: usize = 3;

/// How the note begins that says how many images were deleted.
const DELETED: &str = "housekeeping deleted ";

/// How many images were deleted, by the notes of a repository's standing.
pub fn deleted(notes: &[String]) -> usize {
    let number = |note: &String| note.strip_prefix(DELETED)?.split(' ').next()?.parse::<usize>().ok();
    notes.iter().filter_map(number).sum()
}

/// What housekeeping came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tidied {
    /// Images deleted.
    pub deleted: usize,
    /// Images beyond the count that are kept: why, and how many.
    pub kept: BTreeMap<&'static str, usize>,
    /// Images ECR would not delete: which, and its words.
    pub refused: Vec<String>,
    /// Why nothing was deleted although there was something to delete.
    pub withheld: Option<String>,
    /// What went wrong after some were deleted.
    pub trouble: Option<Fault>,
}

impl Tidied {
    /// What there is to say about it.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.deleted > 0 {
            notes.push(format!("{DELETED}{} untagged images", self.deleted));
        }
        if !self.refused.is_empty() {
            let named = self.refused.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
            notes.push(format!("housekeeping could not delete {} untagged images: {named}", self.refused.len()));
        }
        notes.extend(self.trouble.as_ref().map(|fault| format!("housekeeping left the rest: {fault}")));
        notes.extend(self.withheld.as_ref().map(|why| format!("housekeeping deleted nothing: {why}")));
        notes
    }

    fn keep(&mut self, why: &'static str, images: usize) {
        if images > 0 {
            *self.kept.entry(why).or_default() += images;
        }
    }

    fn withheld(why: impl Into<String>) -> Self {
        Self { withheld: Some(why.into()), ..Self::default() }
    }
}

/// Deletes what is beyond the count, where the fleet is at rest. `repository` is what was just seen of it.
pub async fn tidy<W: Overseeing>(
    round: &Round<'_, W>,
    claimed: &Claimed,
    repository: &Repository,
) -> Result<Tidied, Fault> {
    if claimed.hold != Hold::AtRest || round.switch == Switch::Off {
        return Ok(Tidied::default());
    }
    let (world, name) = (round.world, &repository.name);
    let most = usize::try_from(claimed.spec.max_untagged_images).unwrap_or(usize::MAX);
    let Some(untagged) = untagged(world, name, most).await? else { return Ok(Tidied::default()) };
    let mut tidied = Tidied::default();
    let surplus = surplus(untagged, most, round.now.div_euclid(1_000), &mut tidied);
    if surplus.is_empty() {
        return Ok(tidied);
    }
    if round.switch != Switch::On {
        let why = "the kill switch (the installation's SSM parameter enforcement) says report-only";
        return Ok(Tidied::withheld(format!(
            "{why}; {} untagged images are beyond MaxUntaggedImages {most}",
            surplus.len()
        )));
    }
    if let Some(why) = not_ours(world, claimed, repository).await? {
        return Ok(Tidied::withheld(why));
    }
    if let Some(why) = whose::outdated(world, claimed, round.now.div_euclid(1_000)).await? {
        return Ok(Tidied::withheld(why));
    }
    let free = match unreferenced(world, name, surplus, &mut tidied).await? {
        Ok(free) => free,
        Err(why) => return Ok(Tidied::withheld(why)),
    };
    for chunk in free.chunks(IMAGES_PER_CALL) {
        if Instant::now() >= round.until {
            tidied.withheld = Some("there was no time for the rest".to_owned());
            break;
        }
        let chunk = still_untagged(world, name, chunk, &mut tidied).await?;
        if chunk.is_empty() {
            continue;
        }
        let refused = match world.delete_images(name, &chunk).await {
            Ok(refused) => refused,
            Err(fault) if tidied.deleted > 0 => {
                tidied.trouble = Some(fault);
                break;
            }
            Err(fault) => return Err(fault),
        };
        tidied.deleted += chunk.len().saturating_sub(refused.len());
        for (digest, (code, words)) in refused {
            if FINE.contains(&code.as_str()) {
                tidied.keep("an index lists them", 1);
            } else {
                tidied.refused.push(format!("{} ({code}: {words})", digest.short()));
            }
        }
    }
    Ok(tidied)
}

/// All untagged images; `None` where one page shows that there are not more than may be.
async fn untagged<W: Images>(world: &W, name: &RepositoryName, most: usize) -> Result<Option<Vec<StoredImage>>, Fault> {
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let Some((page, next)) = world.stored_page(name, true, token).await? else { return Ok(None) };
        all.extend(page);
        token = next;
        if token.is_none() {
            return Ok((all.len() > most).then_some(all));
        }
    }
}

/// A delete by digest takes the tags along, and reading what lists an image takes a while: what was tagged meanwhile stays.
async fn still_untagged<W: Images>(
    world: &W,
    name: &RepositoryName,
    chunk: &[Digest],
    tidied: &mut Tidied,
) -> Result<Vec<Digest>, Fault> {
    let now: BTreeSet<Digest> =
        untagged(world, name, 0).await?.unwrap_or_default().into_iter().map(|image| image.digest).collect();
    let (still, tagged): (Vec<_>, Vec<_>) = chunk.iter().cloned().partition(|digest| now.contains(digest));
    tidied.keep("they were tagged meanwhile, or are gone", tagged.len());
    Ok(still)
}

/// What is beyond the newest `most` and old enough. One without a push time has no place among them.
fn surplus(untagged: Vec<StoredImage>, most: usize, now: i64, tidied: &mut Tidied) -> Vec<Digest> {
    let (mut dated, undated): (Vec<_>, Vec<_>) = untagged.into_iter().partition(|image| image.pushed_at.is_some());
    tidied.keep("ECR does not say when they were pushed", undated.len());
    dated.sort_by(|one, other| (other.pushed_at, &other.digest).cmp(&(one.pushed_at, &one.digest)));
    let mut surplus = Vec::new();
    for image in dated.into_iter().skip(most) {
        if image.pushed_at.is_some_and(|at| now.saturating_sub(at) >= YOUNG) {
            surplus.push(image.digest);
        } else {
            tidied.keep("they are younger than an hour", 1);
        }
    }
    surplus
}

/// A delete checks ownership first, by tags read in this look or now.
async fn not_ours<W: Overseeing>(
    world: &W,
    claimed: &Claimed,
    repository: &Repository,
) -> Result<Option<String>, Fault> {
    let read;
    let tags = match &repository.tags {
        Seen::Unasked => {
            read = Seen::from_read(world.tags(&repository.arn).await);
            &read
        }
        known => known,
    };
    match tags {
        Seen::Present(tags) if !tags.contains_key(OWNER_TAG) => Ok(Some("it bears no owner tag".to_owned())),
        Seen::Present(tags) => Ok(whose::objection(Some(claimed), tags)),
        Seen::Missing | Seen::Unasked => {
            Ok(Some("whose it is is not known, since its tags could not be had".to_owned()))
        }
        Seen::Unreadable(fault) if fault.retryable() => Err(fault.clone()),
        Seen::Unreadable(fault) => Ok(Some(format!("whose it is could not be found out: {fault}"))),
    }
}

/// Those of the surplus that nothing refers to and that refer to nothing. The inner `Err` says why nobody can tell.
async fn unreferenced<W: Images>(
    world: &W,
    name: &RepositoryName,
    surplus: Vec<Digest>,
    tidied: &mut Tidied,
) -> Result<Result<Vec<Digest>, String>, Fault> {
    let listed = match listed(world, name).await? {
        Ok(listed) => listed,
        Err(why) => return Ok(Err(why)),
    };
    let (referred, open): (Vec<_>, Vec<_>) = surplus.into_iter().partition(|digest| listed.contains(digest));
    tidied.keep("an index lists them", referred.len());
    let mut free = Vec::new();
    for chunk in open.chunks(IMAGES_PER_CALL) {
        let manifests = world.manifests(name, chunk).await?;
        for digest in chunk {
            match manifests.get(digest) {
                Some(manifest) if manifest::has_subject(manifest) => tidied.keep("they belong to another image", 1),
                Some(_) => free.push(digest.clone()),
                None => tidied.keep("their manifests could not be had", 1),
            }
        }
    }
    Ok(Ok(free))
}

/// Everything that some index in the repository lists.
async fn listed<W: Images>(world: &W, name: &RepositoryName) -> Result<Result<BTreeSet<Digest>, String>, Fault> {
    let mut indexes = Vec::new();
    let mut token = None;
    loop {
        let Some((page, next)) = world.stored_page(name, false, token).await? else {
            return Ok(Err("the repository is gone".to_owned()));
        };
        indexes.extend(page.into_iter().filter(|image| may_list(&image.media_type)).map(|image| image.digest));
        token = next;
        if token.is_none() {
            break;
        }
    }
    let mut listed = BTreeSet::new();
    for chunk in indexes.chunks(IMAGES_PER_CALL) {
        let manifests = world.manifests(name, chunk).await?;
        for digest in chunk {
            let Some(index) = manifests.get(digest) else {
                return Ok(Err(format!(
                    "the index {} could not be had, so nobody knows what it lists",
                    digest.short()
                )));
            };
            match manifest::listed(index) {
                Ok(entries) => listed.extend(entries),
                Err(flaw) => return Ok(Err(format!("the index {} cannot be read: {flaw}", digest.short()))),
            }
        }
    }
    Ok(Ok(listed))
}

/// Is it an index, or may it be one for all that ECR says?
fn may_list(media_type: &str) -> bool {
    media_type.is_empty() || manifest::is_index(media_type)
}
