//! Repositories that a declaration would rob of a policy: they stay as a whole.

use super::{
    ALL, declared, in_region, lifecycle, names, repository, repository_in, resource, state, staying, taken, with,
};
use ecr_steward::model::Seen;
use ecr_steward::plan::adopt::terraform::{Moving, Wanted, read};
use serde_json::{Value, json};

/// `team/a` and `team/b`, which has a lifecycle policy, beside others.
fn beside(more: &[Value]) -> Value {
    let mut all = vec![
        repository("aws_ecr_repository.a", "team/a"),
        repository("aws_ecr_repository.b", "team/b"),
        lifecycle("aws_ecr_lifecycle_policy.b", "team/b"),
    ];
    all.extend_from_slice(more);
    state(&all)
}

fn of_a(values: Value) -> Value {
    let mut one = lifecycle("aws_ecr_lifecycle_policy.a", "team/a");
    one["values"] = with(one["values"].clone(), values);
    one
}

/// What is said of repositories without a lifecycle policy.
fn bare(moving: &Moving) -> Option<&String> {
    moving.notes.iter().find(|note| note.contains("manages no lifecycle policy"))
}

#[test]
fn a_repository_whose_lifecycle_policy_is_not_taken_stays_as_a_whole() {
    let marked = |marks: Value| with(of_a(json!({})), marks);
    let cases = [
        (marked(json!({"tainted": true})), "it is tainted"),
        (marked(json!({"deposed_key": "abcd"})), "left to be destroyed"),
        (of_a(json!({"policy": null})), "does not say its policy"),
        (of_a(json!({"policy": ""})), "does not say its policy"),
        (of_a(json!({"policy": {"rules": []}})), "policy is not a text"),
        (of_a(json!({"region": 7})), "region is not a text"),
        (of_a(json!({"registry_id": 7})), "registry_id is not a text"),
        (of_a(json!({"repository": null, "id": "team/a"})), ""),
        (of_a(json!({"repository": null, "id": "team/a", "policy": null})), "does not say its policy"),
        (of_a(json!({"repository": null})), "does not say its repository"),
    ];
    for (policy, why) in cases {
        let moving = taken(&beside(std::slice::from_ref(&policy)));
        if why.is_empty() {
            assert_eq!(names(&moving), ["team/a", "team/b"], "the id tells its repository");
            assert!(matches!(moving.repositories[0].lifecycle, Seen::Present(_)));
            continue;
        }
        assert_eq!(names(&moving), ["team/b"], "{policy}");
        let kept = staying(&moving);
        assert_eq!(kept.len(), 2, "{kept:?}");
        assert!(kept[0].starts_with("aws_ecr_lifecycle_policy.a: ") && kept[0].contains(why), "{kept:?}");
        assert!(kept[1].starts_with("aws_ecr_repository.a: aws_ecr_lifecycle_policy.a "), "{kept:?}");
        assert!(kept[1].contains(why), "{kept:?}");
        assert_eq!(bare(&moving), None);
        let said: Value = declared(&moving).declared.iter().map(|one| Value::Object(one.as_map())).collect();
        assert!(!said.to_string().contains("\"None\""), "{said}");
    }
    // Where Terraform manages none, the declaration says so, and so does the note.
    let moving = taken(&beside(&[]));
    assert_eq!(names(&moving), ["team/a", "team/b"]);
    assert!(bare(&moving).unwrap().contains("1 repository (team/a)"));
}

#[test]
fn the_order_in_the_file_makes_no_difference() {
    let mut others = vec![with(of_a(json!({})), json!({"tainted": true})), of_a(json!({"repository": null}))];
    for _ in 0..2 {
        let mut all = others.clone();
        all.extend([
            lifecycle("aws_ecr_lifecycle_policy.b", "team/b"),
            repository("aws_ecr_repository.b", "team/b"),
            repository("aws_ecr_repository.a", "team/a"),
        ]);
        assert_eq!(names(&taken(&state(&all))), ["team/b"]);
        others.reverse();
    }
}

#[test]
fn a_repository_policy_that_is_not_taken_holds_its_repository_too() {
    let policy = resource("aws_ecr_repository_policy.a", json!({"repository": "team/a", "policy": "{}"}));
    let moving =
        taken(&beside(&[with(policy, json!({"tainted": true})), lifecycle("aws_ecr_lifecycle_policy.a", "team/a")]));
    assert_eq!(names(&moving), ["team/b"]);
    let kept = staying(&moving);
    assert_eq!(kept.len(), 3, "its lifecycle policy as well: {kept:?}");
    assert!(kept[1].contains("is its repository policy and is not taken (it is tainted"), "{kept:?}");
}

#[test]
fn what_may_be_of_another_region_holds_only_a_repository_that_has_no_such_policy() {
    let both = |policies: &[Value]| {
        let mut all = vec![
            repository_in("aws_ecr_repository.eu", "eu-west-1", "team/a"),
            repository_in("aws_ecr_repository.us", "us-east-1", "team/a"),
        ];
        all.extend_from_slice(policies);
        state(&all)
    };
    let after = |address: &str, after: &str| with(lifecycle(address, "team/a"), json!({"depends_on": [after]}));
    // A sign, and no proof.
    let eu = after("aws_ecr_lifecycle_policy.eu", "aws_ecr_repository.eu");
    let moving = in_region(&both(std::slice::from_ref(&eu)), "us-east-1");
    assert_eq!(names(&moving), [""; 0]);
    let kept = staying(&moving);
    assert!(kept.iter().any(|line| line.contains("may be its lifecycle policy and is not taken")), "{kept:?}");
    assert_eq!(names(&in_region(&both(std::slice::from_ref(&eu)), "eu-west-1")), ["team/a"]);
    let us = after("aws_ecr_lifecycle_policy.us", "aws_ecr_repository.us");
    assert_eq!(names(&in_region(&both(&[eu.clone(), us]), "us-east-1")), ["team/a"]);
    // What tells its Region is no matter of another.
    let mut told = eu;
    told["values"]["region"] = "eu-west-1".into();
    let moving = in_region(&both(&[told]), "us-east-1");
    assert_eq!((names(&moving), bare(&moving).is_some()), (vec!["team/a"], true));
}

#[test]
fn a_policy_of_a_repository_that_is_to_be_replaced_goes_to_no_other_of_its_name() {
    let all = state(&[
        with(repository_in("aws_ecr_repository.eu", "eu-west-1", "team/a"), json!({"tainted": true})),
        repository_in("aws_ecr_repository.us", "us-east-1", "team/a"),
        with(lifecycle("aws_ecr_lifecycle_policy.eu", "team/a"), json!({"depends_on": ["aws_ecr_repository.eu"]})),
    ]);
    let wanted = Wanted { region: Some("us-east-1"), ..ALL };
    let moving = read(&all.to_string(), &wanted).unwrap();
    assert!(moving.repositories.is_empty(), "{:?}", moving.repositories);
}
