//! What may stand in a tag list: patterns and prefixes, one at a time.
//!
//! Knows the characters of image tags and the wildcard. It may not know rules or policies.

use super::LawId;

/// `*` in one entry of a `tagPatternList`, at most (ECR user guide, lifecycle policy properties).
pub const MAX_WILDCARDS: usize = 4;

/// Length of an image tag in characters, at most (OCI distribution specification, tag reference grammar).
const MAX_TAG_CHARS: usize = 128;

/// Why a text is not a legal tag pattern, or nothing: the characters of a tag and at most
/// [`MAX_WILDCARDS`] `*`, 1 to 128 of them.
///
/// Stricter than ECR, which takes patterns that no tag can match.
#[must_use]
pub fn pattern_flaw(pattern: &str) -> Option<String> {
    pattern_law(pattern).map(|(_, message)| message)
}

/// Why a text is not a legal tag prefix, or nothing: 1 to 128 characters of a tag, taken literally.
///
/// Stricter than ECR, which takes prefixes that no tag can have.
#[must_use]
pub fn prefix_flaw(prefix: &str) -> Option<String> {
    prefix_law(prefix).map(|(_, message)| message)
}

/// What is wrong with a pattern of more than [`MAX_WILDCARDS`] `*`.
pub(crate) fn too_many_wildcards(pattern: &str) -> Option<String> {
    let found = pattern.matches('*').count();
    (found > MAX_WILDCARDS).then(|| {
        format!(
            "ECR takes at most {MAX_WILDCARDS} `*` in a pattern, and this has {found}. Use fewer, or several patterns."
        )
    })
}

pub(crate) fn pattern_law(pattern: &str) -> Option<(LawId, String)> {
    too_many_wildcards(pattern)
        .map(|message| (LawId::Wildcards, message))
        .or_else(|| tag_text_law(pattern, |c| c == '*'))
}

pub(crate) fn prefix_law(prefix: &str) -> Option<(LawId, String)> {
    if prefix.contains('*') {
        let message = "A prefix is taken literally, and no tag can have a `*`. Leave it out.";
        return Some((LawId::TagText, message.to_owned()));
    }
    tag_text_law(prefix, |_| false)
}

fn tag_text_law(text: &str, also: impl Fn(char) -> bool) -> Option<(LawId, String)> {
    if text.is_empty() {
        let message = "An empty text says nothing about a tag. Write at least one character.";
        return Some((LawId::EmptyTag, message.to_owned()));
    }
    let foreign = |c: &char| !(c.is_ascii_alphanumeric() || "._-".contains(*c) || also(*c));
    if let Some(c) = text.chars().find(foreign) {
        let message = format!("No image tag can have {c:?}. Use letters, digits, `.`, `_` and `-`.");
        return Some((LawId::TagText, message));
    }
    let chars = text.chars().count();
    (chars > MAX_TAG_CHARS).then(|| {
        let message =
            format!("No image tag has more than {MAX_TAG_CHARS} characters, and this has {chars}. Shorten it.");
        (LawId::TagText, message)
    })
}
