//! Which account and Region a state is about.
//!
//! A repository's ARN says both. What the registry has once tells its Region only since version 6 of the provider. Before,
//! nobody but the caller can say it: a provider of another Region may well manage settings there and no repository.

use super::resource::Resource;
use super::{Refusal, Wanted};
use crate::spec::registry::Around;
use std::collections::BTreeMap;

/// The place that is read from.
pub(super) struct Site {
    /// `aws`, `aws-cn`, …
    pub(super) partition: String,
    /// Twelve digits, where the state tells.
    account: Option<String>,
    /// The Region, where the state or the caller tells.
    region: Option<String>,
    /// Was the Region said by the caller?
    said: bool,
    /// Are there repositories elsewhere?
    one_of_many: bool,
}

/// An ARN's partition, Region, account and what follows.
pub(super) fn arn(text: &str) -> Option<[&str; 4]> {
    let mut parts = text.splitn(6, ':');
    (parts.next() == Some("arn")).then_some(())?;
    let (partition, _service) = (parts.next()?, parts.next()?);
    Some([partition, parts.next()?, parts.next()?, parts.next()?])
}

/// Decides for one place.
///
/// # Errors
/// The state is about several and the caller did not say which, or about another than the caller said.
pub(super) fn choose(resources: &[Resource<'_>], wanted: &Wanted<'_>) -> Result<Site, Refusal> {
    let mut partition = None;
    let mut places: BTreeMap<(String, String), usize> = BTreeMap::new();
    for resource in resources.iter().filter(|resource| resource.is_ecr()) {
        let named = resource.text("arn").ok().flatten().and_then(arn);
        partition = partition.or_else(|| named.map(|[partition, ..]| partition.to_owned()));
        // What is public has no Region.
        if resource.kind.starts_with("aws_ecrpublic_") {
            continue;
        }
        let own = (resource.text("registry_id"), resource.text("region"));
        let place = match (named, own) {
            (Some([_, region, account, _]), _) | (None, (Ok(Some(account)), Ok(Some(region)))) => (account, region),
            _ => continue,
        };
        *places.entry((place.0.to_owned(), place.1.to_owned())).or_default() += 1;
    }
    let fits = |(account, region): &&(String, String)| {
        wanted.account.is_none_or(|wish| wish == account) && wanted.region.is_none_or(|wish| wish == region)
    };
    let fitting: Vec<&(String, String)> = places.keys().filter(fits).collect();
    let one_of_many = places.len() > 1;
    let (account, region) = match fitting.as_slice() {
        [(account, region)] => (Some(account.clone()), Some(region.clone())),
        [] if places.is_empty() => (account_of_all(resources, wanted)?, wanted.region.map(str::to_owned)),
        [] => return Err(elsewhere(&places, wanted)),
        several => return Err(ambiguous(&places, several)),
    };
    let partition = partition.unwrap_or_else(|| partition_of(region.as_deref().unwrap_or_default()).to_owned());
    Ok(Site { partition, account, region, said: wanted.region.is_some(), one_of_many })
}

/// The account, where nothing tells a Region.
fn account_of_all(resources: &[Resource<'_>], wanted: &Wanted<'_>) -> Result<Option<String>, Refusal> {
    let ecr = resources.iter().filter(|resource| resource.is_ecr());
    let mut accounts: Vec<&str> = ecr.filter_map(|resource| resource.text("registry_id").ok().flatten()).collect();
    accounts.sort_unstable();
    accounts.dedup();
    match (accounts.as_slice(), wanted.account) {
        ([], wish) => Ok(wish.map(str::to_owned)),
        ([one], None) => Ok(Some((*one).to_owned())),
        (several, Some(wish)) if several.contains(&wish) => Ok(Some(wish.to_owned())),
        (several, _) => {
            let accounts = several.join(", ");
            Err(Refusal::of_file(format!("the state is about the accounts {accounts}; say which one with --account")))
        }
    }
}

fn elsewhere(places: &BTreeMap<(String, String), usize>, wanted: &Wanted<'_>) -> Refusal {
    let wish: Vec<&str> = wanted.account.into_iter().chain(wanted.region).collect();
    Refusal::of_file(format!("the state has nothing in {}; it is about {}", wish.join(" "), listed(places)))
}

fn ambiguous(places: &BTreeMap<(String, String), usize>, several: &[&(String, String)]) -> Refusal {
    let mut accounts: Vec<&str> = several.iter().map(|(account, _)| account.as_str()).collect();
    accounts.dedup();
    let how = if accounts.len() > 1 { "--account (and --region)" } else { "--region" };
    Refusal::of_file(format!(
        "the state is about several places ({}), and a stack is deployed in one of them; say which one with {how}, and run \
         this again for each",
        listed(places)
    ))
}

fn listed(places: &BTreeMap<(String, String), usize>) -> String {
    let places: Vec<String> =
        places.iter().map(|((account, region), count)| format!("{account} {region}: {count} resources")).collect();
    places.join(", ")
}

/// The partition of a Region.
fn partition_of(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "aws-cn",
        Some("us") if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

impl Site {
    /// The same, as a declaration is checked against it.
    pub(super) fn around(&self) -> Around<'_> {
        Around { partition: &self.partition, region: self.region.as_deref(), account: self.account.as_deref() }
    }

    /// Is a resource without an ARN here? Where the state does not tell its Region, the caller has to.
    ///
    /// # Errors
    /// Where it is instead, or why nobody can tell.
    pub(super) fn holds(&self, resource: &Resource<'_>) -> Result<(), String> {
        self.holds_account(resource)?;
        let region = resource.text("region")?;
        if region.is_none() && !self.said {
            return Err(
                "the state does not tell which Region it is in (only version 6 of the provider does); if it is in that of \
                 the repositories, run this again with --region"
                    .to_owned(),
            );
        }
        if region.is_none() && self.one_of_many {
            return Err(
                "the state does not tell which Region it is in (only version 6 of the provider does), and there are \
                 repositories in several; declare it by hand"
                    .to_owned(),
            );
        }
        self.holds_region(region)
    }

    /// The Region, or nothing where neither the state nor the caller tells.
    pub(super) fn region(&self) -> &str {
        self.region.as_deref().unwrap_or_default()
    }

    /// Is this Region ours? What is not told is taken to be.
    ///
    /// # Errors
    /// Where it is instead.
    pub(super) fn holds_region(&self, region: Option<&str>) -> Result<(), String> {
        match (region, self.region.as_deref()) {
            (Some(region), Some(own)) if region != own => Err(format!("it is in {region}, not in {own}")),
            _ => Ok(()),
        }
    }

    /// Is a resource of this account?
    pub(super) fn holds_account(&self, resource: &Resource<'_>) -> Result<(), String> {
        match (resource.text("registry_id")?, &self.account) {
            (Some(account), Some(own)) if account != own => {
                Err(format!("it belongs to the account {account}, not to {own}"))
            }
            _ => Ok(()),
        }
    }

    /// Is what has this ARN here?
    pub(super) fn holds_arn(&self, text: &str) -> Result<(), String> {
        let [_, region, account, _] = arn(text).ok_or_else(|| format!("its ARN {text:?} is none"))?;
        let same = |own: &Option<String>, other: &str| own.as_deref().is_none_or(|own| own == other);
        if same(&self.account, account) && same(&self.region, region) {
            return Ok(());
        }
        Err(format!("it is in {account} {region}; run this again for that place"))
    }
}
