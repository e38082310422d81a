//! The report as one page to look at. Everything is in the file; it has no script, loads nothing, and its policy of
//! content forbids both.

use super::chart::{self, Bar};
use super::controls::Control;
use super::groups::{Group, Groups, name};
use super::line::{ActionWord, Line};
use super::since;
use super::told::{ExemptionTold, Head, LeaveState, RuleSum, repositories};
use crate::plan::posture::{DECLARATION, Status};
use crate::policy::wording::{count, line, more};
use crate::report::html::{begin, escape, small};
use crate::spec::baseline::Mode;
use jiff::civil::Date;
use std::fmt::Write as _;

const STYLE: &str = include_str!("page.css");
/// Nothing but what is in the page.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
/// A group that is no longer than this is unfolded.
const SHORT: usize = 20;
/// Repositories whose notes are shown.
const MOST_NOTES: usize = 200;
/// Leave that ends within so many days stands out.
const SOON: i32 = 30;

/// Gathers what is shown, repository by repository; each only as far as it is shown.
#[derive(Debug, Default)]
pub(super) struct Page {
    failing: Groups,
    unknown: Groups,
    mended: Groups,
    notes: String,
    noted: usize,
}

impl Page {
    pub(super) fn add(&mut self, repository: &Line<'_>) {
        for check in &repository.checks {
            match check.status {
                Status::Fail => self.failing.add(repository, check),
                Status::Unknown => self.unknown.add(repository, check),
                Status::Pass if check.action == ActionWord::Mended => self.mended.add(repository, check),
                Status::Pass | Status::Exempt => {}
            }
        }
        if repository.notes.is_empty() {
            return;
        }
        self.noted += 1;
        if self.noted <= MOST_NOTES {
            let notes: Vec<String> = repository.notes.iter().take(10).map(|note| line(note, 400)).collect();
            let _ = write!(self.notes, "<li><b>{}</b> {}</li>", name(repository), escape(&notes.join("; ")));
        }
    }

    pub(super) fn finish(self, head: &Head) -> Vec<u8> {
        let mut out = begin("Compliance of container repositories", CONTENT_POLICY, STYLE);
        top(&mut out, head);
        charts(&mut out, head);
        self.failing(&mut out, head);
        exemptions(&mut out, head);
        self.unknown(&mut out);
        since::section(&mut out, &head.since_last);
        self.mended(&mut out);
        self.notes(&mut out, head);
        mapping(&mut out, &head.controls);
        out.push_str("</main></body></html>\n");
        out.into_bytes()
    }

    fn failing(&self, out: &mut String, head: &Head) {
        out.push_str("<section class=\"card\"><h2>Failing, by rule</h2>");
        if self.failing.groups.is_empty() {
            out.push_str("<p class=\"empty\">Nothing fails.</p>");
        }
        // In the order of the rules, not in that of the first repository that fails.
        for sum in &head.summary.rules {
            let group = self.failing.groups.iter().find(|group| group.rule == sum.rule);
            if let Some(group) = group {
                let told = fails(group.checks, sum.failing_repositories);
                folded(out, group, &told);
            }
        }
        out.push_str("</section>\n");
    }

    fn unknown(&self, out: &mut String) {
        if self.unknown.groups.is_empty() {
            return;
        }
        let _ = write!(
            out,
            "<section class=\"card note\"><h2>Unknown: {} could not be looked at</h2>\
             <p class=\"empty\">What could not be read is neither met nor failed; it is not in the score.</p>",
            count(self.unknown.checks(), "check"),
        );
        for group in &self.unknown.groups {
            folded(out, group, &count(group.checks, "check"));
        }
        out.push_str("</section>\n");
    }

    fn mended(&self, out: &mut String) {
        if self.mended.groups.is_empty() {
            return;
        }
        let _ = write!(out, "<section class=\"card\"><h2>Mended: {}</h2>", count(self.mended.checks(), "check"));
        for group in &self.mended.groups {
            folded(out, group, &count(group.checks, "check"));
        }
        out.push_str("</section>\n");
    }

    fn notes(&self, out: &mut String, head: &Head) {
        out.push_str("<section class=\"card\"><h2>Notes</h2><ul class=\"plain\">");
        for note in &head.notes {
            let _ = write!(out, "<li>{}</li>", escape(&line(note, 800)));
        }
        out.push_str("</ul>");
        if self.noted > 0 {
            let number = u32::try_from(self.noted).unwrap_or(u32::MAX);
            let rest = more(self.noted.saturating_sub(MOST_NOTES))
                .map(|more| format!("<p class=\"empty\">… {more}; the JSON has all of them.</p>"))
                .unwrap_or_default();
            let _ = write!(
                out,
                "<details><summary>On {}</summary><ul>{}</ul>{rest}</details>",
                repositories(number),
                self.notes,
            );
        }
        out.push_str("</section>\n");
    }
}

/// `3 checks fail in 2 repositories`
fn fails(checks: usize, failing: u32) -> String {
    let verb = if checks == 1 { "fails" } else { "fail" };
    format!("{} {verb} in {}", count(checks, "check"), repositories(failing))
}

/// A group that is unfolded where it is short.
fn folded(out: &mut String, group: &Group, told: &str) {
    let open = if group.checks <= SHORT { " open" } else { "" };
    let _ = writeln!(
        out,
        "<details{open}><summary><b>{}</b> <span>{told}</span></summary>{}</details>",
        escape(&title(&group.rule)),
        group.table(),
    );
}

/// What a rule is called for people.
fn title(rule: &str) -> String {
    if rule == DECLARATION { "what fleets declare".to_owned() } else { line(rule, 120) }
}

fn top(out: &mut String, head: &Head) {
    let summary = &head.summary;
    let began = head.run.started.get(..16).unwrap_or_default().replace('T', " ");
    let switch = match head.kill_switch.as_str() {
        "on" => String::new(),
        other => format!(" · <span class=\"chip medium\">kill switch: {}</span>", escape(&line(other, 40))),
    };
    let _ = writeln!(
        out,
        "<h1>Compliance of container repositories</h1><p class=\"sub\">{} in {} {} · {} UTC{switch}</p>",
        repositories(summary.repositories),
        escape(&line(&head.account, 40)),
        escape(&line(&head.region, 40)),
        escape(&began),
    );
    out.push_str("<div class=\"tiles\">");
    let tiles = [
        ("critical", summary.failing_repositories, "Failing repositories"),
        ("critical", summary.checks.failing, "Checks that fail"),
        ("good", summary.checks.passing, "Checks that pass"),
        ("low", summary.checks.exempt, "Exempt"),
        ("medium", summary.checks.unknown, "Unknown"),
        ("good", summary.mended, "Mended"),
        ("medium", summary.withheld, "Withheld"),
        ("", summary.orphans, "Orphans"),
    ];
    for (class, number, what) in tiles {
        let _ = write!(out, "<div class=\"tile {class}\"><b>{number}</b><span>{what}</span></div>");
    }
    out.push_str("</div>\n");
}

fn charts(out: &mut String, head: &Head) {
    let summary = &head.summary;
    let names: Vec<String> = summary.rules.iter().map(|sum| title(&sum.rule)).collect();
    let rules: Vec<Bar<'_>> = summary
        .rules
        .iter()
        .zip(&names)
        .map(|(sum, name)| Bar { name, beside: mode(sum), checks: sum.checks })
        .collect();
    let requirements: Vec<Bar<'_>> = summary
        .requirements
        .iter()
        .map(|sum| Bar { name: sum.requirement.as_str(), beside: "", checks: sum.checks })
        .collect();
    let _ = writeln!(
        out,
        "<div class=\"trio\"><section class=\"card score\"><h2>Score</h2>{}\
         <p class=\"empty\">Of checks that pass or fail. Exempt and unknown ones count apart.</p></section>\
         <section class=\"card\"><h2>By rule</h2>{}</section>\
         <section class=\"card\"><h2>By requirement</h2>{}</section></div>",
        chart::ring(summary),
        chart::bars(&rules),
        chart::bars(&requirements),
    );
}

const fn mode(sum: &RuleSum) -> &'static str {
    match sum.mode {
        Some(Mode::Enforce) => "enforced · ",
        Some(Mode::ReportOnly) => "reported · ",
        None => "",
    }
}

fn exemptions(out: &mut String, head: &Head) {
    if head.exemptions.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<section class=\"card\"><h2>{}, the ones that end first at the top</h2><table><thead><tr>\
         <th scope=\"col\">Until</th><th scope=\"col\">For</th><th scope=\"col\">Reason</th>\
         <th scope=\"col\">Excuses</th></tr></thead><tbody>",
        count(head.exemptions.len(), "exemption"),
    );
    let today = head.run.today.parse().ok();
    for exemption in &head.exemptions {
        let (class, state) = state(exemption, today);
        let _ = writeln!(
            out,
            "<tr><td data-label=\"Until\"><span><span class=\"day\">{}</span> <span class=\"chip {class}\">{state}</span>\
             </span></td><td data-label=\"For\"><span>{}{}</span></td><td data-label=\"Reason\"><span>{}</span></td>\
             <td data-label=\"Excuses\"><span>{}</span></td></tr>",
            escape(&line(&exemption.until, 20)),
            escape(&line(&whom(exemption), 300)),
            small(&escape(&line(&exemption.path, 80))),
            escape(&line(&exemption.reason, 400)),
            count(exemption.checks as usize, "check"),
        );
    }
    out.push_str("</tbody></table></section>\n");
}

fn state(exemption: &ExemptionTold, today: Option<Date>) -> (&'static str, String) {
    let days = today.zip(exemption.until.parse().ok()).and_then(|(today, until): (Date, Date)| today.until(until).ok());
    match (exemption.state, days.map(|days| days.get_days())) {
        (LeaveState::Expired, _) => ("critical", "expired".to_owned()),
        (LeaveState::Unused, _) => ("informational", "unused".to_owned()),
        (LeaveState::Used, Some(0)) => ("high", "last day".to_owned()),
        (LeaveState::Used, Some(1)) => ("high", "1 day left".to_owned()),
        (LeaveState::Used, Some(days @ 2..=SOON)) => ("medium", format!("{days} days left")),
        (LeaveState::Used, _) => ("low", "in use".to_owned()),
    }
}

/// `legacy-*, with team=pay*, from everything`
fn whom(exemption: &ExemptionTold) -> String {
    let mut parts = Vec::new();
    if !exemption.names.is_empty() {
        parts.push(exemption.names.join(" "));
    }
    let tags: Vec<String> = exemption.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    if !tags.is_empty() {
        parts.push(format!("with {}", tags.join(" ")));
    }
    parts.push(
        exemption
            .rules
            .as_ref()
            .map_or_else(|| "from all rules".to_owned(), |rules| format!("from {}", rules.join(", "))),
    );
    parts.join(", ")
}

fn mapping(out: &mut String, controls: &[Control]) {
    out.push_str(
        "<section class=\"card\"><h2>What others call it</h2><details><summary>Controls of Security Hub, AWS Config, \
         Prowler and checkov, and where their verdict may differ</summary><table><thead><tr>",
    );
    let columns = ["Requirement", "Security Hub", "AWS Config", "Prowler", "checkov", "May differ"];
    for column in columns {
        let _ = write!(out, "<th scope=\"col\">{column}</th>");
    }
    out.push_str("</tr></thead><tbody>\n");
    for control in controls {
        let cells = [
            control.requirement.as_str().to_owned(),
            control.security_hub.join(" "),
            control.config.join(" "),
            control.prowler.join(" "),
            control.checkov.join(" "),
            control.differs.clone(),
        ];
        out.push_str("<tr>");
        for (cell, label) in cells.iter().zip(columns) {
            let cell = if cell.is_empty() { "none" } else { cell };
            let _ = write!(out, "<td data-label=\"{label}\"><span>{}</span></td>", escape(&line(cell, 600)));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></details></section>\n");
}
