//! The properties of a group, as a person would write them: what holds for all at the top, the rest in `Overrides`.

use super::Declared;
use super::group::Group;
use super::naming::Family;
use super::settings::{Said, contract};
use super::sort::Sayable;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Most names of one declaration (contract of `RepositoryNames`).
pub(super) const MOST: usize = 1_000;
/// What `NamePattern` is where nobody says anything.
const PATTERN: &str = "{project}-{environment}-{name}";
/// More untagged images than a repository can hold, and the largest number the property takes. The declaration is about
/// what is there: nobody asked for images to be deleted, and the contract's default would have all but three of them go.
const KEEP_UNTAGGED: u32 = 2_147_483_647;

/// Members of a declaration: short name and repository.
pub(super) type Members<'s, 'f> = [(String, &'s Sayable<'f>)];

/// One declaration of a group's members, no more than [`MOST`] of them.
pub(super) fn declared(
    family: &Family,
    group: &Group,
    members: &Members<'_, '_>,
    taken: &mut BTreeSet<String>,
) -> Declared {
    let shorts: Vec<&str> = members.iter().map(|(short, _)| short.as_str()).collect();
    let mut properties: Said = vec![("ProjectName", json!(family.project)), ("Environment", json!(family.environment))];
    if family.pattern != PATTERN {
        properties.push(("NamePattern", json!(family.pattern)));
    }
    properties.push(("RepositoryNames", json!(shorts)));
    let contract = contract();
    properties.extend(said(group.base.iter().zip(&contract)));
    properties.extend([
        ("MaxUntaggedImages", json!(KEEP_UNTAGGED)),
        ("AdoptExisting", json!(true)),
        // Nobody published anything for them before, and a parameter would be a write that is no tag.
        ("PublishParameters", json!(false)),
        // What is adopted is never deleted, whatever these say. They speak for names that are added later: a list of
        // what was there before deserves no surprise when a name leaves it.
        ("OnRemove", json!("Retain")),
        ("OnDelete", json!("Retain")),
    ]);
    let overrides: Map<String, Value> = members
        .iter()
        .filter_map(|(short, one)| {
            let said = said(one.settings.iter().zip(&group.base));
            let members: Map<String, Value> = said.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            (!members.is_empty()).then(|| (short.clone(), Value::Object(members)))
        })
        .collect();
    if !overrides.is_empty() {
        properties.push(("Overrides", Value::Object(overrides)));
    }
    Declared {
        logical_id: logical_id(family, taken),
        properties,
        repositories: members.iter().map(|(_, one)| one.found.name.clone()).collect(),
    }
}

fn said<'a>(facets: impl Iterator<Item = (&'a super::settings::Facet, &'a super::settings::Facet)>) -> Said {
    facets.filter_map(|(wanted, base)| wanted.over(base)).flatten().collect()
}

/// `shop`, `dev` → `ShopDev`, `ShopDev2`, …
fn logical_id(family: &Family, taken: &mut BTreeSet<String>) -> String {
    let words = format!("{}-{}", family.project, family.environment);
    let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name: String = words.map(capital).collect();
    // CloudFormation allows 255 characters, and a number may follow.
    let name: String = name.chars().take(200).collect();
    let name = if name.is_empty() { "Repositories".to_owned() } else { name };
    let mut number = 1_u32;
    loop {
        let id = if number == 1 { name.clone() } else { format!("{name}{number}") };
        if taken.insert(id.clone()) {
            return id;
        }
        number += 1;
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
