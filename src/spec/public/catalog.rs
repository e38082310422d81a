//! The property `Catalog`: what the public gallery shows of each repository.

use crate::model::catalog::{Catalog, Logo};
use crate::spec::fields::{Fields, Problem};
use crate::spec::fleet::hint;
use crate::spec::layer::checked_texts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Longest description (ECR Public API model, `RepositoryDescription`), in characters.
const MAX_DESCRIPTION: usize = 1_024;
/// Longest about and usage text (same place, `AboutText` and `UsageText`), in characters.
const MAX_TEXT: usize = 25_600;
/// Most architectures or operating systems (same place, `ArchitectureList`, `OperatingSystemList`).
const MAX_ITEMS: usize = 50;
/// Longest of each (same place, `Architecture`, `OperatingSystem`), in characters.
const MAX_ITEM: usize = 50;
/// Largest logo (same place, `LogoImageBlob`), in bytes.
const MAX_LOGO: usize = 512_000;

/// Reads the property; entries for names that are not listed are problems.
pub(super) fn read<'a>(
    fields: &Fields<'a>,
    listed: &[String],
    problems: &'a RefCell<Vec<Problem>>,
) -> BTreeMap<String, Catalog> {
    let key = "Catalog";
    let mut catalogs = BTreeMap::new();
    let mut told = 0;
    for (name, value) in fields.object(key).into_iter().flatten() {
        let path = fields.path_of(&format!("{key}.{name}"));
        if !listed.contains(name) {
            let hint = hint(told, name, listed.iter().map(String::as_str));
            told += 1;
            problems.borrow_mut().push(Problem::new(&path, format!("is not in RepositoryNames{hint}")));
        }
        let Some(members) = value.as_object() else {
            problems.borrow_mut().push(Problem::new(path, "must be a map of what the gallery shows"));
            continue;
        };
        let own = Fields::new(members, path, problems);
        catalogs.insert(name.clone(), entry(&own));
        own.refuse_unknown();
    }
    catalogs
}

fn entry(fields: &Fields<'_>) -> Catalog {
    Catalog {
        description: text(fields, "Description", MAX_DESCRIPTION),
        about_text: text(fields, "AboutText", MAX_TEXT),
        usage_text: text(fields, "UsageText", MAX_TEXT),
        architectures: items(fields, "Architectures"),
        operating_systems: items(fields, "OperatingSystems"),
        logo_image: logo(fields),
    }
}

fn text(fields: &Fields<'_>, key: &'static str, most: usize) -> Option<String> {
    let text = fields.text(key)?;
    let length = text.chars().count();
    if length > most {
        fields.problem(key, format!("has {length} characters; ECR Public allows {most}"));
    }
    Some(text)
}

fn items(fields: &Fields<'_>, key: &'static str) -> Option<Vec<String>> {
    let mut items = checked_texts(fields, key, |item| {
        let length = item.chars().count();
        if (1..=MAX_ITEM).contains(&length) {
            return Ok(item.to_owned());
        }
        Err(format!("has {length} characters; ECR Public allows 1 to {MAX_ITEM}"))
    })?;
    let given = fields.raw(key).and_then(serde_json::Value::as_array).map_or(0, Vec::len);
    if given > MAX_ITEMS {
        fields.problem(key, format!("has {given} entries; ECR Public allows {MAX_ITEMS}"));
    }
    // Order means nothing in them, and should be no difference.
    items.sort();
    Some(items)
}

fn logo(fields: &Fields<'_>) -> Option<Logo> {
    let key = "LogoImage";
    let text = fields.text(key)?;
    let Some(bytes) = decoded(&text) else {
        fields.problem(key, "must be the picture in base64, without a prefix such as data:image/png;base64,");
        return None;
    };
    if !(1..=MAX_LOGO).contains(&bytes.len()) {
        fields.problem(key, format!("is a picture of {} bytes; ECR Public allows 1 to {MAX_LOGO}", bytes.len()));
        return None;
    }
    Some(Logo::of(bytes))
}

/// The bytes behind base64, which templates break into lines.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    let unbroken: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(unbroken).ok()
}
