//! The compliance report: how every repository stands, as JSON, CSV, a page to look at, and ASFF.
//!
//! A [`Composer`] is given standings in the order of names and writes each into its documents at once, so that of
//! repositories that are as they should be hardly more than their names is kept. What was written is read back as a
//! [`Report`], from which the other formats are made again.

mod asff;
mod chart;
mod controls;
mod groups;
mod json;
mod line;
mod page;
mod previous;
mod read;
mod rows;
mod since;
mod tally;
mod terminal;
mod told;

pub use controls::Control;
pub use groups::{MOST_PER_GROUP, MOST_ROWS};
pub use line::{ActionWord, CheckTold, Line, OwnerTold};
pub use previous::Previous;
pub use read::Report;
pub use rows::HEADER;
pub use told::{
    CheckName, Counts, ExemptionTold, Head, LeaveState, Listed, MOST_LISTED, RequirementSum, RuleSum, RunTold,
    SinceLast, Summary, VERSION,
};

use crate::plan::posture::Standing;
use crate::policy::text::time;
use crate::spec::baseline::Baseline;
use jiff::civil::Date;
use json::Json;
use page::Page;
use previous::{Since, is_other};
use rows::Rows;
use tally::Tally;

/// What events can be heard depends on.
const TRAIL: &str = "Changes are noticed at once only where a CloudTrail trail logs management events in this Region and \
                     its logging is on; without one, the next sweep notices them.";

/// Everything that differs from one run to the next over a world that does not change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// The sweep's id.
    pub sweep: String,
    /// Twelve digits.
    pub account: String,
    /// `eu-west-1`
    pub region: String,
    /// `aws`, `aws-cn`, …
    pub partition: String,
    /// When it began, in milliseconds since 1970.
    pub started: i64,
    /// When its report was put together, in milliseconds since 1970.
    pub finished: i64,
    /// In how many parts it was done.
    pub parts: u32,
    /// Calls to ECR that read.
    pub ecr_reads: u64,
    /// Calls to ECR that wrote.
    pub ecr_writes: u64,
}

/// What standings are reported against.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// The baseline in force, where there is one.
    pub baseline: Option<&'a Baseline>,
    /// What the kill switch said: `on`, `report-only`, `off`.
    pub switch: &'a str,
    /// Today, in UTC.
    pub today: Date,
    /// The report before this one, where there is one.
    pub previous: Option<Previous>,
    /// What else is to be said of the whole.
    pub notes: Vec<String>,
}

/// The report in its three formats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    /// `schemas/compliance-report-1.json`
    pub json: Vec<u8>,
    /// One line per check.
    pub csv: Vec<u8>,
    /// The page to look at.
    pub html: Vec<u8>,
}

/// Puts a report together, standing by standing.
#[derive(Debug)]
pub struct Composer<'a> {
    run: Run,
    baseline: Option<&'a Baseline>,
    switch: &'a str,
    today: Date,
    notes: Vec<String>,
    since: Since,
    tally: Tally,
    json: Json,
    rows: Rows,
    page: Page,
}

impl<'a> Composer<'a> {
    /// Nothing is in it yet.
    pub fn new(run: Run, context: Context<'a>) -> Self {
        let Context { baseline, switch, today, previous, notes } = context;
        let rows = Rows::new(&run.account, &run.region);
        let (since, tally) = (Since::new(previous), Tally::new(baseline));
        let (json, page) = (Json::default(), Page::default());
        Self { run, baseline, switch, today, notes, since, tally, json, rows, page }
    }

    /// Were this repository's settings others at the last report? Only then it matters whether an event announced it.
    /// To be asked before it is added.
    pub fn has_changed(&self, standing: &Standing) -> bool {
        let before = self.since.fingerprint_of(standing.name.as_str());
        before.is_some_and(|before| is_other(before, &standing.fingerprint))
    }

    /// Adds a repository; each once, in the order of names. `announced`: an event told of it since the last report.
    pub fn add(&mut self, standing: &Standing, announced: bool) {
        let line = Line::from(standing);
        self.since.add(&line, announced);
        self.tally.add(&line);
        self.json.add(&line);
        self.rows.add(&line);
        self.page.add(&line);
    }

    /// The report.
    pub fn finish(self) -> Documents {
        let Self { run, baseline, switch, today, notes, since, tally, json, rows, page } = self;
        let (summary, exemptions) = tally.finish(baseline, today);
        let head = Head {
            version: VERSION.to_owned(),
            account: run.account,
            region: run.region,
            partition: run.partition,
            kill_switch: switch.to_owned(),
            run: RunTold {
                sweep: run.sweep,
                today: today.to_string(),
                started: time(run.started),
                finished: time(run.finished),
                parts: run.parts,
                ecr_reads: run.ecr_reads,
                ecr_writes: run.ecr_writes,
            },
            since_last: since.finish(),
            summary,
            exemptions,
            notes: all_notes(baseline.is_some(), switch, notes),
            controls: controls::all(),
        };
        Documents { json: json.finish(&head), csv: rows.finish(), html: page.finish(&head) }
    }
}

/// What holds of every report, what this one lacks, and what the sweep has to say.
fn all_notes(has_baseline: bool, switch: &str, notes: Vec<String>) -> Vec<String> {
    let mut all = Vec::new();
    if !has_baseline {
        all.push("No baseline is in force; repositories are held to what fleets declare alone.".to_owned());
    }
    if switch != "on" {
        all.push(format!("The kill switch says {switch}: nothing was mended."));
    }
    all.extend(notes);
    all.push(TRAIL.to_owned());
    all
}
