//! What happens while a sweep goes on: repositories come and go, owners begin to move, time runs out, services are down.

use super::{Came, Declared, Sweeps, report, standings, strangers, sweep};
use crate::support::world::World;
use crate::support::{Trouble, When, fleet, run, with};
use ecr_steward::event::drift::{Job, Part, Sweep, VERSION};
use ecr_steward::fault::FaultKind;
use ecr_steward::flow::drift::sweep::{Parted, Started};
use ecr_steward::flow::drift::{Book, Switch};
use ecr_steward::plan::posture::{Action, Status};
use ecr_steward::spec::baseline::{Baseline, check};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

fn baseline(mode: &str, cap: u32) -> Baseline {
    let rule = json!({"Name": "everything", "Match": {"Names": ["*"]}, "Require": {"ScanOnPush": true}});
    let properties = json!({"Mode": mode, "Rules": [rule], "MaxChangesPerRun": cap});
    check(properties.as_object().expect("a map")).expect("a baseline")
}

fn enforced(names: &[&str], more: Value) -> Value {
    with(with(fleet(names), json!({"DriftMode": "Enforce"})), more)
}

async fn begun(sweeps: &Sweeps<'_>) -> Vec<Job> {
    let begin = Job::Sweep(Sweep { version: VERSION, sweep: sweep(1) });
    assert!(matches!(sweeps.deliver(&begin, 1).await, Came::Started(Started::Begun { .. })));
    sweeps.world.take_jobs()
}

#[test]
fn an_owner_that_begins_to_move_after_the_start_is_left_alone_and_at_rest_it_is_mended() {
    run(async {
        let world = World::new();
        let shop = Declared::made(&world, "shop", &enforced(&["a"], json!({}))).await;
        world.nudge("shop-dev-a", |repo| repo.scan_on_push = false);
        let sweeps = Sweeps::of(&world);
        let jobs = begun(&sweeps).await;
        world.stack_is(&shop.arn, "UPDATE_IN_PROGRESS");
        sweeps.deliver(&jobs[0], 1).await;
        let alone = &standings(&sweeps.results(&sweep(1)))["shop-dev-a"];
        assert!(alone.notes.iter().any(|note| note.contains("UPDATE_IN_PROGRESS")), "{:?}", alone.notes);
        assert_eq!(world.writes(), [""; 0]);
        world.stack_is(&shop.arn, "UPDATE_COMPLETE");
        sweeps.run(&sweep(2)).await;
        assert_eq!(world.writes(), ["ecr:PutImageScanningConfiguration"]);
        let report = report(&world);
        assert_eq!((report.head.summary.mended, report.head.run.ecr_writes), (1, 1));
        assert!(world.repo("shop-dev-a").expect("it is there").scan_on_push);
    });
}

#[test]
fn what_is_deleted_meanwhile_is_dropped_with_a_note_and_what_is_declared_is_made_again() {
    run(async {
        let world = World::new();
        strangers(&world, 40);
        Declared::made(&world, "shop", &enforced(&["a", "b"], json!({}))).await;
        let late = enforced(&["z"], json!({"ProjectName": "late"}));
        Declared::only(&world, "late", &late);
        let sweeps = Sweeps::of(&world);
        let jobs = begun(&sweeps).await;
        world.with(|state| {
            for name in ["team-00003", "team-00017", "shop-dev-b"] {
                state.repositories.remove(name);
            }
        });
        // One that was missing at the start is there by now, and as it is declared.
        world.with(|state| {
            let made = state.repositories["shop-dev-a"].clone();
            state.repositories.insert("late-dev-z".to_owned(), made);
        });
        for job in &jobs {
            sweeps.deliver(job, 1).await;
        }
        let results = sweeps.results(&sweep(1));
        let dropped: Vec<&str> =
            results.iter().flat_map(|result| &result.dropped).map(|dropped| dropped.name.as_str()).collect();
        assert_eq!(dropped, ["team-00003", "team-00017"]);
        let standings = standings(&results);
        assert_eq!(standings.len(), 41);
        let made = &standings["shop-dev-b"].checks;
        assert!(made.iter().any(|check| matches!(check.action, Action::Mended(_))), "{made:?}");
        assert!(world.repo("shop-dev-b").is_some());
        let creations = world.writes().iter().filter(|write| **write == "ecr:CreateRepository").count();
        assert_eq!(creations, 1);
        for job in world.take_jobs() {
            sweeps.deliver(&job, 1).await;
        }
        let notes = report(&world).head.notes.join("\n");
        assert!(notes.contains("team-00003") && notes.contains("team-00017"), "{notes}");
    });
}

#[test]
fn a_repository_that_two_declare_is_left_alone() {
    run(async {
        let world = World::new();
        Declared::made(&world, "first", &enforced(&["a"], json!({}))).await;
        Declared::only(&world, "second", &enforced(&["a"], json!({})));
        world.nudge("shop-dev-a", |repo| repo.scan_on_push = false);
        let sweeps = Sweeps { baseline: Some(baseline("Enforce", 100)), ..Sweeps::of(&world) };
        let found = standings(&sweeps.parts(&sweep(1)).await);
        let notes = found["shop-dev-a"].notes.join("\n");
        assert!(notes.contains("declares it too"), "{notes}");
        assert_eq!(world.writes(), [""; 0]);
    });
}

#[test]
fn a_part_without_time_left_is_handed_back_and_goes_on_where_it_stopped() {
    run(async {
        let world = World::new();
        strangers(&world, 60);
        let sweeps = Sweeps { left: Duration::from_secs(9), ..Sweeps::of(&world) };
        world.always("GetLifecyclePolicy", Trouble::Slow(Duration::from_secs(2)));
        let came = sweeps.run(&sweep(1)).await;
        let back = came.iter().filter(|came| matches!(came, Came::Parted(Parted::HandedBack { .. }))).count();
        assert!((1..=4).contains(&back), "{came:?}");
        assert_eq!(report(&world).repositories.len(), 60);
        // At most those under way when time ran out are looked at again.
        assert!(world.calls_of("GetLifecyclePolicy") <= 60 + 8 * back);
    });
}

#[test]
fn a_part_that_fails_again_and_again_is_given_up_as_unknown_and_the_sweep_ends() {
    run(async {
        let world = World::new();
        strangers(&world, 130);
        let sweeps = Sweeps { baseline: Some(baseline("Enforce", 100)), ..Sweeps::of(&world) };
        let jobs = begun(&sweeps).await;
        sweeps.deliver(&jobs[0], 1).await;
        let mended = world.writes().len();
        world.always("DescribeRepositories", Trouble::Fail(When::Before, FaultKind::Unavailable));
        for tries in 1..5 {
            assert!(matches!(sweeps.deliver(&jobs[1], tries).await, Came::Failed(_)));
        }
        assert_eq!(sweeps.deliver(&jobs[1], 5).await, Came::GivenUp(Parted::Done { last: true }));
        world.calm();
        for job in world.take_jobs() {
            sweeps.deliver(&job, 1).await;
        }
        let report = report(&world);
        assert_eq!((report.repositories.len(), mended), (130, 100));
        let unknown = report.repositories.iter().skip(100).flat_map(|line| &line.checks);
        assert_eq!(unknown.filter(|check| check.status == Status::Unknown).count(), 30);
        assert_eq!(report.head.summary.unknown_repositories, 30);
        let note = &report.repositories[129].checks[0].note;
        assert!(note.contains("DescribeRepositories"), "{note}");
    });
}

#[test]
fn what_is_denied_is_unknown_and_others_go_on() {
    run(async {
        let world = World::new();
        strangers(&world, 20);
        let sweeps = Sweeps { baseline: Some(baseline("ReportOnly", 100)), ..Sweeps::of(&world) };
        let jobs = begun(&sweeps).await;
        world.trouble_on("DescribeRepositories", 1, Trouble::Fail(When::Before, FaultKind::Denied));
        assert_eq!(sweeps.deliver(&jobs[0], 1).await, Came::Parted(Parted::Done { last: true }));
        let all = standings(&sweeps.results(&sweep(1)));
        assert_eq!(all.len(), 20);
        assert!(all.values().all(|standing| standing.checks.iter().all(|check| check.status == Status::Unknown)));
    });
}

#[test]
fn a_throttled_part_goes_on_half_as_fast_and_knows_everything_in_the_end() {
    run(async {
        let time = async |throttled: bool| {
            let world = World::new();
            strangers(&world, 96);
            let sweeps = Sweeps { baseline: Some(baseline("ReportOnly", 100)), ..Sweeps::of(&world) };
            let jobs = begun(&sweeps).await;
            if throttled {
                // All that are under way are told so.
                for nth in 1..=8 {
                    world.trouble_on("GetLifecyclePolicy", nth, Trouble::Fail(When::Before, FaultKind::Throttled));
                }
            }
            world.always("GetRepositoryPolicy", Trouble::Slow(Duration::from_secs(4)));
            let begun = Instant::now();
            sweeps.deliver(&jobs[0], 1).await;
            let all = standings(&sweeps.results(&sweep(1)));
            assert!(all.values().flat_map(|standing| &standing.checks).all(|check| check.status != Status::Unknown));
            assert_eq!(all.len(), 96);
            begun.elapsed().as_secs()
        };
        assert_eq!(time(false).await, 96 / 8 * 4);
        let slower = time(true).await;
        assert!((80..=96 / 4 * 4 + 1).contains(&slower), "{slower} s");
    });
}

#[test]
fn a_switch_turned_off_meanwhile_ends_the_sweep_without_a_look() {
    run(async {
        let world = World::new();
        strangers(&world, 5);
        let sweeps = Sweeps { baseline: Some(baseline("Enforce", 100)), ..Sweeps::of(&world) };
        let jobs = begun(&sweeps).await;
        world.start_counting();
        let off = Sweeps { switch: Switch::Off, baseline: sweeps.baseline.clone(), ..Sweeps::of(&world) };
        off.deliver(&jobs[0], 1).await;
        for job in world.take_jobs() {
            off.deliver(&job, 1).await;
        }
        assert_eq!(world.calls_to("ecr"), 0);
        let report = report(&world);
        assert_eq!((report.head.kill_switch.as_str(), report.head.summary.unknown_repositories), ("off", 5));
    });
}

#[test]
fn a_change_that_no_event_told_of_is_in_the_report_and_old_marks_go() {
    run(async {
        let world = World::new();
        strangers(&world, 6);
        let sweeps = Sweeps { baseline: Some(baseline("ReportOnly", 100)), ..Sweeps::of(&world) };
        let heard = async |name: &str| {
            let key = format!("drift/heard/{name}");
            Book::write(&world, &key, b"{}".to_vec(), "application/json", None).await.expect("it is written");
        };
        heard("team-00005").await;
        world.pass(3_600);
        sweeps.run(&sweep(1)).await;
        assert_eq!(world.keys("drift/heard/"), [""; 0]);
        world.pass(3_600);
        for name in ["team-00001", "team-00002"] {
            world.nudge(name, |repo| repo.scan_on_push = true);
        }
        heard("team-00002").await;
        world.pass(3_600);
        sweeps.run(&sweep(2)).await;
        let since = report(&world).head.since_last;
        assert_eq!(since.changed_unannounced.listed, ["team-00001"]);
        assert!(since.note.is_some());
        assert_eq!(world.keys("drift/heard/"), [""; 0]);
    });
}

#[test]
fn an_older_sweep_that_ends_later_does_not_become_the_latest_and_both_clear_up() {
    run(async {
        let world = World::new();
        strangers(&world, 3);
        let sweeps = Sweeps { baseline: Some(baseline("ReportOnly", 100)), ..Sweeps::of(&world) };
        sweeps.parts(&sweep(1)).await;
        world.put_strange("team-new", 0);
        sweeps.run(&sweep(2)).await;
        sweeps.run(&sweep(1)).await;
        let latest = report(&world);
        assert_eq!((latest.head.run.sweep.as_str(), latest.repositories.len()), (sweep(2).0.as_str(), 4));
        let wished: Vec<String> = [1, 2].map(|number| format!("drift/sweeps/{}/done.json", sweep(number).0)).into();
        assert_eq!(world.keys("drift/sweeps/"), wished);
        assert_eq!(world.keys("drift/budget/"), [""; 0]);
        assert_eq!(world.keys("reports/2027-01-10/").len(), 6);
        let third = sweeps.run(&sweep(3)).await;
        assert!(matches!(third.last(), Some(Came::Assembled(_))));
        let started = &report(&world).head.since_last;
        assert_eq!(started.previous.as_deref(), Some(latest.head.run.started.as_str()));
    });
}

#[test]
fn new_tags_of_a_stack_come_to_its_repositories_and_then_to_its_record() {
    run(async {
        for (mode, arrives) in [("Enforce", true), ("ReportOnly", false)] {
            let world = World::new();
            let properties = with(fleet(&["a", "b"]), json!({"PropagateStackTags": true, "DriftMode": mode}));
            let shop = Declared::made(&world, "shop", &properties).await;
            let tag = |value: Option<&str>| {
                world.with(|state| {
                    let tags = &mut state.stacks.get_mut(&shop.arn).expect("a stack").tags;
                    tags.clear();
                    tags.extend(value.map(|value| ("cost-centre".to_owned(), value.to_owned())));
                });
            };
            let borne = || world.repo("shop-dev-b").expect("it is there").tags.get("cost-centre").cloned();
            let noted = || world.object(&shop.key()).expect("a ledger")["stack_tags"]["cost-centre"].clone();
            tag(Some("42"));
            Sweeps::of(&world).run(&sweep(1)).await;
            assert_eq!(borne(), arrives.then(|| "42".to_owned()));
            assert_eq!(noted(), if arrives { json!("42") } else { Value::Null });
            let before = world.calls_of("ListTagsForResource");
            Sweeps::of(&world).run(&sweep(2)).await;
            // Tags are read only where the stack's are others than were propagated.
            assert_eq!(world.calls_of("ListTagsForResource") - before, if arrives { 0 } else { 2 });
            tag(None);
            Sweeps::of(&world).run(&sweep(3)).await;
            assert_eq!((borne(), noted()), (None, Value::Null));
        }
    });
}

#[test]
fn the_cap_is_one_for_all_parts_and_a_job_of_a_sweep_that_is_over_does_nothing() {
    run(async {
        let world = World::new();
        strangers(&world, 250);
        let sweeps = Sweeps { baseline: Some(baseline("Enforce", 120)), ..Sweeps::of(&world) };
        sweeps.run(&sweep(1)).await;
        assert_eq!(world.writes().len(), 120);
        let report = report(&world);
        assert_eq!((report.head.summary.mended, report.head.summary.withheld), (120, 130));
        let late = Job::Part(Part { version: VERSION, sweep: sweep(1), part: 0 });
        assert_eq!(sweeps.deliver(&late, 1).await, Came::Parted(Parted::Nothing));
        assert_eq!(world.writes().len(), 120);
        sweeps.run(&sweep(2)).await;
        assert_eq!(world.writes().len(), 240);
    });
}
