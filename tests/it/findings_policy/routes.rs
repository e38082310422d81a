//! Which findings a route wants.

use super::{finding, policy};
use ecr_steward::model::finding::{Finding, Fix, Scanner};
use ecr_steward::model::repository::Tags;
use ecr_steward::spec::findings::Route;
use serde_json::{Value, json};

fn route(over: &Value) -> Route {
    let mut route = json!({"Sink": "S3"});
    route.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
    policy(&json!({"Routes": [route]})).routes.remove(0)
}

#[test]
fn a_route_wants_its_severity_and_worse() {
    let words = ["UNDEFINED", "INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"];
    for (least, wanted) in [("INFORMATIONAL", 6), ("MEDIUM", 3), ("HIGH", 2), ("CRITICAL", 1)] {
        let route = route(&json!({"MinimumSeverity": least}));
        let taken: Vec<_> =
            words.iter().filter(|word| route.wants("a1", &Tags::new(), &finding(word, "CVE", "p", "1"))).collect();
        assert_eq!(taken, words.iter().rev().take(wanted).rev().collect::<Vec<_>>(), "{least}");
    }
}

#[test]
fn only_fixable_takes_away_what_is_known_to_have_no_fix_and_nothing_else() {
    let with = |scanner, fix, fixed_in: &str| {
        let mut found = Finding::new(scanner, "CVE", "HIGH");
        found.fix = fix;
        fixed_in.clone_into(&mut found.details.fixed_in);
        found
    };
    let table = [
        (with(Scanner::Enhanced, Fix::Yes, ""), true),
        (with(Scanner::Enhanced, Fix::Partial, ""), true),
        (with(Scanner::Enhanced, Fix::No, ""), false),
        (with(Scanner::Enhanced, Fix::No, "1.2"), true),
        (with(Scanner::Basic, Fix::Unknown, ""), true),
        (with(Scanner::Steward, Fix::Unknown, ""), true),
    ];
    let (fixable, all) = (route(&json!({"OnlyFixable": true})), route(&json!({})));
    for (found, wanted) in table {
        assert_eq!(fixable.wants("a1", &Tags::new(), &found), wanted, "{found:?}");
        assert!(all.wants("a1", &Tags::new(), &found));
    }
}

#[test]
fn a_route_covers_repositories_by_any_name_and_all_tags() {
    let route = route(&json!({"Repositories": ["shop-*", "tools"], "Tags": {"team": "pay*", "tier": "?"}}));
    let tags = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<Tags>()
    };
    let both = tags(&[("team", "payments"), ("tier", "1"), ("more", "x")]);
    for (repository, tags, covered) in [
        ("shop-orders", &both, true),
        ("tools", &both, true),
        ("toolshed", &both, false),
        ("my-shop-orders", &both, false),
        ("tools", &tags(&[("team", "payments")]), false),
        ("tools", &tags(&[("team", "web"), ("tier", "1")]), false),
        ("tools", &tags(&[("team", "Payments"), ("tier", "1")]), false),
        ("tools", &tags(&[("team", "payments"), ("tier", "12")]), false),
    ] {
        assert_eq!(route.covers(repository, tags), covered, "{repository} {tags:?}");
        assert_eq!(route.wants(repository, tags, &finding("LOW", "CVE", "p", "1")), covered, "{repository} {tags:?}");
    }
}
