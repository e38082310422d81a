//! The report as JSON: numbers first, then one repository to a line.

use super::line::Line;
use super::told::Head;

/// Writes repository by repository.
#[derive(Debug, Default)]
pub(super) struct Json {
    repositories: Vec<u8>,
}

impl Json {
    /// Nothing in a line can fail to be written: its keys are strings, and there are no numbers that are none.
    pub(super) fn add(&mut self, line: &Line<'_>) {
        self.repositories.extend_from_slice(if self.repositories.is_empty() { b"\n    " } else { b",\n    " });
        let _ = serde_json::to_writer(&mut self.repositories, line);
    }

    /// What is known at the end only is put before the lines, in place, so that they are in memory once.
    pub(super) fn finish(self, head: &Head) -> Vec<u8> {
        let mut before = serde_json::to_vec_pretty(head).unwrap_or_default();
        // Without the end of the object: a line end and a brace.
        before.truncate(before.len().saturating_sub(2));
        before.extend_from_slice(b",\n  \"repositories\": [");
        let mut out = self.repositories;
        out.splice(..0, before);
        out.extend_from_slice(b"\n  ]\n}\n");
        out
    }
}
