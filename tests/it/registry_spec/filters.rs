//! What ECR's scan filters match, and how that is told.

use ecr_steward::model::registry::ScanFrequency::{ContinuousScan, ScanOnPush};
use ecr_steward::model::repository::ScanType::{Basic, Enhanced};
use ecr_steward::spec::registry::{ScanRules, matches, scanned_in_words};
use proptest::prelude::*;

/// The table of the ECR user guide, "Filters to choose which repositories are scanned in Amazon ECR".
#[test]
fn filters_match_what_the_user_guide_says() {
    let names = ["prod", "repo-prod", "prod-repo", "repo-prod-repo", "prodrepo"];
    let table = [
        ("prod", [true, true, true, true, true]),
        ("*prod", [true, true, false, false, false]),
        ("prod*", [true, false, true, false, true]),
        ("*prod*", [true, true, true, true, true]),
        ("prod*repo", [false, false, true, false, true]),
    ];
    for (filter, expected) in table {
        assert_eq!(names.map(|name| matches(filter, name)), expected, "{filter}");
    }
    for (filter, name, expected) in [
        ("*", "anything/at-all", true),
        ("app", "team/my-app-2", true),
        ("app", "ap/p", false),
        ("team/*", "team/app", true),
        ("team/*", "my-team/app", false),
        ("a*a", "a", false),
        ("a*a", "aa", true),
        ("a**b", "axxb", true),
    ] {
        assert_eq!(matches(filter, name), expected, "{filter} and {name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::with_cases(100) })]

    /// Whatever stands for the stars, the filter matches what comes of it; and between two stars it is a part of the name.
    #[test]
    fn a_filter_matches_whatever_stands_for_its_stars(
        parts in proptest::collection::vec("[ab]{0,3}", 2..5),
        fillings in proptest::collection::vec("[abc/]{0,4}", 4),
        around in ("[abc]{0,3}", "[abc]{0,3}"),
    ) {
        let filter = parts.join("*");
        let mut name = parts[0].clone();
        for (part, filling) in parts[1..].iter().zip(&fillings) {
            name.push_str(filling);
            name.push_str(part);
        }
        prop_assert!(matches(&filter, &name), "{filter} and {name}");
        // No part holds a c: with one before it, the first part no longer stands at the beginning.
        let anchored = !parts[0].is_empty();
        prop_assert_eq!(matches(&filter, &format!("c{name}")), !anchored, "{} and c{}", filter, name);
        let core = parts.concat();
        if !core.is_empty() {
            let name = format!("{}{core}{}", around.0, around.1);
            prop_assert!(matches(&core, &name), "{core} is a part of {name}");
            let starred = format!("*{core}*");
            prop_assert!(matches(&starred, &name), "{starred} and {name}");
        }
    }
}

fn rules(continuous: &[&str], on_push: &[&str]) -> ScanRules {
    let of = |filters: &[&str]| filters.iter().map(|filter| (*filter).to_owned()).collect();
    ScanRules::from([(ContinuousScan, of(continuous)), (ScanOnPush, of(on_push))])
}

#[test]
fn what_is_scanned_is_told_as_ecr_understands_it() {
    let told = [
        scanned_in_words(Basic, &rules(&[], &[])),
        scanned_in_words(Basic, &rules(&[], &["app"])),
        scanned_in_words(Basic, &rules(&[], &["*"])),
        scanned_in_words(Enhanced, &rules(&[], &[])),
        scanned_in_words(Enhanced, &rules(&["prod/*", "*-release"], &["app", "a*b", "*x*"])),
        scanned_in_words(Enhanced, &rules(&["*"], &["app"])),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    BASIC without rules: images are scanned only when somebody asks
    BASIC scans on push: "app" (every name that contains app). Other repositories are scanned only when somebody asks
    BASIC scans on push: every repository
    ENHANCED without rules: every repository is scanned continuously; the first rule ends that, and from then on only what a rule matches is scanned
    ENHANCED scans continuously: "*-release" (every name that ends with -release), "prod/*" (every name that begins with prod/); on push: "*x*" (every name that contains x), "a*b" (every name of that form), "app" (every name that contains app). Repositories that no filter matches are not scanned at all
    ENHANCED scans continuously: every repository; on push: "app" (every name that contains app)
    "#);
}

/// The answer to CloudFormation has 4,096 bytes for everything.
#[test]
fn as_many_and_as_long_filters_as_ecr_allows_are_told_briefly() {
    let long: Vec<String> = (0..100).map(|number| format!("{number:03}{}", "x".repeat(252))).collect();
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    let told = scanned_in_words(Enhanced, &rules(&long, &long));
    assert!(told.len() < 2_000 && told.contains("95 more filters"), "{} bytes: {told}", told.len());
}
