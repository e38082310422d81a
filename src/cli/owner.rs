//! As whom the command line acts, and where.
//!
//! Ownership is a tag on every repository, so it must come out the same on every machine and in every run. A
//! document is owned by its project and environment, joined by a colon, which neither can hold (`a-b` + `c` and
//! `a` + `b-c` stay two); two documents of one project and environment need `--owner-name`. The word `cli` stands
//! where a stack's guid would, so no stack can ever be the same owner.

use crate::flow::Stack;
use crate::model::identity::{Identity, StackId};
use crate::model::place::Place;
use crate::plan::ledger::TERMINAL_HOLDER;
use crate::spec::Fleet;

/// In place of a stack's guid.
const CLI: &str = "cli";
/// Request ids of the command line begin with this.
pub(super) const HOLDER: &str = TERMINAL_HOLDER;
/// In place of a stack's name, for people who read tags.
const COMMAND_LINE: &str = "command-line";

/// The command line's own identity for a fleet.
pub(super) fn terminal(place: &Place, fleet: &Fleet, name: Option<&str>) -> Identity {
    let named = name.map_or_else(|| format!("{}:{}", fleet.project, fleet.environment), str::to_owned);
    Identity {
        stack: StackId {
            arn: StackId::arn_of(place, COMMAND_LINE, CLI),
            place: place.clone(),
            name: COMMAND_LINE.to_owned(),
            guid: CLI.to_owned(),
        },
        logical_id: named,
    }
}

/// Does the command line own it, and no stack?
pub(super) fn is_terminal(identity: &Identity) -> bool {
    identity.stack.guid == CLI
}

/// What stands for the stack where the command line itself is the owner: it is always there, and never at work.
pub(super) fn stand_in(arn: &str) -> Option<Stack> {
    let own = arn.ends_with(&format!(":stack/{COMMAND_LINE}/{CLI}"));
    own.then(|| Stack { status: "UPDATE_COMPLETE".to_owned(), ..Stack::default() })
}

/// The partition a Region belongs to (botocore's partition table).
pub(super) fn partition_of(region: &str) -> &'static str {
    const BY_PREFIX: [(&str, &str); 8] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
        ("eu-isof-", "aws-iso-f"),
        ("eusc-", "aws-eusc"),
    ];
    BY_PREFIX.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}
