//! Serving `Custom::EcrFindingsPolicy`: checked as a whole, kept as it came, told with what runs out soon.

use super::serve::{Desk, Served, nothing_to_delete, refusal, stopped};
use crate::event::reply::{Reply, Status};
use crate::event::request::{ReplyTarget, Request};
use crate::flow::declaration::{Sole, Withdrawn, accepted_before, declare, withdraw};
use crate::flow::findings::day_of;
use crate::flow::task::Task;
use crate::flow::{Declarations, Stacks};
use crate::policy::declared::POLICY_KEY;
use crate::spec::Problem;
use crate::spec::findings::{FindingsPolicy, Waiver, check};
use jiff::ToSpan as _;
use jiff::civil::Date;
use std::collections::BTreeMap;

const POLICY: Sole = Sole { key: POLICY_KEY, noun: "findings policy" };
/// A waiver that ends within so many days is told of.
const SOON: i64 = 7;
/// Waivers named one by one.
const NAMED: usize = 5;

/// Create and Update.
pub(super) async fn write<W: Stacks + Declarations>(
    desk: &Desk<'_, W>,
    task: &Task,
    target: &ReplyTarget,
    request: &Request,
) -> Served {
    let physical_id = target.resource_id();
    let properties = &request.properties;
    let summary = match check(properties, desk.parameter_prefix) {
        Ok(policy) => summary(&policy, day_of(desk.now.saturating_mul(1_000))),
        // A rollback cannot be told from an Update, and must get through.
        Err(problems) => match accepted_before(desk.world, task, POLICY, properties).await {
            Ok(true) => accepted_once(&problems),
            Ok(false) => return Served::Refused(Reply::failed(physical_id, refusal(&problems))),
            Err(fault) => {
                let why = "Whether this was accepted before could not be found out";
                let reason = format!("{} {why}: {fault}", refusal(&problems));
                return Served::Decided(Reply::failed(physical_id, reason));
            }
        },
    };
    match declare(desk.world, task, POLICY, properties).await {
        Ok(remark) => {
            let reason = [Some(summary), remark].into_iter().flatten().collect::<Vec<_>>().join("; ");
            let data = return_values(desk, task);
            Served::Decided(Reply { status: Status::Success, reason, physical_id, data })
        }
        Err(why) => stopped(physical_id, &why),
    }
}

/// Delete. Neither the properties nor the physical id are asked: what is ours is known by stack and logical id.
pub(super) async fn erase<W: Declarations>(desk: &Desk<'_, W>, task: &Task, target: &ReplyTarget) -> Served {
    Served::Decided(match withdraw(desk.world, task, POLICY).await {
        Ok(Withdrawn::Removed) => Reply {
            status: Status::Success,
            reason: "deleted; without a findings policy the default routes hold and nothing is waived".to_owned(),
            physical_id: target.resource_id(),
            data: BTreeMap::new(),
        },
        Ok(Withdrawn::Absent) => nothing_to_delete(target, "no findings policy is declared"),
        Ok(Withdrawn::NotOurs(whose)) => {
            nothing_to_delete(target, &format!("the findings policy is declared by {whose}"))
        }
        Err(why) => return stopped(target.resource_id(), &why),
    })
}

fn return_values<W>(desk: &Desk<'_, W>, task: &Task) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("RegistryId".to_owned(), task.identity.stack.place.account.clone()),
        ("DeclarationUri".to_owned(), format!("s3://{}/{}", desk.state_bucket, POLICY.key)),
    ])
}

/// The policy in a line.
fn summary(policy: &FindingsPolicy, today: Date) -> String {
    let routes = counted(policy.routes.len(), "route");
    let defaults = if policy.routes.iter().any(|route| route.explicit) { "" } else { " (the default ones)" };
    let waivers = counted(policy.waivers.len(), "waiver");
    let soon = today.checked_add(SOON.days()).unwrap_or(Date::MAX);
    let expired: Vec<&Waiver> = policy.waivers.iter().filter(|waiver| !waiver.holds_on(today)).collect();
    let ending: Vec<&Waiver> =
        policy.waivers.iter().filter(|waiver| waiver.holds_on(today) && waiver.until <= soon).collect();
    let notes: Vec<String> =
        [named(&expired, "expired"), named(&ending, "expiring within 7 days")].into_iter().flatten().collect();
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
    format!("findings policy as declared: {routes}{defaults}, {waivers}{notes}")
}

fn named(waivers: &[&Waiver], how: &str) -> Option<String> {
    let one = |waiver: &&Waiver| format!("{} {} on {}", waiver.path, waiver.vulnerability.0, waiver.until);
    let mut names: Vec<String> = waivers.iter().take(NAMED).map(one).collect();
    let more = waivers.len().saturating_sub(NAMED);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    (!waivers.is_empty()).then(|| format!("{} {how}: {}", waivers.len(), names.join(", ")))
}

/// What a newer checker refuses is declared again, and says what that means.
fn accepted_once(problems: &[Problem]) -> String {
    let list: Vec<String> = problems.iter().map(ToString::to_string).collect();
    format!(
        "findings policy as it was declared before. This version of ecr-steward cannot use it, and findings wait until it is mended: {}",
        list.join(" | ")
    )
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
