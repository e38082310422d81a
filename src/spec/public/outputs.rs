//! What a public fleet returns. Addresses in the gallery hold the account's alias, which was asked for before.

use crate::model::name::RepositoryName;
use crate::spec::outputs::Source;
use crate::spec::{Fleet, Gallery};
use serde_json::{Map, Value};

/// The keys that do not depend on names, in the order in which they are kept.
const BEFORE_NAMES: [&str; 6] =
    ["RegistryId", "RepositoryCount", "OutputsUri", "RepositoryUrls", "RepositoryArns", "GalleryUrls"];

/// Every key a public fleet of these names can return, in order.
pub(in crate::spec) fn known_keys(names: &[String]) -> Vec<String> {
    let fixed = BEFORE_NAMES.iter().map(|key| (*key).to_owned());
    let urls = names.iter().map(|name| format!("Url.{name}"));
    fixed.chain(urls).chain(names.iter().map(|name| format!("Arn.{name}"))).collect()
}

/// Where images are pushed to and pulled from.
pub(in crate::spec) fn url(gallery: &Gallery, name: &RepositoryName) -> String {
    format!("{}/{name}", gallery.uri)
}

/// The page that people see.
fn page(gallery: &Gallery, name: &RepositoryName) -> String {
    let alias = gallery.uri.rsplit('/').next().unwrap_or_default();
    format!("https://gallery.ecr.aws/{alias}/{name}")
}

/// Every value, in order.
pub(in crate::spec) fn all_values(source: Source<'_>, gallery: &Gallery) -> Vec<(String, String)> {
    let Source { fleet, place, outputs_uri, .. } = source;
    let arn = |name: &RepositoryName| place.public_repository_arn(name);
    let before = [
        place.account.clone(),
        fleet.repositories.len().to_string(),
        outputs_uri.to_owned(),
        by_name(fleet, |name| url(gallery, name)),
        by_name(fleet, arn),
        by_name(fleet, |name| page(gallery, name)),
    ];
    let names = fleet.repositories.iter().map(|spec| &spec.name);
    let urls = names.clone().map(|name| (format!("Url.{name}"), url(gallery, name)));
    let arns = names.map(|name| (format!("Arn.{name}"), arn(name)));
    BEFORE_NAMES.map(str::to_owned).into_iter().zip(before).chain(urls).chain(arns).collect()
}

fn by_name(fleet: &Fleet, value: impl Fn(&RepositoryName) -> String) -> String {
    let members = fleet.repositories.iter().map(|spec| (spec.name.to_string(), Value::String(value(&spec.name))));
    Value::Object(members.collect::<Map<_, _>>()).to_string()
}
