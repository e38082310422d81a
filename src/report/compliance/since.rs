//! The page's section on what is otherwise than in the report before.

use super::told::{CheckName, Listed, SinceLast};
use crate::policy::wording::{line, more};
use crate::report::html::escape;
use std::fmt::Write as _;

/// Members of a list that are shown.
const MOST: usize = 100;

pub(super) fn section(out: &mut String, since: &SinceLast) {
    out.push_str("<section class=\"card\"><h2>Since the report before</h2>");
    let Some(previous) = &since.previous else {
        out.push_str("<p class=\"empty\">There is none to compare with.</p></section>\n");
        return;
    };
    let before = previous.get(..16).unwrap_or_default().replace('T', " ");
    let _ = write!(out, "<p class=\"empty\">Compared with that of {} UTC.</p>", escape(&before));
    if let Some(note) = &since.note {
        let _ = write!(out, "<p><span class=\"chip medium\">unannounced</span> {}</p>", escape(&line(note, 400)));
    }
    let check = |check: &CheckName| format!("{}: {} of {}", check.repository, check.requirement.as_str(), check.rule);
    let same = String::clone;
    let lists = [
        list(&since.newly_failing, "newly failing", check),
        list(&since.newly_passing, "newly passing", check),
        list(&since.new_repositories, "new repositories", same),
        list(&since.gone_repositories, "repositories gone", same),
        list(&since.changed_unannounced, "changed unannounced", same),
    ];
    let told = lists.concat();
    out.push_str(if told.is_empty() { "<p>Nothing has changed.</p>" } else { &told });
    out.push_str("</section>\n");
}

fn list<T>(all: &Listed<T>, what: &str, told: impl Fn(&T) -> String) -> String {
    if all.count == 0 {
        return String::new();
    }
    let mut out = format!("<details><summary><b>{}</b> <span>{what}</span></summary><ul>", all.count);
    for one in all.listed.iter().take(MOST) {
        let _ = write!(out, "<li>{}</li>", escape(&line(&told(one), 400)));
    }
    out.push_str("</ul>");
    let shown = all.listed.len().min(MOST);
    if let Some(more) = more((all.count as usize).saturating_sub(shown)) {
        let _ = write!(out, "<p class=\"empty\">… {more}.</p>");
    }
    out.push_str("</details>");
    out
}
