//! Findings as every scanner's are told here: one vulnerability of one package of one image.

use super::image::ImageRef;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// How bad, in the order of badness. Security Hub's labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Also what scanners have not rated (`UNDEFINED`, `UNTRIAGED`) or rate in words unknown here.
    #[default]
    Informational,
    /// `LOW`
    Low,
    /// `MEDIUM`
    Medium,
    /// `HIGH`
    High,
    /// `CRITICAL`
    Critical,
}

impl Severity {
    /// All of them, the worst last.
    pub const ALL: [Self; 5] = [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// A scanner's word; one that is not known counts as [`Severity::Informational`] and stays beside it as it was.
    pub fn of_scanner(word: &str) -> Self {
        Self::ALL.into_iter().find(|known| known.as_str() == word).unwrap_or_default()
    }

    /// `HIGH`
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "INFORMATIONAL",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Who found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scanner {
    /// ECR basic scanning.
    Basic,
    /// Amazon Inspector, which brings its findings to Security Hub itself.
    Enhanced,
    /// We ourselves: that an image could not be scanned.
    Steward,
}

/// Is there a version without the flaw?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Fix {
    /// Yes.
    Yes,
    /// For some of the packages concerned.
    Partial,
    /// No.
    No,
    /// The scanner does not say; basic scanning never does.
    #[default]
    Unknown,
}

/// One CVSS rating.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cvss {
    /// `2.0`, `3.1`, …
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Base score, 0 to 10.
    pub score: f64,
    /// The vector.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub vector: String,
    /// Who rated.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
}

/// What is known of the package besides name and version. Empty where the scanner does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Package {
    /// `arm64`, `X86_64`, …
    #[serde(skip_serializing_if = "String::is_empty")]
    pub architecture: String,
    /// `OS`, `NPM`, `MAVEN`, …
    #[serde(skip_serializing_if = "String::is_empty")]
    pub manager: String,
    /// Epoch of an RPM.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub epoch: String,
    /// Release of an RPM.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub release: String,
    /// The version that mends it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fixed_in: String,
    /// The layer that brought it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub layer: String,
    /// Where it lies in the image; more than one path where the same version lies in several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}

/// One finding: account, Region, repository, image digest (all in the [`ImageRef`] beside it), vulnerability, package,
/// version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// `CVE-2026-0001`, or a scanner's own name for it.
    pub vulnerability: String,
    /// The package; empty where the scanner names none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub package: String,
    /// Its version; empty where the scanner names none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// How bad.
    pub severity: Severity,
    /// The scanner's own word for it.
    pub severity_label: String,
    /// Who found it.
    pub scanner: Scanner,
    /// One line, where the scanner has one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// What it is about.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Where to read on.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// More places to read on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// Is there a version without it?
    #[serde(default)]
    pub fix: Fix,
    /// Is an exploit known? `None` where the scanner does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exploit: Option<bool>,
    /// Probability of exploitation, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epss: Option<f64>,
    /// Ratings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cvss: Vec<Cvss>,
    /// The package's details.
    #[serde(default)]
    pub details: Package,
    /// What the scanner advises.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remediation: String,
    /// Inspector's ARN of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub inspector_arn: String,
    /// Suppressed in Inspector, by a rule of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suppressed: bool,
    /// When it was first observed, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_observed: Option<i64>,
}

impl Finding {
    /// A finding of which only this much is known.
    pub fn new(scanner: Scanner, vulnerability: impl Into<String>, severity_label: impl Into<String>) -> Self {
        let severity_label = severity_label.into();
        Self {
            vulnerability: vulnerability.into(),
            package: String::new(),
            version: String::new(),
            severity: Severity::of_scanner(&severity_label),
            severity_label,
            scanner,
            title: String::new(),
            description: String::new(),
            url: String::new(),
            references: Vec::new(),
            fix: Fix::Unknown,
            exploit: None,
            epss: None,
            cvss: Vec::new(),
            details: Package::default(),
            remediation: String::new(),
            inspector_arn: String::new(),
            suppressed: false,
            first_observed: None,
        }
    }

    /// Its id: the hash of account, Region, repository, digest, vulnerability, package and version, so that neither a
    /// redelivery nor a rescan nor a moved tag makes a second one. 64 hexadecimal digits.
    pub fn id(&self, image: &ImageRef) -> FindingId {
        let mut hash = Sha256::new();
        let parts = [
            image.place.account.as_str(),
            &image.place.region,
            image.repository.as_str(),
            image.digest.as_str(),
            &self.vulnerability,
            &self.package,
            &self.version,
        ];
        for part in parts {
            // The length before each part: ("a", "bc") must not meet ("ab", "c").
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        FindingId(hex(&hash.finalize()))
    }

    /// Can it be mended by an update?
    pub fn is_fixable(&self) -> bool {
        matches!(self.fix, Fix::Yes | Fix::Partial) || !self.details.fixed_in.is_empty()
    }

    /// Known to be exploited?
    pub fn is_exploited(&self) -> bool {
        self.exploit == Some(true)
    }

    /// Says that the image could not be scanned, rather than what is wrong with it?
    pub fn is_about_scanning(&self) -> bool {
        self.scanner == Scanner::Steward
    }

    /// Takes in another finding of the same id: the worse severity, either's knowledge, all paths.
    pub fn absorb(&mut self, other: Self) {
        if other.severity > self.severity {
            self.severity = other.severity;
            self.severity_label = other.severity_label;
        }
        if self.exploit.is_none() || other.exploit == Some(true) {
            self.exploit = other.exploit;
        }
        self.suppressed = self.suppressed && other.suppressed;
        self.epss = self.epss.max_known(other.epss);
        if self.details.fixed_in.is_empty() {
            self.details.fixed_in = other.details.fixed_in;
        }
        if self.fix == Fix::Unknown {
            self.fix = other.fix;
        }
        self.details.paths.extend(other.details.paths);
        self.details.paths.sort();
        self.details.paths.dedup();
    }

    /// What would have to be told again if it changed: everything. 32 hexadecimal digits.
    pub fn content_hash(&self) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        let mut hash = hex(&Sha256::digest(text));
        hash.truncate(32);
        hash
    }
}

/// The greater of what is known.
trait MaxKnown {
    fn max_known(self, other: Self) -> Self;
}

impl MaxKnown for Option<f64> {
    fn max_known(self, other: Self) -> Self {
        match (self, other) {
            (Some(one), Some(two)) => Some(one.max(two)),
            (one, two) => one.or(two),
        }
    }
}

/// A finding's id: 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FindingId(String);

impl FindingId {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As Security Hub and everybody else is told it.
    pub fn told(&self) -> String {
        format!("ecr-steward/{}", self.0)
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Hexadecimal digits of bytes.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
