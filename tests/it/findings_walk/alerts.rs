//! People hear of what is new: in an image of its own, or against the image that bore its tag before.

use super::*;
use crate::support::forwarding::events::{job, written};
use ecr_steward::event::findings::{Cause, ImageJob, Job};
use ecr_steward::model::scan::ScanStatus;

fn topic_only() -> Value {
    json!({"Routes": [{"Sink": "Sns", "MinimumSeverity": "LOW"}]})
}

/// Scans an image that bears `v1`, and tells of it.
async fn next(region: &Region, number: u32, findings: Vec<Finding>) {
    region.pass(HOUR);
    region.push(APP, number, &["v1"]);
    region.scan(APP, number, findings);
    Duty::of(region).well(&[told::scanned(APP, number, &["v1"], region.now())]).await;
}

/// The letters to the topic since the last time.
fn heard(region: &Region) -> Vec<String> {
    region.with(|state| std::mem::take(&mut state.topic)).into_iter().map(|parcel| parcel.body).collect()
}

#[track_caller]
fn one_with(letters: &[String], words: &[&str]) {
    let [letter] = letters else { panic!("{} letters instead of one: {letters:#?}", letters.len()) };
    for word in words {
        assert!(letter.contains(word), "{word:?} is not in: {letter}");
    }
}

#[test]
fn the_first_image_of_a_tag_is_told_whole_and_the_next_one_by_what_differs() {
    run(async {
        let region = region(&topic_only());
        next(&region, ONE, flaws(0..4)).await;
        one_with(&heard(&region), &["3 new findings in team/app:v1", "+3 new, −0 fixed"]);
        next(&region, 2, flaws(1..5)).await;
        let since = format!("+1 new, −1 fixed since {} (v1)", digest(ONE).short());
        one_with(&heard(&region), &["1 new finding in team/app:v1", &since, "CVE-2026-00004"]);
        // Nothing but old ones: nobody needs to know.
        next(&region, 3, flaws(1..5)).await;
        next(&region, 4, flaws(1..3)).await;
        assert_eq!(heard(&region).len(), 1, "the route was named, so it hears of what was mended too");
        next(&region, 5, flaws(1..4)).await;
        one_with(&heard(&region), &["+1 new, −0 fixed", digest(4).short()]);
    });
}

#[test]
fn the_default_policy_tells_of_what_is_new_and_bad_only() {
    run(async {
        let region = Region::new();
        region.push(APP, ONE, &["v1"]);
        next(&region, ONE, flaws(0..3)).await;
        next(&region, 2, flaws(0..4)).await;
        one_with(&heard(&region), &["1 new finding", "CVE-2026-00003"]);
        next(&region, 3, flaws(0..2)).await;
        assert_eq!(heard(&region), Vec::<String>::new(), "what was mended is left to whoever asks");
        assert_eq!((region.active(), region.archive().len()), (9, 9), "all of it is where everything is kept");
    });
}

#[test]
fn an_image_that_could_not_be_scanned_is_not_one_without_findings() {
    run(async {
        let region = region(&topic_only());
        next(&region, ONE, flaws(0..4)).await;
        heard(&region);
        region.pass(HOUR);
        region.push(APP, 2, &["v1"]);
        region.scan_is(APP, 2, ScanStatus::Failed, Vec::new());
        Duty::of(&region).well(&[told::scan_ended(APP, 2, &["v1"], region.now(), "FAILED")]).await;
        let letters = heard(&region);
        one_with(&letters, &["image-not-scanned", "+1 new, −0 fixed"]);
        // Once it is scanned, it is told against the image before.
        region.pass(HOUR);
        region.scan(APP, 2, flaws(0..5));
        Duty::of(&region).well(&[told::scanned(APP, 2, &["v1"], region.now())]).await;
        one_with(&heard(&region), &["+1 new", "CVE-2026-00004", &format!("since {} (v1)", digest(ONE).short())]);
    });
}

#[test]
fn what_is_brought_in_quietly_is_told_to_nobody_and_known_to_whoever_comes_after() {
    run(async {
        let mut policy = everywhere();
        policy["Routes"][3]["MinimumSeverity"] = json!("LOW");
        let region = region(&policy);
        region.scan(APP, ONE, flaws(0..4));
        let quiet =
            ImageJob { tags: Some(vec!["v1".to_owned()]), quiet: true, ..job(image(APP, ONE), Cause::Reconcile) };
        Duty::of(&region).well(&[written(&Job::Image(quiet))]).await;
        assert_eq!((region.parcels(), region.active(), region.archive().len()), (Vec::new(), 4, 4));
        next(&region, 2, flaws(0..5)).await;
        one_with(&heard(&region), &["1 new finding", "CVE-2026-00004"]);
    });
}

#[test]
fn what_is_waived_in_the_next_image_is_not_told_as_mended() {
    run(async {
        let region = region(&topic_only());
        next(&region, ONE, flaws([3, 4])).await;
        heard(&region);
        let mut policy = topic_only();
        policy["Waivers"] = json!([{"Vulnerability": "CVE-2026-00003", "Reason": "why not", "Until": "2027-12-31"}]);
        region.declare(&policy);
        next(&region, 2, flaws([3, 4])).await;
        assert_eq!(heard(&region), Vec::<String>::new());
    });
}

#[test]
fn an_owner_hears_of_their_own_repositories() {
    run(async {
        let policy = json!({"OwnerTag": "team", "Routes": [
            {"Sink": "Slack", "SecretParameter": "/ecr-steward/secrets/{owner}/slack", "When": "Immediate"},
        ]});
        let region = region(&policy);
        region.with(|state| state.registry.get_mut(APP).unwrap().tags.insert("team".to_owned(), "payments".to_owned()));
        next(&region, ONE, flaws([4])).await;
        region.push("shop/web", 2, &["v1"]);
        region.scan("shop/web", 2, flaws([4]));
        Duty::of(&region).well(&[told::scanned("shop/web", 2, &["v1"], region.now())]).await;
        let secrets =
            region.with(|state| state.posts.iter().map(|post| post.secret.clone().unwrap()).collect::<Vec<_>>());
        assert_eq!(secrets, ["/ecr-steward/secrets/payments/slack", "/ecr-steward/secrets/default/slack"]);
    });
}
