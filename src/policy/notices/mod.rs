//! What people are told, and when: of change, and of nothing else.
//!
//! - `alert` says what became of one image at once; `digest` and `rollup` what became of all of them in a day. Both write a
//!   `Letter`.
//! - `slack`, `teams` and `topic` put a letter into their receiver's form and bounds. What does not fit is a number in the
//!   message, never silence.
//! - `webhook` is read by a machine and gets facts instead of a letter.
//!
//! Security Hub, the bus and the archive hold findings rather than hear of them; their files are elsewhere.

mod alert;
mod digest;
mod letter;
mod rollup;
mod slack;
mod teams;
mod topic;
mod webhook;

pub use alert::Alert;
pub use digest::{DIGEST_VERSION, DigestFinding, DigestItem, MOST_KEPT, Sums, digest};
pub use webhook::{MOST_BYTES as WEBHOOK_BYTES, WEBHOOK_VERSION};

use super::parcel::Parcel;
use crate::model::finding::hex;
use crate::spec::findings::{Route, Sink, When};
use letter::Letter;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Hexadecimal digits of keys, as everywhere.
const KEY_DIGITS: usize = 32;

/// The messages by which a route tells of a change at once; none where it has nothing to say. Only a webhook ever gets
/// more than one, in parts. `secret` is the parameter that holds the address, its `{owner}` filled in.
///
/// A chat or a topic hears of what is new or counts again; of nothing but mended ones only where the user named the route
/// and wants everything at once, else it is left to the day's digest. A webhook hears of every kind.
pub fn notice(route: &Route, secret: Option<String>, alert: &Alert<'_>) -> Vec<Parcel> {
    let salt = route_key(route, secret.as_deref());
    if route.sink == Sink::Webhook {
        return webhook::alert(alert, &salt)
            .into_iter()
            .map(|part| bare(route, secret.clone(), part.key, part.body))
            .collect();
    }
    let wants_fixed = route.explicit && route.when == When::Immediate;
    let speaks = alert.has_new() || (wants_fixed && alert.has_fixed());
    if !speaks {
        return Vec::new();
    }
    let key = alert.change.key(&salt);
    finished(route, secret, key, &alert.letter(), alert.attributes()).into_iter().collect()
}

/// What tells one route of a policy from the others, and stays the same from run to run: the hash of where it goes and
/// what it lets through. 32 hexadecimal digits; also fit for a place in the state bucket.
pub fn route_key(route: &Route, secret: Option<&str>) -> String {
    let mut parts = vec![
        route.sink.as_str().to_owned(),
        secret.unwrap_or_default().to_owned(),
        route.minimum_severity.to_string(),
        route.only_fixable.to_string(),
        format!("{:?}", route.when),
        route.repositories.len().to_string(),
    ];
    parts.extend(route.repositories.iter().map(|glob| glob.0.clone()));
    parts.extend(route.tags.iter().flat_map(|(key, glob)| [key.clone(), glob.0.clone()]));
    hashed(&parts)
}

/// A key of parts, each with its length before it.
fn hashed(parts: &[String]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut key = hex(&hash.finalize());
    key.truncate(KEY_DIGITS);
    key
}

/// A letter in the form of the route's sink.
fn finished(
    route: &Route,
    secret: Option<String>,
    key: String,
    letter: &Letter,
    attributes: BTreeMap<String, String>,
) -> Option<Parcel> {
    match route.sink {
        Sink::Slack => Some(bare(route, secret, key, slack::body(letter))),
        Sink::Teams => Some(bare(route, secret, key, teams::body(letter))),
        Sink::Sns => {
            let subject = topic::subject(letter);
            Some(Parcel { subject, attributes, ..bare(route, secret, key, topic::body(letter)) })
        }
        Sink::SecurityHub | Sink::EventBridge | Sink::S3 | Sink::Webhook => None,
    }
}

fn bare(route: &Route, secret: Option<String>, key: String, body: String) -> Parcel {
    Parcel { key, sink: route.sink, secret, subject: String::new(), attributes: BTreeMap::new(), body }
}
