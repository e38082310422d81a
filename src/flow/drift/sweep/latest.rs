//! Which report is the latest, and which came before it. Two sweeps may end in another order than they began in.

use super::super::Book;
use super::shape::VERSION;
use super::store::{JSON, json};
use crate::event::drift::SweepId;
use crate::fault::{Fault, FaultKind};
use crate::flow::Version;
use crate::report::compliance::{Documents, Previous};
use serde::{Deserialize, Serialize};

/// Says which report is the latest.
pub(super) const LATEST: &str = "drift/latest.json";
/// Where people look, without the ending.
const SHOWN: &str = "reports/latest";
/// Times a write is tried again that another sweep came before.
const TRIES: usize = 5;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pointer {
    version: u32,
    sweep: SweepId,
    /// Where its report lies, without the ending.
    report: String,
    /// The same of the one before it.
    #[serde(default)]
    before: Option<String>,
}

async fn pointer(world: &impl Book) -> Result<(Option<Pointer>, Version), Fault> {
    let Some((bytes, version)) = world.read(LATEST).await? else { return Ok((None, Version::New)) };
    // One that cannot be read is written anew; nothing but "since the last report" hangs on it.
    Ok((serde_json::from_slice(&bytes).ok(), version))
}

/// The report before a sweep's; an error is what to say of one that cannot be read.
pub(super) async fn previous(world: &impl Book, sweep: &SweepId) -> Result<Result<Option<Previous>, String>, Fault> {
    let (Some(pointer), _) = pointer(world).await? else { return Ok(Ok(None)) };
    let report =
        if pointer.sweep < *sweep { Some(pointer.report) } else { pointer.before.filter(|_| pointer.sweep == *sweep) };
    let Some(report) = report else { return Ok(Ok(None)) };
    let Some((bytes, _)) = world.read(&format!("{report}.json")).await? else { return Ok(Ok(None)) };
    let unreadable = |flaw| format!("nothing is said of changes since {report}.json, which cannot be read: {flaw}");
    Ok(Previous::read(&bytes).map(Some).map_err(unreadable))
}

/// A report that was written before; its JSON is written last.
pub(super) async fn written(world: &impl Book, report: &str) -> Result<Option<Documents>, Fault> {
    let Some((json, _)) = world.read(&format!("{report}.json")).await? else { return Ok(None) };
    let csv = world.read(&format!("{report}.csv")).await?;
    let html = world.read(&format!("{report}.html")).await?;
    let bytes = |found: Option<(Vec<u8>, Version)>| found.map(|(bytes, _)| bytes);
    Ok(bytes(csv).zip(bytes(html)).map(|(csv, html)| Documents { json, csv, html }))
}

/// Writes a report below a key.
pub(super) async fn write(world: &impl Book, report: &str, documents: &Documents) -> Result<(), Fault> {
    let Documents { json, csv, html } = documents;
    world.write(&format!("{report}.csv"), csv.clone(), "text/csv; charset=utf-8", None).await?;
    world.write(&format!("{report}.html"), html.clone(), "text/html; charset=utf-8", None).await?;
    world.write(&format!("{report}.json"), json.clone(), JSON, None).await.map(|_| ())
}

/// Shows a report as the latest, unless a newer one is.
pub(super) async fn show(world: &impl Book, sweep: &SweepId, report: &str, documents: &Documents) -> Result<(), Fault> {
    let mut overtaken = None;
    for _ in 0..TRIES {
        let (known, version) = pointer(world).await?;
        if let Some(newer) = known.as_ref().filter(|pointer| pointer.sweep > *sweep) {
            // It came between: what was written here may lie over it.
            if overtaken.is_some()
                && let Some(theirs) = written(world, &newer.report).await?
            {
                write(world, SHOWN, &theirs).await?;
            }
            return Ok(());
        }
        write(world, SHOWN, documents).await?;
        let before =
            known.and_then(|pointer| if pointer.sweep == *sweep { pointer.before } else { Some(pointer.report) });
        let own = Pointer { version: VERSION, sweep: sweep.clone(), report: report.to_owned(), before };
        match world.write(LATEST, json(LATEST, &own)?, JSON, Some(&version)).await {
            Err(fault) if fault.kind == FaultKind::Conflict => overtaken = Some(fault),
            other => return other.map(|_| ()),
        }
    }
    overtaken.map_or(Ok(()), Err)
}
