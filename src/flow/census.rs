//! Looking at every repository there is, or those of some names, with all their settings.

use super::Read;
use super::survey::{AT_ONCE, Depth, deepen, patiently};
use crate::fault::Fault;
use crate::model::Seen;
use crate::model::name::RepositoryName;
use crate::model::repository::Repository;
use futures_util::{StreamExt as _, stream};

/// Every repository whose name is wanted, by name. What could not be read of one is [`Seen::Unreadable`] in it; a list
/// that could not be read to its end is a fault. `told` hears how many of how many are done.
pub async fn census<R: Read>(
    reader: &R,
    wanted: impl Fn(&RepositoryName) -> bool,
    told: impl Fn(usize, usize),
) -> Result<Vec<Repository>, Fault> {
    let listed = listed(reader, wanted).await?;
    let all = listed.len();
    let depth = Depth { lifecycle: true, policy: true, expected: true };
    let mut looking = stream::iter(listed)
        .map(|repository| deepen(reader, Seen::Present(repository), depth))
        .buffer_unordered(AT_ONCE);
    let mut seen = Vec::with_capacity(all);
    let mut done = 0_usize;
    while let Some(one) = looking.next().await {
        done += 1;
        told(done, all);
        // What was deleted since it was listed is not there.
        seen.extend(one.present().cloned());
    }
    seen.sort_by(|one, two| one.name.cmp(&two.name));
    Ok(seen)
}

async fn listed<R: Read>(reader: &R, wanted: impl Fn(&RepositoryName) -> bool) -> Result<Vec<Repository>, Fault> {
    let mut listed = Vec::new();
    let mut token = None;
    loop {
        let (page, next) = patiently(|| reader.page(token.clone())).await?;
        listed.extend(page.into_iter().filter(|repository| wanted(&repository.name)));
        if next.is_none() {
            return Ok(listed);
        }
        token = next;
    }
}
