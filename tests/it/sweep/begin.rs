//! How a sweep begins: what is in its parts, in which order, and what two starts at once come to.

use super::{Came, Declared, Sweeps, standings, strangers, sweep};
use crate::support::fleet;
use crate::support::run;
use crate::support::world::World;
use crate::support::{Trouble, with};
use ecr_steward::event::drift::{Job, Sweep, VERSION};
use ecr_steward::event::message::Message;
use ecr_steward::flow::drift::Switch;
use ecr_steward::flow::drift::sweep::{Manifest, OWNERS, Parcel, Started, manifest_key, part_key};
use ecr_steward::model::name::RepositoryName;
use ecr_steward::plan::ledger::{Claim, Direction, Release};
use ecr_steward::spec::Removal;
use ecr_steward::spec::findings::Glob;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

fn beginning(number: u32) -> Job {
    Job::Sweep(Sweep { version: VERSION, sweep: sweep(number) })
}

fn manifest(world: &World) -> Manifest {
    let found = world.object(&manifest_key(&sweep(1))).expect("a manifest");
    serde_json::from_value(found).expect("it reads back")
}

fn parcels(world: &World) -> Vec<Parcel> {
    let manifest = manifest(world);
    let read = |part| world.object(&part_key(&sweep(1), &manifest.listing, part)).expect("a part");
    (0..manifest.parts).map(read).map(|part| serde_json::from_value(part).expect("it reads back")).collect()
}

#[test]
fn every_repository_is_in_one_part_in_the_order_of_names_with_whoever_declares_it() {
    run(async {
        let world = World::new();
        world.with(|state| state.page_size = 70);
        strangers(&world, 230);
        let shop = Declared::made(&world, "shop", &fleet(&["a", "b"])).await;
        let came = Sweeps::of(&world).deliver(&beginning(1), 1).await;
        assert_eq!(came, Came::Started(Started::Begun { repositories: 232, parts: 3 }));
        let parcels = parcels(&world);
        let names: Vec<String> =
            parcels.iter().flat_map(|parcel| &parcel.repositories).map(|listed| listed.name.to_string()).collect();
        assert_eq!(names, world.names());
        assert_eq!(parcels.iter().map(|parcel| parcel.repositories.len()).collect::<Vec<_>>(), [100, 100, 32]);
        let held: Vec<(&str, &str)> = parcels
            .iter()
            .flat_map(|parcel| parcel.repositories.iter().map(move |listed| (parcel, listed)))
            .filter_map(|(parcel, listed)| {
                Some((listed.name.as_str(), parcel.holders[listed.holder?].owner.stack.as_str()))
            })
            .collect();
        assert_eq!(held, [("shop-dev-a", "shop"), ("shop-dev-b", "shop")]);
        let owners = json!({"shop-dev-a": shop.key(), "shop-dev-b": shop.key()});
        assert_eq!(world.object(OWNERS), Some(owners));
        let jobs = world.take_jobs();
        assert_eq!(jobs.iter().filter(|job| matches!(job, Job::Part(_))).count(), 3);
        assert_eq!(jobs.len(), 3);
    });
}

#[test]
fn what_is_declared_and_not_there_is_listed_too_unless_its_stack_is_gone() {
    run(async {
        let world = World::new();
        let shop = Declared::only(&world, "shop", &fleet(&["a"]));
        let gone = with(fleet(&["b"]), json!({"ProjectName": "gone"}));
        let gone = Declared::only(&world, "gone", &gone);
        world.with(|state| state.stacks.remove(&gone.arn));
        Sweeps::of(&world).deliver(&beginning(1), 1).await;
        let [parcel] = &parcels(&world)[..] else { panic!("one part") };
        let listed: Vec<(&str, bool)> =
            parcel.repositories.iter().map(|listed| (listed.name.as_str(), listed.missing)).collect();
        assert_eq!(listed, [("shop-dev-a", true)]);
        assert_eq!(parcel.holders[0].ledger, shop.key());
        // The cap is a share of what is there.
        assert_eq!(manifest(&world).repositories, 0);
    });
}

#[test]
fn an_owner_that_is_gone_yields_to_one_that_is_there_and_two_that_are_there_are_both_named() {
    run(async {
        let world = World::new();
        let first = Declared::made(&world, "first", &fleet(&["a"])).await;
        let second = Declared::only(&world, "second", &fleet(&["a"]));
        let holders = async |world: &World, number| {
            world.with(|state| state.objects.retain(|key, _| !key.starts_with("drift/")));
            Sweeps::of(world).deliver(&beginning(number), 1).await;
            let [parcel] = &parcels(world)[..] else { panic!("one part") };
            let listed = &parcel.repositories[0];
            let ledger = |at: Option<usize>| at.map(|at| parcel.holders[at].ledger.clone());
            (ledger(listed.holder), ledger(listed.contender))
        };
        let both = holders(&world, 1).await;
        let mut named = [both.0, both.1];
        named.sort();
        let mut wished = [Some(first.key()), Some(second.key())];
        wished.sort();
        assert_eq!(named, wished);
        world.with(|state| state.stacks.remove(&first.arn));
        assert_eq!(holders(&world, 1).await, (Some(second.key()), None));
        world.with(|state| state.stacks.remove(&second.arn));
        let orphaned = holders(&world, 1).await;
        assert!(orphaned.0.is_some() && orphaned.1.is_none());
    });
}

#[test]
fn of_two_starts_that_see_different_registries_the_first_to_write_the_manifest_decides() {
    run(async {
        let world = World::new();
        strangers(&world, 101);
        // The other one has seen one repository less, and comes first.
        world.with(|state| state.repositories.remove("team-00000"));
        let slower = World::new();
        strangers(&slower, 101);
        Sweeps::of(&slower).deliver(&beginning(1), 1).await;
        let theirs: BTreeMap<_, _> = slower.with(|state| state.objects.clone());
        let copied = Arc::new(theirs);
        let arrive = move |state: &mut crate::support::world::State| {
            state.objects.extend(copied.iter().map(|(key, object)| (key.clone(), object.clone())));
        };
        // One PUT is that of the owners, one that of the only part; the third is the manifest's.
        world.trouble_on("PutObject", 3, Trouble::Meanwhile(Arc::new(arrive)));
        let came = Sweeps::of(&world).deliver(&beginning(1), 1).await;
        assert_eq!(came, Came::Started(Started::Resumed { parts: 2 }));
        let results = Sweeps::of(&world).parts(&sweep(1)).await;
        assert_eq!(standings(&results).len(), 100);
        let dropped: Vec<_> = results.iter().flat_map(|result| &result.dropped).collect();
        assert_eq!(dropped.len(), 1);
        assert_eq!(dropped[0].name.as_str(), "team-00000");
    });
}

#[test]
fn a_start_that_comes_again_sends_only_what_has_no_result() {
    run(async {
        let world = World::new();
        strangers(&world, 250);
        let sweeps = Sweeps::of(&world);
        sweeps.deliver(&beginning(1), 1).await;
        let jobs = world.take_jobs();
        sweeps.deliver(&jobs[1], 1).await;
        assert_eq!(sweeps.deliver(&beginning(1), 2).await, Came::Started(Started::Resumed { parts: 2 }));
        assert_eq!(world.take_jobs(), [jobs[0].clone(), jobs[2].clone()]);
        for job in [&jobs[0], &jobs[2]] {
            sweeps.deliver(job, 1).await;
        }
        world.take_jobs();
        // The job that puts the report together may be lost with whoever sent it.
        assert_eq!(sweeps.deliver(&beginning(1), 3).await, Came::Started(Started::Resumed { parts: 0 }));
        assert!(matches!(&world.take_jobs()[..], [Job::Assemble(_)]));
        let all = sweeps.run(&sweep(1)).await;
        assert!(matches!(all.last(), Some(Came::Assembled(_))));
        assert_eq!(sweeps.deliver(&beginning(1), 4).await, Came::Started(Started::Over));
        assert!(world.take_jobs().is_empty());
    });
}

#[test]
fn off_begins_nothing_and_only_what_may_be_read_is_listed() {
    run(async {
        let world = World::new();
        strangers(&world, 3);
        world.put_strange("other", 0);
        let off = Sweeps { switch: Switch::Off, ..Sweeps::of(&world) };
        assert_eq!(off.run(&sweep(1)).await, [Came::Started(Started::Off)]);
        assert_eq!(world.keys(""), [""; 0]);
        assert_eq!(world.calls_to("ecr"), 0);
        let narrow = Sweeps { pattern: Glob("team-*".to_owned()), ..Sweeps::of(&world) };
        narrow.deliver(&beginning(1), 1).await;
        assert_eq!(parcels(&world)[0].repositories.len(), 3);
    });
}

#[test]
fn what_was_released_and_not_finished_is_handed_to_the_function_that_settles_it() {
    run(async {
        let world = World::new();
        let mut shop = Declared::made(&world, "shop", &fleet(&["a"])).await;
        let mut rest = Declared::made(&world, "rest", &with(fleet(&["a"]), json!({"ProjectName": "rest"}))).await;
        let release = Release {
            at: "2027-01-09T08:00:00Z".to_owned(),
            direction: Direction::Forward,
            on_remove: Removal::Delete,
            empty_on_delete: false,
            undo_adoption: false,
            kept: None,
        };
        let kept = Release { kept: Some("it still holds images".to_owned()), ..release.clone() };
        let name = |name| RepositoryName::parse(name).expect("a name");
        shop.ledger.released.insert(name("shop-dev-old"), release);
        rest.ledger.released.insert(name("rest-dev-old"), kept);
        shop.save(&world);
        rest.save(&world);
        Sweeps::of(&world).deliver(&beginning(1), 1).await;
        let sent = world.with(|state| std::mem::take(&mut state.queue));
        let [Message::Settle(settle)] = &sent[..] else { panic!("{sent:?}") };
        assert_eq!((settle.stack_id.as_str(), settle.logical_id.as_str()), (shop.arn.as_str(), "Images"));
        assert_eq!(settle.delay().as_secs(), 10);
        // Parameters that nobody publishes any more are a reason too.
        shop.ledger.released.clear();
        shop.ledger.parameters.insert("/ecr-steward/shop/dev/old/url".to_owned(), name("shop-dev-old"));
        shop.save(&world);
        Sweeps::of(&world).deliver(&beginning(2), 1).await;
        assert_eq!(world.with(|state| state.queue.len()), 1);
    });
}

#[test]
fn what_an_owner_is_doing_is_in_the_parts() {
    run(async {
        let world = World::new();
        let now = world.with(|state| state.overseen.now);
        let project = |name: &str| with(fleet(&["a"]), json!({"ProjectName": name}));
        let moving = Declared::made(&world, "moving", &project("moving")).await;
        world.stack_is(&moving.arn, "UPDATE_ROLLBACK_IN_PROGRESS");
        let mut claimed = Declared::made(&world, "claimed", &project("claimed")).await;
        claimed.ledger.claim = Some(Claim { holder: "request-9".to_owned(), until: now + 60, after: 0 });
        claimed.save(&world);
        let mut lapsed = Declared::made(&world, "lapsed", &project("lapsed")).await;
        lapsed.ledger.claim = Some(Claim { holder: "request-9".to_owned(), until: now - 60, after: 0 });
        lapsed.save(&world);
        let mut half = Declared::made(&world, "half", &project("half")).await;
        half.ledger.attempted.clone_from(&half.ledger.committed);
        half.save(&world);
        let gone = Declared::made(&world, "gone", &project("gone")).await;
        world.with(|state| state.stacks.remove(&gone.arn));
        Sweeps::of(&world).deliver(&beginning(1), 1).await;
        let holders: BTreeMap<String, String> = parcels(&world)[0]
            .holders
            .iter()
            .map(|holder| (holder.owner.stack.clone(), format!("{:?}, orphan {}", holder.hold, holder.owner.is_orphan)))
            .collect();
        insta::assert_debug_snapshot!(holders, @r#"
        {
            "claimed": "Moving(\"request-9 is at work on it\"), orphan false",
            "gone": "Orphan, orphan true",
            "half": "Moving(\"request request-1 has neither reached its declaration nor been taken back\"), orphan false",
            "lapsed": "AtRest, orphan false",
            "moving": "Moving(\"its stack is UPDATE_ROLLBACK_IN_PROGRESS\"), orphan false",
        }
        "#);
    });
}

#[test]
fn a_sweep_that_lost_its_messages_is_gone_on_with_by_a_later_one() {
    run(async {
        let world = World::new();
        strangers(&world, 120);
        let sweeps = Sweeps::of(&world);
        sweeps.deliver(&beginning(1), 1).await;
        world.take_jobs();
        world.pass(600);
        sweeps.deliver(&beginning(2), 1).await;
        let early = world.take_jobs();
        assert!(early.iter().all(|job| matches!(job, Job::Part(part) if part.sweep == sweep(2))), "{early:?}");
        world.pass(6 * 3_600);
        sweeps.deliver(&beginning(3), 1).await;
        let lost = |job: &Job| matches!(job, Job::Assemble(job) if job.sweep == sweep(1));
        let jobs = world.take_jobs();
        assert_eq!(jobs.iter().filter(|job| lost(job)).count(), 1, "{jobs:?}");
        let came = sweeps.deliver(jobs.iter().find(|job| lost(job)).unwrap(), 1).await;
        assert!(matches!(came, Came::Assembled(_)), "{came:?}");
        let parts = world.take_jobs();
        assert!(parts.iter().any(|job| matches!(job, Job::Part(part) if part.sweep == sweep(1))), "{parts:?}");
    });
}
