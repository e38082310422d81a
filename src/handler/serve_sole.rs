//! Serving what there is one of per account and Region: checked as a whole, kept as it came, told with what runs out soon.

use super::serve::{Desk, Served, nothing_to_delete, refusal, stopped};
use crate::event::reply::{Reply, Status};
use crate::event::request::{ReplyTarget, Request};
use crate::flow::declaration::{Sole, Withdrawn, accepted_before, declare, withdraw};
use crate::flow::findings::day_of;
use crate::flow::task::Task;
use crate::flow::{Declarations, Stacks};
use crate::spec::Problem;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What ends within so many days is told of.
const SOON: i64 = 7;
/// Of those that end, so many are named one by one.
const NAMED: usize = 5;

/// Checks properties, under the SSM prefix of the installation and on a day, and says what they come to in a line.
type Summary = fn(&Map<String, Value>, &str, Date) -> Result<String, Vec<Problem>>;

/// A type of which an account has one in a Region.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sort {
    /// Where it is kept, and what it is called.
    pub(super) sole: Sole,
    /// What is said of a sound one.
    pub(super) summary: Summary,
    /// What holds once it is deleted.
    pub(super) without: &'static str,
    /// What happens while one that was accepted before cannot be used.
    pub(super) unusable: &'static str,
}

/// Create and Update.
pub(super) async fn write<W: Stacks + Declarations>(
    sort: &Sort,
    desk: &Desk<'_, W>,
    task: &Task,
    target: &ReplyTarget,
    request: &Request,
) -> Served {
    let physical_id = target.resource_id();
    let properties = &request.properties;
    let today = day_of(desk.now.saturating_mul(1_000));
    let summary = match (sort.summary)(properties, desk.parameter_prefix, today) {
        Ok(summary) => format!("{} as declared: {summary}", sort.sole.noun),
        // A rollback cannot be told from an Update, and must get through.
        Err(problems) => match accepted_before(desk.world, task, sort.sole, properties).await {
            Ok(true) => accepted_once(sort, &problems),
            Ok(false) => return Served::Refused(Reply::failed(physical_id, refusal(&problems))),
            Err(fault) => {
                let why = "Whether this was accepted before could not be found out";
                let reason = format!("{} {why}: {fault}", refusal(&problems));
                return Served::Decided(Reply::failed(physical_id, reason));
            }
        },
    };
    match declare(desk.world, task, sort.sole, properties).await {
        Ok(remark) => {
            let reason = [Some(summary), remark].into_iter().flatten().collect::<Vec<_>>().join("; ");
            let data = return_values(sort, desk, task);
            Served::Decided(Reply { status: Status::Success, reason, physical_id, data })
        }
        Err(why) => stopped(physical_id, &why),
    }
}

/// Delete. Neither the properties nor the physical id are asked: what is ours is known by stack and logical id.
pub(super) async fn erase<W: Declarations>(
    sort: &Sort,
    desk: &Desk<'_, W>,
    task: &Task,
    target: &ReplyTarget,
) -> Served {
    let noun = sort.sole.noun;
    Served::Decided(match withdraw(desk.world, task, sort.sole).await {
        Ok(Withdrawn::Removed) => Reply {
            status: Status::Success,
            reason: format!("deleted; without a {noun} {}", sort.without),
            physical_id: target.resource_id(),
            data: BTreeMap::new(),
        },
        Ok(Withdrawn::Absent) => nothing_to_delete(target, &format!("no {noun} is declared")),
        Ok(Withdrawn::NotOurs(whose)) => nothing_to_delete(target, &format!("the {noun} is declared by {whose}")),
        Err(why) => return stopped(target.resource_id(), &why),
    })
}

fn return_values<W>(sort: &Sort, desk: &Desk<'_, W>, task: &Task) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("RegistryId".to_owned(), task.identity.stack.place.account.clone()),
        ("DeclarationUri".to_owned(), format!("s3://{}/{}", desk.state_bucket, sort.sole.key)),
    ])
}

/// What a newer checker refuses is declared again, and says what that means.
fn accepted_once(sort: &Sort, problems: &[Problem]) -> String {
    let list: Vec<String> = problems.iter().map(ToString::to_string).collect();
    format!(
        "{} as it was declared before. This version of ecr-steward cannot use it, and {} until it is mended: {}",
        sort.sole.noun,
        sort.unusable,
        list.join(" | ")
    )
}

/// What has ended or ends soon, in brackets; empty where nothing does. Each item with its last day.
pub(super) fn endings(items: &[(String, Date)], today: Date) -> String {
    let soon = today.checked_add(SOON.days()).unwrap_or(Date::MAX);
    let among = |is_one: &dyn Fn(Date) -> bool| {
        items.iter().filter(|(_, until)| is_one(*until)).map(|(name, until)| format!("{name} on {until}")).collect()
    };
    let expired: Vec<String> = among(&|until| until < today);
    let ending: Vec<String> = among(&|until| (today..=soon).contains(&until));
    let notes: Vec<String> =
        [named(expired, "expired"), named(ending, "expiring within 7 days")].into_iter().flatten().collect();
    if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) }
}

fn named(names: Vec<String>, how: &str) -> Option<String> {
    let count = names.len();
    (count > 0).then(|| format!("{count} {how}: {}", first_few(names)))
}

/// The first few, and how many there are beside them.
pub(super) fn first_few(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}

pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
