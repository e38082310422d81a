//! Sweeps of many repositories: the calls are counted, and `docs/scale.md` says what they come to.

use super::{Came, Sweeps, report, sweep};
use crate::support::run;
use crate::support::world::World;
use ecr_steward::event::drift::{Job, Sweep, VERSION};
use ecr_steward::flow::drift::sweep::{Manifest, REPOSITORIES_PER_PART, Started, WORKERS, manifest_key};
use ecr_steward::flow::drift::{SCANNING_PER_CALL, ScanFrequency};
use ecr_steward::flow::survey::AT_ONCE;
use ecr_steward::spec::baseline::{Baseline, check};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Largest page of `DescribeRepositories` and of `ListObjectsV2` (API models).
const PAGE: usize = 1_000;
/// Messages of one `SendMessageBatch` (SQS API model).
const BATCH: usize = 10;
/// What one call to ECR is taken to last, in milliseconds.
const LATENCY: usize = 50;
/// Memory of the function, in MB; `MemorySize` in the template.
const MEMORY: usize = 256;
/// Sweeps in a month of 30 days, one in six hours.
const SWEEPS: usize = 120;

/// List prices of us-east-1 in millionths of a dollar, for a thousand of each.
const PUT: f64 = 5_000.0;
const GET: f64 = 400.0;
const SQS: f64 = 400.0;
const INVOCATION: f64 = 200.0;
/// Of one GB-second on arm64, in millionths of a dollar.
const GB_SECOND: f64 = 13.3334;

/// What one sweep of a registry takes where nothing is to be mended and nobody declares anything.
struct Estimate {
    repositories: usize,
    calls: BTreeMap<&'static str, usize>,
}

impl Estimate {
    fn of(repositories: usize, tags: bool) -> Self {
        let parts = repositories.div_ceil(REPOSITORIES_PER_PART);
        let rest = repositories - (parts - 1) * REPOSITORIES_PER_PART;
        let full = REPOSITORIES_PER_PART.div_ceil(SCANNING_PER_CALL);
        let pages = |keys: usize| keys.div_ceil(PAGE).max(1);
        let calls = [
            ("DescribeRepositories", repositories.div_ceil(PAGE) + parts),
            ("GetRegistryScanningConfiguration", parts),
            ("BatchGetRepositoryScanningConfiguration", full * (parts - 1) + rest.div_ceil(SCANNING_PER_CALL)),
            ("GetLifecyclePolicy", repositories),
            ("GetRepositoryPolicy", repositories),
            ("ListTagsForResource", if tags { repositories } else { 0 }),
            // Start: owners, parts, manifest. Each part: its result. The end: the report twice, which is the latest, the mark.
            ("PutObject", 1 + parts + 1 + parts + 3 + 3 + 1 + 1),
            // Start: mark and manifest. Each part: manifest, result, part, what an earlier run left. The end: mark,
            // manifest, all results twice, an earlier try's report, and three times which is the latest.
            ("GetObject", 2 + 4 * parts + 2 + 2 * parts + 1 + 2),
            // Sweeps that came to a halt; ledgers; the results after each part and at the end; what is to be cleared, twice.
            ("ListObjectsV2", 2 + (1..=parts).map(pages).sum::<usize>() + pages(parts) + pages(2 * parts + 1) + 1),
            ("DeleteObject", 2 + 2 * parts),
            ("SendMessageBatch", 2),
        ];
        Self { repositories, calls: calls.into_iter().filter(|(_, calls)| *calls > 0).collect() }
    }

    fn of_call(&self, operation: &str) -> usize {
        self.calls.get(operation).copied().unwrap_or_default()
    }

    fn parts(&self) -> usize {
        self.of_call("GetRegistryScanningConfiguration")
    }

    /// Calls to ECR.
    fn reads(&self) -> usize {
        let s3 = ["PutObject", "GetObject", "ListObjectsV2", "DeleteObject", "SendMessageBatch"];
        self.calls.iter().filter(|(operation, _)| !s3.contains(operation)).map(|(_, calls)| calls).sum()
    }

    /// Milliseconds that calls to ECR are waited for by one worker alone.
    fn waited(&self) -> usize {
        self.reads() * LATENCY / AT_ONCE
    }

    /// Messages: the parts, the beginning and the end; each is sent, received and deleted, ten at a time at best.
    fn queue_requests(&self) -> usize {
        let messages = self.parts() + 2;
        messages.div_ceil(BATCH) + 2 * messages
    }

    fn gb_seconds(&self) -> f64 {
        number(self.waited()) / 1_000.0 * number(MEMORY) / 1_024.0
    }

    /// Millionths of a dollar: S3, SQS, Lambda.
    fn cost(&self) -> [f64; 3] {
        let thousands = |calls: usize| number(calls) / 1_000.0;
        let s3 = thousands(self.of_call("PutObject") + self.of_call("ListObjectsV2")) * PUT
            + thousands(self.of_call("GetObject")) * GET;
        let lambda = self.gb_seconds() * GB_SECOND + thousands(self.parts() + 2) * INVOCATION;
        [s3, thousands(self.queue_requests()) * SQS, lambda]
    }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("a count"))
}

/// Groups of three digits.
fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn lasting(milliseconds: usize) -> String {
    let seconds = milliseconds.div_ceil(1_000);
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min", seconds.div_ceil(60)) }
}

fn dollars(millionths: f64) -> String {
    format!("${:.4}", millionths / 1e6)
}

/// The tables of the page.
fn tables() -> String {
    let all: Vec<Estimate> = [504, 10_000, 100_000].map(|many| Estimate::of(many, false)).into();
    let mut out = String::new();
    let mut row = |name: &str, of: &dyn Fn(&Estimate) -> String| {
        let cells: Vec<String> = all.iter().map(of).collect();
        let _ = writeln!(out, "| {name} | {} |", cells.join(" | "));
    };
    row("repositories", &|estimate| grouped(estimate.repositories));
    row("---", &|_| "---:".to_owned());
    row("parts, each a message", &|estimate| grouped(estimate.parts()));
    for operation in all[0].calls.keys().filter(|operation| **operation != "SendMessageBatch") {
        row(&format!("`{operation}`"), &|estimate| grouped(estimate.of_call(operation)));
    }
    row("requests to SQS", &|estimate| grouped(estimate.queue_requests()));
    row("**calls to ECR**", &|estimate| grouped(estimate.reads()));
    row("per repository", &|estimate| format!("{:.3}", number(estimate.reads()) / number(estimate.repositories)));
    row("per repository where a rule looks at tags", &|estimate| {
        let tagged = Estimate::of(estimate.repositories, true);
        format!("{:.3}", number(tagged.reads()) / number(tagged.repositories))
    });
    row("**time**, all workers", &|estimate| lasting(estimate.waited() / WORKERS));
    row("time, one worker alone", &|estimate| lasting(estimate.waited()));
    row("GB-seconds of Lambda", &|estimate| format!("{:.1}", estimate.gb_seconds()));
    row("S3", &|estimate| dollars(estimate.cost()[0]));
    row("SQS", &|estimate| dollars(estimate.cost()[1]));
    row("Lambda", &|estimate| dollars(estimate.cost()[2]));
    row("**cost of a sweep**", &|estimate| dollars(estimate.cost().iter().sum()));
    row("a month of sweeps", &|estimate| format!("${:.2}", estimate.cost().iter().sum::<f64>() * number(SWEEPS) / 1e6));
    out
}

fn many(count: usize) -> World {
    let world = World::new();
    for number in 0..count {
        world.put_strange(&format!("team-{:02}/service-{number:06}", number % 40), 0);
    }
    world.with(|state| state.overseen.scan_rules.push(("team-01*", ScanFrequency::ScanOnPush)));
    world.start_counting();
    world
}

fn baseline() -> Baseline {
    let rule = json!({"Name": "everything", "Match": {"Names": ["*"]}, "Require": {"ScanOnPush": true}});
    let properties = json!({"Rules": [rule]});
    check(properties.as_object().expect("a map")).expect("a baseline")
}

/// Calls by operation.
fn counted(world: &World) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for (_, operation) in world.all_calls() {
        *counts.entry(operation).or_default() += 1;
    }
    counts
}

#[test]
fn the_page_says_what_the_constants_come_to() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scale.md");
    let page = std::fs::read_to_string(path).expect("docs/scale.md is there");
    let tables = tables();
    assert!(page.contains(&tables), "docs/scale.md does not hold what the constants come to:\n{tables}");
    let said = [
        format!("{REPOSITORIES_PER_PART} repositories"),
        format!("{WORKERS} workers"),
        format!("{AT_ONCE} calls at a time"),
        format!("{LATENCY} ms"),
        format!("{MEMORY} MB"),
    ];
    for words in said {
        assert!(page.contains(&words), "docs/scale.md does not say: {words}");
    }
}

#[test]
fn the_function_has_the_memory_and_the_workers_that_were_reckoned_with() {
    let template = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/template.yaml")).expect("a template");
    let Some(function) = template.split("\n  DriftFunction:\n").nth(1) else {
        panic!("the template has no DriftFunction");
    };
    let own = function.split("\n  DriftQueue:\n").next().expect("its text");
    assert!(own.contains(&format!("MemorySize: {MEMORY}\n")), "its memory");
    assert!(own.contains(&format!("MaximumConcurrency: {WORKERS}\n")), "its workers");
}

#[test]
fn ten_thousand_repositories_take_the_calls_that_were_reckoned_and_are_all_in_the_report() {
    run(async {
        for size in [504, 10_000] {
            let world = many(size);
            let sweeps = Sweeps { baseline: Some(baseline()), ..Sweeps::of(&world) };
            let came = sweeps.run(&sweep(1)).await;
            let mut wished = Estimate::of(size, false).calls;
            // The jobs of the parts go in one call of the port, which sends ten at a time.
            wished.insert("SendMessageBatch", 2);
            assert_eq!(counted(&world), wished, "{size}");
            let parts = came.iter().filter(|came| matches!(came, Came::Parted(_))).count();
            assert_eq!(parts, size.div_ceil(REPOSITORIES_PER_PART));
            let report = report(&world);
            let names: Vec<String> = report.repositories.iter().map(|line| line.name.to_string()).collect();
            assert_eq!(names, world.names());
        }
    });
}

#[test]
fn a_hundred_thousand_repositories_become_a_thousand_parts() {
    run(async {
        let size = 100_000;
        let world = many(size);
        let begin = Job::Sweep(Sweep { version: VERSION, sweep: sweep(1) });
        let came = Sweeps::of(&world).deliver(&begin, 1).await;
        assert_eq!(came, Came::Started(Started::Begun { repositories: size, parts: 1_000 }));
        let manifest = world.object(&manifest_key(&sweep(1))).expect("a manifest");
        let manifest: Manifest = serde_json::from_value(manifest).expect("it reads back");
        assert_eq!((manifest.repositories, manifest.parts), (size, 1_000));
        assert_eq!(counted(&world)["DescribeRepositories"], 100);
        assert_eq!(counted(&world)["PutObject"], 1_002);
        let jobs = world.take_jobs();
        assert_eq!(jobs.len(), 1_000);
        let largest = jobs.iter().map(|job| serde_json::to_string(job).expect("a job").len()).max();
        assert!(largest < Some(200), "messages name a part and nothing else");
        // Every repository is in one part: the first, the last and one between them are done as any other.
        for at in [0, 499, 999] {
            assert!(matches!(Sweeps::of(&world).deliver(&jobs[at], 1).await, Came::Parted(_)));
        }
        let kept = world.with(|state| {
            let parts = state.objects.iter().filter(|(key, _)| key.contains("/parts/"));
            parts.map(|(_, (bytes, _))| bytes.len()).sum::<usize>()
        });
        assert!(kept < size * 64, "{kept} bytes of parts");
    });
}
