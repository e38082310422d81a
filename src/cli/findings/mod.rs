//! `findings`: what scans found, as it is remembered or as ECR says it now.
//!
//! `gather` brings the images' records together, `sift` judges them and keeps what is asked for, `show` writes it;
//! `explain` says why one finding is told or not, and `import` brings in the past.

mod explain;
mod gather;
mod import;
mod show;
mod sift;

use super::args::Global;
use super::args_findings::{FindingsArgs, Include};
use super::installation::{Thing, open};
use super::output::talk;
use super::policy::policy;
use super::{Verdict, image};
use crate::aws::Forwarder;
use crate::flow::findings::day_of;
use crate::model::name::RepositoryName;
use crate::policy::waivers::expired;
use crate::report::{Sheet, WaiverNote};
use anyhow::{anyhow, bail};
use gather::{Gap, Scope};
use sift::Sieve;

/// Runs `findings`.
pub(super) async fn run(global: &Global, args: &FindingsArgs) -> anyhow::Result<Verdict> {
    if let Some(since) = &args.import_since {
        return import::run(global, args, since).await;
    }
    let scope = args.image.is_none().then(|| named(args)).transpose()?;
    let needs_bucket = !args.live || args.judged.policy.is_none();
    let needs: &[Thing] = if needs_bucket { &[Thing::StateBucket] } else { &[] };
    let forwarder = open(global, &args.place, needs).await?;
    let now = jiff::Timestamp::now().as_millisecond();
    let today = day_of(now);
    let policy = policy(global, &args.judged, &forwarder, today).await?;
    let scope = match (scope, &args.image) {
        (Some(scope), _) => scope,
        (None, text) => Scope::Image(image::find(&forwarder, text.as_deref().unwrap_or_default()).await?),
    };
    if args.explain {
        return explain::run(global, args, &forwarder, &policy.policy, &scope).await;
    }
    let mut sieve = Sieve::new(args, &policy.policy, today);
    let gaps = gathered(&forwarder, args.live, &scope, &mut |record| sieve.take(record)).await?;
    let whole = scope.is_everything() && !args.live && gaps.is_empty();
    let unused = if whole { sieve.unused() } else { Vec::new() };
    let expired: Vec<WaiverNote> = expired(&policy.policy, today).into_iter().map(WaiverNote::from).collect();
    let (rows, hidden) = (sieve.rows, sieve.hidden);
    let has_active = rows.iter().any(crate::report::Row::is_active);
    let sheet = Sheet::new(now, rows).with_waivers(unused, expired);
    show::show(global, &sheet, &show::Beside { gaps: &gaps, whole, hidden, origin: &policy.origin })?;
    said(args, &gaps, hidden);
    let found = if has_active { Verdict::Found } else { Verdict::Clean };
    Ok(if gaps.is_empty() { found } else { found.max(Verdict::CannotTell) })
}

/// The repositories that are meant.
fn named(args: &FindingsArgs) -> anyhow::Result<Scope> {
    let wild = |glob: &&crate::spec::findings::Glob| glob.0.contains(['*', '?']);
    if args.repositories.is_empty() || args.repositories.iter().any(|glob| wild(&glob)) {
        if args.live {
            bail!("--live asks ECR about each image: give one --image, or one --repository without wildcards");
        }
        return Ok(Scope::Matching(args.repositories.clone()));
    }
    let parse = |name: &str| RepositoryName::parse(name).map_err(|flaw| anyhow!("--repository {name:?} {flaw}"));
    let names: Vec<RepositoryName> =
        args.repositories.iter().map(|glob| parse(&glob.0)).collect::<anyhow::Result<_>>()?;
    if args.live && names.len() > 1 {
        bail!("--live asks ECR about each image: give one --repository only");
    }
    Ok(Scope::Named(names))
}

/// Every record of what is meant, one after the other; returns what could not be read.
async fn gathered(
    forwarder: &Forwarder,
    live: bool,
    scope: &Scope,
    each: &mut (dyn FnMut(crate::policy::record::ImageRecord) + Send),
) -> anyhow::Result<Vec<Gap>> {
    Ok(if live {
        gather::live(forwarder, scope, each).await?
    } else {
        gather::remembered(forwarder, scope, each).await?
    })
}

/// What is not data.
fn said(args: &FindingsArgs, gaps: &[Gap], hidden: usize) {
    const MOST: usize = 20;
    if hidden > 0 && !args.includes(Include::Waived) {
        talk(&format!("ecr-steward: waived and not shown: {hidden}; --include waived shows them"));
    }
    for gap in gaps.iter().take(MOST) {
        talk(&format!("ecr-steward: {}: {}", gap.image, gap.why));
    }
    if gaps.len() > MOST {
        talk(&format!("ecr-steward: and {} more that could not be read", gaps.len() - MOST));
    }
}
