//! What a fleet returns: the values for `Fn::GetAtt`, and the whole of it for the outputs object.
//!
//! All of it follows from the declaration alone, so the 4,096 bytes of the answer are settled before the first
//! write. Knows no protocol beyond the number of bytes it may fill.

use super::{Fleet, RepositorySpec, public};
use crate::model::place::Place;
use crate::model::policy::authorization_policy;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The keys that do not depend on names, in the order in which they are kept.
const BEFORE_NAMES: [&str; 9] = [
    "RegistryId",
    "RegistryUri",
    "RepositoryCount",
    "ParameterPrefix",
    "OutputsUri",
    "DockerLoginCommand",
    "K8sImagePullSecretCommand",
    "RepositoryUrls",
    "RepositoryArns",
];
const AFTER_NAMES: [&str; 2] = ["DockerCommands", "AuthorizationPolicy"];
/// Says whether something was left out; present where `ReturnValues` is not.
const TRUNCATED: &str = "OutputsTruncated";

/// Every key a fleet of these short names can return, in order.
pub fn known_keys(names: &[String]) -> Vec<String> {
    let fixed = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    let mut keys = fixed(&BEFORE_NAMES);
    keys.extend(names.iter().map(|name| format!("Url.{name}")));
    keys.extend(names.iter().map(|name| format!("Arn.{name}")));
    keys.extend(fixed(&AFTER_NAMES));
    keys
}

/// What the values are made from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The fleet.
    pub fleet: &'a Fleet,
    /// Its registry.
    pub place: &'a Place,
    /// The SSM prefix of this installation.
    pub parameter_prefix: &'a str,
    /// `s3://…` of the outputs object.
    pub outputs_uri: &'a str,
}

/// The return values asked for do not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// Bytes they would take.
    pub needed: usize,
    /// Bytes there are.
    pub room: usize,
}

/// The return values for an answer with `room` bytes left for them.
///
/// With `ReturnValues` all of those or a refusal; without it the longest run from the front that fits, and
/// `OutputsTruncated` says whether that was all.
pub fn return_values(source: Source<'_>, room: usize) -> Result<BTreeMap<String, String>, TooLarge> {
    let all = all_values(source);
    let Some(wanted) = &source.fleet.return_values else {
        return Ok(longest_run(all, room));
    };
    let listed = |key: &str| {
        wanted.iter().any(|item| match item.strip_suffix('*') {
            Some(start) => key.starts_with(start),
            None => item == key,
        })
    };
    let values: BTreeMap<String, String> = all.into_iter().filter(|(key, _)| listed(key)).collect();
    let needed = values.iter().map(|(key, value)| cost(key, value)).sum();
    if needed > room {
        return Err(TooLarge { needed, room });
    }
    Ok(values)
}

fn longest_run(all: Vec<(String, String)>, room: usize) -> BTreeMap<String, String> {
    let mut left = room.saturating_sub(cost(TRUNCATED, "false"));
    let total = all.len();
    let kept: BTreeMap<String, String> = all
        .into_iter()
        .map_while(|(key, value)| {
            left = left.checked_sub(cost(&key, &value))?;
            Some((key, value))
        })
        .collect();
    let truncated = kept.len() < total;
    let mark = (TRUNCATED.to_owned(), truncated.to_string());
    kept.into_iter().chain([mark]).collect()
}

/// Bytes of one member in a JSON object, with its comma.
fn cost(key: &str, value: &str) -> usize {
    let length = |text: &str| serde_json::to_string(text).map_or(usize::MAX / 4, |json| json.len());
    length(key) + length(value) + 2
}

fn all_values(source: Source<'_>) -> Vec<(String, String)> {
    let Source { fleet, place, parameter_prefix, outputs_uri } = source;
    if let Some(gallery) = &fleet.gallery {
        return public::outputs::all_values(source, gallery);
    }
    let url = |repository: &RepositorySpec| place.repository_uri(&repository.name);
    let arn = |repository: &RepositorySpec| place.repository_arn(&repository.name);
    let host = place.registry_host();
    let prefix = format!("{parameter_prefix}/{}/{}", fleet.project, fleet.environment);
    let before = [
        place.account.clone(),
        host.clone(),
        fleet.repositories.len().to_string(),
        prefix,
        outputs_uri.to_owned(),
        docker_login(place, &host),
        kubernetes_secret(place, &host),
        by_name(fleet, |repository| json!(url(repository))),
        by_name(fleet, |repository| json!(arn(repository))),
    ];
    let after =
        [by_name(fleet, |repository| docker_commands(&repository.short, &url(repository))), authorization_policy()];
    let named = |kind: &str, value: &dyn Fn(&RepositorySpec) -> String| {
        let entries = fleet.repositories.iter();
        entries.map(|repository| (format!("{kind}.{}", repository.short), value(repository))).collect::<Vec<_>>()
    };
    let mut values: Vec<(String, String)> = BEFORE_NAMES.map(str::to_owned).into_iter().zip(before).collect();
    values.extend(named("Url", &url));
    values.extend(named("Arn", &arn));
    values.extend(AFTER_NAMES.map(str::to_owned).into_iter().zip(after));
    values
}

fn by_name(fleet: &Fleet, value: impl Fn(&RepositorySpec) -> Value) -> String {
    let map: Map<String, Value> =
        fleet.repositories.iter().map(|repository| (repository.short.clone(), value(repository))).collect();
    Value::Object(map).to_string()
}

fn docker_login(place: &Place, host: &str) -> String {
    format!(
        "aws ecr get-login-password --region {} | docker login --username AWS --password-stdin {host}",
        place.region
    )
}

fn kubernetes_secret(place: &Place, host: &str) -> String {
    format!(
        "kubectl create secret docker-registry ecr-secret --docker-server={host} --docker-username=AWS --docker-password=$(aws ecr get-login-password --region {})",
        place.region
    )
}

/// How an image of a service is built, tagged and pushed.
pub fn docker_commands(short: &str, url: &str) -> Value {
    json!({
        "build": format!("docker build -t {short} ."),
        "tag": format!("docker tag {short}:latest {url}:latest"),
        "push": format!("docker push {url}:latest"),
    })
}

/// The outputs object: every return value whatever its size, and every effective value with its origin.
pub fn document(source: Source<'_>) -> Value {
    let mut document = Map::new();
    for (key, value) in all_values(source) {
        let parsed = match key.as_str() {
            "RepositoryUrls" | "RepositoryArns" | "GalleryUrls" | "DockerCommands" | "AuthorizationPolicy" => {
                serde_json::from_str(&value).unwrap_or(Value::String(value))
            }
            _ => Value::String(value),
        };
        document.insert(key, parsed);
    }
    let repositories: Map<String, Value> = source
        .fleet
        .repositories
        .iter()
        .map(|repository| {
            let (url, arn) = address(source, repository);
            let described = json!({
                "RepositoryName": repository.name,
                "Url": url,
                "Arn": arn,
                "Settings": repository.settings,
            });
            (repository.short.clone(), described)
        })
        .collect();
    document.insert("Repositories".to_owned(), Value::Object(repositories));
    Value::Object(document)
}

fn address(source: Source<'_>, repository: &RepositorySpec) -> (String, String) {
    let Source { fleet, place, .. } = source;
    let name = &repository.name;
    match &fleet.gallery {
        Some(gallery) => (public::outputs::url(gallery, name), place.public_repository_arn(name)),
        None => (place.repository_uri(name), place.repository_arn(name)),
    }
}
