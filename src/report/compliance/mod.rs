//! The compliance report: how every repository stands, as JSON, CSV, a page to look at, and ASFF.
//!
//! A [`Composer`] is given standings in the order of names and writes each into its documents at once, so that of
//! repositories that are as they should be hardly more than their names is kept. What was written is read back as a
//! [`Report`], from which the other formats are made again.

mod previous;

pub use previous::Previous;

use crate::plan::posture::Standing;
use crate::spec::baseline::Baseline;
use jiff::civil::Date;

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
    context: Context<'a>,
}

impl<'a> Composer<'a> {
    /// Nothing is in it yet.
    pub fn new(run: Run, context: Context<'a>) -> Self {
        Self { run, context }
    }

    /// Were this repository's settings others at the last report? Only then it matters whether an event announced it.
    pub fn has_changed(&self, standing: &Standing) -> bool {
        let before =
            self.context.previous.as_ref().and_then(|previous| previous.fingerprint_of(standing.name.as_str()));
        before.is_some_and(|before| !standing.fingerprint.is_empty() && before != standing.fingerprint)
    }

    /// Adds a repository; each once, in the order of names. `announced`: an event told of it since the last report.
    pub fn add(&mut self, _standing: &Standing, _announced: bool) {
        self.run.parts = self.run.parts.max(1);
    }

    /// The report.
    pub fn finish(self) -> Documents {
        Documents::default()
    }
}
