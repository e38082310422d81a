//! Who owns what: identities are the same whoever asks, different for different resources, and fit where AWS keeps
//! them.
//!
//! The input is text, one part a line: stack ARN, logical id, another ARN, another logical id. They are taken as they
//! come, and once more reduced to what CloudFormation allows.

#![no_main]

use ecr_steward::model::identity::{Identity, StackId, ledger_key};
use ecr_steward::model::place::Place;
use libfuzzer_sys::fuzz_target;

/// Longest logical id (CloudFormation User Guide, "Resources").
const MAX_LOGICAL_ID: usize = 255;
/// Longest physical id of a custom resource (CloudFormation User Guide, "Custom resource response objects").
const MAX_PHYSICAL_ID: usize = 1_024;
/// Longest tag value, in characters (ECR API model).
const MAX_TAG_VALUE: usize = 256;
/// Longest key of an S3 object, in bytes.
const MAX_OBJECT_KEY: usize = 1_024;

fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let mut resources = [(); 2].map(|()| (lines.next().unwrap_or_default(), lines.next().unwrap_or_default()));
    if resources[1].0.is_empty() {
        // Two resources of one stack are the case that matters most.
        resources[1].0 = resources[0].0;
    }
    let stacks = resources.map(|(arn, _)| parsed(arn));
    if let [Some(one), Some(other)] = stacks {
        let identities = [(one, resources[0].1), (other, resources[1].1)]
            .map(|(stack, logical)| Identity { stack, logical_id: logical.to_owned() });
        identities.iter().for_each(is_steady);
        differ(&identities[0], &identities[1]);
    }
    let legal = resources.map(|(arn, logical)| Identity { stack: legal_stack(arn), logical_id: legal_id(logical) });
    for identity in &legal {
        is_steady(identity);
        fits(identity);
        differ(identity, &neighbour(identity));
    }
    differ(&legal[0], &legal[1]);
});

/// What is parsed gives the same ARN back from its parts.
fn parsed(arn: &str) -> Option<StackId> {
    let stack = match StackId::parse(arn) {
        Ok(stack) => stack,
        Err(reason) => {
            assert!(reason.contains(&format!("{arn:?}")), "{reason} does not say what was read");
            return None;
        }
    };
    assert_eq!(stack.arn, arn);
    assert_eq!(StackId::arn_of(&stack.place, &stack.name, &stack.guid), arn);
    let Place { partition, region, account } = &stack.place;
    for part in [partition, region, account, &stack.name, &stack.guid] {
        assert!(!part.is_empty(), "{arn:?}");
    }
    Some(stack)
}

/// An ARN that CloudFormation could have made, from the letters of any text; it has to be understood.
fn legal_stack(text: &str) -> StackId {
    let mut parts = text.split([':', '/']);
    let mut part = |longest: usize, fallback: &str| {
        let legal = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        let part: String = parts.next().unwrap_or_default().chars().filter(legal).take(longest).collect();
        if part.is_empty() { fallback.to_owned() } else { part }
    };
    let place = Place { partition: part(16, "aws"), region: part(32, "eu-west-1"), account: part(12, "123456789012") };
    let (name, guid) = (part(128, "shop"), part(36, "11111111-2222-3333-4444-555555555555"));
    let stack = parsed(&StackId::arn_of(&place, &name, &guid)).expect("legal");
    assert_eq!((&stack.place, &stack.name, &stack.guid), (&place, &name, &guid));
    stack
}

/// A logical id that CloudFormation takes, from any text: the part after a `*` says how often to repeat it.
fn legal_id(text: &str) -> String {
    let (text, times) = text.split_once('*').unwrap_or((text, "1"));
    let letters: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let letters = if letters.is_empty() { "Repositories".to_owned() } else { letters };
    let times = times.parse::<u8>().unwrap_or(1).max(1);
    letters.repeat(times.into()).chars().take(MAX_LOGICAL_ID).collect()
}

/// The resource that is hardest to tell from this one: another last letter.
fn neighbour(identity: &Identity) -> Identity {
    let mut other = identity.clone();
    let last = other.logical_id.pop();
    other.logical_id.push(if last == Some('a') { 'b' } else { 'a' });
    other
}

/// Names follow from the stack's guid and the logical id and from nothing else.
fn is_steady(identity: &Identity) {
    let mut moved = identity.clone();
    "other".clone_into(&mut moved.stack.name);
    "elsewhere".clone_into(&mut moved.stack.place.region);
    assert_eq!(names(identity), names(&moved));
    assert_eq!(identity.ledger_key(), ledger_key(&identity.owner()));
    for name in names(identity) {
        assert!(name.contains(&identity.stack.guid), "{name}");
    }
}

fn names(identity: &Identity) -> [String; 4] {
    [identity.physical_id(), identity.owner(), identity.ledger_key(), identity.outputs_key()]
}

fn fits(identity: &Identity) {
    let (owner, physical) = (identity.owner(), identity.physical_id());
    assert!((1..=MAX_TAG_VALUE).contains(&owner.chars().count()), "{owner}");
    let in_tag = |c: char| c.is_ascii_alphanumeric() || "/-".contains(c);
    assert!(owner.chars().all(in_tag), "{owner}");
    assert!((1..=MAX_PHYSICAL_ID).contains(&physical.len()), "{physical}");
    assert!(physical.ends_with(&identity.logical_id), "{physical} does not tell the resource");
    let longest_name = "n".repeat(256);
    let snapshot = identity.snapshot_key(&longest_name, "11111111-2222-3333-4444-555555555555");
    for key in [identity.ledger_key(), identity.outputs_key(), snapshot] {
        assert!((1..=MAX_OBJECT_KEY).contains(&key.len()), "{key}");
    }
}

/// Two resources share no name; the same resource has one.
fn differ(one: &Identity, other: &Identity) {
    let same = (&one.stack.guid, &one.logical_id) == (&other.stack.guid, &other.logical_id);
    for (mine, yours) in names(one).into_iter().zip(names(other)) {
        assert_eq!(mine == yours, same, "{one:?} and {other:?}");
    }
}
