//! How few lines it takes: defaults by majority, overrides for the rest, names taken apart.

use super::{OPTIONS, declarations, found, named, only, plain, run};
use crate::support::{Scene, Trouble, When};
use ecr_steward::fault::FaultKind;
use ecr_steward::lifecycle::{Retention, generate};
use ecr_steward::model::Seen;
use ecr_steward::model::repository::Tags;
use ecr_steward::plan::adopt::{Found, Options};
use serde_json::{Value, json};

fn many(names: &[&str]) -> Vec<Found> {
    names.iter().map(|name| plain(name)).collect()
}

fn tagged(name: &str, project: &str, environment: &str) -> Found {
    let tags = [("Project", project), ("Environment", environment)];
    let tags: Tags = tags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    Found { tags: Seen::Present(tags), ..plain(name) }
}

/// Project, environment, pattern and short names of every declaration.
fn naming(found: &[Found]) -> Vec<Value> {
    let adoption = declarations(found, OPTIONS);
    let of = |one| {
        json!([
            named(one, "ProjectName"),
            named(one, "Environment"),
            named(one, "NamePattern"),
            named(one, "RepositoryNames")
        ])
    };
    adoption.declared.iter().map(of).collect()
}

#[test]
fn names_are_taken_apart_where_enough_of_them_agree() {
    let hyphens = many(&["my-project-dev-order", "my-project-dev-pay", "my-project-dev-a.b"]);
    assert_eq!(naming(&hyphens), [json!(["my-project", "dev", null, ["a.b", "order", "pay"]])]);
    let slashes = many(&["org/shop/prod/a", "org/shop/prod/team/b", "org/shop/prod/c"]);
    assert_eq!(naming(&slashes), [json!(["org/shop", "prod", "{project}/{environment}/{name}", ["a", "c", "team/b"]])]);
    let behind = many(&["a-prod", "b-prod", "team/c-prod"]);
    assert_eq!(naming(&behind), [json!(["adopted", "prod", "{name}-{environment}", ["a", "b", "team/c"]])]);
    let before = many(&["uat/a", "uat/b", "uat/c"]);
    assert_eq!(naming(&before), [json!(["adopted", "uat", "{environment}/{name}", ["a", "b", "c"]])]);
}

#[test]
fn tags_say_better_than_words_what_a_name_is_made_of() {
    let blue: Vec<Found> = ["xx", "yy", "zz"].map(|name| tagged(&format!("shop_blue/{name}"), "shop", "blue")).to_vec();
    assert_eq!(naming(&blue), [json!(["shop", "blue", "{project}_{environment}/{name}", ["xx", "yy", "zz"]])]);
    let elsewhere: Vec<Found> = ["xx", "yy", "zz"].map(|name| tagged(name, "shop", "blue")).to_vec();
    assert_eq!(naming(&elsewhere), [json!(["shop", "blue", "{name}", ["xx", "yy", "zz"]])]);
}

#[test]
fn names_with_nothing_in_common_are_declared_whole() {
    let two_projects = many(&["shop-dev-a", "shop-dev-b", "bank-prod-a", "tool", "x/y"]);
    let whole = ["bank-prod-a", "shop-dev-a", "shop-dev-b", "tool", "x/y"];
    assert_eq!(naming(&two_projects), [json!(["adopted", "unspecified", "{name}", whole])]);
    let one_start = many(&["acme/a", "acme/b/c"]);
    assert_eq!(naming(&one_start), [json!(["acme", "unspecified", "{project}/{name}", ["a", "b/c"]])]);
    // Names directly under the parameter prefix that are ours are no projects.
    let reserved = many(&["secrets/a", "secrets/b", "owners-dev-a", "owners-dev-b", "owners-dev-c"]);
    assert!(naming(&reserved).iter().all(|one| one[0] == "adopted"), "{:?}", naming(&reserved));
}

#[test]
fn what_most_have_stands_at_the_top() {
    let mut all = many(&["app-a", "app-b", "app-c", "app-d", "app-e"]);
    for one in all.iter_mut().skip(1) {
        one.scan_on_push = false;
    }
    let adoption = declarations(&all, OPTIONS);
    let one = only(&adoption);
    assert_eq!(named(one, "ScanOnPush"), json!(false));
    assert_eq!(named(one, "LifecyclePolicy"), json!("None"));
    assert_eq!(named(one, "Overrides"), json!({"a": {"ScanOnPush": true}}));
}

#[test]
fn what_our_own_numbers_make_is_said_by_them() {
    let retention = Retention {
        protected_tag_patterns: vec!["latest".to_owned(), "prod-*".to_owned()],
        tag_prefixes: vec!["v".to_owned()],
        max_image_count: 25,
        image_retention_days: 30,
        untagged_retention_days: 1,
    };
    let text = generate(&retention).to_text();
    let with = |name: &str, text: &str| Found { lifecycle: Seen::Present(text.to_owned()), ..plain(name) };
    let adoption = declarations(&[with("app-a", &text), with("app-b", &text.replace("keep the", "KEEP THE"))], OPTIONS);
    let one = only(&adoption);
    assert_eq!(named(one, "MaxImageCount"), json!(25));
    assert_eq!(named(one, "ProtectedTagPatterns"), json!(["latest", "prod-*"]));
    for unsaid in ["TagPrefixes", "ImageRetentionDays", "LifecyclePolicy", "Overrides"] {
        assert_eq!(named(one, unsaid), Value::Null, "{unsaid}");
    }
}

/// A policy that can only be said whole, of a few lines for each rule.
fn whole(rules: u32) -> String {
    let rule = |priority: u32| {
        json!({"rulePriority": priority, "selection": {"tagStatus": "tagged", "tagPrefixList": [format!("p{priority}")],
            "countType": "imageCountMoreThan", "countNumber": 90}, "action": {"type": "expire"}})
    };
    json!({"rules": (1..=rules).map(rule).collect::<Vec<_>>()}).to_string()
}

#[test]
fn a_large_policy_that_many_share_is_written_once() {
    let of = |number: usize| {
        let lifecycle = if number.is_multiple_of(2) { Seen::Present(whole(6)) } else { Seen::Present(whole(5)) };
        Found { lifecycle, ..plain(&format!("app-{number}")) }
    };
    let all: Vec<Found> = (0..40).map(of).collect();
    let adoption = declarations(&all, OPTIONS);
    assert_eq!(adoption.declared.len(), 2);
    for one in &adoption.declared {
        assert_eq!((one.repositories.len(), named(one, "Overrides")), (20, Value::Null));
    }
    // A single odd one costs less as an override than as a declaration.
    let mut one_odd = all.into_iter().step_by(2).collect::<Vec<_>>();
    one_odd.push(Found { lifecycle: Seen::Missing, ..plain("app-odd") });
    let adoption = declarations(&one_odd, OPTIONS);
    assert_eq!(named(only(&adoption), "Overrides"), json!({"odd": {"LifecyclePolicy": "None"}}));
}

#[test]
fn no_declaration_takes_more_names_than_one_may() {
    let all: Vec<Found> = (0..2_001).map(|number| plain(&format!("app-{number:04}"))).collect();
    let adoption = declarations(&all, OPTIONS);
    let counts: Vec<usize> = adoption.declared.iter().map(|one| one.repositories.len()).collect();
    assert_eq!(counts, [1_000, 1_000, 1]);
    let ids: Vec<&str> = adoption.declared.iter().map(|one| one.logical_id.as_str()).collect();
    assert_eq!(ids, ["AppUnspecified", "AppUnspecified2", "AppUnspecified3"]);
}

#[test]
fn nothing_is_deleted_by_a_default() {
    let adoption = declarations(&many(&["app-a", "app-b"]), OPTIONS);
    let one = only(&adoption);
    assert_eq!(named(one, "MaxUntaggedImages"), json!(2_147_483_647));
    assert_eq!((named(one, "OnRemove"), named(one, "OnDelete")), (json!("Retain"), json!("Retain")));
    assert_eq!((named(one, "AdoptExisting"), named(one, "PublishParameters")), (json!(true), json!(false)));
}

#[test]
fn what_nobody_could_read_is_left_out_as_unread() {
    run(async {
        let scene = Scene::new();
        for name in ["aa", "bb"] {
            scene.world.put_strange(name, 1);
        }
        scene.world.trouble_on("GetLifecyclePolicy", 1, Trouble::Fail(When::Before, FaultKind::Denied));
        let adoption = declarations(&found(&scene.world).await, OPTIONS);
        let [left] = adoption.left_out.as_slice() else { panic!("{adoption:?}") };
        assert!(left.unread && left.reason.contains("its lifecycle policy could not be read"), "{left:?}");
        assert_eq!(adoption.declared.len(), 1);
    });
}

#[test]
fn why_something_is_left_out_is_said() {
    let beyond = |policy: &str| Found { policy: Seen::Present(policy.to_owned()), ..plain("app") };
    let sid = r#"{"Version":"2012-10-17","Statement":[{"Sid":"EcrStewardOdd","Effect":"Allow","Principal":"*","Action":"ecr:ListImages"}]}"#;
    let cases = [
        (beyond("{}"), "its repository policy is beyond this version"),
        (beyond(sid), "ecr:DeleteRepositoryPolicy would follow"),
        (
            Found { lifecycle: Seen::Present("{}".to_owned()), ..plain("app") },
            "its lifecycle policy is beyond this version",
        ),
        (Found { tags: Seen::Unasked, ..plain("app") }, "nobody looked at its tags"),
    ];
    for (found, sentence) in cases {
        let adoption = declarations(std::slice::from_ref(&found), OPTIONS);
        assert!(adoption.declared.is_empty());
        assert!(adoption.left_out[0].reason.contains(sentence), "{}", adoption.left_out[0].reason);
    }
    let bad = Options { project: "Not Legal", ..OPTIONS };
    let adoption = declarations(&many(&["app"]), bad);
    assert!(adoption.left_out[0].reason.contains("ProjectName"), "{adoption:?}");
}
