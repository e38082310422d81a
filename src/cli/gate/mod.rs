//! `gate`: may an image pass? Asked of ECR now, and closed where nobody can tell.
//!
//! A tag is resolved once, and the verdict is about the digest it pointed to. Of an index every image must pass.

mod show;

use super::Verdict;
use super::args::Global;
use super::args_findings::GateArgs;
use super::image::{Found, find};
use super::installation::{Thing, open};
use super::output::{progress, talk};
use super::policy::policy;
use super::sight::{Sight, sights};
use crate::aws::Forwarder;
use crate::flow::findings::day_of;
use crate::flow::findings::look::Looked;
use crate::model::finding::Finding;
use crate::model::image::ImageRef;
use crate::policy::gate::{GateVerdict, Gated, gate};
use crate::policy::waivers::Subject;
use crate::spec::findings::FindingsPolicy;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two looks at a scan that has not ended.
const PAUSE: Duration = Duration::from_secs(5);

/// What was judged, and how.
struct Judged {
    image: ImageRef,
    tags: Vec<String>,
    origin: String,
    policy: FindingsPolicy,
    parts: Vec<Part>,
}

/// One image of it: itself, or one of the index it is.
struct Part {
    image: ImageRef,
    platform: Option<String>,
    gated: Gated,
}

impl Judged {
    /// The verdict on the whole. What blocks outweighs what cannot be told, for that is the clearer answer.
    fn verdict(&self) -> Verdict {
        let of = |part: &Part| match part.gated.verdict {
            GateVerdict::Pass => Verdict::Clean,
            GateVerdict::Blocked(_) => Verdict::Found,
            GateVerdict::CannotTell(_) => Verdict::CannotTell,
        };
        self.parts.iter().map(of).max().unwrap_or(Verdict::CannotTell)
    }
}

/// Runs `gate`.
pub(super) async fn run(global: &Global, args: &GateArgs) -> anyhow::Result<Verdict> {
    let needs: &[Thing] = if args.judged.policy.is_none() { &[Thing::StateBucket] } else { &[] };
    let forwarder = open(global, &args.place, needs).await?;
    let today = day_of(jiff::Timestamp::now().as_millisecond());
    let mut judging = policy(global, &args.judged, &forwarder, today).await?;
    let gate = &mut judging.policy.gate;
    gate.minimum_severity = args.minimum_severity.unwrap_or(gate.minimum_severity);
    gate.only_fixable = args.only_fixable.unwrap_or(gate.only_fixable);
    let Found { image, tags } = find(&forwarder, &args.image).await?;
    let seen = looked(&forwarder, &image, &tags, Duration::from_secs(args.wait)).await;
    // What lies in an index beside images (an attestation) is not run.
    let has_image = seen.iter().any(|sight| !is_artifact(sight));
    let is_beside =
        |sight: &Sight| is_artifact(sight) && sight.parent.as_ref().is_some_and(|parent| parent.platform.is_none());
    let counted = seen.into_iter().filter(|sight| !has_image || !is_beside(sight));
    let parts = counted.map(|sight| part(&judging.policy, sight, today)).collect();
    let judged = Judged { image, tags, origin: judging.origin, policy: judging.policy, parts };
    show::show(global.format, &judged)?;
    let verdict = judged.verdict();
    if verdict == Verdict::CannotTell {
        talk("ecr-steward: nobody can tell what is in the image, so it does not pass");
    }
    Ok(verdict)
}

/// Looks, and for as long as the scan has not ended looks again.
async fn looked(forwarder: &Forwarder, image: &ImageRef, tags: &[String], patience: Duration) -> Vec<Sight> {
    let until = Instant::now() + patience;
    loop {
        let seen = sights(forwarder, image, tags).await;
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || !seen.iter().any(Sight::is_unfinished) {
            return seen;
        }
        progress(&format!("the scan has not ended; waiting for {} more seconds at most …", left.as_secs()));
        sleep(PAUSE.min(left)).await;
    }
}

const fn is_artifact(sight: &Sight) -> bool {
    matches!(sight.looked, Ok(Looked::Artifact(_)))
}

fn part(policy: &FindingsPolicy, sight: Sight, today: Date) -> Part {
    let doubt = sight.doubt();
    let index = sight.parent.as_ref().map(|parent| &parent.digest);
    let gated = match sight.looked {
        Ok(Looked::Read(whole)) => {
            let findings: Vec<Finding> = whole.reading.findings.into_values().collect();
            gate(policy, Subject { image: &sight.image, index }, &whole.status, &findings, today)
        }
        _ => Gated {
            verdict: GateVerdict::CannotTell(doubt.unwrap_or_default()),
            waived: Vec::new(),
            counts: BTreeMap::new(),
        },
    };
    Part { platform: sight.parent.and_then(|parent| parent.platform), image: sight.image, gated }
}
