//! Private repositories with their policies, from three kinds of resources to one [`Found`] each.

use super::resource::{Resource, flag_in, text_in};
use super::site::Site;
use super::{Fate, Found};
use crate::model::Seen;
use crate::model::name::RepositoryName;
use crate::model::repository::{Encryption, EncryptionType, Mutability, MutabilityMode, Tags};
use std::collections::{BTreeMap, BTreeSet};

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
    /// The taken ones with `force_delete`.
    forced: BTreeSet<RepositoryName>,
    /// Policies that are not taken.
    untaken: Vec<Untaken>,
    site: &'a Site,
}

/// A policy that is not taken although its repository may be.
struct Untaken {
    /// Its repository; `None`: any of them.
    of: Option<RepositoryName>,
    /// Can it be of another repository? Then one that has such a policy from elsewhere is not touched.
    perhaps: bool,
    kind: &'static str,
    address: String,
    reason: String,
}

/// Which repository a policy belongs to.
enum Whose {
    Ours(RepositoryName),
    /// Perhaps to this one, or with `None` to any; and why that cannot be told.
    Unclear(Option<RepositoryName>, String),
    /// To none that is taken.
    Other(String),
}

/// Why a policy is not about a repository at our site.
enum NotHere {
    /// The state tells.
    Surely(String),
    /// It looks like it, or nobody can tell.
    Perhaps(String),
}

impl<'a> Repositories<'a> {
    /// Reads the repositories at a site whose names are wanted.
    pub(super) fn of(resources: &[Resource<'a>], site: &'a Site, names: Option<&dyn Fn(&str) -> bool>) -> Self {
        let mut all = Self {
            everywhere: Vec::new(),
            taken: BTreeMap::new(),
            left: BTreeMap::new(),
            forced: BTreeSet::new(),
            untaken: Vec::new(),
            site,
        };
        for resource in resources.iter().filter(|resource| resource.kind == REPOSITORY) {
            let (Ok(name), Ok(arn)) = (resource.needed("name"), resource.needed("arn")) else { continue };
            // A name in another account is another repository.
            if site.holds_account(resource).is_err() {
                continue;
            }
            all.everywhere.push((resource.plain_address(), region_of(resource), name));
            if resource.unsettled().is_some() || site.holds_arn(arn).is_err() {
                continue;
            }
            let read = match names {
                Some(wanted) if !wanted(name) => Err("its name is not among those asked for".to_owned()),
                _ => found(resource, name),
            };
            match read {
                Ok(found) => {
                    if resource.flag("force_delete") == Ok(true) {
                        all.forced.insert(found.name.clone());
                    }
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
        let taken = match resource.kind {
            REPOSITORY => self.repository(resource),
            LIFECYCLE => self.policy(resource, LIFECYCLE),
            _ => self.policy(resource, POLICY),
        };
        taken.map_or_else(Fate::Stays, |name| Fate::Ours(Some(name)))
    }

    fn repository(&self, resource: &Resource<'a>) -> Result<RepositoryName, String> {
        if let Some(reason) = resource.unsettled() {
            return Err(reason);
        }
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

    /// Adds a policy to its repository, or remembers that it was not.
    fn policy(&mut self, resource: &Resource<'a>, kind: &'static str) -> Result<RepositoryName, String> {
        let (of, perhaps, read) = match self.whose(resource) {
            Whose::Ours(name) => {
                let read = self.add(resource, kind, &name);
                (Some(name), false, read)
            }
            Whose::Unclear(of, reason) => (of, true, Err(reason)),
            Whose::Other(reason) => return Err(resource.unsettled().unwrap_or(reason)),
        };
        read.map_err(|reason| {
            let reason = resource.unsettled().unwrap_or(reason);
            let address = resource.address.to_owned();
            self.untaken.push(Untaken { of, perhaps, kind, address, reason: reason.clone() });
            reason
        })
    }

    fn add(&mut self, resource: &Resource<'a>, kind: &str, name: &RepositoryName) -> Result<RepositoryName, String> {
        if let Some(reason) = resource.unsettled() {
            return Err(reason);
        }
        let text = resource.needed("policy")?;
        let repository = self.taken.get_mut(name).ok_or("its repository could not be read")?;
        let place = if kind == LIFECYCLE { &mut repository.lifecycle } else { &mut repository.policy };
        match place {
            Seen::Present(other) if other != text => {
                Err(format!("another resource says something else of the repository {name}; keep one of them"))
            }
            _ => {
                *place = Seen::Present(text.to_owned());
                Ok(name.clone())
            }
        }
    }

    /// The repository a policy is about.
    fn whose(&self, resource: &Resource<'a>) -> Whose {
        // The provider's id of a policy is the name of its repository.
        let ((Ok(Some(name)), _) | (_, Ok(Some(name)))) = (resource.text("repository"), resource.text("id")) else {
            let reason = "the state does not say its repository; run `terraform refresh`";
            return Whose::Unclear(None, reason.to_owned());
        };
        match (self.of_name(name), self.is_here(resource, name)) {
            (Ok(ours), Ok(())) => Whose::Ours(ours),
            (Ok(ours), Err(NotHere::Perhaps(reason))) => Whose::Unclear(Some(ours), reason),
            (_, Err(NotHere::Surely(reason) | NotHere::Perhaps(reason))) => Whose::Other(reason),
            (Err(reason), Ok(())) => Whose::Other(format!("its repository stays: {reason}")),
        }
    }

    /// Is the repository that a policy is about at our site? A name may stand for one in each of several Regions.
    fn is_here(&self, resource: &Resource<'a>, name: &str) -> Result<(), NotHere> {
        resource.text("registry_id").map_err(NotHere::Perhaps)?;
        self.site.holds_account(resource).map_err(NotHere::Surely)?;
        let told = resource.text("region").map_err(NotHere::Perhaps)?;
        let mut possible: Vec<&(String, Option<&str>, &str)> =
            self.everywhere.iter().filter(|one| one.2 == name && (told.is_none() || one.1 == told)).collect();
        let made_before: Vec<_> =
            possible.iter().copied().filter(|one| resource.after.contains(&one.0.as_str())).collect();
        if possible.len() > 1 && !made_before.is_empty() {
            possible = made_before;
        }
        let regions: BTreeSet<Option<&str>> = possible.iter().map(|one| one.1).collect();
        match regions.into_iter().collect::<Vec<_>>().as_slice() {
            [] => Err(NotHere::Surely(format!(
                "the repository {name} is not in this state, so there is nothing to declare it with"
            ))),
            // What it was made after is a sign and no proof.
            [region] if told.is_none() => self.site.holds_region(*region).map_err(NotHere::Perhaps),
            [region] => self.site.holds_region(*region).map_err(NotHere::Surely),
            _ => Err(NotHere::Perhaps(format!(
                "there is a repository {name} in several Regions, and the state does not tell which it is of"
            ))),
        }
    }

    /// Takes out the repositories whose declaration would do away with a policy that was not taken; says why.
    pub(super) fn hold_back(&mut self) -> BTreeMap<RepositoryName, String> {
        let mut held = BTreeMap::new();
        for one in &self.untaken {
            let may = if one.perhaps { "may be" } else { "is" };
            for found in self.taken.values().filter(|found| one.of.as_ref().is_none_or(|of| *of == found.name)) {
                let (what, place) = match one.kind {
                    LIFECYCLE => ("lifecycle policy", &found.lifecycle),
                    _ => ("repository policy", &found.policy),
                };
                if one.perhaps && *place != Seen::Missing {
                    continue;
                }
                let reason = format!(
                    "{} {may} its {what} and is not taken ({}); a declaration without it would take it away",
                    one.address, one.reason
                );
                held.entry(found.name.clone()).or_insert(reason);
            }
        }
        self.taken.retain(|name, _| !held.contains_key(name));
        held
    }

    /// What a reader should know.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let forced = self.forced.iter().filter(|name| self.taken.contains_key(*name)).count();
        if forced > 0 {
            notes.push(format!(
                "force_delete is set for {} and is not carried over: a repository that was taken over is never deleted",
                counted(forced)
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
