//! Finding the statements that let everybody in.
//!
//! A statement is public when it allows something to everybody and no condition bounds who that can be. The rule errs
//! on the side of calling a statement public: a bound has to be plain to count. May not know whether a public
//! statement is wanted.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::meaning::Meaning;
use super::statement::Statement;

/// What a condition key tells about the caller, and so how far its values may be left open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    /// An id without wildcards: account, organisation, VPC, endpoint.
    Id,
    /// An organisation's path: the organisation in front has to be plain.
    Path,
    /// An ARN: the account in it has to be plain.
    Arn,
    /// A range of addresses.
    Address,
    /// `<unique id>:<session>`: the id has to be plain.
    UserId,
}

/// The keys that bound who calls. `aws:PrincipalTag/…` is not among them, since anybody can give a role of their
/// own account any tag; for the like reason neither are `aws:username` (names repeat between accounts) and
/// `aws:VpcSourceIp` (everybody's network has the same private addresses).
const KEYS: [(&str, Bound); 16] = [
    ("aws:PrincipalAccount", Bound::Id),
    ("aws:PrincipalOrgID", Bound::Id),
    ("aws:SourceAccount", Bound::Id),
    ("aws:SourceOrgID", Bound::Id),
    ("aws:SourceVpc", Bound::Id),
    ("aws:SourceVpce", Bound::Id),
    ("aws:VpceAccount", Bound::Id),
    ("aws:VpceOrgID", Bound::Id),
    ("aws:PrincipalOrgPaths", Bound::Path),
    ("aws:SourceOrgPaths", Bound::Path),
    ("aws:VpceOrgPaths", Bound::Path),
    ("aws:PrincipalArn", Bound::Arn),
    ("aws:SourceArn", Bound::Arn),
    ("aws:SourceVpcArn", Bound::Arn),
    ("aws:SourceIp", Bound::Address),
    ("aws:userid", Bound::UserId),
];

/// The shortest prefixes that count as a bound. The service that decides the same for buckets draws the line there.
const SHORTEST_IPV4_PREFIX: u8 = 8;
const SHORTEST_IPV6_PREFIX: u8 = 32;

/// Why a statement lets everybody in, or `None`.
///
/// A statement for a service principal is not public, although one without a condition on `aws:SourceArn` or
/// `aws:SourceAccount` lets that service in on behalf of any of its customers (the confused deputy).
#[must_use]
pub fn public_exposure(statement: &Statement) -> Option<String> {
    let meaning = statement.meaning();
    if !meaning.allows {
        return None;
    }
    let everybody = everybody(meaning)?;
    let mut reasons = Vec::new();
    for ((operator, key), values) in &meaning.conditions {
        // Conditions hold together: one that bounds the caller is enough.
        reasons.push(why_unbounded(operator, key, values)?);
    }
    if reasons.is_empty() {
        return Some(format!("{everybody} without a condition"));
    }
    Some(format!("{everybody}, and no condition bounds who that is: {}", reasons.join("; ")))
}

/// How the statement names everybody, or `None` when it does not.
pub(super) fn everybody(meaning: &Meaning) -> Option<String> {
    let principals = meaning.principals.as_ref()?;
    if principals.inverted {
        return Some("it allows everybody but those NotPrincipal names".to_owned());
    }
    let is_open = |name: &str| {
        let account = name.split(':').nth(4).filter(|account| !account.is_empty());
        has_wildcard(account.unwrap_or(name))
    };
    let (_, name) = principals.members.iter().find(|(_, name)| is_open(name))?;
    Some(format!("it allows the principal {name:?}"))
}

/// Why a condition leaves open who calls; `None` when it bounds that.
pub(super) fn why_unbounded(operator: &str, key: &str, values: &BTreeSet<String>) -> Option<String> {
    let Some((name, bound)) = KEYS.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)) else {
        return Some(format!("{key} does not tell who calls"));
    };
    // With ForAnyValue a key that is absent fails the condition; with ForAllValues and IfExists it passes.
    let core = operator.strip_prefix("foranyvalue:").unwrap_or(operator);
    let fits = match core {
        "stringequals" | "stringequalsignorecase" | "stringlike" => *bound != Bound::Address,
        "arnequals" | "arnlike" => *bound == Bound::Arn,
        "ipaddress" => *bound == Bound::Address,
        _ => false,
    };
    if !fits {
        return Some(format!("{operator} on {name} admits callers it does not name"));
    }
    if values.is_empty() {
        return Some(format!("{name} has no value"));
    }
    let open = values.iter().find(|value| is_open(*bound, core.starts_with("arn"), value))?;
    Some(format!("{open:?} leaves {name} open"))
}

/// Whether a value admits callers nobody can foresee.
fn is_open(bound: Bound, by_parts: bool, value: &str) -> bool {
    // A variable may be filled in from the very request it is compared with.
    if value.is_empty() || value.contains("${") {
        return true;
    }
    match bound {
        Bound::Id => has_wildcard(value),
        Bound::Path => {
            value.split('/').next().is_none_or(|organization| organization.is_empty() || has_wildcard(organization))
        }
        Bound::UserId => {
            let id = value.split(':').next().unwrap_or_default();
            id.is_empty() || id == "anonymous" || has_wildcard(id)
        }
        Bound::Address => is_wide(value),
        Bound::Arn => is_open_arn(by_parts, value),
    }
}

/// Whether an ARN leaves the account open.
///
/// The ARN operators match part by part. For the string operators a wildcard runs across colons, and the path of a
/// role may hold some: `arn:*:iam::111122223333:role/x` matches a role of any account whose path ends in
/// `:iam::111122223333:role/`. So there nothing up to the account may be open.
fn is_open_arn(by_parts: bool, value: &str) -> bool {
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    let &[_, partition, service, region, account, resource] = parts.as_slice() else {
        return true;
    };
    let before = [partition, service, region];
    if !by_parts && before.into_iter().any(has_wildcard) {
        return true;
    }
    // The ARN of a bucket has no account, but the name alone says which one it is.
    has_wildcard(account) || (account.is_empty() && (resource.is_empty() || has_wildcard(resource)))
}

/// Whether an address range is too wide to be somebody's, or none at all.
fn is_wide(value: &str) -> bool {
    let (address, prefix) = value.split_once('/').map_or((value, None), |(address, prefix)| (address, Some(prefix)));
    let Ok(address) = address.parse::<IpAddr>() else {
        return true;
    };
    let (longest, shortest) = match address {
        IpAddr::V4(_) => (32, SHORTEST_IPV4_PREFIX),
        // ::ffff:0.0.0.0/96 is the whole of IPv4.
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => (128, 96 + SHORTEST_IPV4_PREFIX),
        IpAddr::V6(_) => (128, SHORTEST_IPV6_PREFIX),
    };
    match prefix.map(str::parse::<u8>) {
        None => false,
        Some(Ok(prefix)) => prefix < shortest || prefix > longest,
        Some(Err(_)) => true,
    }
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?'])
}
