//! EventBridge events about scans and images, read tolerantly, and what there is to do about them.
//!
//! A field that a real event lacks or spells otherwise (counts, tags, a repository's ARN for its name) must not cost the
//! event; a field without which nobody knows which image is meant must.

use super::findings::{Cause, ImageJob, Job, ReconcileJob, RepositoryJob, VERSION};
use crate::model::image::{Digest, ImageRef};
use crate::model::name::RepositoryName;
use crate::model::place::Place;
use serde_json::Value;

/// What a message on the findings queue means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// There is this to do.
    Jobs(Vec<Job>),
    /// It is not for us; says why.
    NotOurs(String),
}

/// Reads the body of a message. `here` is the registry this installation forwards for: what other accounts and Regions
/// find is forwarded there. `Err` says what is wrong with a message that ought to be ours.
pub fn read(body: &str, here: &Place) -> Result<Incoming, String> {
    let message: Value = serde_json::from_str(body).map_err(|error| format!("the message is not JSON: {error}"))?;
    if message.get("job").is_some() {
        return job(message, here);
    }
    let text = |key: &str| message.get(key).and_then(Value::as_str);
    let (Some(source), Some(detail_type)) = (text("source"), text("detail-type")) else {
        return Err("the message is neither an EventBridge event (source and detail-type) nor a job".to_owned());
    };
    let event = Event {
        here,
        detail: message.get("detail").unwrap_or(&Value::Null),
        resources: message.get("resources").and_then(Value::as_array).map_or(&[], Vec::as_slice),
        account: text("account"),
        region: text("region"),
        occurred: text("time")
            .and_then(|time| time.parse::<jiff::Timestamp>().ok())
            .map(jiff::Timestamp::as_millisecond),
    };
    match (source, detail_type) {
        ("aws.ecr", "ECR Image Scan") => event.image_job(Cause::Scan),
        ("aws.ecr", "ECR Image Action") => event.image_action(),
        ("aws.ecr", "ECR Scan Resource Change") => event.repositories(),
        ("aws.inspector2", "Inspector2 Scan") => event.inspector_scan(),
        ("aws.inspector2", "Inspector2 Finding") => event.inspector_finding(),
        ("aws.events", "Scheduled Event") => {
            Ok(Incoming::Jobs(vec![Job::Reconcile(ReconcileJob { version: VERSION, ..ReconcileJob::default() })]))
        }
        _ => Ok(Incoming::NotOurs(format!("{detail_type} of {source} is not about scans"))),
    }
}

/// A job sent by ourselves or by the command line.
fn job(message: Value, here: &Place) -> Result<Incoming, String> {
    let version = message.get("version").and_then(Value::as_u64);
    if version != Some(u64::from(VERSION)) {
        return Err(format!("the job is of version {version:?}; this is version {VERSION} of ecr-steward's jobs"));
    }
    let job: Job = serde_json::from_value(message).map_err(|error| format!("the job cannot be read: {error}"))?;
    let place = match &job {
        Job::Image(job) => Some(&job.image.place),
        Job::Repository(job) => Some(&job.place),
        Job::Reconcile(_) | Job::Deliver(_) => None,
    };
    Ok(match place {
        Some(place) if place != here => Incoming::NotOurs(elsewhere(place)),
        _ => Incoming::Jobs(vec![job]),
    })
}

fn elsewhere(place: &Place) -> String {
    format!("it is about {} in {}, whose own installation forwards it", place.account, place.region)
}

struct Event<'a> {
    here: &'a Place,
    detail: &'a Value,
    resources: &'a [Value],
    account: Option<&'a str>,
    region: Option<&'a str>,
    occurred: Option<i64>,
}

impl Event<'_> {
    fn text(&self, key: &str) -> Option<&str> {
        self.detail.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// A job for the image that `repository-name` and `image-digest` name.
    fn image_job(&self, cause: Cause) -> Result<Incoming, String> {
        let name = self.text("repository-name").ok_or("the event has no detail.repository-name")?;
        let digest = self.text("image-digest").ok_or("the event has no detail.image-digest")?;
        let (place, repository) = self.repository(name)?;
        let digest = Digest::parse(digest).map_err(|flaw| format!("detail.image-digest {flaw}"))?;
        Ok(self.job_for(ImageRef { place, repository, digest }, cause))
    }

    fn job_for(&self, image: ImageRef, cause: Cause) -> Incoming {
        if image.place != *self.here {
            return Incoming::NotOurs(elsewhere(&image.place));
        }
        let tags = self.detail.get("image-tags").and_then(Value::as_array).map(|tags| {
            let mut tags: Vec<String> = tags.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            tags.sort();
            tags.dedup();
            tags
        });
        let job = ImageJob {
            version: VERSION,
            image,
            tags,
            parent: None,
            cause,
            occurred: self.occurred,
            attempt: 0,
            quiet: false,
        };
        Incoming::Jobs(vec![Job::Image(job)])
    }

    /// A repository by its name, or by its ARN where a name is expected (`Inspector2 Scan`).
    fn repository(&self, name: &str) -> Result<(Place, RepositoryName), String> {
        if let Some((place, rest)) = of_arn(name) {
            let repository = RepositoryName::parse(rest).map_err(|flaw| format!("the repository {rest:?} {flaw}"))?;
            return Ok((place, repository));
        }
        let repository =
            RepositoryName::parse(name).map_err(|flaw| format!("detail.repository-name {name:?} {flaw}"))?;
        let named = self.resources.iter().filter_map(Value::as_str).find_map(of_arn);
        let place = named.map_or_else(|| self.own_place(), |(place, _)| place);
        Ok((place, repository))
    }

    /// Where the event says it happened; an event that does not say happened here.
    fn own_place(&self) -> Place {
        Place {
            partition: self.here.partition.clone(),
            account: self.account.unwrap_or(&self.here.account).to_owned(),
            region: self.region.unwrap_or(&self.here.region).to_owned(),
        }
    }

    fn image_action(&self) -> Result<Incoming, String> {
        let action = self.text("action-type").unwrap_or_default();
        if !matches!(action, "DELETE" | "UPDATE_STORAGE_CLASS") {
            return Ok(Incoming::NotOurs(format!("an image action {action:?} does not change findings")));
        }
        if self.text("result").is_some_and(|result| result != "SUCCESS") {
            return Ok(Incoming::NotOurs("the image action failed".to_owned()));
        }
        // The tags in such an event are those that went.
        let incoming = self.image_job(Cause::ImageChanged)?;
        Ok(match incoming {
            Incoming::Jobs(mut jobs) => {
                for job in &mut jobs {
                    if let Job::Image(job) = job {
                        job.tags = None;
                    }
                }
                Incoming::Jobs(jobs)
            }
            other @ Incoming::NotOurs(_) => other,
        })
    }

    fn repositories(&self) -> Result<Incoming, String> {
        let list = self.detail.get("repositories").and_then(Value::as_array);
        let list = list.ok_or("the event has no detail.repositories")?;
        let mut jobs = Vec::with_capacity(list.len());
        for item in list {
            let name = item.get("repository-arn").or_else(|| item.get("repository-name")).and_then(Value::as_str);
            let (place, repository) = self.repository(name.ok_or("an item of detail.repositories has no name")?)?;
            if place == *self.here {
                let since = 0;
                jobs.push(Job::Repository(RepositoryJob {
                    version: VERSION,
                    place,
                    repository,
                    since,
                    all: true,
                    quiet: false,
                }));
            }
        }
        Ok(if jobs.is_empty() {
            Incoming::NotOurs("it names no repository of ours".to_owned())
        } else {
            Incoming::Jobs(jobs)
        })
    }

    /// The same detail-type tells of instances, functions and machine images.
    fn inspector_scan(&self) -> Result<Incoming, String> {
        if self.detail.get("repository-name").is_none() {
            return Ok(Incoming::NotOurs("the scan was not of a container image".to_owned()));
        }
        self.image_job(Cause::Scan)
    }

    fn inspector_finding(&self) -> Result<Incoming, String> {
        let resources = self.detail.get("resources").and_then(Value::as_array);
        let of_ecr = resources
            .into_iter()
            .flatten()
            .find(|resource| resource.get("type").and_then(Value::as_str) == Some("AWS_ECR_CONTAINER_IMAGE"));
        let Some(resource) = of_ecr else {
            return Ok(Incoming::NotOurs("the finding is not about an image in ECR".to_owned()));
        };
        let arn = resource.get("id").and_then(Value::as_str).unwrap_or_default();
        let parsed = of_arn(arn).and_then(|(place, rest)| Some((place, rest.rsplit_once('/')?)));
        let Some((place, (repository, digest))) = parsed else {
            return Err("the finding's resource id is not the ARN of an image".to_owned());
        };
        let repository =
            RepositoryName::parse(repository).map_err(|flaw| format!("the repository {repository:?} {flaw}"))?;
        let digest = Digest::parse(digest).map_err(|flaw| format!("the finding's image {flaw}"))?;
        Ok(self.job_for(ImageRef { place, repository, digest }, Cause::FindingChanged))
    }
}

/// `arn:<partition>:ecr:<region>:<account>:repository/<rest>`
fn of_arn(arn: &str) -> Option<(Place, &str)> {
    let mut parts = arn.splitn(6, ':');
    let mut next = || parts.next().filter(|part| !part.is_empty());
    let (Some("arn"), Some(partition), Some("ecr"), Some(region), Some(account), Some(tail)) =
        (next(), next(), next(), next(), next(), next())
    else {
        return None;
    };
    let rest = tail.strip_prefix("repository/")?;
    let place = Place { partition: partition.to_owned(), region: region.to_owned(), account: account.to_owned() };
    Some((place, rest))
}
