//! The command line as a user meets it: the built binary, its exit status, its stdout and its stderr.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

/// What one run said and how it ended.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) data: String,
    pub(crate) talk: String,
}

impl Run {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {}", self.data))
    }
}

/// Runs the binary with nothing of this machine's environment.
pub(crate) fn run(arguments: &[&str], stdin: &str) -> Run {
    run_with(&[], arguments, stdin)
}

pub(crate) fn run_with(environment: &[(&str, &str)], arguments: &[&str], stdin: &str) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ecr-steward"))
        .args(arguments)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A run that refuses its arguments never reads.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        data: String::from_utf8(output.stdout).unwrap(),
        talk: String::from_utf8(output.stderr).unwrap(),
    }
}

const DOCUMENT: &str = "
Type: Custom::EcrRepositories
Properties:
  ServiceToken: arn:aws:lambda:eu-west-1:123456789012:function:x
  ProjectName: shop
  Environment: dev
  RepositoryNames: [orders, payments]
  PublishParameters: false
";

const TEMPLATE: &str = "
Parameters:
  Project: {Type: String}
  Names: {Type: CommaDelimitedList, Default: 'orders, payments'}
  Keep: {Type: Number, Default: 10}
  Key: {Type: String, Default: ''}
Conditions:
  HasKey: !Not [!Equals [!Ref Key, '']]
  HasNone: !And [!Not [!Condition HasKey], !Equals ['1', '1']]
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Fleet:
    Type: Custom::EcrRepositories
    Properties:
      ServiceToken: {'Fn::ImportValue': !Sub '${Project}-ServiceToken'}
      ProjectName: !Ref Project
      Environment: {'Ref': 'AWS::Region'}
      RepositoryNames: !Ref Names
      MaxImageCount: !Ref Keep
      KmsKey: !If [HasKey, !Ref Key, !Ref 'AWS::NoValue']
      Tags: {Bill: !Sub '${AWS::Partition}/${Project}/${Own}', Joined: !Join ['-', [a, !Select [1, !Ref Names]]]}
";

#[test]
fn check_of_a_good_document_counts_its_repositories() {
    let run = run(&["check", "-"], DOCUMENT);
    assert_eq!((run.code, run.talk.as_str()), (0, ""));
    assert_eq!(run.data, "stdin: no problems, 2 repositories\n");
}

#[test]
fn check_reads_files_and_json_and_several_at_once() {
    let dir = std::env::temp_dir().join(format!("ecr-steward-cli-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let (good, bad) = (dir.join("good.json"), dir.join("bad.yaml"));
    let document = json!({"Type": "Custom::EcrRepositories", "Properties":
        {"ProjectName": "shop", "Environment": "\u{64}ev", "RepositoryNames": ["a"], "MaxImageCount": "7"}});
    std::fs::write(&good, document.to_string().replace("shop", "sh\\u006fp")).unwrap();
    std::fs::write(&bad, DOCUMENT.replace("dev", "Dev")).unwrap();
    let run = run(&["check", "--format", "json", good.to_str().unwrap(), bad.to_str().unwrap()], "");
    std::fs::remove_dir_all(&dir).unwrap();
    assert_eq!(run.code, 1);
    let found = run.json();
    assert_eq!(found["declarations"][0]["repositories"], json!(["shop-dev-a"]));
    assert_eq!(found["declarations"][0]["problems"], json!([]));
    assert_eq!(found["declarations"][1]["problems"][0]["path"], "Environment");
}

#[test]
fn check_reports_every_problem_with_its_path() {
    let document = DOCUMENT.replace("dev", "Dev")
        + "  MaxImageCont: 3\n  ScanOnPush: perhaps\n  Overrides: {order: {ImageRetentionDays: 0}}\n";
    let run = run(&["check", "-"], &document);
    assert_eq!(run.code, 1, "{}", run.talk);
    for path in ["Environment: ", "MaxImageCont: ", "ScanOnPush: ", "Overrides.order: ", "Overrides.order.ImageRet"] {
        assert!(run.data.contains(&format!("\n  {path}")), "{path} is missing in\n{}", run.data);
    }
    assert!(run.data.starts_with("stdin: 5 problems\n"), "{}", run.data);
    assert!(run.data.contains("did you mean MaxImageCount?"), "{}", run.data);
}

#[test]
fn what_cannot_be_read_is_not_a_finding() {
    let cases = [
        ("Type: [", "stdin is neither YAML nor JSON"),
        ("{\"Type\": ", "stdin is neither YAML nor JSON"),
        ("", "stdin is empty"),
        ("- a\n- b\n", "holds no map"),
        ("Properties: {}\n", "neither Type and Properties nor Resources"),
        ("Type: Custom::EcrRepository\n", "did you mean Custom::EcrRepositories?"),
        ("Resources: {T: {Type: 'AWS::SNS::Topic'}}\n", "without a resource of ecr-steward"),
    ];
    for (text, sentence) in cases {
        let run = run(&["check", "-"], text);
        assert_eq!((run.code, run.data.as_str()), (2, ""), "{text:?}");
        assert!(run.talk.contains(sentence), "{text:?} gave {}", run.talk);
    }
    let run = run(&["check", "/nonexistent/x.yaml"], "");
    assert_eq!(run.code, 2);
    assert!(run.talk.contains("/nonexistent/x.yaml cannot be read"), "{}", run.talk);
}

#[test]
fn a_template_is_resolved_with_parameters() {
    let template = TEMPLATE.replace("${Own}", "x");
    let run =
        run(&["check", "-", "--region", "eu-west-1", "--parameter", "Project=shop", "--format", "json"], &template);
    assert_eq!(run.code, 0, "{}{}", run.talk, run.data);
    let found = run.json();
    assert_eq!(found["declarations"][0]["logicalId"], "Fleet");
    assert_eq!(found["declarations"][0]["repositories"], json!(["shop-eu-west-1-orders", "shop-eu-west-1-payments"]));
}

#[test]
fn a_parameter_decides_a_condition_and_is_judged_like_a_written_value() {
    let template = TEMPLATE.replace("${Own}", "x");
    let base = ["check", "-", "--region", "eu-west-1", "--parameter", "Project=shop"];
    let kms = run(&[&base[..], &["--parameter", "Key=alias/mine"]].concat(), &template);
    assert_eq!(kms.code, 1, "KmsKey does not go with AES256: {}{}", kms.talk, kms.data);
    assert!(kms.data.contains("KmsKey"), "{}", kms.data);
    let keep = run(&[&base[..], &["--parameter", "Keep=none"]].concat(), &template);
    assert!(keep.code == 1 && keep.data.contains("MaxImageCount: must be a whole number"), "{}", keep.data);
    let gone =
        template.replace("Type: Custom::EcrRepositories", "Type: Custom::EcrRepositories\n    Condition: HasKey");
    assert_eq!(run(&base, &gone).code, 2, "nothing is left of a template whose only fleet has no place");
    let stays = gone.replace("Condition: HasKey", "Condition: HasNone");
    assert_eq!(run(&base, &stays).code, 0);
}

#[test]
fn what_only_cloudformation_knows_is_named_with_its_place_all_at_once() {
    let template = TEMPLATE.replace("!Ref Keep", "!GetAtt Topic.TopicName");
    let run = run(&["check", "-"], &template);
    assert_eq!(run.code, 2);
    for sentence in [
        "Resources.Fleet.Properties.ProjectName: needs the parameter Project, which has no default",
        "Resources.Fleet.Properties.Environment: needs AWS::Region",
        "Resources.Fleet.Properties.MaxImageCount: is !GetAtt",
        "Resources.Fleet.Properties.Tags.Bill: needs the parameter Project",
    ] {
        assert!(run.talk.contains(sentence), "{sentence:?} is missing in\n{}", run.talk);
    }
    assert!(!run.talk.contains("ServiceToken:"), "the token is CloudFormation's own business");
    let loops = TEMPLATE.replace("!Not [!Equals [!Ref Key, '']]", "!Not [!Condition HasKey]");
    let loops = self::run(&["check", "-", "--parameter", "Project=shop"], &loops);
    assert!(loops.code == 2 && loops.talk.contains("Conditions.HasKey: refers to itself"), "{}", loops.talk);
}

#[test]
fn a_misspelt_parameter_is_refused() {
    let run = run(&["check", "-", "--parameter", "Projekt=shop"], TEMPLATE);
    assert_eq!(run.code, 2);
    assert!(run.talk.contains("did you mean Project?"), "{}", run.talk);
}

#[test]
fn several_fleets_are_all_checked_and_one_is_planned() {
    let fleet = |name: &str| {
        format!(
            "  {name}: {{Type: 'Custom::EcrRepositories', Properties: {{ProjectName: {name}, Environment: dev, RepositoryNames: [a]}}}}\n"
        )
    };
    let unknown = "  R: {Type: 'Custom::EcrPublicRepositories', Properties: {Tags: {'Fn::GetAtt': [Other, Tags]}}}\n";
    let template = format!("Resources:\n{}{}{unknown}", fleet("One"), fleet("two"));
    let all = run(&["check", "-"], &template);
    assert_eq!(all.code, 1, "what was found outweighs what could not be told");
    assert!(all.data.contains("stdin, One: ") && all.data.contains("stdin, two: no problems"), "{}", all.data);
    assert!(all.talk.contains("R: its properties are not known without a deployment"), "{}", all.talk);
    let one = run(&["check", "-", "--logical-id", "two"], &template);
    assert_eq!((one.code, one.data.as_str()), (0, "stdin, two: no problems, 1 repository\n"));
    let aws = Aws::start();
    let unclear = aws.run(&["plan", "-"], &template);
    assert!(unclear.code == 2 && unclear.talk.contains("(One, R, two); say which"), "{}", unclear.talk);
}

#[test]
fn without_credentials_or_region_nothing_can_be_told() {
    let run_ = run(&["plan", "-", "--region", "eu-west-1"], DOCUMENT);
    assert_eq!((run_.code, run_.data.as_str()), (2, ""));
    assert!(run_.talk.contains("no AWS credentials were found; give --profile"), "{}", run_.talk);
    let keys = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "x")];
    let nowhere = run_with(&keys, &["apply", "-"], DOCUMENT);
    assert_eq!(nowhere.code, 2);
    assert!(nowhere.talk.contains("no Region is set; give --region"), "{}", nowhere.talk);
}

#[test]
fn plan_shows_drift_and_writes_nothing() {
    let aws = Aws::start();
    let plan = aws.run(&["plan", "-", "--format", "json"], DOCUMENT);
    assert_eq!(plan.code, 1, "{}", plan.talk);
    let found = plan.json();
    assert_eq!(found["owner"], "cli/shop:dev");
    assert_eq!(found["summary"], "2 to add, 2 to change, 0 to remove, 0 blocked");
    assert_eq!(aws.run(&["plan", "-", "--format", "json"], DOCUMENT).json(), found, "a plan is the same every time");
    let asked = aws.asked();
    assert!(asked.contains(&"DescribeRepositories".to_owned()), "{asked:?}");
    assert!(asked.iter().all(|call| call.starts_with("Describe") || call.starts_with("Get")), "{asked:?}");
    let named = aws.run(&["plan", "-", "--owner-name", "shop-backend", "--format", "json"], DOCUMENT).json();
    assert_eq!(named["owner"], "cli/shop-backend");
    assert_ne!(named["fingerprint"], found["fingerprint"], "whose it will be is part of the decision");
}

#[test]
fn plan_of_an_invalid_document_reports_problems() {
    let aws = Aws::start();
    let plan = aws.run(&["plan", "-"], &DOCUMENT.replace("dev", "Dev"));
    assert_eq!(plan.code, 1);
    assert!(plan.data.contains("Environment: contains 'D'"), "{}", plan.data);
    assert_eq!(aws.asked(), ["DescribeRegistry"]);
}

#[test]
fn apply_refuses_a_stale_plan_and_performs_the_one_expected() {
    let aws = Aws::start();
    let stale = aws.run(&["apply", "-", "--expect", "0123456789abcdef"], DOCUMENT);
    assert_eq!(stale.code, 1);
    assert!(stale.talk.contains("nothing was changed: the plan is"), "{}", stale.talk);
    assert!(!aws.asked().iter().any(|call| call.starts_with("Create")), "{:?}", aws.asked());
    let fingerprint = aws.run(&["plan", "-", "--format", "json"], DOCUMENT).json()["fingerprint"].clone();
    let applied = aws.run(&["apply", "-", "--expect", fingerprint.as_str().unwrap(), "--format", "json"], DOCUMENT);
    assert_eq!(applied.code, 0, "{}{}", applied.talk, applied.data);
    let account = applied.json();
    assert_eq!((&account["done"], &account["error"]), (&json!(4), &Value::Null));
    assert!(account["steps"].as_array().unwrap().iter().all(|step| step["outcome"] == "done"));
    let writes: Vec<_> = aws.asked().into_iter().filter(|call| !call.starts_with("Describe")).collect();
    assert_eq!(writes.iter().filter(|call| *call == "CreateRepository").count(), 2);
    assert_eq!(writes.iter().filter(|call| *call == "PutLifecyclePolicy").count(), 2);
}

#[test]
fn apply_accounts_for_every_step_of_a_failure() {
    let aws = Aws::refusing("PutLifecyclePolicy");
    let applied = aws.run(&["apply", "-", "--format", "json"], DOCUMENT);
    assert_eq!(applied.code, 2);
    let account = applied.json();
    let outcomes: Vec<_> = account["steps"].as_array().unwrap().iter().map(|step| step["outcome"].clone()).collect();
    assert_eq!(outcomes, ["done", "failed", "done", "failed"]);
    assert!(account["steps"][1]["fault"].as_str().unwrap().contains("not today"), "{account}");
    assert!(applied.talk.contains("2 of 4 changes failed or were not reached"), "{}", applied.talk);
}

#[test]
fn apply_as_a_custom_resource_needs_its_record() {
    let run = run(&["apply", "-", "--stack", "shop", "--logical-id", "Fleet", "--region", "eu-west-1"], DOCUMENT);
    assert_eq!(run.code, 2);
    assert!(run.talk.contains("give --state-bucket"), "{}", run.talk);
}

/// An ECR with nothing in it that says yes to every write and remembers what it was asked.
pub(crate) struct Aws {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Aws {
    pub(crate) fn start() -> Self {
        Self::refusing("nothing")
    }

    fn refusing(operation: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serve(&stream.unwrap(), &log, operation);
            }
        });
        Self { url, asked }
    }

    pub(crate) fn run(&self, arguments: &[&str], stdin: &str) -> Run {
        let environment = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "x")];
        let place = ["--region", "eu-west-1", "--endpoint-url", &self.url];
        run_with(&environment, &[arguments, &place].concat(), stdin)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// One request per connection: the operation is in a header, and no answer depends on the body.
fn serve(stream: &TcpStream, log: &Mutex<Vec<String>>, refused: &str) {
    let mut reader = BufReader::new(stream);
    let (mut operation, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if lower.starts_with("x-amz-target:") {
            line.trim().rsplit('.').next().unwrap().clone_into(&mut operation);
        } else if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    reader.take(length).read_to_end(&mut Vec::new()).unwrap();
    let (status, body) = match operation.as_str() {
        name if name == refused => {
            ("400 Bad Request", json!({"__type": "InvalidParameterException", "message": "not today"}))
        }
        "DescribeRegistry" => ("200 OK", json!({"registryId": "123456789012"})),
        "DescribeRepositories" => ("200 OK", json!({"repositories": []})),
        "GetRegistryScanningConfiguration" => ("200 OK", json!({"scanningConfiguration": {"scanType": "BASIC"}})),
        _ => ("200 OK", json!({})),
    };
    log.lock().unwrap().push(operation);
    let body = body.to_string();
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
}
