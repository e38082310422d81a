//! What is declared: every ledger is read once, one at a time, and each owner's state asked for once.

use super::super::owner::Hold;
use super::super::{Overseeing, whose};
use super::Tour;
use super::pace::Pace;
use super::shape::Holder;
use super::store::list_all;
use crate::event::drift::SweepId;
use crate::event::message::{Message, Settle, VERSION};
use crate::fault::Fault;
use crate::model::identity::Identity;
use crate::model::name::RepositoryName;
use crate::plan::ledger::Ledger;
use crate::plan::posture::Owner;
use std::collections::BTreeMap;

/// The ledgers lie below this; see `model::identity::ledger_key`.
const LEDGERS: &str = "ledgers/";

/// Who declares what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Claims {
    /// Everybody who declares a repository.
    pub(super) holders: Vec<Holder>,
    /// Who declares a repository, as places in `holders`: the first, and others.
    names: BTreeMap<RepositoryName, (usize, Vec<usize>)>,
    /// What could not be read.
    pub(super) notes: Vec<String>,
}

impl Claims {
    /// All names that somebody declares, with whoever that is and whoever else does. An orphan's claim counts where it is
    /// the only one.
    pub(super) fn names(&self) -> impl Iterator<Item = (&RepositoryName, usize, Option<usize>)> {
        self.names.iter().map(|(name, (first, others))| {
            let (first, other) = self.resolved(*first, others);
            (name, first, other)
        })
    }

    /// Who declares a repository.
    pub(super) fn of(&self, name: &RepositoryName) -> (Option<usize>, Option<usize>) {
        self.names.get(name).map_or((None, None), |(first, others)| {
            let (first, other) = self.resolved(*first, others);
            (Some(first), other)
        })
    }

    /// Is the owner gone?
    pub(super) fn is_orphan(&self, at: usize) -> bool {
        self.holders.get(at).is_some_and(|holder| holder.hold == Hold::Orphan)
    }

    fn resolved(&self, first: usize, others: &[usize]) -> (usize, Option<usize>) {
        let all = std::iter::once(first).chain(others.iter().copied());
        let mut alive = all.filter(|at| !self.is_orphan(*at));
        alive.next().map_or((first, None), |one| (one, alive.next()))
    }
}

/// Reads all ledgers, and sees to it that what was released is settled.
pub(super) async fn claims<W: Overseeing>(tour: &Tour<'_, W>, sweep: &SweepId) -> Result<Claims, Fault> {
    let pace = Pace::new(tour.until);
    let mut claims = Claims::default();
    let mut asked = Vec::new();
    for entry in list_all(tour.world, LEDGERS).await? {
        tour.may_go_on("reading what is declared")?;
        let ledger = match pace.patiently(|| tour.world.ledger(&entry.key)).await {
            Ok(Some((ledger, _))) => ledger,
            Ok(None) => continue,
            Err(fault) if fault.retryable() => return Err(fault),
            Err(fault) => {
                claims.notes.push(format!(
                    "{fault}. Its repositories are reported as nobody's; none is changed while it bears an owner tag."
                ));
                continue;
            }
        };
        remind(tour, sweep, &ledger).await?;
        if let Some(question) = note(tour, &mut claims, entry.key, &ledger) {
            asked.push(question);
        }
    }
    let world = tour.world;
    let questions = asked.into_iter().map(|question| (question, &pace));
    let answers = pace.each(questions, |(Question { at, identity, going_on, propagates }, pace)| async move {
        let (hold, tags) =
            pace.doubtless(async || whose::hold_in_stack(world, &identity, going_on.clone()).await).await;
        (at, hold, tags.filter(|_| propagates))
    });
    for (at, hold, tags) in answers.await {
        if let Some(holder) = claims.holders.get_mut(at) {
            holder.owner.is_orphan = hold == Hold::Orphan;
            holder.hold = hold;
            holder.stack_tags = tags;
        }
    }
    tour.may_go_on("asking what stacks are doing")?;
    Ok(claims)
}

/// What is asked about one owner.
struct Question {
    at: usize,
    identity: Identity,
    going_on: Option<String>,
    propagates: bool,
}

/// Notes what a ledger's committed declaration lists.
fn note<W>(tour: &Tour<'_, W>, claims: &mut Claims, key: String, ledger: &Ledger) -> Option<Question> {
    // The public gallery is another registry: its repositories are neither here nor held to anything by drift.
    let fleet = ledger.committed.as_ref().map(|committed| &committed.fleet).filter(|fleet| !fleet.is_public())?;
    let at = claims.holders.len();
    let declared = fleet.repositories.iter().map(|spec| &spec.name);
    let mut any = false;
    for name in declared.filter(|name| tour.pattern.matches(name.as_str())) {
        any = true;
        claims.names.entry(name.clone()).and_modify(|(_, others)| others.push(at)).or_insert((at, Vec::new()));
    }
    if !any {
        return None;
    }
    let identity = ledger.identity.clone();
    claims.holders.push(Holder {
        ledger: key,
        owner: Owner {
            stack: identity.stack.name.clone(),
            resource: identity.logical_id.clone(),
            drift_mode: fleet.drift_mode,
            is_orphan: false,
        },
        hold: Hold::Unknown("nobody has asked yet".to_owned()),
        stack_tags: None,
    });
    Some(Question {
        at,
        identity,
        going_on: whose::going_on(ledger, tour.seconds()),
        propagates: fleet.propagate_stack_tags,
    })
}

/// The safety net under the messages of released repositories: those of a request that could not send one, and those that
/// have looked for a day.
async fn remind<W: Overseeing>(tour: &Tour<'_, W>, sweep: &SweepId, ledger: &Ledger) -> Result<(), Fault> {
    let unsettled = ledger.released.values().any(|release| release.kept.is_none());
    let committed = ledger.committed.as_ref();
    let stale = committed
        .is_some_and(|declaration| !ledger.stale_parameters(&declaration.fleet, tour.parameter_prefix).is_empty());
    if !unsettled && !stale {
        return Ok(());
    }
    let message = Message::Settle(Settle {
        version: VERSION,
        stack_id: ledger.identity.stack.arn.clone(),
        logical_id: ledger.identity.logical_id.clone(),
        request_id: format!("sweep-{}", sweep.0),
        attempt: 0,
    });
    tour.world.send(&message).await
}
