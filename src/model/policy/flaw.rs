//! Problems found in a policy, collected rather than thrown one at a time.
//!
//! Knows nothing of policies themselves.

use std::fmt;

/// One problem, with the place it was found at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flaw {
    /// Where, relative to what was read: `Statement[0].Action[1]`, `Principal.AWS`, or empty for the whole.
    pub path: String,
    /// What is wrong and what is allowed, as a clause without a full stop.
    pub message: String,
}

impl Flaw {
    /// A flaw at a path.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Flaw {
        Flaw { path: path.into(), message: message.into() }
    }

    /// The same flaw seen from one level further out, e.g. `Action` under `PolicyStatements[2]`.
    #[must_use]
    pub fn under(self, parent: &str) -> Flaw {
        Flaw { path: join(parent, &self.path), message: self.message }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { out.write_str(&self.message) } else { write!(out, "{}: {}", self.path, self.message) }
    }
}

/// `parent.child`, without the dot before an index or beside an empty side.
pub(super) fn join(parent: &str, child: &str) -> String {
    if parent.is_empty() || child.is_empty() || child.starts_with('[') {
        format!("{parent}{child}")
    } else {
        format!("{parent}.{child}")
    }
}

/// The known name a misspelt one was probably meant to be, as a clause to append, or nothing.
pub(super) fn did_you_mean(word: &str, known: &[&str]) -> String {
    let lower = word.to_lowercase();
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= 2.max(name.len() / 4))
        .min()
        .map(|(_, name)| format!("; did you mean {name}?"))
        .unwrap_or_default()
}
