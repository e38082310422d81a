//! What findings mean: compared with what was known, judged by the policy, written down for each sink.
//!
//! - `record` is what is remembered of an image; `compare` says what a read changes in it.
//! - `waivers` finds the waiver a finding falls under; `judge` says of each finding whether it is reported or waived, and
//!   which routes want it; `gate` of an image whether it may pass. `declared` is the policy as it is stored.
//! - `hub` says what Security Hub is still to be told; `asff`, `bus`, `archive` write findings down for Security Hub, the
//!   event bus and the archive.
//! - `change` is what became of an image's findings, which the sinks that tell of changes are made from.
//! - `text` makes the texts of strangers fit to be sent.
//! - `wording` is how things are called towards people.
//! - `parcel` is a finished message; `notices` makes those that tell people of changes.
//!
//! Pure: no clock, no client, no state of its own. A day or an instant that matters is handed in.

pub mod archive;
pub mod asff;
pub mod bus;
pub mod change;
pub mod compare;
pub mod declared;
pub mod gate;
pub mod hub;
pub mod judge;
pub mod notices;
pub mod parcel;
pub mod record;
pub mod text;
pub mod waivers;
pub mod wording;
