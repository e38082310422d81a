//! Whose statement is whose, and what a policy should become.
//!
//! Others write into the same policy (Lambda adds a statement of its own when a function is made from an image), so
//! ownership is by statement. May not know where the statements of a declaration come from.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::Document;
use super::flaw::Flaw;
use super::rules::Kind;
use super::statement::Statement;
use super::{OWN_SID_PREFIX, USER_SID_PREFIX};

/// What becomes of statements that are not ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// They stay.
    #[default]
    Merge,
    /// They go.
    Exclusive,
}

/// Whether we own a statement: its Sid starts with [`OWN_SID_PREFIX`].
#[must_use]
pub fn is_ours(statement: &Statement) -> bool {
    statement.sid().is_some_and(|sid| sid.starts_with(OWN_SID_PREFIX))
}

/// The policy there should be; `None` when there should be none.
///
/// [`Mode::Merge`]: the statements of others keep their text and order, and ours follow in the order given,
/// whatever of ours was there before. [`Mode::Exclusive`]: ours alone.
#[must_use]
pub fn desired(existing: Option<&Document>, ours: &[Statement], mode: Mode) -> Option<Document> {
    let wanted = match existing {
        Some(document) if mode == Mode::Merge => document.retaining(|s| !is_ours(s)).followed_by(ours),
        _ => Document::from_statements(ours.to_vec()),
    };
    Some(wanted).filter(|document| !document.is_empty())
}

/// Whether the policy has to be written or removed, judged by meaning. A policy without statements is as good as
/// none.
#[must_use]
pub fn needs_change(existing: Option<&Document>, desired: Option<&Document>) -> bool {
    let existing = existing.filter(|document| !document.is_empty());
    let desired = desired.filter(|document| !document.is_empty());
    match (existing, desired) {
        (None, None) => false,
        (Some(existing), Some(desired)) => !existing.means_the_same(desired),
        _ => true,
    }
}

/// Why statements of ours cannot be merged into a policy without changing what it means, or `None`.
///
/// A policy of version 2008-10-17 takes `${` as plain text, one of 2012-10-17 as a variable, and a document has
/// one version. Where others' statements rely on the former, [`desired`] keeps it, and variables in ours would not
/// be replaced.
#[must_use]
pub fn version_conflict(existing: Option<&Document>, ours: &[Statement]) -> Option<String> {
    let foreign = existing?.retaining(|statement| !is_ours(statement));
    let variables = ours.iter().any(|statement| statement.meaning().has_variables());
    (foreign.has_literal_variables() && variables).then(|| {
        "the policy is of version 2008-10-17 and a statement in it that is not ours holds \"${\" as plain text, so the \
         policy variables of the new statements would not be replaced; use PolicyMode Exclusive or no variables"
            .to_owned()
    })
}

/// Reads a further statement of a private repository's policy that a user declares, and names it as ours:
/// [`USER_SID_PREFIX`] and its own Sid or, without one, its place in the list counted from 1. `index` counts from 0.
///
/// # Errors
/// Every mistake in it, with paths relative to the statement.
pub fn user_statement(raw: &Value, index: usize) -> Result<Statement, Vec<Flaw>> {
    user_statement_for(Kind::Repository, raw, index)
}

/// [`user_statement`] for any kind of policy.
///
/// # Errors
/// Every mistake in it, with paths relative to the statement.
pub fn user_statement_for(kind: Kind, raw: &Value, index: usize) -> Result<Statement, Vec<Flaw>> {
    let statement = Statement::parse_for(kind, raw)?;
    let name = match statement.sid() {
        // Somebody copied it from the stored policy.
        Some(sid) if sid.starts_with(USER_SID_PREFIX) && sid != USER_SID_PREFIX => sid.to_owned(),
        Some(sid) => format!("{USER_SID_PREFIX}{sid}"),
        None => format!("{USER_SID_PREFIX}{}", index + 1),
    };
    Ok(statement.with_sid(name))
}

/// Reads all further statements that a user declares, and sees to it that no two get the same Sid.
///
/// # Errors
/// Every mistake in every statement, with paths such as `[2].Action[0]`.
pub fn user_statements(kind: Kind, raws: &[Value]) -> Result<Vec<Statement>, Vec<Flaw>> {
    let mut statements = Vec::new();
    let mut flaws = Vec::new();
    let mut names = BTreeSet::new();
    for (index, raw) in raws.iter().enumerate() {
        let path = format!("[{index}]");
        match user_statement_for(kind, raw, index) {
            Ok(statement) => {
                let name = statement.sid().unwrap_or_default().to_owned();
                if names.contains(&name) {
                    let message = format!("another statement is written with the Sid {name} already");
                    flaws.push(Flaw::new(format!("{path}.Sid"), message));
                }
                names.insert(name);
                statements.push(statement);
            }
            Err(found) => flaws.extend(found.into_iter().map(|flaw| flaw.under(&path))),
        }
    }
    if flaws.is_empty() { Ok(statements) } else { Err(flaws) }
}
