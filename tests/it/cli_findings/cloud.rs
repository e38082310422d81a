//! A small AWS on a port: images and what scans say of them, a state bucket, one stack, and two queues.

use super::{ACCOUNT, GUID, QUEUES, REGION};
use crate::cli::{Run, run_with};
use ecr_steward::policy::record::ImageRecord;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

/// One image in ECR.
#[derive(Clone, Debug, Default)]
pub(super) struct Image {
    pub(super) repository: String,
    pub(super) digest: String,
    pub(super) tags: Vec<String>,
    /// What is said of its scan, one answer after the other; the last for ever.
    pub(super) scans: Vec<Value>,
    pub(super) manifest: Value,
}

/// One message of the dead-letter queue.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) hidden: bool,
}

/// All there is.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) images: Vec<Image>,
    pub(super) objects: BTreeMap<String, Vec<u8>>,
    pub(super) outputs: Option<BTreeMap<String, String>>,
    pub(super) letters: Vec<Message>,
    pub(super) sent: Vec<Value>,
    /// Operations that are refused, with the code.
    pub(super) refused: BTreeMap<&'static str, &'static str>,
    /// Answers of operations that say the same whatever they are asked.
    pub(super) fixed: BTreeMap<&'static str, Value>,
    pub(super) asked: Vec<String>,
    /// What operations with such an answer were asked.
    pub(super) questions: Vec<(String, Value)>,
}

/// The cloud.
pub(super) struct Cloud {
    url: String,
    state: Arc<Mutex<State>>,
}

impl Cloud {
    /// With an installation, and nothing else.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let outputs = [
            ("StateBucketName", "state".to_owned()),
            ("FindingsQueueUrl", format!("{QUEUES}/own")),
            ("FindingsDeadLetterQueueUrl", format!("{QUEUES}/dead")),
            ("NotificationTopicArn", format!("arn:aws:sns:{REGION}:{ACCOUNT}:topic")),
            ("EventBusName", "ecr-steward".to_owned()),
        ];
        let outputs = outputs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let state = Arc::new(Mutex::new(State { outputs: Some(outputs), ..State::default() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serve(&stream.unwrap(), &shared);
            }
        });
        Self { url, state }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, "")
    }

    pub(super) fn run_with(&self, arguments: &[&str], stdin: &str) -> Run {
        let environment = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "x")];
        run_with(&environment, &[arguments, &["--region", REGION, "--endpoint-url", &self.url]].concat(), stdin)
    }

    pub(super) fn remember(&self, record: &ImageRecord) {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&serde_json::to_vec(record).unwrap()).unwrap();
        self.state().objects.insert(record.image.state_key(), packer.finish().unwrap());
    }

    pub(super) fn declare(&self, properties: &Value) {
        let policy = json!({"version": 1, "properties": properties});
        let key = ecr_steward::policy::declared::POLICY_KEY.to_owned();
        self.state().objects.insert(key, serde_json::to_vec(&policy).unwrap());
    }

    pub(super) fn letter(&self, body: &Value) {
        let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        let mut state = self.state();
        let id = format!("letter-{}", state.letters.len());
        state.letters.push(Message { id, body: text, hidden: false });
    }

    /// The letters that are there and can be taken.
    pub(super) fn letters(&self) -> Vec<String> {
        let state = self.state();
        assert!(state.letters.iter().all(|letter| !letter.hidden), "{:?}", state.letters);
        state.letters.iter().map(|letter| letter.id.clone()).collect()
    }

    pub(super) fn asked(&self, operation: &str) -> usize {
        self.state().asked.iter().filter(|asked| *asked == operation).count()
    }
}

/// One request per connection.
fn serve(stream: &TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).unwrap();
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
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body).unwrap();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut state = state.lock().unwrap();
    let (status, answer) = if first.starts_with("PUT ") {
        let key = path.split('?').next().unwrap_or_default().strip_prefix("/state/").unwrap_or_default();
        state.objects.insert(key.to_owned(), body);
        (200, Vec::new())
    } else if operation.is_empty() {
        plain(&mut state, &path, &String::from_utf8_lossy(&body))
    } else {
        let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
        state.asked.push(operation.clone());
        let (status, value) = match state.refused.get(operation.as_str()) {
            Some(code) => error(code),
            None => match state.fixed.get(operation.as_str()).cloned() {
                Some(value) => {
                    state.questions.push((operation.clone(), asked));
                    (200, value)
                }
                None => state.answer(&operation, &asked),
            },
        };
        (status, value.to_string().into_bytes())
    };
    let head =
        format!("HTTP/1.1 {status} X\r\netag: \"1\"\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", answer.len());
    let mut stream = stream;
    // Whoever was interrupted no longer listens.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&answer));
}

fn error(code: &str) -> (u16, Value) {
    (400, json!({"__type": code, "message": "not today"}))
}

/// S3 and CloudFormation.
fn plain(state: &mut State, path: &str, body: &str) -> (u16, Vec<u8>) {
    let operation = if body.contains("Action=DescribeStacks") {
        "DescribeStacks"
    } else if path.contains("list-type=2") {
        "ListObjectsV2"
    } else {
        "GetObject"
    };
    state.asked.push(operation.to_owned());
    let refusal = |code: &str, why: &str| {
        let error = format!("<Error><Code>{code}</Code><Message>{why}</Message></Error>");
        let is_s3 = operation != "DescribeStacks";
        if is_s3 { error } else { format!("<ErrorResponse>{error}</ErrorResponse>") }.into_bytes()
    };
    if let Some(code) = state.refused.get(operation) {
        return (403, refusal(code, "not today"));
    }
    if operation == "DescribeStacks" {
        let Some(outputs) = &state.outputs else {
            return (400, refusal("ValidationError", "Stack with id x does not exist"));
        };
        let member = |(key, value): (&String, &String)| {
            format!("<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>")
        };
        let outputs = outputs.iter().map(member).collect::<Vec<_>>().concat();
        return (200, format!("<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackId>arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/ecr-steward/{GUID}</StackId><StackName>ecr-steward</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>{outputs}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>").into_bytes());
    }
    if operation == "ListObjectsV2" {
        let prefix = path.split(['?', '&']).find_map(|part| part.strip_prefix("prefix=")).unwrap_or_default();
        let prefix = prefix.replace("%2F", "/");
        let keys = state.objects.keys().filter(|key| key.starts_with(&prefix));
        let item =
            |key| format!("<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>");
        let keys = keys.map(item).collect::<Vec<_>>().concat();
        return (
            200,
            format!("<ListBucketResult><IsTruncated>false</IsTruncated>{keys}</ListBucketResult>").into_bytes(),
        );
    }
    let key = path.split('?').next().unwrap_or_default().strip_prefix("/state/").unwrap_or_default();
    match state.objects.get(key) {
        Some(bytes) => (200, bytes.clone()),
        None => (404, refusal("NoSuchKey", "none")),
    }
}

impl State {
    fn answer(&mut self, operation: &str, asked: &Value) -> (u16, Value) {
        match operation {
            "DescribeRegistry" => (200, json!({"registryId": ACCOUNT})),
            "ListTagsForResource" => (200, json!({"tags": [{"Key": "team", "Value": "web"}]})),
            "DescribeImages" => self.images_of(asked),
            "DescribeImageScanFindings" => match self.image(&asked["repositoryName"], &asked["imageId"]) {
                None => error("ImageNotFoundException"),
                Some(image) => {
                    let answer = image.scans.first().cloned().unwrap_or_default();
                    if image.scans.len() > 1 {
                        image.scans.remove(0);
                    }
                    (if answer.get("__type").is_some() { 400 } else { 200 }, answer)
                }
            },
            "BatchGetImage" => match self.image(&asked["repositoryName"], &asked["imageIds"][0]) {
                None => (200, json!({"images": [], "failures": [{"failureCode": "ImageNotFound"}]})),
                Some(image) => {
                    (200, json!({"images": [{"imageManifest": image.manifest.to_string()}], "failures": []}))
                }
            },
            "ReceiveMessage" => self.receive(asked),
            "SendMessageBatch" => {
                let bodies = asked["Entries"].as_array().unwrap().iter().map(|entry| {
                    let body = entry["MessageBody"].as_str().unwrap();
                    serde_json::from_str(body).unwrap_or_else(|_| json!(body))
                });
                self.sent.extend(bodies);
                (200, done(asked))
            }
            "DeleteMessageBatch" => {
                let gone = receipts(asked);
                self.letters.retain(|letter| !gone.contains(&letter.id));
                (200, done(asked))
            }
            "ChangeMessageVisibilityBatch" => {
                for receipt in receipts(asked) {
                    self.letters
                        .iter_mut()
                        .filter(|letter| letter.id == receipt)
                        .for_each(|letter| letter.hidden = false);
                }
                (200, done(asked))
            }
            other => panic!("{other} was not expected: {asked}"),
        }
    }

    fn image(&mut self, repository: &Value, id: &Value) -> Option<&mut Image> {
        self.images.iter_mut().find(|image| {
            image.repository == *repository
                && (image.digest == id["imageDigest"] || image.tags.iter().any(|tag| *tag == id["imageTag"]))
        })
    }

    fn images_of(&mut self, asked: &Value) -> (u16, Value) {
        let detail = |image: &Image| json!({"imageDigest": image.digest, "imageTags": image.tags});
        let Some(id) = asked["imageIds"].get(0) else {
            let all = self.images.iter().filter(|image| image.repository == asked["repositoryName"]);
            return (200, json!({"imageDetails": all.map(detail).collect::<Vec<_>>()}));
        };
        match self.image(&asked["repositoryName"], id) {
            Some(image) => (200, json!({"imageDetails": [detail(image)]})),
            None => error("ImageNotFoundException"),
        }
    }

    fn receive(&mut self, asked: &Value) -> (u16, Value) {
        let hides = asked["VisibilityTimeout"] != 0;
        let most = usize::try_from(asked["MaxNumberOfMessages"].as_u64().unwrap()).unwrap();
        let taken: Vec<Value> = self
            .letters
            .iter_mut()
            .filter(|letter| !letter.hidden)
            .take(most)
            .map(|letter| {
                letter.hidden = hides;
                let attributes = json!({"SentTimestamp": "1795000000000"});
                json!({"MessageId": letter.id, "ReceiptHandle": letter.id, "Body": letter.body, "Attributes": attributes})
            })
            .collect();
        (200, json!({"Messages": taken}))
    }
}

fn receipts(asked: &Value) -> Vec<String> {
    let entries = asked["Entries"].as_array().unwrap().iter();
    entries.map(|entry| entry["ReceiptHandle"].as_str().unwrap().to_owned()).collect()
}

fn done(asked: &Value) -> Value {
    let entries = asked["Entries"].as_array().unwrap().iter();
    let all = entries.map(|entry| json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "x"}));
    json!({"Successful": all.collect::<Vec<_>>(), "Failed": []})
}
