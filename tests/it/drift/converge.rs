//! Laws over random repositories, baselines and fleets: what was mended needs no second mending.

use super::scene::{APP, House, baseline, call, name};
use crate::support::specs::declarations;
use crate::support::{Scene, run, with};
use ecr_steward::event::drift::Look;
use ecr_steward::model::repository::{Mutability, MutabilityMode, Tags};
use ecr_steward::plan::posture::{Action, Status};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::with_cases(cases) }
}

/// What a rule may ask for, in any combination.
fn requirements() -> BoxedStrategy<Value> {
    let scan = any::<bool>().prop_map(|yes| if yes { json!({"ScanOnPush": true}) } else { json!({}) });
    let mutability = select(vec![
        json!({}),
        json!({"ImageTagMutability": "IMMUTABLE"}),
        json!({"ImageTagMutability": ["IMMUTABLE_WITH_EXCLUSION", "IMMUTABLE"],
            "ImageTagMutabilityExclusions": ["latest", "dev-*"]}),
    ]);
    let lifecycle = select(vec![
        json!({}),
        json!({"LifecyclePolicy": "Present"}),
        json!({"LifecyclePolicy": "Generated", "MaxImageCount": 5}),
        json!({"LifecyclePolicy": {"rules": [{"rulePriority": 1, "action": {"type": "expire"}, "selection":
            {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 3}}]}}),
    ]);
    let tags = select(vec![
        json!({}),
        json!({"RequiredTags": ["owner"]}),
        json!({"RequiredTags": {"owner": "platform", "tier": "1"}}),
    ]);
    let access =
        subsequence(vec![json!({"NoPublicPrincipals": true}), json!({"AllowedAccounts": ["111122223333"]})], 0..=2);
    (scan, mutability, lifecycle, tags, access)
        .prop_map(|(scan, mutability, lifecycle, tags, access)| {
            let mut all = json!({"EncryptionType": ["AES256"]});
            for part in [scan, mutability, lifecycle, tags].into_iter().chain(access) {
                all = with(all, part);
            }
            all
        })
        .boxed()
}

/// A rule for all and, where there is one, a more special one that adds to it.
fn baselines() -> BoxedStrategy<Value> {
    let special = proptest::option::of(select(vec![
        json!({"Name": "apps", "Match": {"Names": ["app*"]}, "Require": {"RequiredTags": {"app": "yes"}}}),
        json!({"Name": "web", "Match": {"Names": ["*"], "Tags": {"team": "web"}}, "Mode": "ReportOnly",
            "Require": {"ScanOnPush": true}}),
    ]));
    (requirements(), special)
        .prop_map(|(require, special)| {
            let mut rules = vec![json!({"Name": "everything", "Require": require})];
            rules.extend(special);
            json!({"Mode": "Enforce", "Rules": rules})
        })
        .boxed()
}

/// Mode, scan flag, lifecycle policy, repository policy and tag keys.
type State = (MutabilityMode, bool, Option<String>, Option<String>, Vec<&'static str>);

/// How somebody may leave a repository.
fn states() -> BoxedStrategy<State> {
    let mode = select(vec![MutabilityMode::Mutable, MutabilityMode::Immutable, MutabilityMode::ImmutableWithExclusion]);
    let lifecycle = select(vec![
        None,
        Some(
            json!({"rules": [{"rulePriority": 4, "description": "theirs", "action": {"type": "expire"}, "selection":
            {"tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 90}}]})
            .to_string(),
        ),
    ]);
    let statement = |sid: &str, principal: Value| json!({"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": ["ecr:BatchGetImage"]});
    let statements = subsequence(
        vec![
            statement("Open", json!("*")),
            statement("Known", json!({"AWS": "arn:aws:iam::111122223333:root"})),
            statement("Mixed", json!({"AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:role/ci"]})),
            statement("Strange", json!({"AWS": "arn:aws:iam::777788889999:root"})),
        ],
        0..=4,
    );
    let policy = statements.prop_map(|statements| {
        (!statements.is_empty()).then(|| json!({"Version": "2012-10-17", "Statement": statements}).to_string())
    });
    (mode, any::<bool>(), lifecycle, policy, subsequence(vec!["owner", "team", "app"], 0..=3)).boxed()
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn a_second_look_writes_nothing(properties in baselines(), state in states()) {
        run(async {
            let house = House::new(Some(baseline(&properties)));
            house.put_wrong(APP);
            let (mode, scan, lifecycle, policy, tags) = state;
            house.world().nudge(APP, |repo| {
                let exclusions = if mode.takes_exclusions() { vec!["nightly".to_owned()] } else { Vec::new() };
                repo.mutability = Mutability { mode, exclusions };
                repo.scan_on_push = scan;
                repo.lifecycle = lifecycle;
                repo.policy = policy;
                repo.tags = tags.iter().map(|key| ((*key).to_owned(), "web".to_owned())).collect::<Tags>();
            });
            let first = house.looked(&call("event-1")).await;
            for check in &first.checks {
                assert!(!matches!(check.action, Action::Failed(_) | Action::Withheld(_)), "{check:#?}");
                assert_eq!(check.status == Status::Fail, check.action != Action::None, "{check:#?}");
            }
            house.world().start_counting();
            let second = house.looked(&call("event-2")).await;
            assert_eq!(house.world().writes(), Vec::<&str>::new());
            // What was mended is met, but for what a note says stays; what was reported is reported again.
            for (before, after) in first.checks.iter().zip(&second.checks) {
                let mended = matches!(before.action, Action::Mended(_));
                if !mended || before.note.is_empty() {
                    let met = mended || before.status == Status::Pass;
                    assert_eq!(after.status == Status::Pass, met, "{before:#?} {after:#?}");
                }
            }
        });
    }

    #[test]
    fn a_fleets_repository_is_brought_back_at_once_and_stays(properties in declarations(&["a", "b"]), state in states()) {
        run(async {
            let house = House::of(Scene::converged(&with(properties, json!({"DriftMode": "Enforce"}))).await, None);
            let app = house.world().names().remove(0);
            let (mode, scan, lifecycle, _, tags) = state;
            house.world().nudge(&app, |repo| {
                let exclusions = if mode.takes_exclusions() { vec!["nightly".to_owned()] } else { Vec::new() };
                repo.mutability = Mutability { mode, exclusions };
                repo.scan_on_push = scan;
                repo.lifecycle = lifecycle;
                repo.policy = None;
                repo.tags.retain(|key, _| key.starts_with("ecr-steward:"));
                repo.tags.extend(tags.iter().map(|key| ((*key).to_owned(), "theirs".to_owned())));
            });
            house.looked(&Look { repository: name(&app), ..call("event-1") }).await;
            house.world().start_counting();
            let second = house.looked(&Look { repository: name(&app), ..call("event-2") }).await;
            assert!(second.checks.iter().all(|check| check.status == Status::Pass), "{:#?}", second.checks);
            assert_eq!(house.world().writes(), Vec::<&str>::new());
        });
    }
}
