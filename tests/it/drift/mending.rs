//! A repository made by hand with everything wrong, and what one event leads to.

use super::scene::{APP, House, OTHER, OWN, all, call, mended, open_policy, push};
use crate::support::run;
use crate::support::{Trouble, When};
use ecr_steward::event::drift::Look;
use ecr_steward::fault::FaultKind;
use ecr_steward::flow::drift::ScanFrequency;
use ecr_steward::model::repository::{MutabilityMode, ScanType};
use ecr_steward::plan::posture::{Action, Requirement, Status};
use serde_json::{Value, json};

/// Calls to ECR beside those that only a lifecycle preview needs.
fn calls(house: &House) -> usize {
    let previewing = ["ListImages", "StartLifecyclePolicyPreview", "GetLifecyclePolicyPreview"];
    house.world().calls_to("ecr") - previewing.iter().map(|call| house.world().calls_of(call)).sum::<usize>()
}

#[test]
fn everything_wrong_is_mended_with_ten_calls_and_our_own_events_lead_to_no_write() {
    run(async {
        let house = House::wrong(&all());
        house.world().start_counting();
        let standing = house.looked(&call("event-1")).await;
        assert_eq!(calls(&house), 10);
        assert_eq!(
            mended(&standing),
            [
                Requirement::ScanOnPush,
                Requirement::ImageTagMutability,
                Requirement::LifecyclePolicy,
                Requirement::RequiredTags,
                Requirement::NoPublicPrincipals
            ]
        );
        let repo = house.world().repo(APP).unwrap();
        assert!(repo.scan_on_push && repo.lifecycle.is_some());
        assert_eq!(repo.mutability.mode, MutabilityMode::Immutable);
        assert_eq!(repo.tags["owner"], "platform");
        let policy = repo.policy.unwrap();
        assert!(policy.contains("\"Ci\"") && !policy.contains("\"Open\""), "{policy}");
        for own in ["own-1", "own-2", "own-3", "own-4", "own-5"] {
            house.world().start_counting();
            let by_us = Look { principal: Some(format!("{OWN}/x")), ..call(own) };
            let standing = house.looked(&by_us).await;
            assert!(standing.checks.iter().all(|check| check.status == Status::Pass), "{:#?}", standing.checks);
            assert_eq!(house.world().writes(), Vec::<&str>::new());
            assert!(calls(&house) <= 5);
        }
    });
}

#[test]
fn a_change_is_in_the_journal_before_it_is_written_and_the_mark_says_that_it_was_heard() {
    run(async {
        let house = House::wrong(&all());
        let standing = house.looked(&call("event-1")).await;
        let keys = house.world().keys("journal/");
        let [key] = keys.as_slice() else { panic!("{keys:?}") };
        let entry = house.world().object(key).unwrap();
        let Action::Mended(id) = super::scene::action(&standing, Requirement::ScanOnPush) else { panic!() };
        assert_eq!(*key, format!("journal/2027-01-10/{id}.json"));
        assert_eq!((&entry["cause"], &entry["principal"]), (&json!("event-1"), &json!(OTHER)));
        let line = |attribute: &str| -> Value {
            let lines = entry["lines"].as_array().unwrap();
            lines.iter().find(|line| line["attribute"] == attribute).cloned().unwrap_or_default()
        };
        assert_eq!(line("RepositoryPolicy")["before"], json!(open_policy()));
        assert_eq!(line("LifecyclePolicy")["before"], Value::Null);
        assert_eq!(line("Tags")["before"], json!({"owner": null}));
        assert_eq!(line("ScanOnPush")["rules"], json!(["everything"]));
        assert_eq!(house.world().object("drift/heard/app").unwrap()["event"], "event-1");

        let before = House::wrong(&all());
        before.world().trouble_on("PutImageScanningConfiguration", 1, Trouble::Kill(When::Before));
        before.world().until_killed(before.look(&call("event-1"))).await;
        assert_eq!(before.world().keys("journal/").len(), 1, "nothing is written that the journal does not know");
        assert_eq!(before.world().writes(), Vec::<&str>::new());
    });
}

#[test]
fn a_push_is_no_call_and_leaves_no_mark() {
    run(async {
        let house = House::wrong(&all());
        house.looked(&push("event-1")).await;
        assert_eq!(house.world().keys("drift/heard/"), Vec::<String>::new());
    });
}

#[test]
fn what_cannot_be_read_is_unknown_and_the_rest_goes_on() {
    run(async {
        let house = House::wrong(&all());
        house.world().always("GetRepositoryPolicy", Trouble::Fail(When::Before, FaultKind::Denied));
        let standing = house.looked(&call("event-1")).await;
        let check = standing.checks.iter().find(|check| check.requirement == Requirement::NoPublicPrincipals).unwrap();
        assert_eq!((check.status, &check.action), (Status::Unknown, &Action::None));
        assert!(check.note.contains("GetRepositoryPolicy"), "{}", check.note);
        assert_eq!(mended(&standing).len(), 4);
        assert!(!house.world().writes().contains(&"ecr:SetRepositoryPolicy"));
        assert_eq!(standing.fingerprint, "");
    });
}

#[test]
fn a_read_that_may_succeed_later_brings_the_job_again_after_what_could_be_done() {
    run(async {
        let house = House::wrong(&all());
        house.world().always("GetLifecyclePolicy", Trouble::Fail(When::Before, FaultKind::Unavailable));
        let fault = house.look(&call("event-1")).await.unwrap_err();
        assert_eq!(fault.operation, "GetLifecyclePolicy");
        assert_eq!(house.world().writes().len(), 4, "{:?}", house.world().writes());
        house.world().calm();
        let standing = house.looked(&call("event-1")).await;
        assert_eq!(mended(&standing), [Requirement::LifecyclePolicy]);
        assert_eq!(house.world().keys("journal/").len(), 1);
    });
}

#[test]
fn a_write_that_is_refused_fails_alone_and_one_that_may_pass_brings_the_job_again() {
    run(async {
        let house = House::wrong(&all());
        house.world().always("TagResource", Trouble::Fail(When::Before, FaultKind::Denied));
        let standing = house.looked(&call("event-1")).await;
        assert!(matches!(super::scene::action(&standing, Requirement::RequiredTags), Action::Failed(_)));
        assert_eq!(mended(&standing).len(), 4);

        let house = House::wrong(&all());
        house.world().trouble_on("TagResource", 1, Trouble::Fail(When::After, FaultKind::Unavailable));
        assert_eq!(house.look(&call("event-1")).await.unwrap_err().operation, "TagResource");
        let standing = house.looked(&call("event-1")).await;
        assert_eq!(mended(&standing), Vec::<Requirement>::new(), "the lost answer was of a write that took effect");
    });
}

#[test]
fn the_registrys_rules_are_asked_only_where_there_are_some() {
    run(async {
        let house = House::wrong(&json!({"ScanOnPush": true}));
        house.looked(&call("event-1")).await;
        assert_eq!(house.world().calls_of("BatchGetRepositoryScanningConfiguration"), 0);
        let house = House::wrong(&json!({"ScanOnPush": true}));
        house.world().with(|state| {
            state.scan_type = ScanType::Enhanced;
            state.overseen.scan_rules.push(("a*", ScanFrequency::ContinuousScan));
        });
        house.world().start_counting();
        let standing = house.looked(&call("event-2")).await;
        assert_eq!(standing.checks[0].status, Status::Pass);
        assert_eq!((house.world().writes(), calls(&house)), (Vec::new(), 6));
    });
}

#[test]
fn of_a_repository_that_is_gone_and_that_nobody_declares_there_is_nothing_to_tell() {
    run(async {
        let house = House::new(None);
        house.world().start_counting();
        assert_eq!(house.look(&call("event-1")).await, Ok(None));
        assert_eq!((house.world().writes(), house.world().calls_of("DescribeRepositories")), (Vec::new(), 1));
    });
}
