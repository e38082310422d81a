//! `template.yaml` and the drift function: what wakes it, what it may do, and how it gives up.

use crate::template::{ROOT, actions, resources, statements, template};
use crate::template_findings::{properties, statement};
use ecr_steward::flow::drift::sweep::WORKERS;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What each action is for: a port of `flow` or `flow::drift` that calls it, a write (`plan::Change`), or who else does.
const NEEDED: [(&str, Why); 37] = [
    ("ecr:DescribeRepositories", Why::Port("page")),
    ("ecr:ListTagsForResource", Why::Port("tags")),
    ("ecr:GetLifecyclePolicy", Why::Port("lifecycle")),
    ("ecr:GetRepositoryPolicy", Why::Port("policy")),
    ("ecr:GetRegistryScanningConfiguration", Why::Port("registry_scanning")),
    ("ecr:BatchGetRepositoryScanningConfiguration", Why::Port("scanning_of")),
    ("ecr:DescribeImages", Why::Port("stored_page")),
    ("ecr:ListImages", Why::Port("holds_images")),
    ("ecr:BatchGetImage", Why::Port("manifests")),
    ("ecr:BatchDeleteImage", Why::Port("delete_images")),
    ("ecr:StartLifecyclePolicyPreview", Why::Port("start_preview")),
    ("ecr:GetLifecyclePolicyPreview", Why::Port("preview")),
    ("ecr:CreateRepository", Why::Change),
    ("ecr:TagResource", Why::Change),
    ("ecr:UntagResource", Why::Change),
    ("ecr:PutImageTagMutability", Why::Change),
    ("ecr:PutImageScanningConfiguration", Why::Change),
    ("ecr:PutLifecyclePolicy", Why::Change),
    ("ecr:DeleteLifecyclePolicy", Why::Change),
    ("ecr:SetRepositoryPolicy", Why::Change),
    ("ecr:DeleteRepositoryPolicy", Why::Change),
    ("kms:DescribeKey", Why::Of("CreateRepository with a key")),
    ("kms:CreateGrant", Why::Of("CreateRepository with a key")),
    ("kms:RetireGrant", Why::Of("CreateRepository with a key that fails half way")),
    ("cloudformation:DescribeStacks", Why::Port("stack")),
    ("cloudformation:DescribeStackResource", Why::Port("has_resource")),
    ("ssm:GetParameter", Why::Port("switch")),
    ("s3:GetObject", Why::Port("read")),
    ("s3:PutObject", Why::Port("write")),
    ("s3:DeleteObject", Why::Port("remove")),
    ("s3:ListBucket", Why::Port("list")),
    ("sns:Publish", Why::Port("notify")),
    ("sqs:SendMessage", Why::Port("send_jobs")),
    ("sqs:ReceiveMessage", Why::Of("the event source mapping")),
    ("sqs:DeleteMessage", Why::Of("the event source mapping")),
    ("sqs:GetQueueAttributes", Why::Of("the event source mapping")),
    ("kms:Decrypt", Why::Of("bucket, queues and topic under a key")),
];
/// And what goes with the last one, the log and X-Ray.
const BESIDES: [&str; 5] = [
    "kms:GenerateDataKey",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
];

#[derive(Clone, Copy)]
enum Why {
    Port(&'static str),
    Change,
    Of(&'static str),
}

#[test]
fn every_call_of_the_ports_is_allowed_and_nothing_else_is() {
    let allowed: BTreeSet<String> =
        statements(&template()["Resources"]["DriftRole"]).iter().flat_map(actions).collect();
    let needed = NEEDED.iter().map(|(action, _)| *action).chain(BESIDES).map(str::to_owned).collect();
    assert_eq!(allowed, needed);
    let read = |path: &str| std::fs::read_to_string(format!("{ROOT}/src/{path}")).unwrap();
    let ports = read("flow/mod.rs") + &read("flow/drift/mod.rs");
    let changes = read("plan/change.rs");
    for (action, why) in NEEDED {
        match why {
            Why::Port(port) => assert!(ports.contains(&format!("fn {port}(")), "{action} is for {port}"),
            Why::Change => assert!(changes.contains(&format!("\"{action}\"")), "{action} is a write's"),
            Why::Of(whom) => assert!(!whom.is_empty(), "{action}"),
        }
    }
}

#[test]
fn it_can_delete_no_repository_and_images_of_a_fleet_only() {
    let all = statements(&template()["Resources"]["DriftRole"]);
    assert!(all.iter().flat_map(actions).all(|action| action != "ecr:DeleteRepository"));
    let images = statement("DriftRole", "ecr:BatchDeleteImage");
    assert_eq!(images["Condition"]["StringLike"]["aws:ResourceTag/ecr-steward:owner"], "*");
    for action in ["ecr:PutLifecyclePolicy", "ecr:BatchDeleteImage", "ecr:CreateRepository"] {
        let whose = statement("DriftRole", action)["Resource"]["Sub"].clone();
        assert!(whose.as_str().unwrap().ends_with(":repository/${RepositoryNamePattern}"), "{action}: {whose}");
    }
}

#[test]
fn it_writes_what_is_its_own_in_the_state_and_reads_what_is_declared() {
    let all = statements(&template()["Resources"]["DriftRole"]);
    let mut on: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for statement in &all {
        let resources =
            statement["Resource"].as_array().cloned().unwrap_or_else(|| vec![statement["Resource"].clone()]);
        for resource in resources {
            if let Some(place) = resource["Sub"].as_str().and_then(|sub| sub.strip_prefix("${StateBucket.Arn}/")) {
                on.entry(place.to_owned()).or_default().extend(actions(statement));
            }
        }
    }
    let (read, write, remove) = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject");
    let wished = [
        ("declarations/*", vec![read]),
        ("drift/*", vec![read, write, remove]),
        ("journal/*", vec![read, write]),
        ("ledgers/*", vec![read, write]),
        ("reports/*", vec![read, write]),
    ];
    let found: Vec<(&str, Vec<&str>)> =
        on.iter().map(|(place, all)| (place.as_str(), all.iter().map(String::as_str).collect())).collect();
    assert_eq!(found, wished);
    // What it looks for and does not find must answer "not found", and not "denied".
    let listed = statement("DriftRole", "s3:ListBucket")["Condition"]["StringLike"]["s3:prefix"].clone();
    let listed: BTreeSet<&str> = listed.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert_eq!(listed, on.keys().map(String::as_str).collect());
    let switch = statement("DriftRole", "ssm:GetParameter")["Resource"]["Sub"].clone();
    assert!(switch.as_str().unwrap().ends_with(":parameter${ParameterPrefix}/enforcement"), "{switch}");
}

#[test]
fn working_objects_expire_but_no_evidence_and_nothing_the_next_sweep_needs() {
    let rules = properties("StateBucket")["LifecycleConfiguration"]["Rules"].as_array().unwrap().clone();
    let expiring: BTreeSet<&str> = rules
        .iter()
        .filter(|rule| rule.get("ExpirationInDays").is_some())
        .map(|rule| rule["Prefix"].as_str().unwrap_or_default())
        .collect();
    assert!(expiring.contains("drift/sweeps/") && expiring.contains("drift/flips/"), "{expiring:?}");
    let evidence = ["journal/", "reports/", "ledgers/", "declarations/", "findings/archive/"];
    // The next sweep goes by these, and may be a month away.
    let handed_on = ["drift/owners.json", "drift/latest.json", "drift/heard/", "drift/budget/events.json"];
    for kept in evidence.into_iter().chain(handed_on) {
        assert!(expiring.iter().all(|prefix| !kept.starts_with(prefix)), "{kept}: {expiring:?}");
    }
}

#[test]
fn the_environment_names_what_the_function_works_with() {
    let function = properties("DriftFunction");
    let variables = function["Environment"]["Variables"].as_object().unwrap();
    let refer = |name: &str| json!({"Ref": name});
    let wished = BTreeMap::from([
        ("ACCOUNT_ID", refer("AWS::AccountId")),
        ("DEAD_LETTER_URL", refer("DriftDeadLetterQueue")),
        ("FUNCTION_ROLE_ARN", json!({"GetAtt": "DriftRole.Arn"})),
        ("LOG_LEVEL", refer("LogLevel")),
        ("MALLOC_MMAP_THRESHOLD_", "131072".into()),
        ("MAX_RECEIVES", "5".into()),
        ("PARAMETER_PREFIX", refer("ParameterPrefix")),
        ("PARTITION", refer("AWS::Partition")),
        ("QUEUE_URL", refer("DriftQueue")),
        ("REPOSITORY_NAME_PATTERN", refer("RepositoryNamePattern")),
        ("SETTLE_QUEUE_URL", refer("CustomResourceQueue")),
        ("STACK_NAME", refer("AWS::StackName")),
        ("STATE_BUCKET", refer("StateBucket")),
        ("TOPIC_ARN", refer("NotificationTopic")),
    ]);
    let found: BTreeMap<&str, Value> = variables.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    assert_eq!(found, wished);
}

#[test]
fn a_message_that_fails_is_given_up_with_its_reason_before_the_queue_does_it_without() {
    let (function, queue) = (properties("DriftFunction"), properties("DriftQueue"));
    let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("{value} is a number"));
    let own: u64 = function["Environment"]["Variables"]["MAX_RECEIVES"].as_str().unwrap().parse().unwrap();
    let redrive = &queue["RedrivePolicy"];
    assert_eq!(number(&redrive["maxReceiveCount"]), own + 1);
    assert_eq!(redrive["deadLetterTargetArn"]["GetAtt"], "DriftDeadLetterQueue.Arn");
    assert!(number(&queue["VisibilityTimeout"]) > number(&function["Timeout"]), "it comes again during the run");
    let (kept, letters) = (&queue["MessageRetentionPeriod"], &properties("DriftDeadLetterQueue"));
    assert!(number(kept) > own * number(&queue["VisibilityTimeout"]), "it expires before it is given up");
    assert!(number(&letters["MessageRetentionPeriod"]) > number(kept), "SQS keeps the age of what it moves");
    let source = &function["Events"]["Queue"]["Properties"];
    assert_eq!(source["Queue"]["GetAtt"], "DriftQueue.Arn");
    assert_eq!(source["FunctionResponseTypes"][0], "ReportBatchItemFailures");
    assert!(number(&source["BatchSize"]) <= 10, "SQS wants a longer window for more");
    assert_eq!(source["ScalingConfig"]["MaximumConcurrency"], WORKERS, "the rate budget of sweeps");
    assert!(function.get("ReservedConcurrentExecutions").is_none(), "MaximumConcurrency takes nothing from others");
    assert_eq!(function["RecursiveLoop"], "Allow");
}

fn rules() -> Vec<(String, Value)> {
    resources("AWS::Events::Rule").into_iter().filter(|(name, _)| name.starts_with("Drift")).collect()
}

#[test]
fn every_rule_sends_to_the_queue_and_what_it_cannot_send_is_kept() {
    let rules = rules();
    let arns: Vec<Value> = rules.iter().map(|(name, _)| json!({"GetAtt": format!("{name}.Arn")})).collect();
    assert_eq!(arns.len(), 3);
    for (name, rule) in &rules {
        let targets = rule["Properties"]["Targets"].as_array().unwrap();
        let [target] = targets.as_slice() else { panic!("{name} has {} targets", targets.len()) };
        assert_eq!(target["Arn"]["GetAtt"], "DriftQueue.Arn", "{name}");
        assert_eq!(target["DeadLetterConfig"]["Arn"]["GetAtt"], "DriftDeadLetterQueue.Arn", "{name}");
        assert!(target["RetryPolicy"]["MaximumRetryAttempts"].as_u64() > Some(0), "{name}");
        assert!(
            target.get("Input").is_none() && target.get("InputTransformer").is_none(),
            "{name}: events as they are"
        );
    }
    for queue in ["DriftQueue", "DriftDeadLetterQueue"] {
        let policy = properties(&format!("{queue}Policy"));
        let all = policy["PolicyDocument"]["Statement"].as_array().unwrap().clone();
        let sender = all.iter().find(|one| one["Effect"] == "Allow").unwrap();
        assert_eq!(sender["Principal"]["Service"], "events.amazonaws.com", "{queue}");
        let named = sender["Condition"]["ArnEquals"]["aws:SourceArn"].as_array().unwrap();
        let set = |arns: &[Value]| arns.iter().map(Value::to_string).collect::<BTreeSet<_>>();
        assert_eq!(set(named), set(&arns), "{queue}: every rule, and no other, may send");
    }
}

#[test]
fn every_write_that_changes_a_repository_is_heard_of() {
    let pattern = properties("DriftCallRule")["EventPattern"].clone();
    let heard: BTreeSet<&str> =
        pattern["detail"]["eventName"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let role = statement("DriftRole", "ecr:PutLifecyclePolicy");
    let writes = actions(&role).into_iter().map(|action| action.trim_start_matches("ecr:").to_owned());
    for write in writes.chain(["DeleteRepository".to_owned()]) {
        assert!(heard.contains(write.as_str()), "{write} is not in {heard:?}");
    }
    // Reads come with no rule, and EventBridge takes no pattern of more than 2,048 characters.
    assert!(heard.iter().all(|name| !name.starts_with("Get") && !name.starts_with("Describe")), "{heard:?}");
    assert!(pattern.to_string().len() < 2_048);
}
