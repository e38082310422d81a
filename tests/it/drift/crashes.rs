//! A process that dies at every single call of a look, before and after its effect; the event comes again.

use super::scene::{APP, House, all, call, push};
use crate::support::overseeing::{End, Script, image_manifest};
use crate::support::{Scene, Trouble, When, fleet, run, with};
use ecr_steward::event::drift::Look;
use serde_json::{Value, json};

/// What must be the same: repositories, the journal, the cap, flips and marks, images and notices.
fn world(house: &House) -> Value {
    house.world().with(|state| {
        let objects: std::collections::BTreeMap<String, Value> = state
            .objects
            .iter()
            .filter(|(key, _)| !key.starts_with("ledgers/"))
            .map(|(key, (bytes, _))| (key.clone(), serde_json::from_slice(bytes).unwrap()))
            .collect();
        json!({"repositories": format!("{:#?}", state.repositories), "objects": objects,
            "images": format!("{:?}", state.overseen.images)})
    })
}

/// Dies everywhere; the calls of one undisturbed look.
async fn dies_everywhere(begin: impl AsyncFn() -> House, job: &Look) -> usize {
    let undisturbed = begin().await;
    undisturbed.world().start_counting();
    undisturbed.looked(job).await;
    let calls = undisturbed.world().calls();
    let wished = world(&undisturbed);
    for nth in 1..=calls {
        for when in [When::Before, When::After] {
            let house = begin().await;
            house.world().trouble_at(nth, Trouble::Kill(when));
            let died = house.world().until_killed(house.look(job)).await;
            assert!(died.is_none(), "call {nth} of {calls} was the last");
            house.world().calm();
            house.looked(job).await;
            assert_eq!(world(&house), wished, "after dying {when:?} call {nth}");
        }
    }
    calls
}

#[test]
fn a_look_that_mends_everything_ends_the_same_wherever_it_dies() {
    run(async {
        let begin = async || {
            let house = House::wrong(&all());
            house.world().hold(APP, 1, &["v1"], 100_000, image_manifest());
            let script = Script { going: 1, end: End::Complete(Vec::new()) };
            house.world().with(|state| state.overseen.scripts.insert(APP.to_owned(), script));
            house
        };
        let calls = dies_everywhere(begin, &call("event-1")).await;
        assert!(calls > 20, "{calls} calls are too few to be the whole way");
    });
}

#[test]
fn a_fleets_repository_that_is_made_again_and_one_that_is_tidied_end_the_same_too() {
    run(async {
        let name = super::scene::name("shop-dev-a");
        let begin = async || {
            let properties = with(fleet(&["a"]), json!({"DriftMode": "Enforce", "PullPrincipals": ["111122223333"]}));
            let house = House::of(Scene::converged(&properties).await, None);
            house.world().with(|state| state.repositories.remove("shop-dev-a"));
            let index = json!({"shop-dev-a": crate::support::world::LEDGER}).to_string().into_bytes();
            house.world().with(|state| state.objects.insert("drift/owners.json".to_owned(), (index, 1)));
            house
        };
        dies_everywhere(begin, &Look { repository: name.clone(), ..call("event-1") }).await;
        let begin = async || {
            let properties = with(fleet(&["a"]), json!({"MaxUntaggedImages": 1, "DriftMode": "Enforce"}));
            let house = House::of(Scene::converged(&properties).await, None);
            for number in 1..=4 {
                house.world().hold("shop-dev-a", number, &[], 100_000 - i64::from(number), image_manifest());
            }
            house.world().nudge("shop-dev-a", |repo| repo.scan_on_push = false);
            house
        };
        dies_everywhere(begin, &Look { repository: name, ..push("event-1") }).await;
    });
}

#[test]
fn half_of_the_writes_before_midnight_and_half_after_it_are_one_change() {
    run(async {
        let house = House::wrong(&all());
        house.world().with(|state| state.overseen.now = 1_799_625_590);
        house.world().trouble_on("PutLifecyclePolicy", 1, Trouble::Kill(When::Before));
        house.world().until_killed(house.look(&call("event-1"))).await;
        house.world().calm();
        house.world().pass(60);
        house.looked(&call("event-1")).await;
        let keys = house.world().keys("journal/");
        assert_eq!(keys.len(), 1, "{keys:?}");
        let entry = house.world().object(&keys[0]).unwrap();
        assert_eq!(entry["lines"].as_array().unwrap().len(), 5, "{entry:#}");
    });
}
