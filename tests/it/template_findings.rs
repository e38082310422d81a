//! `template.yaml` and the findings function: what wakes it, what it may do, and who hears when it does not.

use crate::template::{ROOT, actions, resources, statements, template};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What each action is for: the port of `flow::findings` that calls it, or who else does.
const NEEDED: [(&str, Why); 23] = [
    ("ecr:DescribeImageScanFindings", Why::Port("scan_page")),
    ("ecr:BatchGetImage", Why::Port("manifest")),
    ("ecr:DescribeImages", Why::Port("image_page")),
    ("ecr:DescribeRepositories", Why::Port("repository_page")),
    ("ecr:ListTagsForResource", Why::Port("repository_tags")),
    ("inspector2:ListFindings", Why::Of("ECR, where it shows enhanced findings")),
    ("inspector2:ListCoverage", Why::Of("ECR, where it shows enhanced findings")),
    ("s3:GetObject", Why::Port("record")),
    ("s3:PutObject", Why::Port("put_archive")),
    ("s3:DeleteObject", Why::Port("forget_record")),
    ("s3:ListBucket", Why::Port("entries")),
    ("securityhub:BatchImportFindings", Why::Port("import")),
    ("sns:Publish", Why::Port("publish")),
    ("events:PutEvents", Why::Port("put_events")),
    ("ssm:GetParameter", Why::Port("post")),
    ("sqs:SendMessage", Why::Port("enqueue")),
    ("sqs:GetQueueAttributes", Why::Port("began_at")),
    ("sqs:ReceiveMessage", Why::Of("the event source mapping")),
    ("sqs:DeleteMessage", Why::Of("the event source mapping")),
    ("kms:Decrypt", Why::Of("secrets; bucket, queues and topic under a key")),
    ("kms:GenerateDataKey", Why::Of("bucket, queues and topic under a key")),
    ("logs:CreateLogStream", Why::Of("Lambda's own log")),
    ("logs:PutLogEvents", Why::Of("Lambda's own log")),
];

/// All metrics that the functions make of themselves.
const METRICS: [&str; 23] = [
    "ScansSeen",
    "FindingsNew",
    "FindingsFixed",
    "FindingsChanged",
    "FindingsWaived",
    "ImagesNotScanned",
    "Delivered",
    "Refused",
    "Failed",
    "NotOurs",
    "DeadLettered",
    "ScansMissed",
    "RepositoriesLooked",
    "Mended",
    "Withheld",
    "NotMended",
    "Unknown",
    "ImagesDeleted",
    "SweepReports",
    "SweepParts",
    "DriftNotOurs",
    "DriftFailed",
    "DriftDeadLettered",
];

#[derive(Clone, Copy)]
enum Why {
    Port(&'static str),
    Of(&'static str),
}

pub(crate) fn properties(name: &str) -> Value {
    template()["Resources"][name]["Properties"].clone()
}

pub(crate) fn statement(role: &str, action: &str) -> Value {
    let all = statements(&template()["Resources"][role]);
    let mut found = all.into_iter().filter(|statement| actions(statement).contains(&action.to_owned()));
    let first = found.next().unwrap_or_else(|| panic!("{role} may not {action}"));
    assert!(found.next().is_none(), "{role}: one statement allows {action}");
    first
}

#[test]
fn every_call_of_the_ports_is_allowed_and_nothing_else_is() {
    let allowed: BTreeSet<String> =
        statements(&template()["Resources"]["FindingsRole"]).iter().flat_map(actions).collect();
    let traces = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];
    let needed = NEEDED.iter().map(|(action, _)| *action).chain(traces).map(str::to_owned).collect();
    assert_eq!(allowed, needed);
    let ports = std::fs::read_to_string(format!("{ROOT}/src/flow/findings/mod.rs")).unwrap();
    for (action, why) in NEEDED {
        match why {
            Why::Port(port) => assert!(ports.contains(&format!("fn {port}(")), "{action} is for {port}"),
            Why::Of(whom) => assert!(!whom.is_empty(), "{action}"),
        }
    }
}

#[test]
fn it_reads_and_writes_its_own_part_of_the_state_and_reads_what_is_declared() {
    let all = statements(&template()["Resources"]["FindingsRole"]);
    let on = |wished: &str| {
        let of =
            all.iter().filter(|statement| statement["Resource"]["Sub"] == format!("${{StateBucket.Arn}}/{wished}"));
        of.flat_map(actions).collect::<Vec<_>>()
    };
    assert_eq!(on("findings/*"), ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]);
    assert_eq!(on("declarations/*"), ["s3:GetObject"]);
    // What it looks for and does not find must answer "not found", and not "denied".
    let listed = &statement("FindingsRole", "s3:ListBucket")["Condition"]["StringLike"]["s3:prefix"];
    assert_eq!(listed, &serde_json::json!(["findings/*", "declarations/*"]));
}

#[test]
fn it_speaks_on_the_bus_in_our_name_only_and_decrypts_secrets_only() {
    let spoken = &statement("FindingsRole", "events:PutEvents")["Condition"]["StringEquals"];
    assert_eq!(spoken["events:source"], "ecr-steward");
    assert_eq!(spoken["events:detail-type"], "ECR Finding Change");
    let secrets = statement("FindingsRole", "ssm:GetParameter")["Resource"]["Sub"].clone();
    assert!(secrets.as_str().unwrap().ends_with(":parameter${ParameterPrefix}/secrets/*"), "{secrets}");
    let all = statements(&template()["Resources"]["FindingsRole"]);
    let keys: Vec<&Value> = all.iter().filter(|statement| statement["Sid"] == "KeysOfSecretsThroughSsm").collect();
    assert_eq!(actions(keys[0]), ["kms:Decrypt"]);
    assert_eq!(keys[0]["Condition"]["StringLike"]["kms:EncryptionContext:PARAMETER_ARN"]["Sub"], secrets);
}

#[test]
fn the_environment_names_what_the_function_works_with() {
    let function = properties("FindingsFunction");
    let variables = function["Environment"]["Variables"].as_object().unwrap();
    let refer = |name: &str| serde_json::json!({"Ref": name});
    let wished = BTreeMap::from([
        ("ACCOUNT_ID", refer("AWS::AccountId")),
        ("DEAD_LETTER_URL", refer("FindingsDeadLetterQueue")),
        ("EVENT_BUS_NAME", refer("EventBus")),
        ("LOG_LEVEL", refer("LogLevel")),
        ("MALLOC_MMAP_THRESHOLD_", "131072".into()),
        ("MAX_RECEIVES", "5".into()),
        ("PARAMETER_PREFIX", refer("ParameterPrefix")),
        ("PARTITION", refer("AWS::Partition")),
        ("QUEUE_URL", refer("FindingsQueue")),
        ("REPOSITORY_NAME_PATTERN", refer("RepositoryNamePattern")),
        ("STACK_NAME", refer("AWS::StackName")),
        ("STATE_BUCKET", refer("StateBucket")),
        ("TOPIC_ARN", refer("NotificationTopic")),
    ]);
    let found: BTreeMap<&str, Value> = variables.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    assert_eq!(found, wished);
}

#[test]
fn a_message_that_fails_is_given_up_with_its_reason_before_the_queue_does_it_without() {
    let (function, queue) = (properties("FindingsFunction"), properties("FindingsQueue"));
    let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("{value} is a number"));
    let own: u64 = function["Environment"]["Variables"]["MAX_RECEIVES"].as_str().unwrap().parse().unwrap();
    let redrive = &queue["RedrivePolicy"];
    assert_eq!(number(&redrive["maxReceiveCount"]), own + 1);
    assert_eq!(redrive["deadLetterTargetArn"]["GetAtt"], "FindingsDeadLetterQueue.Arn");
    assert!(number(&queue["VisibilityTimeout"]) > number(&function["Timeout"]), "it comes again during the run");
    let (kept, letters) = (&queue["MessageRetentionPeriod"], &properties("FindingsDeadLetterQueue"));
    assert!(number(kept) > own * number(&queue["VisibilityTimeout"]), "it expires before it is given up");
    assert!(number(&letters["MessageRetentionPeriod"]) > number(kept), "SQS keeps the age of what it moves");
    let source = &function["Events"]["Queue"]["Properties"];
    assert_eq!(source["Queue"]["GetAtt"], "FindingsQueue.Arn");
    assert_eq!(source["FunctionResponseTypes"][0], "ReportBatchItemFailures");
    // SQS wants a window for more than ten; pollers take no more than can be run.
    assert!(number(&source["BatchSize"]) <= 10 || number(&source["MaximumBatchingWindowInSeconds"]) > 0);
    assert!(source["ScalingConfig"]["MaximumConcurrency"].as_u64() >= Some(2));
    assert_eq!(function["RecursiveLoop"], "Allow");
}

#[test]
fn every_rule_sends_to_the_queue_and_what_it_cannot_send_is_kept() {
    let rules: Vec<_> =
        resources("AWS::Events::Rule").into_iter().filter(|(name, _)| name.starts_with("Findings")).collect();
    let arns: Vec<Value> = rules.iter().map(|(name, _)| serde_json::json!({"GetAtt": format!("{name}.Arn")})).collect();
    assert_eq!(arns.len(), 6);
    for (name, rule) in &rules {
        let targets = rule["Properties"]["Targets"].as_array().unwrap();
        let [target] = targets.as_slice() else { panic!("{name} has {} targets", targets.len()) };
        assert_eq!(target["Arn"]["GetAtt"], "FindingsQueue.Arn", "{name}");
        assert_eq!(target["DeadLetterConfig"]["Arn"]["GetAtt"], "FindingsDeadLetterQueue.Arn", "{name}");
        assert!(target["RetryPolicy"]["MaximumRetryAttempts"].as_u64() > Some(0), "{name}");
        assert!(
            target.get("Input").is_none() && target.get("InputTransformer").is_none(),
            "{name}: events as they are"
        );
    }
    for queue in ["FindingsQueue", "FindingsDeadLetterQueue"] {
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
fn every_queue_and_the_topic_refuse_what_comes_without_tls() {
    let mut guarded = BTreeSet::new();
    for (name, policy) in resources("AWS::SQS::QueuePolicy").into_iter().chain(resources("AWS::SNS::TopicPolicy")) {
        let all = policy["Properties"]["PolicyDocument"]["Statement"].as_array().unwrap().clone();
        let refusal = all.iter().find(|one| one["Sid"] == "TlsOnly").unwrap_or_else(|| panic!("{name}"));
        assert_eq!((&refusal["Effect"], &refusal["Principal"]), (&"Deny".into(), &"*".into()), "{name}");
        assert_eq!(refusal["Condition"]["Bool"]["aws:SecureTransport"], "false", "{name}");
        guarded.insert(name.trim_end_matches("Policy").to_owned());
    }
    let all = resources("AWS::SQS::Queue").into_iter().chain(resources("AWS::SNS::Topic"));
    assert_eq!(guarded, all.map(|(name, _)| name).collect());
}

#[test]
fn what_nobody_reads_and_what_dies_is_told_to_the_topic() {
    let mut watched = BTreeSet::new();
    for (name, alarm) in resources("AWS::CloudWatch::Alarm") {
        let alarm = &alarm["Properties"];
        assert_eq!(alarm["AlarmActions"], serde_json::json!([{"Ref": "NotificationTopic"}]), "{name}");
        assert!(alarm["AlarmDescription"].as_str().is_some_and(|text| text.len() > 40), "{name}: what to do about it");
        let dimensions = alarm["Dimensions"].as_array().unwrap();
        let [dimension] = dimensions.as_slice() else { panic!("{name}") };
        let of = dimension["Value"].get("Ref").or_else(|| dimension["Value"].get("GetAtt")).unwrap();
        let of = of.as_str().unwrap().trim_end_matches(".QueueName");
        let metric = alarm["MetricName"].as_str().unwrap();
        if alarm["Namespace"] == "EcrSteward" {
            assert!(METRICS.contains(&metric), "{name}: {metric}");
        }
        watched.insert(format!("{metric} of {of}"));
    }
    for (name, _) in resources("AWS::Serverless::Function") {
        assert!(watched.contains(&format!("Errors of {name}")), "{name}: {watched:?}");
    }
    for queue in ["FindingsDeadLetterQueue", "DriftDeadLetterQueue", "UnansweredQueue"] {
        assert!(watched.contains(&format!("ApproximateNumberOfMessagesVisible of {queue}")), "{queue}: {watched:?}");
    }
    for queue in ["FindingsQueue", "DriftQueue"] {
        assert!(watched.contains(&format!("ApproximateAgeOfOldestMessage of {queue}")), "{queue}");
    }
    let silence = properties("ScansMissingAlarm");
    assert_eq!((&silence["TreatMissingData"], &silence["Period"]), (&"breaching".into(), &86_400.into()));
}

/// The dashboard's text with something in the place of each `${…}`, and what stood there.
fn dashboard() -> (Value, BTreeSet<String>) {
    let body = properties("Dashboard")["DashboardBody"]["Sub"].as_str().unwrap().to_owned();
    let mut named = BTreeSet::new();
    let mut text = String::new();
    for (at, part) in body.split("${").enumerate() {
        let rest = if at == 0 {
            part
        } else {
            let (name, rest) = part.split_once('}').unwrap();
            named.insert(name.to_owned());
            text.push('x');
            rest
        };
        text.push_str(rest);
    }
    (serde_json::from_str(&text).expect("the dashboard is JSON"), named)
}

#[test]
fn the_dashboard_shows_every_function_queue_alarm_and_metric() {
    let (body, named) = dashboard();
    let shown = body.to_string();
    for metric in METRICS {
        assert!(shown.contains(metric), "{metric}");
    }
    let mut wished = BTreeSet::new();
    wished.extend(resources("AWS::Serverless::Function").into_iter().map(|(name, _)| name));
    wished.extend(resources("AWS::SQS::Queue").into_iter().map(|(name, _)| format!("{name}.QueueName")));
    wished.extend(resources("AWS::CloudWatch::Alarm").into_iter().map(|(name, _)| format!("{name}.Arn")));
    assert_eq!(wished.difference(&named).collect::<Vec<_>>(), Vec::<&String>::new(), "not shown");
    let template = template();
    for name in named.iter().filter(|name| !name.starts_with("AWS::")) {
        let resource = name.split('.').next().unwrap();
        let known = ["Resources", "Parameters"].iter().any(|part| template[*part].get(resource).is_some());
        assert!(known, "{name} is in the template");
    }
    // No two widgets lie over each other, and none beyond the edge of the 24 columns.
    let mut taken = BTreeSet::new();
    for widget in body["widgets"].as_array().unwrap() {
        let [x, y, width, height] = ["x", "y", "width", "height"].map(|side| widget[side].as_u64().unwrap());
        assert!(x + width <= 24, "{widget}");
        for place in (x..x + width).flat_map(|column| (y..y + height).map(move |row| (column, row))) {
            assert!(taken.insert(place), "{widget} lies over another");
        }
    }
}

#[test]
fn what_the_contract_promises_as_outputs_is_there() {
    let outputs = template()["Outputs"].as_object().unwrap().clone();
    let promised = [
        ("ServiceToken", "CustomResourceFunction.Arn"),
        ("StateBucketName", "StateBucket"),
        ("FindingsQueueUrl", "FindingsQueue"),
        ("FindingsDeadLetterQueueUrl", "FindingsDeadLetterQueue"),
        ("DriftQueueUrl", "DriftQueue"),
        ("DriftDeadLetterQueueUrl", "DriftDeadLetterQueue"),
        ("NotificationTopicArn", "NotificationTopic"),
        ("EventBusName", "EventBus"),
        ("DashboardName", "Dashboard"),
    ];
    for (name, of) in promised {
        let value = &outputs[name]["Value"];
        assert_eq!(value.get("Ref").or_else(|| value.get("GetAtt")), Some(&of.into()), "{name}");
    }
}
