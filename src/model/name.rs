//! Repository names, as ECR's own grammar has them. Knows nothing of fleets or patterns.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Shortest repository name (ECR API model, `RepositoryName`).
pub const MIN_REPOSITORY_NAME: usize = 2;
/// Longest repository name (ECR API model, `RepositoryName`).
pub const MAX_REPOSITORY_NAME: usize = 256;
/// Longest name in the public gallery (ECR Public API model, `RepositoryName`).
pub const MAX_PUBLIC_REPOSITORY_NAME: usize = 205;

/// A repository's name that ECR accepts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryName(String);

impl RepositoryName {
    /// Parses a name, or says which rule of ECR it breaks.
    pub fn parse(text: &str) -> Result<Self, String> {
        let length = text.chars().count();
        if !(MIN_REPOSITORY_NAME..=MAX_REPOSITORY_NAME).contains(&length) {
            return Err(format!(
                "is {length} characters long; ECR allows {MIN_REPOSITORY_NAME} to {MAX_REPOSITORY_NAME}"
            ));
        }
        path_flaw(text).map_or_else(|| Ok(Self(text.to_owned())), Err)
    }

    /// Parses the name of a repository in the public gallery, whose grammar is an older and narrower one (ECR Public
    /// API model, `RepositoryName`), or says which rule it breaks.
    pub fn parse_public(text: &str) -> Result<Self, String> {
        let length = text.chars().count();
        if !(MIN_REPOSITORY_NAME..=MAX_PUBLIC_REPOSITORY_NAME).contains(&length) {
            return Err(format!(
                "is {length} characters long; ECR Public allows {MIN_REPOSITORY_NAME} to {MAX_PUBLIC_REPOSITORY_NAME}"
            ));
        }
        let name = Self::parse(text)?;
        let doubled = text.split(|c: char| c.is_ascii_alphanumeric()).find(|run| run.len() > 1);
        match doubled {
            Some(run) => {
                Err(format!("has the separator {run:?}; ECR Public allows a single dot, underscore or hyphen"))
            }
            None => Ok(name),
        }
    }

    /// The name as ECR knows it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is wrong with the path parts of a name, or of the beginning of names, whatever its length.
pub fn path_flaw(text: &str) -> Option<String> {
    text.split('/').find_map(part_flaw)
}

/// What is wrong with one path part: `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*` in the words of a person.
fn part_flaw(part: &str) -> Option<String> {
    if part.is_empty() {
        return Some("has an empty path part; a slash must stand between two names".to_owned());
    }
    if let Some(bad) = part.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-')) {
        return Some(format!("contains {bad:?}; ECR allows lower-case letters, digits, and . _ - between them"));
    }
    let is_alphanumeric = |c: char| c.is_ascii_alphanumeric();
    if !part.starts_with(is_alphanumeric) || !part.ends_with(is_alphanumeric) {
        return Some(format!(
            "has the part {part:?}; each part must begin and end with a lower-case letter or a digit"
        ));
    }
    part.split(is_alphanumeric)
        .find(|run| !separator_is_legal(run))
        .map(|run| format!("has the separator {run:?}; ECR allows one dot, one or two underscores, or hyphens"))
}

fn separator_is_legal(run: &str) -> bool {
    matches!(run, "" | "." | "_" | "__") || run.chars().all(|c| c == '-')
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl TryFrom<String> for RepositoryName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<RepositoryName> for String {
    fn from(name: RepositoryName) -> Self {
        name.0
    }
}
