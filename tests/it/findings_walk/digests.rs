//! The daily message: what can wait until tomorrow comes once, whole, in one message.

use super::*;
use crate::support::forwarding::mishap::Mishap;
use ecr_steward::fault::FaultKind;
use ecr_steward::policy::parcel::Parcel;

/// A chat that hears of critical ones at once.
fn chat() -> Value {
    json!({"Routes": [{"Sink": "Slack", "SecretParameter": "/ecr-steward/secrets/slack", "MinimumSeverity": "LOW"}]})
}

fn posts(region: &Region) -> Vec<Parcel> {
    region.with(|state| std::mem::take(&mut state.posts))
}

fn waiting(region: &Region) -> usize {
    region.objects("findings/digests/").len()
}

/// Two images of the day, with what can wait and what cannot.
async fn day(region: &Region) {
    scan(region, vec![of("CRITICAL", 1), of("HIGH", 2), of("LOW", 3)]).await;
    region.push("shop/web", 2, &["v1"]);
    region.scan("shop/web", 2, vec![of("MEDIUM", 4)]);
    Duty::of(region).well(&[told::scanned("shop/web", 2, &["v1"], region.now())]).await;
}

#[test]
fn the_urgent_is_told_at_once_and_the_rest_once_by_the_first_reconciliation_of_the_next_day() {
    run(async {
        let region = region(&chat());
        day(&region).await;
        let [urgent] = posts(&region).try_into().unwrap();
        assert!(urgent.body.contains("CVE-2026-00001") && !urgent.body.contains("CVE-2026-00002"), "{}", urgent.body);
        assert_eq!(waiting(&region), 2);
        // Not today.
        Duty::of(&region).reconcile().await;
        assert_eq!(posts(&region).len(), 0);
        region.pass(DAY);
        Duty::of(&region).reconcile().await;
        let [digest] = posts(&region).try_into().unwrap();
        for number in 2..=4 {
            assert!(digest.body.contains(&format!("CVE-2026-0000{number}")), "{}", digest.body);
        }
        assert!(!digest.body.contains("CVE-2026-00001"), "{}", digest.body);
        assert_eq!(waiting(&region), 0);
        // Once.
        for _ in 0..3 {
            region.pass(DAY);
            Duty::of(&region).reconcile().await;
        }
        assert_eq!(posts(&region).len(), 0);
    });
}

#[test]
fn a_process_that_dies_while_it_sends_repeats_at_most_that_message_with_its_key() {
    run(async {
        let begin = async || {
            let region = region(&chat());
            day(&region).await;
            posts(&region);
            region.pass(DAY);
            region.calls();
            region
        };
        let undisturbed = begin().await;
        let event = told::tick(undisturbed.now());
        Duty::of(&undisturbed).well(std::slice::from_ref(&event)).await;
        let calls = undisturbed.calls();
        let [wished] = posts(&undisturbed).try_into().unwrap();
        for nth in 1..=calls.len() {
            for when in [When::Before, When::After] {
                let at = format!("dead {when:?} call {nth}, {}", calls[nth - 1]);
                let region = begin().await;
                region.mishap_at(nth, Mishap::Kill(when));
                let died = region.until_killed(Duty::of(&region).batch(std::slice::from_ref(&event))).await;
                assert!(died.is_none(), "{at}");
                region.calm();
                Duty::of(&region).well(std::slice::from_ref(&event)).await;
                let posts = posts(&region);
                assert!((1..=2).contains(&posts.len()), "{at}: {}", posts.len());
                assert!(posts.iter().all(|post| post.key == wished.key), "{at}");
                assert_eq!(posts[0], wished, "{at}: the first is whole");
                assert_eq!(waiting(&region), 0, "{at}");
            }
        }
    });
}

#[test]
fn a_daily_message_that_does_not_get_through_waits_and_one_that_is_refused_is_a_letter() {
    run(async {
        let region = region(&chat());
        day(&region).await;
        posts(&region);
        region.pass(DAY);
        region.always("PostSlack", Mishap::Fail(When::Before, FaultKind::Unavailable));
        Duty::of(&region).reconcile().await;
        assert_eq!((waiting(&region), region.letters().len()), (2, 0));
        region.calm();
        Duty::of(&region).reconcile().await;
        assert_eq!((posts(&region).len(), waiting(&region)), (1, 0));

        region.pass(DAY);
        scan(&region, vec![of("CRITICAL", 1), of("HIGH", 2), of("LOW", 3), of("HIGH", 9)]).await;
        region.pass(DAY);
        region.always("PostSlack", Mishap::Fail(When::Before, FaultKind::Invalid));
        Duty::of(&region).reconcile().await;
        region.calm();
        let [letter] = region.letters().try_into().unwrap();
        assert_eq!((letter.sink.as_deref(), waiting(&region)), (Some("Slack"), 0));
        Duty::of(&region).well(&[letter.event]).await;
        let [post] = posts(&region).try_into().unwrap();
        assert!(post.body.contains("CVE-2026-00009"), "{}", post.body);
    });
}

#[test]
fn each_owner_gets_a_daily_message_of_their_own() {
    run(async {
        let region = region(&json!({"OwnerTag": "team", "Routes": [
            {"Sink": "Teams", "SecretParameter": "/ecr-steward/secrets/{owner}", "When": "Daily", "MinimumSeverity": "LOW"},
        ]}));
        region.with(|state| state.registry.get_mut(APP).unwrap().tags.insert("team".to_owned(), "payments".to_owned()));
        day(&region).await;
        assert_eq!(posts(&region).len(), 0);
        region.pass(DAY);
        Duty::of(&region).reconcile().await;
        let mut secrets: Vec<String> = posts(&region).into_iter().map(|post| post.secret.unwrap()).collect();
        secrets.sort();
        assert_eq!(secrets, ["/ecr-steward/secrets/default", "/ecr-steward/secrets/payments"]);
    });
}

#[test]
fn what_was_collected_for_a_route_is_told_though_the_route_has_changed() {
    run(async {
        let region = region(&chat());
        day(&region).await;
        posts(&region);
        let mut policy = chat();
        policy["Routes"][0]["MinimumSeverity"] = json!("HIGH");
        region.declare(&policy);
        region.pass(DAY);
        Duty::of(&region).reconcile().await;
        let [digest] = posts(&region).try_into().unwrap();
        assert!(digest.body.contains("CVE-2026-00002"), "{}", digest.body);
        assert_eq!(waiting(&region), 0);
    });
}
