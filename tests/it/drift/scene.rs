//! The drift function around one look: what it reads once per invocation, the clock, and jobs that come.

use crate::support::Scene;
use crate::support::world::{Repo, World};
use ecr_steward::event::drift::{Cause, Look, VERSION};
use ecr_steward::fault::Fault;
use ecr_steward::flow::drift::budget::{Budget, Purse};
use ecr_steward::flow::drift::keep::{Round, Visit, keep};
use ecr_steward::flow::drift::look::look;
use ecr_steward::flow::drift::{Scanning, Switches};
use ecr_steward::flow::findings::day_of;
use ecr_steward::model::Seen;
use ecr_steward::model::name::RepositoryName;
use ecr_steward::model::place::Place;
use ecr_steward::model::repository::{Encryption, EncryptionType, Mutability, MutabilityMode, Tags};
use ecr_steward::plan::posture::{Action, Requirement, Standing};
use ecr_steward::spec::baseline::{Baseline, check};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

pub(super) const OWN: &str = "arn:aws:iam::123456789012:role/ecr-steward-drift";
pub(super) const OTHER: &str = "arn:aws:sts::123456789012:assumed-role/terraform/run-7";
pub(super) const APP: &str = "app";

/// Everything a baseline can have mended.
pub(super) fn all() -> Value {
    json!({"ScanOnPush": true, "ImageTagMutability": "IMMUTABLE", "LifecyclePolicy": "Generated",
        "RequiredTags": {"owner": "platform"}, "NoPublicPrincipals": true})
}

/// A policy whose first statement lets everybody in; the second is somebody's business.
pub(super) fn open_policy() -> String {
    json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"},
        {"Sid": "Ci", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": "ecr:BatchGetImage"}]})
    .to_string()
}

/// The function, its account, and the baseline in force.
pub(super) struct House {
    pub(super) scene: Scene,
    pub(super) baseline: Option<Baseline>,
    pub(super) budget: Budget,
    pub(super) own: &'static str,
}

pub(super) fn name(text: &str) -> RepositoryName {
    RepositoryName::parse(text).unwrap()
}

pub(super) fn baseline(properties: &Value) -> Baseline {
    check(properties.as_object().unwrap()).unwrap_or_else(|problems| panic!("{properties}: {problems:#?}"))
}

/// A baseline of one enforced rule for all.
pub(super) fn requires(require: &Value) -> Baseline {
    baseline(&json!({"Mode": "Enforce", "Rules": [{"Name": "everything", "Require": require}]}))
}

/// A call's event, by somebody else.
pub(super) fn call(event: &str) -> Look {
    Look {
        version: VERSION,
        repository: name(APP),
        cause: Cause::Call("PutImageTagMutability".to_owned()),
        event: event.to_owned(),
        principal: Some(OTHER.to_owned()),
        occurred: None,
    }
}

/// An image was pushed.
pub(super) fn push(event: &str) -> Look {
    Look { cause: Cause::Push, principal: None, ..call(event) }
}

impl House {
    pub(super) fn new(baseline: Option<Baseline>) -> Self {
        let budget = Budget { purse: Purse::Events, allowed: 100 };
        Self { scene: Scene::new(), baseline, budget, own: OWN }
    }

    /// In front of a stack and its fleet.
    pub(super) fn of(scene: Scene, baseline: Option<Baseline>) -> Self {
        Self { scene, ..Self::new(baseline) }
    }

    /// With a repository that somebody made by hand, wrong in every setting.
    pub(super) fn wrong(require: &Value) -> Self {
        let house = Self::new(Some(requires(require)));
        house.put_wrong(APP);
        house
    }

    pub(super) fn world(&self) -> &World {
        &self.scene.world
    }

    pub(super) fn put_wrong(&self, name: &str) {
        self.world().put_strange(name, 0);
        self.world().nudge(name, |repo| {
            *repo = Repo {
                mutability: Mutability { mode: MutabilityMode::Mutable, exclusions: Vec::new() },
                scan_on_push: false,
                encryption: Encryption { kind: EncryptionType::Aes256, kms_key: None },
                tags: Tags::new(),
                lifecycle: None,
                policy: Some(open_policy()),
                images: 0,
            };
        });
    }

    /// Somebody makes tags mutable again.
    pub(super) fn flip(&self) {
        self.world().nudge(APP, |repo| repo.mutability.mode = MutabilityMode::Mutable);
    }

    async fn within<T>(&self, act: impl AsyncFnOnce(&Round<'_, World>) -> T) -> T {
        let world = self.world();
        let place =
            Place { partition: "aws".to_owned(), region: "eu-west-1".to_owned(), account: "123456789012".to_owned() };
        let (switch, _) = world.switch().await;
        let scanning = Seen::from_read(world.registry_scanning().await.map(Some));
        let now = world.with(|state| state.overseen.now) * 1_000;
        let round = Round {
            world,
            place: &place,
            baseline: self.baseline.as_ref(),
            switch,
            scanning: &scanning,
            budget: &self.budget,
            cause: "sweep-1",
            own_principal: self.own,
            now,
            today: day_of(now),
            until: Instant::now() + Duration::from_mins(10),
        };
        act(&round).await
    }

    /// One job, in an invocation of its own.
    pub(super) async fn look(&self, job: &Look) -> Result<Option<Standing>, Fault> {
        self.within(async |round| Box::pin(look(round, job)).await).await
    }

    /// The same where it must go well.
    pub(super) async fn looked(&self, job: &Look) -> Standing {
        self.look(job).await.expect("it goes well").expect("there is something to tell")
    }

    /// A worker's visit.
    pub(super) async fn visit(&self, visit: Visit) -> Result<Option<Standing>, Fault> {
        self.within(async |round| Box::pin(keep(round, visit)).await).await
    }
}

/// What was done about a requirement.
#[track_caller]
pub(super) fn action(standing: &Standing, requirement: Requirement) -> &Action {
    let check = standing.checks.iter().find(|check| check.requirement == requirement);
    &check.unwrap_or_else(|| panic!("{requirement:?} is not in {:#?}", standing.checks)).action
}

/// The words of what was withheld.
#[track_caller]
pub(super) fn withheld(standing: &Standing, requirement: Requirement) -> String {
    match action(standing, requirement) {
        Action::Withheld(why) => why.clone(),
        other => panic!("{requirement:?}: {other:?}"),
    }
}

/// Which requirements were mended.
pub(super) fn mended(standing: &Standing) -> Vec<Requirement> {
    let done = standing.checks.iter().filter(|check| matches!(check.action, Action::Mended(_)));
    done.map(|check| check.requirement).collect()
}
