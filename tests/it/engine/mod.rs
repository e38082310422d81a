//! A CloudFormation engine in memory, driven by random histories: stacks are made, changed, rolled back and deleted
//! while requests are delivered twice, late and out of order, answers are lost, processes die at any call, permissions
//! go, and other resources of the stack fail at any moment. What must hold whatever happens is in `laws`.
//!
//! Each history has a number, and the same number is always the same history. CI runs the first ones; a failure names
//! its number and what it shrank to, and `HISTORY=<number> cargo test engine` plays it again. `HISTORIES=<count>` runs
//! more, beginning at `FROM`.

mod delivery;
mod laws;
mod stack;

use crate::support::run;
use crate::support::specs::declarations;
use crate::support::world::World;
use delivery::{Bed, Faults};
use ecr_steward::fault::FaultKind;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use stack::{Deployment, OWNERS, Stack};
use std::sync::atomic::{AtomicU64, Ordering};

/// Histories of a run in CI.
const HISTORIES: u64 = 2_000;
/// `s` existed before and is nobody's; `f` belongs to a stack that is not simulated.
const NAMES: &[&str] = &["a", "b", "c", "s"];
const WITH_FOREIGN: &[&str] = &["a", "c", "f"];
const OPERATIONS: &[&str] = &[
    "DescribeRepositories",
    "CreateRepository",
    "PutLifecyclePolicy",
    "TagResource",
    "DeleteRepository",
    "PutParameter",
    "DescribeStacks",
    "GetObject",
    "PutObject",
    "SendMessage",
];

/// One thing that happens.
#[derive(Clone, Debug)]
enum Event {
    /// A template is deployed: a stack is made, or updated.
    Deploy { stack: usize, deployment: Deployment },
    /// Two stacks are deployed at the same moment.
    Race { properties: [Value; 2] },
    /// A stack is deleted.
    Delete { stack: usize, faults: Faults },
    /// Somebody pushes an image.
    Push { name: &'static str },
    /// A request of the past is delivered once more.
    Again { back: usize },
    /// The delayed queue delivers what it has.
    Settle,
    /// A new version of us no longer knows a property that the template has.
    Upgrade { stack: usize },
}

/// What becomes of the stack's other resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sibling {
    Fine,
    /// One fails after ours has succeeded.
    FailsAfterwards,
    /// One fails while ours is at work, after so many seconds; CloudFormation does not wait for ours.
    FailsMeanwhile(u64),
}

fn events() -> BoxedStrategy<Vec<Event>> {
    let properties = || prop_oneof![9 => declarations(NAMES), 1 => declarations(WITH_FOREIGN)];
    let sibling = prop_oneof![
        6 => Just(Sibling::Fine),
        2 => Just(Sibling::FailsAfterwards),
        2 => (0..40_u64).prop_map(Sibling::FailsMeanwhile),
    ];
    let deploy = (0..2_usize, properties(), sibling, faults(), faults()).prop_map(
        |(stack, properties, sibling, mut faults, back)| {
            // Only a request that takes its time can be overtaken.
            faults.slow |= matches!(sibling, Sibling::FailsMeanwhile(_));
            Event::Deploy { stack, deployment: Deployment { properties, sibling, faults, back } }
        },
    );
    let race = (properties(), properties()).prop_map(|(one, two)| Event::Race { properties: [one, two] });
    let one = prop_oneof![
        8 => deploy,
        1 => race,
        1 => (0..2_usize, faults()).prop_map(|(stack, faults)| Event::Delete { stack, faults }),
        2 => select(vec!["a", "b", "c"]).prop_map(|name| Event::Push { name }),
        2 => (0..6_usize).prop_map(|back| Event::Again { back }),
        2 => Just(Event::Settle),
        1 => (0..2_usize).prop_map(|stack| Event::Upgrade { stack }),
    ];
    proptest::collection::vec(one, 1..7).boxed()
}

fn faults() -> BoxedStrategy<Faults> {
    let dies = proptest::option::weighted(0.25, (1..60_usize, any::<bool>()));
    let fails = proptest::option::weighted(
        0.2,
        (
            select(OPERATIONS.to_vec()),
            select(vec![FaultKind::Denied, FaultKind::Unavailable, FaultKind::Throttled]),
            1..12_usize,
        ),
    );
    let odds = |weight| proptest::bool::weighted(weight);
    (dies, fails, odds(0.1), odds(0.1), odds(0.1), odds(0.15), proptest::option::weighted(0.25, 0..6_usize))
        .prop_map(|(dies, fails, dies_answered, undelivered, twice, slow, stale)| Faults {
            dies,
            fails,
            dies_answered,
            undelivered,
            twice,
            slow,
            stale,
        })
        .boxed()
}

async fn play(history: Vec<Event>) {
    let world = World::new();
    world.put_neighbour("shop-dev-f");
    world.put_strange("shop-dev-s", 7);
    let bed = Bed::new(&world);
    let mut stacks = [Stack::new(0), Stack::new(1)];
    for event in history {
        Box::pin(happens(&bed, &mut stacks, event)).await;
        bed.laws_hold();
        for stack in &stacks {
            stack.declared_is_there(&bed);
        }
    }
    for stack in &mut stacks {
        Box::pin(stack.comes_to_peace(&bed)).await;
    }
    bed.laws_hold();
    bed.nothing_of_ours_is_left(&OWNERS);
}

async fn happens(bed: &Bed<'_>, stacks: &mut [Stack; 2], event: Event) {
    match event {
        Event::Deploy { stack, deployment } => {
            let others = bed.of_owner(OWNERS[1 - stack]);
            stacks[stack].deploy(bed, &deployment).await;
            assert_eq!(bed.of_owner(OWNERS[1 - stack]), others, "what the other stack owns has changed");
        }
        Event::Race { properties: [one, two] } => {
            let [left, right] = stacks;
            let (one, two) = (Deployment::calm(one), Deployment::calm(two));
            tokio::join!(left.deploy(bed, &one), right.deploy(bed, &two));
        }
        Event::Delete { stack, faults } => stacks[stack].delete(bed, &faults).await,
        Event::Push { name } => bed.push(name),
        Event::Again { back } => bed.again(back).await,
        Event::Settle => bed.settle().await,
        Event::Upgrade { stack } => stacks[stack].upgrade(bed),
    }
}

/// Plays one history; a failure is shrunk first.
fn play_number(number: u64) {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    let config = Config { cases: 1, failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let outcome = runner.run(&events(), |history| {
        run(play(history));
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("history {number} (HISTORY={number} plays it again): {failure}");
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a test runs is no setting of the program")]
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number")))
}

/// Rows: 2, 11, 15, 16, 30, 41, 48, 51.
#[test]
fn whatever_happens_every_request_is_answered_once_and_every_stack_comes_to_peace() {
    let (from, count) = match asked("HISTORY") {
        Some(number) => (number, 1),
        None => (asked("FROM").unwrap_or(0), asked("HISTORIES").unwrap_or(HISTORIES)),
    };
    let next = AtomicU64::new(from);
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= from + count {
                break;
            }
            play_number(number);
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let build = || std::thread::Builder::new().stack_size(64 << 20);
        let workers: Vec<_> = (0..threads).map(|_| build().spawn_scoped(scope, work).expect("a thread")).collect();
        for worker in workers {
            if let Err(panic) = worker.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    println!("{count} histories from number {from}");
}

#[test]
fn the_same_number_is_the_same_history() {
    let history = |number: u64| {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&number.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        format!("{:?}", events().new_tree(&mut runner).expect("a history").current())
    };
    assert_eq!(history(7), history(7));
    assert_ne!(history(7), history(8));
}

/// The properties of a fleet under a name that this version does not know.
fn retired(mut properties: Value) -> Value {
    properties["RetiredProperty"] = json!("yes");
    properties
}
