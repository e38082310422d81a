//! What Security Hub is still to be told of an image's findings.

use super::record::{HubRecord, Kept};
use crate::model::finding::{Finding, Scanner};

const DAY: i64 = 24 * 3_600 * 1_000;
/// Security Hub deletes an active finding 90 days after its last update (user guide, "Finding retention"). An unchanged
/// one is sent again before that: after 60 days, or after 30 where the record is being written anyway, so that whatever
/// was not written for 55 days has nothing older than 85.
pub const HEARTBEAT: i64 = 60 * DAY;
const EARLY_HEARTBEAT: i64 = 30 * DAY;

/// How Security Hub stands to findings of this image now.
pub struct Terms<'a> {
    /// Is a finding to be there? By route and scanner.
    pub wanted: &'a dyn Fn(&Finding) -> bool,
    /// Now, in milliseconds since 1970.
    pub now: i64,
    /// Does the record change anyway?
    pub writing: bool,
    /// Is what was refused tried again?
    pub replay: bool,
}

/// What one finding is to be sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errand {
    /// Its `UpdatedAt`, in milliseconds since 1970: later than the one before, or Security Hub would not look at it.
    pub at: i64,
    /// As one that is no more?
    pub archived: bool,
}

/// Is this finding to be sent, and as what?
pub fn errand(kept: &Kept, terms: &Terms<'_>) -> Option<Errand> {
    let present = kept.gone.is_none() && kept.waived.is_none() && (terms.wanted)(&kept.finding);
    let unknown = HubRecord::default();
    let hub = kept.hub.as_ref().unwrap_or(&unknown);
    let refused = hub.refused.as_ref().is_some_and(|refused| refused.told == kept.updated);
    if refused && !terms.replay {
        return None;
    }
    let at = kept.updated.max(hub.at.saturating_add(1));
    let knows = hub.told != 0;
    if !present {
        return (knows && !hub.archived).then_some(Errand { at, archived: true });
    }
    let changed = !knows || hub.archived || hub.told != kept.updated || refused;
    let patience = if terms.writing { EARLY_HEARTBEAT } else { HEARTBEAT };
    let due = terms.now.saturating_sub(hub.at) > patience;
    if !changed && !due {
        return None;
    }
    // What is told late must not be old when it arrives: Security Hub would soon delete it. Dated with the day, so that a
    // second delivery dates it alike.
    let today = terms.now.saturating_sub(terms.now.rem_euclid(DAY));
    let is_old = terms.now.saturating_sub(at) > EARLY_HEARTBEAT;
    Some(Errand { at: if is_old || !changed { at.max(today) } else { at }, archived: false })
}

/// Notes that Security Hub has taken it.
pub fn taken(kept: &mut Kept, errand: Errand) {
    kept.hub = Some(HubRecord { told: kept.updated, at: errand.at, archived: errand.archived, refused: None });
}

/// Does Security Hub get findings of this scanner from us?
pub const fn is_ours_to_send(scanner: Scanner, forward_enhanced: bool) -> bool {
    match scanner {
        Scanner::Basic | Scanner::Steward => true,
        Scanner::Enhanced => forward_enhanced,
    }
}
