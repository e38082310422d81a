//! A process that dies at every single call to AWS, before and after the call's effect: four repositories made, changed
//! with one added and one removed, and deleted. The request comes again, and the world is the same as if nothing had
//! happened; what belongs to others is untouched. The counts are printed (`cargo test crashes -- --nocapture`).

use crate::support::world::Picture;
use crate::support::{Mailbox, Scene, Trouble, When, fleet, reason, run, with};
use ecr_steward::event::reply::Status::Success;
use ecr_steward::handler::custom_resource::{Answered, Delivery, answer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const THEIRS: [&str; 2] = ["billing-prod-ledger", "handmade"];

fn four() -> Value {
    with(fleet(&["a", "b", "c", "d"]), json!({"PullPrincipals": ["111122223333"]}))
}

/// One name more, one fewer, and another setting for the rest.
fn changed() -> Value {
    with(fleet(&["a", "b", "c", "e"]), json!({"PullPrincipals": ["111122223333"], "MaxImageCount": 5}))
}

async fn beginning() -> Scene {
    let scene = Scene::new();
    scene.world.put_neighbour(THEIRS[0]);
    scene.world.put_strange(THEIRS[1], 3);
    scene
}

async fn made() -> Scene {
    let scene = beginning().await;
    reason(&scene.create(&four()).await, Success, &[]);
    scene.ends_as("CREATE_COMPLETE");
    scene
}

/// The whole way, with the kept answer and the bucket.
async fn whole(scene: &Scene, mailbox: &Mailbox, event: &Value) -> Answered {
    let left = Duration::from_mins(15);
    let delivery = Delivery { event, begun: scene.now(), part: 1, invocation: "i", returns: "null", left };
    Box::pin(answer(&scene.office(), mailbox, delivery)).await.expect("an answer")
}

fn registry(picture: Picture) -> Picture {
    Picture { objects: BTreeMap::new(), ..picture }
}

/// Dies everywhere; the calls of one undisturbed run, and the deaths.
async fn dies_everywhere(
    begin: impl AsyncFn() -> Scene,
    status: &str,
    kind: &str,
    properties: Value,
) -> (usize, usize) {
    let undisturbed = begin().await;
    undisturbed.ends_as(status);
    let event = undisturbed.event(kind, &properties);
    undisturbed.world.start_counting();
    whole(&undisturbed, &Mailbox::default(), &event).await;
    let calls = undisturbed.world.calls();
    let wished = registry(undisturbed.world.picture());
    let mut deaths = 0;
    for nth in 1..=calls {
        for when in [When::Before, When::After] {
            let scene = begin().await;
            scene.ends_as(status);
            let event = scene.event(kind, &properties);
            let mailbox = Mailbox::default();
            scene.world.trouble_at(nth, Trouble::Kill(when));
            let died = scene.world.until_killed(whole(&scene, &mailbox, &event)).await;
            assert!(died.is_none() && mailbox.letters().is_empty(), "{kind}: call {nth} of {calls} was the last");
            scene.world.calm();
            deaths += 1;
            whole(&scene, &mailbox, &event).await;
            assert_eq!(mailbox.one()["Status"], "SUCCESS", "{kind} after dying {when:?} call {nth}");
            let found = registry(scene.world.picture());
            assert_eq!(found.differences(&wished), Vec::<String>::new(), "{kind} after dying {when:?} call {nth}");
            for name in THEIRS {
                assert_eq!(scene.world.repo(name), undisturbed.world.repo(name), "{name}");
            }
        }
    }
    (calls, deaths)
}

/// Rows: 2.
#[test]
fn four_repositories_end_the_same_wherever_a_process_dies() {
    run(async {
        let mut all = 0;
        for (name, counted) in [
            ("Create", dies_everywhere(beginning, "CREATE_IN_PROGRESS", "Create", four()).await),
            ("Update", dies_everywhere(made, "UPDATE_IN_PROGRESS", "Update", changed()).await),
            ("Delete", dies_everywhere(made, "DELETE_IN_PROGRESS", "Delete", four()).await),
        ] {
            let (calls, deaths) = counted;
            println!("{name} of four repositories: {calls} calls, {deaths} deaths, each followed by the same request");
            assert!(calls > 15, "{name}: {calls} calls are too few to be the whole way");
            assert_eq!(deaths, 2 * calls);
            all += deaths;
        }
        println!("{all} deaths, one final world each");
    });
}
