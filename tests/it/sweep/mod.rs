//! Sweeps of a Region in memory: a queue that delivers at least once, in whatever order a test likes, to workers that may
//! end anywhere.

mod begin;
mod crashes;
mod life;
mod reads;
mod scale;

use crate::support::scene::PREFIX;
use crate::support::world::World;
use ecr_steward::event::drift::{Job, Sweep, SweepId, VERSION};
use ecr_steward::fault::Fault;
use ecr_steward::flow::carry_out::carry_out;
use ecr_steward::flow::drift::Switch;
use ecr_steward::flow::drift::sweep::{
    Assembled, PartResult, Parted, Started, Tour, assemble, give_up, part, result_key, start,
};
use ecr_steward::flow::look::{Subject, decide, look};
use ecr_steward::model::identity::{Identity, StackId};
use ecr_steward::model::place::Place;
use ecr_steward::plan::ledger::{Declaration, Ledger};
use ecr_steward::plan::posture::Standing;
use ecr_steward::report::compliance::Report;
use ecr_steward::spec::baseline::Baseline;
use ecr_steward::spec::findings::Glob;
use ecr_steward::spec::fleet::{Surroundings, check};
use jiff::civil::{Date, date};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

/// Deliveries of one job before it is given up; `maxReceiveCount` of the queue.
const MOST_TRIES: u32 = 5;
/// Deliveries after which a queue that never empties is a mistake.
const MOST_DELIVERIES: usize = 20_000;

pub(crate) fn place() -> Place {
    Place { partition: "aws".into(), region: "eu-west-1".into(), account: "123456789012".into() }
}

/// The n-th sweep there is.
pub(crate) fn sweep(number: u32) -> SweepId {
    SweepId(format!("20270110T{number:06}Z-0000abcd"))
}

fn today() -> Date {
    date(2027, 1, 10)
}

/// What one delivery came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    Started(Started),
    Parted(Parted),
    Assembled(Assembled),
    /// The function ended in the middle of it.
    Died,
    Failed(String),
    GivenUp(Parted),
}

/// The function, its queue, and how it is set up.
pub(crate) struct Sweeps<'a> {
    pub(crate) world: &'a World,
    pub(crate) baseline: Option<Baseline>,
    pub(crate) switch: Switch,
    /// What Lambda leaves an invocation.
    pub(crate) left: Duration,
    pub(crate) pattern: Glob,
}

impl<'a> Sweeps<'a> {
    pub(crate) fn of(world: &'a World) -> Self {
        let left = Duration::from_mins(15);
        Self { world, baseline: None, switch: Switch::On, left, pattern: Glob("*".to_owned()) }
    }

    /// One delivery to a new process. A part that has come often enough is given up.
    pub(crate) async fn deliver(&self, job: &Job, tries: u32) -> Came {
        let place = place();
        let tour = Tour {
            world: self.world,
            place: &place,
            pattern: &self.pattern,
            parameter_prefix: PREFIX,
            baseline: self.baseline.as_ref(),
            trouble: None,
            switch: self.switch,
            own_principal: "arn:aws:sts::123456789012:assumed-role/ecr-steward/drift",
            now: self.world.with(|state| state.overseen.now) * 1_000,
            today: today(),
            until: Instant::now() + self.left,
        };
        // Boxed, since the futures of a debug build would not fit a test's stack.
        let Some(came) = self.world.until_killed(Box::pin(Self::work(&tour, job))).await else {
            self.world.calm();
            return Came::Died;
        };
        match (came, job) {
            (Ok(came), _) => came,
            (Err(fault), Job::Part(job)) if tries >= MOST_TRIES => {
                let given_up = Box::pin(give_up(&tour, job, &fault.to_string())).await;
                given_up.map_or_else(|fault| Came::Failed(fault.to_string()), Came::GivenUp)
            }
            (Err(fault), _) => Came::Failed(fault.to_string()),
        }
    }

    async fn work(tour: &Tour<'_, World>, job: &Job) -> Result<Came, Fault> {
        Ok(match job {
            Job::Sweep(job) => Came::Started(start(tour, &job.sweep).await?),
            Job::Part(job) => Came::Parted(part(tour, job).await?),
            Job::Assemble(job) => Came::Assembled(assemble(tour, &job.sweep).await?),
            Job::Look(_) => panic!("a sweep sends no look"),
        })
    }

    /// Begins a sweep and delivers until the queue is empty; `pick` says which of the waiting jobs comes next and whether
    /// it comes again although it was done.
    pub(crate) async fn run_picking(&self, sweep: &SweepId, mut pick: impl FnMut(usize) -> (usize, bool)) -> Vec<Came> {
        let first = Job::Sweep(Sweep { version: VERSION, sweep: sweep.clone() });
        let mut queue = VecDeque::from([(first, 1)]);
        let mut all = Vec::new();
        while !queue.is_empty() {
            let (at, again) = pick(queue.len());
            let (job, tries) = queue.remove(at.min(queue.len() - 1)).expect("a job");
            let came = self.deliver(&job, tries).await;
            match came {
                Came::Died | Came::Failed(_) => queue.push_back((job, tries + 1)),
                _ if again => queue.push_back((job, tries + 1)),
                _ => {}
            }
            queue.extend(self.world.take_jobs().into_iter().map(|job| (job, 1)));
            all.push(came);
            assert!(all.len() < MOST_DELIVERIES, "the queue never empties");
        }
        all
    }

    /// The same, in order and each job once.
    pub(crate) async fn run(&self, sweep: &SweepId) -> Vec<Came> {
        self.run_picking(sweep, |_| (0, false)).await
    }

    /// Begins a sweep and does its parts, but does not put the report together; the results, part by part.
    pub(crate) async fn parts(&self, sweep: &SweepId) -> Vec<PartResult> {
        let first = Job::Sweep(Sweep { version: VERSION, sweep: sweep.clone() });
        let mut queue = VecDeque::from([(first, 1)]);
        while let Some((job, tries)) = queue.pop_front() {
            match self.deliver(&job, tries).await {
                Came::Died | Came::Failed(_) => queue.push_back((job, tries + 1)),
                _ => {}
            }
            let jobs = self.world.take_jobs().into_iter().filter(|job| !matches!(job, Job::Assemble(_)));
            queue.extend(jobs.map(|job| (job, 1)));
        }
        self.results(sweep)
    }

    /// The results that lie in the state bucket.
    pub(crate) fn results(&self, sweep: &SweepId) -> Vec<PartResult> {
        let read = |part| self.world.object(&result_key(sweep, part));
        let results = (0..).map_while(read);
        results.map(|result| serde_json::from_value(result).expect("a result reads back")).collect()
    }
}

/// The latest report.
pub(crate) fn report(world: &World) -> Report {
    let bytes = world.with(|state| state.objects.get("reports/latest.json").map(|(bytes, _)| bytes.clone()));
    Report::read(&bytes.expect("a report")).expect("a report reads back")
}

/// All standings, by name; each repository must be in there once.
pub(crate) fn standings(results: &[PartResult]) -> BTreeMap<String, Standing> {
    let mut all = BTreeMap::new();
    for standing in results.iter().flat_map(|result| &result.standings) {
        let twice = all.insert(standing.name.to_string(), standing.clone());
        assert!(twice.is_none(), "{} is there twice", standing.name);
    }
    all
}

/// A stack that declared a fleet and is at rest.
pub(crate) struct Declared {
    pub(crate) arn: String,
    pub(crate) ledger: Ledger,
}

impl Declared {
    pub(crate) fn key(&self) -> String {
        self.ledger.identity.ledger_key()
    }

    pub(crate) fn save(&self, world: &World) {
        let bytes = serde_json::to_vec(&self.ledger).expect("a ledger can be written");
        world.with(|state| state.objects.insert(self.key(), (bytes, 0)));
    }

    /// What was declared of it: the ledger says it, and nothing of it is there.
    pub(crate) fn only(world: &World, stack: &str, properties: &Value) -> Self {
        let guid = stack.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let arn = StackId::arn_of(&place(), stack, &format!("{guid:08x}-0000-0000-0000-000000000000"));
        let identity = Identity { stack: StackId::parse(&arn).expect("an ARN"), logical_id: "Images".to_owned() };
        let around = Surroundings { partition: "aws", parameter_prefix: PREFIX };
        let fleet = check(properties.as_object().expect("a map"), &around).expect("a declaration");
        let mut ledger = Ledger::new(identity);
        ledger.touched = fleet.repositories.iter().map(|spec| spec.name.clone()).collect();
        ledger.commit(Declaration { request_id: "request-1".to_owned(), fingerprint: "1".to_owned(), fleet });
        world.stack_is(&arn, "CREATE_COMPLETE");
        let declared = Self { arn, ledger };
        declared.save(world);
        declared
    }

    /// A fleet that is as it was declared.
    pub(crate) async fn made(world: &World, stack: &str, properties: &Value) -> Self {
        let declared = Self::only(world, stack, properties);
        let ledger = &declared.ledger;
        let fleet = &ledger.committed.as_ref().expect("a declaration").fleet;
        let subject = Subject { fleet, ledger, request_id: "request-1", parameter_prefix: PREFIX };
        let looked = Box::pin(look(world, subject)).await.expect("a look");
        let plan = decide(subject, &looked, "2027-01-10T08:00:00Z");
        let outcome = Box::pin(carry_out(world, &plan, Instant::now() + Duration::from_hours(1))).await;
        assert_eq!(outcome.failures().len(), 0);
        world.start_counting();
        declared
    }
}

/// Repositories that are nobody's.
pub(crate) fn strangers(world: &World, many: usize) {
    for number in 0..many {
        world.put_strange(&format!("team-{number:05}"), 1);
    }
}
