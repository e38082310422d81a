//! The way back from a change, from the journal.

use super::scene::{APP, House, all, call, open_policy};
use crate::support::world::Repo;
use crate::support::{Trouble, When, run};
use ecr_steward::fault::FaultKind;
use ecr_steward::flow::drift::revert::{Occasion, Reverted, revert};
use ecr_steward::model::Seen;
use ecr_steward::model::name::RepositoryName;
use ecr_steward::model::repository::{Encryption, EncryptionType, Mutability, MutabilityMode, OWNER_TAG, Repository};
use ecr_steward::plan::Change;
use ecr_steward::plan::undo::{Altered, WayBack, way_back};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// A repository that was mended, what it was before, and the change's id.
async fn mended() -> (House, Repo, String) {
    let house = House::wrong(&all());
    let before = house.world().repo(APP).unwrap();
    house.looked(&call("event-1")).await;
    let key = house.world().keys("journal/").remove(0);
    let id = key.rsplit('/').next().unwrap().trim_end_matches(".json").to_owned();
    house.world().start_counting();
    (house, before, id)
}

async fn back(house: &House, id: &str) -> Reverted {
    let now = house.world().with(|state| state.overseen.now) * 1_000;
    let occasion =
        Occasion { principal: Some("arn:aws:iam::1:user/me"), now, until: Instant::now() + Duration::from_mins(5) };
    revert(house.world(), id, occasion).await.expect("the journal can be read")
}

#[test]
fn everything_is_put_back_and_that_is_a_change_of_its_own() {
    run(async {
        let (house, before, id) = mended().await;
        let Reverted::Done { change, failures, attributes, .. } = back(&house, &id).await else { panic!() };
        assert_eq!((failures, attributes.len()), (Vec::new(), 5));
        let after = house.world().repo(APP).unwrap();
        let spelt = |repo: &Repo| {
            let policy = repo.policy.as_ref().map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap());
            (repo.mutability.clone(), repo.scan_on_push, repo.tags.clone(), repo.lifecycle.clone(), policy)
        };
        assert_eq!(spelt(&after), spelt(&before));
        assert_eq!(house.world().keys("journal/").len(), 2);
        assert!(matches!(back(&house, &id).await, Reverted::Already(_)));
        let Reverted::Done { failures, .. } = back(&house, &change).await else { panic!() };
        assert_eq!(failures, Vec::<String>::new());
        assert!(house.world().repo(APP).unwrap().scan_on_push, "what was put back can be put back");
    });
}

#[test]
fn what_somebody_changed_since_is_theirs_and_nothing_else_is_put_back_either() {
    run(async {
        let (house, _, id) = mended().await;
        house.world().nudge(APP, |repo| {
            repo.lifecycle = repo.lifecycle.as_ref().map(|text| text.replace("30", "31"));
            repo.tags.insert("owner".to_owned(), "else".to_owned());
        });
        let Reverted::Refused(_, whys) = back(&house, &id).await else { panic!() };
        insta::assert_debug_snapshot!(whys);
        assert_eq!(house.world().writes(), Vec::<&str>::new());
        house.world().nudge(APP, |repo| repo.policy = Some(open_policy()));
        let Reverted::Refused(_, whys) = back(&house, &id).await else { panic!() };
        assert_eq!(whys.len(), 2, "what is as before already is no obstacle: {whys:?}");
    });
}

#[test]
fn what_is_not_there_or_cannot_be_read_changes_nothing() {
    run(async {
        let (house, _, id) = mended().await;
        assert_eq!(back(&house, "0123456789abcdef").await, Reverted::Unknown);
        house.world().always("GetRepositoryPolicy", Trouble::Fail(When::Before, FaultKind::Denied));
        let Reverted::Refused(_, whys) = back(&house, &id).await else { panic!() };
        assert!(whys[0].contains("GetRepositoryPolicy"), "{whys:?}");
        house.world().calm();
        house.world().with(|state| state.repositories.remove(APP));
        assert!(matches!(back(&house, &id).await, Reverted::Refused(..)));
        assert_eq!(house.world().writes(), Vec::<&str>::new());
    });
}

/// A change may have put our own tags back on a declared repository.
#[test]
fn who_owns_a_repository_is_not_put_back() {
    let values = |value: Option<&str>| -> BTreeMap<String, Option<String>> {
        let keys = [OWNER_TAG, "team"];
        keys.map(|key| (key.to_owned(), value.map(str::to_owned))).into()
    };
    let seen = Repository {
        name: RepositoryName::parse(APP).unwrap(),
        arn: "arn:aws:ecr:eu-west-1:123456789012:repository/app".to_owned(),
        mutability: Mutability { mode: MutabilityMode::Mutable, exclusions: Vec::new() },
        scan_on_push: true,
        encryption: Encryption { kind: EncryptionType::Aes256, kms_key: None },
        tags: Seen::Present([OWNER_TAG, "team"].map(|key| (key.to_owned(), "it".to_owned())).into()),
        lifecycle: Seen::Missing,
        policy: Seen::Missing,
        catalog: Seen::Unasked,
    };
    let WayBack::Steps(steps) = way_back(&Altered::Tags { before: values(None), after: values(Some("it")) }, &seen)
    else {
        panic!("the tag of the team goes");
    };
    let untag = Change::UntagResource { arn: seen.arn.clone(), keys: vec!["team".to_owned()] };
    assert_eq!(steps.into_iter().map(|step| step.change).collect::<Vec<_>>(), [untag]);
}
