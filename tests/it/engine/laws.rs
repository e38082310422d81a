//! What must hold at every moment, whatever happens.

use super::delivery::Bed;
use crate::support::mailbox::Mailbox;
use crate::support::world::Repo;
use ecr_steward::model::repository::OWNER_TAG;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Words of the responder, which answers in the function's place.
const IN_PLACE: [&str; 2] = ["ended before it could answer", "ended before they could answer"];

/// A request that was sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) event: Value,
    /// The state bucket failed meanwhile, so that nothing may be remembered of it.
    pub(super) forgotten: bool,
}

impl Sent {
    pub(super) fn new(event: &Value, forgotten: bool) -> Self {
        Self { event: event.clone(), forgotten }
    }

    fn url(&self) -> &str {
        self.event["ResponseURL"].as_str().expect("a URL")
    }

    /// Does CloudFormation still wait for it?
    pub(super) fn is_open(&self, mailbox: &Mailbox) -> bool {
        !mailbox.standing().contains_key(self.url())
    }

    /// Was it answered by the function, and not in its place?
    pub(super) fn answered_by_us(&self, mailbox: &Mailbox) -> bool {
        mailbox.standing().get(self.url()).is_some_and(|body| {
            let answer: Value = serde_json::from_slice(body).expect("an answer is JSON");
            let reason = answer["Reason"].as_str().expect("a reason");
            !IN_PLACE.iter().any(|words| reason.contains(words))
        })
    }

    /// Has CloudFormation sent a later request for the same resource?
    pub(super) fn is_past(&self, all: &[Self]) -> bool {
        let mut same = all.iter().rev().filter(|other| other.event["StackId"] == self.event["StackId"]);
        same.next().is_some_and(|last| last.event["RequestId"] != self.event["RequestId"])
    }
}

impl Bed<'_> {
    /// All laws that need no knowledge of what was going on.
    pub(super) fn laws_hold(&self) {
        self.answers_are_well_formed();
        self.the_function_says_one_thing();
        self.images_survive();
        self.strangers_are_untouched();
        crate::support::lines::hold_nothing_of(&["5ec2e7", "https://cloudformation-custom"]);
    }

    fn answers_are_well_formed(&self) {
        let standing = self.mailbox.standing();
        for sent in self.sent.borrow().iter() {
            let Some(body) = standing.get(sent.url()) else { continue };
            assert!(body.len() <= 4_096, "{} bytes", body.len());
            let answer: Value = serde_json::from_slice(body).expect("an answer is JSON");
            for id in ["StackId", "RequestId", "LogicalResourceId"] {
                assert_eq!(answer[id], sent.event[id]);
            }
            let reason = answer["Reason"].as_str().expect("a reason");
            assert!(!reason.is_empty() && !reason.contains(char::is_control), "{reason:?}");
        }
        assert!(standing.len() <= self.sent.borrow().len(), "somebody was answered who had not asked");
    }

    /// Whenever and however often a request is delivered, the function answers it with the same bytes.
    fn the_function_says_one_thing(&self) {
        let mut said: BTreeMap<String, BTreeSet<Vec<u8>>> = BTreeMap::new();
        for letter in self.mailbox.letters() {
            let reason = letter.json()["Reason"].as_str().expect("a reason").to_owned();
            if !IN_PLACE.iter().any(|words| reason.contains(words)) {
                said.entry(letter.url).or_default().insert(letter.body);
            }
        }
        for sent in self.sent.borrow().iter().filter(|sent| !sent.forgotten) {
            let Some(bodies) = said.get(sent.url()) else { continue };
            let texts: Vec<_> = bodies.iter().map(|body| String::from_utf8_lossy(body)).collect();
            assert_eq!(bodies.len(), 1, "different answers to one request: {texts:#?}");
        }
    }

    /// Images are only deleted with consent, and nobody gave it.
    fn images_survive(&self) {
        for (name, images) in self.images.borrow().iter() {
            let repo = self.world.repo(name).unwrap_or_else(|| panic!("{name} held {images} images and is gone"));
            assert_eq!(repo.images, *images, "{name}");
        }
    }

    fn strangers_are_untouched(&self) {
        let theirs = self.world.repo("shop-dev-f").expect("theirs stays");
        assert_eq!(theirs.tags[OWNER_TAG], crate::support::world::NEIGHBOUR);
        assert_eq!((theirs.scan_on_push, theirs.lifecycle), (false, None));
        assert!(self.world.repo("shop-dev-s").is_some(), "what existed before is never deleted");
    }

    /// Repositories whose owner tag begins so.
    pub(super) fn of_owner(&self, owner: &str) -> BTreeMap<String, Repo> {
        self.world.with(|state| {
            let theirs = |repo: &Repo| repo.tags.get(OWNER_TAG).is_some_and(|tag| tag.starts_with(owner));
            state
                .repositories
                .iter()
                .filter(|(_, repo)| theirs(repo))
                .map(|(name, repo)| (name.clone(), repo.clone()))
                .collect()
        })
    }

    pub(super) fn nothing_of_ours_is_left(&self, owners: &[&str]) {
        for owner in owners {
            let left = self.of_owner(owner);
            assert!(left.is_empty(), "left behind: {:?}", left.keys());
        }
        let open: Vec<Value> = self
            .sent
            .borrow()
            .iter()
            .filter(|sent| sent.is_open(&self.mailbox))
            .map(|sent| sent.event.clone())
            .collect();
        assert!(open.is_empty(), "never answered: {open:?}");
    }

    /// Somebody pushes an image, where there is a repository of ours to push to.
    pub(super) fn push(&self, name: &str) {
        let name = format!("shop-dev-{name}");
        if let Some(repo) = self.world.repo(&name) {
            self.world.push_images(&name, repo.images + 1);
            self.images.borrow_mut().insert(name, repo.images + 1);
        }
    }

    /// Somebody empties the repositories of a stack that could not be deleted for their images.
    pub(super) fn empty_all_of(&self, owner: &str) {
        for name in self.of_owner(owner).into_keys().filter(|name| name != "shop-dev-s") {
            self.world.push_images(&name, 0);
            self.images.borrow_mut().remove(&name);
        }
    }
}
