//! What waits in the dead-letter queue, and what became of it, for people and programs.

use super::sort::{Errand, Sorted, Waiting};
use crate::cli::output::counted;
use crate::event::letters::Again;
use crate::policy::wording::{line, moment};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a run came to.
pub(super) struct Done<'a> {
    pub(super) sent: &'a [Errand],
    /// Letters whose jobs were sent.
    pub(super) letters: usize,
    /// Letters whose jobs could not be sent.
    pub(super) kept: usize,
    pub(super) unreadable: &'a [Waiting],
    /// Letters nobody asked for.
    pub(super) left: usize,
    /// Are there more than were taken?
    pub(super) more: bool,
}

const MORE: &str = "there are more; --max takes more at a time";

/// The letters that were asked for, in lines.
pub(super) fn list_text(sorted: &Sorted, more: bool) -> String {
    let mut lines: Vec<String> = shown(sorted).map(|waiting| line(&sentence(waiting), 600)).collect();
    let mut sum = counted(lines.len(), "letter", "letters");
    let (jobs, unreadable) = (sorted.errands.len(), sorted.unreadable.len());
    if jobs > 0 {
        sum = format!("{sum}, to be replayed as {}", counted(jobs, "job", "jobs"));
    }
    if unreadable > 0 {
        sum = format!("{sum}; {unreadable} unreadable");
    }
    if !sorted.left.is_empty() {
        sum = format!("{sum}; {} not asked for", sorted.left.len());
    }
    lines.push(sum);
    lines.extend(more.then(|| MORE.to_owned()));
    lines.join("\n")
}

/// The same for programs.
pub(super) fn list_value(sorted: &Sorted, more: bool) -> Value {
    let letters: Vec<Value> = shown(sorted).map(value).collect();
    json!({"letters": letters, "jobs": sorted.errands.len(), "notAskedFor": sorted.left.len(), "more": more})
}

/// What was done.
pub(super) fn done_text(done: &Done<'_>) -> String {
    let mut lines: Vec<String> = done.sent.iter().map(sent).collect();
    lines.extend(done.unreadable.iter().map(|waiting| line(&format!("left: {}", sentence(waiting)), 600)));
    let mut sum = format!(
        "{} replayed as {}",
        counted(done.letters, "letter", "letters"),
        counted(done.sent.len(), "job", "jobs")
    );
    let rest = [(done.kept, "not sent"), (done.unreadable.len(), "unreadable"), (done.left, "not asked for")];
    for (number, what) in rest.into_iter().filter(|(number, _)| *number > 0) {
        sum = format!("{sum}; {number} {what}");
    }
    lines.push(sum);
    lines.extend(done.more.then(|| MORE.to_owned()));
    lines.join("\n")
}

/// One job, and what it is for.
fn sent(errand: &Errand) -> String {
    const MOST: usize = 10;
    let about: BTreeSet<&str> = errand.letters.iter().filter_map(|waiting| waiting.reread.vulnerability()).collect();
    let mut named: Vec<&str> = about.iter().copied().take(MOST).collect();
    named.extend((about.len() > MOST).then_some("…"));
    let about = if named.is_empty() { String::new() } else { format!(": {}", named.join(", ")) };
    line(&format!("sent: {} ({}{about})", errand.what, counted(errand.letters.len(), "letter", "letters")), 600)
}

/// The same for programs.
pub(super) fn done_value(done: &Done<'_>, troubles: &[String]) -> Value {
    let sent = done
        .sent
        .iter()
        .map(|errand| json!({"what": errand.what, "letters": errand.letters.iter().map(value).collect::<Vec<_>>()}));
    json!({
        "sent": sent.collect::<Vec<_>>(),
        "replayed": done.letters,
        "notSent": done.kept,
        "unreadable": done.unreadable.iter().map(value).collect::<Vec<_>>(),
        "notAskedFor": done.left,
        "more": done.more,
        "troubles": troubles,
    })
}

fn shown(sorted: &Sorted) -> impl Iterator<Item = &Waiting> {
    sorted.errands.iter().flat_map(|errand| &errand.letters).chain(&sorted.unreadable)
}

fn sentence(waiting: &Waiting) -> String {
    let reread = &waiting.reread;
    let when = waiting.letter.sent_at.map(moment).unwrap_or_default();
    let sink = reread.sink().map(|sink| format!("{sink} ")).unwrap_or_default();
    let what = [reread.vulnerability().map(str::to_owned), subject(waiting)].into_iter().flatten();
    let what = what.collect::<Vec<_>>().join(" in ");
    format!("{when} {sink}{what}: {}", reason(waiting))
}

/// The image it is about, or what of it there is to send again.
fn subject(waiting: &Waiting) -> Option<String> {
    match &waiting.reread.again {
        Again::Image { image, .. } => Some(image.to_string()),
        Again::Message(body) => {
            let message: Value = serde_json::from_str(body).ok()?;
            let word = ["detail-type", "job"].into_iter().find_map(|key| message.get(key)?.as_str().map(str::to_owned));
            word.map(|word| format!("({word})"))
        }
        Again::Nothing(_) => None,
    }
}

fn reason(waiting: &Waiting) -> String {
    let said = waiting.reread.letter.as_ref().map(|letter| letter.reason.clone());
    let said = said.unwrap_or_else(|| "the function died with it, or it could not be put into the queue".to_owned());
    match &waiting.reread.again {
        Again::Nothing(why) => format!("cannot be replayed: {why} ({said})"),
        Again::Image { .. } | Again::Message(_) => said,
    }
}

fn value(waiting: &Waiting) -> Value {
    let image = match &waiting.reread.again {
        Again::Image { image, .. } => Some(image.uri()),
        Again::Message(_) | Again::Nothing(_) => None,
    };
    json!({
        "messageId": waiting.letter.id,
        "sentAt": waiting.letter.sent_at.map(moment),
        "sink": waiting.reread.sink(),
        "vulnerability": waiting.reread.vulnerability(),
        "image": image,
        "reason": reason(waiting),
        "replayable": !matches!(waiting.reread.again, Again::Nothing(_)),
    })
}
