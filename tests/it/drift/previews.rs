//! ECR's preview before a lifecycle policy is written: what it refuses, and what happens where there is none.

use super::scene::{APP, House, call, mended, withheld};
use crate::support::overseeing::{End, Script, digest, image_manifest};
use crate::support::{Trouble, When, run};
use ecr_steward::fault::FaultKind;
use ecr_steward::flow::drift::Expiring;
use ecr_steward::plan::posture::Requirement;
use serde_json::{Value, json};

fn require() -> Value {
    json!({"LifecyclePolicy": "Generated", "ProtectedTagPatterns": ["prod-*"], "ScanOnPush": true})
}

/// A repository with so many images, of which the preview says that these would expire.
fn house(images: u32, script: Option<Script>) -> House {
    let house = House::wrong(&require());
    for number in 1..=images {
        house.world().hold(APP, number, &[], 100_000, image_manifest());
    }
    house.world().with(|state| state.overseen.scripts.extend(script.map(|script| (APP.to_owned(), script))));
    house
}

fn expiring(numbers: std::ops::RangeInclusive<u32>, tag: Option<&str>) -> Vec<Expiring> {
    let image = |number| Expiring {
        digest: digest(number),
        tags: tag.into_iter().map(str::to_owned).collect(),
        pushed_at: Some(0),
        priority: 7,
        action: "EXPIRE".to_owned(),
    };
    numbers.map(image).collect()
}

fn ends(images: Vec<Expiring>) -> Script {
    Script { going: 3, end: End::Complete(images) }
}

/// Only the lifecycle policy is withheld; its words.
async fn only_lifecycle_is_withheld(house: &House) -> String {
    let standing = house.looked(&call("event-1")).await;
    assert_eq!(mended(&standing), [Requirement::ScanOnPush]);
    assert_eq!(house.world().repo(APP).unwrap().lifecycle, None);
    withheld(&standing, Requirement::LifecyclePolicy)
}

#[test]
fn a_preview_of_another_policy_is_not_believed() {
    run(async {
        let house = house(9, Some(ends(Vec::new())));
        let theirs = json!({"rules": [{"rulePriority": 1, "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1}, "action": {"type": "expire"}}]});
        house.world().with(|state| state.overseen.preview_of = Some(theirs.to_string()));
        let why = only_lifecycle_is_withheld(&house).await;
        assert!(why.contains("somebody else had another policy previewed"), "{why}");
    });
}

#[test]
fn a_policy_that_would_expire_more_than_half_of_the_images_is_not_written() {
    run(async {
        let house = house(9, Some(ends(expiring(1..=5, None))));
        house.world().with(|state| state.page_size = 2);
        insta::assert_snapshot!("preview_share", only_lifecycle_is_withheld(&house).await);
        let text = house.world().with(|state| state.overseen.previews[APP].text.clone()).unwrap();
        assert!(text.contains("prod-*"), "it previews the policy that is wished: {text}");
    });
}

#[test]
fn a_policy_that_expires_half_of_them_or_archives_all_is_written() {
    run(async {
        let half = house(10, Some(ends(expiring(1..=5, None))));
        assert_eq!(mended(&half.looked(&call("event-1")).await).len(), 2);
        let mut archived = expiring(1..=10, Some("prod-1"));
        for image in &mut archived {
            "TRANSITION".clone_into(&mut image.action);
        }
        let archiving = house(10, Some(ends(archived)));
        assert_eq!(mended(&archiving.looked(&call("event-1")).await).len(), 2);
        assert!(archiving.world().repo(APP).unwrap().lifecycle.is_some());
    });
}

#[test]
fn a_policy_that_would_expire_a_protected_image_is_not_written() {
    run(async {
        let house = house(100, Some(ends(expiring(1..=5, Some("prod-2026")))));
        insta::assert_snapshot!("preview_protected", only_lifecycle_is_withheld(&house).await);
    });
}

#[test]
fn without_images_there_is_no_preview() {
    run(async {
        let house = house(0, None);
        assert_eq!(mended(&house.looked(&call("event-1")).await).len(), 2);
        assert_eq!(house.world().calls_of("StartLifecyclePolicyPreview"), 0);
        assert_eq!(house.world().calls_of("GetLifecyclePolicyPreview"), 0);
    });
}

#[test]
fn where_there_is_no_preview_only_the_lifecycle_policy_waits() {
    run(async {
        let failed = Script { going: 1, end: End::Failed("FAILED") };
        insta::assert_snapshot!("preview_failed", only_lifecycle_is_withheld(&house(3, Some(failed))).await);
        let endless = Script { going: 10_000, end: End::Failed("never") };
        insta::assert_snapshot!("preview_endless", only_lifecycle_is_withheld(&house(3, Some(endless))).await);
        for operation in ["ListImages", "StartLifecyclePolicyPreview", "GetLifecyclePolicyPreview"] {
            let house = house(3, None);
            house.world().always(operation, Trouble::Fail(When::Before, FaultKind::Denied));
            let words = only_lifecycle_is_withheld(&house).await;
            assert!(words.contains(operation), "{words}");
        }
        let house = house(9, Some(ends(expiring(1..=1, None))));
        house.world().always("DescribeImages", Trouble::Fail(When::Before, FaultKind::Denied));
        assert!(only_lifecycle_is_withheld(&house).await.contains("DescribeImages"), "the share needs a count");
    });
}

#[test]
fn another_preview_that_is_under_way_is_waited_for_and_never_taken_for_ours() {
    run(async {
        let house = house(9, Some(ends(expiring(1..=9, None))));
        let other = crate::support::overseeing::Started { text: Some("theirs".to_owned()), left: 1 };
        house.world().with(|state| state.overseen.previews.insert(APP.to_owned(), other));
        only_lifecycle_is_withheld(&house).await;
        assert_eq!(house.world().calls_of("StartLifecyclePolicyPreview"), 2);
        let text = house.world().with(|state| state.overseen.previews[APP].text.clone()).unwrap();
        assert!(text.contains("rulePriority"), "{text}");
    });
}
