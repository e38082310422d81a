//! One statement of a policy: what it means, and the text it came as.
//!
//! May not know whose statement it is.

use std::collections::BTreeSet;

use serde_json::Value;

use super::flaw::Flaw;
use super::meaning::Meaning;
use super::principal::account_of;
use super::reading::read;
use super::rules::Kind;
use super::text::{compact, members};

/// One statement, read once. The text it came as is kept, so that a statement we do not own goes back unchanged:
/// order of members, single values and spelling included, white space between tokens aside.
///
/// `==` compares that text; [`Statement::means_the_same`] compares what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    meaning: Meaning,
    text: String,
}

impl Statement {
    /// Reads a statement declared for a private repository's policy.
    ///
    /// A principal that stands alone (`"Principal": "111122223333"`) is taken as `{"AWS": …}`, since only `"*"` may
    /// stand alone in what the service takes.
    ///
    /// # Errors
    /// Every mistake in it, with paths relative to the statement.
    pub fn parse(value: &Value) -> Result<Statement, Vec<Flaw>> {
        Statement::parse_for(Kind::Repository, value)
    }

    /// Reads a statement declared for a policy of the given kind; otherwise as [`Statement::parse`].
    ///
    /// # Errors
    /// Every mistake in it, with paths relative to the statement.
    pub fn parse_for(kind: Kind, value: &Value) -> Result<Statement, Vec<Flaw>> {
        let meaning = read(value, Some(kind))?;
        let mut value = value.clone();
        for name in ["Principal", "NotPrincipal"] {
            if let Some(principal) = value.get_mut(name)
                && principal.as_str().is_some_and(|text| text != "*")
            {
                *principal = serde_json::json!({ "AWS": principal.take() });
            }
        }
        Ok(Statement { meaning, text: value.to_string() })
    }

    /// Reads a statement the service holds, keeping its text. The text is JSON and without white space between tokens.
    pub(super) fn held(text: &str, value: &Value) -> Result<Statement, Vec<Flaw>> {
        Ok(Statement { meaning: read(value, None)?, text: text.to_owned() })
    }

    /// A statement built here, from parts that are known to be right.
    pub(super) fn built(text: &str) -> Option<Statement> {
        let value = serde_json::from_str(text).ok()?;
        Statement::held(&compact(text), &value).ok()
    }

    /// The same statement under another name.
    #[must_use]
    pub fn with_sid(mut self, sid: String) -> Statement {
        let mut parts = vec![format!("\"Sid\":{}", Value::from(sid.as_str()))];
        let rest = members(&self.text).into_iter().filter(|(name, _)| name != "Sid");
        parts.extend(rest.map(|(name, value)| format!("{}:{value}", Value::from(name))));
        self.text = format!("{{{}}}", parts.join(","));
        self.meaning.sid = Some(sid).filter(|sid| !sid.is_empty());
        self
    }

    /// The statement's name; `None` also when it is empty.
    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        self.meaning.sid.as_deref()
    }

    /// Whether the effect is Allow.
    #[must_use]
    pub fn allows(&self) -> bool {
        self.meaning.allows
    }

    /// The accounts (12 digits) that `Principal` names, by id or inside an ARN. What `NotPrincipal`, services and
    /// `"*"` stand for is not among them.
    #[must_use]
    pub fn accounts(&self) -> BTreeSet<String> {
        let named = self.meaning.principals.iter().filter(|selection| !selection.inverted);
        named.flat_map(|s| &s.members).filter_map(|(_, name)| account_of(name)).map(str::to_owned).collect()
    }

    /// Whether two statements grant or deny the same under the same name.
    #[must_use]
    pub fn means_the_same(&self, other: &Statement) -> bool {
        self.meaning == other.meaning
    }

    /// The statement as JSON, without white space between tokens.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn meaning(&self) -> &Meaning {
        &self.meaning
    }
}
