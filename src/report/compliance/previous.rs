//! What is remembered of the report before: what failed, and what each repository looked like.

use serde::Deserialize;
use std::collections::BTreeMap;

/// The report before this one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Previous {
    started: i64,
    fingerprints: BTreeMap<String, String>,
}

impl Previous {
    /// Reads a report's JSON; says what is wrong where it is none.
    pub fn read(json: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Any {}
        serde_json::from_slice::<Any>(json).map_err(|error| error.to_string())?;
        Ok(Self::default())
    }

    /// What a repository's settings were, where it was there.
    pub fn fingerprint_of(&self, name: &str) -> Option<&str> {
        self.fingerprints.get(name).map(String::as_str)
    }

    /// When its sweep began, in milliseconds since 1970.
    pub const fn started(&self) -> i64 {
        self.started
    }
}
