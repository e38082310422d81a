//! `replay`: tries again what became a dead letter.
//!
//! All letters are taken first, hidden from others for a while; so what the function says of the new try is never taken
//! for an old letter. A letter is removed only after its job was sent: whoever interrupts this loses nothing, and doing
//! it twice is doing it once, since a look at an image sends nothing that was sent.

mod show;
mod sort;

use super::Verdict;
use super::args::Global;
use super::args_findings::ReplayArgs;
use super::installation::{Thing, open};
use super::output::{counted, data, progress, talk};
use crate::aws::{Forwarder, Letter};
use crate::event::letters::reread;
use crate::fault::{Fault, FaultKind};
use sort::{Errand, Sorted, Waiting};
use std::collections::BTreeSet;

/// For how long letters are hidden, in seconds: to be sent again, and only to be shown.
const HIDDEN: u32 = 600;
const HIDDEN_TO_SHOW: u32 = 120;
/// Jobs sent at a time, and letters taken.
const AT_ONCE: usize = 10;

/// What was taken out.
struct Taken {
    letters: Vec<Letter>,
    /// Are there more than were to be taken?
    more: bool,
}

/// Runs `replay`.
pub(super) async fn run(global: &Global, args: &ReplayArgs) -> anyhow::Result<Verdict> {
    let needs: &[Thing] = if args.list { &[Thing::DeadLetters] } else { &[Thing::DeadLetters, Thing::Queue] };
    let forwarder = open(global, &args.place, needs).await?;
    let taken = take(&forwarder, args).await?;
    let waiting = taken.letters.into_iter().map(|letter| {
        let reread = reread(&letter.body, forwarder.place());
        Waiting { letter, reread }
    });
    let sorted = sort::sort(waiting.collect(), args);
    if args.list {
        list(global, &forwarder, &sorted, taken.more).await
    } else {
        replay(global, &forwarder, sorted, taken.more).await
    }
}

/// Takes letters until there are none, or enough.
async fn take(forwarder: &Forwarder, args: &ReplayArgs) -> Result<Taken, Fault> {
    let most = usize::try_from(args.max).unwrap_or(usize::MAX);
    let hidden = if args.list { HIDDEN_TO_SHOW } else { HIDDEN };
    let mut known = BTreeSet::new();
    let mut letters: Vec<Letter> = Vec::new();
    loop {
        let room = most.saturating_sub(letters.len());
        // One that is only looked at stays where it is.
        let (wanted, hidden) = if room == 0 { (1, 0) } else { (room.min(AT_ONCE), hidden) };
        let page = match forwarder.take_letters(wanted, hidden).await {
            Ok(page) => page,
            Err(fault) => {
                put_back(forwarder, &letters).await;
                return Err(fault);
            }
        };
        if room == 0 || page.is_empty() {
            return Ok(Taken { letters, more: !page.is_empty() });
        }
        // The same one again: it was taken so long ago that it is no longer hidden.
        let fresh = page.into_iter().filter(|letter| known.insert(letter.id.clone()));
        let before = letters.len();
        letters.extend(fresh);
        if letters.len() == before {
            return Ok(Taken { letters, more: true });
        }
        progress(&format!("{} taken …", counted(letters.len(), "letter", "letters")));
    }
}

async fn put_back<'a>(forwarder: &Forwarder, letters: impl IntoIterator<Item = &'a Letter>) {
    let receipts: Vec<String> = letters.into_iter().map(|letter| letter.receipt.clone()).collect();
    if let Err(fault) = forwarder.put_letters_back(&receipts).await {
        talk(&format!("ecr-steward: what is left can be taken again in {} minutes: {fault}", HIDDEN / 60));
    }
}

async fn list(global: &Global, forwarder: &Forwarder, sorted: &Sorted, more: bool) -> anyhow::Result<Verdict> {
    put_back(forwarder, sorted.all()).await;
    data(global.format, &show::list_text(sorted, more), &show::list_value(sorted, more))?;
    let none = sorted.errands.is_empty() && sorted.unreadable.is_empty() && !more;
    Ok(if none { Verdict::Clean } else { Verdict::Found })
}

/// What became of what was to be sent.
#[derive(Default)]
struct Sending {
    sent: Vec<Errand>,
    kept: Vec<Errand>,
    troubles: Vec<String>,
}

impl Sending {
    /// Sends jobs and removes the letters they are for; what cannot be sent keeps its letters.
    async fn send(&mut self, forwarder: &Forwarder, batch: Vec<Errand>) -> Result<(), Fault> {
        let bodies: Vec<String> = batch.iter().map(|errand| errand.body.clone()).collect();
        if let Err(fault) = forwarder.send_again(&bodies).await {
            if fault.kind == FaultKind::Invalid && batch.len() > 1 {
                // One that SQS does not take must not cost the others.
                let mut rest = batch.into_iter();
                while let Some(errand) = rest.next() {
                    if let Err(fault) = Box::pin(self.send(forwarder, vec![errand])).await {
                        self.kept.extend(rest);
                        return Err(fault);
                    }
                }
                return Ok(());
            }
            self.troubles.push(fault.to_string());
            self.kept.extend(batch);
            return if fault.kind == FaultKind::Invalid { Ok(()) } else { Err(fault) };
        }
        let receipts: Vec<String> =
            batch.iter().flat_map(|errand| &errand.letters).map(|waiting| waiting.letter.receipt.clone()).collect();
        if let Err(fault) = forwarder.remove_letters(&receipts).await {
            self.troubles.push(format!(
                "{fault}; letters whose jobs were sent are still there, and replaying them again does no harm"
            ));
        }
        self.sent.extend(batch);
        progress(&format!("{} sent …", counted(self.sent.len(), "job", "jobs")));
        Ok(())
    }
}

async fn replay(global: &Global, forwarder: &Forwarder, sorted: Sorted, more: bool) -> anyhow::Result<Verdict> {
    let Sorted { errands, unreadable, left } = sorted;
    let mut sending = Sending::default();
    let mut rest = errands.into_iter().peekable();
    while rest.peek().is_some() {
        let batch = rest.by_ref().take(AT_ONCE).collect();
        if sending.send(forwarder, batch).await.is_err() {
            break;
        }
    }
    let Sending { sent, mut kept, troubles } = sending;
    kept.extend(rest);
    let letters = |errands: &[Errand]| errands.iter().map(|errand| errand.letters.len()).sum::<usize>();
    let done = show::Done {
        sent: &sent,
        letters: letters(&sent),
        kept: letters(&kept),
        unreadable: &unreadable,
        left: left.len(),
        more,
    };
    let back = kept.iter().flat_map(|errand| &errand.letters).chain(&unreadable).chain(&left);
    put_back(forwarder, back.map(|waiting| &waiting.letter)).await;
    data(global.format, &show::done_text(&done), &show::done_value(&done, &troubles))?;
    for trouble in &troubles {
        talk(&format!("ecr-steward: {trouble}"));
    }
    let is_all = unreadable.is_empty() && left.is_empty() && !more;
    Ok(match (troubles.is_empty(), is_all) {
        (false, _) => Verdict::CannotTell,
        (true, true) => Verdict::Clean,
        (true, false) => Verdict::Found,
    })
}
