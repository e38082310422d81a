//! `template.yaml` against the code: every function has its binary, every call its permission, and no permission is
//! without a reason.

use crate::template_registry;
use ecr_steward::config::Settings;
use ecr_steward::model::name::RepositoryName;
use ecr_steward::model::repository::{Encryption, EncryptionType, Mutability, MutabilityMode, Tags};
use ecr_steward::plan::registry::RegistryChange;
use ecr_steward::plan::{Change, NotEmpty};
use ecr_steward::spec::fleet::RESERVED_PROJECTS;
use serde_json::Value;
use std::collections::BTreeSet;

pub(crate) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The template as JSON; `!Sub x` becomes `{"Sub": "x"}`.
pub(crate) fn template() -> Value {
    let text = std::fs::read_to_string(format!("{ROOT}/template.yaml")).unwrap();
    plain(serde_norway::from_str(&text).expect("template.yaml is YAML"))
}

fn plain(value: serde_norway::Value) -> Value {
    use serde_norway::Value as Yaml;
    match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => flag.into(),
        Yaml::Number(number) => serde_json::to_value(number).unwrap(),
        Yaml::String(text) => text.into(),
        Yaml::Sequence(items) => items.into_iter().map(plain).collect(),
        Yaml::Mapping(members) => {
            members.into_iter().map(|(key, value)| (key.as_str().unwrap().to_owned(), plain(value))).collect()
        }
        Yaml::Tagged(tagged) => {
            let name = tagged.tag.to_string().trim_start_matches('!').to_owned();
            Value::Object([(name, plain(tagged.value))].into_iter().collect())
        }
    }
}

pub(crate) fn resources(kind: &str) -> Vec<(String, Value)> {
    let template = template();
    let resources = template["Resources"].as_object().unwrap().clone().into_iter();
    resources.filter(|(_, resource)| resource["Type"] == kind).collect()
}

/// One write of each kind; the compiler asks for a new one in `kinds`.
fn changes() -> Vec<Change> {
    let name = || RepositoryName::parse("a/b").unwrap();
    let arn = || "arn".to_owned();
    let mutability = || Mutability { mode: MutabilityMode::Mutable, exclusions: Vec::new() };
    vec![
        Change::CreateRepository {
            name: name(),
            mutability: mutability(),
            scan_on_push: true,
            encryption: Encryption { kind: EncryptionType::Aes256, kms_key: None },
            tags: Tags::new(),
        },
        Change::CreatePublicRepository { name: name(), catalog: Box::default(), tags: Tags::new() },
        Change::PutRepositoryCatalogData { name: name(), catalog: Box::default() },
        Change::PutImageTagMutability { name: name(), mutability: mutability() },
        Change::PutImageScanningConfiguration { name: name(), scan_on_push: true },
        Change::PutLifecyclePolicy { name: name(), text: String::new() },
        Change::DeleteLifecyclePolicy { name: name() },
        Change::SetRepositoryPolicy { name: name(), text: String::new() },
        Change::DeleteRepositoryPolicy { name: name() },
        Change::TagResource { arn: arn(), tags: Tags::new() },
        Change::UntagResource { arn: arn(), keys: Vec::new() },
        Change::DeleteRepository { name: name(), arn: arn(), force: false, not_empty: NotEmpty::Keep },
        Change::PutParameter { path: arn(), value: arn(), owner: arn(), new: true },
        Change::DeleteParameter { path: arn() },
    ]
}

/// Fails to compile when a kind of write is added, so that `changes` is not forgotten.
const fn kinds(change: &Change) -> usize {
    match change {
        Change::CreateRepository { .. }
        | Change::CreatePublicRepository { .. }
        | Change::PutRepositoryCatalogData { .. }
        | Change::PutImageTagMutability { .. }
        | Change::PutImageScanningConfiguration { .. }
        | Change::PutLifecyclePolicy { .. }
        | Change::DeleteLifecyclePolicy { .. }
        | Change::SetRepositoryPolicy { .. }
        | Change::DeleteRepositoryPolicy { .. }
        | Change::TagResource { .. }
        | Change::UntagResource { .. }
        | Change::DeleteRepository { .. }
        | Change::PutParameter { .. }
        | Change::DeleteParameter { .. } => 14,
    }
}

/// Reads, and what a write needs besides the action it is named after.
const BESIDES: [(&str, &str); 27] = [
    ("ecr:DescribeRepositories", "Read::describe, Read::page"),
    ("ecr:ListTagsForResource", "Read::tags"),
    ("ecr:GetLifecyclePolicy", "Read::lifecycle"),
    ("ecr:GetRepositoryPolicy", "Read::policy"),
    ("ssm:GetParameters", "Read::parameters"),
    ("ssm:GetParameter", "single values"),
    ("ssm:ListTagsForResource", "Read::parameter_owner"),
    ("ssm:AddTagsToResource", "PutParameter with tags"),
    ("ssm:DeleteParameters", "many at once"),
    ("cloudformation:DescribeStacks", "Stacks::stack"),
    ("cloudformation:DescribeStackResource", "Stacks::has_resource"),
    ("s3:GetObject", "Keep::ledger"),
    ("s3:PutObject", "Keep::save_ledger"),
    ("s3:DeleteObject", "Keep::forget_ledger"),
    ("s3:ListBucket", "an absent object answers 404"),
    ("sqs:SendMessage", "Postpone::send"),
    ("sqs:ReceiveMessage", "event source mapping"),
    ("sqs:DeleteMessage", "event source mapping"),
    ("sqs:GetQueueAttributes", "event source mapping"),
    ("kms:DescribeKey", "CreateRepository with a key"),
    ("kms:CreateGrant", "CreateRepository with a key"),
    ("kms:RetireGrant", "DeleteRepository with a key"),
    ("kms:Decrypt", "bucket and queue under a key"),
    ("kms:GenerateDataKey", "bucket and queue under a key"),
    ("lambda:InvokeFunction", "on-failure destination"),
    ("logs:CreateLogStream", "Lambda's own log"),
    ("logs:PutLogEvents", "Lambda's own log"),
];

/// Statements of a role, those behind a condition included.
pub(crate) fn statements(role: &Value) -> Vec<Value> {
    let policies = role["Properties"]["Policies"].as_array().expect("inline policies");
    let mut found = Vec::new();
    for policy in policies {
        for statement in policy["PolicyDocument"]["Statement"].as_array().unwrap() {
            let conditional = statement.get("If").and_then(|branches| branches.get(1));
            found.push(conditional.unwrap_or(statement).clone());
        }
    }
    found
}

pub(crate) fn actions(statement: &Value) -> Vec<String> {
    let action = &statement["Action"];
    let list = action.as_array().cloned().unwrap_or_else(|| vec![action.clone()]);
    list.iter().map(|action| action.as_str().unwrap().to_owned()).collect()
}

/// Rows: 49, 50.
#[test]
fn every_write_and_read_is_allowed_and_nothing_else_is() {
    let writes: BTreeSet<&str> = changes().iter().map(Change::action).collect();
    assert_eq!(writes.len(), kinds(&changes()[0]));
    let template = template();
    let statements = statements(&template["Resources"]["CustomResourceRole"]);
    let allowed: BTreeSet<String> =
        statements.iter().filter(|statement| statement["Effect"] == "Allow").flat_map(actions).collect();
    let reads = BESIDES.iter().map(|(action, _)| *action);
    let traces = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];
    let registry = template_registry::changes();
    let registry = registry.iter().map(RegistryChange::action);
    let registry = registry.chain(template_registry::BESIDES.iter().map(|(action, _)| *action));
    let needed = writes.into_iter().chain(reads).chain(traces).chain(registry).chain(template_registry::GALLERY);
    let needed: BTreeSet<String> = needed.map(str::to_owned).collect();
    assert_eq!(needed.difference(&allowed).collect::<Vec<_>>(), Vec::<&String>::new(), "not allowed");
    assert_eq!(allowed.difference(&needed).collect::<Vec<_>>(), Vec::<&String>::new(), "allowed without a reason");
}

#[test]
fn no_statement_allows_a_wildcard_action_and_only_what_has_no_resource_is_for_all_resources() {
    let mut for_all = Vec::new();
    for (name, role) in resources("AWS::IAM::Role") {
        for statement in statements(&role).iter().filter(|statement| statement["Effect"] == "Allow") {
            assert!(actions(statement).iter().all(|action| !action.contains('*')), "{name}: {statement}");
            if statement["Resource"] == "*" {
                for_all.extend(actions(statement));
            }
        }
    }
    let registry = template_registry::changes();
    let registry = registry.iter().map(RegistryChange::action);
    let reads = template_registry::BESIDES.iter().filter(|(_, why)| why.starts_with("Section::"));
    let without_resource = [
        "inspector2:Enable",
        "inspector2:ListAccountPermissions",
        "inspector2:ListFindings",
        "inspector2:ListCoverage",
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
    ];
    let without_resource: BTreeSet<&str> =
        without_resource.into_iter().chain(registry).chain(reads.map(|(action, _)| *action)).collect();
    assert!(for_all.iter().all(|action| without_resource.contains(action.as_str())), "{for_all:?}");
}

/// Rows: 23.
#[test]
fn a_repository_without_our_owner_tag_cannot_be_deleted() {
    let template = template();
    let deleting: Vec<Value> = statements(&template["Resources"]["CustomResourceRole"])
        .into_iter()
        .filter(|statement| actions(statement).contains(&"ecr:DeleteRepository".to_owned()))
        .collect();
    let [statement] = deleting.as_slice() else { panic!("{} statements delete", deleting.len()) };
    assert_eq!(statement["Condition"]["StringLike"]["aws:ResourceTag/ecr-steward:owner"], "*");
}

#[test]
fn reserved_names_below_the_prefix_are_out_of_reach() {
    let template = template();
    let statements = statements(&template["Resources"]["CustomResourceRole"]);
    let denied: Vec<String> = statements
        .iter()
        .filter(|statement| statement["Effect"] == "Deny")
        .flat_map(|statement| statement["Resource"].as_array().cloned().unwrap_or_default())
        .map(|resource| resource["Sub"].as_str().unwrap().to_owned())
        .collect();
    for name in RESERVED_PROJECTS {
        for end in ["", "/*"] {
            let path = format!("parameter${{ParameterPrefix}}/{name}{end}");
            assert!(denied.iter().any(|resource| resource.ends_with(&path)), "{path} is not in {denied:?}");
        }
    }
}

#[test]
fn every_function_is_built_from_a_binary_of_this_package() {
    let manifest = std::fs::read_to_string(format!("{ROOT}/Cargo.toml")).unwrap();
    let functions = resources("AWS::Serverless::Function");
    assert!(!functions.is_empty());
    for (name, function) in functions {
        let binary = function["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap_or_else(|| panic!("{name}"));
        assert!(std::path::Path::new(&format!("{ROOT}/src/bin/{binary}.rs")).is_file(), "{name} runs {binary}");
        assert!(manifest.contains(&format!("name = \"{binary}\"")), "{binary} is in Cargo.toml");
        let words: String = name.trim_end_matches("Function").to_lowercase();
        assert_eq!(words, binary.replace('-', ""), "logical id and binary say the same");
    }
}

#[test]
fn the_environment_of_the_function_is_what_settings_ask_for() {
    let template = template();
    let variables = &template["Resources"]["CustomResourceFunction"]["Properties"]["Environment"]["Variables"];
    let of_lambda = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    let read = Settings::read(&|name| {
        if name == "PARAMETER_PREFIX" {
            let default = &template["Parameters"]["ParameterPrefix"]["Default"];
            return variables.get(name).and(default.as_str()).map(str::to_owned);
        }
        let value = match name {
            "AWS_REGION" => "eu-west-1",
            "QUEUE_URL" => "https://sqs.eu-west-1.amazonaws.com/123456789012/q",
            _ => "state",
        };
        (of_lambda.contains(&name) || variables.get(name).is_some()).then(|| value.to_owned())
    });
    assert!(read.is_ok(), "{read:?}");
}

/// Rows: 46.
#[test]
fn no_event_waits_for_longer_than_cloudformation_does_at_most() {
    for (name, function) in resources("AWS::Serverless::Function") {
        let invoked = &function["Properties"]["EventInvokeConfig"];
        // Nobody but its queue wakes these functions; CloudFormation never waits for them.
        if ["FindingsFunction", "DriftFunction"].contains(&name.as_str()) && invoked.is_null() {
            continue;
        }
        assert!(invoked["MaximumEventAgeInSeconds"].as_u64().is_some_and(|age| age <= 3_600), "{name}: {invoked}");
        if name == "CustomResourceFunction" {
            assert!(
                invoked["MaximumEventAgeInSeconds"].as_u64() < Some(3_600),
                "that it was never run can still be told"
            );
        }
        let told = &invoked["DestinationConfig"]["OnFailure"]["Destination"]["GetAtt"];
        assert!(told.is_string(), "{name}: somebody is told of what was given up: {invoked}");
    }
}

/// Rows: 50, 56.
#[test]
fn what_a_delete_needs_and_what_tells_of_it_outlives_it() {
    let template = template();
    for kind in ["AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"] {
        assert_eq!(resources(kind), [], "a policy beside its role may go before it");
    }
    for kind in ["AWS::Logs::LogGroup", "AWS::S3::Bucket"] {
        let kept = resources(kind);
        assert!(!kept.is_empty(), "{kind}");
        for (name, resource) in kept {
            assert_eq!(resource["DeletionPolicy"], "RetainExceptOnCreate", "{name}");
            assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{name}");
        }
    }
    for (name, function) in resources("AWS::Serverless::Function") {
        let group = function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"].as_str().unwrap_or_default();
        assert_eq!(template["Resources"][group]["Type"], "AWS::Logs::LogGroup", "{name} writes into a group of ours");
    }
    // CloudFormation does not delete a stack whose export is imported.
    assert_eq!(template["Outputs"]["ServiceToken"]["Export"]["Name"]["Sub"], "${AWS::StackName}-ServiceToken");
}

#[test]
fn every_parameter_has_a_default_so_that_deploying_asks_for_nothing() {
    let template = template();
    for (name, parameter) in template["Parameters"].as_object().unwrap() {
        assert!(parameter.get("Default").is_some(), "{name}");
    }
}

/// Rows: 2, 16.
#[test]
fn failed_invocations_are_never_run_again_by_lambda_and_reach_the_responder() {
    let template = template();
    let function = &template["Resources"]["CustomResourceFunction"]["Properties"];
    let invoked = &function["EventInvokeConfig"];
    assert_eq!(invoked["MaximumRetryAttempts"], 0);
    assert_eq!(invoked["DestinationConfig"]["OnFailure"]["Destination"]["GetAtt"], "ResponderFunction.Arn");
    assert_eq!(function["Events"]["Queue"]["Properties"]["FunctionResponseTypes"][0], "ReportBatchItemFailures");
    // A chain of our own messages is not taken for a loop: Lambda ends one after about 16 rounds.
    assert_eq!(function["RecursiveLoop"], "Allow");
}

/// Rows: 51.
#[test]
fn a_request_whose_invocations_die_is_answered_by_the_responder_while_cloudformation_waits() {
    let template = template();
    let of = |name: &str| template["Resources"][name]["Properties"].clone();
    let (queue, dead_letters) = (of("CustomResourceQueue"), of("CustomResourceDeadLetterQueue"));
    let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("{value} is a number"));
    let (run, hidden) = (number(&of("CustomResourceFunction")["Timeout"]), number(&queue["VisibilityTimeout"]));
    assert!(hidden > run, "a message comes again after {hidden} s, while a run of {run} s is still at it");
    let tries = number(&queue["RedrivePolicy"]["maxReceiveCount"]);
    let given_up = run + tries * hidden;
    assert!(given_up < 3_600, "CloudFormation has given up after a run of {run} s and {tries} times {hidden} s");
    assert_eq!(queue["RedrivePolicy"]["deadLetterTargetArn"]["GetAtt"], "CustomResourceDeadLetterQueue.Arn");
    let responder = of("ResponderFunction");
    assert_eq!(
        responder["Events"]["DeadLetters"]["Properties"]["Queue"]["GetAtt"],
        "CustomResourceDeadLetterQueue.Arn"
    );
    assert!(number(&dead_letters["VisibilityTimeout"]) >= 6 * number(&responder["Timeout"]));
    assert_eq!(dead_letters["RedrivePolicy"]["deadLetterTargetArn"]["GetAtt"], "UnansweredQueue.Arn");
}

/// Rows: 43.
#[test]
fn every_queue_is_encrypted_and_who_is_not_meant_to_answer_cannot_read_a_request() {
    let template = template();
    for (name, queue) in resources("AWS::SQS::Queue") {
        assert_eq!(queue["Properties"]["SqsManagedSseEnabled"]["If"][2], true, "{name}");
        assert_eq!(queue["Properties"]["KmsMasterKeyId"]["If"][1]["Ref"], "KmsKeyArn", "{name}");
    }
    for (queue, role) in
        [("CustomResourceQueue", "CustomResourceRole"), ("CustomResourceDeadLetterQueue", "ResponderRole")]
    {
        let statements = &template["Resources"][format!("{queue}Policy")]["Properties"]["PolicyDocument"]["Statement"];
        let refusal = statements.as_array().unwrap().iter().find(|one| one["Action"] == "sqs:ReceiveMessage").unwrap();
        assert_eq!((&refusal["Effect"], &refusal["Principal"]), (&"Deny".into(), &"*".into()), "{queue}");
        let except = &refusal["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]["GetAtt"];
        assert_eq!(except, &Value::from(format!("{role}.Arn")), "{queue}");
    }
}

#[test]
fn the_responder_may_read_dead_letters_and_nothing_else_of_aws() {
    let template = template();
    let allowed: BTreeSet<String> =
        statements(&template["Resources"]["ResponderRole"]).iter().flat_map(actions).collect();
    let needed = [
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:SendMessage",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
    ];
    assert_eq!(allowed, needed.map(str::to_owned).into());
}
