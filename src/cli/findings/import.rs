//! `findings --import-since`: asks the function to look at what was scanned before it was there, alerting nobody.

use crate::cli::Verdict;
use crate::cli::args::Global;
use crate::cli::args_findings::FindingsArgs;
use crate::cli::installation::{Thing, open};
use crate::cli::output::data;
use crate::event::findings::{Job, ReconcileJob, VERSION};
use crate::flow::findings::Jobs as _;
use anyhow::{anyhow, bail};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;

/// Sends the job.
pub(super) async fn run(global: &Global, args: &FindingsArgs, since: &str) -> anyhow::Result<Verdict> {
    let since = moment(since)?;
    if since > Timestamp::now() {
        bail!("--import-since: {since} is yet to come");
    }
    let forwarder = open(global, &args.place, &[Thing::Queue]).await?;
    let job = ReconcileJob { version: VERSION, since: Some(since.as_second()), quiet: true, resume: None };
    forwarder.enqueue(&[Job::Reconcile(job)], 0).await?;
    let place = forwarder.place();
    let text = format!(
        "asked for: every image in {}, {} that was scanned or pushed since {since} is looked at in the minutes to come.\nSecurity Hub and the archive get what is found; nobody is alerted. What is known already is not sent twice.",
        place.account, place.region
    );
    let value = json!({
        "importSince": since.to_string(),
        "account": place.account,
        "region": place.region,
        "quiet": true,
    });
    data(global.format, &text, &value)?;
    Ok(Verdict::Clean)
}

/// A day begins at midnight in UTC.
fn moment(text: &str) -> anyhow::Result<Timestamp> {
    let day = text.parse::<Date>().ok().filter(|_| text.len() == "2026-01-31".len());
    let midnight = day.and_then(|day| day.to_zoned_datetime(TimeZone::UTC).ok()).map(|zoned| zoned.timestamp());
    midnight.or_else(|| text.parse().ok()).ok_or_else(|| {
        anyhow!("--import-since: {text:?} is neither a day (2026-01-31) nor a time (2026-01-31T12:00:00Z)")
    })
}
