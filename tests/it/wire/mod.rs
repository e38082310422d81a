//! The adapters by wire replay: what really goes out to a service, and what its answers come to.

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use ecr_steward::aws::cfn_reply::{Delivered, Undelivered, deliver, reach};
use ecr_steward::aws::{Aws, Connection, Forwarder, Overseer};
use ecr_steward::config::{DriftSettings, Endpoints, FindingsSettings, Keys, Settings};
use ecr_steward::event::message::{Continue, Message, Settle, VERSION};
use ecr_steward::event::url::ResponseUrl;
use ecr_steward::fault::FaultKind;
use ecr_steward::flow::{Keep as _, Postpone as _, Read as _, Recall as _, Stacks as _, Version, Write as _};
use ecr_steward::model::identity::{Identity, StackId};
use ecr_steward::model::image::{Digest, ImageRef};
use ecr_steward::model::name::RepositoryName;
use ecr_steward::model::place::Place;
use ecr_steward::model::repository::{Encryption, EncryptionType, Mutability, MutabilityMode, Tags};
use ecr_steward::plan::Change;
use ecr_steward::plan::NotEmpty;
use ecr_steward::plan::ledger::Ledger;
use ecr_steward::policy::parcel::Parcel;
use ecr_steward::spec::findings::Sink;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

mod account;
mod bus;
mod cfn_reply;
mod dead_letters;
mod ecr;
mod findings;
mod gallery;
mod images;
mod jobs;
mod letters;
mod oversight;
mod parameters;
mod previews;
mod queue;
mod records;
mod registry;
mod registry_writes;
mod security_hub;
mod stacks;
mod state;
mod stored_images;
mod topic;
mod webhook;

const STACK: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/11111111-2222-3333-4444-555555555555";

/// One request as it went out.
#[derive(Clone, Debug)]
struct Said {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
    body: String,
    bytes: Vec<u8>,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }
}

/// Status, headers and body of one answer; a status of 0 is a connection that breaks.
type Answer = (u16, Vec<(&'static str, String)>, Vec<u8>);

/// Answers from a list, in order, and remembers what was asked.
#[derive(Clone, Debug, Default)]
struct Tape {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    said: Arc<Mutex<Vec<Said>>>,
}

impl HttpConnector for Tape {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let headers = request.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let bytes = request.body().bytes().unwrap_or_default().to_vec();
        self.said.lock().unwrap().push(Said {
            method: request.method().to_owned(),
            url: request.uri().to_owned(),
            headers: headers.collect(),
            body: String::from_utf8_lossy(&bytes).into_owned(),
            bytes,
        });
        let (status, headers, body) = self.answers.lock().unwrap().pop_front().expect("an answer for this request");
        if status == 0 {
            let why = format!("error trying to connect to {}", request.uri());
            return HttpConnectorFuture::ready(Err(ConnectorError::io(why.into())));
        }
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
        self.then_bytes(status, headers, body.as_bytes());
    }

    fn then_bytes(&self, status: u16, headers: &[(&'static str, &str)], body: &[u8]) {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.answers.lock().unwrap().push_back((status, headers, body.to_vec()));
    }

    fn connection(&self) -> Connection {
        Connection::of(SharedHttpConnector::new(self.clone()))
    }

    fn aws(&self) -> Aws {
        self.aws_in("eu-west-1")
    }

    /// The SDK rations second tries per service and Region over the whole process: whoever uses them up takes a
    /// Region of its own.
    fn aws_in(&self, region: &str) -> Aws {
        Aws::for_function(&settings(region), &self.connection())
    }

    fn forwarder(&self) -> Forwarder {
        self.forwarder_with(|_| {})
    }

    fn forwarder_with(&self, otherwise: impl FnOnce(&mut FindingsSettings)) -> Forwarder {
        let mut settings = FindingsSettings {
            shared: settings("eu-west-1"),
            account: "123456789012".to_owned(),
            partition: "aws".to_owned(),
            dead_letter_url: "https://sqs.eu-west-1.amazonaws.com/123456789012/dead".to_owned(),
            topic_arn: "arn:aws:sns:eu-west-1:123456789012:topic".to_owned(),
            event_bus: "ecr-steward".to_owned(),
            stack_name: "ecr-steward".to_owned(),
            max_receives: 5,
            repository_pattern: "*".to_owned(),
        };
        otherwise(&mut settings);
        Forwarder::for_function(&settings, &self.connection())
    }

    fn overseer(&self) -> Overseer {
        let settings = DriftSettings {
            shared: settings("eu-west-1"),
            account: "123456789012".to_owned(),
            partition: "aws".to_owned(),
            dead_letter_url: "https://sqs.eu-west-1.amazonaws.com/123456789012/dead".to_owned(),
            topic_arn: "arn:aws:sns:eu-west-1:123456789012:topic".to_owned(),
            settle_queue_url: "https://sqs.eu-west-1.amazonaws.com/123456789012/settle".to_owned(),
            max_receives: 5,
            stack_name: "ecr-steward".to_owned(),
            repository_pattern: "*".to_owned(),
            role_arn: "arn:aws:iam::123456789012:role/drift".to_owned(),
        };
        Overseer::for_function(&settings, &self.connection())
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

fn settings(region: &str) -> Settings {
    Settings {
        region: region.to_owned(),
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
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(work)
}

fn name(text: &str) -> RepositoryName {
    RepositoryName::parse(text).unwrap()
}

fn place() -> Place {
    Place { partition: "aws".to_owned(), region: "eu-west-1".to_owned(), account: "123456789012".to_owned() }
}

fn digest(of: char) -> Digest {
    Digest::parse(&format!("sha256:{}", String::from(of).repeat(64))).unwrap()
}

fn image() -> ImageRef {
    ImageRef { place: place(), repository: name("shop/web"), digest: digest('a') }
}

fn parcel(sink: Sink, body: &str) -> Parcel {
    Parcel {
        key: "0123456789abcdef0123456789abcdef".to_owned(),
        sink,
        secret: None,
        subject: String::new(),
        attributes: BTreeMap::new(),
        body: body.to_owned(),
    }
}

fn identity() -> Identity {
    Identity { stack: StackId::parse(STACK).unwrap(), logical_id: "Repositories".to_owned() }
}

fn refused(code: &str, message: &str) -> Value {
    json!({"__type": code, "message": message})
}

/// CloudFormation's description of a fleet in a status.
fn resource(status: &str) -> String {
    format!(
        "<DescribeStackResourceResponse><DescribeStackResourceResult><StackResourceDetail><LogicalResourceId>Fleet</LogicalResourceId><ResourceType>Custom::EcrFleet</ResourceType><LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp><ResourceStatus>{status}</ResourceStatus></StackResourceDetail></DescribeStackResourceResult></DescribeStackResourceResponse>"
    )
}
