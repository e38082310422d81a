//! Every payload in `events/` is what its name and its README say it is.

use crate::support::scene::{at_once, decided};
use crate::support::{Mailbox, Scene, run};
use crate::template::resources;
use ecr_steward::event::api_call;
use ecr_steward::event::drift::{self, Cause};
use ecr_steward::event::findings::Job;
use ecr_steward::event::message::Message;
use ecr_steward::event::reply::Status;
use ecr_steward::event::request::{NoTarget, ReplyTarget, Request, RequestType};
use ecr_steward::event::scan::{self, Incoming};
use ecr_steward::flow::task::Waiting;
use ecr_steward::handler::messages::is_batch;
use ecr_steward::handler::respond::respond;
use ecr_steward::handler::serve::{Desk, serve};
use ecr_steward::model::identity::StackId;
use ecr_steward::model::place::Place;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

const EVENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/events");

fn events() -> BTreeMap<String, Value> {
    let files = std::fs::read_dir(EVENTS).expect("the folder events/").map(|entry| entry.unwrap().path());
    let json = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    json.map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_str(&text).unwrap())
    })
    .collect()
}

#[test]
fn the_readme_lists_every_event_and_nothing_else() {
    let readme = std::fs::read_to_string(format!("{EVENTS}/README.md")).unwrap();
    let listed: BTreeSet<String> =
        readme.lines().filter_map(|line| line.strip_prefix("| [`")?.split('`').next()).map(str::to_owned).collect();
    assert_eq!(listed, events().into_keys().collect());
}

/// Rows: 40.
#[test]
fn requests_are_of_the_kind_their_name_says_and_can_be_answered() {
    for (name, event) in events() {
        let kind = match name.split('-').next().unwrap() {
            "create" => RequestType::Create,
            "update" => RequestType::Update,
            "delete" => RequestType::Delete,
            _ => continue,
        };
        let target = ReplyTarget::read(&event, false).unwrap_or_else(|why| panic!("{name}: {why}"));
        let stack = StackId::parse(&target.stack_id).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(Request::read(&event).unwrap_or_else(|why| panic!("{name}: {why}")).kind, kind, "{name}");
        assert_eq!(target.physical_id.is_some(), kind != RequestType::Create, "{name}");
        for (part, partition) in [("aws-cn", "aws-cn"), ("aws-us-gov", "aws-us-gov")] {
            assert_eq!(name.ends_with(part), stack.place.partition == partition, "{name}");
        }
    }
}

/// Rows: 7.
#[test]
fn ids_are_found_in_the_url_where_the_envelope_lost_them() {
    let events = events();
    for name in ["damaged-ids-missing", "damaged-ids-of-wrong-type"] {
        let target = ReplyTarget::read(&events[name], false).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert!(StackId::parse(&target.stack_id).is_ok(), "{name}: {}", target.stack_id);
        assert!(!target.logical_id.contains('|') && !target.request_id.contains('%'), "{name}: {target:?}");
    }
}

/// Rows: 7, 40.
#[test]
fn the_key_in_each_url_names_the_ids_of_its_envelope() {
    for (name, event) in events() {
        let Ok(target) = ReplyTarget::read(&event, true) else { continue };
        let mut bare = event.clone();
        for id in ["StackId", "RequestId", "LogicalResourceId"] {
            bare.as_object_mut().unwrap().remove(id);
        }
        if event["StackId"].as_str().is_none_or(|id| !id.starts_with("arn:")) {
            continue;
        }
        let recovered = ReplyTarget::read(&bare, true).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(recovered, target, "{name}");
    }
}

/// Rows: 28.
#[test]
fn the_id_of_a_create_is_derived_never_empty_and_short_enough() {
    let mut judged = 0;
    for (name, mut event) in events() {
        let Some(members) = event.as_object_mut() else { continue };
        members.remove("PhysicalResourceId");
        let Ok(target) = ReplyTarget::read(&event, false) else { continue };
        let id = target.resource_id();
        assert!(!id.is_empty() && id.len() <= 1_024, "{name}: {} bytes", id.len());
        // Another request of the same resource, with other properties.
        event["RequestId"] = "another".into();
        event["ResourceProperties"] = Value::Null;
        assert_eq!(ReplyTarget::read(&event, false).unwrap().resource_id(), id, "{name}");
        event["LogicalResourceId"] = "Another".into();
        assert_ne!(ReplyTarget::read(&event, false).unwrap().resource_id(), id, "{name}");
        judged += 1;
    }
    assert!(judged > 20, "{judged} requests are too few");
}

/// Rows: 7.
#[test]
fn no_id_is_taken_from_the_query_of_a_url() {
    let mut event = events().remove("damaged-ids-missing").unwrap();
    let url = event["ResponseURL"].as_str().unwrap();
    let (address, key) = url.split_once("/arn").unwrap();
    event["ResponseURL"] = format!("{address}?prefix=/arn{key}").into();
    let refused = ReplyTarget::read(&event, false).expect_err("the URL has no key");
    assert!(matches!(refused, NoTarget::Damaged(why) if why.contains("StackId")));
}

/// Rows: 7.
#[test]
fn what_cannot_be_answered_says_why() {
    let events = events();
    let refused = |name: &str| ReplyTarget::read(&events[name], false).expect_err(name);
    assert_eq!(refused("not-cloudformation"), NoTarget::NotCloudFormation);
    assert_eq!(refused("not-an-object"), NoTarget::NotCloudFormation);
    for name in ["damaged-response-url-missing", "damaged-response-url-not-https"] {
        assert!(matches!(refused(name), NoTarget::Damaged(why) if why.contains("ResponseURL")), "{name}");
    }
}

/// Rows: 60.
#[test]
fn batches_of_the_queue_are_told_from_requests() {
    for (name, event) in events() {
        assert_eq!(is_batch(&event), name.starts_with("sqs-"), "{name}");
        if !is_batch(&event) || name.starts_with("sqs-findings") || name.starts_with("sqs-drift") {
            continue;
        }
        let bodies = event["Records"].as_array().unwrap().iter().map(|record| record["body"].as_str().unwrap_or(""));
        let readable: Vec<bool> = bodies.map(|body| Message::parse(body).is_ok()).collect();
        let wished = if name.ends_with("several") { vec![true, false, true, false] } else { vec![true] };
        assert_eq!(readable, wished, "{name}");
    }
}

/// Rows: 2, 46.
#[test]
fn failed_invocations_are_answered_in_their_place() {
    run(async {
        let words = [
            ("failed-killed", "FAILED", "signal: killed"),
            ("failed-timed-out", "FAILED", "timed out after 900.00 seconds"),
            ("failed-undelivered", "SUCCESS", "4 repositories as declared"),
            ("failed-never-run", "FAILED", "never run"),
        ];
        let events = events();
        let named = events.keys().filter(|name| name.starts_with("failed-"));
        assert!(named.eq(words.iter().map(|(name, ..)| name).collect::<BTreeSet<_>>()), "each has its words");
        for (name, status, word) in words {
            let mailbox = Mailbox::default();
            let until = Instant::now() + Duration::from_mins(1);
            respond(&mailbox, events[name].clone(), false, until).await.unwrap();
            let body = mailbox.one();
            assert_eq!(body["Status"], status, "{name}: {body}");
            assert!(body["Reason"].as_str().unwrap().contains(word), "{name}: {body}");
        }
    });
}

/// What comes of each request in an empty account: `None` where the event is no request.
const OUTCOMES: [(&str, Status, &str); 11] = [
    ("create", Status::Success, "4 repositories"),
    ("create-every-property", Status::Success, ""),
    ("create-nested-stack", Status::Success, ""),
    ("update-maximum-lengths", Status::Failed, "is not served here"),
    ("create-empty-properties", Status::Failed, "RepositoryNames: is required"),
    ("create-without-properties", Status::Failed, "ProjectName: is required"),
    ("create-misspelt", Status::Failed, "did you mean"),
    ("create-unknown-type", Status::Failed, "is not served here"),
    ("damaged-properties-list", Status::Failed, "not an object"),
    ("damaged-request-type-unknown", Status::Failed, "is unknown"),
    ("damaged-stack-id", Status::Failed, "not the ARN"),
];

/// Rows: 8, 12.
#[test]
fn each_request_comes_to_what_its_name_says() {
    run(async {
        let events = events();
        for (name, event) in &events {
            let Ok(target) = ReplyTarget::read(event, false) else { continue };
            let scene = Scene::new();
            scene.world.stack_is(&target.stack_id, "CREATE_IN_PROGRESS");
            let desk = Desk {
                world: &scene.world,
                parameter_prefix: "/ecr-steward",
                state_bucket: "state",
                now: 1_795_000_000,
                steps_until: Instant::now() + Duration::from_secs(800),
                waiting: Waiting { part: 1, issued: None, go: at_once() },
            };
            let reply = decided(serve(&desk, &target, Request::read(event)).await);
            assert!(reply.body(&target).len() <= 4_096, "{name}");
            if name.starts_with("delete") {
                assert_eq!(reply.status, Status::Success, "{name}: {}", reply.reason);
            }
            if let Some((_, status, word)) = OUTCOMES.iter().find(|(listed, ..)| listed == name) {
                assert_eq!(&reply.status, status, "{name}: {}", reply.reason);
                assert!(reply.reason.contains(word), "{name}: {}", reply.reason);
            }
        }
        assert!(OUTCOMES.iter().all(|(name, ..)| events.contains_key(*name)));
    });
}

/// Lines of the README about events of one function: name, rule and what it comes to.
fn rows_of(function: &str) -> Vec<[String; 3]> {
    let readme = std::fs::read_to_string(format!("{EVENTS}/README.md")).unwrap();
    let (_, from) = readme.split_once(&format!("\n## Of the {function} function\n")).expect("a section");
    let section = from.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| [`"));
    let cells = rows.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>());
    cells
        .filter_map(|cells| {
            let [event, _, rule, comes_to] = cells.as_slice() else { return None };
            let name = event.split('`').nth(1).unwrap();
            Some([name.to_owned(), rule.trim_matches('`').to_owned(), (*comes_to).to_owned()])
        })
        .collect()
}

fn here() -> Place {
    Place { partition: "aws".into(), region: "us-east-1".into(), account: "123456789012".into() }
}

/// What a message comes to for the findings function, in the README's words.
fn comes_to(body: &str) -> String {
    match scan::read(body, &here()) {
        Ok(Incoming::NotOurs(_)) => "not ours".to_owned(),
        Ok(Incoming::Jobs(jobs)) => jobs.iter().map(job_word).collect::<Vec<_>>().join(" + "),
        Err(_) => "unreadable".to_owned(),
    }
}

fn job_word(job: &Job) -> String {
    match job {
        Job::Image(job) => format!("image ({})", serde_json::to_value(job.cause).unwrap().as_str().unwrap()),
        Job::Repository(_) => "repository".to_owned(),
        Job::Reconcile(_) => "reconcile".to_owned(),
        Job::Deliver(_) => "deliver".to_owned(),
    }
}

/// What a message comes to for the drift function, in the README's words.
fn comes_to_drift(body: &str) -> String {
    match api_call::read(body, &here()) {
        Ok(api_call::Incoming::NotOurs(_)) => "not ours".to_owned(),
        Ok(api_call::Incoming::Job(job)) => match job {
            drift::Job::Look(look) => match look.cause {
                Cause::Call(call) => format!("look ({call})"),
                Cause::Push => "look (push)".to_owned(),
                Cause::Asked => "look (asked)".to_owned(),
            },
            drift::Job::Sweep(_) => "sweep".to_owned(),
            drift::Job::Part(_) => "part".to_owned(),
            drift::Job::Assemble(_) => "assemble".to_owned(),
        },
        Err(_) => "unreadable".to_owned(),
    }
}

fn come_to_what_the_readme_says(function: &str, at_least: usize, comes_to: fn(&str) -> String) {
    let (events, rows) = (events(), rows_of(function));
    assert!(rows.len() >= at_least, "{} rows", rows.len());
    for [name, _, wished] in rows {
        let event = &events[&name];
        let found = if is_batch(event) {
            let records = event["Records"].as_array().unwrap().iter();
            records.map(|record| comes_to(record["body"].as_str().unwrap())).collect::<Vec<_>>().join("; ")
        } else {
            comes_to(&event.to_string())
        };
        assert_eq!(found, wished, "{name}");
    }
}

#[test]
fn events_of_the_findings_function_come_to_what_the_readme_says() {
    come_to_what_the_readme_says("findings", 15, comes_to);
}

#[test]
fn events_of_the_drift_function_come_to_what_the_readme_says() {
    come_to_what_the_readme_says("drift", 12, comes_to_drift);
}

/// EventBridge's matching, as far as the template's patterns use it: values, `exists`, and objects within lists.
fn admits(pattern: &Value, at: Option<&Value>) -> bool {
    match (pattern, at) {
        (Value::Object(_), Some(Value::Array(items))) => items.iter().any(|item| admits(pattern, Some(item))),
        (Value::Object(members), _) => {
            members.iter().all(|(key, wished)| admits(wished, at.and_then(|object| object.get(key))))
        }
        (Value::Array(wished), _) => wished.iter().any(|one| {
            let exists = one.get("exists").map(|exists| exists == &Value::Bool(at.is_some()));
            exists
                .unwrap_or_else(|| at == Some(one) || at.and_then(Value::as_array).is_some_and(|all| all.contains(one)))
        }),
        _ => false,
    }
}

/// `prefix` begins the names of the function's rules.
fn pass_the_rule_the_readme_says(function: &str, prefix: &str) {
    let (events, mut rules) = (events(), resources("AWS::Events::Rule"));
    rules.retain(|(name, _)| name.starts_with(prefix));
    let mut passed = BTreeSet::new();
    for [name, wished, _] in rows_of(function) {
        let event = &events[&name];
        let lets_through = |rule: &Value| match rule["Properties"].get("EventPattern") {
            Some(pattern) => admits(pattern, Some(event)),
            None => event["source"] == "aws.events",
        };
        let through: Vec<&str> =
            rules.iter().filter(|(_, rule)| lets_through(rule)).map(|(rule, _)| rule.as_str()).collect();
        assert_eq!(through.join(", "), wished.trim_matches('–'), "{name}");
        passed.extend(through);
    }
    assert_eq!(passed, rules.iter().map(|(name, _)| name.as_str()).collect(), "every rule has an event");
}

#[test]
fn each_event_of_the_findings_function_passes_the_rule_the_readme_says() {
    pass_the_rule_the_readme_says("findings", "Findings");
}

#[test]
fn each_event_of_the_drift_function_passes_the_rule_the_readme_says() {
    pass_the_rule_the_readme_says("drift", "Drift");
}
