//! The adapters by wire replay: what really goes out to a service, and what its answers come to.

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use ecr_steward::aws::cfn_reply::{Undelivered, deliver};
use ecr_steward::aws::{Aws, Connection};
use ecr_steward::config::{Endpoints, Keys, Settings};
use ecr_steward::event::request::ResponseUrl;
use ecr_steward::event::settle::{Kind, Settle};
use ecr_steward::fault::FaultKind;
use ecr_steward::flow::{Keep as _, Postpone as _, Read as _, Recall as _, Stacks as _, Version, Write as _};
use ecr_steward::model::identity::{Identity, StackId};
use ecr_steward::model::name::RepositoryName;
use ecr_steward::model::repository::{Encryption, EncryptionType, Mutability, MutabilityMode, Tags};
use ecr_steward::plan::Change;
use ecr_steward::plan::NotEmpty;
use ecr_steward::plan::ledger::Ledger;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

const STACK: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/11111111-2222-3333-4444-555555555555";

/// One request as it went out.
#[derive(Clone, Debug)]
struct Said {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }
}

/// Status, headers and body of one answer.
type Answer = (u16, Vec<(&'static str, String)>, String);

/// Answers from a list, in order, and remembers what was asked.
#[derive(Clone, Debug, Default)]
struct Tape {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    said: Arc<Mutex<Vec<Said>>>,
}

impl HttpConnector for Tape {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let headers = request.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.said.lock().unwrap().push(Said {
            method: request.method().to_owned(),
            url: request.uri().to_owned(),
            headers: headers.collect(),
            body: String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned(),
        });
        let (status, headers, body) = self.answers.lock().unwrap().pop_front().expect("an answer for this request");
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        for (name, value) in headers {
            response.headers_mut().insert(name, value);
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}

impl Tape {
    fn of(answers: &[(u16, Value)]) -> Self {
        let tape = Self::default();
        for (status, body) in answers {
            tape.then(*status, &[], &body.to_string());
        }
        tape
    }

    fn then(&self, status: u16, headers: &[(&'static str, &str)], body: &str) {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.answers.lock().unwrap().push_back((status, headers, body.to_owned()));
    }

    fn connection(&self) -> Connection {
        Connection::of(SharedHttpConnector::new(self.clone()))
    }

    fn aws(&self) -> Aws {
        let settings = Settings {
            region: "eu-west-1".to_owned(),
            state_bucket: "state".to_owned(),
            queue_url: "https://sqs.eu-west-1.amazonaws.com/123456789012/own".to_owned(),
            parameter_prefix: "/ecr-steward".to_owned(),
            credentials: Keys {
                access_key_id: "AKIDEXAMPLE".to_owned(),
                secret_access_key: "not-a-secret".to_owned(),
                session_token: None,
            },
            endpoints: Endpoints::default(),
            warm_up: false,
        };
        Aws::for_function(&settings, &self.connection())
    }

    fn said(&self) -> Vec<Said> {
        assert!(self.answers.lock().unwrap().is_empty(), "answers are left over");
        self.said.lock().unwrap().clone()
    }

    fn one(&self) -> Said {
        let said = self.said();
        assert_eq!(said.len(), 1, "{said:?}");
        said.into_iter().next().unwrap()
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(work)
}

fn name(text: &str) -> RepositoryName {
    RepositoryName::parse(text).unwrap()
}

fn identity() -> Identity {
    Identity { stack: StackId::parse(STACK).unwrap(), logical_id: "Repositories".to_owned() }
}

fn refused(code: &str, message: &str) -> Value {
    json!({"__type": code, "message": message})
}

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

#[test]
fn a_new_parameter_has_tags_and_an_old_one_is_overwritten_since_ssm_takes_only_one_of_both() {
    run(async {
        let tape = Tape::of(&[
            (200, json!({"Version": 1})),
            (200, json!({"Version": 2})),
            (
                200,
                json!({"Parameters": [
            {"Name": "/x", "Value": "v"}], "InvalidParameters": ["/y"]}),
            ),
        ]);
        let aws = tape.aws();
        for new in [true, false] {
            let (path, value, owner) = ("/x".to_owned(), "v".to_owned(), "guid/Fleet".to_owned());
            aws.perform(&Change::PutParameter { path, value, owner, new }).await.unwrap();
        }
        let found = aws.parameters(&["/x".to_owned(), "/y".to_owned()]).await.unwrap();
        assert_eq!(found, BTreeMap::from([("/x".to_owned(), "v".to_owned())]));
        let said = tape.said();
        let (first, second) = (said[0].json(), said[1].json());
        assert_eq!(first["Tags"][0], json!({"Key": "ecr-steward:owner", "Value": "guid/Fleet"}));
        assert!(first.get("Overwrite").is_none(), "{first}");
        assert!(second.get("Tags").is_none(), "{second}");
        assert_eq!(second["Overwrite"], true);
    });
}

#[test]
fn the_ledger_is_written_over_exactly_the_version_that_was_read() {
    run(async {
        let ledger = Ledger::new(identity());
        let tape = Tape::default();
        tape.then(200, &[("etag", "\"one\"")], "");
        tape.then(200, &[("etag", "\"two\"")], "");
        tape.then(412, &[], "<Error><Code>PreconditionFailed</Code></Error>");
        let aws = tape.aws();
        let first = aws.save_ledger(&ledger, &Version::New).await.unwrap();
        assert_eq!(first, Version::Tag("\"one\"".to_owned()));
        aws.save_ledger(&ledger, &first).await.unwrap();
        assert_eq!(aws.save_ledger(&ledger, &first).await.unwrap_err().kind, FaultKind::Conflict);
        let said = tape.said();
        assert_eq!(said[0].headers["if-none-match"], "*");
        assert_eq!(said[1].headers["if-match"], "\"one\"");
        assert!(!said[1].headers.contains_key("if-none-match"));
        assert!(
            said[0].url.contains("/ledgers/11111111-2222-3333-4444-555555555555/Repositories.json"),
            "{}",
            said[0].url
        );
    });
}

#[test]
fn a_ledger_that_is_absent_is_none_and_one_of_a_newer_version_is_not_touched() {
    run(async {
        let tape = Tape::default();
        tape.then(404, &[], "<Error><Code>NoSuchKey</Code></Error>");
        tape.then(404, &[], "<Error><Code>NoSuchBucket</Code></Error>");
        let newer = Ledger { version: 99, ..Ledger::new(identity()) };
        tape.then(200, &[("etag", "\"x\"")], &serde_json::to_string(&newer).unwrap());
        let aws = tape.aws();
        assert_eq!(aws.ledger("ledgers/x.json").await, Ok(None));
        assert_ne!(aws.ledger("ledgers/x.json").await.unwrap_err().kind, FaultKind::NotFound);
        assert!(aws.ledger("ledgers/x.json").await.unwrap_err().to_string().contains("newer"));
        tape.said();
    });
}

#[test]
fn a_stack_that_is_gone_is_none_and_tags_of_aws_are_not_its_own() {
    run(async {
        let gone = "<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack with id x does not exist</Message></Error></ErrorResponse>";
        let there = "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>s</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>UPDATE_IN_PROGRESS</StackStatus><RootId>arn:root</RootId><Tags><member><Key>team</Key><Value>pay</Value></member><member><Key>aws:x</Key><Value>1</Value></member></Tags></member></Stacks></DescribeStacksResult></DescribeStacksResponse>";
        let tape = Tape::default();
        tape.then(400, &[], gone);
        tape.then(200, &[], there);
        tape.then(400, &[], &gone.replace("Stack with id x", "Resource Fleet"));
        let aws = tape.aws();
        assert_eq!(aws.stack(STACK).await, Ok(None));
        let stack = aws.stack(STACK).await.unwrap().unwrap();
        assert_eq!((stack.status.as_str(), stack.root.as_deref()), ("UPDATE_IN_PROGRESS", Some("arn:root")));
        assert_eq!(stack.tags, Tags::from([("team".to_owned(), "pay".to_owned())]));
        assert_eq!(aws.has_resource(STACK, "Fleet").await, Ok(false));
        tape.said();
    });
}

#[test]
fn a_message_waits_for_as_long_as_its_look_says() {
    run(async {
        let tape = Tape::of(&[(200, json!({"MessageId": "m"})), (200, json!({"MessageId": "m"}))]);
        let message = Settle {
            version: 1,
            kind: Kind::Settle,
            stack_id: STACK.to_owned(),
            logical_id: "Fleet".to_owned(),
            request_id: "r".to_owned(),
            attempt: 0,
        };
        let aws = tape.aws();
        aws.send(&message).await.unwrap();
        aws.send(&Settle { attempt: 90, ..message.clone() }).await.unwrap();
        let said = tape.said();
        assert_eq!(said[0].json()["DelaySeconds"], 10);
        assert_eq!(said[1].json()["DelaySeconds"], 900);
        assert_eq!(Settle::parse(said[0].json()["MessageBody"].as_str().unwrap()), Ok(message));
    });
}

#[test]
fn the_answer_goes_out_once_without_a_content_type_and_only_2xx_counts() {
    let url = ResponseUrl::new("https://bucket.s3.amazonaws.com/key?Signature=secret");
    let table: [(&[u16], Result<(), Undelivered>); 5] = [
        (&[200], Ok(())),
        (&[503, 429, 204], Ok(())),
        (&[403], Err(Undelivered::Refused(403))),
        (&[307], Err(Undelivered::Refused(307))),
        (&[400], Err(Undelivered::Refused(400))),
    ];
    for (statuses, expected) in table {
        run(async {
            let tape = Tape::default();
            for status in statuses {
                tape.then(*status, &[("location", "https://elsewhere.example/")], "");
            }
            let until = Instant::now() + Duration::from_mins(1);
            let sent = deliver(&tape.connection(), &url, "{\"ä\":1}".as_bytes(), until).await;
            assert_eq!(sent, expected);
            assert!(sent.err().is_none_or(|why| !why.to_string().contains("bucket.s3")));
            for said in tape.said() {
                assert_eq!((said.method.as_str(), said.url.as_str()), ("PUT", url.expose()));
                assert_eq!(said.headers["content-length"], "8", "bytes, not characters");
                assert!(!said.headers.contains_key("content-type"), "{:?}", said.headers);
            }
        });
    }
}
