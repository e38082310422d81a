//! The vulnerability itself and the package that has it, as a finding tells them.

use super::form::{Cvss, SoftwarePackage, Text, Vendor, Vulnerability};
use super::limits::{MAX_RECOMMENDATION, MAX_SEVERITY_ORIGINAL, OUR_NAME, OUR_PATH, OUR_VERSION, OUR_WORD, Room};
use crate::model::finding::{Finding, Fix};
use crate::policy::text::{UNNAMED, clip, clip_or, host, link};
use std::borrow::Cow;

/// All that is known of it, as far as there is room.
pub(super) fn vulnerability(finding: &Finding, room: Room) -> Vulnerability<'_> {
    let mut reference_urls: Vec<&str> = Vec::new();
    for url in finding.references.iter().filter_map(|url| link(url)) {
        if reference_urls.len() < room.references && !reference_urls.contains(&url) {
            reference_urls.push(url);
        }
    }
    Vulnerability {
        id: clip_or(&finding.vulnerability, OUR_NAME, UNNAMED),
        vulnerable_packages: packages(finding, room),
        cvss: cvss(finding, room),
        vendor: vendor(finding),
        reference_urls,
        fix_available: fix(finding),
        epss_score: finding.epss.filter(|score| (0.0..=1.0).contains(score)),
        exploit_available: finding.exploit.map(|known| if known { "YES" } else { "NO" }),
    }
}

/// Security Hub means by YES that version and remedy are there, which [`packages`] then tells.
fn fix(finding: &Finding) -> Option<&'static str> {
    match finding.fix {
        Fix::Yes => Some("YES"),
        Fix::Partial => Some("PARTIAL"),
        Fix::No => Some("NO"),
        Fix::Unknown => clip(&finding.details.fixed_in, OUR_VERSION).map(|_| "YES"),
    }
}

/// The package, once for each path it lies at.
fn packages(finding: &Finding, room: Room) -> Vec<SoftwarePackage<'_>> {
    let details = &finding.details;
    let fixed_in_version = clip(&details.fixed_in, OUR_VERSION);
    let package = SoftwarePackage {
        name: clip(&finding.package, OUR_NAME),
        version: clip(&finding.version, OUR_VERSION),
        epoch: clip(&details.epoch, OUR_WORD),
        release: clip(&details.release, OUR_VERSION),
        architecture: clip(&details.architecture, OUR_WORD),
        package_manager: clip(&details.manager, OUR_WORD),
        file_path: None,
        remediation: fixed_in_version.is_some().then(|| advice(finding)).flatten(),
        fixed_in_version,
        source_layer_hash: clip(&details.layer, OUR_NAME),
    };
    let at = |path| SoftwarePackage { file_path: Some(path), ..package.clone() };
    let mut packages: Vec<SoftwarePackage<'_>> =
        details.paths.iter().filter_map(|path| clip(path, OUR_PATH)).take(room.packages).map(at).collect();
    if packages.is_empty() && (package.name.is_some() || package.version.is_some()) {
        packages.push(package);
    }
    packages
}

fn cvss(finding: &Finding, room: Room) -> Vec<Cvss<'_>> {
    let rated = finding.cvss.iter().filter(|rating| (0.0..=10.0).contains(&rating.score));
    let told = rated.map(|rating| Cvss {
        version: clip(&rating.version, OUR_WORD),
        base_score: rating.score,
        base_vector: clip(&rating.vector, OUR_VERSION),
        source: clip(&rating.source, OUR_NAME),
    });
    told.take(room.cvss).collect()
}

/// Whoever publishes the advisory, by the name of the host it lies on: the one thing both scanners tell.
fn vendor(finding: &Finding) -> Option<Vendor<'_>> {
    let url = link(&finding.url)?;
    Some(Vendor { name: host(url)?, url: Some(url), severity: clip(&finding.severity_label, MAX_SEVERITY_ORIGINAL) })
}

/// What to do, where that is known.
pub(super) fn advice(finding: &Finding) -> Option<Text<'_>> {
    clip(&finding.remediation, MAX_RECOMMENDATION).or_else(|| {
        let version = clip(&finding.details.fixed_in, OUR_VERSION)?;
        let package = clip(&finding.package, OUR_NAME).unwrap_or(Cow::Borrowed("the package"));
        clip(&format!("Update {package} to {version}."), MAX_RECOMMENDATION).map(|text| Cow::Owned(text.into_owned()))
    })
}
