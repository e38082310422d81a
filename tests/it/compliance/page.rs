//! The page to look at: what is on it, and that it stands alone.

use super::{baseline, check, compose, context, run, standing, text, usual, world};
use ecr_steward::plan::posture::{Requirement, Status};
use ecr_steward::report::compliance::{Context, Previous};

/// Elements the page is made of.
const OURS: [&str; 30] = [
    "!doctype", "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "div", "b", "span",
    "section", "svg", "circle", "text", "rect", "ul", "li", "table", "thead", "tr", "th", "tbody", "td", "small",
    "details", "summary",
];
/// Attributes they bear.
const ATTRIBUTES: [&str; 25] = [
    "aria-label",
    "charset",
    "class",
    "content",
    "cx",
    "cy",
    "data-label",
    "height",
    "http-equiv",
    "lang",
    "name",
    "pathLength",
    "preserveAspectRatio",
    "r",
    "role",
    "scope",
    "stroke-dasharray",
    "text-anchor",
    "transform",
    "viewBox",
    "width",
    "x",
    "y",
    "open",
    "html",
];

/// Every element and attribute is one of ours, and nothing leads out.
pub(super) fn is_ours(page: &str) {
    let (head, rest) = page.split_once("<style>").unwrap();
    let (style, body) = rest.split_once("</style>").unwrap();
    assert!(!style.contains("http") && !style.contains("url(") && !style.contains("@import"));
    for part in head.split('<').chain(body.split('<').skip(1)).filter(|part| !part.is_empty()) {
        let (tag, _) = part.split_once('>').unwrap_or_else(|| panic!("{part} is no element"));
        let name: String = tag.trim_start_matches('/').chars().take_while(|c| *c != ' ').collect();
        assert!(OURS.contains(&name.as_str()), "{tag}");
        // What stands between quotes is words; what is left of the tag is names of attributes.
        let outside: String = tag.split('"').step_by(2).collect::<Vec<_>>().join(" ");
        for attribute in outside.split([' ', '=', '/']).skip(1).filter(|word| !word.is_empty() && *word != name) {
            assert!(ATTRIBUTES.contains(&attribute), "{attribute} of {tag}");
        }
    }
}

#[test]
fn the_page_looks_like_this() {
    let documents = usual();
    let page = text(&documents.html);
    is_ours(page);
    let (_, body) = page.split_once("</style>").unwrap();
    insta::assert_snapshot!(body);
}

#[test]
fn the_page_stands_alone_and_knows_day_and_night() {
    let documents = usual();
    let page = text(&documents.html);
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("width=device-width"));
    assert!(page.contains("default-src 'none'") && !page.contains("<script"));
    assert!(page.contains("aria-label=\"Score 55.5 %: 5 of 9 checks pass\""));
    assert!(page.contains("aria-label=\"everything: 5 pass, 2 fail, 1 exempt, 1 unknown\""));
}

/// Failures first, then leave, then what is unknown.
#[test]
fn the_page_keeps_its_order() {
    let baseline = baseline();
    let documents = usual();
    let previous = Some(Previous::read(&documents.json).unwrap());
    let mut later = world();
    later.pop();
    later.push(standing("shop/web2", vec![check("payments", Requirement::NoPublicPrincipals, Status::Unknown)]));
    let documents = compose(run(), Context { previous, switch: "report-only", ..context(&baseline) }, &later);
    let page = text(&documents.html);
    is_ours(page);
    let parts = [
        "kill switch: report-only",
        "<h2>Score",
        "<h2>By rule",
        "<h2>Failing, by rule",
        "<h2>3 exemptions",
        "expired",
        "18 days left",
        "unused",
        "<h2>Unknown: 1 check ",
        "<h2>Since the report before",
        "new repositories",
        "repositories gone",
        "<h2>Mended: 1 check",
        "ecr-steward revert 00112233aabbccdd",
        "<h2>Notes",
        "CloudTrail trail",
        "<h2>What others call it",
    ];
    let mut rest = page;
    for part in parts {
        rest = rest.split_once(part).unwrap_or_else(|| panic!("{part} is not there, or too early")).1;
    }
}

#[test]
fn a_perfect_registry_says_so() {
    let good = standing("app", vec![check("everything", Requirement::ScanOnPush, Status::Pass)]);
    let documents = compose(run(), context(&baseline()), &[good]);
    let page = text(&documents.html);
    is_ours(page);
    assert!(page.contains("Nothing fails.") && page.contains("100.0 %"));
    assert!(!page.contains("<h2>Unknown"));
}

/// Seen in a browser by `tests/e2e/test_report_page.py`, which reads what this leaves in `target/`.
#[test]
fn a_full_page_is_left_for_a_browser() {
    let (baseline, mut world) = (baseline(), super::bounds::registry());
    let before = compose(run(), context(&baseline), &world);
    world.drain(3..9);
    for standing in world.iter_mut().step_by(9) {
        standing.checks.iter_mut().for_each(|check| check.status = Status::Pass);
        standing.fingerprint.push('x');
    }
    let previous = Some(Previous::read(&before.json).unwrap());
    let documents = compose(run(), Context { previous, ..context(&baseline) }, &world);
    is_ours(text(&documents.html));
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("compliance");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("report.html"), &documents.html).unwrap();
}
