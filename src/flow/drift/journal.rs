//! The journal: what was before and what is after, written before the first write, so that `ecr-steward revert` can put
//! it back whatever happens to the writer.
//!
//! A change is one visit that mends one repository. Its id comes of what led there and of the repository, never of what is
//! mended: a delivery that comes again after half of the writes finds fewer things to mend, and is the same change.

use super::{Book, papers};
use crate::fault::Fault;
use crate::flow::findings::day_of;
use crate::model::identity::fingerprint;
use crate::model::name::RepositoryName;
use crate::plan::undo::Altered;
use serde::{Deserialize, Serialize};

/// The shape of the entries this version writes and reads.
pub const VERSION: u32 = 1;
/// All entries lie below this, by day.
pub const PREFIX: &str = "journal/";

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// [`VERSION`]
    pub version: u32,
    /// The change's id: 16 hexadecimal digits.
    pub id: String,
    /// The repository.
    pub repository: RepositoryName,
    /// When it was begun (RFC 3339).
    pub at: String,
    /// What led to it: an event's id, a sweep's, or a revert.
    pub cause: String,
    /// Whose call led to it, where a call did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// What it alters.
    pub lines: Vec<Line>,
}

/// One attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// The rules that ask for it.
    pub rules: Vec<String>,
    /// Before and after.
    #[serde(flatten)]
    pub altered: Altered,
}

/// The id of the change that something leads to in a repository.
pub fn change_id(cause: &str, repository: &RepositoryName) -> String {
    fingerprint(format!("{cause}\n{repository}").as_bytes())
}

/// Where a change's entry lies, begun at `at`, in milliseconds since 1970.
pub fn key(id: &str, at: i64) -> String {
    format!("{PREFIX}{}/{id}.json", day_of(at))
}

/// Enters a change. One that was entered before keeps what was before it.
pub(super) async fn enter(world: &impl Book, key: &str, entry: &Entry) -> Result<(), Fault> {
    papers::amend(world, key, |known: &mut Option<Entry>| {
        let merged = match known.take() {
            Some(earlier) => {
                let merged = merge(&earlier, entry);
                let same = merged == earlier;
                *known = Some(merged);
                return (!same, ());
            }
            None => entry.clone(),
        };
        *known = Some(merged);
        (true, ())
    })
    .await
}

fn merge(earlier: &Entry, entry: &Entry) -> Entry {
    let mut merged = earlier.clone();
    // What follows a creation belongs to it.
    if earlier.lines.iter().any(|line| line.altered == Altered::Existence) {
        return merged;
    }
    for line in &entry.lines {
        let known = merged.lines.iter_mut().find(|known| known.altered.attribute() == line.altered.attribute());
        if let Some(known) = known {
            known.altered = line.altered.clone().from(&known.altered);
            let more = line.rules.iter().filter(|rule| !known.rules.contains(rule)).cloned().collect::<Vec<_>>();
            known.rules.extend(more);
        } else {
            merged.lines.push(line.clone());
        }
    }
    merged
}

/// Finds a change by its id, with the key it lies under.
pub async fn find(world: &impl Book, id: &str) -> Result<Option<(Entry, String)>, Fault> {
    let name = format!("/{id}.json");
    let mut token = None;
    loop {
        let (page, next) = world.list(PREFIX, token).await?;
        if let Some(found) = page.into_iter().find(|entry| entry.key.ends_with(&name)) {
            return Ok(papers::read(world, &found.key).await?.map(|(entry, _)| (entry, found.key)));
        }
        token = next;
        if token.is_none() {
            return Ok(None);
        }
    }
}
