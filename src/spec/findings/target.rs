//! What a statement of an OpenVEX document is about: packages and images, by their package URLs.

use super::Glob;
use super::purl::{self, Named};
use super::waivers::MAX_WAIVERS;
use crate::model::image::Digest;
use crate::spec::fields::{Fields, kind_of};
use serde_json::Value;

/// What stands beside the document.
pub(super) struct Terms {
    /// Where its waivers hold.
    pub(super) repositories: Vec<Glob>,
    /// Did the user say so?
    pub(super) names_repositories: bool,
}

/// What a statement is about; what is absent is any.
#[derive(Clone)]
pub(super) struct Target {
    /// The package.
    pub(super) package: Option<String>,
    /// Its version.
    pub(super) version: Option<String>,
    /// Exactly this image.
    pub(super) digest: Option<Digest>,
    /// Repositories in which it is.
    pub(super) repositories: Vec<Glob>,
}

impl Target {
    fn anything(terms: &Terms) -> Self {
        Self { package: None, version: None, digest: None, repositories: terms.repositories.clone() }
    }

    /// Is there something both are about?
    pub(super) fn meets(&self, other: &Self) -> bool {
        fn agree<T: PartialEq>(one: Option<&T>, two: Option<&T>) -> bool {
            one.is_none() || two.is_none() || one == two
        }
        // Within one document they are the names of images, or all the same patterns.
        let share_repositories = || {
            let mut pairs =
                self.repositories.iter().flat_map(|one| other.repositories.iter().map(move |two| (one, two)));
            pairs.any(|(one, two)| one.matches(&two.0) || two.matches(&one.0))
        };
        agree(self.package.as_ref(), other.package.as_ref())
            && agree(self.version.as_ref(), other.version.as_ref())
            && agree(self.digest.as_ref(), other.digest.as_ref())
            && share_repositories()
    }
}

/// What the statement is about: its products, or the parts of them that it names.
pub(super) fn targets(fields: &Fields<'_>, terms: &Terms, waives: bool) -> Option<Vec<Target>> {
    // In 0.0.1 the parts stand beside the products, in 0.2.0 within each.
    let shared = parts_of(fields, "subcomponents", fields.raw("subcomponents"))?;
    let products = match fields.raw("products") {
        None => &[][..],
        Some(_) => fields.list("products")?.as_slice(),
    };
    if products.is_empty() {
        if waives && !terms.names_repositories {
            fields.problem(
                "products",
                "is required: what the statement is about, as package URLs; or say with Repositories beside the Document where it holds",
            );
            return None;
        }
        return Some(within(&Target::anything(terms), &shared));
    }
    if products.len().saturating_mul(shared.len()) > MAX_WAIVERS {
        fields.problem(
            "products",
            format!("make more than {MAX_WAIVERS} waivers with the subcomponents; leave some out"),
        );
        return None;
    }
    let mut targets = Vec::new();
    let mut sound = true;
    for (index, product) in products.iter().enumerate() {
        let path = format!("products[{index}]");
        match of_product(fields, &path, product, &shared, (terms, waives)) {
            Some(found) => targets.extend(found),
            None => sound = false,
        }
    }
    sound.then_some(targets)
}

fn of_product(
    fields: &Fields<'_>,
    path: &str,
    product: &Value,
    shared: &[Part],
    (terms, waives): (&Terms, bool),
) -> Option<Vec<Target>> {
    let named = component(fields, path, product)?;
    let own = parts_of(fields, &format!("{path}.subcomponents"), product.get("subcomponents"))?;
    let parts = if own.is_empty() { shared } else { &own };
    match named {
        Named::Image(repository, digest) => {
            // Both must hold: a document about many images may be given to one repository alone.
            let holds = terms.repositories.iter().any(|glob| glob.matches(repository.as_str()));
            let repositories = vec![Glob(repository.as_str().to_owned())];
            let hash = hash(product).map_err(|flaw| fields.problem(&format!("{path}.hashes.sha-256"), flaw)).ok()?;
            let digest = digest.or(hash);
            let image = Target { package: None, version: None, digest, repositories };
            Some(if holds { within(&image, parts) } else { Vec::new() })
        }
        Named::Package(name, version) if parts.is_empty() => {
            Some(within(&Target::anything(terms), &[Part { name, version }]))
        }
        Named::Package(name, _) if waives && !terms.names_repositories => {
            fields.problem(
                path,
                format!("is {name}, and no scanner tells which images hold it; say with Repositories beside the Document where the statement holds"),
            );
            None
        }
        Named::Package(..) => Some(within(&Target::anything(terms), parts)),
    }
}

/// A package a statement is about.
struct Part {
    name: String,
    version: Option<String>,
}

/// The parts of something; where none is named, all of it.
fn within(whole: &Target, parts: &[Part]) -> Vec<Target> {
    if parts.is_empty() {
        return vec![whole.clone()];
    }
    let part =
        |part: &Part| Target { package: Some(part.name.clone()), version: part.version.clone(), ..whole.clone() };
    parts.iter().map(part).collect()
}

fn parts_of(fields: &Fields<'_>, path: &str, given: Option<&Value>) -> Option<Vec<Part>> {
    let items = match given {
        None | Some(Value::Null) => return Some(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(other) => {
            fields.problem(path, format!("must be a list, not {}", kind_of(other)));
            return None;
        }
    };
    let mut parts = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let path = format!("{path}[{index}]");
        match component(fields, &path, item) {
            Some(Named::Package(name, version)) => parts.push(Part { name, version }),
            Some(Named::Image(..)) => fields.problem(&path, "is an image; a part of a product is a package"),
            None => {}
        }
    }
    (parts.len() == items.len()).then_some(parts)
}

/// A product or a part of one: a text (0.0.1), or a map with a package URL in `identifiers` or as `@id`.
fn component(fields: &Fields<'_>, path: &str, given: &Value) -> Option<Named> {
    let text = match given {
        Value::Object(members) => members
            .get("identifiers")
            .and_then(|identifiers| identifiers.get("purl"))
            .or_else(|| members.get("@id"))
            .and_then(Value::as_str),
        other => other.as_str(),
    };
    let Some(text) = text else {
        fields.problem(path, "needs a package URL, as its @id or in its identifiers as purl");
        return None;
    };
    match purl::parse(text).and_then(|purl| purl.named()) {
        Ok(named) => Some(named),
        Err(flaw) => {
            fields.problem(path, flaw);
            None
        }
    }
}

/// An image's digest, where a product tells it apart from its name.
fn hash(product: &Value) -> Result<Option<Digest>, String> {
    let Some(hash) = product.get("hashes").and_then(|hashes| hashes.get("sha-256")) else { return Ok(None) };
    Digest::parse(&format!("sha256:{}", hash.as_str().unwrap_or_default())).map(Some)
}
