//! One sink that does not answer holds up nobody else, and the next try brings only what is missing.

use super::*;
use crate::support::forwarding::mishap::Mishap;
use ecr_steward::fault::FaultKind;
use ecr_steward::policy::parcel::Parcel;

/// The calls by which each sink of [`everywhere`] is told.
const CALLS: [&str; 7] =
    ["BatchImportFindings", "PutArchive", "PutEvents", "Publish", "PostSlack", "PostTeams", "PostWebhook"];
const OTHER: &str = "shop/web";

/// Two images that have just been scanned, and the messages about them.
fn two() -> (Region, [Value; 2]) {
    let region = region(&everywhere());
    region.push(OTHER, 2, &["v1"]);
    region.scan(APP, ONE, flaws(0..10));
    region.scan(OTHER, 2, flaws(10..20));
    let messages = [(APP, ONE), (OTHER, 2)].map(|(name, number)| told::scanned(name, number, &["v1"], region.now()));
    region.pass(MINUTE);
    (region, messages)
}

/// What every sink has, in an order of its own.
fn everything(region: &Region) -> (Vec<Value>, BTreeMap<String, String>, Vec<Parcel>) {
    let mut parcels = region.parcels();
    parcels.sort_by(|one, two| one.key.cmp(&two.key));
    let held = region.with(|state| state.hub.held.values().map(|held| held.text.clone()).collect());
    (held, region.objects("findings/archive/"), parcels)
}

#[test]
fn one_sink_fails_and_only_its_message_comes_again_with_only_what_is_missing() {
    run(async {
        let (undisturbed, messages) = two();
        Duty::of(&undisturbed).well(&messages).await;
        let wished = everything(&undisturbed);
        assert_eq!((wished.0.len(), wished.1.len(), wished.2.len()), (20, 2, 10));
        for call in CALLS {
            for kind in [FaultKind::Unavailable, FaultKind::Throttled, FaultKind::Denied] {
                let (region, messages) = two();
                region.mishap_on(call, 1, Mishap::Fail(When::Before, kind));
                // The archive has a second try at once, as a message.
                region.mishap_on(call, 3, Mishap::Fail(When::Before, kind));
                let done = Duty::of(&region).batch(&messages).await;
                let [failed] = done.failed.as_slice() else { panic!("{call} {kind:?}: {done:?}") };
                assert_eq!(done.metric("Failed"), 1, "{call} {kind:?}");
                let got = everything(&region);
                let missing = match call {
                    "BatchImportFindings" => (10, 0, 0),
                    "PutArchive" => (0, 1, 0),
                    _ => (0, 0, 1),
                };
                let lacks = (wished.0.len() - got.0.len(), wished.1.len() - got.1.len(), wished.2.len() - got.2.len());
                assert_eq!(lacks, missing, "{call} {kind:?}: everybody else got theirs");
                region.calm();
                region.pass(MINUTE);
                region.calls();
                Duty { receives: 2, ..Duty::of(&region) }.well(&[messages[*failed].clone()]).await;
                assert_eq!(
                    everything(&region),
                    wished,
                    "{call} {kind:?}: nothing is missing and nothing is there twice"
                );
                let calls = region.calls();
                for other in CALLS.iter().filter(|other| **other != call) {
                    assert_eq!(count(&calls, other), 0, "{call} {kind:?}: {other} was called again");
                }
                assert_eq!(region.letters().len(), 0);
            }
        }
    });
}

#[test]
fn an_answer_that_was_lost_costs_one_message_twice_with_its_key() {
    run(async {
        let (undisturbed, messages) = two();
        Duty::of(&undisturbed).well(&messages).await;
        let wished = everything(&undisturbed);
        for call in CALLS {
            let (region, messages) = two();
            region.mishap_on(call, 1, Mishap::Fail(When::After, FaultKind::Unavailable));
            let done = Duty::of(&region).batch(&messages).await;
            region.calm();
            let again: Vec<Value> = done.failed.iter().map(|at| messages[*at].clone()).collect();
            region.pass(MINUTE);
            Duty { receives: 2, ..Duty::of(&region) }.well(&again).await;
            let mut got = everything(&region);
            let all = got.2.len();
            got.2.dedup();
            assert_eq!(got, wished, "{call}");
            assert!(all - got.2.len() <= 1, "{call}");
        }
    });
}

#[test]
fn of_many_batches_only_those_that_were_not_taken_are_sent_again() {
    run(async {
        let region = region(&hub_only());
        region.scan(APP, ONE, flaws(0..400));
        let event = told::scanned(APP, ONE, &["v1"], region.now());
        region.mishap_on("BatchImportFindings", 2, Mishap::Fail(When::Before, FaultKind::Throttled));
        region.mishap_on("BatchImportFindings", 4, Mishap::Fail(When::Before, FaultKind::Unavailable));
        let done = Duty::of(&region).batch(std::slice::from_ref(&event)).await;
        assert_eq!((done.failed, region.active()), (vec![0], 200));
        region.calm();
        region.pass(MINUTE);
        Duty::of(&region).well(&[event]).await;
        assert_eq!((region.active(), region.imported()), (400, 400), "each was taken once");
    });
}

#[test]
fn what_waits_for_a_sink_is_sent_when_the_image_is_next_looked_at() {
    run(async {
        let region = region(&everywhere());
        region.always("PostSlack", Mishap::Fail(When::Before, FaultKind::Unavailable));
        region.scan(APP, ONE, flaws(0..5));
        let event = told::scanned(APP, ONE, &["v1"], region.now());
        region.pass(MINUTE);
        let duty = Duty { receives: 5, ..Duty::of(&region) };
        assert!(duty.well(std::slice::from_ref(&event)).await.failed.is_empty());
        let [letter] = region.letters().try_into().unwrap();
        assert!(letter.reason.contains("PostSlack") && letter.event == event, "{letter:?}");
        region.calm();
        // Even of something that was seen long ago.
        Duty::of(&region).well(&[event]).await;
        assert_eq!(region.with(|state| state.posts.len()), 3);
    });
}
