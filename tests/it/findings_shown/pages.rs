//! The page to look at.

use super::lists::{row, sheet};
use super::{NOON, finding, hostile, hostile_finding};
use ecr_steward::report::{RowState, Sheet, WaiverNote, html};
use proptest::prelude::*;

/// Elements the page is made of.
const OURS: [&str; 35] = [
    "!doctype", "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "div", "b", "span",
    "section", "svg", "g", "text", "rect", "ul", "li", "input", "select", "option", "table", "thead", "tr", "th",
    "button", "tbody", "td", "small", "a", "script", "path",
];

/// Everything that opens an element is one of ours, and nothing but links leads out.
fn is_ours(page: &str) {
    let (head, rest) = page.split_once("<style>").unwrap();
    let (style, rest) = rest.split_once("</style>").unwrap();
    let (body, rest) = rest.rsplit_once("<script>").unwrap();
    let (script, foot) = rest.split_once("</script>").unwrap();
    for text in [head, body, foot] {
        for part in text.split('<').skip(1) {
            let name: String = part.trim_start_matches('/').chars().take_while(|c| !" >".contains(*c)).collect();
            assert!(OURS.contains(&name.as_str()), "{name}");
            let tag = part.split('>').next().unwrap();
            assert!(!["onerror", "onload", "src=", "javascript:"].iter().any(|word| tag.contains(word)), "{tag}");
            if let Some((_, link)) = tag.split_once("href=\"") {
                assert!(link.starts_with("https://"), "{link}");
            }
        }
    }
    assert_eq!(body.matches("<script").count(), 0);
    for text in [style, script] {
        assert!(!text.contains("http") && !text.contains("url(") && !text.contains("@import"));
    }
}

#[test]
fn the_page_stands_alone_and_knows_day_and_night() {
    let page = html::write(&sheet());
    is_ours(&page);
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("width=device-width"));
    assert!(page.contains("6 open findings in 2 images of 2 repositories"));
    assert!(page.contains("Heap overflow in &lt;X509&gt; &amp; friends"));
    assert_eq!(page.matches("<tr class=").count(), 8);
}

#[test]
fn an_empty_page_says_so() {
    let page = html::write(&Sheet::new(NOON, Vec::new()));
    is_ours(&page);
    assert!(page.contains("No findings."));
}

#[test]
fn a_huge_list_is_bounded_aloud() {
    let one = finding("CVE-2026-1", "HIGH", "a", "1");
    let rows = (10..u32::try_from(html::MOST_ROWS).unwrap() + 17)
        .map(|number| row("app", number, one.clone(), RowState::Active));
    let page = html::write(&Sheet::new(NOON, rows.collect()));
    assert_eq!(page.matches("<tr class=").count(), html::MOST_ROWS);
    assert!(page.contains("and 7 more; the CSV has all of them"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn hostile_findings_write_no_markup(findings in prop::collection::vec(hostile_finding(), 1..12), words in hostile()) {
        let rows = findings.into_iter().map(|one| row("team/app", 1, one, RowState::Active)).collect();
        let note = WaiverNote {
            path: words.clone(),
            vulnerability: words.clone(),
            until: words.clone(),
            owner: Some(words.clone()),
            reason: words,
        };
        is_ours(&html::write(&Sheet::new(NOON, rows).with_waivers(vec![note.clone()], vec![note])));
    }
}
