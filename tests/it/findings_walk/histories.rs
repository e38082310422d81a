//! Whatever happens, in whatever order: in the end Security Hub holds what the last scans and the policy say, and the
//! events on the bus, each key taken once, say the same.

use super::*;
use crate::support::forwarding::mishap::Mishap;
use ecr_steward::fault::FaultKind;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Images there may be, and findings each may have.
const IMAGES: u32 = 3;
const FINDINGS: u32 = 6;

/// Something that happens.
#[derive(Clone, Debug)]
enum Deed {
    /// A scan of an image ends, with the findings whose bits are set; some of them rated anew.
    Scan {
        image: u32,
        found: u8,
        rated: u8,
        told: bool,
    },
    /// The same scan shows something else when it is read again.
    Reread {
        image: u32,
        found: u8,
    },
    /// An image is deleted.
    Delete {
        image: u32,
        told: bool,
    },
    /// Another policy.
    Policy(u8),
    /// The next function dies at this call, or a call of it fails.
    Crash {
        nth: usize,
        after: bool,
    },
    Fail {
        nth: usize,
        after: bool,
    },
    /// The last message comes again, or one of long ago.
    Again,
    Late,
    Reconcile,
}

fn deed() -> impl Strategy<Value = Deed> {
    let image = 1..=IMAGES;
    prop_oneof![
        6 => (image.clone(), any::<u8>(), any::<u8>(), prop::bool::weighted(0.8))
            .prop_map(|(image, found, rated, told)| Deed::Scan { image, found, rated, told }),
        2 => (image.clone(), any::<u8>()).prop_map(|(image, found)| Deed::Reread { image, found }),
        2 => (image, prop::bool::weighted(0.7)).prop_map(|(image, told)| Deed::Delete { image, told }),
        2 => (0_u8..4).prop_map(Deed::Policy),
        3 => (1_usize..16, any::<bool>()).prop_map(|(nth, after)| Deed::Crash { nth, after }),
        2 => (1_usize..16, any::<bool>()).prop_map(|(nth, after)| Deed::Fail { nth, after }),
        1 => Just(Deed::Again),
        1 => Just(Deed::Late),
        2 => Just(Deed::Reconcile),
    ]
}

fn policy(number: u8) -> Value {
    let mut policy = json!({"Routes": [
        {"Sink": "SecurityHub"}, {"Sink": "S3"}, {"Sink": "EventBridge"}, {"Sink": "Sns", "MinimumSeverity": "LOW"},
        {"Sink": "Slack", "SecretParameter": "/ecr-steward/secrets/slack"},
    ]});
    let waiver = |vulnerability: &str, package: &str, until: &str| json!([{"Vulnerability": vulnerability, "Package": package, "Reason": "why not", "Until": until}]);
    match number {
        1 => policy["Routes"][0]["MinimumSeverity"] = json!("MEDIUM"),
        2 => policy["Waivers"] = waiver("CVE-2026-000?1", "*", "2028-01-01"),
        3 => policy["Waivers"] = waiver("CVE-*", "package-2", "2027-01-20"),
        _ => {}
    }
    policy
}

fn found(image: u32, bits: u8, rated: u8) -> Vec<Finding> {
    let one = |at: u32| {
        let mut finding = flaw(image * 10 + at);
        if rated & (1 << at) != 0 {
            finding.description = format!("Rated anew: {rated}.");
        }
        finding
    };
    (0..FINDINGS).filter(|at| bits & (1 << at) != 0).map(one).collect()
}

/// The world, and what is still to be delivered.
struct History {
    region: Region,
    past: Vec<Value>,
}

impl History {
    fn new() -> Self {
        let region = Region::new();
        region.declare(&policy(0));
        Self { region, past: Vec::new() }
    }

    /// Delivers until it is taken, as SQS would; trouble meets the first try only.
    async fn deliver(&self, event: &Value) {
        for receives in 1..5 {
            let duty = Duty { receives, ..Duty::of(&self.region) };
            let done = self.region.until_killed(duty.batch(std::slice::from_ref(event))).await;
            self.region.calm();
            if done.is_some_and(|done| done.failed.is_empty()) {
                return;
            }
            self.region.pass(2 * MINUTE);
        }
        panic!("{event} is never taken");
    }

    async fn arrives(&mut self, event: Value) {
        self.region.pass(MINUTE);
        self.deliver(&event).await;
        self.past.push(event);
        self.settle().await;
    }

    async fn settle(&self) {
        loop {
            let jobs = self.region.with(|state| std::mem::take(&mut state.queue));
            if jobs.is_empty() {
                return;
            }
            for (job, _) in jobs {
                self.deliver(&told::written(&job)).await;
            }
        }
    }

    fn has(&self, number: u32) -> bool {
        let has = |state: &mut crate::support::forwarding::State| {
            Some(state.registry.get(APP)?.images.get(digest(number).as_str())?.scan.is_some())
        };
        self.region.with(has).unwrap_or_default()
    }

    async fn happens(&mut self, deed: &Deed) {
        self.region.pass(HOUR);
        let now = self.region.now();
        let side = |after: bool| if after { When::After } else { When::Before };
        match *deed {
            Deed::Scan { image, found: bits, rated, told } => {
                if !self.has(image) {
                    self.region.push(APP, image, &["v1"]);
                }
                self.region.scan(APP, image, found(image, bits, rated));
                if told {
                    self.arrives(told::scanned(APP, image, &["v1"], now)).await;
                }
            }
            Deed::Reread { image, found: bits } if self.has(image) => {
                self.region.reads(APP, image, found(image, bits, 0));
                self.arrives(told::deleted(APP, image, now)).await;
            }
            Deed::Delete { image, told } if self.has(image) => {
                self.region.delete_image(APP, image);
                if told {
                    self.arrives(told::deleted(APP, image, now)).await;
                }
            }
            Deed::Policy(number) => self.region.declare(&policy(number)),
            Deed::Crash { nth, after } => self.region.mishap_at(nth, Mishap::Kill(side(after))),
            Deed::Fail { nth, after } => self.region.mishap_at(nth, Mishap::Fail(side(after), FaultKind::Unavailable)),
            Deed::Again => {
                if let Some(event) = self.past.last().cloned() {
                    self.arrives(event).await;
                }
            }
            Deed::Late => {
                if let Some(event) = self.past.first().cloned() {
                    self.arrives(event).await;
                }
            }
            Deed::Reconcile => self.arrives(told::tick(now)).await,
            Deed::Reread { .. } | Deed::Delete { .. } => {}
        }
    }

    /// Nothing goes wrong any more; every image that is there is scanned until even the wary believe it.
    async fn ends(&mut self) {
        self.region.calm();
        for _ in 0..2 {
            self.region.pass(DAY);
            for image in (1..=IMAGES).filter(|image| self.has(*image)).collect::<Vec<_>>() {
                let now = self.region.now();
                self.region.nudge(APP, image, |stored| stored.scan.as_mut().unwrap().completed_at = Some(now));
                self.arrives(told::scanned(APP, image, &["v1"], now)).await;
            }
            let now = self.region.now();
            self.arrives(told::tick(now)).await;
        }
    }
}

/// What is to be active: of each image that is there, what its scan has and `wanted` lets through.
fn wished(history: &History, wanted: impl Fn(&Finding) -> bool) -> BTreeSet<String> {
    history.region.with(|state| {
        let images = state.registry.get(APP).into_iter().flat_map(|repo| &repo.images);
        let mut ids = BTreeSet::new();
        for (name, stored) in images {
            let number = (1..=IMAGES).find(|number| digest(*number).as_str() == name).unwrap();
            let findings = stored.scan.iter().flat_map(|scan| &scan.findings).filter(|finding| wanted(finding));
            ids.extend(findings.map(|finding| finding.id(&image(APP, number)).told()));
        }
        ids
    })
}

/// What somebody who listens to the bus holds for active.
fn by_the_bus(region: &Region) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let mut active = BTreeSet::new();
    for parcel in region.with(|state| state.bus.clone()) {
        if !keys.insert(parcel.key.clone()) {
            continue;
        }
        let detail: Value = serde_json::from_str(&parcel.body).unwrap();
        for change in detail["changes"].as_array().unwrap() {
            let id = change["id"].as_str().unwrap().to_owned();
            match change["change"].as_str().unwrap() {
                "new" | "reactivated" => active.insert(id),
                "fixed" | "archived" | "waived" => active.remove(&id),
                _ => active.contains(&id),
            };
        }
    }
    active
}

fn check(last: u8, deeds: &[Deed]) {
    run(async {
        let mut history = History::new();
        for deed in deeds {
            history.happens(deed).await;
        }
        history.region.declare(&policy(last));
        history.ends().await;
        let waived = |finding: &Finding| match last {
            2 => finding.vulnerability.ends_with('1'),
            3 => finding.package == "package-2" && history.region.now() < BEGIN + 10 * DAY,
            _ => false,
        };
        let bad_enough = |finding: &Finding| last != 1 || finding.severity >= of("MEDIUM", 0).severity;
        let hub: BTreeSet<String> = history.region.with(|state| {
            let active = state.hub.held.iter().filter(|(_, held)| held.is_active());
            active.map(|(id, _)| id.clone()).collect()
        });
        assert_eq!(hub, wished(&history, |finding| !waived(finding) && bad_enough(finding)));
        assert_eq!(by_the_bus(&history.region), wished(&history, |finding| !waived(finding)));
        // What is remembered of images that are no more would stay for ever.
        let records = history.region.objects("findings/images/").len();
        let images = (1..=IMAGES).filter(|number| history.has(*number)).count();
        assert_eq!((records, history.region.letters()), (images, Vec::new()));
        // And the whole of it again is nothing.
        history.region.imported();
        let told = history.region.parcels().len();
        history.ends().await;
        assert_eq!((history.region.imported(), history.region.parcels().len()), (0, told));
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_hub_holds_what_the_last_scans_and_the_policy_say(
        last in 0_u8..4,
        deeds in prop::collection::vec(deed(), 1..14),
    ) {
        check(last, &deeds);
    }
}
