//! What people are shown of findings: messages and lists, as they look and as they hold under hostile input.

mod bounds;
mod digests;
mod lists;
mod messages;
mod pages;

use ecr_steward::model::finding::{Cvss, Finding, FindingId, Fix, Scanner, Severity};
use ecr_steward::model::image::{Digest, ImageRef};
use ecr_steward::model::name::RepositoryName;
use ecr_steward::model::place::Place;
use ecr_steward::model::scan::ScanStatus;
use ecr_steward::policy::change::{Change, ChangeKind, ImageChange, Previous, SeverityCounts};
use ecr_steward::spec::findings::{Glob, Route, Sink, When};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// 2026-01-31T12:00:00Z
const NOON: i64 = 1_769_860_800_000;

fn digest(number: u32) -> Digest {
    Digest::parse(&format!("sha256:{number:012x}{:052}", 0)).unwrap()
}

fn image(repository: &str, number: u32) -> ImageRef {
    ImageRef {
        place: Place { partition: "aws".into(), region: "eu-west-1".into(), account: "123456789012".into() },
        repository: RepositoryName::parse(repository).unwrap(),
        digest: digest(number),
    }
}

fn finding(name: &str, severity: &str, package: &str, version: &str) -> Finding {
    let mut finding = Finding::new(Scanner::Basic, name, severity);
    package.clone_into(&mut finding.package);
    version.clone_into(&mut finding.version);
    finding.url = format!("https://nvd.nist.gov/vuln/detail/{name}");
    finding
}

/// A few findings of every sort; the same ones each time.
fn findings() -> Vec<Finding> {
    let mut openssl = finding("CVE-2026-0001", "CRITICAL", "openssl", "3.0.1");
    openssl.title = "Heap overflow in <X509> & friends".into();
    openssl.description = "A malformed certificate | overflows \"the heap\".".into();
    openssl.exploit = Some(true);
    openssl.epss = Some(0.83);
    openssl.fix = Fix::Yes;
    openssl.details.fixed_in = "3.0.2".into();
    openssl.details.manager = "OS".into();
    openssl.cvss = vec![Cvss {
        version: "3.1".into(),
        score: 9.8,
        vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".into(),
        source: "NVD".into(),
    }];
    let mut zlib = finding("CVE-2026-0002", "HIGH", "zlib", "1.2.11");
    zlib.description = "Memory corruption when deflating.".into();
    let mut glibc = finding("CVE-2026-0003", "MEDIUM", "glibc", "2.36");
    glibc.fix = Fix::Yes;
    glibc.details.fixed_in = "2.36-9".into();
    let bash = finding("CVE-2026-0004", "LOW", "bash", "5.2");
    let mut spring = finding("GHSA-xxxx-yyyy-zzzz", "UNTRIAGED", "org.springframework:spring-core", "6.0.0");
    spring.url = "javascript:alert(1)".into();
    vec![openssl, zlib, glibc, bash, spring]
}

/// An image's change, with all that it borrows.
struct Story {
    image: ImageRef,
    tags: Vec<String>,
    before: Digest,
    told: Vec<(ChangeKind, FindingId, Finding)>,
}

impl Story {
    fn new(repository: &str, number: u32, told: impl IntoIterator<Item = (ChangeKind, Finding)>) -> Self {
        let image = image(repository, number);
        let told = told.into_iter().map(|(kind, finding)| (kind, finding.id(&image), finding)).collect();
        Self { image, tags: vec!["latest".into(), "v41".into()], before: digest(number + 7), told }
    }

    /// Three new ones (one of them again), two mended, one changed.
    fn usual() -> Self {
        use ChangeKind::{Changed, Fixed, New, Reactivated};
        let mut findings = findings().into_iter();
        let mut told: Vec<(ChangeKind, Finding)> =
            [New, New, Reactivated, Changed, Fixed].into_iter().zip(findings.by_ref()).collect();
        told.push((Fixed, finding("CVE-2025-9999", "HIGH", "curl", "8.0")));
        Self::new("team/app", 1, told)
    }

    fn change(&self) -> ImageChange<'_> {
        ImageChange {
            image: &self.image,
            tags: &self.tags,
            parent: None,
            status: &ScanStatus::Complete,
            completed_at: Some(NOON),
            owner: Some("team-payments"),
            previous: Some(Previous { digest: &self.before, tag: "latest" }),
            active: SeverityCounts { critical: 1, high: 4, ..SeverityCounts::default() },
            changes: self
                .told
                .iter()
                .map(|(kind, id, finding)| Change { kind: *kind, id, finding, waived: None })
                .collect(),
            generation: NOON.to_string(),
        }
    }
}

fn route(sink: Sink) -> Route {
    Route {
        sink,
        secret_parameter: None,
        minimum_severity: Severity::Low,
        only_fixable: false,
        repositories: vec![Glob("*".into())],
        tags: BTreeMap::new(),
        when: When::Immediate,
        explicit: true,
    }
}

/// JSON, as people read it.
fn pretty(json: &str) -> String {
    format!("{:#}", serde_json::from_str::<serde_json::Value>(json).unwrap())
}

/// Words that do harm somewhere, huge ones, empty ones.
pub(crate) fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("<!channel> <https://evil.example|click> & *bold* `code`".to_owned()),
        Just("</td><script>alert(1)</script><img src=x onerror=alert(1)>\"'".to_owned()),
        Just(
            "=HYPERLINK(\"https://evil.example\")\r\n+1 | a | b |\n\n# heading @team ![](https://evil.example)"
                .to_owned()
        ),
        Just("\u{1b}[31mred\u{7}\u{202e}desrever\u{0} 👩‍👩‍👧‍👦🔥".to_owned()),
        Just("&<>\"'`|".repeat(800)),
        Just("🔥".repeat(5_000)),
        any::<String>(),
    ]
}

prop_compose! {
    fn hostile_finding()(
        texts in prop::array::uniform8(hostile()),
        severity in prop::sample::select(Severity::ALL.to_vec()),
        exploit in any::<Option<bool>>(),
        link in prop::sample::select(vec!["", "javascript:alert(1)", "https://a.example/?x=1&y=2", "https://a.example/|<b>"]),
        many in 0..30_usize,
    ) -> Finding {
        let [name, package, version, title, description, fixed_in, path, remediation] = texts;
        let mut finding = Finding::new(Scanner::Enhanced, name, severity.as_str());
        finding.package = package;
        finding.version = version;
        finding.title = title;
        finding.description = description;
        finding.details.fixed_in = fixed_in;
        finding.details.paths = vec![path; many];
        finding.remediation = remediation;
        finding.exploit = exploit;
        link.clone_into(&mut finding.url);
        finding.epss = Some(f64::NAN);
        finding
    }
}
