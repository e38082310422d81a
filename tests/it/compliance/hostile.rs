//! Words of strangers: rules, tags and reasons are written by people, faults by services.

use super::page::is_ours;
use super::{baseline, compose, context, run, standing, text};
use crate::findings_shown::hostile;
use ecr_steward::plan::posture::{Action, Check, Leave, Owner, Requirement, Standing, Status};
use ecr_steward::policy::asff::flaws;
use ecr_steward::report::compliance::{Context, HEADER, Previous, Report};
use ecr_steward::spec::DriftMode;
use ecr_steward::spec::baseline::{Baseline, Exemption, Match, Mode};
use ecr_steward::spec::findings::Glob;
use jiff::civil::date;
use proptest::prelude::*;

prop_compose! {
    fn hostile_check()(
        words in prop::array::uniform6(hostile()),
        requirement in prop::sample::select(Requirement::ALL.to_vec()),
        status in prop::sample::select(vec![Status::Pass, Status::Fail, Status::Exempt, Status::Unknown]),
        acted in 0..5_u8,
    ) -> Check {
        let [rule, found, wished, note, detail, leave] = words;
        let action = match acted {
            0 => Action::None,
            1 => Action::Reported,
            2 => Action::Mended(detail),
            3 => Action::Withheld(detail),
            _ => Action::Failed(detail),
        };
        let leave = (status == Status::Exempt)
            .then(|| Leave { path: leave.clone(), reason: leave.clone(), until: leave });
        Check { rule, requirement, status, mode: Mode::ReportOnly, found, wished, note, action, leave }
    }
}

prop_compose! {
    fn hostile_standing()(
        name in "[a-z0-9]{2,20}(/[a-z0-9]{1,20}){0,2}",
        words in prop::array::uniform4(hostile()),
        checks in prop::collection::vec(hostile_check(), 0..6),
        owned in any::<bool>(),
    ) -> Standing {
        let [stack, resource, note, fingerprint] = words;
        let owner = Owner { stack, resource, drift_mode: DriftMode::Off, is_orphan: owned };
        Standing { owner: owned.then_some(owner), notes: vec![note], fingerprint, ..standing(&name, checks) }
    }
}

fn hostile_baseline(words: &str) -> Baseline {
    let matching =
        Match { names: vec![Glob(words.to_owned())], tags: [(words.to_owned(), Glob(words.to_owned()))].into() };
    let exemption = Exemption {
        matching,
        rules: Some(vec![words.to_owned()]),
        reason: words.to_owned(),
        until: date(2026, 3, 4),
        path: words.to_owned(),
    };
    Baseline { rules: vec![super::rule(words, Mode::Enforce)], exemptions: vec![exemption], ..baseline() }
}

/// No cell is one that a spreadsheet takes for a formula.
fn is_harmless(cell: &str) -> bool {
    !cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        && !cell.starts_with(['\t', '\r', '\n', '\0'])
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 300,
        ..ProptestConfig::with_cases(48)
    })]

    #[test]
    fn hostile_words_break_no_document(
        world in prop::collection::vec(hostile_standing(), 0..6),
        words in hostile(),
    ) {
        let baseline = hostile_baseline(&words);
        let full = || Context { notes: vec![words.clone()], switch: &words, ..context(&baseline) };
        let documents = compose(run(), full(), &world);
        is_ours(text(&documents.html));

        let report = Report::read(&documents.json).unwrap();
        prop_assert_eq!(report.repositories.len(), world.len());
        prop_assert!(report.csv() == documents.csv);
        prop_assert!(report.html() == documents.html);
        prop_assert!(!report.table().contains(|c: char| c.is_control() && c != '\n'));

        let mut rows = csv::Reader::from_reader(documents.csv.as_slice());
        let checks: usize = world.iter().map(|standing| standing.checks.len()).sum();
        let mut read = 0;
        for row in rows.records() {
            let row = row.unwrap();
            prop_assert_eq!(row.len(), HEADER.len());
            for cell in &row {
                prop_assert!(is_harmless(cell), "{:?}", cell);
                prop_assert!(cell.chars().count() < 32_768);
            }
            read += 1;
        }
        prop_assert_eq!(read, checks);

        for finding in report.asff() {
            prop_assert_eq!(flaws(&finding), Vec::<String>::new());
        }

        let previous = Previous::read(&documents.json).unwrap();
        let second = compose(run(), Context { previous: Some(previous), ..full() }, &world);
        is_ours(text(&second.html));
    }
}
