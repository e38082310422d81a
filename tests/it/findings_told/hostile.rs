//! Findings as nobody would write them, each from its seed: trees of strategies as large as these take minutes to shrink,
//! a seed says as much.

use super::scene::{Scene, digest, image};
use ecr_steward::model::finding::{Cvss, Finding, Fix, Package, Scanner, Severity};
use ecr_steward::model::image::Parent;
use ecr_steward::policy::record::Waived;
use fastrand::Rng;

const PIECES: [&str; 17] = [
    "👩‍🚀",
    "é",
    "漢",
    "\u{0}",
    "\n",
    "\u{2028}",
    "\u{202e}",
    "\"",
    "\\",
    " ",
    "a",
    "\u{feff}",
    "\u{a0}",
    "\u{7f}",
    "\u{85}",
    "–",
    "\u{200b}",
];

/// Empty, blank, huge, invisible, turned around, of four bytes to the character.
pub(super) fn text(rng: &mut Rng) -> String {
    match rng.u8(0..12) {
        0..=1 => String::new(),
        2 => " \t\r\n\u{3000}".to_owned(),
        3..=4 => (0..rng.usize(0..60)).map(|_| rng.char(..)).collect(),
        5 => piece(rng).repeat(rng.usize(1..1_500)),
        6..=7 => (0..rng.usize(0..90)).map(|_| piece(rng)).collect(),
        8 => format!("https://{}", (0..rng.usize(0..30)).map(|_| rng.char(..)).collect::<String>()),
        9 => format!("https://host.example/{}", word(rng).repeat(rng.usize(0..90))),
        10 if rng.u8(0..20) == 0 => rng.char(..).to_string().repeat(rng.usize(30_000..50_000)),
        _ => word(rng),
    }
}

fn piece(rng: &mut Rng) -> &'static str {
    PIECES[rng.usize(0..PIECES.len())]
}

fn word(rng: &mut Rng) -> String {
    (0..rng.usize(1..40)).map(|_| rng.char('!'..='~')).collect()
}

fn texts(rng: &mut Rng, most: usize) -> Vec<String> {
    (0..rng.usize(0..=most)).map(|_| text(rng)).collect()
}

fn maybe<T>(rng: &mut Rng, make: impl FnOnce(&mut Rng) -> T) -> Option<T> {
    rng.bool().then(|| make(rng))
}

fn number(rng: &mut Rng) -> f64 {
    match rng.u8(0..6) {
        0..=2 => rng.f64(),
        3 => rng.f64() * 10.0,
        4 => f64::from_bits(rng.u64(..)),
        _ => [f64::NAN, f64::INFINITY, -0.0, f64::MIN_POSITIVE][rng.usize(0..4)],
    }
}

fn cvss(rng: &mut Rng) -> Cvss {
    Cvss { version: text(rng), score: number(rng), vector: text(rng), source: text(rng) }
}

fn package(rng: &mut Rng) -> Package {
    let paths = if rng.bool() { texts(rng, 5) } else { vec![text(rng); rng.usize(0..200)] };
    Package {
        architecture: text(rng),
        manager: text(rng),
        epoch: text(rng),
        release: text(rng),
        fixed_in: text(rng),
        layer: text(rng),
        paths,
    }
}

pub(super) fn finding(rng: &mut Rng) -> Finding {
    Finding {
        vulnerability: text(rng),
        package: text(rng),
        version: text(rng),
        severity: Severity::ALL[rng.usize(0..5)],
        severity_label: text(rng),
        scanner: [Scanner::Basic, Scanner::Enhanced, Scanner::Steward][rng.usize(0..3)],
        title: text(rng),
        description: text(rng),
        url: text(rng),
        references: texts(rng, 40),
        fix: [Fix::Yes, Fix::Partial, Fix::No, Fix::Unknown][rng.usize(0..4)],
        exploit: maybe(rng, Rng::bool),
        epss: maybe(rng, number),
        cvss: (0..rng.usize(0..14)).map(|_| cvss(rng)).collect(),
        details: package(rng),
        remediation: text(rng),
        inspector_arn: text(rng),
        suppressed: rng.bool(),
        first_observed: maybe(rng, |rng| rng.i64(..)),
    }
}

pub(super) fn scene(seed: u64) -> Scene {
    let rng = &mut Rng::with_seed(seed);
    let (image, finding) = (image(), finding(rng));
    let parent = |rng: &mut Rng| Parent { digest: digest('b'), tags: texts(rng, 60), platform: maybe(rng, text) };
    let waived = |rng: &mut Rng| Waived { reason: text(rng), owner: maybe(rng, text), until: text(rng) };
    Scene {
        id: finding.id(&image),
        image,
        tags: texts(rng, 150),
        parent: maybe(rng, parent),
        finding,
        waived: maybe(rng, waived),
    }
}
