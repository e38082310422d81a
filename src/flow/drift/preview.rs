//! ECR's own preview of a lifecycle policy before it is written: what would go, and whether that may be.

use super::{Expiring, Images, PreviewState, Previews};
use crate::fault::FaultKind;
use crate::lifecycle;
use crate::model::name::RepositoryName;
use crate::spec::findings::Glob;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long a preview is waited for: ECR takes seconds for most repositories, and a walk has others to visit.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks at it.
const PAUSE: Duration = Duration::from_secs(1);
/// More than this many of a hundred images may not go at once (contract).
const LARGEST_SHARE: usize = 50;
/// Images named in a refusal.
const NAMED: usize = 3;

/// What a policy would do to the images that are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Images it would expire or archive.
    pub images: Vec<Expiring>,
    /// How many of them would expire.
    pub expiring: usize,
}

/// Has ECR preview a policy, or the one in force where `text` is none. `Err` says why there is no preview.
pub async fn forecast<W: Previews>(
    world: &W,
    name: &RepositoryName,
    text: Option<&str>,
    until: Instant,
) -> Result<Forecast, String> {
    start(world, name, text, until).await?;
    let mut images = Vec::new();
    let mut token: Option<String> = None;
    loop {
        match world.preview(name, token.clone()).await {
            Ok(PreviewState::Ended { of: Some(of), .. }) if text.is_some_and(|text| !is_the_same(text, &of)) => {
                return Err("somebody else had another policy previewed meanwhile".to_owned());
            }
            Ok(PreviewState::Ended { page: (page, next), expiring, .. }) => {
                images.extend(page);
                let Some(next) = next else {
                    let expiring = usize::try_from(expiring).unwrap_or(usize::MAX);
                    return Ok(Forecast { images, expiring });
                };
                token = Some(next);
            }
            // One that was started a moment ago may not be known yet.
            Ok(PreviewState::Going | PreviewState::Absent) if token.is_none() => pause(until).await?,
            Ok(PreviewState::Going | PreviewState::Absent) => {
                return Err("the preview began anew while it was read".to_owned());
            }
            Ok(PreviewState::Failed(state)) => return Err(format!("ECR ended the preview as {state}")),
            Err(fault) => return Err(fault.to_string()),
        }
    }
}

/// ECR keeps one preview per repository: what is read may be another's.
fn is_the_same(text: &str, of: &str) -> bool {
    let parsed = |text: &str| serde_json::from_str(text).ok().and_then(|value| lifecycle::parse_lenient(&value).ok());
    match (parsed(text), parsed(of)) {
        (Some(one), Some(other)) => one.means_the_same(&other),
        _ => text == of,
    }
}

/// Starts it, once no other is under way: of that one nobody could tell what it is of.
async fn start<W: Previews>(
    world: &W,
    name: &RepositoryName,
    text: Option<&str>,
    until: Instant,
) -> Result<(), String> {
    loop {
        match world.start_preview(name, text).await {
            Ok(()) => return Ok(()),
            Err(fault) if fault.kind == FaultKind::Conflict => {
                pause(until).await.map_err(|_| "another preview of it is under way and does not end".to_owned())?;
            }
            Err(fault) => return Err(fault.to_string()),
        }
    }
}

async fn pause(until: Instant) -> Result<(), String> {
    if Instant::now() + PAUSE >= until {
        return Err("the preview did not end in time".to_owned());
    }
    sleep(PAUSE).await;
    Ok(())
}

/// Why a lifecycle policy may not be written, where it may not: what it would expire, or that nobody can tell.
pub(super) async fn objection<W: Previews + Images>(
    world: &W,
    name: &RepositoryName,
    text: &str,
    protected: &[String],
    until: Instant,
) -> Option<String> {
    let unknown = |why: String| {
        Some(format!(
            "the lifecycle preview: what the policy would expire could not be found out ({why}), so it is not written; it is tried again in the next look. `ecr-steward preview-lifecycle` shows the same from a terminal"
        ))
    };
    match world.holds_images(name).await {
        Ok(false) => return None,
        Ok(true) => {}
        Err(fault) => return unknown(fault.to_string()),
    }
    let forecast = match forecast(world, name, Some(text), until.min(Instant::now() + PATIENCE)).await {
        Ok(forecast) => forecast,
        Err(why) => return unknown(why),
    };
    if let Some(why) = protected_goes(&forecast, protected) {
        return Some(why);
    }
    if forecast.expiring == 0 {
        return None;
    }
    match count(world, name, until).await {
        Ok(all) if forecast.expiring.saturating_mul(100) > all.saturating_mul(LARGEST_SHARE) => Some(format!(
            "the lifecycle preview: the policy would expire {} of {all} images, more than {LARGEST_SHARE} %, so it is not written. Look at `ecr-steward preview-lifecycle`; write it by hand where that is meant, or let the policy keep more",
            forecast.expiring
        )),
        Ok(_) => None,
        Err(why) => unknown(why),
    }
}

fn protected_goes(forecast: &Forecast, protected: &[String]) -> Option<String> {
    let goes = forecast.images.iter().filter(|image| image.action == "EXPIRE");
    let marked: Vec<String> = goes
        .filter_map(|image| {
            let covers = |tag: &&String| protected.iter().any(|glob| Glob(glob.clone()).matches(tag));
            let tag = image.tags.iter().find(covers)?;
            Some(format!("{} (tag {tag}, by rule {})", image.digest.short(), image.priority))
        })
        .collect();
    if marked.is_empty() {
        return None;
    }
    let named = marked.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let more = marked.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(format!(
        "the lifecycle preview: the policy would expire images that are protected ({}): {named}{more}, so it is not written. Give those tags a rule of their own ahead of the others, or take them out of ProtectedTagPatterns",
        protected.join(", ")
    ))
}

/// All images of a repository. `Err` says why they could not be counted.
pub async fn count<W: Images>(world: &W, name: &RepositoryName, until: Instant) -> Result<usize, String> {
    let mut all = 0_usize;
    let mut token = None;
    loop {
        if Instant::now() >= until {
            return Err("there was no time to count the images".to_owned());
        }
        let page = world.stored_page(name, false, token).await.map_err(|fault| fault.to_string())?;
        let Some((page, next)) = page else { return Err("the repository is gone".to_owned()) };
        all = all.saturating_add(page.len());
        token = next;
        if token.is_none() {
            return Ok(all);
        }
    }
}
