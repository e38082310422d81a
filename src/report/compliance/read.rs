//! A report that was written, read back.

use super::told::{Head, VERSION};
use super::{asff, line::Line, page::Page, rows::Rows, terminal};
use serde::Deserialize;
use serde_json::Value;

/// A whole report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// All but the repositories.
    pub head: Head,
    /// The repositories, in the order of names.
    pub repositories: Vec<Line<'static>>,
}

impl Report {
    /// Reads a report's JSON; says what is wrong where it is none.
    pub fn read(json: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Body {
            repositories: Vec<Line<'static>>,
        }
        check_version(json)?;
        let wrong = |error: serde_json::Error| format!("is no compliance report: {error}");
        let head = serde_json::from_slice(json).map_err(wrong)?;
        let body: Body = serde_json::from_slice(json).map_err(wrong)?;
        Ok(Self { head, repositories: body.repositories })
    }

    /// One line per check.
    pub fn csv(&self) -> Vec<u8> {
        let mut rows = Rows::new(&self.head.account, &self.head.region);
        self.repositories.iter().for_each(|line| rows.add(line));
        rows.finish()
    }

    /// The page to look at.
    pub fn html(&self) -> Vec<u8> {
        let mut page = Page::default();
        self.repositories.iter().for_each(|line| page.add(line));
        page.finish(&self.head)
    }

    /// Findings for Security Hub: what fails, what is unknown, and, archived, what passes again.
    pub fn asff(&self) -> Vec<Value> {
        asff::findings(self)
    }

    /// Text for a terminal.
    pub fn table(&self) -> String {
        terminal::write(self)
    }
}

/// Says so where a report is one of another time.
pub(super) fn check_version(json: &[u8]) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Any {
        version: String,
    }
    let any: Any = serde_json::from_slice(json).map_err(|error| format!("is no compliance report: {error}"))?;
    if any.version == VERSION {
        return Ok(());
    }
    Err(format!("has version {:?}; this program reads version {VERSION}, so use the one that wrote it", any.version))
}
