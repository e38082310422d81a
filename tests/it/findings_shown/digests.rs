//! The day in one message.

use super::{Story, finding, pretty, route};
use ecr_steward::policy::change::ChangeKind;
use ecr_steward::policy::notices::{Alert, DigestItem, MOST_KEPT, digest};
use ecr_steward::policy::parcel::Parcel;
use ecr_steward::spec::findings::Sink;
use jiff::civil::{Date, date};

const DAY: Date = date(2026, 1, 31);

fn item(story: &Story) -> DigestItem {
    let change = story.change();
    DigestItem::of(&Alert::of_all(&change)).unwrap()
}

/// Three images of two repositories; two of them share what is new.
fn items() -> Vec<DigestItem> {
    let mut other = Story::usual();
    other.image = super::image("team/app", 2);
    other.tags = vec!["v42".into()];
    let web = Story::new(
        "web",
        3,
        [
            (ChangeKind::New, finding("CVE-2026-0002", "HIGH", "zlib", "1.2.11")),
            (ChangeKind::Fixed, finding("CVE-2026-0009", "LOW", "tar", "1.34")),
        ],
    );
    vec![item(&Story::usual()), item(&other), item(&web)]
}

fn told(sink: Sink, items: &[DigestItem]) -> Parcel {
    digest(&route(sink), None, DAY, items).unwrap()
}

#[test]
fn a_day_as_a_mail() {
    let parcel = told(Sink::Sns, &items());
    let attributes: Vec<String> = parcel.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
    insta::assert_snapshot!(format!("{}\n{}\n\n{}", parcel.subject, attributes.join(" "), parcel.body));
}

#[test]
fn a_day_in_slack() {
    insta::assert_snapshot!(pretty(&told(Sink::Slack, &items()).body));
}

#[test]
fn a_day_for_a_machine() {
    insta::assert_snapshot!(pretty(&told(Sink::Webhook, &items()).body));
}

#[test]
fn neither_order_nor_repetition_of_items_matters() {
    let items = items();
    let mut shuffled: Vec<DigestItem> = items.iter().rev().chain(&items).cloned().collect();
    shuffled.rotate_left(1);
    for sink in [Sink::Slack, Sink::Teams, Sink::Sns, Sink::Webhook] {
        assert_eq!(told(sink, &items), told(sink, &shuffled));
    }
}

#[test]
fn every_route_and_day_has_its_own_key_and_a_quiet_day_no_message() {
    let items = items();
    let key = |sink, day| digest(&route(sink), None, day, &items).unwrap().key;
    assert_ne!(key(Sink::Slack, DAY), key(Sink::Teams, DAY));
    assert_ne!(key(Sink::Slack, DAY), key(Sink::Slack, date(2026, 2, 1)));
    assert_eq!(digest(&route(Sink::Slack), None, DAY, &[]), None);
    assert_eq!(digest(&route(Sink::SecurityHub), None, DAY, &items), None);
}

#[test]
fn an_item_survives_being_stored() {
    for item in items() {
        let stored = serde_json::to_value(&item).unwrap();
        assert_eq!(serde_json::from_value::<DigestItem>(stored).unwrap(), item);
    }
}

#[test]
fn only_changes_that_are_told_make_an_item() {
    let story = Story::new("app", 1, [(ChangeKind::Changed, finding("CVE-1", "HIGH", "a", "1"))]);
    let change = story.change();
    assert_eq!(DigestItem::of(&Alert::of_all(&change)), None);
}

#[test]
fn what_no_item_holds_one_by_one_is_counted_aloud() {
    let many = (0..MOST_KEPT + 50).map(|n| (ChangeKind::New, finding(&format!("CVE-2026-{n:05}"), "LOW", "a", "1")));
    let item = item(&Story::new("app", 1, many));
    assert_eq!(item.new_findings.len(), MOST_KEPT);
    let body = told(Sink::Sns, &[item]).body;
    assert!(body.contains("250 low"), "{body}");
    assert!(body.contains("50 less bad ones are counted here"), "{body}");
    assert!(body.contains(&format!("and {} more", MOST_KEPT - 50)), "{body}");
}
