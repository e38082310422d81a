//! A worker may end at any call, jobs may come in any order and more than once: the sweep comes to its report, every
//! repository is in it once, and nothing is done twice.

use super::{Came, Declared, Sweeps, report, strangers, sweep};
use crate::support::world::World;
use crate::support::{Trouble, When, fleet, run, with};
use ecr_steward::event::drift::{Job, Sweep, VERSION};
use ecr_steward::plan::Change;
use ecr_steward::spec::baseline::{Baseline, check};
use serde_json::json;
use std::collections::BTreeSet;

/// Repositories that may be changed in one sweep, of many more that would be.
const CAP: usize = 4;

fn baseline() -> Baseline {
    let rule = json!({"Name": "everything", "Match": {"Names": ["*"]}, "Require": {"ScanOnPush": true}});
    let properties = json!({"Mode": "Enforce", "Rules": [rule], "MaxChangesPerRun": CAP});
    check(properties.as_object().expect("a map")).expect("a baseline")
}

/// Two parts: a fleet with one repository to be mended and one to be made again, and many others.
async fn scene() -> World {
    let world = World::new();
    strangers(&world, 103);
    let properties = with(fleet(&["a", "b"]), json!({"DriftMode": "Enforce"}));
    Declared::made(&world, "shop", &properties).await;
    world.nudge("shop-dev-a", |repo| repo.scan_on_push = false);
    world.with(|state| state.repositories.remove("shop-dev-b"));
    world.start_counting();
    world
}

/// The repository a write is about, and what it does.
fn written(world: &World) -> Vec<String> {
    world.with(|state| state.journal.iter().map(|(change, _)| format!("{change:?}")).collect())
}

#[track_caller]
fn whole(world: &World, why: &str) {
    let report = report(world);
    let named: Vec<String> = report.repositories.iter().map(|line| line.name.to_string()).collect();
    let mut wished = world.names();
    wished.extend(world.repo("shop-dev-b").is_none().then(|| "shop-dev-b".to_owned()));
    wished.sort();
    assert_eq!(named, wished, "{why}");
    assert_eq!(report.head.summary.checks.unknown, 0, "{why}");
    let writes = written(world);
    let distinct: BTreeSet<&String> = writes.iter().collect();
    assert_eq!(distinct.len(), writes.len(), "{why}: something was done twice: {writes:?}");
    let repositories: BTreeSet<String> = world.with(|state| {
        let name = |change: &Change| match change {
            Change::PutImageScanningConfiguration { name, .. }
            | Change::CreateRepository { name, .. }
            | Change::PutLifecyclePolicy { name, .. } => name.to_string(),
            other => panic!("{other:?}"),
        };
        state.journal.iter().map(|(change, _)| name(change)).collect()
    });
    assert_eq!(repositories.len(), CAP, "{why}: {repositories:?}");
    assert_eq!(world.keys("drift/sweeps/"), [format!("drift/sweeps/{}/done.json", sweep(1).0)], "{why}");
}

#[test]
fn a_worker_that_ends_before_or_after_any_call_costs_nothing_but_time() {
    run(async {
        let world = scene().await;
        let sweeps = Sweeps { baseline: Some(baseline()), ..Sweeps::of(&world) };
        sweeps.run(&sweep(1)).await;
        whole(&world, "undisturbed");
        let calls: Vec<&str> = world.all_calls().into_iter().map(|(_, operation)| operation).collect();
        let reads = ["Get", "List", "Describe", "BatchGet"];
        let mut tried = 0;
        for (at, call) in calls.iter().enumerate() {
            // Between two effects one moment is as good as another.
            let is_read = reads.iter().any(|read| call.starts_with(read));
            let moments: &[When] = if !is_read {
                &[When::Before, When::After]
            } else if at % 11 == 0 {
                &[When::Before]
            } else {
                &[]
            };
            for when in moments {
                let world = scene().await;
                world.trouble_at(at + 1, Trouble::Kill(*when));
                let sweeps = Sweeps { baseline: Some(baseline()), ..Sweeps::of(&world) };
                let came = sweeps.run(&sweep(1)).await;
                assert!(came.contains(&Came::Died), "call {at}");
                whole(&world, &format!("ended {when:?} call {at}, {call}"));
                tried += 1;
            }
        }
        assert!(tried > 80, "{tried}");
    });
}

#[test]
fn jobs_that_come_in_any_order_and_again_change_nothing() {
    run(async {
        for seed in 0..12 {
            let world = scene().await;
            let sweeps = Sweeps { baseline: Some(baseline()), ..Sweeps::of(&world) };
            let mut random = fastrand::Rng::with_seed(seed);
            let mut left = 12;
            let pick = |waiting: usize| {
                let again = left > 0 && random.u8(..) < 100;
                left -= usize::from(again);
                (random.usize(..waiting), again)
            };
            sweeps.run_picking(&sweep(1), pick).await;
            whole(&world, &format!("seed {seed}"));
        }
    });
}

#[test]
fn workers_beside_each_other_share_one_cap_and_write_one_report() {
    run(async {
        let world = scene().await;
        let sweeps = Sweeps { baseline: Some(baseline()), ..Sweeps::of(&world) };
        let begin = Job::Sweep(Sweep { version: VERSION, sweep: sweep(1) });
        sweeps.deliver(&begin, 1).await;
        let jobs = world.take_jobs();
        tokio::join!(sweeps.deliver(&jobs[0], 1), sweeps.deliver(&jobs[1], 1));
        let last = world.take_jobs();
        // Both may have found all results there.
        assert!((1..=2).contains(&last.len()) && last.iter().all(|job| matches!(job, Job::Assemble(_))), "{last:?}");
        tokio::join!(sweeps.deliver(&last[0], 1), sweeps.deliver(&last[0], 1));
        sweeps.deliver(&last[0], 2).await;
        whole(&world, "beside each other");
    });
}
