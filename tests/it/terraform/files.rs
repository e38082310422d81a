//! Files that are not the output of `terraform show -json`, and values that may not be shown.

use super::{ALL, lifecycle, refusals, repository, resource, state, taken, with};
use ecr_steward::plan::adopt::terraform::read;
use serde_json::{Value, json};

const RIGHT: &str = "terraform show -json > state.json";

#[test]
fn every_other_file_is_refused_with_the_command_that_makes_the_right_one() {
    let module = json!({"root_module": {"resources": [repository("aws_ecr_repository.a", "team/a")]}});
    let wrong: [(String, &str); 18] = [
        (json!({"version": 4, "serial": 7, "lineage": "x", "resources": []}).to_string(), "a raw state"),
        ("PK\u{3}\u{4}tfplan".to_owned(), "a saved plan"),
        ("resource \"aws_ecr_repository\" \"a\" {\n  name = \"a\"\n}\n".to_owned(), "a configuration (.tf)"),
        ("{\"@level\":\"info\",\"type\":\"version\"}\n{\"@level\":\"info\"}\n".to_owned(), "the log of"),
        ("{\"@level\":\"info\",\"type\":\"version\"}".to_owned(), "the log of"),
        (json!({"format_version": "1.0", "provider_schemas": {}}).to_string(), "providers schema"),
        (json!({"resource": {"aws_ecr_repository": {"a": {"name": "a"}}}}).to_string(), "configuration in JSON"),
        (json!({"Type": "Custom::EcrRepositories", "Properties": {}}).to_string(), "CloudFormation"),
        (String::new(), "is empty"),
        ("  \n".to_owned(), "is empty"),
        ("{\"format_version\": \"1.0\", ".to_owned(), "stops being JSON at line 1"),
        ("[1, 2]".to_owned(), "not of Terraform"),
        ("{}".to_owned(), "no format_version"),
        (json!({"format_version": 1}).to_string(), "no format_version"),
        (json!({"format_version": "1.0", "terraform_version": "1.11.4"}).to_string(), "this state is empty"),
        (json!({"format_version": "1.0", "values": {"root_module": []}}).to_string(), "this state is empty"),
        (json!({"format_version": "1.2", "planned_values": module}).to_string(), "nothing of this plan exists yet"),
        (
            json!({"format_version": "1.2", "planned_values": {}, "errored": true, "prior_state": {"values": module}})
                .to_string(),
            "this plan failed",
        ),
    ];
    for (text, what) in wrong {
        let refused = refusals(&text);
        assert!(refused.contains(what) && refused.contains(RIGHT), "{text}\n{refused}");
    }
}

#[test]
fn a_format_that_is_not_known_is_refused_and_a_later_minor_one_is_read() {
    for version in ["0.2", "2.0", "", "1x"] {
        let refused = refusals(&with(state(&[]), json!({"format_version": version})).to_string());
        assert!(refused.contains("reads 1.x"), "{version}: {refused}");
    }
    let later = with(state(&[repository("aws_ecr_repository.a", "team/a")]), json!({"format_version": "1.9"}));
    assert_eq!(taken(&later).repositories.len(), 1);
    let marked = format!("\u{feff}{later}");
    assert_eq!(read(&marked, &ALL).unwrap().repositories.len(), 1);
}

#[test]
fn a_state_without_anything_of_ecr_is_refused() {
    let bucket = resource("aws_s3_bucket.a", json!({"bucket": "a"}));
    assert!(refusals(&state(&[bucket]).to_string()).contains("manages nothing of ECR"));
}

#[test]
fn what_is_marked_as_sensitive_is_refused_by_address_and_never_shown() {
    let secret = "do-not-show";
    let repository = |marks: Value| {
        let mut one = repository("aws_ecr_repository.a", "team/a");
        one["values"]["tags_all"] = json!({"k": secret});
        with(one, json!({"sensitive_values": marks}))
    };
    let cases = [
        json!({"tags_all": true}),
        json!({"tags_all": {"k": true}}),
        json!({"encryption_configuration": [{"kms_key": true}]}),
    ];
    for marks in cases {
        let refused = refusals(&state(&[repository(marks.clone())]).to_string());
        let attribute = marks.as_object().unwrap().keys().next().unwrap();
        assert!(refused.starts_with(&format!("aws_ecr_repository.a: {attribute} is marked")), "{refused}");
        assert!(!refused.contains(secret));
    }
    // Of two, both are told.
    let policy = with(lifecycle("aws_ecr_lifecycle_policy.a", "team/a"), json!({"sensitive_values": {"policy": true}}));
    let both = refusals(&state(&[repository(json!({"tags": {"k": true}})), policy]).to_string());
    assert_eq!(both.lines().count(), 2, "{both}");
    // What says nothing of the repository, and what is none of ECR's, may be marked.
    let bucket =
        with(resource("aws_s3_bucket.a", json!({"bucket": "a"})), json!({"sensitive_values": {"bucket": true}}));
    let fine = state(&[repository(json!({"id": true, "tags_all": {}, "encryption_configuration": [{}]})), bucket]);
    assert_eq!(taken(&fine).repositories.len(), 1);
}

/// A plan over a state in which `team/a` exists.
fn plan(changes: &[(&str, &[&str])]) -> Value {
    let changes: Vec<Value> = changes
        .iter()
        .map(|(address, actions)| {
            let kind = address.split('.').next().unwrap();
            json!({"address": address, "mode": "managed", "type": kind, "change": {"actions": actions}})
        })
        .collect();
    let mut plan = state(&[]);
    plan["planned_values"] = json!({});
    plan["resource_changes"] = changes.into();
    plan["prior_state"] = state(&[repository("aws_ecr_repository.a", "team/a")]);
    plan.as_object_mut().unwrap().remove("values");
    plan
}

#[test]
fn of_a_plan_what_exists_is_read_and_what_is_pending_is_told() {
    let quiet: [(&str, &[&str]); 3] =
        [("aws_ecr_repository.a", &["no-op"]), ("aws_ecr_repository.b", &["forget"]), ("aws_s3_bucket.b", &["create"])];
    let moving = taken(&plan(&quiet));
    assert_eq!(moving.repositories.len(), 1);
    assert!(!moving.notes.iter().any(|note| note.contains("the plan would")), "{:?}", moving.notes);
    for action in ["update", "delete"] {
        let notes = taken(&plan(&[("aws_ecr_repository.a", &[action])])).notes.join("\n");
        assert!(notes.contains(&format!("aws_ecr_repository.a: the plan would {action} it")), "{notes}");
    }
}

#[test]
fn what_a_plan_would_make_has_no_values_yet() {
    for actions in [&["create"][..], &["delete", "create"], &["create", "delete"]] {
        let changes = [("aws_ecr_repository.b", actions), ("aws_ecr_registry_policy.c", actions)];
        let refused = refusals(&plan(&changes).to_string());
        let addresses: Vec<&str> = refused.lines().map(|line| line.split(": ").next().unwrap()).collect();
        assert_eq!(addresses, ["aws_ecr_repository.b", "aws_ecr_registry_policy.c"]);
        assert!(refused.contains("apply the plan"));
    }
}

#[test]
fn a_terraform_without_removed_blocks_is_told_of() {
    let of = |version: &str| {
        let state = with(state(&[repository("aws_ecr_repository.a", "team/a")]), json!({"terraform_version": version}));
        taken(&state).notes.iter().any(|note| note.contains("`removed` blocks need 1.7"))
    };
    assert!(of("1.6.6") && of("1.5.7") && of("0.15.0"));
    assert!(!of("1.7.0") && !of("1.11.4") && !of("2.0.0-beta1") && !of("unheard-of"));
}
