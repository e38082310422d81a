//! `findings --explain`: which waiver and which route does what to a vulnerability in an image, and why.

use super::gather::Scope;
use super::{gathered, said};
use crate::aws::Forwarder;
use crate::cli::Verdict;
use crate::cli::args::Global;
use crate::cli::args_findings::FindingsArgs;
use crate::cli::output::{counted, data};
use crate::flow::findings::{Scans as _, day_of};
use crate::model::image::ImageRef;
use crate::model::repository::Tags;
use crate::policy::hub::is_ours_to_send;
use crate::policy::judge::{self, judge, may_be_fixable};
use crate::policy::record::{ImageRecord, Kept};
use crate::policy::waivers::{Subject, covers, waiver_for};
use crate::policy::wording::{line, moment, package};
use crate::spec::findings::{FindingsPolicy, Route, Sink};
use jiff::civil::Date;
use serde_json::{Value, json};

/// What an explanation rests on.
struct Ground<'a> {
    policy: &'a FindingsPolicy,
    tags: Tags,
    today: Date,
}

/// What is said of one finding.
struct Said {
    is_active: bool,
    lines: Vec<String>,
    value: Value,
}

/// Explains.
pub(super) async fn run(
    global: &Global,
    args: &FindingsArgs,
    forwarder: &Forwarder,
    policy: &FindingsPolicy,
    scope: &Scope,
) -> anyhow::Result<Verdict> {
    let mut records: Vec<ImageRecord> = Vec::new();
    let gaps = gathered(forwarder, args.live, scope, &mut |record| records.push(record)).await?;
    let today = day_of(jiff::Timestamp::now().as_millisecond());
    let tags = match records.first().filter(|_| policy.looks_at_tags()) {
        Some(record) => forwarder.repository_tags(forwarder.place(), &record.image.repository).await?,
        None => None,
    };
    let ground = Ground { policy, tags: tags.unwrap_or_default(), today };
    let mut all = Vec::new();
    for record in &records {
        let asked = |kept: &&Kept| {
            args.vulnerability.as_ref().is_some_and(|glob| glob.matches_any_case(&kept.finding.vulnerability))
        };
        all.extend(record.findings.values().filter(asked).map(|kept| explain(&ground, record, kept)));
    }
    let mut lines: Vec<String> = all.iter().flat_map(|said| said.lines.clone()).collect();
    if all.is_empty() {
        lines.push(format!("no such finding in {}", counted(records.len(), "image", "images")));
    }
    let values: Vec<&Value> = all.iter().map(|said| &said.value).collect();
    data(global.format, &lines.join("\n"), &json!({"findings": values}))?;
    said(args, &gaps, 0);
    let found = if all.iter().any(|said| said.is_active) { Verdict::Found } else { Verdict::Clean };
    Ok(if gaps.is_empty() { found } else { found.max(Verdict::CannotTell) })
}

fn explain(ground: &Ground<'_>, record: &ImageRecord, kept: &Kept) -> Said {
    let subject = Subject::from(record);
    let finding = &kept.finding;
    let waived = match judge(ground.policy, subject, finding, ground.today) {
        judge::Verdict::Waived(by) => Some(by),
        judge::Verdict::Report => None,
    };
    let state = match (&waived, kept.gone) {
        (_, Some(gone)) => format!("gone since {}", moment(gone)),
        (Some(by), None) => format!("waived: {}", by.reason),
        (None, None) => "active".to_owned(),
    };
    let waivers: Vec<String> = waivers(ground, subject, kept);
    let routes: Vec<(String, bool, String)> = ground
        .policy
        .routes
        .iter()
        .enumerate()
        .map(|(at, route)| {
            let (wants, why) = route_says(ground, route, &record.image, kept, waived.is_some());
            (format!("Routes[{at}] {}", route.sink.as_str()), wants, why)
        })
        .collect();
    let gate = gate(ground, kept, waived.is_some());
    let head =
        format!("{} {} {} in {}", line(&finding.vulnerability, 100), finding.severity, package(finding), record.image);
    let hub = hub(kept);
    let mut lines = vec![head, format!("  {}; first seen {}", line(&state, 300), moment(kept.created))];
    lines.extend(waivers.iter().map(|text| format!("  {}", line(text, 400))));
    lines.extend(
        routes
            .iter()
            .map(|(name, wants, why)| format!("  {name}: {}{}", if *wants { "yes, " } else { "no, " }, line(why, 300))),
    );
    lines.push(format!("  gate: {gate}"));
    lines.extend(hub.iter().map(|text| format!("  Security Hub: {}", line(text, 400))));
    let routes: Vec<Value> =
        routes.iter().map(|(name, wants, why)| json!({"route": name, "wants": wants, "why": why})).collect();
    let value = json!({
        "image": record.image.uri(),
        "vulnerability": finding.vulnerability,
        "package": finding.package,
        "version": finding.version,
        "severity": finding.severity,
        "state": state,
        "firstSeen": moment(kept.created),
        "waivers": waivers,
        "routes": routes,
        "gate": gate,
        "securityHub": hub,
    });
    Said { is_active: waived.is_none() && kept.gone.is_none(), lines, value }
}

/// Every waiver that is about the finding: the one that holds, those that would, and those whose day is past.
fn waivers(ground: &Ground<'_>, subject: Subject<'_>, kept: &Kept) -> Vec<String> {
    let chosen = waiver_for(ground.policy, subject, &kept.finding, ground.today);
    let about = ground.policy.waivers.iter().filter(|waiver| covers(waiver, subject, &kept.finding));
    let mut lines: Vec<String> = about
        .map(|waiver| {
            let what = if chosen.is_some_and(|chosen| std::ptr::eq(chosen, waiver)) {
                "waives it"
            } else if waiver.holds_on(ground.today) {
                "would waive it too"
            } else {
                "has expired"
            };
            let owner = waiver.owner.as_deref().map(|owner| format!(", {owner}")).unwrap_or_default();
            format!("{} {what}: until {}{owner}: {}", waiver.path, waiver.until, waiver.reason)
        })
        .collect();
    if kept.finding.suppressed {
        lines.push("it is suppressed in Amazon Inspector, by a rule there".to_owned());
    }
    if lines.is_empty() {
        lines.push("no waiver is about it".to_owned());
    }
    lines
}

/// Does a route want it, and why?
fn route_says(ground: &Ground<'_>, route: &Route, image: &ImageRef, kept: &Kept, is_waived: bool) -> (bool, String) {
    let (finding, repository) = (&kept.finding, image.repository.as_str());
    if !route.repositories.iter().any(|glob| glob.matches(repository)) {
        let globs: Vec<&str> = route.repositories.iter().map(|glob| glob.0.as_str()).collect();
        return (false, format!("it is for repositories {}", globs.join(", ")));
    }
    if !route.covers(repository, &ground.tags) {
        return (false, "it is for repositories with other tags".to_owned());
    }
    if finding.severity < route.minimum_severity {
        return (false, format!("it is for {} and worse", route.minimum_severity));
    }
    if !route.wants(repository, &ground.tags, finding) {
        return (false, "it is for what an update mends, and this is known to have no fix".to_owned());
    }
    if route.sink == Sink::SecurityHub && !is_ours_to_send(finding.scanner, ground.policy.forward_enhanced) {
        return (
            false,
            "Inspector brings its findings to Security Hub itself (ForwardEnhancedToSecurityHub)".to_owned(),
        );
    }
    match (is_waived, route.sink.keeps_state()) {
        (true, true) => (true, "as a waived finding".to_owned()),
        (true, false) => (false, "it is waived".to_owned()),
        (false, true) => (true, "whenever it changes".to_owned()),
        (false, false) => (true, format!("when it is new or changes ({:?})", route.when)),
    }
}

fn gate(ground: &Ground<'_>, kept: &Kept, is_waived: bool) -> &'static str {
    let (gate, finding) = (ground.policy.gate, &kept.finding);
    if kept.gone.is_some() {
        "does not block, it is gone"
    } else if finding.is_about_scanning() {
        "does not pass, since nobody can tell what is in the image"
    } else if is_waived {
        "does not block, it is waived"
    } else if finding.severity < gate.minimum_severity {
        "does not block, it is not bad enough"
    } else if gate.only_fixable && !may_be_fixable(finding) {
        "does not block, it is known to have no fix"
    } else {
        "blocks"
    }
}

/// What Security Hub was told, and what it said.
fn hub(kept: &Kept) -> Option<String> {
    let hub = kept.hub.as_ref()?;
    if let Some(refused) = &hub.refused {
        return Some(format!("it refused it: {}", refused.reason));
    }
    let what = if hub.archived { "was told that it is gone" } else { "has it" };
    (hub.told > 0).then(|| format!("{what}, as of {}", moment(hub.at)))
}
