//! Texts of strangers, made fit to be sent: cleaned, cut to a length, left out where nothing is left.
//!
//! What a scanner says of a package was written by whoever published the package or the advisory. It may be empty, huge,
//! full of control characters, or made to look like something else.

use jiff::Timestamp;
use std::borrow::Cow;

/// Stands where a text was cut; one character by every way of counting.
pub const ELLIPSIS: char = '…';
/// Characters of a web address: what browsers and proxies carry (RFC 9110, section 4.1, asks for 8,000; older software
/// stops at about 2,000). A longer one is left out, since half an address leads nowhere.
pub const MAX_URL: usize = 2_048;
/// Stands where a scanner gives a vulnerability no name.
pub const UNNAMED: &str = "unnamed vulnerability";
/// 9999-12-30T00:00:00Z: the last midnight that is in the year 9999 wherever one is, beyond which there are no timestamps.
const LAST_MILLISECOND: i64 = 253_402_128_000_000;

/// A text without control characters, at most `max` characters long, or `None` where nothing visible is left. AWS does
/// not say how it counts; UTF-16 units, as the JVM has them, are never fewer than any other count of characters.
pub fn clip(text: &str, max: usize) -> Option<Cow<'_, str>> {
    let text = text.trim();
    // Most of a scanner's words are short and clean; they are not copied.
    if text.len() <= max && !has_unprintable(text) {
        return (!text.is_empty()).then_some(Cow::Borrowed(text));
    }
    let cut = cut(cleaned(text, max), max);
    (!cut.is_empty()).then_some(Cow::Owned(cut))
}

/// [`clip`], or another text where nothing is left.
pub fn clip_or<'a>(text: &'a str, max: usize, other: &'a str) -> Cow<'a, str> {
    clip(text, max).unwrap_or_else(|| clip(other, max).unwrap_or_default())
}

/// Printable ASCII only, at most `max` characters; empty where nothing is left. A question mark stands for what is printed
/// otherwise.
pub fn plain(text: &str, max: usize) -> String {
    let printable = text.chars().filter(|c| !is_unprintable(*c));
    let ascii: String = printable.map(|c| if matches!(c, ' '..='~') { c } else { '?' }).take(max).collect();
    ascii.trim().to_owned()
}

/// An `http` or `https` address that can be sent as it is; anything else is no link.
pub fn link(text: &str) -> Option<&str> {
    let text = text.trim();
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let legal = |byte: u8| {
        byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
    };
    let named = rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    (named && text.len() <= MAX_URL && text.bytes().all(legal)).then_some(text)
}

/// The host of a [`link`].
pub fn host(link: &str) -> Option<&str> {
    let (_, rest) = link.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    (!host.is_empty()).then_some(host)
}

/// A time in RFC 3339, with milliseconds and `Z`. What lies before 1970, or so late that RFC 3339 runs out of years, is
/// told as that bound.
pub fn time(milliseconds: i64) -> String {
    let known = milliseconds.clamp(0, LAST_MILLISECOND);
    Timestamp::from_millisecond(known).map(|time| format!("{time:.3}")).unwrap_or_default()
}

/// How long a text is, in the count of [`clip`].
pub fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}

/// Does it say nothing? `\s` as the strictest reader has it.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || is_unprintable(c))
}

/// Control characters; the line ends that `.` of a regular expression stops at (Security Hub's strings must match
/// `.*\S.*`, Security Hub API model, `NonEmptyString`); and marks that turn the direction of what follows, with which a
/// text can be made to read as another.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Whether there is one. The bytes with which they begin in UTF-8 are rare, so few characters are looked at.
fn has_unprintable(text: &str) -> bool {
    text.bytes().enumerate().any(|(at, byte)| match byte {
        0..=0x1f | 0x7f => true,
        0xc2 | 0xe2 | 0xef => text.get(at..).is_some_and(|rest| rest.starts_with(is_unprintable)),
        _ => false,
    })
}

/// Each run of unprintable characters becomes one space. Reads no more of a huge text than is needed to fill `max`.
fn cleaned(text: &str, max: usize) -> String {
    let mut clean = String::with_capacity(text.len().min(max.saturating_mul(3)));
    let mut taken = 0_usize;
    for c in text.chars() {
        if taken > max {
            return clean;
        }
        if clean.is_empty() && c.is_whitespace() {
            continue;
        }
        if !is_unprintable(c) {
            clean.push(c);
            taken = taken.saturating_add(c.len_utf16());
        } else if !clean.is_empty() && !clean.ends_with(' ') {
            clean.push(' ');
            taken = taken.saturating_add(1);
        }
    }
    clean.truncate(clean.trim_end().len());
    clean
}

/// Cut between two characters, so that with the ellipsis it is `max` long at most.
fn cut(mut text: String, max: usize) -> String {
    if length(&text) <= max {
        return text;
    }
    let mut end = 0;
    let mut taken = 1;
    for (at, c) in text.char_indices() {
        taken += c.len_utf16();
        if taken > max {
            break;
        }
        end = at + c.len_utf8();
    }
    text.truncate(end);
    text.truncate(text.trim_end().len());
    text.push(ELLIPSIS);
    text
}
