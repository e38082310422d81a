//! Many findings, as few calls.

use super::limits::{BATCH_BYTES, BATCH_COUNT};

/// Bytes between two findings, and of each bracket.
const SEPARATOR: usize = 1;

/// Findings in batches that one call takes, in their order: at most [`BATCH_COUNT`] and, commas and brackets counted, at
/// most [`BATCH_BYTES`] each. A finding larger than that, which [`super::write`] does not make, goes alone.
#[derive(Clone, Debug)]
pub struct Batches<'a, T> {
    rest: &'a [T],
}

impl<'a, T: AsRef<str>> Batches<'a, T> {
    /// Of these findings.
    pub const fn new(findings: &'a [T]) -> Self {
        Self { rest: findings }
    }

    /// How many of the rest the next call takes.
    fn fitting(&self) -> usize {
        let mut bytes = 2 * SEPARATOR;
        let fits = |finding: &T| {
            bytes = bytes.saturating_add(finding.as_ref().len()).saturating_add(SEPARATOR);
            // The last finding has no comma behind it.
            bytes - SEPARATOR <= BATCH_BYTES
        };
        let many = self.rest.iter().take(BATCH_COUNT).map(fits).take_while(|fits| *fits).count();
        many.max(1).min(self.rest.len())
    }
}

impl<'a, T: AsRef<str>> Iterator for Batches<'a, T> {
    type Item = &'a [T];

    fn next(&mut self) -> Option<&'a [T]> {
        let (batch, rest) = self.rest.split_at_checked(self.fitting())?;
        self.rest = rest;
        (!batch.is_empty()).then_some(batch)
    }
}
