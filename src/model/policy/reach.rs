//! Which accounts a statement lets in, and the statement without some of them.
//!
//! May not know which accounts are wanted.

use std::collections::BTreeSet;

use serde_json::Value;

use super::exposure::{everybody, public_exposure, why_unbounded};
use super::meaning::Meaning;
use super::principal::{account_of, is_unique_id};
use super::statement::Statement;
use super::text::{elements, members};

/// Whom a statement lets in, as accounts. Services are not among them: they are no accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Accounts by id.
    pub accounts: BTreeSet<String>,
    /// Are the accounts those that a condition leaves of everybody, rather than principals?
    pub by_condition: bool,
    /// Why it lets in everybody, where it does.
    pub everybody: Option<String>,
    /// Why nobody can tell from the statement which other accounts it lets in, where that is so.
    pub untold: Option<String>,
}

/// Whom a statement lets in; nobody where it denies.
#[must_use]
pub fn reach(statement: &Statement) -> Reach {
    let meaning = statement.meaning();
    let mut reach = Reach::default();
    if !meaning.allows {
        return reach;
    }
    if everybody(meaning).is_some() {
        reach.everybody = public_exposure(statement);
        if reach.everybody.is_none() {
            match conditioned(meaning) {
                Some(accounts) => (reach.accounts, reach.by_condition) = (accounts, true),
                None => {
                    reach.untold = Some("its condition bounds who calls, but not by accounts".to_owned());
                }
            }
        }
        return reach;
    }
    for (sort, name) in meaning.principals.iter().flat_map(|selection| &selection.members) {
        match account_of(name) {
            Some(account) => {
                reach.accounts.insert(account.to_owned());
            }
            // A service is no account, and behind a unique id there is nobody any more.
            None if sort == "Service" || (sort == "AWS" && is_unique_id(name)) => {}
            None => reach.untold = Some(format!("the principal {name:?} names no account")),
        }
    }
    reach
}

/// The accounts that conditions leave of everybody; `None` where none of them names accounts.
fn conditioned(meaning: &Meaning) -> Option<BTreeSet<String>> {
    let of_accounts = meaning.conditions.iter().filter(|((operator, key), values)| {
        let tells = ["aws:principalaccount", "aws:principalarn"].contains(&key.as_str());
        tells && why_unbounded(operator, key, values).is_none()
    });
    let named = |values: &BTreeSet<String>| -> Option<BTreeSet<String>> {
        values.iter().map(|value| account_of(value).map(str::to_owned)).collect()
    };
    // All conditions must hold, so each can only take accounts away.
    of_accounts.filter_map(|(_, values)| named(values)).reduce(|one, other| &one & &other)
}

/// The statement without the principals of these accounts, everything else in it as it came; `None` where that leaves
/// nobody. What its condition names stays.
#[must_use]
pub fn without_accounts(statement: &Statement, accounts: &BTreeSet<String>) -> Option<Statement> {
    let is_out = |item: &str| {
        let name: Option<String> = serde_json::from_str(item).ok();
        name.as_deref().and_then(account_of).is_some_and(|account| accounts.contains(account))
    };
    let mut parts = Vec::new();
    for (name, value) in members(statement.text()) {
        let kept = if name == "Principal" { principals_left(value, &is_out)? } else { value.to_owned() };
        parts.push(format!("{}:{kept}", Value::from(name)));
    }
    let text = format!("{{{}}}", parts.join(","));
    Some(Statement::built(&text).unwrap_or_else(|| statement.clone()))
}

/// What is left of a `Principal`, or `None` where nobody is.
fn principals_left(value: &str, is_out: &impl Fn(&str) -> bool) -> Option<String> {
    if !value.starts_with('{') {
        return (!is_out(value)).then(|| value.to_owned());
    }
    let mut sorts = Vec::new();
    for (sort, names) in members(value) {
        let left = if names.starts_with('[') {
            let left: Vec<&str> = elements(names).into_iter().filter(|item| !is_out(item)).collect();
            (!left.is_empty()).then(|| format!("[{}]", left.join(",")))
        } else {
            (!is_out(names)).then(|| names.to_owned())
        };
        sorts.extend(left.map(|left| format!("{}:{left}", Value::from(sort))));
    }
    (!sorts.is_empty()).then(|| format!("{{{}}}", sorts.join(",")))
}
