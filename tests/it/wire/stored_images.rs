//! How repositories are scanned and what they hold, for the drift walk.

use super::*;
use ecr_steward::flow::drift::{Images as _, RegistryScanning, ScanFrequency, Scanning as _, StoredImage};
use ecr_steward::model::repository::ScanType;

#[test]
fn the_registrys_scanning_is_its_type_and_whether_it_has_rules() {
    run(async {
        let of =
            |configuration: Value| (200, json!({"registryId": "123456789012", "scanningConfiguration": configuration}));
        let rule =
            json!({"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]});
        let tape = Tape::of(&[
            of(json!({"scanType": "BASIC", "rules": []})),
            of(json!({"scanType": "ENHANCED", "rules": [rule]})),
            (200, json!({})),
            (400, refused("AccessDeniedException", "no")),
        ]);
        let overseer = tape.overseer();
        let basic = RegistryScanning { scan_type: ScanType::Basic, has_rules: false };
        assert_eq!(overseer.registry_scanning().await, Ok(basic));
        let enhanced = RegistryScanning { scan_type: ScanType::Enhanced, has_rules: true };
        assert_eq!(overseer.registry_scanning().await, Ok(enhanced));
        assert_eq!(overseer.registry_scanning().await.unwrap_err().kind, FaultKind::Unexpected, "empty is not basic");
        assert_eq!(overseer.registry_scanning().await.unwrap_err().kind, FaultKind::Denied);
        tape.said();
    });
}

#[test]
fn what_an_answer_about_scanning_fails_for_or_says_in_new_words_is_absent() {
    run(async {
        let found = |name: &str, frequency: &str| json!({"repositoryName": name, "scanFrequency": frequency, "scanOnPush": false});
        let failed = json!({"repositoryName": "gone", "failureCode": "REPOSITORY_NOT_FOUND", "failureReason": "no"});
        let tape = Tape::of(&[(
            200,
            json!({
                "scanningConfigurations": [
                    found("a1", "SCAN_ON_PUSH"), found("b1", "CONTINUOUS_SCAN"), found("c1", "MANUAL"), found("d1", "HOURLY")
                ],
                "failures": [failed]
            }),
        )]);
        let names = ["a1", "b1", "c1", "d1", "gone"].map(name);
        let known = [
            (name("a1"), ScanFrequency::ScanOnPush),
            (name("b1"), ScanFrequency::ContinuousScan),
            (name("c1"), ScanFrequency::Manual),
        ];
        assert_eq!(tape.overseer().scanning_of(&names).await, Ok(known.into()));
        assert_eq!(tape.one().json(), json!({"repositoryNames": ["a1", "b1", "c1", "d1", "gone"]}));
    });
}

#[test]
fn images_are_listed_all_or_only_those_without_tags() {
    run(async {
        let whole = json!({"imageDigest": digest('1').as_str(), "imageTags": ["v1"], "imagePushedAt": 1_795_000_000.7,
            "imageManifestMediaType": "application/vnd.oci.image.index.v1+json"});
        let tape = Tape::of(&[
            (200, json!({"imageDetails": [whole], "nextToken": "more"})),
            (200, json!({"imageDetails": [{"imageDigest": digest('2').as_str()}]})),
            (400, refused("RepositoryNotFoundException", "no")),
            (200, json!({"imageDetails": [{"imageDigest": "none"}]})),
        ]);
        let overseer = tape.overseer();
        let (first, token) = overseer.stored_page(&name("shop/web"), false, None).await.unwrap().unwrap();
        let expected = StoredImage {
            digest: digest('1'),
            tags: vec!["v1".to_owned()],
            pushed_at: Some(1_795_000_000),
            media_type: "application/vnd.oci.image.index.v1+json".to_owned(),
        };
        assert_eq!(first, [expected]);
        let (second, end) = overseer.stored_page(&name("shop/web"), true, token).await.unwrap().unwrap();
        assert_eq!((second[0].pushed_at, second[0].tags.len(), end), (None, 0, None), "no time is made up");
        assert_eq!(overseer.stored_page(&name("shop/web"), true, None).await, Ok(None));
        let fault = overseer.stored_page(&name("shop/web"), true, None).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unexpected);
        let said = tape.said();
        let asked = json!({"repositoryName": "shop/web", "filter": {"tagStatus": "ANY", "imageStatus": "ANY"}, "maxResults": 1000});
        assert_eq!(said[0].json(), asked);
        let asked = json!({"repositoryName": "shop/web", "filter": {"tagStatus": "UNTAGGED"}, "maxResults": 1000, "nextToken": "more"});
        assert_eq!(said[1].json(), asked);
    });
}

#[test]
fn one_call_tells_whether_there_is_any_image_archived_ones_too() {
    run(async {
        let tape = Tape::of(&[
            (200, json!({"imageIds": [{"imageDigest": digest('1').as_str()}]})),
            (200, json!({"imageIds": [], "nextToken": "more"})),
            (200, json!({"imageIds": []})),
            (400, refused("RepositoryNotFoundException", "no")),
            (400, refused("AccessDeniedException", "no")),
        ]);
        let overseer = tape.overseer();
        for wished in [true, true, false, false] {
            assert_eq!(overseer.holds_images(&name("shop/web")).await, Ok(wished));
        }
        assert_eq!(overseer.holds_images(&name("shop/web")).await.unwrap_err().kind, FaultKind::Denied);
        let asked = json!({"repositoryName": "shop/web", "maxResults": 1, "filter": {"tagStatus": "ANY", "imageStatus": "ANY"}});
        assert_eq!(tape.said()[0].json(), asked);
    });
}

#[test]
fn manifests_come_as_they_are_those_of_images_that_are_gone_do_not_and_no_failure_passes_for_that() {
    run(async {
        let index = json!({"schemaVersion": 2, "manifests": [{"digest": digest('c').as_str()}]});
        let found = json!({"imageId": {"imageDigest": digest('a').as_str()}, "imageManifest": index.to_string()});
        let failed = |code: &str| json!({"imageId": {"imageDigest": digest('b').as_str()}, "failureCode": code, "failureReason": "why"});
        let tape = Tape::of(&[
            (200, json!({"images": [found.clone()], "failures": [failed("ImageNotFound")]})),
            (200, json!({"images": [found], "failures": [failed("ImageNotFound"), failed("ImageInaccessible")]})),
            (200, json!({"images": [{"imageId": {"imageDigest": digest('a').as_str()}, "imageManifest": "<xml>"}]})),
            (400, refused("RepositoryNotFoundException", "no")),
        ]);
        let overseer = tape.overseer();
        let digests = [digest('a'), digest('b')];
        let shop = name("shop/web");
        assert_eq!(overseer.manifests(&shop, &digests).await, Ok([(digest('a'), index)].into()));
        let fault = overseer.manifests(&shop, &digests).await.unwrap_err();
        assert_eq!((fault.code.as_str(), fault.message.as_str()), ("ImageInaccessible", "why"));
        let fault = overseer.manifests(&shop, &digests).await.unwrap_err();
        assert!(fault.message.contains(digest('a').as_str()), "{fault}");
        assert_eq!(overseer.manifests(&shop, &digests).await, Ok(BTreeMap::new()));
        let asked = tape.said()[0].json();
        let ids = json!([{"imageDigest": digest('a').as_str()}, {"imageDigest": digest('b').as_str()}]);
        assert_eq!(asked["imageIds"], ids);
        assert!(asked["acceptedMediaTypes"].as_array().unwrap().len() >= 4);
    });
}

#[test]
fn images_that_ecr_would_not_delete_are_told_with_its_reason_although_the_call_succeeds() {
    run(async {
        let failed = |of: char, code: &str| json!({"imageId": {"imageDigest": digest(of).as_str()}, "failureCode": code, "failureReason": "because"});
        let tape = Tape::of(&[
            (
                200,
                json!({
                    "imageIds": [{"imageDigest": digest('a').as_str()}],
                    "failures": [failed('b', "ImageReferencedByManifestList"), failed('c', "ImageNotFound")]
                }),
            ),
            (200, json!({"failures": [{"failureCode": "KmsError", "failureReason": "no key"}]})),
            (400, refused("RepositoryNotFoundException", "no")),
            (400, refused("AccessDeniedException", "no")),
        ]);
        let overseer = tape.overseer();
        let digests = ['a', 'b', 'c'].map(digest);
        let shop = name("shop/web");
        let refused = ("ImageReferencedByManifestList".to_owned(), "because".to_owned());
        assert_eq!(overseer.delete_images(&shop, &digests).await, Ok([(digest('b'), refused)].into()));
        let fault = overseer.delete_images(&shop, &digests).await.unwrap_err();
        assert_eq!(fault.code, "KmsError", "a refusal that names no image is not lost");
        assert_eq!(overseer.delete_images(&shop, &digests).await, Ok(BTreeMap::new()));
        assert_eq!(overseer.delete_images(&shop, &digests).await.unwrap_err().kind, FaultKind::Denied);
        let ids = digests.map(|digest| json!({"imageDigest": digest.as_str()}));
        assert_eq!(tape.said()[0].json(), json!({"repositoryName": "shop/web", "imageIds": ids}));
    });
}
