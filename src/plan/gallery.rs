//! One repository of the public gallery: what it is wished to be against what it is.
//!
//! The gallery has tags and policies as the private registry has them, catalog data beside them, and nothing else. Its
//! logos are shown on web pages only, so a logo is written when another one than the last that we wrote is wished.

use super::Change;
use super::ledger::Ledger;
use super::repository::{Around, Comparison, compare_policy, compare_tags, desired_tags, too_many_tags};
use crate::model::Seen;
use crate::model::catalog::{Catalog, Logo};
use crate::model::policy;
use crate::model::repository::{MAX_TAGS, Repository};
use crate::spec::RepositorySpec;

/// The writes that make a new repository.
pub fn create(spec: &RepositorySpec, catalog: &Catalog, around: &Around<'_>) -> Comparison {
    let mut made = Comparison::default();
    let tags = desired_tags(spec, around);
    if tags.len() > MAX_TAGS {
        made.blocked.push(too_many_tags(tags.len()));
    }
    if let Some(logo) = &catalog.logo_image {
        refuse_lost(logo, &mut made);
    }
    let change = Change::CreatePublicRepository { name: spec.name.clone(), catalog: Box::new(catalog.clone()), tags };
    made.step(change, "it does not exist");
    if let Some(document) = policy::desired(None, &spec.statements, spec.policy_mode) {
        let change = Change::SetRepositoryPolicy { name: spec.name.clone(), text: document.to_text() };
        made.step(change, "a new repository has none");
    }
    made
}

/// What is remembered of the catalog data that we wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Everything declarations still kept said: what is no longer said becomes empty.
    pub once: Catalog,
    /// Fingerprint of the logo that stands, where it was ours.
    pub logo: Option<String>,
    /// Is the repository being taken over?
    pub adopts: bool,
}

impl Remembered {
    /// What the ledger knows of a repository.
    pub fn of(ledger: &Ledger, spec: &RepositorySpec, adopts: bool) -> Self {
        Self { once: ledger.catalog_once(&spec.name), logo: ledger.logos.get(&spec.name).cloned(), adopts }
    }
}

/// The writes that bring an existing repository to its declaration.
pub fn compare(
    spec: &RepositorySpec,
    catalog: &Catalog,
    seen: &Repository,
    around: &Around<'_>,
    remembered: &Remembered,
) -> Comparison {
    let mut made = Comparison::default();
    compare_tags(spec, seen, around, &mut made);
    compare_catalog(spec, catalog, seen, remembered, &mut made);
    compare_policy(spec, seen, &mut made);
    made
}

fn compare_catalog(
    spec: &RepositorySpec,
    wished: &Catalog,
    seen: &Repository,
    remembered: &Remembered,
    made: &mut Comparison,
) {
    let found = match &seen.catalog {
        Seen::Unreadable(fault) => return made.unreadable("catalog data", fault),
        Seen::Present(found) => found.clone(),
        Seen::Missing | Seen::Unasked => Catalog::default(),
    };
    let logo = wished.logo_image.as_ref().filter(|logo| Some(&logo.fingerprint) != remembered.logo.as_ref());
    if let Some(logo) = logo {
        refuse_lost(logo, made);
        if remembered.adopts {
            made.blocked.push("its LogoImage cannot be written by the request that takes the repository over: ECR Public gives no logo back, so a rollback could not restore the one that stands. Leave LogoImage out, and declare it with an update after this one".to_owned());
        }
    }
    let desired = wished.over(&found, &remembered.once);
    let why = match (desired.shows_the_same(&found), logo) {
        (true, None) => return,
        (true, Some(_)) => "another logo than the last one written",
        (false, _) => "differs",
    };
    let catalog = Catalog { logo_image: logo.cloned(), ..desired.said_whole() };
    made.step(Change::PutRepositoryCatalogData { name: spec.name.clone(), catalog: Box::new(catalog) }, why);
}

/// A declaration that is read back from the record has no pictures, only their fingerprints.
fn refuse_lost(logo: &Logo, made: &mut Comparison) {
    if logo.bytes.is_none() {
        made.blocked.push("the picture of its LogoImage is not at hand; declare it again".to_owned());
    }
}
