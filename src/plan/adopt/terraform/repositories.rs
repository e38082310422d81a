//! Private repositories with their policies, from three kinds of resources to one [`Found`] each.

use super::resource::{Resource, flag_in, text_in};
use super::site::Site;
use super::{Fate, Found};
use crate::model::Seen;
use crate::model::name::RepositoryName;
use crate::model::repository::{Encryption, EncryptionType, Mutability, MutabilityMode, Tags};
use std::collections::BTreeMap;

const REPOSITORY: &str = "aws_ecr_repository";
const LIFECYCLE: &str = "aws_ecr_lifecycle_policy";
const POLICY: &str = "aws_ecr_repository_policy";
/// The kinds read here.
pub(super) const KINDS: [&str; 3] = [REPOSITORY, LIFECYCLE, POLICY];

/// Every repository of a state, and those of them that are taken.
pub(super) struct Repositories<'a> {
    /// By address without keys, Region and name: where else a policy may belong.
    everywhere: Vec<(String, Option<&'a str>, &'a str)>,
    taken: BTreeMap<RepositoryName, Found>,
    /// Why a repository is not taken.
    left: BTreeMap<&'a str, String>,
    forced: usize,
    site: &'a Site,
}

impl<'a> Repositories<'a> {
    /// Reads the repositories at a site whose names are wanted.
    pub(super) fn of(resources: &[Resource<'a>], site: &'a Site, names: Option<&dyn Fn(&str) -> bool>) -> Self {
        let mut all = Self { everywhere: Vec::new(), taken: BTreeMap::new(), left: BTreeMap::new(), forced: 0, site };
        for resource in
            resources.iter().filter(|resource| resource.kind == REPOSITORY && resource.unsettled().is_none())
        {
            let (Ok(name), Ok(arn)) = (resource.needed("name"), resource.needed("arn")) else { continue };
            // A name in another account is another repository.
            if site.holds_account(resource).is_err() {
                continue;
            }
            all.everywhere.push((resource.plain_address(), region_of(resource), name));
            if site.holds_arn(arn).is_err() {
                continue;
            }
            let read = match names {
                Some(wanted) if !wanted(name) => Err("its name is not among those asked for".to_owned()),
                _ => found(resource, name),
            };
            match read {
                Ok(found) => {
                    all.forced += usize::from(resource.flag("force_delete") == Ok(true));
                    all.taken.insert(found.name.clone(), found);
                }
                Err(reason) => {
                    all.left.insert(name, reason);
                }
            }
        }
        all
    }

    /// What becomes of a resource; a policy is added to its repository.
    pub(super) fn take(&mut self, resource: &Resource<'a>) -> Fate {
        let taken = if resource.kind == REPOSITORY { self.repository(resource) } else { self.policy(resource) };
        taken.map_or_else(Fate::Stays, |name| Fate::Ours(Some(name)))
    }

    fn repository(&self, resource: &Resource<'a>) -> Result<RepositoryName, String> {
        let name = resource.needed("name")?;
        self.site.holds_arn(resource.needed("arn")?)?;
        self.of_name(name)
    }

    /// The taken repository of a name, or why it is not.
    fn of_name(&self, name: &str) -> Result<RepositoryName, String> {
        if let Some(reason) = self.left.get(name) {
            return Err(reason.clone());
        }
        let name = RepositoryName::parse(name)?;
        self.taken.contains_key(&name).then_some(name).ok_or_else(|| "its repository could not be read".to_owned())
    }

    fn policy(&mut self, resource: &Resource<'a>) -> Result<RepositoryName, String> {
        let name = resource.needed("repository")?;
        self.site.holds_account(resource)?;
        self.belongs_here(resource, name)?;
        let name = self.of_name(name).map_err(|reason| format!("its repository stays: {reason}"))?;
        let text = resource.needed("policy")?;
        let repository = self.taken.get_mut(&name).ok_or("its repository could not be read")?;
        let place = if resource.kind == LIFECYCLE { &mut repository.lifecycle } else { &mut repository.policy };
        match place {
            Seen::Present(other) if other != text => {
                Err(format!("another resource says something else of the repository {name}; keep one of them"))
            }
            _ => {
                *place = Seen::Present(text.to_owned());
                Ok(name)
            }
        }
    }

    /// Is the repository that a policy is about at our site? A name may stand for one in each of several Regions.
    fn belongs_here(&self, resource: &Resource<'a>, name: &str) -> Result<(), String> {
        let region = resource.text("region")?;
        let mut possible: Vec<&(String, Option<&str>, &str)> =
            self.everywhere.iter().filter(|one| one.2 == name).collect();
        if region.is_some() {
            possible.retain(|one| one.1 == region);
        }
        let made_before: Vec<_> =
            possible.iter().copied().filter(|one| resource.after.contains(&one.0.as_str())).collect();
        if possible.len() > 1 && !made_before.is_empty() {
            possible = made_before;
        }
        let mut regions: Vec<Option<&str>> = possible.iter().map(|one| one.1).collect();
        regions.dedup();
        match regions.as_slice() {
            [] => Err(format!("the repository {name} is not in this state, so there is nothing to declare it with")),
            [region] => self.site.holds_region(*region),
            _ => Err(format!(
                "there is a repository {name} in several Regions, and the state does not tell which it is of"
            )),
        }
    }

    /// What a reader should know.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.forced > 0 {
            notes.push(format!(
                "force_delete is set for {} and is not carried over: a repository that was taken over is never deleted",
                counted(self.forced)
            ));
        }
        let bare: Vec<&str> =
            self.taken.values().filter(|one| one.lifecycle == Seen::Missing).map(|one| one.name.as_str()).collect();
        if !bare.is_empty() {
            notes.push(format!(
                "Terraform manages no lifecycle policy for {} ({}), so they are declared to have none; `plan` shows whether \
                 somebody else gave them one",
                counted(bare.len()),
                bare.join(", ")
            ));
        }
        notes
    }

    /// What was taken, by name.
    pub(super) fn found(self) -> Vec<Found> {
        self.taken.into_values().collect()
    }
}

fn counted(count: usize) -> String {
    if count == 1 { "1 repository".to_owned() } else { format!("{count} repositories") }
}

fn region_of<'a>(resource: &Resource<'a>) -> Option<&'a str> {
    let arn = resource.text("arn").ok().flatten()?;
    super::site::arn(arn).map(|[_, region, ..]| region)
}

/// Reads one repository, without its policies.
fn found(resource: &Resource<'_>, name: &str) -> Result<Found, String> {
    let scanning = resource.blocks("image_scanning_configuration")?;
    // `tags_all` has what the provider adds by its own default_tags.
    let tags = if resource.raw("tags_all").is_some() { "tags_all" } else { "tags" };
    let tags: Tags = resource.map(tags)?.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    Ok(Found {
        name: RepositoryName::parse(name).map_err(|flaw| format!("its name {flaw}"))?,
        mutability: mutability(resource)?,
        scan_on_push: flag_in(scanning.first().copied(), "scan_on_push")?,
        encryption: encryption(resource)?,
        tags: Seen::Present(tags),
        lifecycle: Seen::Missing,
        policy: Seen::Missing,
    })
}

/// `image_tag_mutability` and its filters.
fn mutability(resource: &Resource<'_>) -> Result<Mutability, String> {
    let word = resource.text("image_tag_mutability")?.unwrap_or("MUTABLE");
    let mode = MutabilityMode::ALL.into_iter().find(|mode| mode.as_str() == word);
    let mode =
        mode.ok_or_else(|| format!("its image_tag_mutability {word:?} is not known to this version of ecr-steward"))?;
    let mut exclusions = Vec::new();
    for block in resource.blocks("image_tag_mutability_exclusion_filter")? {
        exclusions.extend(text_in(Some(block), "filter")?.map(str::to_owned));
    }
    exclusions.sort_unstable();
    Ok(Mutability { mode, exclusions })
}

/// `encryption_configuration`.
fn encryption(resource: &Resource<'_>) -> Result<Encryption, String> {
    let block = resource.blocks("encryption_configuration")?.first().copied();
    let word = text_in(block, "encryption_type")?.unwrap_or("AES256");
    let kind = EncryptionType::ALL.into_iter().find(|kind| kind.as_str() == word);
    let kind =
        kind.ok_or_else(|| format!("its encryption_type {word:?} is not known to this version of ecr-steward"))?;
    Ok(Encryption { kind, kms_key: text_in(block, "kms_key")?.map(str::to_owned) })
}
