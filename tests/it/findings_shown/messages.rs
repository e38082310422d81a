//! Messages about one image: how they look, and when there are none.

use super::{Story, finding, pretty, route};
use ecr_steward::policy::change::ChangeKind;
use ecr_steward::policy::notices::{Alert, notice, route_key};
use ecr_steward::policy::parcel::Parcel;
use ecr_steward::spec::findings::{Sink, When};

fn told(sink: Sink) -> Parcel {
    let story = Story::usual();
    let change = story.change();
    let mut parcels = notice(&route(sink), Some("/ecr-steward/secrets/url".into()), &Alert::of_all(&change));
    assert_eq!(parcels.len(), 1);
    parcels.remove(0)
}

#[test]
fn a_slack_message() {
    insta::assert_snapshot!(pretty(&told(Sink::Slack).body));
}

#[test]
fn a_teams_card() {
    insta::assert_snapshot!(pretty(&told(Sink::Teams).body));
}

#[test]
fn a_mail() {
    let parcel = told(Sink::Sns);
    let attributes: Vec<String> = parcel.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
    insta::assert_snapshot!(format!("{}\n{}\n\n{}", parcel.subject, attributes.join(" "), parcel.body));
}

#[test]
fn a_webhook_gets_facts_and_every_kind_of_change() {
    insta::assert_snapshot!(pretty(&told(Sink::Webhook).body));
}

#[test]
fn mended_ones_alone_are_no_alert_unless_somebody_asked_for_everything_at_once() {
    let story = Story::new("app", 1, [(ChangeKind::Fixed, finding("CVE-1", "HIGH", "a", "1"))]);
    let change = story.change();
    let alert = Alert::of_all(&change);
    for sink in [Sink::Slack, Sink::Teams, Sink::Sns] {
        let asked = route(sink);
        assert_eq!(notice(&asked, None, &alert).len(), 1, "{sink:?}");
        for when in [When::Urgent, When::Daily] {
            let mut patient = route(sink);
            patient.when = when;
            assert!(notice(&patient, None, &alert).is_empty(), "{sink:?} {when:?}");
        }
        let mut unasked = route(sink);
        unasked.explicit = false;
        assert!(notice(&unasked, None, &alert).is_empty(), "{sink:?}");
    }
    assert_eq!(notice(&route(Sink::Webhook), None, &alert).len(), 1);
    let body = &notice(&route(Sink::Sns), None, &alert)[0];
    assert_eq!(body.attributes["change"], "fixed");
}

#[test]
fn changed_and_waived_ones_alone_are_for_machines() {
    for kind in [ChangeKind::Changed, ChangeKind::Waived, ChangeKind::Deleted] {
        let story = Story::new("app", 1, [(kind, finding("CVE-1", "HIGH", "a", "1"))]);
        let change = story.change();
        for sink in [Sink::Slack, Sink::Teams, Sink::Sns] {
            assert!(notice(&route(sink), None, &Alert::of_all(&change)).is_empty(), "{kind:?} {sink:?}");
        }
        assert_eq!(notice(&route(Sink::Webhook), None, &Alert::of_all(&change)).len(), 1);
    }
}

#[test]
fn sinks_that_hold_findings_are_told_elsewhere() {
    let story = Story::usual();
    let change = story.change();
    for sink in [Sink::SecurityHub, Sink::EventBridge, Sink::S3] {
        assert!(notice(&route(sink), None, &Alert::of_all(&change)).is_empty());
    }
}

#[test]
fn nothing_picked_is_nothing_told() {
    let story = Story::usual();
    let change = story.change();
    for sink in Sink::ALL {
        assert!(notice(&route(sink), None, &Alert { change: &change, picked: Vec::new() }).is_empty());
    }
}

#[test]
fn the_same_change_has_the_same_key_and_every_route_its_own() {
    let story = Story::usual();
    let change = story.change();
    let key = |secret: &str| notice(&route(Sink::Slack), Some(secret.into()), &Alert::of_all(&change))[0].key.clone();
    assert_eq!(key("one"), key("one"));
    assert_ne!(key("one"), key("two"));
    let mut other = route(Sink::Slack);
    other.only_fixable = true;
    assert_ne!(route_key(&other, None), route_key(&route(Sink::Slack), None));
    assert_eq!(key("one").len(), 32);
}

#[test]
fn an_image_without_tags_is_called_by_its_digest() {
    let mut story = Story::usual();
    story.tags.clear();
    let change = story.change();
    let parcels = notice(&route(Sink::Sns), None, &Alert::of_all(&change));
    assert!(parcels[0].subject.contains("team/app@000000000001"), "{}", parcels[0].subject);
}
