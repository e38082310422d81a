//! Messages of the drift queue: what there is to do, what is not ours, and what cannot be read.

use ecr_steward::event::api_call::{Incoming, read};
use ecr_steward::event::drift::{Assemble, Cause, Job, Look, Part, Sweep, SweepId, VERSION};
use ecr_steward::model::name::RepositoryName;
use ecr_steward::model::place::Place;
use proptest::prelude::*;
use serde_json::{Value, json};

const DEPLOYER: &str = "arn:aws:iam::123456789012:role/deployer";

fn here() -> Place {
    Place { partition: "aws".into(), region: "eu-west-1".into(), account: "123456789012".into() }
}

/// A call by somebody in a role, about `shop/web`.
fn call(name: &str) -> Value {
    json!({
        "id": "envelope", "source": "aws.ecr", "detail-type": "AWS API Call via CloudTrail",
        "account": "123456789012", "region": "eu-west-1", "time": "2026-11-24T02:36:48Z",
        "detail": {
            "eventSource": "ecr.amazonaws.com", "eventName": name, "eventID": "record",
            "eventTime": "2026-11-24T02:36:47Z",
            "userIdentity": {
                "arn": "arn:aws:sts::123456789012:assumed-role/deployer/session",
                "sessionContext": {"sessionIssuer": {"arn": DEPLOYER}},
            },
            "requestParameters": {"repositoryName": "shop/web"},
        },
    })
}

fn incoming(message: &Value) -> Result<Incoming, String> {
    read(&message.to_string(), &here())
}

fn look(message: &Value) -> Look {
    match incoming(message) {
        Ok(Incoming::Job(Job::Look(look))) => look,
        other => panic!("{other:?}"),
    }
}

fn not_ours(message: &Value) -> String {
    match incoming(message) {
        Ok(Incoming::NotOurs(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_that_changes_a_repository_is_a_look_by_the_records_own_id_time_and_role() {
    let expected = Look {
        version: VERSION,
        repository: RepositoryName::parse("shop/web").unwrap(),
        cause: Cause::Call("PutImageTagMutability".to_owned()),
        event: "record".to_owned(),
        principal: Some(DEPLOYER.to_owned()),
        occurred: Some(1_795_487_807_000),
    };
    assert_eq!(look(&call("PutImageTagMutability")), expected);
    let changing = [
        "CreateRepository",
        "DeleteRepository",
        "PutImageScanningConfiguration",
        "PutLifecyclePolicy",
        "DeleteLifecyclePolicy",
        "SetRepositoryPolicy",
        "DeleteRepositoryPolicy",
        "TagResource",
        "UntagResource",
    ];
    for name in changing {
        assert_eq!(look(&call(name)).cause, Cause::Call(name.to_owned()));
    }
}

#[test]
fn calls_that_change_nothing_we_keep_are_not_ours() {
    for name in ["BatchDeleteImage", "PutImage", "DescribeRepositories", "PutRegistryPolicy", "PolicyExecutionEvent"] {
        assert!(not_ours(&call(name)).contains(name));
    }
    let mut failed = call("DeleteRepositoryPolicy");
    failed["detail"]["errorCode"] = json!("RepositoryPolicyNotFoundException");
    assert!(not_ours(&failed).contains("RepositoryPolicyNotFoundException"));
    failed["detail"]["errorCode"] = Value::Null;
    look(&failed);
    let mut strange = call("CreateRepository");
    strange["detail"]["eventSource"] = json!("ecr-public.amazonaws.com");
    assert!(not_ours(&strange).contains("ecr-public"));
    let mut service = call("PutLifecyclePolicy");
    service["detail-type"] = json!("AWS Service Event via CloudTrail");
    not_ours(&service);
}

#[test]
fn a_repository_is_found_wherever_the_record_has_it() {
    let arn = "arn:aws:ecr:eu-west-1:123456789012:repository/shop/web";
    let places = [
        json!({"requestParameters": {"resourceArn": arn}}),
        json!({"requestParameters": null, "responseElements": {"repository": {"repositoryName": "shop/web"}}}),
        json!({"requestParameters": null, "resources": [{"ARN": arn, "accountId": "123456789012"}]}),
        json!({"requestParameters": {"repositoryName": ""}, "resources": [{"ARN": arn}]}),
    ];
    for place in places {
        let mut event = call("TagResource");
        let detail = event["detail"].as_object_mut().unwrap();
        detail.remove("requestParameters");
        detail.extend(place.as_object().unwrap().clone());
        assert_eq!(look(&event).repository.as_str(), "shop/web", "{place}");
    }
    let mut replicated = call("CreateRepository");
    replicated["detail"]["eventSource"] = json!("replication.ecr.amazonaws.com");
    replicated["detail"]["userIdentity"] = json!({"type": "AWSService", "invokedBy": "replication.ecr.amazonaws.com"});
    assert_eq!(look(&replicated).principal.as_deref(), Some("replication.ecr.amazonaws.com"));
}

#[test]
fn a_principal_is_its_role_or_else_itself_or_unknown() {
    let mut event = call("TagResource");
    event["detail"]["userIdentity"] = json!({"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/me"});
    assert_eq!(look(&event).principal.as_deref(), Some("arn:aws:iam::123456789012:user/me"));
    for nobody in [json!({}), Value::Null, json!({"arn": 7}), json!({"arn": ""})] {
        event["detail"]["userIdentity"] = nobody;
        assert_eq!(look(&event).principal, None);
    }
}

#[test]
fn what_is_elsewhere_is_not_ours() {
    let changes: [(&str, Value); 7] = [
        ("/account", json!("999999999999")),
        ("/region", json!("us-east-1")),
        ("/detail/requestParameters", json!({"repositoryName": "shop/web", "registryId": "999999999999"})),
        ("/detail/requestParameters", json!({"resourceArn": "arn:aws:ecr:us-east-1:123456789012:repository/shop/web"})),
        ("/detail/requestParameters", json!({"resourceArn": "arn:aws:ecr:eu-west-1:999999999999:repository/shop/web"})),
        (
            "/detail/requestParameters",
            json!({"resourceArn": "arn:aws-cn:ecr:eu-west-1:123456789012:repository/shop/web"}),
        ),
        ("/account", json!("000000000000")),
    ];
    for (pointer, value) in changes {
        let mut event = call("TagResource");
        *event.pointer_mut(pointer).unwrap() = value.clone();
        assert!(not_ours(&event).contains("whose own installation"), "{pointer} {value}");
    }
    let mut silent = call("TagResource");
    silent.as_object_mut().unwrap().retain(|key, _| key != "account" && key != "region");
    look(&silent);
    silent["detail"]["recipientAccountId"] = json!("999999999999");
    not_ours(&silent);
}

#[test]
fn a_push_that_succeeded_is_a_look_and_other_actions_are_not_ours() {
    let mut event = json!({
        "id": "e", "source": "aws.ecr", "detail-type": "ECR Image Action", "time": "2026-11-24T02:36:48Z",
        "account": "123456789012", "region": "eu-west-1",
        "detail": {"result": "SUCCESS", "action-type": "PUSH", "repository-name": "shop/web", "image-digest": "sha256:0"},
    });
    let pushed = look(&event);
    assert_eq!((pushed.cause, pushed.event.as_str(), pushed.principal), (Cause::Push, "e", None));
    assert_eq!((pushed.repository.as_str(), pushed.occurred), ("shop/web", Some(1_795_487_808_000)));
    event["detail"]["result"] = json!("FAILURE");
    not_ours(&event);
    event["detail"]["result"] = json!("SUCCESS");
    for action in ["DELETE", "UPDATE_STORAGE_CLASS", ""] {
        event["detail"]["action-type"] = json!(action);
        not_ours(&event);
    }
}

#[test]
fn a_schedule_is_a_sweep_whose_id_is_the_events_own() {
    let sweep = |time: &str, id: &str| {
        let event = json!({"source": "aws.events", "detail-type": "Scheduled Event", "time": time, "id": id,
            "account": "123456789012", "region": "eu-west-1", "detail": {}});
        match incoming(&event).unwrap() {
            Incoming::Job(Job::Sweep(Sweep { version: VERSION, sweep })) => sweep,
            other => panic!("{other:?}"),
        }
    };
    let first = sweep("2026-11-24T06:00:00Z", "638a6d92");
    assert_eq!(first, sweep("2026-11-24T06:00:00Z", "638a6d92"), "a second delivery begins the same");
    assert!(first.0.starts_with("20261124T060000Z-") && first.0.len() == 25 && first.is_legal(), "{}", first.0);
    assert_ne!(first, sweep("2026-11-24T06:00:00Z", "another"));
    assert!(first < sweep("2026-11-24T12:00:00Z", "638a6d92"), "they sort by time");
    let timeless = json!({"source": "aws.events", "detail-type": "Scheduled Event", "id": "e"});
    assert!(incoming(&timeless).unwrap_err().contains("time"));
}

#[test]
fn our_own_jobs_are_read_back_and_others_are_refused() {
    let sweep = SweepId("20261124T060000Z-0a0b0c0d".to_owned());
    let asked = Look {
        version: VERSION,
        repository: RepositoryName::parse("shop/web").unwrap(),
        cause: Cause::Asked,
        event: String::new(),
        principal: None,
        occurred: None,
    };
    let jobs = [
        Job::Look(asked),
        Job::Sweep(Sweep { version: VERSION, sweep: sweep.clone() }),
        Job::Part(Part { version: VERSION, sweep: sweep.clone(), part: 99 }),
        Job::Assemble(Assemble { version: VERSION, sweep }),
    ];
    for job in jobs {
        assert_eq!(incoming(&serde_json::to_value(&job).unwrap()), Ok(Incoming::Job(job)));
    }
    let wrong = [
        (json!({"job": "part", "version": 2, "sweep": "s", "part": 0}), "version"),
        (json!({"job": "part", "sweep": "s", "part": 0}), "version"),
        (json!({"job": "part", "version": 1, "sweep": "../x", "part": 0}), "not the id of a sweep"),
        (json!({"job": "sweep", "version": 1, "sweep": ""}), "not the id of a sweep"),
        (json!({"job": "look", "version": 1, "repository": "No Name", "cause": "push"}), "cannot be read"),
        (json!({"job": "dance", "version": 1}), "cannot be read"),
        (json!({"job": "assemble", "version": 1, "sweep": "s", "more": 1}), "cannot be read"),
    ];
    for (message, word) in wrong {
        let why = incoming(&message).unwrap_err();
        assert!(why.contains(word), "{message}: {why}");
    }
}

#[test]
fn what_ought_to_be_ours_and_cannot_be_read_says_what_is_missing() {
    let mut nameless = call("SetRepositoryPolicy");
    nameless["detail"]["requestParameters"] = Value::Null;
    let mut misnamed = call("SetRepositoryPolicy");
    misnamed["detail"]["requestParameters"]["repositoryName"] = json!("No Name");
    let mut silent = call("");
    silent["detail"].as_object_mut().unwrap().remove("eventName");
    let cases = [
        (nameless, "does not say which repository"),
        (misnamed, "No Name"),
        (silent, "eventName"),
        (
            json!({"source": "aws.ecr", "detail-type": "ECR Image Action", "detail": {"action-type": "PUSH"}}),
            "repository-name",
        ),
        (json!({"hello": "world"}), "neither an EventBridge event"),
        (json!([]), "neither an EventBridge event"),
    ];
    for (message, word) in cases {
        let why = incoming(&message).unwrap_err();
        assert!(why.contains(word), "{message}: {why}");
    }
    assert!(read("not JSON", &here()).unwrap_err().contains("not JSON"));
}

/// Any JSON, with words that events have.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-zA-Z-]{1,10}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn no_message_is_a_panic_and_whatever_is_done_is_about_a_legal_repository_or_sweep(
        pointer in proptest::sample::select(vec![
            "", "/source", "/detail-type", "/account", "/time", "/id", "/detail", "/detail/eventName", "/detail/eventSource",
            "/detail/eventTime", "/detail/userIdentity", "/detail/requestParameters", "/detail/requestParameters/repositoryName",
        ]),
        value in any_json(),
        kind in 0_usize..4,
    ) {
        let schedule = json!({"source": "aws.events", "detail-type": "Scheduled Event", "time": "2026-11-24T06:00:00Z", "id": "x",
            "account": "123456789012", "detail": {}});
        let part = json!({"job": "part", "version": 1, "sweep": "s", "part": 0});
        let push = json!({"source": "aws.ecr", "detail-type": "ECR Image Action", "account": "123456789012", "time": "t", "id": "x",
            "detail": {"action-type": "PUSH", "repository-name": "shop/web"}});
        let mut message = [call("TagResource"), schedule, part, push][kind].clone();
        if let Some(at) = message.pointer_mut(pointer) {
            *at = value;
        }
        if let Ok(Incoming::Job(job)) = incoming(&message) {
            match job {
                Job::Look(look) => prop_assert!(RepositoryName::parse(look.repository.as_str()).is_ok()),
                Job::Sweep(job) => prop_assert!(job.sweep.is_legal()),
                Job::Part(job) => prop_assert!(job.sweep.is_legal()),
                Job::Assemble(job) => prop_assert!(job.sweep.is_legal()),
            }
        }
    }
}
