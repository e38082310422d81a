//! What ECR says of findings, basic and enhanced, in our own words.

use crate::model::finding::{Cvss, Finding, Fix, Scanner};
use aws_sdk_ecr::types;
use aws_smithy_types::DateTime;
use std::collections::BTreeMap;

/// What a finding is called whose scanner gives it no name at all.
const UNNAMED: &str = "unnamed";
/// What a finding's severity is called where the scanner gives none (ECR API model, `FindingSeverity`).
const UNDEFINED: &str = "UNDEFINED";
/// What Inspector writes into the version that mends something, where there is none.
const NOT_AVAILABLE: &str = "NotAvailable";

/// One finding of basic scanning: its package and its ratings are attributes.
pub(super) fn basic(found: &types::ImageScanFinding) -> Finding {
    let severity = found.severity().map_or(UNDEFINED, types::FindingSeverity::as_str);
    let name = found.name().filter(|name| !name.is_empty());
    let mut finding = Finding::new(Scanner::Basic, name.unwrap_or(UNNAMED), severity);
    finding.description = owned(found.description());
    finding.url = owned(found.uri());
    let mut ratings: BTreeMap<String, Cvss> = BTreeMap::new();
    for (key, value) in found.attributes().iter().filter_map(|pair| Some((pair.key(), pair.value()?))) {
        match key.to_ascii_lowercase().as_str() {
            "package_name" => value.clone_into(&mut finding.package),
            "package_version" => value.clone_into(&mut finding.version),
            "fixed_in_version" | "fixedinversion" | "fixed_version" => finding.details.fixed_in = fixed_in(Some(value)),
            key => rate(&mut ratings, key, value),
        }
    }
    // A vector without a score rates nothing.
    finding.cvss = ratings.into_values().filter(|rating| rating.score >= 0.0).collect();
    finding
}

/// `cvss3_score` and `cvss3_vector` are two halves of one rating.
fn rate(ratings: &mut BTreeMap<String, Cvss>, key: &str, value: &str) {
    let Some((major, half)) = key.strip_prefix("cvss").and_then(|rest| rest.split_once('_')) else {
        return;
    };
    let unrated = || Cvss { version: format!("{major}.0"), score: -1.0, ..Cvss::default() };
    match half {
        "score" => {
            if let Ok(score) = value.parse::<f64>().map(|score| score.clamp(0.0, 10.0)) {
                ratings.entry(major.to_owned()).or_insert_with(unrated).score = score;
            }
        }
        "vector" => {
            let rating = ratings.entry(major.to_owned()).or_insert_with(unrated);
            // From version 3 on the vector begins with it: `CVSS:3.1/AV:N/…`.
            if let Some((version, _)) = value.strip_prefix("CVSS:").and_then(|rest| rest.split_once('/')) {
                version.clone_into(&mut rating.version);
            }
            value.clone_into(&mut rating.vector);
        }
        _ => {}
    }
}

/// One finding of Inspector, which may concern several packages: one finding for each package and version. Nothing where
/// Inspector has closed it.
pub(super) fn enhanced(found: &types::EnhancedImageScanFinding) -> Vec<Finding> {
    if found.status() == Some("CLOSED") {
        return Vec::new();
    }
    let whole = without_package(found);
    let packages = found.package_vulnerability_details().map_or(&[][..], |details| details.vulnerable_packages());
    if packages.is_empty() {
        return vec![whole];
    }
    let mut apart: BTreeMap<(&str, &str), Finding> = BTreeMap::new();
    for package in packages {
        let key = (package.name().unwrap_or_default(), package.version().unwrap_or_default());
        let finding = apart.entry(key).or_insert_with(|| of_package(&whole, package));
        finding.details.paths.extend(package.file_path().filter(|path| !path.is_empty()).map(str::to_owned));
    }
    for finding in apart.values_mut() {
        finding.details.paths.sort();
        finding.details.paths.dedup();
    }
    apart.into_values().collect()
}

/// What holds for all packages a finding concerns.
fn without_package(found: &types::EnhancedImageScanFinding) -> Finding {
    let details = found.package_vulnerability_details();
    // Findings about code or the network have no vulnerability id.
    let names = [details.and_then(|details| details.vulnerability_id()), found.title(), found.finding_arn()];
    let name = names.into_iter().flatten().find(|name| !name.is_empty()).unwrap_or(UNNAMED);
    let words = [found.severity(), details.and_then(|details| details.vendor_severity())];
    let severity = words.into_iter().flatten().find(|word| !word.is_empty()).unwrap_or(UNDEFINED);
    let advice = found.remediation().and_then(|remediation| remediation.recommendation());
    let advice = advice.map(|advice| [owned(advice.text()), owned(advice.url())]).unwrap_or_default();
    let mut finding = Finding::new(Scanner::Enhanced, name, severity);
    finding.title = owned(found.title());
    finding.description = owned(found.description());
    finding.url = owned(details.and_then(|details| details.source_url()));
    finding.references = details.map_or(&[][..], |details| details.reference_urls()).to_vec();
    finding.fix = match found.fix_available() {
        Some("YES") => Fix::Yes,
        Some("PARTIAL") => Fix::Partial,
        Some("NO") => Fix::No,
        _ => Fix::Unknown,
    };
    finding.exploit = match found.exploit_available() {
        Some("YES") => Some(true),
        Some("NO") => Some(false),
        _ => None,
    };
    finding.cvss = ratings(found);
    finding.remediation = advice.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" ");
    finding.inspector_arn = owned(found.finding_arn());
    finding.suppressed = found.status() == Some("SUPPRESSED");
    finding.first_observed = found.first_observed_at().and_then(milliseconds);
    finding
}

/// The ratings of the sources, and the one Inspector made of them.
fn ratings(found: &types::EnhancedImageScanFinding) -> Vec<Cvss> {
    let sources = found.package_vulnerability_details().map_or(&[][..], |details| details.cvss());
    let mut ratings: Vec<Cvss> = sources
        .iter()
        .map(|rating| Cvss {
            version: owned(rating.version()),
            score: rating.base_score(),
            vector: owned(rating.scoring_vector()),
            source: owned(rating.source()),
        })
        .collect();
    if let Some(rating) = found.score_details().and_then(|details| details.cvss()) {
        let rating = Cvss {
            version: owned(rating.version()),
            score: rating.score(),
            vector: owned(rating.scoring_vector()),
            source: owned(rating.score_source()),
        };
        if !ratings.contains(&rating) {
            ratings.push(rating);
        }
    }
    ratings
}

fn of_package(whole: &Finding, package: &types::VulnerablePackage) -> Finding {
    let mut finding = whole.clone();
    finding.package = owned(package.name());
    finding.version = owned(package.version());
    finding.details.architecture = owned(package.arch());
    finding.details.manager = owned(package.package_manager());
    // Inspector writes 0 where there is none.
    finding.details.epoch =
        package.epoch().filter(|epoch| *epoch != 0).map(|epoch| epoch.to_string()).unwrap_or_default();
    finding.details.release = owned(package.release());
    finding.details.fixed_in = fixed_in(package.fixed_in_version());
    finding.details.layer = owned(package.source_layer_hash());
    finding
}

fn fixed_in(version: Option<&str>) -> String {
    owned(version.filter(|version| *version != NOT_AVAILABLE))
}

fn owned(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

/// Milliseconds since 1970.
pub(super) fn milliseconds(time: &DateTime) -> Option<i64> {
    time.to_millis().ok()
}
