//! From what `terraform show -json` prints to what adoption works on: the repositories as they are found, the settings of
//! the registry, the public repositories, and the blocks with which Terraform forgets them.
//!
//! `document` tells the one file that is meant from the many that are not; `resource` walks it; `site` decides which account
//! and Region it is about; `repositories`, `registry` and `public` read what they know; `removed` writes the blocks. A
//! resource is either ours, with everything Terraform says of it, or stays with Terraform for a reason. Pure: reads text,
//! asks nobody.

mod address;
mod document;
mod public;
mod registry;
mod removed;
mod repositories;
mod resource;
mod site;

pub use removed::{Forgotten, Staying};

use super::Found;
use crate::model::name::RepositoryName;
use resource::Resource;
use serde_json::Value;
use site::Site;
use std::fmt;

/// What is asked for.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// The Region, where the state is about several, or does not tell that of a setting of the registry.
    pub region: Option<&'a str>,
    /// The account (12 digits), where the state is about several.
    pub account: Option<&'a str>,
    /// Which repositories; `None`: all, and what the registry has once as well.
    pub names: Option<&'a dyn Fn(&str) -> bool>,
}

/// Why nothing is made of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The resource it is about, if it is about one.
    pub address: Option<String>,
    /// What is wrong, and what to do.
    pub reason: String,
}

impl Refusal {
    fn of_file(reason: impl Into<String>) -> Self {
        Self { address: None, reason: reason.into() }
    }

    fn of(address: &str, reason: impl Into<String>) -> Self {
        Self { address: Some(address.to_owned()), reason: reason.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Some(address) => write!(out, "{address}: {}", self.reason),
            None => out.write_str(&self.reason),
        }
    }
}

/// Properties in the order they are to be read.
pub type Properties = Vec<(&'static str, Value)>;

/// What Terraform manages of ECR in one account and Region.
#[derive(Clone, Debug, PartialEq)]
pub struct Moving {
    /// `aws`, `aws-cn`, …
    pub partition: String,
    /// The private repositories, by name.
    pub repositories: Vec<Found>,
    /// Properties of a `Custom::EcrRegistry`; empty where there is nothing to declare.
    pub registry: Properties,
    /// Properties of a `Custom::EcrPublicRepositories`; empty where there is nothing to declare.
    pub public: Properties,
    /// What a reader should know before anything is deployed.
    pub notes: Vec<String>,
    managed: Vec<Managed>,
}

/// One instance of a resource in the state.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Managed {
    address: String,
    /// The address of its module instance; empty in the root module.
    module: String,
    fate: Fate,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    /// A declaration says it; where it belongs to a repository, as long as that repository is declared.
    Ours(Option<RepositoryName>),
    /// The declaration of the registry says it, as long as all these properties of it are sound.
    Setting(&'static [&'static str]),
    /// It stays with Terraform, for this reason.
    Stays(String),
    /// Nothing of ECR's.
    Foreign,
}

impl Fate {
    fn stays(reason: impl Into<String>) -> Self {
        Self::Stays(reason.into())
    }
}

/// Reads what `terraform show -json` printed, of a state or of a plan.
///
/// # Errors
/// Every reason why nothing may be made of it: another kind of file, values that are marked as sensitive or not known yet,
/// several accounts or Regions.
pub fn read(text: &str, wanted: &Wanted<'_>) -> Result<Moving, Vec<Refusal>> {
    let json = document::json(text).map_err(|refusal| vec![refusal])?;
    let document = document::parts(&json).map_err(|refusal| vec![refusal])?;
    let resources = resource::all(document.root);
    let mut refusals = document.unknown();
    refusals.extend(resources.iter().flat_map(Resource::sensitive));
    if !refusals.is_empty() {
        return Err(refusals);
    }
    if !resources.iter().any(Resource::is_ecr) {
        let reason = "Terraform manages nothing of ECR in this state; give the output of the configuration that does";
        return Err(vec![Refusal::of_file(reason)]);
    }
    let site = site::choose(&resources, wanted).map_err(|refusal| vec![refusal])?;
    let mut moving = gather(&resources, &site, wanted);
    moving.notes.extend(document.notes());
    Ok(moving)
}

/// Everything that is at one site.
fn gather(resources: &[Resource<'_>], site: &Site, wanted: &Wanted<'_>) -> Moving {
    let mut repositories = repositories::Repositories::of(resources, site, wanted.names);
    let mut registry = registry::Registry::of(resources, site);
    let public = public::Public::of(resources, site, wanted.names);
    let managed = resources.iter().map(|resource| {
        let kind = resource.kind;
        let fate = if !resource.is_ecr() {
            Fate::Foreign
        } else if repositories::KINDS.contains(&kind) {
            repositories.take(resource)
        } else if let Some(reason) = resource.unsettled() {
            Fate::Stays(reason)
        } else if public::KINDS.contains(&kind) {
            public.take(resource)
        } else if !registry::KINDS.contains(&kind) {
            Fate::stays(format!("ecr-steward has no setting for a {kind}"))
        } else if wanted.names.is_some() {
            Fate::stays("it belongs to no repository, and only some repositories were asked for")
        } else {
            site.holds(resource).and_then(|()| registry.take(resource)).map_or_else(Fate::Stays, Fate::Setting)
        };
        Managed { address: resource.address.to_owned(), module: resource.module.to_owned(), fate }
    });
    let mut managed: Vec<Managed> = managed.collect();
    let held = repositories.hold_back();
    let mut notes = repositories.notes();
    notes.extend(public.notes());
    notes.extend(registry.notes());
    let (registry, unsound) = registry.sound(site);
    for one in &mut managed {
        let reason = match &one.fate {
            Fate::Ours(Some(name)) => held.get(name),
            Fate::Setting(properties) => properties.iter().find_map(|property| unsound.get(property)),
            Fate::Ours(None) | Fate::Stays(_) | Fate::Foreign => None,
        };
        if let Some(reason) = reason {
            one.fate = Fate::Stays(reason.clone());
        }
    }
    notes.extend(assumed(resources, &managed, site));
    Moving {
        partition: site.partition.clone(),
        repositories: repositories.found(),
        registry,
        public: public.properties(),
        notes,
        managed,
    }
}

/// Which settings are taken to be in the Region that the caller said, since the state says none.
fn assumed(resources: &[Resource<'_>], managed: &[Managed], site: &Site) -> Option<String> {
    let taken = resources.iter().zip(managed).filter(|(_, one)| matches!(one.fate, Fate::Setting(_)));
    let untold = taken.filter(|(resource, _)| matches!(resource.text("region"), Ok(None)));
    let addresses: Vec<&str> = untold.map(|(resource, _)| resource.address).collect();
    (!addresses.is_empty()).then(|| {
        format!(
            "the state does not tell the Region of {}; since --region was said, they are taken to be in {}, and must not be \
             declared there if they are of another Region",
            addresses.join(", "),
            site.region()
        )
    })
}
