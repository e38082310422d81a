//! From letters to what is sent for them: what is about one image becomes one look at it.

use crate::aws::Letter;
use crate::cli::args_findings::ReplayArgs;
use crate::event::findings::{Cause, ImageJob, Job, VERSION};
use crate::event::letters::{Again, Reread};
use crate::model::image::ImageRef;
use std::collections::BTreeMap;

/// A letter that was taken, and read.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) letter: Letter,
    pub(super) reread: Reread,
}

/// One message to send, and the letters it is for.
#[derive(Clone, Debug)]
pub(super) struct Errand {
    pub(super) body: String,
    /// For people.
    pub(super) what: String,
    pub(super) letters: Vec<Waiting>,
}

/// Letters by what becomes of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Sorted {
    pub(super) errands: Vec<Errand>,
    /// Nobody can tell what they ask for.
    pub(super) unreadable: Vec<Waiting>,
    /// Not asked for.
    pub(super) left: Vec<Waiting>,
}

impl Sorted {
    /// Every letter.
    pub(super) fn all(&self) -> impl Iterator<Item = &Letter> {
        let errands = self.errands.iter().flat_map(|errand| &errand.letters);
        errands.chain(&self.unreadable).chain(&self.left).map(|waiting| &waiting.letter)
    }
}

/// Sorts letters, the first taken first.
pub(super) fn sort(waiting: Vec<Waiting>, args: &ReplayArgs) -> Sorted {
    let mut sorted = Sorted::default();
    let mut images: BTreeMap<ImageRef, (bool, Vec<Waiting>)> = BTreeMap::new();
    let mut messages: BTreeMap<String, Vec<Waiting>> = BTreeMap::new();
    for one in waiting {
        if !is_asked_for(&one.reread, args) {
            sorted.left.push(one);
            continue;
        }
        match one.reread.again.clone() {
            Again::Image { image, quiet } => {
                let (all_quiet, letters) = images.entry(image).or_insert((true, Vec::new()));
                *all_quiet &= quiet;
                letters.push(one);
            }
            Again::Message(body) => messages.entry(body).or_default().push(one),
            Again::Nothing(_) => sorted.unreadable.push(one),
        }
    }
    let looks = images.into_iter().map(|(image, (quiet, letters))| {
        let what = image.to_string();
        Errand { body: job(image, quiet), what, letters }
    });
    let again =
        messages.into_iter().map(|(body, letters)| Errand { what: "the same message".to_owned(), body, letters });
    sorted.errands = looks.chain(again).collect();
    sorted
}

fn is_asked_for(reread: &Reread, args: &ReplayArgs) -> bool {
    args.sink.is_none_or(|sink| reread.sink() == Some(sink.as_str()))
        && args
            .vulnerability
            .as_ref()
            .is_none_or(|glob| reread.vulnerability().is_some_and(|name| glob.matches_any_case(name)))
}

fn job(image: ImageRef, quiet: bool) -> String {
    let job = Job::Image(ImageJob {
        version: VERSION,
        image,
        tags: None,
        parent: None,
        cause: Cause::Replay,
        occurred: None,
        attempt: 0,
        quiet,
    });
    serde_json::to_string(&job).unwrap_or_default()
}
