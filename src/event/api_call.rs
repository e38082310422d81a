//! EventBridge events about calls to ECR and pushes, and our own jobs, read tolerantly, and what there is to do about them.
//!
//! A field that a real event lacks or keeps elsewhere (a replicated repository, a tag call's ARN) must not cost the event;
//! one without which nobody knows which repository is meant must.

use super::drift::{Cause, Job, Look, Sweep, SweepId, VERSION};
use crate::model::identity::fingerprint;
use crate::model::name::RepositoryName;
use crate::model::place::Place;
use serde_json::Value;

/// Who logs calls to ECR: people's and programs' own, and those of replication.
const EVENT_SOURCES: [&str; 2] = ["ecr.amazonaws.com", "replication.ecr.amazonaws.com"];
/// Calls that change what a repository is held to (ECR API reference). Calls about images are not among them.
const CALLS: [&str; 10] = [
    "CreateRepository",
    "DeleteLifecyclePolicy",
    "DeleteRepository",
    "DeleteRepositoryPolicy",
    "PutImageScanningConfiguration",
    "PutImageTagMutability",
    "PutLifecyclePolicy",
    "SetRepositoryPolicy",
    "TagResource",
    "UntagResource",
];

/// What a message on the drift queue means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// There is this to do.
    Job(Job),
    /// It is not for us; says why.
    NotOurs(String),
}

/// Reads the body of a message. `here` is the registry this installation keeps. `Err` says what is wrong with a message
/// that ought to be ours.
pub fn read(body: &str, here: &Place) -> Result<Incoming, String> {
    let message: Value = serde_json::from_str(body).map_err(|error| format!("the message is not JSON: {error}"))?;
    if message.get("job").is_some() {
        return job(message);
    }
    let event = Event { here, message: &message };
    let (Some(source), Some(detail_type)) = (event.text("/source"), event.text("/detail-type")) else {
        return Err("the message is neither an EventBridge event (source and detail-type) nor a job".to_owned());
    };
    if let Some(elsewhere) = event.elsewhere() {
        return Ok(Incoming::NotOurs(elsewhere));
    }
    match (source, detail_type) {
        ("aws.ecr", "AWS API Call via CloudTrail") => event.call(),
        ("aws.ecr", "ECR Image Action") => event.image_action(),
        ("aws.events", "Scheduled Event") => event.schedule(),
        _ => Ok(Incoming::NotOurs(format!("{detail_type} of {source} is neither a call to ECR nor a push"))),
    }
}

/// A job sent by ourselves.
fn job(message: Value) -> Result<Incoming, String> {
    let version = message.get("version").and_then(Value::as_u64);
    if version != Some(u64::from(VERSION)) {
        return Err(format!("the job is of version {version:?}; this is version {VERSION} of ecr-steward's jobs"));
    }
    let job: Job = serde_json::from_value(message).map_err(|error| format!("the job cannot be read: {error}"))?;
    let sweep = match &job {
        Job::Look(_) => None,
        Job::Sweep(job) => Some(&job.sweep),
        Job::Part(job) => Some(&job.sweep),
        Job::Assemble(job) => Some(&job.sweep),
    };
    // It becomes part of keys in the state bucket.
    match sweep.filter(|sweep| !sweep.is_legal()) {
        Some(sweep) => Err(format!("{:?} is not the id of a sweep", sweep.0)),
        None => Ok(Incoming::Job(job)),
    }
}

struct Event<'a> {
    here: &'a Place,
    message: &'a Value,
}

impl<'a> Event<'a> {
    /// A text that is not empty, by its pointer.
    fn text(&self, pointer: &str) -> Option<&'a str> {
        self.message.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// Says where it is about, where that is not here. An event that does not say is about here.
    fn elsewhere(&self) -> Option<String> {
        let here = self.here;
        let account = self.text("/account").or_else(|| self.text("/detail/recipientAccountId"));
        let region = self.text("/region").or_else(|| self.text("/detail/awsRegion"));
        // A call may name another account's registry than that of whoever made it.
        let registry = self.text("/detail/requestParameters/registryId").or(account);
        let account = registry.unwrap_or(&here.account);
        let region = region.unwrap_or(&here.region);
        (account != here.account || region != here.region)
            .then(|| format!("it is about {account} in {region}, whose own installation keeps it"))
    }

    fn call(&self) -> Result<Incoming, String> {
        let of = self.text("/detail/eventSource").unwrap_or_default();
        if !EVENT_SOURCES.contains(&of) {
            return Ok(Incoming::NotOurs(format!("{of:?} is not where calls to ECR are logged")));
        }
        let call = self.text("/detail/eventName").ok_or("the event has no detail.eventName")?;
        if !CALLS.contains(&call) {
            return Ok(Incoming::NotOurs(format!("{call} changes nothing that is held to anything")));
        }
        if let Some(code) = self.message.pointer("/detail/errorCode").filter(|code| !code.is_null()) {
            return Ok(Incoming::NotOurs(format!("{call} failed with {code}, so it changed nothing")));
        }
        let found = self.repository().ok_or_else(|| format!("the event of {call} does not say which repository"))?;
        let repository = match found {
            Named::Arn(place, _) if place != *self.here => {
                let (account, region) = (place.account, place.region);
                let why = format!("it is about {account} in {region}, whose own installation keeps it");
                return Ok(Incoming::NotOurs(why));
            }
            Named::Name(name) | Named::Arn(_, name) => name,
        };
        let session = "/detail/userIdentity/sessionContext/sessionIssuer/arn";
        let principal = self.text(session).or_else(|| self.text("/detail/userIdentity/arn"));
        let principal = principal.or_else(|| self.text("/detail/userIdentity/invokedBy"));
        self.look(repository, Cause::Call(call.to_owned()), principal)
    }

    /// The repository a call was about, wherever its record has it.
    fn repository(&self) -> Option<Named<'a>> {
        let names = ["/detail/requestParameters/repositoryName", "/detail/responseElements/repository/repositoryName"];
        let arns = ["/detail/requestParameters/resourceArn", "/detail/resources/0/ARN", "/resources/0"];
        let name = names.iter().find_map(|pointer| self.text(pointer)).map(Named::Name);
        name.or_else(|| arns.iter().find_map(|pointer| of_arn(self.text(pointer)?)))
    }

    fn image_action(&self) -> Result<Incoming, String> {
        let action = self.text("/detail/action-type").unwrap_or_default();
        if action != "PUSH" {
            return Ok(Incoming::NotOurs(format!("an image action {action:?} adds no image")));
        }
        if self.text("/detail/result").is_some_and(|result| result != "SUCCESS") {
            return Ok(Incoming::NotOurs("the push failed".to_owned()));
        }
        let name = self.text("/detail/repository-name").ok_or("the event has no detail.repository-name")?;
        self.look(name, Cause::Push, None)
    }

    fn look(&self, repository: &str, cause: Cause, principal: Option<&str>) -> Result<Incoming, String> {
        let repository =
            RepositoryName::parse(repository).map_err(|flaw| format!("the repository {repository:?} {flaw}"))?;
        let event = self.text("/detail/eventID").or_else(|| self.text("/id")).unwrap_or_default();
        let time = self.text("/detail/eventTime").or_else(|| self.text("/time"));
        let occurred = time.and_then(|time| time.parse::<jiff::Timestamp>().ok());
        Ok(Incoming::Job(Job::Look(Look {
            version: VERSION,
            repository,
            cause,
            event: event.to_owned(),
            principal: principal.map(str::to_owned),
            occurred: occurred.map(jiff::Timestamp::as_millisecond),
        })))
    }

    /// A second delivery of one event begins the same sweep.
    fn schedule(&self) -> Result<Incoming, String> {
        let time = self.text("/time").ok_or("the scheduled event has no time")?;
        let time: jiff::Timestamp =
            time.parse().map_err(|error| format!("the time of the scheduled event cannot be read: {error}"))?;
        let mark = fingerprint(self.text("/id").unwrap_or_default().as_bytes());
        let mark = mark.get(..8).unwrap_or(&mark);
        let sweep = SweepId(format!("{}-{mark}", time.strftime("%Y%m%dT%H%M%SZ")));
        Ok(Incoming::Job(Job::Sweep(Sweep { version: VERSION, sweep })))
    }
}

/// How a call names a repository.
enum Named<'a> {
    Name(&'a str),
    Arn(Place, &'a str),
}

/// `arn:<partition>:ecr:<region>:<account>:repository/<name>`
fn of_arn(arn: &str) -> Option<Named<'_>> {
    let mut parts = arn.splitn(6, ':');
    let mut next = || parts.next().filter(|part| !part.is_empty());
    let (Some("arn"), Some(partition), Some("ecr"), Some(region), Some(account), Some(tail)) =
        (next(), next(), next(), next(), next(), next())
    else {
        return None;
    };
    let name = tail.strip_prefix("repository/")?;
    let place = Place { partition: partition.to_owned(), region: region.to_owned(), account: account.to_owned() };
    Some(Named::Arn(place, name))
}
