//! Whom the repository policy lets in.

use super::verdict::{Edit, Mend, Verdict};
use crate::model::Seen;
use crate::model::policy::{Document, Statement, public_exposure, reach, without_accounts};
use crate::model::repository::FoundPolicy;
use std::collections::BTreeSet;

/// The policy, where there is one and it can be read; a verdict where it cannot.
fn document<'a>(policy: &'a Seen<FoundPolicy>, wished: &str) -> Result<Option<&'a Document>, Box<Verdict>> {
    let verdict = match policy {
        Seen::Missing => return Ok(None),
        Seen::Present(FoundPolicy { document: Some(document), .. }) => return Ok(Some(document)),
        Seen::Present(FoundPolicy { document: None, .. }) => Verdict::unknown(
            "its repository policy has a form this version cannot read, so nothing in it is changed; look at it by hand",
            wished,
        ),
        Seen::Unreadable(fault) => Verdict::unreadable("its repository policy", fault, wished),
        Seen::Unasked => Verdict::unasked("its repository policy", wished),
    };
    Err(Box::new(verdict))
}

/// Met where no statement lets everybody in without a condition that bounds who that is.
pub(super) fn no_public_principals(policy: &Seen<FoundPolicy>) -> Verdict {
    let wished = "nobody outside is let in without a restricting condition";
    let document = match document(policy, wished) {
        Ok(Some(document)) => document,
        Ok(None) => return Verdict::pass("there is no repository policy", wished),
        Err(verdict) => return *verdict,
    };
    let found: Vec<String> = labelled(document)
        .filter_map(|(label, statement)| public_exposure(statement).map(|why| format!("{label}: {why}")))
        .collect();
    if found.is_empty() {
        return Verdict::pass("no statement lets everybody in", wished);
    }
    Verdict::fail(found.join("; "), wished).mended_by(Mend::Policy(Edit::Public))
}

/// Met where only the accounts of a list, and the registry's own, are let in.
pub(super) fn allowed_accounts(allowed: &BTreeSet<String>, own: &str, policy: &Seen<FoundPolicy>) -> Verdict {
    let others = if allowed.is_empty() { "no other".to_owned() } else { join(allowed) };
    let wished = format!("only this account and {others}");
    let document = match document(policy, &wished) {
        Ok(Some(document)) => document,
        Ok(None) => return Verdict::pass("there is no repository policy", wished),
        Err(verdict) => return *verdict,
    };
    let mut allowed = allowed.clone();
    allowed.insert(own.to_owned());
    let (found, untold) = strangers(document, &allowed);
    if found.is_empty() {
        if untold.is_empty() {
            return Verdict::pass("nobody else is let in", wished);
        }
        return Verdict::unknown(untold.join("; "), wished);
    }
    let edit = Edit::Accounts(allowed.clone());
    let left = document.edited(|statement| edit.leaves(statement));
    let (still, _) = strangers(&left, &allowed);
    let mut verdict = Verdict::fail(found.join("; "), wished);
    verdict.notes.extend(untold);
    if !still.is_empty() {
        let what = "a condition names them among others, which is for people to change";
        verdict = verdict.with_note(format!("these stay: {}; {what}", still.join("; ")));
    }
    if left == *document { verdict } else { verdict.mended_by(Mend::Policy(edit)) }
}

/// Who is let in and should not be, and where that cannot be told.
fn strangers(document: &Document, allowed: &BTreeSet<String>) -> (Vec<String>, Vec<String>) {
    let (mut found, mut untold) = (Vec::new(), Vec::new());
    for (label, statement) in labelled(document) {
        let reach = reach(statement);
        let outside: BTreeSet<String> = reach.accounts.difference(allowed).cloned().collect();
        if let Some(why) = reach.everybody {
            found.push(format!("{label}: {why}"));
        } else if !outside.is_empty() {
            found.push(format!("{label}: {}", join(&outside)));
        }
        untold.extend(reach.untold.map(|why| format!("{label}: which accounts it lets in cannot be told, {why}")));
    }
    (found, untold)
}

fn join(accounts: &BTreeSet<String>) -> String {
    accounts.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Statements with their names, or their numbers from 1.
fn labelled(document: &Document) -> impl Iterator<Item = (String, &Statement)> {
    document.statements().iter().zip(1_usize..).map(|(statement, number)| {
        let label = statement.sid().map_or_else(|| format!("statement {number}"), |sid| format!("statement {sid:?}"));
        (label, statement)
    })
}

impl Edit {
    /// What it leaves of a statement.
    pub(super) fn leaves(&self, statement: &Statement) -> Option<Statement> {
        match self {
            Self::Public => public_exposure(statement).is_none().then(|| statement.clone()),
            Self::Accounts(allowed) => {
                let reach = reach(statement);
                if reach.everybody.is_some() {
                    return None;
                }
                let outside: BTreeSet<String> = reach.accounts.difference(allowed).cloned().collect();
                if outside.is_empty() {
                    return Some(statement.clone());
                }
                if reach.by_condition {
                    // A condition is left alone, unless it names nobody else.
                    return (outside != reach.accounts).then(|| statement.clone());
                }
                without_accounts(statement, &outside)
            }
        }
    }
}
