//! What findings mean: compared with what was known, judged by the policy, written down for each sink.
//!
//! - `record` is what is remembered of an image; `compare` says what a read changes in it.
//! - `judge` says of each finding whether it is reported, waived or below a route's threshold; `gate` of an image
//!   whether it may pass.
//! - `asff`, `bus`, `archive` write findings down for Security Hub, the event bus and the archive.
//! - `change` is what became of an image's findings, which the sinks that tell of changes are made from.
//! - `parcel` is a finished message; `notices` makes those that tell people of changes.
//!
//! Pure: no clock, no client, no state of its own. A day or an instant that matters is handed in.

pub mod asff;
pub mod change;
pub mod notices;
pub mod parcel;
pub mod record;
pub mod wording;
