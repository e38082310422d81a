//! Asking about images and repositories for the findings walk.

use super::*;
use ecr_steward::flow::findings::Scans as _;
use ecr_steward::model::image::{ImageDetail, ManifestKind};

#[test]
fn a_manifest_is_asked_for_as_it_is_and_one_that_is_gone_is_none() {
    run(async {
        let manifest = json!({"schemaVersion": 2, "manifests": []}).to_string();
        let failed = |code: &str| json!({"images": [], "failures": [{"failureCode": code, "failureReason": "why"}]});
        let tape = Tape::of(&[
            (200, json!({"images": [{"imageManifest": manifest}], "failures": []})),
            (200, failed("ImageNotFound")),
            (400, refused("RepositoryNotFoundException", "no")),
            (200, failed("UpstreamTooManyRequests")),
            (200, failed("ImageInaccessible")),
            (200, json!({})),
            (200, json!({"images": [{"imageManifest": "{}"}]})),
        ]);
        let forwarder = tape.forwarder();
        assert_eq!(forwarder.manifest(&image()).await, Ok(Some(ManifestKind::Index(Vec::new()))));
        assert_eq!(forwarder.manifest(&image()).await, Ok(None));
        assert_eq!(forwarder.manifest(&image()).await, Ok(None));
        assert_eq!(forwarder.manifest(&image()).await.unwrap_err().kind, FaultKind::Throttled);
        let fault = forwarder.manifest(&image()).await.unwrap_err();
        assert_eq!((fault.kind, fault.code.as_str()), (FaultKind::Unexpected, "ImageInaccessible"));
        assert_eq!(fault.message, "why");
        for _ in 0..2 {
            let fault = forwarder.manifest(&image()).await.unwrap_err();
            assert!(fault.kind == FaultKind::Unexpected && fault.message.contains("shop/web@sha256:aaa"), "{fault}");
        }
        let asked = tape.said()[0].json();
        assert_eq!(asked["imageIds"], json!([{"imageDigest": digest('a').as_str()}]));
        let types = asked["acceptedMediaTypes"].as_array().unwrap();
        for part in ["oci.image.manifest", "oci.image.index", "docker.distribution.manifest.v2", "manifest.list.v2"] {
            assert!(types.iter().any(|known| known.as_str().unwrap().contains(part)), "{part}");
        }
    });
}

#[test]
fn an_images_tags_are_sorted_and_its_artefact_type_is_told_only_where_it_cannot_run() {
    run(async {
        let container = "application/vnd.oci.image.config.v1+json";
        let found = |artifact: &str| {
            json!({"imageDigest": digest('b').as_str(), "imageTags": ["b", "a"], "imagePushedAt": 1_795_000_000.9,
            "imageScanFindingsSummary": {"imageScanCompletedAt": 1_795_000_100}, "imageManifestMediaType": "m", "artifactMediaType": artifact})
        };
        let tape = Tape::of(&[
            (200, json!({"imageDetails": [found(container)]})),
            (200, json!({"imageDetails": [found("chart")]})),
            (400, refused("ImageNotFoundException", "no")),
            (400, refused("RepositoryNotFoundException", "no")),
            (200, json!({"imageDetails": []})),
            (200, json!({"imageDetails": [{"imageDigest": "none"}]})),
        ]);
        let forwarder = tape.forwarder();
        let expected = ImageDetail {
            digest: digest('b'),
            tags: vec!["a".to_owned(), "b".to_owned()],
            pushed_at: Some(1_795_000_000),
            scanned_at: Some(1_795_000_100),
            media_type: "m".to_owned(),
            artifact_type: None,
        };
        assert_eq!(forwarder.image_detail(&image()).await, Ok(Some(expected)));
        let chart = forwarder.image_detail(&image()).await.unwrap().unwrap();
        assert_eq!(chart.artifact_type.as_deref(), Some("chart"));
        for _ in 0..3 {
            assert_eq!(forwarder.image_detail(&image()).await, Ok(None));
        }
        assert_eq!(forwarder.image_detail(&image()).await.unwrap_err().kind, FaultKind::Unexpected);
        assert_eq!(
            tape.said()[0].json(),
            json!({"repositoryName": "shop/web", "imageIds": [{"imageDigest": digest('a').as_str()}]})
        );
    });
}

#[test]
fn images_with_and_without_tags_are_listed_page_by_page() {
    run(async {
        let tape = Tape::of(&[
            (200, json!({"imageDetails": [{"imageDigest": digest('1').as_str()}], "nextToken": "more"})),
            (200, json!({"imageDetails": [{"imageDigest": digest('2').as_str(), "imageTags": ["v"]}]})),
            (400, refused("RepositoryNotFoundException", "no")),
        ]);
        let forwarder = tape.forwarder();
        let (first, token) = forwarder.image_page(&name("shop/web"), None).await.unwrap().unwrap();
        assert_eq!((first[0].digest.clone(), first[0].tags.len(), first[0].pushed_at), (digest('1'), 0, None));
        let (second, end) = forwarder.image_page(&name("shop/web"), token).await.unwrap().unwrap();
        assert_eq!((second[0].digest.clone(), end), (digest('2'), None));
        assert_eq!(forwarder.image_page(&name("shop/web"), None).await, Ok(None));
        let said = tape.said();
        let asked = json!({"repositoryName": "shop/web", "filter": {"tagStatus": "ANY"}, "maxResults": 1000});
        assert_eq!(said[0].json(), asked);
        assert_eq!(said[1].json()["nextToken"], "more");
    });
}

#[test]
fn repositories_are_listed_by_name_and_their_tags_asked_by_arn() {
    run(async {
        let tape = Tape::of(&[
            (
                200,
                json!({"repositories": [{"repositoryName": "shop/web"}, {"repositoryName": "aa"}], "nextToken": "more"}),
            ),
            (200, json!({"repositories": []})),
            (200, json!({"repositories": [{"repositoryName": "No Name"}]})),
            (200, json!({"tags": [{"Key": "team", "Value": "pay"}]})),
            (400, refused("RepositoryNotFoundException", "no")),
            (400, refused("AccessDeniedException", "no")),
        ]);
        let forwarder = tape.forwarder();
        let (names, token) = forwarder.repository_page(None).await.unwrap();
        assert_eq!(names, [name("shop/web"), name("aa")]);
        assert_eq!(forwarder.repository_page(token).await, Ok((Vec::new(), None)));
        assert_eq!(forwarder.repository_page(None).await.unwrap_err().kind, FaultKind::Unexpected);
        let tags = forwarder.repository_tags(&place(), &name("shop/web")).await;
        assert_eq!(tags, Ok(Some(Tags::from([("team".to_owned(), "pay".to_owned())]))));
        assert_eq!(forwarder.repository_tags(&place(), &name("shop/web")).await, Ok(None));
        let fault = forwarder.repository_tags(&place(), &name("shop/web")).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Denied);
        let said = tape.said();
        assert_eq!(said[1].json(), json!({"maxResults": 1000, "nextToken": "more"}));
        assert_eq!(said[3].json(), json!({"resourceArn": "arn:aws:ecr:eu-west-1:123456789012:repository/shop/web"}));
    });
}
