//! Policy text taken apart without being rewritten.
//!
//! A parsed JSON value forgets the order of members and the spelling of strings. Statements of other people go
//! back as they came, so their text is cut out of the document instead. Every function here expects text that a
//! JSON parser has accepted already, and knows nothing of policies.

use std::collections::BTreeSet;

use super::flaw::{Flaw, join};

/// Follows JSON text character by character.
#[derive(Default)]
struct Cursor {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Cursor {
    /// Takes the next character; true when it stands outside every string.
    fn passes(&mut self, c: char) -> bool {
        if self.in_string {
            if self.escaped {
                self.escaped = false;
            } else if c == '\\' {
                self.escaped = true;
            } else if c == '"' {
                self.in_string = false;
            }
            return false;
        }
        match c {
            '"' => self.in_string = true,
            '{' | '[' => self.depth += 1,
            '}' | ']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        !self.in_string
    }
}

/// The text without the white space between its tokens; everything else stays as it is.
pub(super) fn compact(json: &str) -> String {
    let mut cursor = Cursor::default();
    json.chars().filter(|c| !cursor.passes(*c) || !c.is_ascii_whitespace()).collect()
}

/// The members or elements of a compact object or array, in their order; empty for a scalar.
pub(super) fn elements(compact: &str) -> Vec<&str> {
    let inner = compact
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .or_else(|| compact.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')))
        .unwrap_or_default();
    let mut cursor = Cursor::default();
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, c) in inner.char_indices() {
        if cursor.passes(c) && c == ',' && cursor.depth == 0 {
            parts.extend(inner.get(start..at));
            start = at + 1;
        }
    }
    parts.extend(inner.get(start..).filter(|last| !last.is_empty()));
    parts
}

/// The members of a compact object: each name (unescaped) with the text of its value, in their order.
pub(super) fn members(compact: &str) -> Vec<(String, &str)> {
    if !compact.starts_with('{') {
        return Vec::new();
    }
    elements(compact)
        .into_iter()
        .filter_map(|member| {
            let mut cursor = Cursor::default();
            let colon = member.char_indices().find(|(_, c)| cursor.passes(*c) && *c == ':')?.0;
            let name = serde_json::from_str(member.get(..colon)?).ok()?;
            Some((name, member.get(colon + 1..)?))
        })
        .collect()
}

/// A flaw for every member name that occurs twice in one object: which of the two counts is anybody's guess.
pub(super) fn duplicates(compact: &str, path: &str) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    if compact.starts_with('[') {
        for (index, element) in elements(compact).into_iter().enumerate() {
            flaws.extend(duplicates(element, &join(path, &format!("[{index}]"))));
        }
    }
    let mut seen = BTreeSet::new();
    for (name, value) in members(compact) {
        let here = join(path, &name);
        flaws.extend(duplicates(value, &here));
        if !seen.insert(name) {
            flaws.push(Flaw::new(here, "occurs twice in the same object"));
        }
    }
    flaws
}
