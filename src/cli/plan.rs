//! `plan`: what would be changed, by somebody who cannot change anything.

use super::args::{Global, PlanArgs};
use super::check::problem_lines;
use super::connect::{Looker, Whereabouts, connect};
use super::output::{data, progress, talk};
use super::preview::{AT_APPLY, Looked, Subject, look, plan};
use super::read::File;
use super::template::{self, Declared, FLEET};
use super::{Verdict, owner, read};
use crate::model::identity::Identity;
use crate::plan::{Plan, show};
use crate::spec::Problem;
use crate::spec::fleet::{Surroundings, check};
use anyhow::{anyhow, bail};
use serde_json::{Map, Value, json};

/// Runs `plan`.
pub(super) async fn run(global: &Global, args: &PlanArgs) -> anyhow::Result<Verdict> {
    let file = read::file(&args.file)?;
    let (looker, whereabouts) = {
        let (aws, whereabouts) = connect(global, args).await?;
        (Looker::new(aws, args), whereabouts)
    };
    let declared = declared(args, &file, &whereabouts)?;
    let wish = match wish(global, args, &whereabouts, &declared)? {
        Ok(wish) => wish,
        Err(problems) => return invalid(global, &declared, &problems),
    };
    if args.stack.is_some() && args.state_bucket.is_none() {
        talk(
            "ecr-steward: without --state-bucket the resource's record is not read: what it adopted and what left its declaration is not in this plan",
        );
    }
    progress(&format!("looking at {} repositories …", wish.subject.fleet.repositories.len()));
    let seen = look(&looker, &wish.subject).await?;
    let plan = plan(&wish.subject, &seen, AT_APPLY);
    data(global.format, &text(&plan), &as_json(&plan, &wish.subject))?;
    Ok(verdict(&plan, &seen))
}

/// A declaration that is fine, and as whose.
pub(super) struct Wish {
    /// Owner and fleet.
    pub(super) subject: Subject,
    /// The properties as the function would get them.
    pub(super) properties: Map<String, Value>,
}

/// The one declaration meant.
pub(super) fn declared(args: &PlanArgs, file: &File, whereabouts: &Whereabouts) -> anyhow::Result<Declared> {
    let mut given = whereabouts.names();
    given.extend(args.choice.parameters.iter().cloned());
    let one = template::only(template::declared(file, &given)?, args.choice.logical_id.as_deref())?;
    if one.kind != FLEET && one.properties.is_ok() {
        bail!("{}: {} can be checked here, but only {FLEET} can be planned and applied", one.place(), one.kind);
    }
    Ok(one)
}

/// Checks a declaration and finds out whose it is; the inner `Err` holds every problem.
pub(super) fn wish(
    global: &Global,
    args: &PlanArgs,
    whereabouts: &Whereabouts,
    declared: &Declared,
) -> anyhow::Result<Result<Wish, Vec<Problem>>> {
    let properties = declared.properties.as_ref().map_err(|unknown| anyhow!("{}: {unknown}", declared.place()))?;
    let around = Surroundings { partition: &whereabouts.place.partition, parameter_prefix: &global.parameter_prefix };
    let fleet = match check(properties, &around) {
        Ok(fleet) => fleet,
        Err(problems) => return Ok(Err(problems)),
    };
    let identity = match &whereabouts.stack {
        Some((stack, _)) => {
            let said = args.choice.logical_id.as_ref().or(declared.logical_id.as_ref());
            let Some(logical_id) = said else {
                bail!("--stack needs --logical-id: the logical id of the custom resource in the stack's template");
            };
            Identity { stack: stack.clone(), logical_id: logical_id.clone() }
        }
        None => owner::terminal(&whereabouts.place, &fleet, args.owner_name.as_deref()),
    };
    let subject = Subject {
        identity,
        fleet,
        parameter_prefix: global.parameter_prefix.clone(),
        keeps_ledger: args.state_bucket.is_some(),
    };
    Ok(Ok(Wish { subject, properties: properties.clone() }))
}

/// Prints the problems of a declaration that cannot be planned.
pub(super) fn invalid(global: &Global, declared: &Declared, problems: &[Problem]) -> anyhow::Result<Verdict> {
    let items: Vec<Value> =
        problems.iter().map(|problem| json!({"path": problem.path, "message": problem.message})).collect();
    data(global.format, &problem_lines(&declared.place(), problems).join("\n"), &json!({"problems": items}))?;
    Ok(Verdict::Found)
}

/// The plan and its fingerprint for people.
pub(super) fn text(plan: &Plan) -> String {
    format!("{}\nfingerprint {}", show::text(plan), plan.fingerprint())
}

/// The plan for programs, with whose it is and where.
pub(super) fn as_json(plan: &Plan, subject: &Subject) -> Value {
    let mut value = show::json(plan);
    if let Value::Object(members) = &mut value {
        let place = &subject.identity.stack.place;
        members.insert("owner".to_owned(), subject.identity.owner().into());
        members.insert("account".to_owned(), place.account.clone().into());
        members.insert("region".to_owned(), place.region.clone().into());
        members.insert("summary".to_owned(), show::summary(plan).into());
    }
    value
}

/// An obstacle that comes of something unreadable is not a finding: it could not be told.
pub(super) fn verdict(plan: &Plan, looked: &Looked) -> Verdict {
    if !plan.blocked.is_empty() && looked.has_gaps() {
        Verdict::CannotTell
    } else if plan.is_converged() {
        Verdict::Clean
    } else {
        Verdict::Found
    }
}
