//! Required tags.

use super::{Case, baseline, denied, requires, stands};
use ecr_steward::model::Seen;
use ecr_steward::model::repository::Tags;
use ecr_steward::plan::Change;
use ecr_steward::plan::posture::{Requirement, Status};
use serde_json::{Value, json};

fn set(case: &Case, tags: &[(&str, &str)]) -> Change {
    let tags: Tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Change::TagResource { arn: case.repository.arn.clone(), tags }
}

#[test]
fn a_list_is_reported_and_of_a_map_what_is_missing_is_set() {
    let list = requires(&json!({"RequiredTags": ["owner", "team"]}));
    let map = requires(&json!({"RequiredTags": {"owner": "platform", "tier": "1"}}));
    let (check, changes) = Case::new("aa").tagged(&[("owner", "x")]).only(&list);
    assert_eq!((check.status, check.found.as_str(), changes.len()), (Status::Fail, "missing: team", 0));
    assert!(check.note.contains("what to set team to is for people to say"), "{}", check.note);
    assert_eq!(Case::new("aa").tagged(&[("owner", ""), ("team", "b")]).only(&list).0.status, Status::Pass);

    let case = Case::new("aa").tagged(&[("other", "x")]);
    let (check, changes) = case.only(&map);
    assert_eq!((check.status, check.wished.as_str()), (Status::Fail, "owner=platform, tier=1"));
    assert_eq!(changes, [set(&case, &[("owner", "platform"), ("tier", "1")])]);
    // A value that is there is somebody's.
    let case = Case::new("aa").tagged(&[("owner", "somebody")]);
    let (check, changes) = case.only(&map);
    assert_eq!(check.found, "missing: tier; otherwise: owner=somebody");
    assert!(check.note.contains("not replaced"), "{}", check.note);
    assert_eq!(changes, [set(&case, &[("tier", "1")])]);
    let case = Case::new("aa").tagged(&[("owner", "somebody"), ("tier", "1")]);
    assert_eq!((case.only(&map).0.status, case.only(&map).1.len()), (Status::Fail, 0));
}

#[test]
fn tags_that_do_not_fit_are_not_set() {
    let keys: Vec<String> = (0..49).map(|n| format!("k{n:02}")).collect();
    let full: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "x")).collect();
    let map = requires(&json!({"RequiredTags": {"owner": "a", "k00": "x"}}));
    assert_eq!(Case::new("aa").tagged(&full).only(&map).1.len(), 1, "the fiftieth fits");
    let more = requires(&json!({"RequiredTags": {"owner": "a", "team": "b"}}));
    let (check, changes) = Case::new("aa").tagged(&full).only(&more);
    assert_eq!((check.status, changes.len()), (Status::Fail, 0));
    assert!(check.note.contains("would carry 51 tags and ECR allows 50"), "{}", check.note);
}

#[test]
fn tags_nobody_knows_are_unknown_and_nothing_is_set() {
    for unknown in [Seen::Unasked, Seen::Unreadable(denied("ListTagsForResource"))] {
        let case = Case::new("aa").with(|case| case.repository.tags = unknown);
        let (check, changes) = case.only(&requires(&json!({"RequiredTags": {"owner": "a"}})));
        assert_eq!((check.status, changes.len()), (Status::Unknown, 0));
        assert!(check.note.contains("its tags"), "{}", check.note);
    }
}

fn layered(special: &Value) -> Value {
    json!({"Mode": "Enforce", "Rules": [
        {"Name": "all", "Require": {"RequiredTags": {"owner": "platform", "tier": "1"}}},
        {"Name": "team", "Match": {"Names": ["team-*"]}, "Require": {"RequiredTags": special}},
    ]})
}

#[test]
fn tags_of_several_rules_add_up_and_are_set_in_one_write() {
    let case = Case::new("team-a");
    let special = baseline(&layered(&json!({"owner": "team", "cost": "7"})));
    let judged = case.judged(&special);
    let fails = |rule| (rule, Requirement::RequiredTags, "Fail".to_owned());
    assert_eq!(stands(&judged), [fails("all"), fails("team")]);
    assert_eq!(judged.checks[0].wished, "tier=1", "the more special rule says who the owner is");
    let all = set(&case, &[("cost", "7"), ("owner", "team"), ("tier", "1")]);
    for remedy in &judged.remedies {
        assert_eq!(remedy.steps[0].change, all);
    }
    assert_eq!((judged.remedies[0].check, judged.remedies[1].check), (0, 1));
    assert!(case.mended(&judged).judged(&special).remedies.is_empty());

    // A key alone does not take the value away.
    let judged = case.judged(&baseline(&layered(&json!(["owner", "cost"]))));
    assert_eq!(judged.checks[0].wished, "owner=platform, tier=1");
    assert_eq!(judged.checks[1].wished, "cost");

    // What is only reported is not set along with what is enforced.
    let mut report = layered(&json!({"cost": "7"}));
    report["Rules"][1]["Mode"] = json!("ReportOnly");
    let judged = case.judged(&baseline(&report));
    let steps: Vec<&Change> = judged.remedies.iter().map(|remedy| &remedy.steps[0].change).collect();
    assert_eq!(steps, [&set(&case, &[("owner", "platform"), ("tier", "1")]), &set(&case, &[("cost", "7")])]);
}
