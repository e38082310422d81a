//! What a sweep costs: reads per repository, and nothing written where nothing is to be mended.

use super::{Declared, Sweeps, report, strangers, sweep};
use crate::support::world::World;
use crate::support::{fleet, run, with};
use ecr_steward::flow::drift::ScanFrequency;
use ecr_steward::report::compliance::Report;
use ecr_steward::spec::baseline::{Baseline, check};
use serde_json::{Value, json};

/// The reads of one sweep may be so many hundredths of the number of repositories.
const READS: usize = 210;
const READS_WITH_TAGS: usize = 310;

fn baseline(more: &Value) -> Baseline {
    let mut require = json!({
        "ScanOnPush": true, "ImageTagMutability": ["IMMUTABLE"], "LifecyclePolicy": "Present",
        "EncryptionType": ["KMS"], "NoPublicPrincipals": true,
    });
    require.as_object_mut().expect("a map").extend(more.as_object().cloned().expect("a map"));
    let properties = json!({"Rules": [{"Name": "everything", "Match": {"Names": ["*"]}, "Require": require}]});
    check(properties.as_object().expect("a map")).expect("a baseline")
}

/// 504 repositories: three fleets of 24, and 432 that are nobody's and each otherwise.
async fn mixed() -> World {
    let world = World::new();
    strangers(&world, 432);
    let names: Vec<String> = (0..24).map(|number| format!("service-{number:02}")).collect();
    for project in ["red", "green", "blue"] {
        let properties = with(fleet(&[]), json!({"ProjectName": project, "RepositoryNames": names}));
        Declared::made(&world, project, &properties).await;
    }
    for number in 0..432 {
        world.nudge(&format!("team-{number:05}"), |repo| {
            repo.scan_on_push = number % 2 == 0;
            if number % 3 == 0 {
                repo.lifecycle = Some(
                    r#"{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":9},"action":{"type":"expire"}}]}"#
                        .to_owned(),
                );
            }
            if number % 5 == 0 {
                repo.policy = Some(
                    r#"{"Version":"2012-10-17","Statement":[{"Sid":"Open","Effect":"Allow","Principal":"*","Action":"ecr:BatchGetImage"}]}"#
                        .to_owned(),
                );
            }
        });
    }
    world.with(|state| state.overseen.scan_rules.push(("team-0000*", ScanFrequency::ScanOnPush)));
    assert_eq!(world.names().len(), 504);
    world.start_counting();
    world
}

/// Without what differs from run to run.
fn settled(report: &Report) -> (String, String) {
    let mut head = serde_json::to_value(&report.head).expect("a head");
    head.as_object_mut().expect("a map").retain(|key, _| key != "run" && key != "sinceLast");
    (head.to_string(), serde_json::to_string(&report.repositories).expect("lines"))
}

#[test]
fn a_sweep_makes_little_more_than_two_reads_for_each_repository_and_three_where_a_rule_looks_at_tags() {
    run(async {
        for (more, most) in [(json!({}), READS), (json!({"RequiredTags": ["team"]}), READS_WITH_TAGS)] {
            let world = mixed().await;
            let sweeps = Sweeps { baseline: Some(baseline(&more)), ..Sweeps::of(&world) };
            sweeps.run(&sweep(1)).await;
            // Housekeeping asks once for each repository of a fleet whether it holds too many untagged images.
            assert_eq!(world.calls_of("DescribeImages"), 72);
            let calls = world.calls_to("ecr") - 72;
            assert!(calls * 100 <= most * 504, "{calls} calls for 504 repositories");
            let report = report(&world);
            assert_eq!(report.head.run.ecr_reads, calls as u64);
            assert_eq!(report.head.run.ecr_writes, 0);
            let wished: Vec<String> = world.names();
            let named: Vec<String> = report.repositories.iter().map(|line| line.name.to_string()).collect();
            assert_eq!(named, wished);
            assert!(report.head.summary.checks.failing > 400 && report.head.summary.checks.passing > 400);
            assert_eq!(report.head.summary.checks.unknown, 0);
        }
    });
}

#[test]
fn two_sweeps_that_only_report_write_nothing_to_ecr_and_say_the_same() {
    run(async {
        let world = mixed().await;
        let sweeps = Sweeps { baseline: Some(baseline(&json!({}))), ..Sweeps::of(&world) };
        sweeps.run(&sweep(1)).await;
        let first = report(&world);
        world.pass(6 * 3_600);
        sweeps.run(&sweep(2)).await;
        let second = report(&world);
        assert_ne!(first.head.run.sweep, second.head.run.sweep);
        assert_eq!(settled(&first), settled(&second));
        let since = &second.head.since_last;
        assert_eq!(since.previous.as_deref(), Some(first.head.run.started.as_str()));
        assert_eq!((since.newly_failing.count, since.changed_unannounced.count), (0, 0));
        assert_eq!(world.writes(), [""; 0]);
        let elsewhere = ["PutObject", "DeleteObject", "SendMessageBatch"];
        let writes = world.attempted_writes();
        assert!(writes.iter().all(|write| elsewhere.contains(write)), "{writes:?}");
    });
}
