//! Writing: data to stdout, talk to stderr.

use super::args::Format;
use anyhow::Context as _;
use serde_json::Value;
use std::io::{ErrorKind, IsTerminal as _, Write as _};

/// Writes the result of a command. `table` is the text for people.
pub(super) fn data(format: Format, table: &str, value: &Value) -> anyhow::Result<()> {
    let text = match format {
        Format::Json => serde_json::to_string_pretty(value).context("the result cannot be written as JSON")?,
        Format::Yaml => serde_norway::to_string(value).context("the result cannot be written as YAML")?,
        // The others are written by the commands that have them.
        _ => table.to_owned(),
    };
    written(&text)
}

/// Writes a text to stdout.
pub(super) fn written(text: &str) -> anyhow::Result<()> {
    let text = text.trim_end();
    let mut out = std::io::stdout().lock();
    let written = writeln!(out, "{text}").and_then(|()| out.flush());
    match written {
        // Whoever read has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.context("stdout cannot be written to"),
    }
}

/// Says something to whoever watches.
pub(super) fn talk(line: &str) {
    // Nobody is left to tell when stderr is gone.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Says how far the work is, where a terminal is there to show it.
pub(super) fn progress(line: &str) {
    if std::io::stderr().is_terminal() {
        talk(line);
    }
}

/// Says how much of long work is done, on one line of the terminal that is written again and again.
pub(super) fn progress_of(done: usize, all: usize, what: &str) {
    const EVERY: usize = 25;
    if (done.is_multiple_of(EVERY) || done == all) && std::io::stderr().is_terminal() {
        let end = if done == all { "\n" } else { "" };
        let _ = write!(std::io::stderr().lock(), "\r{done}/{all} {what}{end}");
    }
}

/// `1 problem`, `2 problems`.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}
