//! Which image is meant: `app@sha256:…`, `app:v1`, or its whole URI.

use crate::aws::Forwarder;
use crate::flow::findings::Scans as _;
use crate::model::image::{Digest, ImageRef};
use crate::model::name::RepositoryName;
use crate::model::place::Place;
use anyhow::{anyhow, bail};

/// An image as somebody calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Called {
    /// Account and Region, where the whole URI was said.
    registry: Option<(String, String)>,
    repository: RepositoryName,
    which: Which,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Which {
    Tag(String),
    Digest(Digest),
}

/// An image, found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Which.
    pub(super) image: ImageRef,
    /// Its tags, sorted.
    pub(super) tags: Vec<String>,
}

/// Finds out which digest is meant, and whether it is in this registry.
pub(super) async fn find(forwarder: &Forwarder, text: &str) -> anyhow::Result<Found> {
    let called = parse(text).map_err(|flaw| anyhow!("{text}: {flaw}"))?;
    let place = forwarder.place();
    if let Some(registry) = &called.registry {
        belongs(registry, place).map_err(|why| anyhow!("{text}: {why}"))?;
    }
    let named = |digest| ImageRef { place: place.clone(), repository: called.repository.clone(), digest };
    let (detail, image) = match called.which {
        Which::Digest(digest) => {
            let image = named(digest);
            // Of a digest only the tags are to be found out, and one can do without.
            (forwarder.image_detail(&image).await.ok().flatten(), Some(image))
        }
        Which::Tag(tag) => (forwarder.tagged(&called.repository, &tag).await?, None),
    };
    match (detail, image) {
        (Some(detail), image) => Ok(Found { image: image.unwrap_or_else(|| named(detail.digest)), tags: detail.tags }),
        // What is remembered of it may be there still.
        (None, Some(image)) => Ok(Found { image, tags: Vec::new() }),
        (None, None) => bail!("{text}: there is no such image in {}, {}", place.account, place.region),
    }
}

fn belongs((account, region): &(String, String), place: &Place) -> Result<(), String> {
    if *region != place.region {
        return Err(format!("the image is in {region}, and this works in {}; give --region {region}", place.region));
    }
    if *account != place.account {
        return Err(format!(
            "the image belongs to the account {account}, and the credentials to {}; give a --profile of {account}",
            place.account
        ));
    }
    Ok(())
}

fn parse(text: &str) -> Result<Called, String> {
    let (registry, rest) = match text.split_once('/') {
        Some((host, rest)) if host.contains(".dkr.ecr") || host.contains(".dkr-ecr") => (Some(registry(host)?), rest),
        _ => (None, text),
    };
    let (name, digest) = match rest.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (rest, None),
    };
    // Where both a tag and a digest are said, the digest counts.
    let (name, tag) = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (name, None),
    };
    let which = match (digest, tag) {
        (Some(digest), _) => Which::Digest(Digest::parse(digest).map_err(|flaw| format!("{digest:?} {flaw}"))?),
        (None, Some(tag)) if !tag.is_empty() => Which::Tag(tag.to_owned()),
        _ => return Err("names neither a tag nor a digest; write app:v1 or app@sha256:…".to_owned()),
    };
    let repository = RepositoryName::parse(name).map_err(|flaw| format!("the repository {name:?} {flaw}"))?;
    Ok(Called { registry, repository, which })
}

/// Account and Region of `123456789012.dkr.ecr.eu-west-1.amazonaws.com`, or of its FIPS and dual-stack names.
fn registry(host: &str) -> Result<(String, String), String> {
    let parts: Vec<&str> = host.split('.').collect();
    match parts.as_slice() {
        [account, "dkr", "ecr" | "ecr-fips", region, _, ..] | [account, "dkr-ecr" | "dkr-ecr-fips", region, _, ..] => {
            Ok(((*account).to_owned(), (*region).to_owned()))
        }
        _ => Err(format!("{host:?} is not the name of a registry in ECR")),
    }
}
