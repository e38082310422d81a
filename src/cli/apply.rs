//! `apply`: plans again, performs exactly that, and accounts for every step.
//!
//! With a state bucket the walk is `flow::declare`, as in the function. Without one there is no record, so only
//! what is owned already can be changed and what is free can be created. An interrupted run leaves at worst a
//! claim in the record, which the next run takes over; applying again goes on from there.

use super::args::{ApplyArgs, Global, PlanArgs};
use super::connect::{Looker, Whereabouts, connect};
use super::output::{counted, data, progress, talk};
use super::plan::{Wish, as_json, declared, invalid, text, verdict, wish};
use super::preview::{AT_APPLY, Looked, Subject, busy, look, plan};
use super::template::FLEET;
use super::witness::{Became, Witness};
use super::{Verdict, owner, read};
use crate::flow::carry_out::carry_out;
use crate::flow::declare::{Declared, declare};
use crate::flow::task::{Stopped, Task};
use crate::model::identity::{Identity, fingerprint};
use crate::plan::Plan;
use crate::plan::ledger::Declaration;
use anyhow::bail;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// Runs `apply`.
pub(super) async fn run(global: &Global, args: &ApplyArgs) -> anyhow::Result<Verdict> {
    if args.plan.stack.is_some() && args.plan.state_bucket.is_none() {
        bail!(
            "--stack acts for a custom resource, whose record lies in the state bucket; give --state-bucket (the installation's output StateBucketName)"
        );
    }
    let file = read::file(&args.plan.file)?;
    let (aws, whereabouts) = connect(global, &args.plan).await?;
    let looker = Looker::new(aws.clone(), &args.plan);
    let declared = declared(&args.plan, &file, &whereabouts)?;
    let wish = match wish(global, &args.plan, &whereabouts, &declared)? {
        Ok(wish) => wish,
        Err(problems) => return invalid(global, &declared, &problems),
    };
    refuse_strange_resource(&looker, &whereabouts, &wish.subject.identity).await?;
    progress(&format!("looking at {} repositories …", wish.subject.fleet.repositories.len()));
    let seen = look(&looker, &wish.subject).await?;
    let task = task(&args.plan, &wish.subject);
    if let Some(why) = busy(&whereabouts, &seen.ledger, task.now) {
        bail!("nothing was changed: {why}");
    }
    if let Some(refused) = refusal(global, args, &wish.subject, &seen)? {
        return Ok(refused);
    }
    let exact = plan(&wish.subject, &seen, &task.now_text());
    let witness = Witness::new(aws, looker, &exact);
    let result = if wish.subject.keeps_ledger {
        let stopped = Box::pin(declare(&witness, &task, declaration(&wish, &task))).await;
        stopped.map_err(|stopped| stopped_reason(&stopped))
    } else {
        without_ledger(&witness, &exact, &task).await
    };
    report(global, &wish.subject, &exact, &witness, result)
}

/// A mistyped logical id would make repositories that belong to nobody.
async fn refuse_strange_resource(
    looker: &Looker,
    whereabouts: &Whereabouts,
    identity: &Identity,
) -> anyhow::Result<()> {
    let Some((stack, _)) = &whereabouts.stack else { return Ok(()) };
    let id = &identity.logical_id;
    match looker.resource_type(&stack.arn, id).await? {
        Some(kind) if kind == FLEET || kind == "AWS::CloudFormation::CustomResource" => Ok(()),
        Some(kind) => bail!("{id} of the stack {} is a {kind}, not a {FLEET}", stack.name),
        None => bail!("the stack {} has no resource {id}; check --logical-id", stack.name),
    }
}

fn task(args: &PlanArgs, subject: &Subject) -> Task {
    let now = jiff::Timestamp::now().as_second();
    let steps_until = Instant::now() + Duration::from_secs(u64::from(subject.fleet.service_timeout));
    Task {
        identity: subject.identity.clone(),
        request_id: format!("{}{now}-{}", owner::HOLDER, std::process::id()),
        parameter_prefix: subject.parameter_prefix.clone(),
        state_bucket: args.state_bucket.clone().unwrap_or_default(),
        now,
        steps_until,
        claim_until: Task::lapse(now, steps_until),
        waiting: None,
    }
}

fn declaration(wish: &Wish, task: &Task) -> Declaration {
    Declaration {
        request_id: task.request_id.clone(),
        fingerprint: fingerprint(Value::Object(wish.properties.clone()).to_string().as_bytes()),
        fleet: wish.subject.fleet.clone(),
    }
}

/// A stale plan, or one with obstacles, is shown and not performed.
fn refusal(global: &Global, args: &ApplyArgs, subject: &Subject, looked: &Looked) -> anyhow::Result<Option<Verdict>> {
    let shown = plan(subject, looked, AT_APPLY);
    let now = shown.fingerprint();
    let stale = args.expect.as_ref().filter(|expected| **expected != now);
    if stale.is_none() && shown.blocked.is_empty() {
        return Ok(None);
    }
    data(global.format, &text(&shown), &as_json(&shown, subject))?;
    if let Some(expected) = stale {
        talk(&format!("ecr-steward: nothing was changed: the plan is {now} now, not {expected}; look at it again"));
        return Ok(Some(Verdict::Found));
    }
    let count = counted(shown.blocked.len(), "obstacle stands", "obstacles stand");
    talk(&format!("ecr-steward: nothing was changed: {count} in the way"));
    Ok(Some(verdict(&shown, looked)))
}

/// Creates what is free and changes what is owned; nothing else can be in such a plan.
async fn without_ledger(witness: &Witness, exact: &Plan, task: &Task) -> Result<Declared, (Verdict, String)> {
    let outcome = carry_out(witness, exact, task.steps_until).await;
    let failures = outcome.failures();
    if failures.is_empty() {
        let remarks = exact.retained.iter().map(|kept| format!("{}: {}", kept.repository, kept.reason)).collect();
        return Ok(Declared { writes: outcome.done(), remarks, warnings: Vec::new() });
    }
    Err(stopped_reason(&Stopped::Partial { failures, done: outcome.done() }))
}

fn stopped_reason(stopped: &Stopped) -> (Verdict, String) {
    let verdict = if matches!(stopped, Stopped::Blocked(_)) { Verdict::Found } else { Verdict::CannotTell };
    let reason = match stopped {
        // Whether anything was changed is in the account.
        Stopped::Fault(fault) => fault.to_string(),
        Stopped::Blocked(_)
        | Stopped::Partial { .. }
        | Stopped::Busy(_)
        | Stopped::Superseded { .. }
        | Stopped::Unfinished { .. } => stopped.reason(),
    };
    (verdict, reason)
}

/// The account: every step of the plan and what became of it.
fn report(
    global: &Global,
    subject: &Subject,
    exact: &Plan,
    witness: &Witness,
    result: Result<Declared, (Verdict, String)>,
) -> anyhow::Result<Verdict> {
    let mut lines = Vec::new();
    let mut value = as_json(exact, subject);
    let mut done: usize = 0;
    let steps = exact.chains.iter().flat_map(|chain| chain.steps.iter().map(move |step| (chain, step)));
    for (index, (chain, step)) in steps.enumerate() {
        let (word, fault) = match witness.became(&step.change) {
            Became::Done => ("done", None),
            Became::Failed(fault) => ("failed", Some(fault.to_string())),
            Became::NotReached => ("not reached", None),
        };
        done += usize::from(word == "done");
        let why = fault.as_ref().map_or_else(|| format!(" ({})", step.why), |fault| format!(": {fault}"));
        lines.push(format!("{word:<11} {} {}{why}", chain.repository, step.change.action()));
        if let Some(item) = value.pointer_mut(&format!("/steps/{index}")).and_then(Value::as_object_mut) {
            item.insert("outcome".to_owned(), word.into());
            item.insert("fault".to_owned(), json!(fault));
        }
    }
    let (verdict, declared, error) = match result {
        Ok(declared) => (Verdict::Clean, declared, None),
        Err((verdict, reason)) => (verdict, Declared::default(), Some(reason)),
    };
    lines.extend(declared.remarks.iter().cloned());
    lines.push(format!(
        "{done} of {} made, as {}",
        counted(exact.len(), "change", "changes"),
        subject.identity.owner()
    ));
    if let Value::Object(members) = &mut value {
        members.insert("done".to_owned(), done.into());
        members.insert("remarks".to_owned(), json!(declared.remarks));
        members.insert("error".to_owned(), json!(error));
        // The fingerprint is that of a plan yet to be performed.
        members.remove("fingerprint");
    }
    data(global.format, &lines.join("\n"), &value)?;
    for warning in &declared.warnings {
        talk(&format!("ecr-steward: {warning}"));
    }
    if owner::is_terminal(&subject.identity) && !exact.released.is_empty() {
        talk(
            "ecr-steward: released repositories stay until somebody deletes them; declaring them again claims them back",
        );
    }
    if let Some(error) = error {
        talk(&format!("ecr-steward: {error}"));
    }
    Ok(verdict)
}
