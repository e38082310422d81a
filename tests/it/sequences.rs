//! Random histories of one stack: updates that succeed, fail, are killed and rolled back, pushes in between, messages
//! sooner or later, a Delete at the end. What must hold throughout is stated once, here.

use crate::support::specs::declarations;
use crate::support::world::{NEIGHBOUR, STACK};
use crate::support::{Scene, Trouble, When, run};
use ecr_steward::event::reply::Status::Success;
use ecr_steward::model::repository::OWNER_TAG;
use ecr_steward::plan::Change;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;

/// `s` existed before and is nobody's; `f` is somebody else's.
const NAMES: &[&str] = &["a", "b", "c", "s"];
const WITH_FOREIGN: &[&str] = &["a", "b", "f"];

/// One stack operation.
#[derive(Clone, Debug)]
struct Operation {
    properties: Value,
    /// Repositories that get an image while the operation goes on.
    pushed: Vec<&'static str>,
    /// The request is killed at this call, and CloudFormation rolls back.
    killed_at: Option<(usize, bool)>,
    /// Something else in the stack fails afterwards, and CloudFormation rolls back.
    rolled_back: bool,
    /// Messages are delivered before the next operation begins.
    settled: bool,
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let properties = prop_oneof![9 => declarations(NAMES), 1 => declarations(WITH_FOREIGN)];
    let pushed = proptest::sample::subsequence(vec!["a", "b", "c"], 0..=2);
    let killed_at = proptest::option::weighted(0.3, (1..40_usize, any::<bool>()));
    let one = (properties, pushed, killed_at, proptest::bool::weighted(0.3), any::<bool>()).prop_map(
        |(properties, pushed, killed_at, rolled_back, settled)| Operation {
            properties,
            pushed,
            killed_at,
            rolled_back,
            settled,
        },
    );
    proptest::collection::vec(one, 1..6)
}

/// Images, by repository: they only ever grow in these histories.
type Images = BTreeMap<String, u32>;

struct History {
    scene: Scene,
    images: Images,
    committed: Value,
}

impl History {
    fn push(&mut self, names: &[&str]) {
        for name in names {
            let name = format!("shop-dev-{name}");
            if let Some(repo) = self.scene.world.repo(&name) {
                self.scene.world.push_images(&name, repo.images + 1);
                self.images.insert(name, repo.images + 1);
            }
        }
    }

    async fn go(&mut self, operation: &Operation) {
        let scene = &self.scene;
        scene.ends_as("UPDATE_IN_PROGRESS");
        if let Some((nth, after)) = operation.killed_at {
            scene.world.trouble_at(nth, Trouble::Kill(if after { When::After } else { When::Before }));
        }
        let event = scene.event("Update", &operation.properties);
        let reply = scene.world.until_killed(scene.send(&event)).await;
        scene.world.calm();
        let pushed = operation.pushed.clone();
        self.push(&pushed);
        let scene = &self.scene;
        let succeeded = reply.as_ref().is_some_and(|reply| reply.status == Success);
        if succeeded && !operation.rolled_back {
            self.committed = operation.properties.clone();
            scene.ends_as("UPDATE_COMPLETE");
            self.declared_is_there();
        } else {
            let back = scene.roll_back(&self.committed).await;
            assert_eq!(back.status, Success, "a way back never fails: {}", back.reason);
            scene.ends_as("UPDATE_ROLLBACK_COMPLETE");
            self.declared_is_there();
        }
        if operation.settled {
            let status = self.scene.world.with(|state| state.stacks[STACK].status.clone());
            self.scene.settle_as(&status).await;
        }
        self.nothing_is_lost();
    }

    /// What CloudFormation believes to be declared exists, is ours, and is not on its way out.
    fn declared_is_there(&self) {
        for name in self.committed["RepositoryNames"].as_array().unwrap() {
            let name = format!("shop-dev-{}", name.as_str().unwrap());
            assert!(self.scene.world.is_ours(&name), "{name} is declared");
            assert!(!self.scene.world.is_released(&name), "{name} is declared and marked as released");
        }
    }

    /// Images, strangers and others survive; nothing left us while the stack was moving.
    fn nothing_is_lost(&self) {
        let found: Images =
            self.images.keys().filter_map(|name| Some((name.clone(), self.scene.world.repo(name)?.images))).collect();
        assert_eq!(found, self.images, "images are only deleted with consent, and there was none");
        let theirs = self.scene.world.repo("shop-dev-f").expect("theirs stays");
        assert_eq!(theirs.tags[OWNER_TAG], NEIGHBOUR);
        assert_eq!((theirs.scan_on_push, theirs.lifecycle, theirs.images), (false, None, 2));
        assert_eq!(self.scene.world.repo("shop-dev-s").expect("what was adopted is never deleted").images, 7);
        let settled = ["UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "DELETE_IN_PROGRESS"];
        let journal = self.scene.world.with(|state| state.journal.clone());
        for (change, status) in journal {
            let leaves = match &change {
                Change::DeleteRepository { .. } => true,
                Change::UntagResource { keys, .. } => keys.iter().any(|key| key == OWNER_TAG),
                _ => false,
            };
            assert!(!leaves || settled.contains(&status.as_str()), "{change:?} while the stack was {status}");
        }
    }
}

/// Futures of debug builds are large, and a history nests many.
fn on_a_large_stack(story: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, story);
        if let Err(panic) = thread.expect("a thread").join() {
            std::panic::resume_unwind(panic);
        }
    });
}

async fn story(first: &Value, operations: &[Operation]) {
    let scene = Scene::new();
    scene.world.put_neighbour("shop-dev-f");
    scene.world.put_strange("shop-dev-s", 7);
    let made = scene.create(first).await;
    assert_eq!(made.status, Success, "{}", made.reason);
    scene.ends_as("CREATE_COMPLETE");
    let mut history = History { scene, images: Images::new(), committed: first.clone() };
    for operation in operations {
        Box::pin(history.go(operation)).await;
    }
    // Peace, once everybody has stopped.
    history.scene.world.start_counting();
    let again = history.scene.update(&history.committed).await;
    assert_eq!(again.status, Success, "{}", again.reason);
    assert!(history.scene.world.writes().is_empty(), "{:?}", history.scene.world.writes());
    history.scene.ends_as("UPDATE_COMPLETE");
    let gone = history.scene.delete(&history.committed).await;
    history.nothing_is_lost();
    if gone.status == Success {
        let ours: Vec<String> =
            history.scene.world.names().into_iter().filter(|name| history.scene.world.is_ours(name)).collect();
        assert!(ours.is_empty(), "left behind: {ours:?}");
    } else {
        assert!(gone.reason.contains("still holds images"), "{}", gone.reason);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Rows: 27.
    #[test]
    fn whatever_happens_to_a_stack_nothing_is_lost_and_it_can_always_go_on(
        first in declarations(&["a", "b", "c"]),
        operations in operations(),
    ) {
        on_a_large_stack(|| run(story(&first, &operations)));
    }
}
