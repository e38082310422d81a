//! Repositories that a fleet declares: held to it, left alone while their stack moves, and nobody's once it is gone.

use super::scene::{House, action, call, mended, name, requires};
use crate::support::world::{LEDGER, OWNER, STACK, State};
use crate::support::{Scene, Trouble, When, fleet, run, with};
use ecr_steward::event::drift::{Cause, Look};
use ecr_steward::fault::FaultKind;
use ecr_steward::model::repository::{MutabilityMode, OWNER_TAG};
use ecr_steward::plan::ledger::{Claim, TERMINAL_HOLDER};
use ecr_steward::plan::posture::{Action, DECLARATION, Requirement, Standing, Status};
use ecr_steward::spec::DriftMode;
use serde_json::{Value, json};
use std::sync::Arc;

const APP: &str = "shop-dev-a";

fn declared(mode: &str) -> Value {
    with(fleet(&["a", "b"]), json!({"DriftMode": mode, "PullPrincipals": ["111122223333"], "Tags": {"team": "web"}}))
}

/// A fleet at rest of which somebody changed everything in one repository.
async fn changed(mode: &str) -> House {
    let house = House::of(Scene::converged(&declared(mode)).await, Some(requires(&json!({"ScanOnPush": true}))));
    house.world().nudge(APP, |repo| {
        repo.mutability.mode = MutabilityMode::Immutable;
        repo.scan_on_push = false;
        repo.lifecycle = None;
        repo.policy = None;
        repo.tags.remove("team");
    });
    house.world().start_counting();
    house
}

fn look(event: &str) -> Look {
    Look { repository: name(APP), ..call(event) }
}

fn index(house: &House) {
    let bytes = json!({APP: LEDGER}).to_string().into_bytes();
    house.world().with(|state| state.objects.insert("drift/owners.json".to_owned(), (bytes, 1)));
}

/// Nothing is written, nothing is said against the declaration; the notes.
fn left_alone(house: &House, standing: &Standing) -> String {
    assert_eq!(house.world().writes(), Vec::<&str>::new());
    assert!(standing.checks.iter().all(|check| check.rule != DECLARATION), "{:#?}", standing.checks);
    standing.notes.join("\n")
}

/// Rows: 55.
#[test]
fn it_is_held_to_its_declaration_and_the_baseline_only_reports() {
    run(async {
        let house = changed("Enforce").await;
        let wished = Scene::converged(&declared("Enforce")).await.world.repo(APP);
        let standing = house.looked(&look("event-1")).await;
        let owner = standing.owner.clone().unwrap();
        assert_eq!((owner.stack.as_str(), owner.drift_mode, owner.is_orphan), ("shop", DriftMode::Enforce, false));
        assert_eq!(
            mended(&standing),
            [
                Requirement::ScanOnPush,
                Requirement::ImageTagMutability,
                Requirement::LifecyclePolicy,
                Requirement::RequiredTags,
                Requirement::RepositoryPolicy
            ]
        );
        let of_baseline = standing.checks.iter().find(|check| check.rule == "everything").unwrap();
        assert_eq!((of_baseline.status, &of_baseline.action), (Status::Fail, &Action::Reported));
        assert!(of_baseline.note.contains("held to its declaration"), "{}", of_baseline.note);
        assert_eq!(house.world().repo(APP), wished);
        house.world().start_counting();
        let again = house.looked(&look("event-2")).await;
        assert!(again.checks.iter().all(|check| check.status == Status::Pass), "{:#?}", again.checks);
        assert_eq!(house.world().writes(), Vec::<&str>::new());
    });
}

#[test]
fn what_its_mode_does_not_say_is_not_done() {
    run(async {
        let house = changed("ReportOnly").await;
        let standing = house.looked(&look("event-1")).await;
        let failing = standing.checks.iter().filter(|check| check.rule == DECLARATION && check.status == Status::Fail);
        assert_eq!(failing.filter(|check| check.action == Action::Reported).count(), 5);
        assert_eq!(house.world().writes(), Vec::<&str>::new());
        let house = changed("Off").await;
        let standing = house.looked(&look("event-1")).await;
        assert!(left_alone(&house, &standing).contains("DriftMode"));
    });
}

#[test]
fn while_its_stack_or_a_request_is_at_work_it_is_left_alone() {
    run(async {
        let house = changed("Enforce").await;
        house.scene.ends_as("UPDATE_IN_PROGRESS");
        let standing = house.looked(&look("event-1")).await;
        assert!(left_alone(&house, &standing).contains("UPDATE_IN_PROGRESS"));

        house.scene.ends_as("UPDATE_COMPLETE");
        house.world().with(|state| {
            state.stacks.get_mut(STACK).unwrap().root = Some("root".to_owned());
            state.stacks.entry("root".to_owned()).or_default().status = "UPDATE_IN_PROGRESS".to_owned();
        });
        let standing = house.looked(&look("event-2")).await;
        assert!(left_alone(&house, &standing).contains("the root of its stack is UPDATE_IN_PROGRESS"));
        house.world().stack_is("root", "UPDATE_COMPLETE");

        let rested = house.world().ledger().unwrap();
        let mut claimed = rested.clone();
        let holder = format!("{TERMINAL_HOLDER}7");
        claimed.claim = Some(Claim { holder: holder.clone(), until: 1_799_568_600, after: 0 });
        house.world().put_ledger(&claimed);
        let standing = house.looked(&look("event-3")).await;
        assert!(left_alone(&house, &standing).contains(&holder));

        let mut attempted = rested;
        attempted.attempted = attempted.committed.clone();
        house.world().put_ledger(&attempted);
        let standing = house.looked(&look("event-4")).await;
        assert!(left_alone(&house, &standing).contains("neither reached its declaration"));

        claimed.claim = Some(Claim { holder, until: 1_799_567_000, after: 0 });
        house.world().put_ledger(&claimed);
        assert_eq!(mended(&house.looked(&look("event-5")).await).len(), 5, "a claim that lapsed holds nobody up");
    });
}

#[test]
fn an_orphan_is_reported_and_held_to_nothing_by_nobody() {
    run(async {
        for nth in 0..3 {
            let house = changed("Enforce").await;
            house.world().with(|state| match nth {
                0 => drop(state.stacks.remove(STACK)),
                1 => state.stacks.get_mut(STACK).unwrap().status = "DELETE_COMPLETE".to_owned(),
                _ => {
                    state.stacks.remove(STACK);
                    state.objects.remove(LEDGER);
                }
            });
            let standing = house.looked(&look("event-1")).await;
            assert!(standing.owner.as_ref().is_some_and(|owner| owner.is_orphan), "{nth}: {standing:#?}");
            assert!(left_alone(&house, &standing).contains("gone"));
            let gone = Look { repository: name(APP), ..call("event-2") };
            index(&house);
            house.world().with(|state| state.repositories.remove(APP));
            assert_eq!(house.look(&gone).await, Ok(None), "{nth}: nobody wants it back");
        }
    });
}

#[test]
fn what_cannot_be_found_out_leaves_it_alone() {
    run(async {
        for operation in ["DescribeStacks", "DescribeStackResource"] {
            let house = changed("Enforce").await;
            house.world().always(operation, Trouble::Fail(When::Before, FaultKind::Denied));
            let standing = house.looked(&look("event-1")).await;
            assert!(left_alone(&house, &standing).contains(operation));
        }
        let house = changed("Enforce").await;
        house.world().trouble_on("GetObject", 1, Trouble::Fail(When::Before, FaultKind::Denied));
        let standing = house.looked(&look("event-1")).await;
        assert!(left_alone(&house, &standing).contains("could not be read"));
        house.world().trouble_on("GetObject", 1, Trouble::Fail(When::Before, FaultKind::Unavailable));
        assert!(house.look(&look("event-2")).await.is_err(), "what may pass is asked again");
    });
}

#[test]
fn one_that_was_deleted_is_made_again_and_one_that_nobody_declares_is_not() {
    run(async {
        let house = changed("Enforce").await;
        let deletion = |repository: &str, event: &str| Look {
            repository: name(repository),
            cause: Cause::Call("DeleteRepository".to_owned()),
            ..call(event)
        };
        house.world().with(|state| state.repositories.remove(APP));
        assert_eq!(house.look(&deletion(APP, "event-1")).await, Ok(None), "before the first sweep nobody knows");
        index(&house);
        let standing = house.looked(&deletion(APP, "event-2")).await;
        assert_eq!(mended(&standing), [Requirement::Exists]);
        assert_eq!(house.world().repo(APP), Scene::converged(&declared("Enforce")).await.world.repo(APP));
        assert_eq!(house.look(&deletion("shop-dev-z", "event-3")).await, Ok(None));

        let report = changed("ReportOnly").await;
        index(&report);
        report.world().with(|state| state.repositories.remove(APP));
        let standing = report.looked(&deletion(APP, "event-4")).await;
        assert_eq!(action(&standing, Requirement::Exists), &Action::Reported);
        assert_eq!(report.world().repo(APP), None);
    });
}

#[test]
fn a_deletion_by_its_own_stack_is_not_undone() {
    run(async {
        let house = changed("Enforce").await;
        index(&house);
        house.world().with(|state| state.repositories.remove(APP));
        house.scene.ends_as("DELETE_IN_PROGRESS");
        let standing = house.looked(&look("event-1")).await;
        assert!(left_alone(&house, &standing).contains("DELETE_IN_PROGRESS"));
        house.world().with(|state| state.objects.remove(LEDGER));
        assert_eq!(house.look(&look("event-2")).await, Ok(None));
    });
}

#[test]
fn an_owner_tag_that_was_taken_off_is_put_back() {
    run(async {
        let house = changed("Enforce").await;
        house.world().nudge(APP, |repo| {
            repo.tags.remove(OWNER_TAG);
        });
        index(&house);
        assert!(mended(&house.looked(&look("event-1")).await).contains(&Requirement::RequiredTags));
        assert_eq!(house.world().repo(APP).unwrap().tags[OWNER_TAG], OWNER);
    });
}

#[test]
fn one_of_the_same_name_that_bears_none_of_our_tags_is_not_taken_over() {
    run(async {
        let house = changed("Enforce").await;
        house.world().nudge(APP, |repo| repo.tags.retain(|key, _| !key.starts_with("ecr-steward:")));
        index(&house);
        house.world().start_counting();
        let standing = house.looked(&look("event-1")).await;
        assert_eq!(house.world().writes(), Vec::<&str>::new());
        let why = super::scene::withheld(&standing, Requirement::ScanOnPush);
        assert!(why.contains("bears none of the tags"), "{why}");
    });
}

#[test]
fn an_update_that_begins_after_the_look_is_not_written_into() {
    run(async {
        let house = changed("Enforce").await;
        let begins = |state: &mut State| {
            state.stacks.entry(STACK.to_owned()).or_default().status = "UPDATE_IN_PROGRESS".to_owned();
        };
        // The first object read is the record that says whose it is, the second what was mended before.
        house.world().trouble_on("GetObject", 2, Trouble::Meanwhile(Arc::new(begins)));
        house.world().start_counting();
        let standing = house.looked(&look("event-1")).await;
        assert_eq!(house.world().writes(), Vec::<&str>::new());
        let why = super::scene::withheld(&standing, Requirement::ScanOnPush);
        assert!(why.contains("UPDATE_IN_PROGRESS"), "{why}");
    });
}

#[test]
fn two_who_claim_it_change_nothing() {
    run(async {
        let house = changed("Enforce").await;
        house.world().put_neighbour("theirs");
        house.world().nudge(APP, |repo| {
            repo.tags.insert(OWNER_TAG.to_owned(), "aaaaaaaa-0000-0000-0000-000000000000/Images".to_owned());
        });
        house.world().start_counting();
        let standing = house.looked(&look("event-1")).await;
        assert!(left_alone(&house, &standing).contains("does not list it"));
    });
}

#[test]
fn what_ecr_cannot_change_fails_with_the_way_out_and_is_not_tried() {
    run(async {
        let house = changed("Enforce").await;
        house.world().nudge(APP, |repo| {
            repo.encryption.kind = ecr_steward::model::repository::EncryptionType::Kms;
        });
        let standing = house.looked(&look("event-1")).await;
        let check = standing.checks.iter().find(|check| check.requirement == Requirement::EncryptionType).unwrap();
        assert_eq!((check.status, &check.action), (Status::Fail, &Action::Reported));
        assert!(check.note.contains("ECR cannot change the encryption"), "{}", check.note);
        assert_eq!(mended(&standing).len(), 5);
    });
}
