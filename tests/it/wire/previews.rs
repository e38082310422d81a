//! ECR's own preview of lifecycle policies.

use super::*;
use ecr_steward::flow::drift::{Expiring, PreviewState, Previews as _};

#[test]
fn a_preview_is_of_a_text_or_of_what_is_in_force_and_only_one_goes_at_a_time() {
    run(async {
        let tape = Tape::of(&[
            (200, json!({"status": "IN_PROGRESS"})),
            (200, json!({"status": "IN_PROGRESS"})),
            (400, refused("LifecyclePolicyPreviewInProgressException", "one goes")),
            (400, refused("LifecyclePolicyNotFoundException", "none")),
            (400, refused("InvalidParameterException", "bad")),
        ]);
        let overseer = tape.overseer();
        let shop = name("shop/web");
        overseer.start_preview(&shop, Some("{\"rules\":[]}")).await.unwrap();
        overseer.start_preview(&shop, None).await.unwrap();
        for kind in [FaultKind::Conflict, FaultKind::NotFound, FaultKind::Invalid] {
            assert_eq!(overseer.start_preview(&shop, None).await.unwrap_err().kind, kind);
        }
        let said = tape.said();
        assert_eq!(said[0].json(), json!({"repositoryName": "shop/web", "lifecyclePolicyText": "{\"rules\":[]}"}));
        assert_eq!(said[1].json(), json!({"repositoryName": "shop/web"}));
    });
}

#[test]
fn each_state_of_a_preview_is_told_apart() {
    run(async {
        let tape = Tape::of(&[
            (200, json!({"status": "IN_PROGRESS"})),
            (200, json!({"status": "EXPIRED"})),
            (200, json!({"status": "FAILED"})),
            (400, refused("LifecyclePolicyPreviewNotFoundException", "none")),
            (200, json!({})),
            (200, json!({"status": "COMPLETE", "previewResults": []})),
            (400, refused("AccessDeniedException", "no")),
        ]);
        let overseer = tape.overseer();
        let shop = name("shop/web");
        let failed = |word: &str| PreviewState::Failed(word.to_owned());
        for wished in [PreviewState::Going, failed("EXPIRED"), failed("FAILED"), PreviewState::Absent] {
            assert_eq!(overseer.preview(&shop, None).await, Ok(wished));
        }
        for kind in [FaultKind::Unexpected, FaultKind::Unexpected, FaultKind::Denied] {
            // Neither without a status nor without a total does it say that nothing would go.
            assert_eq!(overseer.preview(&shop, None).await.unwrap_err().kind, kind);
        }
        assert_eq!(tape.said()[0].json(), json!({"repositoryName": "shop/web", "maxResults": 100}));
    });
}

#[test]
fn what_would_expire_comes_page_by_page_with_its_total() {
    run(async {
        let found = json!({"imageDigest": digest('a').as_str(), "imageTags": ["v1"], "imagePushedAt": 1_795_000_000,
            "action": {"type": "EXPIRE"}, "appliedRulePriority": 20});
        let moved = json!({"imageDigest": digest('b').as_str(), "action": {"type": "TRANSITION", "targetStorageClass": "ARCHIVE"}, "appliedRulePriority": 1});
        let total = json!({"expiringImageTotalCount": 7});
        let tape = Tape::of(&[
            (
                200,
                json!({"status": "COMPLETE", "lifecyclePolicyText": "{}", "previewResults": [found], "nextToken": "more", "summary": total}),
            ),
            (200, json!({"status": "COMPLETE", "previewResults": [moved], "summary": total})),
            (200, json!({"status": "COMPLETE", "previewResults": [{"imageDigest": "none"}], "summary": total})),
        ]);
        let overseer = tape.overseer();
        let PreviewState::Ended { page: (first, token), expiring, of } =
            overseer.preview(&name("shop/web"), None).await.unwrap()
        else {
            panic!("it has ended")
        };
        let expected = Expiring {
            digest: digest('a'),
            tags: vec!["v1".to_owned()],
            pushed_at: Some(1_795_000_000),
            priority: 20,
            action: "EXPIRE".to_owned(),
        };
        assert_eq!((first, expiring, of.as_deref()), (vec![expected], 7, Some("{}")));
        let PreviewState::Ended { page: (second, end), .. } = overseer.preview(&name("shop/web"), token).await.unwrap()
        else {
            panic!("it has ended")
        };
        assert_eq!((second[0].action.as_str(), second[0].priority, end), ("TRANSITION", 1, None));
        assert!(overseer.preview(&name("shop/web"), None).await.is_err());
        assert_eq!(tape.said()[1].json()["nextToken"], "more");
    });
}
