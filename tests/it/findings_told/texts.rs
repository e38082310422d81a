//! Texts of strangers.

use super::hostile;
use ecr_steward::policy::text::{clip, host, is_blank, is_unprintable, length, link, plain, time};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn what_is_sent_is_short_printable_and_says_something(seed in any::<u64>(), max in 1_usize..2_000) {
        let text = hostile::text(&mut fastrand::Rng::with_seed(seed));
        if let Some(told) = clip(&text, max) {
            prop_assert!((1..=max).contains(&length(&told)));
            prop_assert!(!is_blank(&told) && !told.contains(is_unprintable));
            // Cutting again changes nothing, and nothing short and clean is changed at all.
            prop_assert_eq!(clip(&told, max), Some(told.clone()));
            let spared = text.trim();
            if length(spared) <= max && !spared.contains(is_unprintable) {
                prop_assert_eq!(&*told, spared);
            } else if !text.contains(is_unprintable) {
                prop_assert!(told.ends_with('…') && spared.starts_with(told.trim_end_matches('…')));
            }
        } else {
            prop_assert!(is_blank(&text));
        }
    }
}

#[test]
fn a_text_is_cut_between_characters_and_says_so() {
    for (text, max, told) in [
        ("plain", 5, Some("plain")),
        ("plainly", 5, Some("plai…")),
        ("two words", 5, Some("two…")),
        ("a\u{0}\n\tb", 9, Some("a b")),
        ("\n\na", 9, Some("a")),
        ("👩👩👩", 6, Some("👩👩👩")),
        ("👩👩👩", 5, Some("👩👩…")),
        ("👩👩👩", 4, Some("👩…")),
        ("漢字漢字", 3, Some("漢字…")),
        ("  spaced  ", 6, Some("spaced")),
        ("\u{202e}gpj.exe", 9, Some("gpj.exe")),
        ("", 5, None),
        (" \u{3000}\u{feff}", 5, None),
        ("\u{feff} a", 5, Some("a")),
        ("abcd      xyz", 5, Some("abcd…")),
    ] {
        assert_eq!(clip(text, max).as_deref(), told, "{text:?}");
    }
    assert_eq!(plain("naïve \u{7f}text", 7), "na?ve t");
}

#[test]
fn only_what_leads_somewhere_is_a_link() {
    let long = format!("https://example.com/{}", "x".repeat(2_048));
    for (text, is_link, at) in [
        ("https://nvd.nist.gov/vuln/detail/CVE-2026-0001", true, Some("nvd.nist.gov")),
        (" http://example.com:8080?x#y ", true, Some("example.com")),
        ("https://user@host.example/", true, Some("host.example")),
        ("javascript:alert(1)", false, None),
        ("https://", false, None),
        ("https:// example.com", false, None),
        ("https://exa mple.com", false, None),
        ("https://例え.jp", false, None),
        ("https://a/\"><b>", false, None),
        (&long, false, None),
    ] {
        assert_eq!(link(text).is_some(), is_link, "{text}");
        assert_eq!(link(text).and_then(host), at, "{text}");
    }
}

#[test]
fn times_are_told_to_the_millisecond_and_within_the_years_there_are() {
    for (milliseconds, told) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_772_353_800_125, "2026-03-01T08:30:00.125Z"),
        (-1, "1970-01-01T00:00:00.000Z"),
        (i64::MAX, "9999-12-30T00:00:00.000Z"),
    ] {
        assert_eq!(time(milliseconds), told);
    }
}
