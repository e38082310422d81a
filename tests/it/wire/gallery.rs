//! The public gallery: a service of its own in one Region, whatever Region the function is in.

use super::*;
use ecr_steward::flow::Galleries as _;
use ecr_steward::model::Seen;
use ecr_steward::model::catalog::{Catalog, Logo};
use ecr_steward::model::repository::OWNER_TAG;

const ARN: &str = "arn:aws:ecr-public::123456789012:repository/shop/web";

fn described() -> Value {
    json!({"repositoryArn": ARN, "registryId": "123456789012", "repositoryName": "shop/web",
        "repositoryUri": "public.ecr.aws/a1b2c3d4/shop/web", "createdAt": 1_790_000_000})
}

fn target(said: &Said) -> &str {
    said.headers["x-amz-target"].rsplit('.').next().unwrap()
}

#[test]
fn every_call_goes_to_us_east_1_and_is_signed_for_it() {
    run(async {
        let tape = Tape::of(&[(200, json!({"repositories": [described()], "nextToken": "more"}))]);
        let aws = tape.aws_in("eu-west-1");
        let (repositories, token) = aws.gallery().page(None).await.unwrap();
        assert_eq!(token.as_deref(), Some("more"));
        assert_eq!((repositories[0].name.as_str(), repositories[0].arn.as_str()), ("shop/web", ARN));
        assert_eq!(repositories[0].lifecycle, Seen::Missing, "there are none in the gallery");
        let said = tape.one();
        assert_eq!(said.url, "https://api.ecr-public.us-east-1.amazonaws.com/");
        assert!(said.headers["authorization"].contains("/us-east-1/ecr-public/aws4_request"), "{said:?}");
        assert_eq!(said.json(), json!({"maxResults": 1000}));
    });
}

#[test]
fn its_own_endpoint_may_be_overridden() {
    run(async {
        let tape = Tape::of(&[(200, json!({"registries": []}))]);
        let mut local = settings("eu-west-1");
        local.endpoints.of.insert("ECR", "http://localhost:1".to_owned());
        local.endpoints.of.insert("ECR_PUBLIC", "http://localhost:2".to_owned());
        let aws = Aws::for_function(&local, &tape.connection());
        assert_eq!(aws.gallery_uri().await, Ok(None));
        assert_eq!(tape.one().url, "http://localhost:2/");
    });
}

#[test]
fn where_the_gallery_is_comes_with_the_account() {
    run(async {
        let registry = |uri: &str| {
            json!({"registries": [{"registryId": "123456789012", "registryUri": uri, "verified": false, "aliases": [],
                "registryArn": "arn:aws:ecr-public::123456789012:registry/123456789012"}]})
        };
        let tape = Tape::of(&[
            (200, registry("public.ecr.aws/a1b2c3d4")),
            (200, registry("public.ecr.aws/")),
            (400, refused("UnsupportedCommandException", "not in this Region")),
        ]);
        let aws = tape.aws();
        assert_eq!(aws.gallery_uri().await, Ok(Some("public.ecr.aws/a1b2c3d4".to_owned())));
        assert_eq!(aws.gallery_uri().await, Ok(None));
        let refused = aws.gallery_uri().await.unwrap_err();
        assert_eq!((refused.service, refused.kind), ("ecr-public", FaultKind::Invalid));
        tape.said();
    });
}

#[test]
fn what_was_never_set_is_a_value_and_what_is_denied_is_a_fault() {
    run(async {
        let data = json!({"catalogData": {"description": "d", "architectures": ["x86-64", "ARM"], "operatingSystems": [],
            "logoUrl": "https://d3g9o9u8re44ak.cloudfront.net/logo/x.png", "marketplaceCertified": false}});
        let tape = Tape::of(&[
            (400, refused("RepositoryCatalogDataNotFoundException", "none")),
            (400, refused("RepositoryPolicyNotFoundException", "none")),
            (400, refused("RepositoryNotFoundException", "no such repository")),
            (400, refused("AccessDeniedException", "no")),
            (200, data),
            (200, json!({"tags": [{"Key": "team", "Value": "web"}]})),
        ]);
        let aws = tape.aws();
        let gallery = aws.gallery();
        let web = name("shop/web");
        assert_eq!(gallery.catalog(&web).await, Ok(None));
        assert_eq!(gallery.policy(&web).await, Ok(None));
        assert_eq!(gallery.describe(std::slice::from_ref(&web)).await.unwrap_err().kind, FaultKind::NotFound);
        assert_eq!(gallery.catalog(&web).await.unwrap_err().kind, FaultKind::Denied);
        let catalog = gallery.catalog(&web).await.unwrap().unwrap();
        assert_eq!((catalog.description.as_deref(), catalog.about_text), (Some("d"), None));
        assert_eq!(catalog.architectures.unwrap(), ["ARM", "x86-64"], "sorted, so that order is no difference");
        assert_eq!(catalog.operating_systems, None);
        assert_eq!(gallery.tags(ARN).await.unwrap().unwrap()["team"], "web");
        assert_eq!(gallery.lifecycle(&web).await, Ok(None), "and nobody was asked");
        let said = tape.said();
        assert_eq!(said[2].json(), json!({"repositoryNames": ["shop/web"]}));
        assert_eq!(said[5].json(), json!({"resourceArn": ARN}));
    });
}

#[test]
fn a_description_that_is_not_whole_is_a_fault_and_not_a_shorter_list() {
    run(async {
        for hole in ["repositoryName", "repositoryArn"] {
            let mut described = described();
            described.as_object_mut().unwrap().remove(hole);
            let tape = Tape::of(&[(200, json!({"repositories": [described]}))]);
            let fault = tape.aws().gallery().page(None).await.unwrap_err();
            assert_eq!((fault.service, fault.kind), ("ecr-public", FaultKind::Unexpected), "{hole}");
        }
        let tape = Tape::of(&[(200, json!({"tags": [{"Value": "web"}]}))]);
        assert_eq!(tape.aws().gallery().tags(ARN).await.unwrap_err().kind, FaultKind::Unexpected);
    });
}

fn catalog() -> Catalog {
    Catalog {
        description: Some("d".to_owned()),
        usage_text: Some(String::new()),
        operating_systems: Some(vec!["Linux".to_owned()]),
        logo_image: Some(Logo::of(vec![1, 2, 3])),
        ..Catalog::default()
    }
}

#[test]
fn every_write_says_what_the_plan_says() {
    let tags = || Tags::from([("team".to_owned(), "web".to_owned())]);
    let web = || name("shop/web");
    let catalog = catalog();
    let said_catalog =
        json!({"description": "d", "usageText": "", "operatingSystems": ["Linux"], "logoImageBlob": "AQID"});
    let table = [
        (
            Change::CreatePublicRepository { name: web(), catalog: Box::default(), tags: tags() },
            "CreateRepository",
            json!({"repositoryName": "shop/web", "tags": [{"Key": "team", "Value": "web"}]}),
        ),
        (
            Change::CreatePublicRepository { name: web(), catalog: Box::new(catalog.clone()), tags: Tags::new() },
            "CreateRepository",
            json!({"repositoryName": "shop/web", "catalogData": said_catalog, "tags": []}),
        ),
        (
            Change::PutRepositoryCatalogData { name: web(), catalog: Box::new(catalog) },
            "PutRepositoryCatalogData",
            json!({"repositoryName": "shop/web", "catalogData": said_catalog}),
        ),
        (
            Change::SetRepositoryPolicy { name: web(), text: "{}".to_owned() },
            "SetRepositoryPolicy",
            json!({"repositoryName": "shop/web", "policyText": "{}"}),
        ),
        (
            Change::DeleteRepositoryPolicy { name: web() },
            "DeleteRepositoryPolicy",
            json!({"repositoryName": "shop/web"}),
        ),
        (
            Change::TagResource { arn: ARN.to_owned(), tags: tags() },
            "TagResource",
            json!({"resourceArn": ARN, "tags": [{"Key": "team", "Value": "web"}]}),
        ),
        (
            Change::UntagResource { arn: ARN.to_owned(), keys: vec!["team".to_owned()] },
            "UntagResource",
            json!({"resourceArn": ARN, "tagKeys": ["team"]}),
        ),
        (
            Change::DeleteRepository { name: web(), arn: ARN.to_owned(), force: true, not_empty: NotEmpty::Keep },
            "DeleteRepository",
            json!({"repositoryName": "shop/web", "force": true}),
        ),
    ];
    run(async {
        for (change, operation, body) in table {
            let tape = Tape::of(&[(200, json!({}))]);
            tape.aws().gallery().perform(&change).await.unwrap();
            let said = tape.one();
            assert_eq!((target(&said), said.json()), (operation, body));
            assert!(said.url.contains("api.ecr-public.us-east-1"), "{}", said.url);
        }
    });
}

#[test]
fn refusals_mean_what_the_flow_decides_by() {
    let delete =
        Change::DeleteRepository { name: name("aa"), arn: String::new(), force: false, not_empty: NotEmpty::Fail };
    let create = Change::CreatePublicRepository { name: name("aa"), catalog: Box::default(), tags: Tags::new() };
    let set = Change::SetRepositoryPolicy { name: name("aa"), text: "{}".to_owned() };
    let table = [
        (&delete, "RepositoryNotEmptyException", "holds images", FaultKind::NotEmpty),
        (&delete, "RepositoryNotFoundException", "gone", FaultKind::NotFound),
        (&create, "RepositoryAlreadyExistsException", "there", FaultKind::Conflict),
        (&create, "TooManyTagsException", "51", FaultKind::Invalid),
        (&set, "InvalidParameterException", "Invalid repository policy provided", FaultKind::Unsettled),
        (&set, "AccessDeniedException", "not authorized to perform: ecr-public:SetRepositoryPolicy", FaultKind::Denied),
    ];
    run(async {
        for (change, code, message, kind) in table {
            let tape = Tape::of(&[(400, refused(code, message))]);
            let fault = tape.aws().gallery().perform(change).await.unwrap_err();
            assert_eq!((fault.service, fault.kind), ("ecr-public", kind), "{code}");
            tape.said();
        }
    });
}

#[test]
fn what_the_gallery_does_not_have_is_refused_without_a_call() {
    run(async {
        let tape = Tape::default();
        let aws = tape.aws();
        let lifecycle = Change::PutLifecyclePolicy { name: name("aa"), text: "{}".to_owned() };
        assert_eq!(aws.gallery().perform(&lifecycle).await.unwrap_err().kind, FaultKind::Invalid);
        let public = Change::PutRepositoryCatalogData { name: name("aa"), catalog: Box::default() };
        assert_eq!(aws.perform(&public).await.unwrap_err().kind, FaultKind::Invalid);
        assert_eq!(tape.said().len(), 0);
    });
}

#[test]
fn records_lie_where_they_always_do() {
    run(async {
        let tape = Tape::default();
        tape.then(200, &[("etag", "\"1\"")], "");
        tape.aws().gallery().save_ledger(&Ledger::new(identity()), &Version::New).await.unwrap();
        let said = tape.one();
        assert!(said.url.contains("s3.eu-west-1.amazonaws.com"), "{}", said.url);
    });
}

/// The gallery is one for all Regions, and nothing there is written under a condition.
#[test]
fn after_a_repository_was_taken_over_its_owner_is_read_again() {
    run(async {
        let owned = |owner: &str| json!({"tags": [{"Key": OWNER_TAG, "Value": owner}]});
        let change = |owner: &str| Change::TagResource {
            arn: ARN.to_owned(),
            tags: [(OWNER_TAG.to_owned(), owner.to_owned())].into(),
        };
        let tape = Tape::of(&[(200, owned("ours")), (200, owned("theirs")), (200, owned("theirs"))]);
        let aws = tape.aws();
        assert_eq!(aws.gallery().confirm(&change("ours")).await, Ok(()));
        assert_eq!(aws.gallery().confirm(&change("ours")).await.unwrap_err().kind, FaultKind::Conflict);
        let said = tape.said();
        assert!(said.iter().all(|said| target(said) == "ListTagsForResource"), "{said:?}");
        assert_eq!(said.len(), 3);
    });
}
