//! Which account and Region a state is about, and what belongs together in it.

use super::{
    ACCOUNT, ALL, in_region, lifecycle, names, refusals, repository, repository_in, resource, state, staying, taken,
    with,
};
use ecr_steward::model::Seen;
use ecr_steward::plan::adopt::terraform::{Wanted, read};
use serde_json::{Value, json};

#[test]
fn several_places_are_told_apart_and_never_mixed() {
    let other = |mut one: Value| {
        one["values"]["registry_id"] = "999999999999".into();
        one["values"]["arn"] = "arn:aws:ecr:eu-west-1:999999999999:repository/team/c".into();
        one
    };
    let two_regions = [
        repository_in("aws_ecr_repository.eu", "eu-west-1", "team/a"),
        repository_in("aws_ecr_repository.us", "us-east-1", "team/b"),
    ];
    let refused = refusals(&state(&two_regions).to_string());
    assert!(refused.contains("123456789012 eu-west-1: 1 resources") && refused.contains("--region"), "{refused}");
    assert_eq!(names(&in_region(&state(&two_regions), "eu-west-1")), ["team/a"]);
    let moving = in_region(&state(&two_regions), "us-east-1");
    assert_eq!(names(&moving), ["team/b"]);
    assert_eq!(
        staying(&moving),
        ["aws_ecr_repository.eu: it is in 123456789012 eu-west-1; run this again for that place"]
    );

    let two_accounts =
        state(&[repository("aws_ecr_repository.a", "team/a"), other(repository("aws_ecr_repository.c", "team/c"))]);
    assert!(refusals(&two_accounts.to_string()).contains("--account"));
    let wanted = Wanted { account: Some("999999999999"), ..ALL };
    assert_eq!(names(&read(&two_accounts.to_string(), &wanted).unwrap()), ["team/c"]);
    let wanted = Wanted { region: Some("ap-south-1"), ..ALL };
    let nowhere = read(&two_accounts.to_string(), &wanted).unwrap_err();
    assert!(nowhere[0].to_string().contains("nothing in ap-south-1"), "{}", nowhere[0]);
}

#[test]
fn a_policy_goes_to_the_repository_it_was_made_after_where_a_name_is_there_twice() {
    let policy = |address: &str, after: &str| with(lifecycle(address, "team/a"), json!({"depends_on": [after]}));
    let mut us = policy("aws_ecr_lifecycle_policy.us", "aws_ecr_repository.us");
    let own = us["values"]["policy"].as_str().unwrap().replace(":3}", ":7}");
    us["values"]["policy"] = own.clone().into();
    let both = state(&[
        repository_in("aws_ecr_repository.eu", "eu-west-1", "team/a"),
        repository_in("aws_ecr_repository.us", "us-east-1", "team/a"),
        policy("aws_ecr_lifecycle_policy.eu", "aws_ecr_repository.eu"),
        us.clone(),
    ]);
    let moving = in_region(&both, "us-east-1");
    assert_eq!(moving.repositories[0].lifecycle, Seen::Present(own.clone()));
    assert_eq!(
        staying(&moving),
        [
            "aws_ecr_lifecycle_policy.eu: it is in eu-west-1, not in us-east-1",
            "aws_ecr_repository.eu: it is in 123456789012 eu-west-1; run this again for that place"
        ]
    );
    // Version 6 of the provider tells the Region itself.
    us["depends_on"] = json!([]);
    us["values"]["region"] = "us-east-1".into();
    let told = state(&[
        repository_in("aws_ecr_repository.eu", "eu-west-1", "team/a"),
        repository_in("aws_ecr_repository.us", "us-east-1", "team/a"),
        us.clone(),
    ]);
    assert_eq!(in_region(&told, "us-east-1").repositories[0].lifecycle, Seen::Present(own.clone()));
    assert_eq!(in_region(&told, "eu-west-1").repositories[0].lifecycle, Seen::Missing);
    // Where nothing tells, nothing is guessed.
    us["values"].as_object_mut().unwrap().remove("region");
    let untold = state(&[
        repository_in("aws_ecr_repository.eu", "eu-west-1", "team/a"),
        repository_in("aws_ecr_repository.us", "us-east-1", "team/a"),
        us,
    ]);
    let moving = in_region(&untold, "us-east-1");
    assert_eq!(names(&moving), [""; 0], "a declaration would say that it has none");
    assert!(staying(&moving)[0].contains("does not tell which it is of"), "{:?}", staying(&moving));
}

#[test]
fn what_the_registry_has_once_is_where_the_repositories_are_or_where_it_says() {
    let exclusion = |region: Option<&str>| {
        let mut values = json!({"principal_arn": format!("arn:aws:iam::{ACCOUNT}:role/scanner")});
        if let Some(region) = region {
            values["region"] = region.into();
            values["registry_id"] = ACCOUNT.into();
        }
        resource("aws_ecr_pull_time_update_exclusion.a", values)
    };
    let one = state(&[repository("aws_ecr_repository.a", "team/a"), exclusion(None)]);
    assert_eq!(in_region(&one, "eu-west-1").registry.len(), 1);
    let two = |region: Option<&str>| {
        state(&[
            repository_in("aws_ecr_repository.a", "eu-west-1", "team/a"),
            repository_in("aws_ecr_repository.b", "us-east-1", "team/b"),
            exclusion(region),
        ])
    };
    let untold = in_region(&two(None), "eu-west-1");
    assert_eq!(untold.registry, []);
    assert!(staying(&untold).iter().any(|line| line.contains("does not tell which Region it is in")));
    assert_eq!(in_region(&two(Some("eu-west-1")), "eu-west-1").registry.len(), 1);
    assert_eq!(in_region(&two(Some("eu-west-1")), "us-east-1").registry, []);
    // A state may have nothing else.
    assert_eq!(taken(&state(&[exclusion(Some("eu-west-1"))])).registry.len(), 1);
    assert_eq!(in_region(&state(&[exclusion(None)]), "eu-west-1").registry.len(), 1);
}

#[test]
fn the_partition_comes_from_arns_or_else_from_the_region() {
    let mut china = repository("aws_ecr_repository.a", "team/a");
    china["values"]["arn"] = "arn:aws-cn:ecr:cn-north-1:123456789012:repository/team/a".into();
    assert_eq!(taken(&state(&[china])).partition, "aws-cn");
    let setting = resource("aws_ecr_account_setting.a", json!({"name": "BLOB_MOUNTING", "value": "ENABLED"}));
    assert_eq!(in_region(&state(&[setting]), "us-gov-west-1").partition, "aws-us-gov");
}

#[test]
fn only_what_is_asked_for_is_taken() {
    let wanted = Wanted { names: Some(&|name: &str| name.starts_with("team/")), ..ALL };
    let all = state(&[
        repository("aws_ecr_repository.a", "team/a"),
        repository("aws_ecr_repository.b", "other/b"),
        lifecycle("aws_ecr_lifecycle_policy.b", "other/b"),
        resource("aws_ecr_account_setting.a", json!({"name": "BLOB_MOUNTING", "value": "ENABLED"})),
    ]);
    let moving = read(&all.to_string(), &wanted).unwrap();
    assert_eq!((names(&moving), moving.registry.len()), (vec!["team/a"], 0));
    assert_eq!(staying(&moving).len(), 3);
}
