//! From what would mend each check to the writes.
//!
//! Tags and the repository policy are written whole. What is mended of them at the same time becomes one write, the same
//! in the remedy of each of the checks; what is only reported is told on its own.

use super::judge::Draft;
use super::verdict::{Edit, Mend};
use super::{Remedy, Status};
use crate::model::repository::{Repository, Tags};
use crate::plan::{Change, Step};
use crate::spec::baseline::Mode;

/// The remedies of the checks that fail without leave.
pub(super) fn remedies(drafts: &[Draft<'_>], repository: &Repository) -> Vec<Remedy> {
    let failing = || drafts.iter().enumerate().filter(|(_, draft)| draft.verdict.status == Status::Fail);
    let together = || failing().map(|(_, draft)| draft).filter(|draft| draft.applied.rule.mode == Mode::Enforce);
    let step = |draft: &Draft<'_>| {
        let alone = draft.applied.rule.mode != Mode::Enforce;
        match &draft.verdict.mend {
            Mend::Nothing => None,
            Mend::Write(step) => Some(step.clone()),
            Mend::Tags(own) if alone => Some(tag(repository, own.clone())),
            Mend::Tags(_) => Some(tag(repository, together().filter_map(tags_of).flatten().collect())),
            Mend::Policy(own) if alone => edit(repository, &[own]),
            Mend::Policy(_) => edit(repository, &together().filter_map(edit_of).collect::<Vec<_>>()),
        }
    };
    failing().filter_map(|(check, draft)| step(draft).map(|step| Remedy { check, steps: vec![step] })).collect()
}

fn tags_of(draft: &Draft<'_>) -> Option<Tags> {
    if let Mend::Tags(tags) = &draft.verdict.mend { Some(tags.clone()) } else { None }
}

fn edit_of<'d>(draft: &'d Draft<'_>) -> Option<&'d Edit> {
    if let Mend::Policy(edit) = &draft.verdict.mend { Some(edit) } else { None }
}

fn tag(repository: &Repository, tags: Tags) -> Step {
    let keys: Vec<&str> = tags.keys().map(String::as_str).collect();
    let why = format!("missing: {}", keys.join(", "));
    Step { change: Change::TagResource { arn: repository.arn.clone(), tags }, why }
}

/// The policy without what is to go; the rest as it came.
fn edit(repository: &Repository, edits: &[&Edit]) -> Option<Step> {
    let document = repository.policy.present()?.document.as_ref()?;
    let left = document
        .edited(|statement| edits.iter().try_fold(statement.clone(), |statement, edit| edit.leaves(&statement)));
    let (before, after) = (document.statements(), left.statements());
    let gone = before.len() - after.len();
    let changed = after.iter().filter(|statement| !before.contains(statement)).count();
    let name = repository.name.clone();
    let why = format!("of {} statements, {gone} removed and {changed} changed", before.len());
    let change = if left.is_empty() {
        Change::DeleteRepositoryPolicy { name }
    } else {
        Change::SetRepositoryPolicy { name, text: left.to_text() }
    };
    Some(Step { change, why })
}
