//! Public repositories: what a `Custom::EcrPublicRepositories` says of them.

use super::resource::{Resource, text_in};
use super::site::Site;
use super::{Fate, Properties};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const REPOSITORY: &str = "aws_ecrpublic_repository";
/// The kinds read here.
pub(super) const KINDS: [&str; 2] = [REPOSITORY, "aws_ecrpublic_repository_policy"];
/// Texts of the catalogue as Terraform and as ECR Public call them.
const TEXTS: [(&str, &str); 3] =
    [("description", "Description"), ("about_text", "AboutText"), ("usage_text", "UsageText")];
/// Its lists.
const LISTS: [(&str, &str); 2] = [("architectures", "Architectures"), ("operating_systems", "OperatingSystems")];

/// The public repositories of a state.
pub(super) struct Public<'a> {
    /// What the catalogue says of each that is taken.
    taken: BTreeMap<&'a str, Map<String, Value>>,
    /// Why others are not.
    left: BTreeMap<&'a str, String>,
    logos: usize,
}

impl<'a> Public<'a> {
    /// Reads those whose names are wanted.
    pub(super) fn of(resources: &[Resource<'a>], site: &Site, names: Option<&dyn Fn(&str) -> bool>) -> Self {
        let mut all = Self { taken: BTreeMap::new(), left: BTreeMap::new(), logos: 0 };
        for resource in
            resources.iter().filter(|resource| resource.kind == REPOSITORY && resource.unsettled().is_none())
        {
            let Ok(name) = resource.needed("repository_name") else { continue };
            let read = match names {
                Some(wanted) if !wanted(name) => Err("its name is not among those asked for".to_owned()),
                _ => site.holds_account(resource).and_then(|()| catalog(resource)),
            };
            match read {
                Ok((catalog, logo)) => {
                    all.logos += usize::from(logo);
                    all.taken.insert(name, catalog);
                }
                Err(reason) => {
                    all.left.insert(name, reason);
                }
            }
        }
        all
    }

    /// What becomes of a resource. A policy stays where it is: what nobody declares is kept.
    pub(super) fn take(&self, resource: &Resource<'a>) -> Fate {
        match resource.needed("repository_name") {
            Err(reason) => Fate::Stays(reason),
            Ok(name) if self.taken.contains_key(name) => Fate::Ours(None),
            Ok(name) => Fate::Stays(
                self.left.get(name).cloned().unwrap_or_else(|| format!("the repository {name} is not in this state")),
            ),
        }
    }

    /// What a reader should know.
    pub(super) fn notes(&self) -> Vec<String> {
        let note =
            "logos of public repositories stay as they are and are not declared: ECR Public tells nobody what they are";
        (self.logos > 0).then(|| note.to_owned()).into_iter().collect()
    }

    /// The properties that declare them; empty where there are none.
    pub(super) fn properties(self) -> Properties {
        if self.taken.is_empty() {
            return Vec::new();
        }
        let names: Vec<&str> = self.taken.keys().copied().collect();
        let names = json!(names);
        let said = self.taken.into_iter().filter(|(_, said)| !said.is_empty());
        let catalog: Map<String, Value> = said.map(|(name, said)| (name.to_owned(), said.into())).collect();
        let mut properties = vec![("RepositoryNames", names)];
        if !catalog.is_empty() {
            properties.push(("Catalog", catalog.into()));
        }
        properties.push(("AdoptExisting", true.into()));
        properties
    }
}

/// What the catalogue says of a repository, and whether there is a logo.
fn catalog(resource: &Resource<'_>) -> Result<(Map<String, Value>, bool), String> {
    let block = resource.blocks("catalog_data")?.first().copied();
    let mut said = Map::new();
    for (theirs, ours) in TEXTS {
        if let Some(text) = text_in(block, theirs)? {
            said.insert(ours.to_owned(), text.into());
        }
    }
    for (theirs, ours) in LISTS {
        let list = block.and_then(|block| block.get(theirs)).and_then(Value::as_array);
        if let Some(list) = list.filter(|list| !list.is_empty()) {
            said.insert(ours.to_owned(), list.clone().into());
        }
    }
    Ok((said, text_in(block, "logo_image_blob")?.is_some()))
}
