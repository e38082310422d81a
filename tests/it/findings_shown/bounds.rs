//! Whatever scanners write, messages stay within what receivers take, mean nothing they should not, and count right.

use super::{Story, finding, hostile, hostile_finding, route};
use ecr_steward::policy::change::ChangeKind;
use ecr_steward::policy::notices::{Alert, DigestItem, digest, notice};
use ecr_steward::policy::parcel::Parcel;
use ecr_steward::spec::findings::Sink;
use proptest::prelude::*;
use serde_json::Value;

const WHO_READS: [Sink; 4] = [Sink::Slack, Sink::Teams, Sink::Sns, Sink::Webhook];

/// Every text of a JSON value, with the key it is under.
fn texts<'a>(value: &'a Value, key: &'a str, found: &mut Vec<(&'a str, &'a str)>) {
    match value {
        Value::String(text) => found.push((key, text)),
        Value::Array(items) => items.iter().for_each(|item| texts(item, key, found)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| texts(value, key, found)),
        _ => {}
    }
}

/// Holds a parcel to its receiver's bounds.
fn within_bounds(parcel: &Parcel) {
    match parcel.sink {
        Sink::Slack => slack(&parcel.body),
        Sink::Teams => {
            assert!(parcel.body.len() < 28_000, "{}", parcel.body.len());
            let card: Value = serde_json::from_str(&parcel.body).unwrap();
            let mut found = Vec::new();
            texts(&card, "", &mut found);
            assert!(!found.iter().any(|(_, text)| *text == "TextBlock"), "a TextBlock reads Markdown");
        }
        Sink::Sns => {
            assert!(parcel.body.len() < 200_000);
            assert!((1..100).contains(&parcel.subject.len()));
            assert!(parcel.subject.chars().all(|c| (' '..='~').contains(&c)));
            assert!(parcel.attributes.len() < 10 && parcel.attributes.values().all(|value| !value.is_empty()));
            assert!(!parcel.body.chars().any(|c| c.is_control() && c != '\n'));
        }
        _ => assert!(parcel.body.len() < 240_000, "{}", parcel.body.len()),
    }
}

fn slack(body: &str) {
    let message: Value = serde_json::from_str(body).unwrap();
    let blocks = message["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50, "{}", blocks.len());
    let mut found = Vec::new();
    texts(&message, "", &mut found);
    for (_, text) in found.iter().filter(|(key, _)| *key == "text") {
        assert!(!text.is_empty() && text.chars().count() <= 3000);
    }
    let header = blocks[0]["text"]["text"].as_str().unwrap();
    assert!(header.chars().count() <= 150);
    for block in &blocks[1..] {
        let text = block["text"]["text"].as_str().or_else(|| block["elements"][0]["text"].as_str()).unwrap();
        markup(text);
    }
}

/// All that stands in angle brackets is a link of ours, and every `&` begins an escape.
fn markup(text: &str) {
    for part in text.split('<').skip(1) {
        let (inside, rest) = part.split_once('>').expect("what is opened is closed");
        assert!(inside.starts_with("https://"), "{inside}");
        assert_eq!(inside.matches('|').count(), 1, "{inside}");
        assert!(!rest.contains('>'), "{rest}");
    }
    for part in text.split('&').skip(1) {
        assert!(["amp;", "lt;", "gt;"].iter().any(|escape| part.starts_with(escape)), "{part}");
    }
}

/// Lines that name a finding and what "and N more" says, of a text with one section.
fn counted(lines: &[&str]) -> (usize, usize) {
    let shown = lines.iter().filter(|line| line.contains("CVE-")).count();
    let more = lines.iter().find_map(|line| line.split_once("and ")?.1.split_once(" more")?.0.parse().ok());
    (shown, more.unwrap_or_default())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn hostile_findings_stay_within_bounds(
        findings in prop::collection::vec((prop::sample::select(ChangeKind::ALL.to_vec()), hostile_finding()), 1..24),
        owner in hostile(),
    ) {
        let story = Story::new("team/app", 1, findings);
        let mut change = story.change();
        change.owner = Some(&owner);
        let alert = Alert::of_all(&change);
        let item = DigestItem::of(&alert);
        for sink in WHO_READS {
            notice(&route(sink), None, &alert).iter().for_each(within_bounds);
            let day = jiff::civil::date(2026, 1, 31);
            let told = item.iter().filter_map(|item| digest(&route(sink), None, day, std::slice::from_ref(item)));
            told.for_each(|parcel| within_bounds(&parcel));
        }
    }

    #[test]
    fn shown_and_left_out_add_up(number in 1..120_usize) {
        let all = (0..number).map(|n| (ChangeKind::New, finding(&format!("CVE-2026-{n}"), "HIGH", "a", "1")));
        let story = Story::new("team/app", 1, all);
        let change = story.change();
        for sink in [Sink::Slack, Sink::Sns, Sink::Teams] {
            let body = &notice(&route(sink), None, &Alert::of_all(&change))[0].body;
            let json: Value = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.clone()));
            let mut found = Vec::new();
            texts(&json, "", &mut found);
            // A link of the mail and a card's address name the finding too.
            let lines: Vec<&str> = found
                .iter()
                .filter(|(key, _)| *key != "url")
                .flat_map(|(_, text)| text.lines())
                .filter(|line| !line.starts_with("  http"))
                .collect();
            let (shown, more) = counted(&lines);
            prop_assert_eq!(shown + more, number, "{:?}", sink);
        }
    }
}

fn many(number: usize, description: &str) -> Story {
    let all = (0..number).map(|n| {
        let mut finding = finding(&format!("CVE-2026-{n}"), "HIGH", "package", "1");
        description.clone_into(&mut finding.description);
        (ChangeKind::New, finding)
    });
    Story::new("team/app", 1, all)
}

#[test]
fn ten_thousand_findings_are_one_message() {
    let story = many(10_000, "words");
    let change = story.change();
    let parcels = notice(&route(Sink::Slack), None, &Alert::of_all(&change));
    assert_eq!(parcels.len(), 1);
    within_bounds(&parcels[0]);
    assert!(parcels[0].body.contains("and 9980 more"));
}

#[test]
fn many_findings_are_one_message_and_for_machines_all_of_them() {
    let story = many(1_000, &"an overlong description ".repeat(50));
    let change = story.change();
    let alert = Alert::of_all(&change);
    for sink in [Sink::Slack, Sink::Teams, Sink::Sns] {
        let parcels = notice(&route(sink), None, &alert);
        assert_eq!(parcels.len(), 1);
        within_bounds(&parcels[0]);
        assert!(parcels[0].body.contains("and 9"), "{sink:?}");
    }
    let parcels = notice(&route(Sink::Webhook), None, &alert);
    parcels.iter().for_each(within_bounds);
    let bodies: Vec<Value> = parcels.iter().map(|parcel| serde_json::from_str(&parcel.body).unwrap()).collect();
    assert_eq!(bodies.iter().map(|body| body["findings"].as_array().unwrap().len()).sum::<usize>(), 1_000);
    assert!(parcels.len() > 4);
    let keys: std::collections::BTreeSet<&str> = parcels.iter().map(|parcel| parcel.key.as_str()).collect();
    assert_eq!(keys.len(), parcels.len(), "each part has its key");
    assert!(bodies.iter().enumerate().all(|(place, body)| body["part"] == place + 1 && body["parts"] == parcels.len()));
    assert!(bodies.iter().zip(&parcels).all(|(body, parcel)| body["key"] == parcel.key.as_str()));
}

#[test]
fn one_monstrous_finding_is_cut_and_says_so() {
    let mut monster = finding("CVE-2026-1", "HIGH", "package", "1");
    monster.description = "\u{1}".repeat(300_000);
    monster.details.paths = (0..10_000).map(|n| format!("usr/lib/{n}")).collect();
    let story = Story::new("team/app", 1, [(ChangeKind::New, monster)]);
    let change = story.change();
    let parcels = notice(&route(Sink::Webhook), None, &Alert::of_all(&change));
    assert_eq!(parcels.len(), 1);
    within_bounds(&parcels[0]);
    assert!(parcels[0].body.contains("\"cut\":true"));
}
