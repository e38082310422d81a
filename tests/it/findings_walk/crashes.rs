//! A process that dies at every single call of a walk, before and after the call's effect, and is followed by the same
//! message. Whoever keeps state ends as if nothing had happened; whoever is told of changes gets at most the messages of
//! the one call that was under way a second time, with the same keys and bytes.

use super::*;
use crate::support::forwarding::State;
use crate::support::forwarding::mishap::Mishap;
use ecr_steward::model::scan::ScanStatus;
use ecr_steward::policy::parcel::Parcel;
use ecr_steward::spec::findings::Sink;
use std::collections::BTreeSet;

/// What must be the same whichever way it was reached.
#[derive(Debug, PartialEq)]
struct Picture {
    hub: BTreeMap<String, (Value, String)>,
    objects: BTreeMap<String, Value>,
    archive: BTreeMap<String, String>,
    jobs: BTreeSet<String>,
    letters: BTreeSet<String>,
    parcels: BTreeMap<String, Parcel>,
}

fn picture(region: &Region) -> Picture {
    let (archive, objects): (BTreeMap<String, String>, BTreeMap<String, String>) =
        region.objects("").into_iter().partition(|(key, _)| key.starts_with("findings/archive/"));
    let object = |(key, text): (String, String)| {
        let mut value: Value = serde_json::from_str(&text).unwrap();
        // When it was read differs, as it must.
        value.as_object_mut().unwrap().remove("read_at");
        (key, value)
    };
    let parcels = region.parcels().into_iter().map(|parcel| (format!("{} {:?}", parcel.key, parcel.secret), parcel));
    region.with(|state| Picture {
        hub: state.hub.held.iter().map(|(id, held)| (id.clone(), (held.text.clone(), held.workflow.clone()))).collect(),
        objects: objects.into_iter().map(object).collect(),
        archive,
        jobs: state.queue.iter().map(|job| format!("{job:?}")).collect(),
        letters: state.letters.iter().map(|letter| format!("{letter:?}")).collect(),
        parcels: parcels.collect(),
    })
}

/// Messages that came twice: all of one sink, and no more than one call carries.
fn check_doubles(region: &Region, name: &str) {
    let mut seen: BTreeMap<String, Parcel> = BTreeMap::new();
    let mut doubles: Vec<Sink> = Vec::new();
    for parcel in region.parcels() {
        let key = format!("{} {:?}", parcel.key, parcel.secret);
        if let Some(before) = seen.get(&key) {
            assert_eq!(*before, parcel, "{name}: the same message has the same bytes");
            doubles.push(parcel.sink);
        }
        seen.insert(key, parcel);
    }
    let most = if doubles.first() == Some(&Sink::EventBridge) { 10 } else { 1 };
    assert!(doubles.len() <= most && doubles.windows(2).all(|pair| pair[0] == pair[1]), "{name}: {doubles:?}");
}

/// Dies everywhere; how often.
async fn dies_everywhere(
    name: &str,
    begin: impl AsyncFn() -> Region,
    messages: impl Fn(&Region) -> Vec<Value>,
) -> usize {
    let undisturbed = begin().await;
    let event = messages(&undisturbed);
    undisturbed.calls();
    undisturbed.pass(MINUTE);
    Duty::of(&undisturbed).well(&event).await;
    let calls = undisturbed.calls();
    undisturbed.pass(MINUTE);
    Duty::of(&undisturbed).well(&event).await;
    let wished = picture(&undisturbed);
    for nth in 1..=calls.len() {
        for when in [When::Before, When::After] {
            let at = format!("{name}: dead {when:?} call {nth}, {}, of {calls:?}", calls[nth - 1]);
            let region = begin().await;
            let event = messages(&region);
            region.pass(MINUTE);
            region.mishap_at(nth, Mishap::Kill(when));
            let died = region.until_killed(Duty::of(&region).batch(&event)).await;
            assert!(died.is_none(), "{at}");
            region.calm();
            region.pass(MINUTE);
            Duty { receives: 2, ..Duty::of(&region) }.well(&event).await;
            check_doubles(&region, &at);
            let found = picture(&region);
            assert_eq!(found.hub, wished.hub, "{at}");
            assert_eq!(found.archive, wished.archive, "{at}");
            assert_eq!(found.objects, wished.objects, "{at}");
            assert_eq!(found.parcels.keys().collect::<Vec<_>>(), wished.parcels.keys().collect::<Vec<_>>(), "{at}");
            assert_eq!(found, wished, "{at}");
        }
    }
    2 * calls.len()
}

fn scan_event(region: &Region) -> Vec<Value> {
    vec![told::scanned(APP, ONE, &["v1"], region.now())]
}

async fn seen(policy: &Value) -> Region {
    let region = region(policy);
    scan(&region, flaws(0..12)).await;
    region.triage("NOTIFIED");
    region.pass(DAY);
    region
}

#[test]
fn a_new_image_that_everybody_is_told_of() {
    run(async {
        let begin = async || {
            let region = region(&everywhere());
            region.scan(APP, ONE, flaws(0..101));
            region
        };
        let deaths = dies_everywhere("a new image", begin, scan_event).await;
        println!("{deaths} deaths in a new image");
        assert!(deaths >= 2 * 14, "{deaths} deaths are too few for the whole way");
    });
}

#[test]
fn a_rescan_with_changes_of_every_kind() {
    run(async {
        let begin = async || {
            let region = seen(&everywhere()).await;
            let mut findings = flaws(3..15);
            "Rated again.".clone_into(&mut findings[0].description);
            region.scan(APP, ONE, findings);
            region
        };
        let deaths = dies_everywhere("a rescan", begin, scan_event).await;
        println!("{deaths} deaths in a rescan");
    });
}

#[test]
fn a_deleted_image() {
    run(async {
        let begin = async || {
            let region = seen(&everywhere()).await;
            region.delete_image(APP, ONE);
            region
        };
        let event = |region: &Region| vec![told::deleted(APP, ONE, region.now())];
        let deaths = dies_everywhere("a deletion", begin, event).await;
        println!("{deaths} deaths in a deletion");
    });
}

#[test]
fn the_next_image_of_a_tag_with_three_routes_to_people() {
    run(async {
        let policy = json!({"Routes": [
            {"Sink": "SecurityHub"},
            {"Sink": "Sns", "MinimumSeverity": "LOW"},
            {"Sink": "Slack", "SecretParameter": "/ecr-steward/secrets/slack", "MinimumSeverity": "LOW"},
            {"Sink": "Teams", "SecretParameter": "/ecr-steward/secrets/teams", "When": "Daily"},
        ]});
        let begin = async || {
            let region = seen(&policy).await;
            region.push(APP, 2, &["v1"]);
            region.scan(APP, 2, flaws(4..13));
            region
        };
        let event = |region: &Region| vec![told::scanned(APP, 2, &["v1"], region.now())];
        let deaths = dies_everywhere("the next image", begin, event).await;
        println!("{deaths} deaths in the next image");
    });
}

#[test]
fn an_image_that_cannot_be_scanned_and_an_index() {
    run(async {
        let unscanned = async || {
            let region = seen(&everywhere()).await;
            region.scan_is(APP, ONE, ScanStatus::Failed, Vec::new());
            region
        };
        dies_everywhere("an image that cannot be scanned", unscanned, scan_event).await;
        let index = async || {
            let region = region(&everywhere());
            region.push_index(APP, 7, &["v7"], &[(ONE, "linux/arm64")]);
            region
        };
        let event = |region: &Region| vec![told::scanned(APP, 7, &["v7"], region.now())];
        dies_everywhere("an index", index, event).await;
    });
}

#[test]
fn a_finding_that_is_refused_and_a_waiver_that_runs_out() {
    run(async {
        let poisoned = async || {
            let region = region(&programs());
            region.with(|state: &mut State| state.hub.poison.insert("CVE-2026-00007".to_owned()));
            region.scan(APP, ONE, flaws(0..20));
            region
        };
        dies_everywhere("a refused finding", poisoned, scan_event).await;
        let waived = async || {
            let waiver = json!({"Vulnerability": "CVE-2026-0000*", "Reason": "why not", "Until": "2027-01-10"});
            let mut policy = everywhere();
            policy["Waivers"] = json!([waiver]);
            let region = seen(&policy).await;
            region.scan(APP, ONE, flaws(0..12));
            region
        };
        dies_everywhere("a waiver that ran out", waived, scan_event).await;
    });
}
