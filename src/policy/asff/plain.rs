//! A finding reduced to what cannot be wrong: the one more try after a refusal.

use super::Telling;
use super::fill::{RESOURCE_TYPE, demanded};
use super::form::{Form, Resource, SoftwarePackage, Vulnerability};
use crate::policy::text::{UNNAMED, plain};
use std::borrow::Cow;

/// Characters of title and description.
const TEXT: usize = 200;
/// Characters of a name.
const NAME: usize = 64;

/// The members Security Hub demands, the vulnerability's id and the package.
pub(super) fn form<'a>(telling: &Telling<'a>) -> Form<'a> {
    let finding = telling.finding;
    let id = match plain(&finding.vulnerability, NAME) {
        id if id.is_empty() => UNNAMED.to_owned(),
        id => id,
    };
    let (name, version) = (plain(&finding.package, NAME), plain(&finding.version, NAME));
    let what = if name.is_empty() { id.clone() } else { format!("{id} in {name} {version}") };
    let place = format!("{what} ({})", telling.image.repository);
    let known = |text: String| (!text.is_empty()).then_some(Cow::Owned(text));
    let package = SoftwarePackage { name: known(name), version: known(version), ..SoftwarePackage::default() };
    let named = package.name.is_some() || package.version.is_some();
    let vulnerability = Vulnerability {
        id: Cow::Owned(id),
        vulnerable_packages: if named { vec![package] } else { Vec::new() },
        cvss: Vec::new(),
        vendor: None,
        reference_urls: Vec::new(),
        fix_available: None,
        epss_score: None,
        exploit_available: None,
    };
    let (r#type, id) = (RESOURCE_TYPE, telling.image.resource_id());
    let resource = Resource { r#type, id, partition: None, region: None, details: None };
    Form {
        title: Cow::Owned(plain(&what, TEXT)),
        description: Cow::Owned(plain(&place, TEXT)),
        vulnerabilities: (!finding.is_about_scanning()).then_some([vulnerability]),
        ..demanded(telling, resource)
    }
}
