//! A whole policy document.
//!
//! Knows the envelope around the statements. May not know whose they are.

use std::collections::BTreeSet;

use serde_json::Value;

use super::flaw::{Flaw, did_you_mean, join};
use super::statement::Statement;
use super::text::{compact, duplicates, elements, members};

const MEMBERS: [&str; 3] = ["Version", "Id", "Statement"];

/// The version of the policy language. They differ in one thing that matters here: only the newer one replaces
/// policy variables (`${…}`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// 2008-10-17, also meant by a document that names none.
    Older,
    /// 2012-10-17.
    Newer,
}

/// An IAM policy document of a repository (or registry), parsed once, compared by meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    version: Version,
    id: Option<String>,
    statements: Vec<Statement>,
}

impl Document {
    /// Reads a policy the service holds. Statements keep their text. What a declaration would be refused for (the
    /// unique id of a deleted principal, say) is no flaw here; what would make a comparison a guess is.
    ///
    /// # Errors
    /// Every reason why the text cannot be compared.
    pub fn parse_text(text: &str) -> Result<Document, Vec<Flaw>> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| vec![Flaw::new("", format!("is not JSON: {error}"))])?;
        let Value::Object(map) = &value else {
            return Err(vec![Flaw::new("", "a policy is a JSON object")]);
        };
        let text = compact(text);
        let mut flaws = duplicates(&text, "");
        for name in map.keys().filter(|name| !MEMBERS.contains(&name.as_str())) {
            flaws.push(Flaw::new(name, format!("is no member of a policy{}", did_you_mean(name, &MEMBERS))));
        }
        let version = match map.get("Version").map(Value::as_str) {
            Some(Some("2012-10-17")) => Version::Newer,
            None | Some(Some("2008-10-17")) => Version::Older,
            Some(_) => {
                flaws.push(Flaw::new("Version", "is neither \"2012-10-17\" nor \"2008-10-17\""));
                Version::Older
            }
        };
        if map.get("Id").is_some_and(|id| !id.is_string()) {
            flaws.push(Flaw::new("Id", "must be a string"));
        }
        let id = map.get("Id").and_then(Value::as_str).map(str::to_owned);
        let statements = read_statements(&text, map.get("Statement"), &mut flaws);
        if flaws.is_empty() { Ok(Document { version, id, statements }) } else { Err(flaws) }
    }

    /// A document of the current version, without an Id.
    #[must_use]
    pub fn from_statements(statements: Vec<Statement>) -> Document {
        Document { version: Version::Newer, id: None, statements }
    }

    /// The statements in their order.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The document with only those statements that `keep` holds for, in their order and as they came.
    #[must_use]
    pub fn retaining(&self, keep: impl Fn(&Statement) -> bool) -> Document {
        let mut rest = self.clone();
        rest.statements.retain(keep);
        rest
    }

    /// The document with each statement as `edit` leaves it, `None` being gone, in their order.
    #[must_use]
    pub fn edited(&self, edit: impl Fn(&Statement) -> Option<Statement>) -> Document {
        Document { statements: self.statements.iter().filter_map(edit).collect(), ..self.clone() }
    }

    /// The policy text to write: always the same for the same document, nothing in it that could be left out.
    ///
    /// The version is 2012-10-17, unless the document is of the older one and holds a `${`: that is plain text
    /// there and would become a variable.
    #[must_use]
    pub fn to_text(&self) -> String {
        let version = match self.version {
            Version::Older if self.has_variables() => "2008-10-17",
            _ => "2012-10-17",
        };
        let id = self.id.as_ref().map(|id| format!("\"Id\":{},", Value::from(id.as_str()))).unwrap_or_default();
        let statements: Vec<&str> = self.statements.iter().map(Statement::text).collect();
        format!("{{\"Version\":\"{version}\",{id}\"Statement\":[{}]}}", statements.join(","))
    }

    /// Whether both documents grant and deny the same under the same Sids.
    ///
    /// Order, repetition, single values instead of lists, letter case of actions and of condition keys, an account
    /// id instead of its root ARN and the document's Id make no difference. Neither does the version, as long as
    /// no policy variable occurs.
    #[must_use]
    pub fn means_the_same(&self, other: &Document) -> bool {
        let mine: BTreeSet<_> = self.statements.iter().map(Statement::meaning).collect();
        let theirs: BTreeSet<_> = other.statements.iter().map(Statement::meaning).collect();
        mine == theirs && (self.version == other.version || !self.has_variables())
    }

    /// Whether there is no statement at all, so that the document grants and denies nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// The length of [`Document::to_text`] in characters, to hold against
    /// [`MAX_POLICY_CHARACTERS`](super::MAX_POLICY_CHARACTERS).
    #[must_use]
    pub fn len_in_characters(&self) -> usize {
        self.to_text().chars().count()
    }

    pub(super) fn has_variables(&self) -> bool {
        self.statements.iter().any(|statement| statement.meaning().has_variables())
    }

    /// Whether `${` is plain text in this document: written in the newer version, it would become a variable.
    #[must_use]
    pub fn has_literal_variables(&self) -> bool {
        self.version == Version::Older && self.has_variables()
    }

    /// The same envelope with more statements behind those there are.
    pub(super) fn followed_by(mut self, more: &[Statement]) -> Document {
        if !self.has_variables() {
            self.version = Version::Newer;
        }
        self.statements.extend_from_slice(more);
        self
    }
}

fn read_statements(text: &str, value: Option<&Value>, flaws: &mut Vec<Flaw>) -> Vec<Statement> {
    let list = match value {
        Some(Value::Array(list)) => list.as_slice(),
        // A single statement may stand without a list around it.
        Some(Value::Object(_)) => value.map(std::slice::from_ref).unwrap_or_default(),
        Some(_) => {
            flaws.push(Flaw::new("Statement", "must be a statement or a list of statements"));
            return Vec::new();
        }
        None => {
            flaws.push(Flaw::new("Statement", "is missing"));
            return Vec::new();
        }
    };
    let whole = members(text).into_iter().find(|(name, _)| name == "Statement").map_or("", |(_, value)| value);
    let texts = if whole.starts_with('[') { elements(whole) } else { vec![whole] };
    let mut statements = Vec::new();
    for (index, (value, text)) in list.iter().zip(texts).enumerate() {
        let path =
            if whole.starts_with('[') { join("Statement", &format!("[{index}]")) } else { "Statement".to_owned() };
        match Statement::held(text, value) {
            Ok(statement) => statements.push(statement),
            Err(found) => flaws.extend(found.into_iter().map(|flaw| flaw.under(&path))),
        }
    }
    statements
}
