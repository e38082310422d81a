//! Writing a sheet in the format that was asked for.

use super::gather::Gap;
use crate::cli::args::{Format, Global};
use crate::cli::output::{data, written};
use crate::policy::wording::moment;
use crate::report::{Sheet, counts, csv, html, markdown, ocsf, sarif, table};
use anyhow::anyhow;
use serde_json::{Value, json};

/// What programs are told beside the sheet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside<'a> {
    /// What could not be read.
    pub(super) gaps: &'a [Gap],
    /// Was the whole registry looked at? Only then is it known which waivers match nothing.
    pub(super) whole: bool,
    /// Waived findings that are not shown.
    pub(super) hidden: usize,
    /// Where the policy is from.
    pub(super) origin: &'a str,
}

/// Writes to stdout.
pub(super) fn show(global: &Global, sheet: &Sheet, beside: &Beside<'_>) -> anyhow::Result<()> {
    match global.format {
        Format::Json | Format::Yaml => data(global.format, "", &value(sheet, beside)),
        Format::Markdown => written(&markdown::write(sheet)),
        Format::Html => written(&html::write(sheet)),
        Format::Csv => written(&csv::write(sheet).map_err(|why| anyhow!(why))?),
        Format::Sarif => written(&sarif::write(sheet)),
        Format::Ocsf => written(&ocsf::write(sheet)),
        // Whatever is no format of findings was refused before.
        _ => written(&table::write(sheet)),
    }
}

fn value(sheet: &Sheet, beside: &Beside<'_>) -> Value {
    let unread = beside.gaps.iter().map(|gap| json!({"image": gap.image.uri(), "reason": gap.why}));
    json!({
        "generatedAt": moment(sheet.generated_at),
        "policy": beside.origin,
        "counts": counts(&sheet.rows),
        "findings": sheet.rows,
        "waivedNotShown": beside.hidden,
        "waiversExpired": sheet.waivers_expired,
        "waiversUnused": beside.whole.then_some(&sheet.waivers_unused),
        "unread": unread.collect::<Vec<_>>(),
    })
}
