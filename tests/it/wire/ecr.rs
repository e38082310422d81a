//! Reading and writing repositories.

use super::*;

/// Rows: 3.
#[test]
fn pages_are_as_large_as_ecr_allows_and_follow_the_token() {
    run(async {
        let found = json!({"repositoryName": "aa", "repositoryArn": "arn:a", "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "z*"}, {"filterType": "WILDCARD", "filter": "a*"}],
            "imageScanningConfiguration": {"scanOnPush": true}, "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": "arn:k"}});
        let tape = Tape::of(&[
            (200, json!({"repositories": [found], "nextToken": "more"})),
            (200, json!({"repositories": []})),
        ]);
        let aws = tape.aws();
        let (repositories, token) = aws.page(None).await.unwrap();
        assert_eq!(token.as_deref(), Some("more"));
        let repository = &repositories[0];
        assert_eq!(repository.mutability.exclusions, ["a*", "z*"], "sorted, so that order is no difference");
        assert!(repository.scan_on_push);
        assert_eq!(repository.encryption.kms_key.as_deref(), Some("arn:k"));
        assert_eq!(aws.page(token).await.unwrap(), (Vec::new(), None));
        let said = tape.said();
        assert_eq!(said[0].json(), json!({"maxResults": 1000}));
        assert_eq!(said[1].json(), json!({"maxResults": 1000, "nextToken": "more"}));
    });
}

/// Rows: 19.
#[test]
fn what_is_not_there_is_a_value_and_what_is_denied_is_a_fault() {
    run(async {
        let tape = Tape::of(&[
            (400, refused("LifecyclePolicyNotFoundException", "none")),
            (400, refused("RepositoryPolicyNotFoundException", "none")),
            (400, refused("RepositoryNotFoundException", "The repository with name 'a' does not exist")),
            (400, refused("AccessDeniedException", "not authorized to perform: ecr:GetLifecyclePolicy")),
        ]);
        let aws = tape.aws();
        assert_eq!(aws.lifecycle(&name("aa")).await, Ok(None));
        assert_eq!(aws.policy(&name("aa")).await, Ok(None));
        assert_eq!(aws.describe(&[name("aa")]).await.unwrap_err().kind, FaultKind::NotFound);
        let denied = aws.lifecycle(&name("aa")).await.unwrap_err();
        assert_eq!((denied.kind, denied.code.as_str()), (FaultKind::Denied, "AccessDeniedException"));
        assert!(
            denied.to_string().starts_with("ecr:GetLifecyclePolicy failed with AccessDeniedException: not authorized")
        );
        tape.said();
    });
}

/// Rows: 45.
#[test]
fn throttling_and_server_faults_are_tried_again() {
    run(async {
        let tape = Tape::of(&[
            (400, refused("ThrottlingException", "Rate exceeded")),
            (500, refused("ServerException", "oops")),
            (200, json!({"scanningConfiguration": {"scanType": "ENHANCED", "rules": []}})),
        ]);
        assert!(tape.aws().scan_type().await.unwrap().is_some());
        assert_eq!(tape.said().len(), 3);
    });
}

/// Rows: 19.
#[test]
fn a_refused_write_means_what_the_flow_decides_by() {
    let delete =
        Change::DeleteRepository { name: name("aa"), arn: String::new(), force: false, not_empty: NotEmpty::Fail };
    let set = Change::SetRepositoryPolicy { name: name("aa"), text: "{}".to_owned() };
    let put = Change::PutLifecyclePolicy { name: name("aa"), text: "{}".to_owned() };
    let parameter =
        Change::PutParameter { path: "/x".to_owned(), value: "v".to_owned(), owner: "o".to_owned(), new: true };
    let invalid =
        "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'";
    let table = [
        (&delete, "RepositoryNotEmptyException", "holds images", FaultKind::NotEmpty),
        (&delete, "RepositoryNotFoundException", "gone", FaultKind::NotFound),
        (&set, "InvalidParameterException", invalid, FaultKind::Unsettled),
        (&put, "InvalidParameterException", invalid, FaultKind::Invalid),
        (&parameter, "ParameterAlreadyExists", "exists", FaultKind::Conflict),
        (&put, "RepositoryAlreadyExistsException", "exists", FaultKind::Conflict),
    ];
    for (change, code, message, kind) in table {
        run(async {
            let tape = Tape::of(&[(400, refused(code, message))]);
            assert_eq!(tape.aws().perform(change).await.unwrap_err().kind, kind, "{code}");
            tape.one();
        });
    }
}

#[test]
fn a_repository_is_created_whole_with_its_owner_from_the_first_moment() {
    run(async {
        let tape = Tape::of(&[(200, json!({"repository": {}}))]);
        let change = Change::CreateRepository {
            name: name("shop-dev-a"),
            mutability: Mutability { mode: MutabilityMode::Immutable, exclusions: Vec::new() },
            scan_on_push: true,
            encryption: Encryption { kind: EncryptionType::Kms, kms_key: Some("alias/images".to_owned()) },
            tags: Tags::from([("ecr-steward:owner".to_owned(), "guid/Fleet".to_owned())]),
        };
        tape.aws().perform(&change).await.unwrap();
        let said = tape.one();
        assert_eq!(said.headers["x-amz-target"], "AmazonEC2ContainerRegistry_V20150921.CreateRepository");
        assert_eq!(
            said.json(),
            json!({
                "repositoryName": "shop-dev-a", "imageTagMutability": "IMMUTABLE",
                "imageScanningConfiguration": {"scanOnPush": true},
                "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": "alias/images"},
                "tags": [{"Key": "ecr-steward:owner", "Value": "guid/Fleet"}],
            })
        );
    });
}

/// Rows: 49, 57.
#[test]
fn a_denied_call_names_the_request_that_aws_support_asks_for() {
    run(async {
        let tape = Tape::default();
        let denied = refused("AccessDeniedException", "no").to_string();
        tape.then(400, &[("x-amzn-requestid", "11112222-3333")], &denied);
        let fault = tape.aws().tags("arn:a").await.unwrap_err();
        assert_eq!(fault.request_id.as_deref(), Some("11112222-3333"));
        assert_eq!(
            fault.to_string(),
            "ecr:ListTagsForResource failed with AccessDeniedException: no (request 11112222-3333)"
        );
        tape.one();
    });
}

/// Rows: 45.
#[test]
fn a_service_that_never_stops_throttling_is_a_fault_and_not_a_wait_without_end() {
    for (status, code, kind, region) in [
        (400, "ThrottlingException", FaultKind::Throttled, "throttling"),
        (500, "ServerException", FaultKind::Unavailable, "failing"),
    ] {
        run(async {
            let tape = Tape::of(&vec![(status, refused(code, "no")); 100]);
            let fault = tape.aws_in(region).tags("arn:a").await.unwrap_err();
            assert_eq!(fault.kind, kind);
            assert!(fault.retryable());
            let tries = tape.said.lock().unwrap().len();
            assert!((3..100).contains(&tries), "{tries} tries of {code}");
        });
    }
}

#[test]
fn a_quota_that_is_used_up_is_said_to_be_one_and_not_to_be_worth_another_try() {
    run(async {
        // The SDK takes this code for throttling and tries again by itself.
        let tape = Tape::of(&vec![(400, refused("LimitExceededException", "100000 repositories")); 100]);
        let fault = tape.aws_in("used-up").tags("arn:a").await.unwrap_err();
        assert_eq!((fault.kind, fault.retryable()), (FaultKind::Quota, false));
        assert_eq!(fault.message, "100000 repositories");
    });
}

#[test]
fn a_refusal_that_will_not_pass_is_not_tried_again() {
    let put = Change::PutLifecyclePolicy { name: name("aa"), text: "{}".to_owned() };
    for (code, kind) in [
        ("InvalidParameterException", FaultKind::Invalid),
        ("TooManyTagsException", FaultKind::Invalid),
        ("ExpiredTokenException", FaultKind::Denied),
        ("SomethingNewException", FaultKind::Unexpected),
    ] {
        run(async {
            let tape = Tape::of(&[(400, refused(code, "no"))]);
            assert_eq!(tape.aws().perform(&put).await.unwrap_err().kind, kind, "{code}");
            tape.one();
        });
    }
}

#[test]
fn every_change_calls_the_operation_it_names_with_what_it_holds() {
    let exclusions = vec!["latest*".to_owned()];
    let excluding = Mutability { mode: MutabilityMode::ImmutableWithExclusion, exclusions };
    let plain = Mutability { mode: MutabilityMode::Mutable, exclusions: Vec::new() };
    let (arn, tags) = ("arn:a".to_owned(), Tags::from([("team".to_owned(), "pay".to_owned())]));
    let table = [
        (
            Change::PutImageTagMutability { name: name("aa"), mutability: excluding },
            json!({"repositoryName": "aa", "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
                "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "latest*"}]}),
        ),
        (
            Change::PutImageTagMutability { name: name("aa"), mutability: plain },
            json!({"repositoryName": "aa", "imageTagMutability": "MUTABLE"}),
        ),
        (
            Change::PutImageScanningConfiguration { name: name("aa"), scan_on_push: true },
            json!({"repositoryName": "aa", "imageScanningConfiguration": {"scanOnPush": true}}),
        ),
        (
            // The SDK leaves out what is false; ECR takes that for false.
            Change::PutImageScanningConfiguration { name: name("aa"), scan_on_push: false },
            json!({"repositoryName": "aa", "imageScanningConfiguration": {}}),
        ),
        (
            Change::PutLifecyclePolicy { name: name("aa"), text: "{\"rules\":[]}".to_owned() },
            json!({"repositoryName": "aa", "lifecyclePolicyText": "{\"rules\":[]}"}),
        ),
        (Change::DeleteLifecyclePolicy { name: name("aa") }, json!({"repositoryName": "aa"})),
        (
            Change::SetRepositoryPolicy { name: name("aa"), text: "{}".to_owned() },
            json!({"repositoryName": "aa", "policyText": "{}"}),
        ),
        (Change::DeleteRepositoryPolicy { name: name("aa") }, json!({"repositoryName": "aa"})),
        (
            Change::TagResource { arn: arn.clone(), tags },
            json!({"resourceArn": "arn:a", "tags": [{"Key": "team", "Value": "pay"}]}),
        ),
        (
            Change::UntagResource { arn: arn.clone(), keys: vec!["team".to_owned()] },
            json!({"resourceArn": "arn:a", "tagKeys": ["team"]}),
        ),
        (
            Change::DeleteRepository { name: name("aa"), arn, force: true, not_empty: NotEmpty::Keep },
            json!({"repositoryName": "aa", "force": true}),
        ),
    ];
    for (change, body) in table {
        run(async {
            let tape = Tape::of(&[(200, json!({}))]);
            tape.aws().perform(&change).await.unwrap();
            let said = tape.one();
            let operation = said.headers["x-amz-target"].rsplit_once('.').unwrap().1.to_owned();
            assert_eq!(format!("ecr:{operation}"), change.action(), "what IAM must allow is what is called");
            assert_eq!(said.json(), body, "{operation}");
        });
    }
}

#[test]
fn a_refusal_of_the_rarer_encryption_says_that_not_every_region_has_it() {
    let create = |kind| Change::CreateRepository {
        name: name("aa"),
        mutability: Mutability { mode: MutabilityMode::Mutable, exclusions: Vec::new() },
        scan_on_push: false,
        encryption: Encryption { kind, kms_key: None },
        tags: Tags::new(),
    };
    for (kind, hinted) in [(EncryptionType::KmsDsse, true), (EncryptionType::Kms, false)] {
        run(async {
            let tape = Tape::of(&[(400, refused("InvalidParameterException", "no"))]);
            let fault = tape.aws().perform(&create(kind)).await.unwrap_err();
            assert_eq!(fault.message.contains("Region"), hinted, "{fault}");
            tape.one();
        });
    }
}

/// Rows: 45.
#[test]
fn a_large_fleet_does_not_use_up_its_retries() {
    run(async {
        let throttled = (400, refused("ThrottlingException", "Rate exceeded"));
        let one = [throttled.clone(), throttled.clone(), throttled.clone(), throttled, (200, json!({"tags": []}))];
        let calls: Vec<_> = std::iter::repeat_n(one, 60).flatten().collect();
        let tape = Tape::of(&calls);
        let aws = tape.aws();
        for _ in 0..60 {
            aws.tags("arn:x").await.unwrap();
        }
        assert_eq!(tape.said().len(), 300);
    });
}
