//! Many findings, as few calls.

use super::limits::{BATCH_BYTES, BATCH_COUNT};
use std::iter::Peekable;

/// Bytes between two findings, and of each bracket.
const SEPARATOR: usize = 1;

/// Findings in batches that one call takes, in their order: at most [`BATCH_COUNT`] and, commas and brackets counted, at
/// most [`BATCH_BYTES`] each. A finding larger than that, which [`super::write`] does not make, goes alone. Each comes
/// with whatever tells its owner which one it is.
///
/// Lazy: a finding is written down when its batch is wanted, so that of many findings few are in memory as text.
pub struct Batches<T, I: Iterator<Item = (T, String)>> {
    rest: Peekable<I>,
}

impl<T, I: Iterator<Item = (T, String)>> Batches<T, I> {
    /// Of these findings.
    pub fn new(findings: I) -> Self {
        Self { rest: findings.peekable() }
    }
}

impl<T, I: Iterator<Item = (T, String)>> Iterator for Batches<T, I> {
    type Item = (Vec<T>, Vec<String>);

    fn next(&mut self) -> Option<Self::Item> {
        let (first, text) = self.rest.next()?;
        let mut bytes = text.len().saturating_add(2 * SEPARATOR);
        let (mut whose, mut texts) = (vec![first], vec![text]);
        while texts.len() < BATCH_COUNT {
            let fits =
                |(_, text): &(T, String)| bytes.saturating_add(SEPARATOR).saturating_add(text.len()) <= BATCH_BYTES;
            let Some((next, text)) = self.rest.next_if(fits) else { break };
            bytes = bytes.saturating_add(SEPARATOR).saturating_add(text.len());
            whose.push(next);
            texts.push(text);
        }
        Some((whose, texts))
    }
}
